/* The outbound life of a message: acceptance, claim, the in-flight mark, outcomes, lanes, the API's updates.
 */
#include "queue_world.h"

static void test_one_message(void **state)
{
    struct world *world = *state;
    struct job job;
    int64_t id = send_to(world, ALICE, "hello");
    assert_string_equal(status_of(world, id), "queued");
    assert_int_equal(queue_depth(world->queue, ACCOUNT), 1);
    assert_int_equal(claim(world, &job), id);
    assert_string_equal(job.to, ALICE);
    assert_int_equal(job.seq, 1);
    assert_int_equal(job.total, 1);
    assert_int_equal(job.udl, 5);
    assert_true(job.status_report && !job.udhi);
    assert_int_equal(job.expires_ms, T0 + VALIDITY);
    assert_int_equal(job.started_ms, T0);
    assert_int_equal(mark(world, job.attempt_id), 0);
    assert_string_equal(status_of(world, id), "sending");
    assert_int_equal(settle_as(world, job.attempt_id, OUTCOME_SENT, 17), 0);
    assert_string_equal(status_of(world, id), "sent");
    assert_int_equal(queue_depth(world->queue, ACCOUNT), 0);
    assert_int_equal(report_to(world, ALICE, 17, 0x00, T0 + 2000), 0);
    assert_string_equal(status_of(world, id), "delivered");
    assert_string_equal(story_of(world, id), "accepted claimed in_flight sent report delivered");
    assert_string_equal(hooks_of(world, id), "sent delivered");
}

static void test_fields_are_kept(void **state)
{
    struct world *world = *state;
    struct submission s = text_to(ALICE, "gr\xC3\xBC\xC3\x9F dich");
    s.callback_url = "https://example.com/status";
    s.tags = "{\"class\":\"otp\"}";
    s.priority = 9;
    s.policy = UNSURE_RESEND;
    s.mask_to = true;
    s.reply_to = 99;
    int64_t id = submit(world, &s);
    struct message m;
    assert_int_equal(queue_message_by_sid(world->queue, ACCOUNT, &s.sid, &m), 0);
    assert_int_equal(m.id, id);
    assert_string_equal(m.body, s.body);
    assert_string_equal(m.callback_url, s.callback_url);
    assert_string_equal(m.tags, s.tags);
    assert_string_equal(m.from, s.from);
    assert_string_equal(m.to, ALICE);
    assert_true(m.priority == 9 && m.policy == UNSURE_RESEND && m.mask_to && !m.discard_body &&
                m.reply_to == 99);
    assert_true(m.created_ms == T0 && m.sent_ms == 0 && m.expires_ms == T0 + VALIDITY && m.segments == 1);
    message_fini(&m);
    assert_int_equal(queue_message_by_sid(world->queue, 2, &s.sid, &m), -ENOENT);
    assert_int_equal(queue_message_by_sid(world->queue, 0, &s.sid, &m), 0);
    message_fini(&m);
    assert_int_equal(queue_message(world->queue, id + 1, &m), -ENOENT);
}

static void test_nothing_to_claim(void **state)
{
    struct world *world = *state;
    struct job job;
    int64_t next_ms = 5;
    assert_int_equal(queue_claim(world->queue, LINE, NULL, 0, &job, &next_ms), -EAGAIN);
    assert_int_equal(next_ms, 0);
    send_to(world, ALICE, "other line's");
    assert_int_equal(claim_on(world, LINE_B, &job), -EAGAIN);
}

static void test_work_is_told_once_a_turn(void **state)
{
    struct world *world = *state;
    struct submission s[3];
    static const char *const to[] = {ALICE, BOB, CAROL};
    int before = world->work_calls;
    for (int i = 0; i < 3; i++) {
        s[i] = text_to(to[i], "x");
        assert_int_equal(queue_submit(world->queue, &s[i], NULL, NULL), 0);
    }
    settle_down(world);
    assert_int_equal(world->work_calls, before + 1);
}

static void test_order_of_lane_and_priority(void **state)
{
    struct world *world = *state;
    int64_t first = send_to(world, ALICE, "1");
    int64_t second = send_to(world, ALICE, "2");
    int64_t bob = send_to(world, BOB, "3");
    struct submission urgent = text_to(CAROL, "urgent");
    urgent.priority = 9;
    int64_t carol = submit(world, &urgent);
    struct submission urgent_too = text_to(ALICE, "urgent");
    urgent_too.priority = 9;
    int64_t alice = submit(world, &urgent_too);
    check_invariants(world);
    const int64_t order[] = {carol, alice, first, second, bob};
    for (int i = 0; i < 5; i++)
        assert_int_equal(pass(world, OUTCOME_SENT, i), order[i]);
    assert_int_equal(pass(world, OUTCOME_SENT, 9), 0);
}

