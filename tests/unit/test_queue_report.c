/* Status reports and unknown outcomes: what is known is said, and nothing is sent twice unless it was asked
 * for. */
#include "queue_world.h"

static const char *long_text(void)
{
    static char text[301];
    memset(text, 'b', 300);
    return text;
}

static bool unsure(struct world *world, int64_t id)
{
    struct message message;
    assert_int_equal(queue_message(world->queue, id, &message), 0);
    bool is = message.unsure;
    message_fini(&message);
    return is;
}

/* ---- classes of TP-ST ---- */

static void test_st_table(void **state)
{
    static const struct {
        uint8_t st;
        const char *status;
        int error;
    } rows[] = {
        {0x00, "delivered", 0},
        {0x01, "sent", 0},
        {0x02, "sent", 0},
        {0x1F, "sent", 0},
        {0x20, "sent", 0},
        {0x30, "sent", 0},
        {0x40, "undelivered", 30008},
        {0x41, "undelivered", 30006},
        {0x42, "undelivered", 30004},
        {0x43, "undelivered", 30005},
        {0x45, "undelivered", 30006},
        {0x46, "undelivered", 30003},
        {0x48, "undelivered", 30007},
        {0x49, "undelivered", 30008},
        {0x60, "undelivered", 30017},
        {0x61, "undelivered", 30003},
        {0x62, "undelivered", 30003},
        {0x63, "undelivered", 30004},
        {0xFF, "undelivered", 30008},
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t id = send_to(world, ALICE, "x");
        assert_int_equal(pass(world, OUTCOME_SENT, (int)i), id);
        assert_int_equal(report_to(world, ALICE, (int)i, rows[i].st, T0), 0);
        assert_string_equal(status_of(world, id), rows[i].status);
        assert_int_equal(error_of(world, id), rows[i].error);
    }
}

static void test_accepted_ends_the_wait(void **state)
{
    struct world *world = *state;
    struct message m;
    int64_t id = send_to(world, ALICE, "x");
    pass(world, OUTCOME_SENT, 1);
    assert_int_equal(queue_message(world->queue, id, &m), 0);
    assert_int_equal(m.report_until_ms, T0 + VALIDITY + 60000);
    message_fini(&m);
    report_to(world, ALICE, 1, 0x30, T0); /* the SC is still trying */
    report_to(world, ALICE, 1, 0x01, T0 + 1000);
    assert_int_equal(queue_message(world->queue, id, &m), 0);
    assert_int_equal(m.report_until_ms, 0);
    message_fini(&m);
    assert_string_equal(hooks_of(world, id), "sent");
    report_to(world, ALICE, 1, 0x00, T0 + 2000);
    assert_string_equal(hooks_of(world, id), "delivered");
}

/* The modem said OK and no reference: the recipient and the time must do. */
static void test_sent_without_reference(void **state)
{
    struct world *world = *state;
    int64_t first = send_to(world, ALICE, "a");
    pass(world, OUTCOME_SENT, -1);
    int64_t other = send_to(world, BOB, "b");
    pass(world, OUTCOME_SENT, 7);
    report_to(world, ALICE, 201, 0x00, T0 + 2000);
    assert_string_equal(hooks_of(world, first), "sent delivered");
    assert_string_equal(hooks_of(world, other), "sent");
}

static void test_no_report_asked(void **state)
{
    struct world *world = *state;
    struct message m;
    struct submission s = text_to(ALICE, "x");
    s.status_report = false;
    int64_t id = submit(world, &s);
    pass(world, OUTCOME_SENT, 1);
    assert_int_equal(queue_message(world->queue, id, &m), 0);
    assert_int_equal(m.report_until_ms, 0);
    assert_true(message_is_final(m.status, m.report_until_ms, T0));
    message_fini(&m);
}

