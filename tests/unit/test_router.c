/* The router between the real queue, directory and store, and a carrier that the test plays by hand. */
#include "router_world.h"

static void test_new_work_reaches_a_ready_carrier_in_its_turn(void **state)
{
    struct world *world = *state;
    router_add(world->rooms.router, line_id(world, "a"), &world->pad.carrier);
    int64_t id = submit(world, "a", TO);
    assert_int_equal(world->pad.submits, 1);
    assert_true(world->pad.go);
    assert_string_equal(world->pad.job.to, TO);
    assert_int_equal(status_of(world, id), MESSAGE_SENDING);
    pad_settle(&world->pad, OUTCOME_SENT);
    turns(world);
    assert_int_equal(status_of(world, id), MESSAGE_SENT);
}

static void test_the_next_is_submitted_inside_changed(void **state)
{
    struct world *world = *state;
    router_add(world->rooms.router, line_id(world, "a"), &world->pad.carrier);
    submit(world, "a", TO);
    submit(world, "a", "+41791112244");
    assert_int_equal(world->pad.submits, 1);
    pad_settle(&world->pad, OUTCOME_SENT);
    world->pad.state = CARRIER_READY;
    world->pad.up->ops->changed(world->pad.up); /* no turn in between */
    assert_int_equal(world->pad.submits, 2);
    assert_false(world->pad.go); /* its PDU waits for the disk */
    turns(world);
    assert_true(world->pad.go);
}

/* Two messages on line a: the first is being sent, the second claimed; its id. */
static int64_t claim_ahead(struct world *world)
{
    router_add(world->rooms.router, line_id(world, "a"), &world->pad.carrier);
    submit(world, "a", TO);
    int64_t second = submit(world, "a", "+41791112244");
    clock_advance(10);
    turns(world);
    return second;
}

static void test_claimed_ahead_leaves_before_the_book_keeping(void **state)
{
    struct world *world = *state;
    int64_t second = claim_ahead(world);
    assert_int_equal(world->pad.submits, 1);
    world->pad.state = CARRIER_READY;
    pad_settle(&world->pad, OUTCOME_SENT);
    assert_int_equal(world->pad.submits, 2); /* inside the settle */
    assert_int_equal(world->pad.job.message_id, second);
    turns(world);
    assert_true(world->pad.go);
}

static void test_claimed_ahead_goes_back_when_the_carrier_fails(void **state)
{
    struct world *world = *state;
    int64_t second = claim_ahead(world);
    world->pad.state = CARRIER_SUSPECT;
    pad_settle(&world->pad, OUTCOME_UNSURE);
    world->pad.up->ops->changed(world->pad.up);
    turns(world);
    assert_int_equal(status_of(world, second), MESSAGE_QUEUED);
    clock_advance(60000);
    world->pad.state = CARRIER_READY;
    world->pad.up->ops->changed(world->pad.up);
    assert_int_equal(world->pad.submits, 2);
    assert_int_equal(world->pad.job.message_id, second);
}

/* Another line of the pool may be free sooner. */
static void test_a_pool_is_not_claimed_ahead(void **state)
{
    struct world *world = *state;
    router_add(world->rooms.router, line_id(world, "a"), &world->pad.carrier);
    router_add(world->rooms.router, line_id(world, "b"), &world->other.carrier);
    submit(world, "a", TO);
    int64_t pooled = submit_to_pool(world, "+41791112244");
    clock_advance(10);
    turns(world);
    assert_int_equal(world->pad.submits, 1); /* and its result does not come */
    world->other.state = CARRIER_READY;
    world->other.up->ops->changed(world->other.up);
    assert_int_equal(world->other.submits, 1);
    assert_int_equal(world->other.job.message_id, pooled);
}

static void test_held_beyond_its_validity(void **state)
{
    struct world *world = *state;
    router_add(world->rooms.router, line_id(world, "a"), &world->pad.carrier);
    submit(world, "a", TO);
    int64_t second = submit_valid(world, "a", "+41791112244", 6000);
    clock_advance(10);
    turns(world);
    clock_advance(12000);
    world->pad.state = CARRIER_READY;
    pad_settle(&world->pad, OUTCOME_SENT);
    turns(world);
    assert_int_equal(world->pad.submits, 1);
    assert_int_equal(status_of(world, second), MESSAGE_FAILED);
}

