/* What time does: expiry, giving up, restarts, jumps of the clock, a clock that is not trusted. */
#include "queue_world.h"

static void test_waiting_message_expires_without_any_claim(void **state)
{
    struct world *world = *state;
    int64_t first = send_to(world, ALICE, "1"), behind = send_to(world, ALICE, "2");
    pass_time(world, VALIDITY - 1);
    assert_string_equal(status_of(world, first), "queued");
    pass_time(world, 1);
    assert_string_equal(status_of(world, first), "failed");
    assert_string_equal(status_of(world, behind), "failed");
    assert_int_equal(error_of(world, first), 30036);
    assert_int_equal(queue_depth(world->queue, ACCOUNT), 0);
    assert_string_equal(hooks_of(world, behind), "failed:30036");
}

static void test_many_expire(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 300; i++) {
        char to[16];
        snprintf(to, sizeof to, "+4179%07d", i);
        struct submission s = text_to(to, "x");
        queue_submit(world->queue, &s, NULL, NULL);
    }
    settle_down(world);
    clock_advance(VALIDITY);
    for (int i = 0; i < 20; i++)
        settle_down(world);
    assert_int_equal(world_int(world, "SELECT count(*) FROM message WHERE status = 8"), 300);
}

static void test_claim_expires_on_its_way(void **state)
{
    struct world *world = *state;
    struct job job;
    struct submission s = text_to(ALICE, "1");
    s.validity_ms = 1000;
    int64_t old = submit(world, &s);
    int64_t fresh = send_to(world, BOB, "2");
    clock_advance(1000); /* before the queue's own timer */
    assert_int_equal(claim(world, &job), fresh);
    settle_down(world);
    assert_string_equal(hooks_of(world, old), "failed:30036");
}

static void test_claim_ends_a_bounded_number(void **state)
{
    struct world *world = *state;
    struct job job;
    int64_t next_ms;
    for (int i = 0; i < 40; i++)
        send_to(world, i % 2 ? ALICE : BOB, "x");
    clock_advance(VALIDITY);
    int64_t fresh = 41;
    struct submission s = text_to(CAROL, "x");
    queue_submit(world->queue, &s, NULL, NULL);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(queue_claim(world->queue, LINE, NULL, 0, &job, &next_ms), -EAGAIN);
        assert_int_equal(next_ms, clock_wall_ms()); /* come again at once */
    }
    assert_int_equal(claim(world, &job), fresh);
}

static void test_retries_end_with_their_own_error(void **state)
{
    struct world *world = *state;
    int64_t id = send_to(world, ALICE, "1");
    for (int i = 0; i < 4000 && strcmp(status_of(world, id), "failed") != 0; i++) {
        struct job job;
        struct settlement busy = {
            .outcome = OUTCOME_RETRY, .mr = -1, .error_code = 30017, .reason = "cms 42"};
        if (claim(world, &job) == id) {
            assert_true(clock_wall_ms() <= T0 + VALIDITY - 5000);
            assert_int_equal(mark(world, job.attempt_id), 0);
            assert_int_equal(settle(world, job.attempt_id, &busy), 0);
        }
        pass_time(world, 1000);
    }
    assert_int_equal(error_of(world, id), 30017);
    assert_int_equal(world_int(world, "SELECT count(*) FROM attempt"),
                     8); /* 5 15 60 300 900 1800 s, the last moved ahead */
}

static void test_nothing_left_is_failed_and_not_unsure(void **state)
{
    struct world *world = *state;
    struct job job;
    int64_t id = send_to(world, ALICE, "1");
    for (int i = 0; i < 2; i++) {
        struct settlement fault = {.outcome = OUTCOME_RETRY, .mr = -1, .carrier_fault = true};
        assert_int_equal(claim(world, &job), id);
        assert_int_equal(settle(world, job.attempt_id, &fault), 0);
        pass_time(world, 1000);
    }
    pass_time(world, VALIDITY);
    assert_int_equal(error_of(world, id), 30036); /* the modem's faults are not the message's error */
}

static void test_sent_is_final_after_the_report_time(void **state)
{
    struct world *world = *state;
    struct message m;
    struct answer answer = {0};
    int64_t id = send_to(world, ALICE, "1");
    pass(world, OUTCOME_SENT, 1);
    pass_time(world, VALIDITY + 60000);
    queue_delete(world->queue, id, on_answer, &answer);
    settle_down(world);
    assert_int_equal(answer.status, 0);
    assert_int_equal(queue_message(world->queue, id, &m), -ENOENT);
}