static void test_busy_recipient_blocks_only_itself(void **state)
{
    struct world *world = *state;
    struct job one, two, three;
    int64_t first = send_to(world, ALICE, "1");
    int64_t second = send_to(world, ALICE, "2");
    int64_t bob = send_to(world, BOB, "3");
    assert_int_equal(claim(world, &one), first);
    assert_int_equal(claim(world, &two), bob);
    assert_int_equal(claim(world, &three), 0);
    assert_int_equal(mark(world, one.attempt_id), 0);
    assert_int_equal(settle_as(world, one.attempt_id, OUTCOME_SENT, 1), 0);
    assert_int_equal(claim(world, &three), second);
}

static void test_retry_waits_and_blocks_only_its_lane(void **state)
{
    struct world *world = *state;
    struct job job;
    int64_t next_ms;
    int64_t first = send_to(world, ALICE, "1");
    int64_t second = send_to(world, ALICE, "2");
    int64_t bob = send_to(world, BOB, "3");
    assert_int_equal(pass(world, OUTCOME_RETRY, -1), first);
    check_invariants(world);
    assert_int_equal(pass(world, OUTCOME_SENT, 1), bob);
    assert_int_equal(queue_claim(world->queue, LINE, NULL, 0, &job, &next_ms), -EAGAIN);
    assert_int_equal(next_ms, T0 + 5000);
    int before = world->work_calls;
    pass_time(world, 4999);
    assert_int_equal(claim(world, &job), 0);
    assert_int_equal(world->work_calls, before);
    pass_time(world, 1);
    assert_int_equal(world->work_calls, before + 1);
    assert_int_equal(pass(world, OUTCOME_SENT, 2), first);
    assert_int_equal(pass(world, OUTCOME_SENT, 3), second);
    assert_string_equal(story_of(world, first), "accepted claimed in_flight retry claimed in_flight sent");
}

static void test_urgent_overtakes_a_back_off(void **state)
{
    struct world *world = *state;
    int64_t slow = send_to(world, ALICE, "1");
    assert_int_equal(pass(world, OUTCOME_RETRY, -1), slow);
    struct submission s = text_to(ALICE, "urgent");
    s.priority = 9;
    int64_t urgent = submit(world, &s);
    check_invariants(world);
    assert_int_equal(pass(world, OUTCOME_SENT, 1), urgent);
    assert_int_equal(pass(world, OUTCOME_SENT, 2), 0); /* its back-off was not cut short */
    pass_time(world, 5000);
    assert_int_equal(pass(world, OUTCOME_SENT, 2), slow);
}

static void test_carrier_fault_costs_no_try(void **state)
{
    struct world *world = *state;
    struct job job;
    static const int delays_s[] = {1, 1, 5, 15, 60, 60, 60};
    int64_t next_ms, id = send_to(world, ALICE, "1");
    for (size_t i = 0; i < sizeof delays_s / sizeof delays_s[0]; i++) {
        struct settlement fault = {
            .outcome = OUTCOME_RETRY, .mr = -1, .carrier_fault = true, .reason = "modem lost"};
        assert_int_equal(claim(world, &job), id);
        assert_int_equal(settle(world, job.attempt_id, &fault), 0); /* before the mark: allowed */
        assert_int_equal(queue_claim(world->queue, LINE, NULL, 0, &job, &next_ms), -EAGAIN);
        assert_int_equal(next_ms, clock_wall_ms() + delays_s[i] * 1000);
        pass_time(world, delays_s[i] * 1000);
    }
    assert_string_equal(status_of(world, id), "queued");
    assert_int_equal(pass(world, OUTCOME_RETRY, -1), id);
    assert_int_equal(queue_claim(world->queue, LINE, NULL, 0, &job, &next_ms), -EAGAIN);
    assert_int_equal(next_ms, clock_wall_ms() + 5000); /* its first own try */
}

