/* Messages for a later time, keys, feedback: released by the wall clock, once, never early, over restarts and
 * jumps; keys that outlive their message. */
#include "queue_world.h"

#define HOUR INT64_C(3600000)

static int64_t schedule(struct world *world, const char *to, int64_t in_ms, bool by_service)
{
    struct submission s = text_to(to, "later");
    s.send_at_ms = clock_wall_ms() + in_ms;
    if (by_service) {
        s.line_id = 0;
        s.service_id = SERVICE;
        s.from = "";
    }
    return submit(world, &s);
}

static void test_released_at_its_time_and_not_before(void **state)
{
    struct world *world = *state;
    struct job job;
    int64_t id = schedule(world, ALICE, HOUR, false);
    assert_string_equal(status_of(world, id), "scheduled");
    assert_int_equal(queue_depth(world->queue, ACCOUNT), 0);
    assert_int_equal(queue_scheduled(world->queue, ACCOUNT), 1);
    pass_time(world, HOUR - 1);
    assert_int_equal(claim(world, &job), 0);
    assert_string_equal(status_of(world, id), "scheduled");
    int calls = world->work_calls;
    pass_time(world, 1);
    assert_true(world->work_calls > calls); /* the router is woken */
    assert_string_equal(status_of(world, id), "queued");
    assert_int_equal(queue_scheduled(world->queue, ACCOUNT), 0);
    assert_int_equal(queue_lane_depth(world->queue, LINE), 1);
    assert_int_equal(pass(world, OUTCOME_SENT, 1), id);
    assert_string_equal(hooks_of(world, id), "queued sent");
    assert_string_equal(story_of(world, id), "accepted scheduled released claimed in_flight sent hook hook");
}

static void test_a_services_message_is_accepted_then_queued(void **state)
{
    struct world *world = *state;
    int64_t id = schedule(world, ALICE, HOUR, true);
    pass_time(world, HOUR);
    assert_string_equal(status_of(world, id), "accepted");
    assert_string_equal(hooks_of(world, id), "");
    assert_int_equal(pass(world, OUTCOME_SENT, 1), id);
    assert_string_equal(hooks_of(world, id), "queued sent");
}

static void test_order_is_that_of_the_times(void **state)
{
    struct world *world = *state;
    int64_t late = schedule(world, ALICE, 2 * HOUR, false), early = schedule(world, ALICE, HOUR, false);
    pass_time(world, HOUR);
    assert_int_equal(pass(world, OUTCOME_SENT, 1), early);
    assert_int_equal(pass(world, OUTCOME_SENT, 2), 0);
    pass_time(world, HOUR);
    assert_int_equal(pass(world, OUTCOME_SENT, 2), late);
}

static void test_validity_counts_from_the_time(void **state)
{
    struct world *world = *state;
    struct job job;
    int64_t id = schedule(world, ALICE, 24 * HOUR, false);
    pass_time(world, 24 * HOUR);
    int64_t due_ms = clock_wall_ms();
    assert_int_equal(claim(world, &job), id);
    assert_int_equal(job.expires_ms, due_ms + VALIDITY);
    assert_int_equal(mark(world, job.attempt_id), 0);
    assert_int_equal(settle_as(world, job.attempt_id, OUTCOME_RETRY, -1), 0);
    pass_time(world, VALIDITY);
    assert_string_equal(status_of(world, id), "failed");
}

static void test_cancel_while_scheduled(void **state)
{
    struct world *world = *state;
    struct answer answer = {0}, again = {0};
    int64_t id = schedule(world, ALICE, HOUR, false);
    queue_delete(world->queue, id, on_answer, &again);
    settle_down(world);
    assert_int_equal(again.status, -EBUSY);
    queue_cancel(world->queue, id, on_answer, &answer);
    settle_down(world);
    assert_int_equal(answer.status, 0);
    assert_string_equal(hooks_of(world, id), "canceled");
    assert_int_equal(queue_scheduled(world->queue, ACCOUNT), 0);
    pass_time(world, HOUR);
    assert_string_equal(status_of(world, id), "canceled");
    assert_int_equal(pass(world, OUTCOME_SENT, 1), 0);
    queue_cancel(world->queue, id, on_answer, &again);
    settle_down(world);
    assert_int_equal(again.status, -EBUSY);
}