static void test_unsure_part_and_expired_rest(void **state)
{
    struct world *world = *state;
    char text[301];
    memset(text, 'x', 300);
    text[300] = '\0';
    int64_t id = send_to(world, ALICE, text);
    pass(world, OUTCOME_UNSURE, -1);
    pass(world, OUTCOME_RETRY, -1);
    pass_time(world, VALIDITY);
    assert_string_equal(hooks_of(world, id), "failed:30008");
}

static void test_carrier_that_never_settles(void **state)
{
    struct world *world = *state;
    struct job out, claimed;
    int64_t first = send_to(world, ALICE, "1"), second = send_to(world, BOB, "2");
    assert_int_equal(claim(world, &out), first);
    assert_int_equal(mark(world, out.attempt_id), 0);
    assert_int_equal(claim(world, &claimed), second);
    pass_time(world, VALIDITY + 599999);
    assert_string_equal(status_of(world, first), "sending");
    pass_time(world, 1);
    assert_string_equal(hooks_of(world, first), "undelivered:30008");
    assert_string_equal(hooks_of(world, second), "failed:30036");
    assert_int_equal(settle_as(world, claimed.attempt_id, OUTCOME_RETRY, -1), -ESTALE);
    assert_int_equal(settle_as(world, out.attempt_id, OUTCOME_SENT, 1), 0); /* history */
    assert_string_equal(status_of(world, first), "undelivered");
}

/* The final result came after the validity's end. */
static void test_outcomes_that_come_late(void **state)
{
    static const struct {
        enum outcome outcome;
        const char *then, *later;
    } rows[] = {{OUTCOME_SENT, "sent", "sent"},
                {OUTCOME_UNSURE, "sending", "undelivered"}, /* not resent any more */
                {OUTCOME_RETRY, "failed", "failed"}};
    struct world *world = *state;
    for (size_t i = 0; i < 3; i++) {
        struct job job;
        struct message m;
        struct submission s = text_to(ALICE, "1");
        s.policy = UNSURE_RESEND;
        int64_t id = submit(world, &s);
        assert_int_equal(claim(world, &job), id);
        assert_int_equal(mark(world, job.attempt_id), 0);
        pass_time(world, VALIDITY + 170000);
        assert_int_equal(settle_as(world, job.attempt_id, rows[i].outcome, 1), 0);
        assert_int_equal(queue_message(world->queue, id, &m), 0);
        assert_string_equal(message_status_text(m.status), rows[i].then);
        if (m.status == MESSAGE_SENT)
            assert_int_equal(m.report_until_ms, clock_wall_ms() + 60000);
        message_fini(&m);
        pass_time(world, 59999);
        assert_string_equal(status_of(world, id), rows[i].then);
        pass_time(world, 1);
        assert_string_equal(status_of(world, id), rows[i].later);
    }
}

/* ---- restart ---- */

static void test_claim_is_forgotten_by_a_restart(void **state)
{
    struct world *world = *state;
    struct job before, after;
    int64_t id = send_to(world, ALICE, "1"), next = send_to(world, ALICE, "2");
    assert_int_equal(claim(world, &before), id);
    pass_time(world, STORE_PATIENCE_MS); /* nobody waits for a claim: it is on disk only now */
    world_crash(world);
    assert_int_equal(queue_depth(world->queue, ACCOUNT), 2);
    assert_int_equal(mark(world, before.attempt_id), -ESTALE);
    assert_int_equal(claim(world, &after), id);
    assert_true(after.attempt_id != before.attempt_id);
    assert_int_equal(mark(world, after.attempt_id), 0);
    assert_int_equal(settle_as(world, after.attempt_id, OUTCOME_SENT, 1), 0);
    assert_int_equal(claim(world, &after), next);
}

static void test_what_is_not_committed_never_was(void **state)
{
    struct world *world = *state;
    struct submission s = text_to(ALICE, "1");
    struct accepted accepted = {0};
    queue_submit(world->queue, &s, on_submitted, &accepted);
    assert_int_equal(accepted.calls, 0); /* nobody was told yet */
    int file = world->files;
    world_copy(world, 9);
    settle_down(world);
    assert_int_equal(accepted.calls, 1);
    world->files = 9;
    sqlite3_stmt *stmt;
    sqlite3 *db = world_database(world);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM message", -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(stmt, 0), 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    world_remove(world, 9);
    world->files = file;
}