static void test_done_time_reaches_the_hook(void **state)
{
    struct world *world = *state;
    struct hook hooks[4];
    int64_t next_ms;
    send_to(world, ALICE, "x");
    pass(world, OUTCOME_SENT, 1);
    report_to(world, ALICE, 1, 0x00, T0 + 4000);
    assert_int_equal(queue_hooks_due(world->queue, NULL, 0, hooks, 4, &next_ms), 1);
    assert_int_equal(hooks[0].report_done_ms, 0);
    struct hook_settlement done = {.verdict = HOOK_DONE};
    queue_hook_settle(world->queue, hooks[0].id, &done, NULL, NULL);
    settle_down(world);
    assert_int_equal(queue_hooks_due(world->queue, NULL, 0, hooks, 4, &next_ms), 1);
    assert_int_equal(hooks[0].report_done_ms, T0 + 5000);
}

/* ---- several segments ---- */

static void test_delivered_when_all_are(void **state)
{
    struct world *world = *state;
    int64_t id = send_to(world, ALICE, long_text());
    pass(world, OUTCOME_SENT, 4);
    assert_int_equal(report_to(world, ALICE, 4, 0x00, T0), 0); /* before the second part was even sent */
    assert_string_equal(status_of(world, id), "sending");
    pass(world, OUTCOME_SENT, 5);
    assert_string_equal(status_of(world, id), "sent");
    report_to(world, ALICE, 4, 0x00, T0); /* a repeat is not the other part's */
    assert_string_equal(status_of(world, id), "sent");
    report_to(world, ALICE, 5, 0x00, T0 + 1000);
    assert_string_equal(status_of(world, id), "delivered");
    assert_string_equal(hooks_of(world, id), "sent delivered");
}

static void test_all_reports_before_the_last_outcome(void **state)
{
    struct world *world = *state;
    struct job job;
    int64_t id = send_to(world, ALICE, long_text());
    pass(world, OUTCOME_SENT, 4);
    report_to(world, ALICE, 4, 0x00, T0);
    assert_int_equal(claim(world, &job), id);
    assert_int_equal(mark(world, job.attempt_id), 0);
    report_to(world, ALICE, 5, 0x00, T0); /* overtakes its +CMGS */
    assert_int_equal(world_int(world, "SELECT count(*) FROM report"), 1);
    assert_int_equal(settle_as(world, job.attempt_id, OUTCOME_SENT, 5), 0);
    assert_int_equal(world_int(world, "SELECT count(*) FROM report"), 0);
    assert_string_equal(status_of(world, id), "delivered");
    assert_string_equal(hooks_of(world, id), "sent delivered");
}

static void test_one_failed_part_fails_the_message(void **state)
{
    struct world *world = *state;
    struct job job;
    int64_t id = send_to(world, ALICE, long_text());
    pass(world, OUTCOME_SENT, 4);
    assert_int_equal(claim(world, &job), id);
    assert_int_equal(mark(world, job.attempt_id), 0);
    report_to(world, ALICE, 4, 0x43, T0); /* while the second is in flight */
    assert_string_equal(status_of(world, id), "undelivered");
    check_invariants(world);
    assert_int_equal(settle_as(world, job.attempt_id, OUTCOME_SENT, 5), 0);
    report_to(world, ALICE, 5, 0x00, T0);
    assert_string_equal(status_of(world, id), "undelivered");
    assert_string_equal(hooks_of(world, id), "undelivered:30005");
}

static void test_outcomes_after_the_end_change_nothing(void **state)
{
    struct world *world = *state;
    for (int outcome = OUTCOME_RETRY; outcome <= OUTCOME_UNSURE; outcome++) {
        struct job job;
        int64_t id = send_to(world, ALICE, long_text());
        pass(world, OUTCOME_SENT, 4);
        assert_int_equal(claim(world, &job), id);
        assert_int_equal(mark(world, job.attempt_id), 0);
        report_to(world, ALICE, 4, 0x43, clock_wall_ms());
        assert_int_equal(settle_as(world, job.attempt_id, (enum outcome)outcome, -1), 0);
        assert_string_equal(status_of(world, id), "undelivered");
        check_invariants(world);
        pass_time(world, 1000);
    }
}