static void test_carrier_asks_for_a_delay(void **state)
{
    struct world *world = *state;
    struct job job;
    int64_t next_ms;
    send_to(world, ALICE, "1");
    struct settlement later = {.outcome = OUTCOME_RETRY, .mr = -1, .retry_after_ms = 77000};
    assert_true(claim(world, &job) != 0);
    assert_int_equal(mark(world, job.attempt_id), 0);
    assert_int_equal(settle(world, job.attempt_id, &later), 0);
    assert_int_equal(queue_claim(world->queue, LINE, NULL, 0, &job, &next_ms), -EAGAIN);
    assert_int_equal(next_ms, T0 + 77000);
}

static void test_reject(void **state)
{
    struct world *world = *state;
    struct job job;
    int64_t id = send_to(world, ALICE, "1"), next = send_to(world, ALICE, "2");
    struct settlement no = {.outcome = OUTCOME_REJECT, .mr = -1, .error_code = 30005, .reason = "cms 1"};
    assert_int_equal(claim(world, &job), id);
    assert_int_equal(mark(world, job.attempt_id), 0);
    assert_int_equal(settle(world, job.attempt_id, &no), 0);
    assert_string_equal(status_of(world, id), "failed");
    assert_int_equal(error_of(world, id), 30005);
    assert_string_equal(hooks_of(world, id), "failed:30005");
    assert_int_equal(pass(world, OUTCOME_REJECT, -1), next);
    assert_int_equal(error_of(world, next), 30008);
}

/* ---- several segments ---- */

static const char *long_text(void)
{
    static char text[401];
    memset(text, 'a', 400);
    return text;
}

static void test_segments_go_in_order(void **state)
{
    struct world *world = *state;
    int64_t id = send_to(world, ALICE, long_text());
    uint8_t ref = 0;
    for (unsigned seq = 1; seq <= 3; seq++) {
        struct job job;
        assert_int_equal(claim(world, &job), id);
        assert_int_equal(job.seq, seq);
        assert_int_equal(job.total, 3);
        assert_true(job.udhi);
        ref = job.ud[3];
        assert_int_equal(job.ud[4], 3);
        assert_int_equal(job.ud[5], seq);
        assert_int_equal(mark(world, job.attempt_id), 0);
        assert_string_equal(status_of(world, id), "sending");
        assert_int_equal(settle_as(world, job.attempt_id, OUTCOME_SENT, (int)seq), 0);
        check_invariants(world);
    }
    assert_string_equal(status_of(world, id), "sent");
    int64_t again = send_to(world, ALICE, long_text());
    struct job job;
    assert_int_equal(claim(world, &job), again);
    assert_int_equal(job.ud[3], (uint8_t)(ref + 1));
}

static void test_retry_resumes_at_the_segment(void **state)
{
    struct world *world = *state;
    struct job job;
    int64_t id = send_to(world, ALICE, long_text());
    assert_int_equal(pass(world, OUTCOME_SENT, 1), id);
    assert_int_equal(pass(world, OUTCOME_RETRY, -1), id);
    pass_time(world, 5000);
    assert_int_equal(claim(world, &job), id);
    assert_int_equal(job.seq, 2);
    assert_int_equal(job.ud[3], 1); /* the same reference */
}

static void test_reject_cancels_the_rest(void **state)
{
    struct world *world = *state;
    struct job job;
    int64_t id = send_to(world, ALICE, long_text());
    assert_int_equal(pass(world, OUTCOME_SENT, 1), id);
    assert_int_equal(pass(world, OUTCOME_REJECT, -1), id);
    assert_string_equal(status_of(world, id), "failed");
    assert_int_equal(claim(world, &job), 0);
    assert_int_equal(world_int(world, "SELECT state FROM segment WHERE seq = 3"), 6);
}

/* ---- services ---- */

static struct submission by_service(const char *to, const char *body)
{
    struct submission s = text_to(to, body);
    s.from = "";
    s.line_id = 0;
    s.service_id = SERVICE;
    return s;
}