static void test_in_flight_is_left_to_the_carrier(void **state)
{
    struct world *world = *state;
    struct job out, resumed[4];
    char text[301];
    memset(text, 'x', 300);
    text[300] = '\0';
    int64_t id = send_to(world, ALICE, text);
    assert_int_equal(claim(world, &out), id);
    assert_int_equal(mark(world, out.attempt_id), 0);
    pass_time(world, 3000);
    world_crash(world);
    assert_int_equal(queue_resumable(world->queue, LINE_B, resumed, 4), 0);
    assert_int_equal(queue_resumable(world->queue, LINE, resumed, 4), 1);
    assert_int_equal(resumed[0].attempt_id, out.attempt_id);
    assert_int_equal(resumed[0].message_id, id);
    assert_int_equal(resumed[0].started_ms, T0);
    assert_int_equal(resumed[0].seq, 1);
    assert_int_equal(resumed[0].total, 2);
    assert_string_equal(resumed[0].to, ALICE);
    assert_memory_equal(resumed[0].ud, out.ud, out.ud_len);
    assert_int_equal(claim(world, &out), 0); /* its recipient waits for that */
    assert_int_equal(settle_as(world, resumed[0].attempt_id, OUTCOME_SENT, 7), 0);
    assert_int_equal(queue_resumable(world->queue, LINE, resumed, 4), 0);
    assert_int_equal(claim(world, &out), id);
    assert_int_equal(out.seq, 2);
}

static void test_deadlines_survive_a_restart(void **state)
{
    struct world *world = *state;
    int64_t held = send_to(world, ALICE, "1");
    pass(world, OUTCOME_UNSURE, -1);
    int64_t retried = send_to(world, BOB, "2");
    pass(world, OUTCOME_RETRY, -1);
    world_crash(world);
    assert_int_equal(pass(world, OUTCOME_SENT, 1), 0);
    pass_time(world, 5000);
    assert_int_equal(pass(world, OUTCOME_SENT, 1), retried);
    pass_time(world, VALIDITY + 60000);
    assert_string_equal(status_of(world, held), "undelivered");
}

static void test_callbacks_after_the_queue_is_closed(void **state)
{
    struct world *world = *state;
    struct submission s = text_to(ALICE, "1");
    struct accepted accepted = {0};
    queue_submit(world->queue, &s, on_submitted, &accepted);
    world_shut(world); /* the store's last commit */
    assert_int_equal(accepted.calls, 1);
    assert_int_equal(accepted.status, 0);
    world_open(world);
    settle_down(world);
    assert_int_equal(queue_depth(world->queue, ACCOUNT), 1);
}

/* ---- the clock ---- */

static void test_nothing_expires_by_a_clock_that_is_not_trusted(void **state)
{
    struct world *world = *state;
    world_shut(world);
    clock_fake(1000, 1000000); /* 1970: a board without RTC */
    world_open(world);
    settle_down(world);
    int64_t id = send_to(world, ALICE, "1"), retried = send_to(world, BOB, "2");
    pass(world, OUTCOME_UNSURE, -1);
    pass(world, OUTCOME_RETRY, -1);
    pass_time(world, 5000);
    assert_int_equal(pass(world, OUTCOME_RETRY, -1), retried); /* retries go on */
    pass_time(world, 10 * VALIDITY);
    assert_string_equal(status_of(world, id), "sending");
    assert_string_equal(status_of(world, retried), "sending");
    struct job job;
    assert_int_equal(claim(world, &job), retried);
    assert_int_equal(settle_as(world, job.attempt_id, OUTCOME_RETRY, -1), 0);
    assert_string_equal(status_of(world, retried), "sending");
}

/* The validity is over, as far as that clock knows: a try waits for its time all the same, and the queue
 * sleeps until then. */
static void test_back_off_by_a_clock_that_is_not_trusted(void **state)
{
    struct world *world = *state;
    struct store_stats before, after;
    struct submission s = text_to(ALICE, "1");
    world_shut(world);
    clock_fake(1000, 1000000);
    world_open(world);
    s.validity_ms = 1000;
    int64_t id = submit(world, &s);
    for (int i = 0; i < 2; i++) {
        int64_t wait_ms = i == 0 ? 5000 : 15000;
        assert_int_equal(pass(world, OUTCOME_RETRY, -1), id);
        pass_time(world, wait_ms - 1);
        assert_int_equal(pass(world, OUTCOME_RETRY, -1), 0);
        settle_down(world);
        store_stats(world->store, &before);
        settle_down(world);
        store_stats(world->store, &after);
        assert_int_equal(after.ops, before.ops);
        pass_time(world, 1);
    }
    assert_int_equal(pass(world, OUTCOME_SENT, 1), id);
}

/* An attempt's id holds its number in 20 bits: what is tried that often has failed, before it is taken for an
 * attempt of the next message. */