/* ---- matching ---- */

static void test_mr_wraps(void **state)
{
    struct world *world = *state;
    int64_t old = send_to(world, ALICE, "old");
    pass(world, OUTCOME_SENT, 7);
    pass_time(world, 600000);
    int64_t new = send_to(world, ALICE, "new");
    pass(world, OUTCOME_SENT, 7);
    report_to(world, ALICE, 7, 0x00, T0 + 1000); /* the SC took it when only the old one was there */
    assert_string_equal(status_of(world, old), "delivered");
    assert_string_equal(status_of(world, new), "sent");
    report_to(world, ALICE, 7, 0x00, T0 + 601000);
    assert_string_equal(status_of(world, new), "delivered");
}

static void test_recipient_in_national_form(void **state)
{
    struct world *world = *state;
    int64_t alice = send_to(world, ALICE, "x"), bob = send_to(world, BOB, "x");
    pass(world, OUTCOME_SENT, 7);
    pass(world, OUTCOME_SENT, 7);
    report_to(world, "0790000001", 7, 0x00, T0);
    assert_string_equal(status_of(world, alice), "delivered");
    assert_string_equal(status_of(world, bob), "sent");
}

static void test_other_lines_report(void **state)
{
    struct world *world = *state;
    struct report report = {.line_id = LINE_B, .mr = 7, .to = ALICE, .scts_ms = T0, .hex = ""};
    int64_t id = send_to(world, ALICE, "x");
    pass(world, OUTCOME_SENT, 7);
    queue_report(world->queue, &report, NULL, NULL);
    settle_down(world);
    assert_string_equal(status_of(world, id), "sent");
}

static void test_a_repeat_is_idempotent(void **state)
{
    struct world *world = *state;
    int64_t id = send_to(world, ALICE, "x");
    pass(world, OUTCOME_SENT, 7);
    for (int i = 0; i < 3; i++)
        assert_int_equal(report_to(world, ALICE, 7, 0x00, T0), 0);
    assert_string_equal(story_of(world, id), "accepted claimed in_flight sent report delivered");
    report_to(world, ALICE, 7, 0x43, T0); /* another word after the last one */
    assert_string_equal(status_of(world, id), "delivered");
    assert_string_equal(story_of(world, id), "accepted claimed in_flight sent report delivered report");
    assert_string_equal(hooks_of(world, id), "sent delivered");
}

static void test_report_of_a_stranger_is_let_go(void **state)
{
    struct world *world = *state;
    assert_int_equal(report_to(world, ALICE, 7, 0x00, T0), 0);
    pass_time(world, 59999);
    assert_int_equal(world_int(world, "SELECT count(*) FROM report"), 1);
    pass_time(world, 1);
    assert_int_equal(world_int(world, "SELECT count(*) FROM report"), 0);
}

static void test_report_waits_as_long_as_its_attempt(void **state)
{
    struct world *world = *state;
    struct job job;
    int64_t id = send_to(world, ALICE, "x");
    assert_int_equal(claim(world, &job), id);
    assert_int_equal(mark(world, job.attempt_id), 0);
    report_to(world, ALICE, 7, 0x00, T0 + 1000);
    for (int i = 0; i < 3; i++)
        pass_time(world, 60000); /* +CMGS is three minutes late */
    assert_int_equal(settle_as(world, job.attempt_id, OUTCOME_SENT, 7), 0);
    assert_string_equal(status_of(world, id), "delivered");
}

static void test_kept_report_survives_a_crash(void **state)
{
    struct world *world = *state;
    struct job job;
    int64_t id = send_to(world, ALICE, "x");
    assert_int_equal(claim(world, &job), id);
    assert_int_equal(mark(world, job.attempt_id), 0);
    report_to(world, ALICE, 7, 0x00, T0);
    world_crash(world);
    assert_int_equal(settle_as(world, job.attempt_id, OUTCOME_UNSURE, -1), 0);
    assert_string_equal(status_of(world, id), "delivered"); /* the report is the proof */
    assert_string_equal(hooks_of(world, id), "sent delivered");
}