static void test_service_takes_the_line_that_claims(void **state)
{
    struct world *world = *state;
    struct job job;
    struct message m;
    world_exec(
        world,
        "INSERT INTO account (id, sid, token, friendly_name, created_ms, updated_ms) VALUES (1, x'01', "
        "x'02', '', 0, 0);"
        "INSERT INTO line (id, sid, account_id, name, number, friendly_name, created_ms, updated_ms) VALUES "
        "(2, x'03', 1, 'b', '+41792222222', '', 0, 0)");
    struct submission s = by_service(ALICE, "x");
    int64_t id = submit(world, &s);
    assert_string_equal(status_of(world, id), "accepted");
    assert_int_equal(claim_on(world, LINE_B, &job), 0);
    settle_down(world);
    assert_int_equal(queue_message(world->queue, id, &m), 0);
    assert_int_equal(m.line_id, LINE_B);
    assert_string_equal(m.from, "+41792222222");
    assert_int_equal(m.status, MESSAGE_QUEUED);
    message_fini(&m);
    assert_int_equal(mark(world, job.attempt_id), 0);
    assert_int_equal(settle_as(world, job.attempt_id, OUTCOME_SENT, 1), 0);
    assert_string_equal(hooks_of(world, id), "queued sent");
}

/* Through a service, yet with its sender given: accepted, then queued, like any other of a service. */
static void test_service_message_with_its_line(void **state)
{
    struct world *world = *state;
    struct job job;
    struct submission s = text_to(ALICE, "1");
    s.service_id = SERVICE;
    int64_t id = submit(world, &s);
    assert_string_equal(status_of(world, id), "accepted");
    assert_int_equal(claim_on(world, LINE_B, &job), -EAGAIN);
    assert_int_equal(claim(world, &job), id);
    settle_down(world);
    assert_string_equal(status_of(world, id), "queued");
    assert_int_equal(mark(world, job.attempt_id), 0);
    assert_int_equal(settle_as(world, job.attempt_id, OUTCOME_SENT, 1), 0);
    assert_string_equal(hooks_of(world, id), "queued sent");
}

static void test_service_message_moves_to_another_line(void **state)
{
    struct world *world = *state;
    struct job job;
    struct submission s = by_service(ALICE, long_text());
    struct settlement fault = {.outcome = OUTCOME_RETRY, .mr = -1, .carrier_fault = true};
    int64_t id = submit(world, &s);
    assert_int_equal(claim_on(world, LINE, &job), 0);
    assert_int_equal(settle(world, job.attempt_id, &fault), 0);
    pass_time(world, 1000);
    assert_int_equal(claim_on(world, LINE_B, &job), 0);
    assert_int_equal(job.message_id, id);
    assert_int_equal(mark(world, job.attempt_id), 0);
    assert_int_equal(settle_as(world, job.attempt_id, OUTCOME_SENT, 1), 0);
    assert_int_equal(claim_on(world, LINE, &job), -EAGAIN); /* the rest stays where the first part went */
    assert_int_equal(claim_on(world, LINE_B, &job), 0);
    assert_int_equal(job.seq, 2);
    assert_string_equal(hooks_of(world, id), "queued");
}

/* ---- refusals ---- */

static void test_settled_attempt_stays_settled(void **state)
{
    struct world *world = *state;
    struct job job;
    int64_t id = send_to(world, ALICE, "1");
    assert_int_equal(claim(world, &job), id);
    assert_int_equal(settle_as(world, job.attempt_id, OUTCOME_SENT, 1), -ESTALE); /* never marked */
    assert_int_equal(settle_as(world, job.attempt_id, OUTCOME_UNSURE, -1), -ESTALE);
    assert_int_equal(mark(world, job.attempt_id), 0);
    assert_int_equal(mark(world, job.attempt_id), -ESTALE);
    assert_int_equal(settle_as(world, job.attempt_id, OUTCOME_SENT, 1), 0);
    for (int outcome = OUTCOME_SENT; outcome <= OUTCOME_UNSURE; outcome++)
        assert_int_equal(settle_as(world, job.attempt_id, (enum outcome)outcome, 1), -ESTALE);
    assert_string_equal(status_of(world, id), "sent");
    assert_int_equal(settle_as(world, 12345, OUTCOME_SENT, 1), -ESTALE);
    assert_int_equal(mark(world, 12345), -ESTALE);
}

static void test_text_that_cannot_be_split(void **state)
{
    struct world *world = *state;
    struct accepted accepted = {0};
    struct submission s = text_to(ALICE, "bad \xFF");
    assert_int_equal(queue_submit(world->queue, &s, on_submitted, &accepted), 0);
    settle_down(world);
    assert_int_equal(accepted.calls, 1);
    assert_int_equal(accepted.status, -EILSEQ);
    assert_int_equal(world_int(world, "SELECT count(*) FROM message"), 0);
    assert_int_equal(queue_depth(world->queue, ACCOUNT), 0);
}