static void test_a_restart_lies_between(void **state)
{
    struct world *world = *state;
    int64_t first = schedule(world, ALICE, HOUR, false), second = schedule(world, BOB, 2 * HOUR, false);
    world_crash(world);
    assert_int_equal(queue_scheduled(world->queue, ACCOUNT), 2);
    clock_advance(HOUR + VALIDITY / 2); /* late, and still valid */
    world_crash(world);
    assert_string_equal(status_of(world, first), "queued");
    assert_string_equal(status_of(world, second), "scheduled");
    world_crash(world);
    assert_int_equal(pass(world, OUTCOME_SENT, 1), first);
    assert_int_equal(pass(world, OUTCOME_SENT, 2), 0);
    assert_string_equal(hooks_of(world, first), "queued sent");
    clock_advance(10 * HOUR); /* down for longer than it is valid */
    world_crash(world);
    pass_time(world, 1);
    assert_string_equal(hooks_of(world, second), "queued failed:30036");
}

static void test_many_fall_due_at_once(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 300; i++) {
        char to[16];
        snprintf(to, sizeof to, "+4179%07d", i);
        struct submission s = text_to(to, "x");
        s.send_at_ms = T0 + HOUR;
        queue_submit(world->queue, &s, NULL, NULL);
    }
    settle_down(world);
    clock_advance(HOUR);
    for (int i = 0; i < 20; i++)
        settle_down(world);
    assert_int_equal(world_int(world, "SELECT count(*) FROM message WHERE status = 3"), 300);
    assert_int_equal(queue_depth(world->queue, ACCOUNT), 300);
}

/* A time is the client's: a jump of the wall clock brings it nearer or puts it off. */
static void test_jumps_do_not_move_it(void **state)
{
    struct world *world = *state;
    int64_t id = schedule(world, ALICE, 10 * HOUR, false), waits = send_to(world, BOB, "x");
    clock_fake(T0 + 9 * HOUR, clock_mono_ms()); /* ahead */
    pass_time(world, 1);
    assert_string_equal(status_of(world, waits), "queued"); /* its deadline moved along */
    clock_fake(T0 - 9 * HOUR, clock_mono_ms());             /* and back: not yet */
    pass_time(world, 10 * HOUR);
    assert_string_equal(status_of(world, id), "scheduled");
    pass_time(world, 9 * HOUR - 1);
    assert_string_equal(status_of(world, id), "scheduled");
    pass_time(world, 1);
    assert_string_equal(status_of(world, id), "queued");
    assert_int_equal(world_int(world, "SELECT expires_ms FROM work WHERE message_id = 1"),
                     T0 + 10 * HOUR + VALIDITY);
}

static void test_a_clock_that_is_not_trusted_releases_nothing(void **state)
{
    struct world *world = *state;
    int64_t id = schedule(world, ALICE, HOUR, false);
    world_exec(world, "UPDATE scheduled SET send_ms = 500");
    clock_fake(1000, clock_mono_ms()); /* 1970: due by this clock */
    pass_time(world, 120000);
    assert_false(clock_trusted());
    assert_string_equal(status_of(world, id), "scheduled");
    clock_fake(T0, clock_mono_ms());
    pass_time(world, 60000);
    assert_string_equal(status_of(world, id), "queued");
}

/* ---- keys ---- */

static int repeat(struct world *world, const char *key, int64_t request, int64_t *id)
{
    struct accepted accepted = {0};
    struct submission s = text_to(ALICE, "once");
    s.idempotency_key = key;
    s.request = request;
    assert_int_equal(queue_submit(world->queue, &s, on_submitted, &accepted), 0);
    settle_down(world);
    *id = accepted.result.id;
    return accepted.status;
}