/* ---- unsure ---- */

static void test_hold_waits_for_a_report(void **state)
{
    struct world *world = *state;
    int64_t id = send_to(world, ALICE, "otp"), next = send_to(world, ALICE, "next");
    assert_int_equal(pass(world, OUTCOME_UNSURE, -1), id);
    assert_string_equal(status_of(world, id), "sending");
    assert_true(unsure(world, id));
    assert_string_equal(hooks_of(world, id), "");
    assert_int_equal(pass(world, OUTCOME_SENT, 9), next); /* it holds nobody up */
    pass_time(world, 60000);
    assert_int_equal(pass(world, OUTCOME_SENT, 10), 0); /* and is not sent again */
    report_to(world, ALICE, 8, 0x00, T0);
    assert_string_equal(status_of(world, id), "delivered");
    assert_false(unsure(world, id));
    assert_string_equal(story_of(world, id), "accepted claimed in_flight unsure report delivered");
    assert_string_equal(hooks_of(world, id), "sent delivered");
}

static void test_hold_and_a_negative_report(void **state)
{
    struct world *world = *state;
    int64_t id = send_to(world, ALICE, "otp");
    pass(world, OUTCOME_UNSURE, -1);
    report_to(world, ALICE, 8, 0x46, T0);
    assert_string_equal(hooks_of(world, id), "sent undelivered:30003");
}

static void test_hold_is_given_up(void **state)
{
    struct world *world = *state;
    int64_t id = send_to(world, ALICE, "otp");
    pass(world, OUTCOME_UNSURE, -1);
    pass_time(world, VALIDITY + 59999);
    assert_string_equal(status_of(world, id), "sending");
    pass_time(world, 1);
    assert_string_equal(status_of(world, id), "undelivered");
    assert_int_equal(error_of(world, id), 30008);
    assert_false(unsure(world, id));
    report_to(world, ALICE, 8, 0x00, T0); /* too late: history */
    assert_string_equal(status_of(world, id), "undelivered");
    assert_string_equal(story_of(world, id), "accepted claimed in_flight unsure undelivered report");
    assert_string_equal(hooks_of(world, id), "undelivered:30008");
}

static void test_other_segments_go_on(void **state)
{
    struct world *world = *state;
    int64_t id = send_to(world, ALICE, long_text());
    assert_int_equal(pass(world, OUTCOME_UNSURE, -1), id);
    check_invariants(world);
    assert_int_equal(pass(world, OUTCOME_SENT, 5), id);
    assert_string_equal(status_of(world, id), "sending");
    assert_true(unsure(world, id));
    report_to(world, ALICE, 5, 0x00, T0);
    report_to(world, ALICE, 4, 0x00, T0);
    assert_string_equal(status_of(world, id), "delivered");
}

static void test_report_proves_while_others_wait(void **state)
{
    struct world *world = *state;
    int64_t id = send_to(world, ALICE, long_text());
    pass(world, OUTCOME_UNSURE, -1);
    report_to(world, ALICE, 4, 0x00, T0);
    assert_false(unsure(world, id));
    check_invariants(world);
    assert_int_equal(pass(world, OUTCOME_SENT, 5), id);
    assert_string_equal(status_of(world, id), "sent");
}

static int64_t send_alarm(struct world *world)
{
    struct submission s = text_to(ALICE, "alarm");
    s.policy = UNSURE_RESEND;
    return submit(world, &s);
}

static void test_resend_once(void **state)
{
    struct world *world = *state;
    int64_t id = send_alarm(world);
    assert_int_equal(pass(world, OUTCOME_UNSURE, -1), id);
    assert_false(unsure(world, id));
    assert_int_equal(pass(world, OUTCOME_UNSURE, -1), id);
    assert_true(unsure(world, id));
    assert_int_equal(pass(world, OUTCOME_SENT, 1), 0);
    assert_string_equal(story_of(world, id),
                        "accepted claimed in_flight unsure resend claimed in_flight unsure");
}