static void test_idempotency(void **state)
{
    struct world *world = *state;
    struct accepted accepted = {0};
    struct submission s = text_to(ALICE, "once");
    s.idempotency_key = "key-1";
    int64_t id = submit(world, &s);
    struct submission again = text_to(ALICE, "once");
    again.idempotency_key = "key-1";
    assert_int_equal(queue_submit(world->queue, &again, on_submitted, &accepted), 0);
    settle_down(world);
    assert_int_equal(accepted.status, -EALREADY);
    assert_int_equal(accepted.result.id, id);
    assert_memory_equal(&accepted.result.sid, &s.sid, sizeof s.sid);
    again.account_id = 2; /* another account's key is another key */
    assert_true(submit(world, &again) != id);
    again = text_to(ALICE, "once");
    again.idempotency_key = "key-1";
    pass_time(world, 24 * 3600 * 1000);
    assert_true(submit(world, &again) != id);
    assert_int_equal(world_int(world, "SELECT count(*) FROM idempotency"), 1);
}

/* ---- the API's updates ---- */

static int update(struct world *world, void (*fn)(struct queue *, int64_t, durable_fn *, void *), int64_t id)
{
    struct answer answer = {0};
    fn(world->queue, id, on_answer, &answer);
    settle_down(world);
    assert_int_equal(answer.calls, 1);
    return answer.status;
}

static void test_cancel(void **state)
{
    struct world *world = *state;
    struct job job;
    int64_t first = send_to(world, ALICE, "1"), second = send_to(world, ALICE, "2"),
            third = send_to(world, ALICE, "3");
    assert_int_equal(update(world, queue_cancel, 999), -ENOENT);
    assert_int_equal(update(world, queue_cancel, second), 0); /* from behind */
    assert_string_equal(hooks_of(world, second), "canceled");
    assert_int_equal(update(world, queue_cancel, second), -EBUSY);
    assert_int_equal(claim(world, &job), first);
    assert_int_equal(update(world, queue_cancel, first), 0); /* claimed, not yet marked */
    assert_int_equal(mark(world, job.attempt_id), -ESTALE);
    assert_int_equal(settle_as(world, job.attempt_id, OUTCOME_RETRY, -1), -ESTALE);
    check_invariants(world);
    assert_int_equal(claim(world, &job), third);
    assert_int_equal(mark(world, job.attempt_id), 0);
    assert_int_equal(update(world, queue_cancel, third), -EBUSY);
    assert_int_equal(settle_as(world, job.attempt_id, OUTCOME_RETRY, -1), 0);
    assert_int_equal(update(world, queue_cancel, third), -EBUSY); /* it has been in flight */
}

static void test_redact_and_delete(void **state)
{
    struct world *world = *state;
    struct message m;
    int64_t id = send_to(world, ALICE, "secret");
    assert_int_equal(update(world, queue_redact, id), -EBUSY);
    assert_int_equal(update(world, queue_delete, id), -EBUSY);
    assert_int_equal(pass(world, OUTCOME_SENT, 1), id);
    assert_int_equal(update(world, queue_delete, id), -EBUSY); /* a report is awaited */
    report_to(world, ALICE, 1, 0, T0);
    assert_int_equal(update(world, queue_redact, id), 0);
    assert_int_equal(queue_message(world->queue, id, &m), 0);
    assert_string_equal(m.body, "");
    message_fini(&m);
    assert_int_equal(world_int(world, "SELECT sum(length(ud)) FROM segment"), 0);
    assert_int_equal(update(world, queue_delete, id), 0);
    assert_string_equal(status_of(world, id), "gone");
    assert_string_equal(hooks_of(world, id), "");
    assert_int_equal(update(world, queue_delete, id), -ENOENT);
    assert_true(send_to(world, ALICE, "next") > id); /* an id is never used twice */
}

static void test_body_is_discarded_once_sent(void **state)
{
    struct world *world = *state;
    struct message m;
    struct submission s = text_to(ALICE, "secret");
    s.discard_body = true;
    int64_t id = submit(world, &s);
    assert_int_equal(pass(world, OUTCOME_RETRY, -1), id);
    assert_int_equal(queue_message(world->queue, id, &m), 0);
    assert_string_equal(m.body, "secret");
    message_fini(&m);
    pass_time(world, 5000);
    assert_int_equal(pass(world, OUTCOME_SENT, 1), id);
    assert_int_equal(queue_message(world->queue, id, &m), 0);
    assert_string_equal(m.body, "");
    message_fini(&m);
    assert_int_equal(world_int(world, "SELECT sum(length(ud)) FROM segment"), 0);
}