/* A SIM without credit: its own messages wait, those of the pool leave by the other line. */
static void test_a_line_rests(void **state)
{
    struct world *world = *state;
    struct carrier_status status;
    world->other.settle_at_once = true;
    router_add(world->rooms.router, line_id(world, "a"), &world->pad.carrier);
    router_add(world->rooms.router, line_id(world, "b"), &world->other.carrier);
    int64_t pooled = submit_to_pool(world, TO);
    assert_int_equal(world->pad.job.message_id, pooled);
    int64_t own = submit(world, "a", "+41791112244");
    pad_settle_resting(&world->pad, OUTCOME_RETRY, 600000);
    world->pad.state = CARRIER_READY;
    world->pad.up->ops->changed(world->pad.up);
    turns(world);
    assert_int_equal(world->pad.submits, 1);
    assert_true(router_line_status(world->rooms.router, line_id(world, "a"), &status));
    assert_string_equal(status.condition, "no jobs for 600 s: pad");
    world->other.state = CARRIER_READY;
    clock_advance(1000);
    turns(world);
    assert_int_equal(world->other.job.message_id, pooled);
    assert_int_equal(status_of(world, pooled), MESSAGE_SENT);
    clock_advance(600000);
    turns(world);
    assert_int_equal(world->pad.submits, 2);
    assert_int_equal(world->pad.job.message_id, own);
}

static void test_a_carrier_that_settles_inside_submit(void **state)
{
    struct world *world = *state;
    world->pad.settle_at_once = true;
    router_add(world->rooms.router, line_id(world, "a"), &world->pad.carrier);
    for (int i = 0; i < 3; i++) {
        char to[20];
        snprintf(to, sizeof to, "+4179111224%d", i);
        assert_int_equal(status_of(world, submit(world, "a", to)), MESSAGE_SENT);
    }
    assert_int_equal(world->pad.submits, 3);
}

static void test_lines_keep_to_their_own(void **state)
{
    struct world *world = *state;
    router_add(world->rooms.router, line_id(world, "a"), &world->pad.carrier);
    submit(world, "b", TO);
    assert_int_equal(world->pad.submits, 0);
}

static void test_a_busy_or_suspect_carrier_gets_nothing(void **state)
{
    struct world *world = *state;
    world->pad.state = CARRIER_SUSPECT;
    router_add(world->rooms.router, line_id(world, "a"), &world->pad.carrier);
    submit(world, "a", TO);
    assert_int_equal(world->pad.submits, 0);
    world->pad.state = CARRIER_READY;
    world->pad.up->ops->changed(world->pad.up);
    assert_int_equal(world->pad.submits, 1);
}

static void test_a_retry_comes_back_by_itself(void **state)
{
    struct world *world = *state;
    router_add(world->rooms.router, line_id(world, "a"), &world->pad.carrier);
    submit(world, "a", TO);
    pad_settle(&world->pad, OUTCOME_RETRY);
    world->pad.state = CARRIER_READY;
    world->pad.up->ops->changed(world->pad.up);
    turns(world);
    assert_int_equal(world->pad.submits, 1);
    clock_advance(10 * 60000);
    turns(world);
    assert_int_equal(world->pad.submits, 2);
}

static void test_another_sim_stops_the_line(void **state)
{
    struct world *world = *state;
    router_add(world->rooms.router, line_id(world, "a"), &world->pad.carrier);
    assert_int_equal(world->pad.up->ops->sim(world->pad.up, "8941000000000000001", "", ""), 0);
    turns(world);
    assert_int_equal(world->pad.up->ops->sim(world->pad.up, "8941000000000000002", "", ""), -EPERM);
    submit(world, "a", TO);
    assert_int_equal(world->pad.submits, 0);
    assert_int_equal(world->pad.up->ops->sim(world->pad.up, "8941000000000000001", "", ""), 0);
    world->pad.up->ops->changed(world->pad.up);
    assert_int_equal(world->pad.submits, 1);
}

static void test_in_flight_is_handed_to_the_next_start(void **state)
{
    struct world *world = *state;
    router_add(world->rooms.router, line_id(world, "a"), &world->pad.carrier);
    int64_t id = submit(world, "a", TO);
    int64_t attempt_id = world->pad.job.attempt_id;
    rooms_close(&world->rooms);
    rooms_open(&world->rooms);
    world->pad = (struct pad){.carrier = {.ops = &pad_ops}, .state = CARRIER_SUSPECT};
    router_add(world->rooms.router, line_id(world, "a"), &world->pad.carrier);
    assert_int_equal(world->pad.job.attempt_id, attempt_id);
    pad_settle(&world->pad, OUTCOME_UNSURE);
    turns(world);
    assert_int_equal(status_of(world, id), MESSAGE_SENDING);
}

static void count_removed(void *arg)
{
    ((struct world *)arg)->removed++;
}

static void test_removal_waits_for_what_is_in_flight(void **state)
{
    struct world *world = *state;
    router_add(world->rooms.router, line_id(world, "a"), &world->pad.carrier);
    submit(world, "a", TO);
    submit(world, "a", "+41791112244");
    router_remove(world->rooms.router, line_id(world, "a"), count_removed, world);
    turns(world);
    assert_int_equal(world->removed, 0);
    pad_settle(&world->pad, OUTCOME_SENT);
    world->pad.state = CARRIER_READY;
    world->pad.up->ops->changed(world->pad.up);
    assert_int_equal(world->pad.submits, 1); /* stopping: the second waits for another carrier */
    world->pad.stopped(world->pad.stopped_arg);
    turns(world);
    assert_int_equal(world->removed, 1);
    assert_int_equal(world->pad.frees, 1);
    world->pad.stopped = NULL;
    router_add(world->rooms.router, line_id(world, "a"), &world->pad.carrier);
    assert_int_equal(world->pad.submits, 2);
}