static void test_report_of_the_first_makes_the_resend_needless(void **state)
{
    struct world *world = *state;
    struct job job;
    int64_t id = send_alarm(world);
    pass(world, OUTCOME_UNSURE, -1);
    report_to(world, ALICE, 3, 0x00, T0);
    assert_string_equal(status_of(world, id), "delivered");
    assert_int_equal(claim(world, &job), 0);
    assert_string_equal(hooks_of(world, id), "sent delivered");
}

static void test_report_of_the_first_while_the_second_is_out(void **state)
{
    struct world *world = *state;
    struct job job;
    int64_t id = send_alarm(world);
    pass(world, OUTCOME_UNSURE, -1);
    assert_int_equal(claim(world, &job), id);
    assert_int_equal(mark(world, job.attempt_id), 0);
    report_to(world, ALICE, 3, 0x00, T0);
    assert_string_equal(status_of(world, id), "sending");
    assert_int_equal(settle_as(world, job.attempt_id, OUTCOME_SENT, 4), 0);
    assert_string_equal(hooks_of(world, id), "sent delivered");
}

/* Whatever is said of one copy, the other decides if it failed, either if it arrived. */
static void test_reports_of_two_copies(void **state)
{
    static const struct {
        int second_first; /* the later copy is sent before any report */
        uint8_t first, second;
        const char *hooks;
    } rows[] = {
        {0, 0x46, 0x00, "sent delivered"},
        {1, 0x46, 0x00, "sent delivered"},
        {1, 0x46, 0x43, "sent undelivered:30005"},
        {1, 0x00, 0x43, "sent delivered"},
        {0, 0x30, 0x43, "sent"},
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t id = send_alarm(world), scts = clock_wall_ms();
        assert_int_equal(pass(world, OUTCOME_UNSURE, -1), id);
        pass_time(world, 1000);
        if (rows[i].second_first)
            assert_int_equal(pass(world, OUTCOME_SENT, 4), id);
        report_to(world, ALICE, 3, rows[i].first, scts); /* of the first copy: its MR was never told */
        check_invariants(world);
        if (!rows[i].second_first && strcmp(status_of(world, id), "sending") == 0)
            assert_int_equal(pass(world, OUTCOME_SENT, 4), id);
        report_to(world, ALICE, 4, rows[i].second, scts + 1000);
        assert_string_equal(hooks_of(world, id), rows[i].hooks);
        pass_time(world, 600000);
    }
}

static void test_a_part_that_arrived_cannot_fail(void **state)
{
    struct world *world = *state;
    struct submission s = text_to(ALICE, long_text());
    s.policy = UNSURE_RESEND;
    int64_t id = submit(world, &s);
    pass(world, OUTCOME_UNSURE, -1);
    assert_int_equal(pass(world, OUTCOME_SENT, 4), id); /* the second copy of the first part */
    report_to(world, ALICE, 3, 0x00, T0);
    report_to(world, ALICE, 4, 0x46, T0);
    assert_string_equal(status_of(world, id), "sending");
    pass(world, OUTCOME_SENT, 5);
    report_to(world, ALICE, 5, 0x00, T0);
    assert_string_equal(hooks_of(world, id), "sent delivered");
}

static void test_skew_of_the_clocks(void **state)
{
    struct world *world = *state;
    int64_t id = send_to(world, ALICE, "x");
    pass(world, OUTCOME_SENT, 7);
    report_to(world, ALICE, 7, 0x00, T0 - 300001);
    assert_string_equal(status_of(world, id), "sent");
    report_to(world, ALICE, 7, 0x00, T0 - 300000);
    assert_string_equal(status_of(world, id), "delivered");
}