static void test_numbers_of_attempts_end(void **state)
{
    struct world *world = *state;
    struct job job;
    int64_t id = send_to(world, ALICE, "1"), next = send_to(world, BOB, "2");
    world_exec(world, "UPDATE work SET attempts = 1048574 WHERE message_id = 1");
    assert_int_equal(claim(world, &job), id);
    assert_int_equal(settle_as(world, job.attempt_id, OUTCOME_RETRY, -1), 0);
    pass_time(world, 5000);
    assert_int_equal(claim(world, &job), next);
    settle_down(world);
    assert_string_equal(status_of(world, id), "failed");
    assert_int_equal(error_of(world, id), 30008);
    assert_int_equal(settle_as(world, job.attempt_id, OUTCOME_RETRY, -1), 0);
}

static void jump(struct world *world, int64_t wall_ms)
{
    clock_fake(wall_ms, clock_mono_ms());
    settle_down(world);
}

static void test_deadlines_move_with_the_clock(void **state)
{
    static const int64_t days[] = {55, -55};
    struct world *world = *state;
    for (int i = 0; i < 2; i++) {
        int64_t id = send_to(world, ALICE, "1");
        pass_time(world, 1000);
        jump(world, clock_wall_ms() + days[i] * 86400000);
        int64_t fresh = send_to(world, BOB, "2"); /* the first transition of the new time */
        pass_time(world, VALIDITY - 1001);
        assert_string_equal(status_of(world, id), "queued");
        pass_time(world, 1);
        assert_string_equal(status_of(world, id), "failed");
        assert_string_equal(status_of(world, fresh), "queued");
        pass_time(world, 1000);
        assert_string_equal(status_of(world, fresh), "failed");
    }
}

static void test_jump_is_noticed_without_any_work(void **state)
{
    struct world *world = *state;
    int64_t id = send_to(world, ALICE, "1");
    jump(world, T0 + 86400000);
    pass_time(world, 60000);
    assert_string_equal(status_of(world, id), "queued");
    assert_int_equal(world_int(world, "SELECT expires_ms FROM message"), T0 + 86400000 + VALIDITY);
}

static void test_true_time_after_a_start_in_1970(void **state)
{
    struct world *world = *state;
    int64_t id = send_to(world, ALICE, "1"); /* by a good clock */
    world_shut(world);
    clock_fake(1000, 1000000);
    world_open(world);
    settle_down(world);
    int64_t early = send_to(world, BOB, "2");
    jump(world, T0 + 5000);
    settle_down(world);
    send_to(world, CAROL, "3");
    assert_int_equal(world_int(world, "SELECT expires_ms FROM work WHERE message_id = 1"), T0 + VALIDITY);
    pass_time(world, VALIDITY - 5000);
    assert_string_equal(status_of(world, id), "failed");
    assert_string_equal(status_of(world, early), "queued");
    pass_time(world, 5000);
    assert_string_equal(status_of(world, early), "failed");
}

static void test_created_never_goes_back(void **state)
{
    struct world *world = *state;
    send_to(world, ALICE, "1");
    jump(world, T0 - 1000);
    send_to(world, ALICE, "2");
    assert_int_equal(world_int(world, "SELECT count(DISTINCT created_ms) FROM message"), 1);
    assert_int_equal(world_int(world, "SELECT expires_ms FROM message WHERE id = 2"), T0 - 1000 + VALIDITY);
}

int main(void)
{
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_waiting_message_expires_without_any_claim),
        CASE(test_many_expire),
        CASE(test_claim_expires_on_its_way),
        CASE(test_claim_ends_a_bounded_number),
        CASE(test_retries_end_with_their_own_error),
        CASE(test_nothing_left_is_failed_and_not_unsure),
        CASE(test_sent_is_final_after_the_report_time),
        CASE(test_unsure_part_and_expired_rest),
        CASE(test_carrier_that_never_settles),
        CASE(test_outcomes_that_come_late),
        CASE(test_claim_is_forgotten_by_a_restart),
        CASE(test_what_is_not_committed_never_was),
        CASE(test_in_flight_is_left_to_the_carrier),
        CASE(test_deadlines_survive_a_restart),
        CASE(test_callbacks_after_the_queue_is_closed),
        CASE(test_nothing_expires_by_a_clock_that_is_not_trusted),
        CASE(test_back_off_by_a_clock_that_is_not_trusted),
        CASE(test_numbers_of_attempts_end),
        CASE(test_deadlines_move_with_the_clock),
        CASE(test_jump_is_noticed_without_any_work),
        CASE(test_true_time_after_a_start_in_1970),
        CASE(test_created_never_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