static void add_to_story(void *arg, int64_t at_ms, const struct message *brief, const char *kind,
                         const char *detail)
{
    char line[128];
    struct world *world = arg;
    assert_int_equal(at_ms, T0);
    assert_non_null(detail);
    snprintf(line, sizeof line, "%s/%s ", kind, message_status_text(brief->status));
    assert_true(strlen(world->story) + strlen(line) < sizeof world->story);
    memcpy(world->story + strlen(world->story), line, strlen(line) + 1);
}

static void test_observer_hears_what_is_durable(void **state)
{
    struct world *world = *state;
    queue_on_event(world->queue, add_to_story, world);
    send_to(world, ALICE, "1");
    pass(world, OUTCOME_SENT, 1);
    assert_string_equal(world->story, "accepted/queued claimed/sending in_flight/sending sent/sent ");
}

static void on_detail(void *arg, int64_t at_ms, const char *kind, const char *detail)
{
    (void)at_ms;
    if (strcmp(kind, "rejected") == 0)
        snprintf(arg, 256, "%s", detail);
}

/* What a modem says may hold anything; the history stays one line of key=value. */
static void test_reason_stays_in_its_quotes(void **state)
{
    struct world *world = *state;
    struct job job;
    char detail[256] = "", words[300];
    memset(words, 'w', sizeof words - 1);
    words[sizeof words - 1] = '\0';
    memcpy(words, "a\" b=\"c\\\r\n\xC3\xA9", 12);
    struct settlement no = {.outcome = OUTCOME_REJECT, .mr = -1, .reason = words};
    int64_t id = send_to(world, ALICE, "1");
    assert_int_equal(claim(world, &job), id);
    assert_int_equal(settle(world, job.attempt_id, &no), 0);
    queue_events(world->queue, id, on_detail, detail);
    static const char start[] = "attempt=1 reason=\"a? b=?c?????www";
    assert_memory_equal(detail, start, sizeof start - 1);
    assert_int_equal(detail[strlen(detail) - 1], '"');
}

static void test_counts(void **state)
{
    struct world *world = *state;
    struct queue_counts counts;
    send_to(world, ALICE, "1");
    send_to(world, BOB, "2");
    send_to(world, CAROL, "3");
    pass(world, OUTCOME_SENT, 1);
    pass(world, OUTCOME_UNSURE, -1);
    queue_counts(world->queue, &counts);
    assert_true(counts.queued == 1 && counts.sending == 1 && counts.unsure == 1 && counts.hooks_due == 1 &&
                counts.accepted == 3 && counts.hooks_waiting >= 1);
    struct answer answer = {0};
    int64_t newest = send_to(world, ALICE, "4");
    queue_cancel(world->queue, newest, on_answer, &answer);
    queue_delete(world->queue, newest, on_answer, &answer);
    settle_down(world);
    assert_int_equal(answer.status, 0);
    queue_counts(world->queue, &counts);
    assert_int_equal(counts.accepted, 4); /* it was taken in all the same */
}

int main(void)
{
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_one_message),
        CASE(test_fields_are_kept),
        CASE(test_nothing_to_claim),
        CASE(test_work_is_told_once_a_turn),
        CASE(test_order_of_lane_and_priority),
        CASE(test_busy_recipient_blocks_only_itself),
        CASE(test_retry_waits_and_blocks_only_its_lane),
        CASE(test_urgent_overtakes_a_back_off),
        CASE(test_carrier_fault_costs_no_try),
        CASE(test_carrier_asks_for_a_delay),
        CASE(test_reject),
        CASE(test_segments_go_in_order),
        CASE(test_retry_resumes_at_the_segment),
        CASE(test_reject_cancels_the_rest),
        CASE(test_service_takes_the_line_that_claims),
        CASE(test_service_message_with_its_line),
        CASE(test_service_message_moves_to_another_line),
        CASE(test_settled_attempt_stays_settled),
        CASE(test_text_that_cannot_be_split),
        CASE(test_idempotency),
        CASE(test_cancel),
        CASE(test_redact_and_delete),
        CASE(test_body_is_discarded_once_sent),
        CASE(test_observer_hears_what_is_durable),
        CASE(test_reason_stays_in_its_quotes),
        CASE(test_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