static void test_a_key_outlives_its_message(void **state)
{
    struct world *world = *state;
    struct submitted found;
    struct answer answer = {0};
    int64_t first, id;
    assert_int_equal(queue_key(world->queue, ACCOUNT, "k", 7, &found), 0);
    assert_int_equal(repeat(world, "k", 7, &first), 0);
    assert_int_equal(repeat(world, "k", 7, &id), -EALREADY);
    assert_int_equal(id, first);
    assert_int_equal(queue_key(world->queue, ACCOUNT, "k", 7, &found), -EALREADY);
    assert_int_equal(found.id, first);
    assert_int_equal(queue_key(world->queue, ACCOUNT, "k", 8, &found), -EEXIST);
    assert_int_equal(queue_key(world->queue, ACCOUNT + 1, "k", 8, &found), 0);
    assert_int_equal(repeat(world, "k", 8, &id), -EEXIST);
    pass(world, OUTCOME_REJECT, -1);
    queue_delete(world->queue, first, on_answer, &answer);
    settle_down(world);
    assert_int_equal(answer.status, 0);
    assert_int_equal(repeat(world, "k", 7, &id), -ESTALE);
    world_crash(world);
    assert_int_equal(queue_key(world->queue, ACCOUNT, "k", 7, &found), -ESTALE);
    pass_time(world, 24 * HOUR - 1);
    assert_int_equal(repeat(world, "k", 7, &id), -ESTALE);
    pass_time(world, 1);
    assert_int_equal(queue_key(world->queue, ACCOUNT, "k", 7, &found), 0);
    assert_int_equal(repeat(world, "k", 8, &id), 0);
}

/* A board without an RTC: the key was stored in 1970. */
static void test_a_key_outlives_a_jump(void **state)
{
    struct world *world = *state;
    int64_t id;
    clock_fake(1000, clock_mono_ms());
    assert_int_equal(repeat(world, "k", 7, &id), 0);
    clock_fake(T0, clock_mono_ms());
    assert_int_equal(repeat(world, "k", 7, &id), -EALREADY);
    pass_time(world, 24 * HOUR);
    assert_int_equal(repeat(world, "k", 7, &id), 0);
}

/* ---- feedback ---- */

static int feed_back(struct world *world, int64_t id, bool confirmed)
{
    struct answer answer = {0};
    queue_feedback(world->queue, id, confirmed, on_answer, &answer);
    settle_down(world);
    assert_int_equal(answer.calls, 1);
    return answer.status;
}

static void test_feedback_is_kept_with_its_message(void **state)
{
    struct world *world = *state;
    struct feedback feedback;
    struct answer answer = {0};
    int64_t id = send_to(world, ALICE, "x");
    assert_int_equal(queue_feedback_get(world->queue, id, &feedback), -ENOENT);
    assert_int_equal(feed_back(world, id, false), 0);
    assert_int_equal(queue_feedback_get(world->queue, id, &feedback), 0);
    assert_false(feedback.confirmed);
    assert_int_equal(feedback.created_ms, T0);
    pass_time(world, 5000);
    assert_int_equal(feed_back(world, id, true), 0);
    assert_int_equal(queue_feedback_get(world->queue, id, &feedback), 0);
    assert_true(feedback.confirmed);
    assert_int_equal(feedback.created_ms, T0);
    assert_int_equal(feedback.updated_ms, T0 + 5000);
    assert_int_equal(feed_back(world, id + 1, true), -ENOENT);
    pass(world, OUTCOME_REJECT, -1);
    queue_delete(world->queue, id, on_answer, &answer);
    settle_down(world);
    assert_int_equal(answer.status, 0);
    assert_int_equal(queue_feedback_get(world->queue, id, &feedback), -ENOENT);
}

int main(void)
{
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_released_at_its_time_and_not_before),
        CASE(test_a_services_message_is_accepted_then_queued),
        CASE(test_order_is_that_of_the_times),
        CASE(test_validity_counts_from_the_time),
        CASE(test_cancel_while_scheduled),
        CASE(test_a_restart_lies_between),
        CASE(test_many_fall_due_at_once),
        CASE(test_jumps_do_not_move_it),
        CASE(test_a_clock_that_is_not_trusted_releases_nothing),
        CASE(test_a_key_outlives_its_message),
        CASE(test_a_key_outlives_a_jump),
        CASE(test_feedback_is_kept_with_its_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