static void test_closest_unsure_attempt(void **state)
{
    struct world *world = *state;
    int64_t oldest = send_to(world, ALICE, "0");
    pass(world, OUTCOME_UNSURE, -1);
    pass_time(world, 100000);
    int64_t first = send_to(world, ALICE, "1");
    pass(world, OUTCOME_UNSURE, -1);
    pass_time(world, 100000);
    int64_t second = send_to(world, ALICE, "2");
    pass(world, OUTCOME_UNSURE, -1);
    report_to(world, ALICE, 3, 0x00, T0 + 102000);
    assert_string_equal(status_of(world, first), "delivered");
    assert_string_equal(status_of(world, second), "sending");
    assert_string_equal(status_of(world, oldest), "sending");
}

/* ---- a person decides ---- */

static int decide(struct world *world, int64_t id, enum queue_verdict verdict)
{
    struct answer answer = {0};
    queue_verdict(world->queue, id, verdict, on_answer, &answer);
    settle_down(world);
    assert_int_equal(answer.calls, 1);
    return answer.status;
}

static void test_verdicts(void **state)
{
    struct world *world = *state;
    int64_t sure = send_to(world, BOB, "x");
    assert_int_equal(decide(world, sure, VERDICT_SENT), -EBUSY);
    assert_int_equal(decide(world, 999, VERDICT_SENT), -ENOENT);
    pass(world, OUTCOME_SENT, 1);

    int64_t sent = send_to(world, ALICE, "x");
    pass(world, OUTCOME_UNSURE, -1);
    assert_int_equal(decide(world, sent, VERDICT_SENT), 0);
    assert_string_equal(hooks_of(world, sent), "sent");
    assert_int_equal(decide(world, sent, VERDICT_FAILED), -EBUSY);
    report_to(world, ALICE, 2, 0x00, T0); /* the attempt may still be reported */
    assert_string_equal(status_of(world, sent), "delivered");

    int64_t failed = send_to(world, ALICE, "x");
    pass(world, OUTCOME_UNSURE, -1);
    assert_int_equal(decide(world, failed, VERDICT_FAILED), 0);
    assert_string_equal(hooks_of(world, failed), "failed:30008");

    int64_t again = send_to(world, ALICE, "x");
    pass(world, OUTCOME_UNSURE, -1);
    assert_int_equal(decide(world, again, VERDICT_RESEND), 0);
    assert_int_equal(pass(world, OUTCOME_SENT, 3), again);
    assert_string_equal(status_of(world, again), "sent");
}

int main(void)
{
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_st_table),
        CASE(test_accepted_ends_the_wait),
        CASE(test_sent_without_reference),
        CASE(test_no_report_asked),
        CASE(test_done_time_reaches_the_hook),
        CASE(test_delivered_when_all_are),
        CASE(test_all_reports_before_the_last_outcome),
        CASE(test_one_failed_part_fails_the_message),
        CASE(test_outcomes_after_the_end_change_nothing),
        CASE(test_mr_wraps),
        CASE(test_recipient_in_national_form),
        CASE(test_other_lines_report),
        CASE(test_a_repeat_is_idempotent),
        CASE(test_report_of_a_stranger_is_let_go),
        CASE(test_report_waits_as_long_as_its_attempt),
        CASE(test_kept_report_survives_a_crash),
        CASE(test_hold_waits_for_a_report),
        CASE(test_hold_and_a_negative_report),
        CASE(test_hold_is_given_up),
        CASE(test_other_segments_go_on),
        CASE(test_report_proves_while_others_wait),
        CASE(test_resend_once),
        CASE(test_report_of_the_first_makes_the_resend_needless),
        CASE(test_report_of_the_first_while_the_second_is_out),
        CASE(test_reports_of_two_copies),
        CASE(test_a_part_that_arrived_cannot_fail),
        CASE(test_skew_of_the_clocks),
        CASE(test_closest_unsure_attempt),
        CASE(test_verdicts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