static void test_stop_ends_all(void **state)
{
    struct world *world = *state;
    router_add(world->rooms.router, line_id(world, "a"), &world->pad.carrier);
    router_add(world->rooms.router, line_id(world, "b"), &world->other.carrier);
    router_stop(world->rooms.router, count_removed, world);
    turns(world);
    assert_int_equal(world->removed, 1);
}

/* ---- the line's rate ---- */

/* Sends all that waits, in steps of a millisecond: when each left, in ms from now. */
static size_t send_times(struct world *world, struct pad *pad, int64_t for_ms, int64_t *at, size_t max)
{
    size_t count = 0;
    int seen = pad->submits;
    for (int64_t ms = 0; ms <= for_ms; ms++) {
        turns(world);
        if (pad->submits > seen && count < max) {
            assert_int_equal(pad->submits, seen + 1);
            at[count++] = ms;
            seen = pad->submits;
            pad_settle(pad, OUTCOME_SENT);
            pad->state = CARRIER_READY;
            pad->up->ops->changed(pad->up);
            turns(world);
        }
        clock_advance(1);
    }
    return count;
}

static void test_a_rate_spaces_segments(void **state)
{
    struct world *world = *state;
    int64_t at[8];
    router_rate(world->rooms.router, line_id(world, "a"), 4);
    router_add(world->rooms.router, line_id(world, "a"), &world->pad.carrier);
    for (int i = 0; i < 3; i++) {
        char to[16];
        snprintf(to, sizeof to, "+417911122%02d", i);
        submit_valid(world, "a", to, 3600000);
    }
    assert_int_equal(send_times(world, &world->pad, 1200, at, 8), 3);
    for (int i = 0; i < 3; i++)
        assert_in_range(at[i], 250 * (i + 1), 250 * (i + 1) + 2 * i);
    router_rate(world->rooms.router, line_id(world, "a"), 0);
    submit_valid(world, "a", "+41791112230", 3600000);
    assert_int_equal(world->pad.submits, 4); /* at once */
    submit_valid(world, "a", "+41791112231", 3600000);
    pad_settle(&world->pad, OUTCOME_SENT);
    world->pad.state = CARRIER_READY;
    world->pad.up->ops->changed(world->pad.up);
    assert_int_equal(world->pad.submits, 5);
}

/* It waits without a claim: another line of the pool may have the message, and an urgent one comes first. */
static void test_a_line_that_waits_holds_nothing(void **state)
{
    struct world *world = *state;
    router_rate(world->rooms.router, line_id(world, "a"), 1);
    router_add(world->rooms.router, line_id(world, "a"), &world->pad.carrier);
    submit_valid(world, "a", TO, 3600000);
    clock_advance(1000);
    turns(world);
    assert_int_equal(world->pad.submits, 1);
    pad_settle(&world->pad, OUTCOME_SENT);
    world->pad.state = CARRIER_READY;
    world->pad.up->ops->changed(world->pad.up);
    submit_to_pool(world, "+41791112244");
    turns(world);
    assert_int_equal(world->pad.submits, 1);
    world->other.state = CARRIER_READY;
    router_add(world->rooms.router, line_id(world, "b"), &world->other.carrier);
    turns(world);
    assert_int_equal(world->other.submits, 1);
    pad_settle(&world->other, OUTCOME_SENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_new_work_reaches_a_ready_carrier_in_its_turn),
        TEST(test_the_next_is_submitted_inside_changed),
        TEST(test_claimed_ahead_leaves_before_the_book_keeping),
        TEST(test_claimed_ahead_goes_back_when_the_carrier_fails),
        TEST(test_a_pool_is_not_claimed_ahead),
        TEST(test_held_beyond_its_validity),
        TEST(test_a_line_rests),
        TEST(test_a_carrier_that_settles_inside_submit),
        TEST(test_lines_keep_to_their_own),
        TEST(test_a_busy_or_suspect_carrier_gets_nothing),
        TEST(test_a_retry_comes_back_by_itself),
        TEST(test_another_sim_stops_the_line),
        TEST(test_in_flight_is_handed_to_the_next_start),
        TEST(test_removal_waits_for_what_is_in_flight),
        TEST(test_stop_ends_all),
        TEST(test_a_rate_spaces_segments),
        TEST(test_a_line_that_waits_holds_nothing),
    };
    log_open(LOG_ERROR, true, STDERR_FILENO);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
