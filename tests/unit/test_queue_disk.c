/* A disk that takes no more: what a turn did is undone and done again when there is room, and nobody can tell
 * but by the delay. */
#include "powerfail_vfs.h"
#include "queue_world.h"

static int setup(void **state)
{
    log_open(LOG_ERROR + 1, true, 2);
    powerfail_reset();
    return world_make(state, POWERFAIL_VFS, 0);
}

static int teardown(void **state)
{
    powerfail_full(false);
    return world_teardown(state);
}

static void room_again(struct world *world)
{
    powerfail_full(false);
    for (int i = 0; i < 3; i++)
        pass_time(world, 1000);
    assert_true(store_open_for_work(world->store));
}

static void count_kind(void *arg, int64_t at_ms, const struct message *brief, const char *kind,
                       const char *detail)
{
    struct world *world = arg;
    (void)at_ms;
    (void)brief;
    (void)detail;
    size_t len = strlen(world->story);
    snprintf(world->story + len, sizeof world->story - len, "%s ", kind);
}

/* One turn holds a submission, a claim with its mark, an outcome and a report; its commit fails. */
static void test_a_turn_is_replayed(void **state)
{
    struct world *world = *state;
    struct job flying, claimed;
    struct answer settled = {0}, marked = {0}, reported = {0};
    struct accepted accepted = {0};
    struct submission s = text_to(CAROL, "while it is full");
    int64_t first = send_to(world, ALICE, "1"), second = send_to(world, BOB, "2");
    queue_on_event(world->queue, count_kind, world);
    assert_int_equal(claim(world, &flying), first);
    assert_int_equal(mark(world, flying.attempt_id), 0);
    world->story[0] = '\0';

    powerfail_full(true);
    struct settlement sent = {.outcome = OUTCOME_SENT, .mr = 5};
    struct report report = {.line_id = LINE, .mr = 5, .to = ALICE, .scts_ms = T0, .hex = ""};
    assert_int_equal(queue_submit(world->queue, &s, on_submitted, &accepted), 0);
    queue_settle(world->queue, flying.attempt_id, &sent, on_answer, &settled);
    assert_int_equal(claim(world, &claimed), second);
    queue_in_flight(world->queue, claimed.attempt_id, "8941", on_answer, &marked);
    queue_report(world->queue, &report, on_answer, &reported);
    settle_down(world);
    assert_false(store_open_for_work(world->store));
    assert_int_equal(accepted.calls + settled.calls + marked.calls + reported.calls,
                     0); /* nothing was promised */
    assert_string_equal(world->story, "");
    assert_int_equal(queue_depth(world->queue, ACCOUNT), 2);
    assert_string_equal(status_of(world, first), "sending");

    /* Meanwhile: nothing new, but outcomes are taken. */
    struct job none;
    assert_int_equal(claim_on(world, LINE_B, &none), -ENOSPC);
    assert_int_equal(queue_submit(world->queue, &s, on_submitted, &accepted), -ENOSPC);
    struct answer unsure = {0};
    struct settlement lost = {.outcome = OUTCOME_UNSURE, .mr = -1, .reason = "modem lost"};
    queue_settle(world->queue, claimed.attempt_id, &lost, on_answer, &unsure);
    pass_time(world, 5000);
    assert_int_equal(unsure.calls, 0);

    room_again(world);
    assert_true(accepted.calls == 1 && accepted.status == 0);
    assert_true(settled.calls == 1 && settled.status == 0);
    assert_true(marked.calls == 1 && marked.status == 0);
    assert_true(reported.calls == 1 && reported.status == 0);
    assert_true(unsure.calls == 1 && unsure.status == 0);
    assert_string_equal(status_of(world, first), "delivered");
    assert_string_equal(status_of(world, second), "sending");
    assert_string_equal(status_of(world, accepted.result.id), "queued");
    assert_string_equal(world->story,
                        "accepted sent claimed in_flight report delivered unsure "); /* each once */
    assert_int_equal(queue_depth(world->queue, ACCOUNT), 2);
    check_invariants(world);
    assert_int_equal(pass(world, OUTCOME_SENT, 6), accepted.result.id);
}

static void test_inbound_is_replayed(void **state)
{
    struct world *world = *state;
    struct answer answer = {0};
    struct pdu pdu = {.type = PDU_DELIVER};
    struct inbound inbound = {.line_id = LINE,
                              .account_id = ACCOUNT,
                              .line_number = BOB,
                              .pdu = &pdu,
                              .hex = "",
                              .memory = "SM",
                              .index = 1};
    snprintf(pdu.address.text, sizeof pdu.address.text, "%s", ALICE);
    powerfail_full(true);
    queue_receive(world->queue, &inbound, on_answer, &answer);
    settle_down(world);
    assert_int_equal(answer.calls, 0); /* so the modem keeps it */
    room_again(world);
    assert_true(answer.calls == 1 && answer.status == 0);
    assert_int_equal(world_int(world, "SELECT count(*) FROM message"), 1);
    assert_string_equal(hooks_of(world, 1), "received");
}

static void test_replies_are_replayed(void **state)
{
    struct world *world = *state;
    struct hook hook;
    struct answer answer = {0};
    int64_t next_ms;
    send_to(world, ALICE, "1");
    pass(world, OUTCOME_REJECT, -1);
    assert_int_equal(queue_hooks_due(world->queue, NULL, 0, &hook, 1, &next_ms), 1);
    struct submission replies[2] = {text_to(ALICE, "r1"), text_to(ALICE, "r2")};
    struct hook_settlement done = {.verdict = HOOK_DONE, .replies = replies, .reply_count = 2};
    powerfail_full(true);
    queue_hook_settle(world->queue, hook.id, &done, on_answer, &answer);
    memset(replies, 0, sizeof replies); /* they were copied */
    settle_down(world);
    room_again(world);
    assert_true(answer.calls == 1 && answer.status == 0);
    assert_int_equal(queue_depth(world->queue, ACCOUNT), 2);
    assert_int_equal(world_int(world, "SELECT count(*) FROM message"), 3);
}

/* The disk fails inside a claim itself (so many in one turn that SQLite must write before the commit): nobody
 * may believe that this one took place, neither now nor after the replay. */
static void test_a_claim_that_could_not_be_applied(void **state)
{
    enum { MESSAGES = 8000 };
    struct world *world = *state;
    struct job job;
    char text[161];
    memset(text, 'x', 160);
    text[160] = '\0';
    for (int i = 0; i < MESSAGES; i++) {
        char to[24];
        snprintf(to, sizeof to, "+4178%07d", i);
        struct submission s = text_to(to, text);
        assert_int_equal(queue_submit(world->queue, &s, NULL, NULL), 0);
    }
    world_shut(world); /* the WAL begins anew, so that it must grow */
    world_open(world);
    settle_down(world);
    powerfail_full(true);
    int claimed = 0, status = 0;
    while (claimed < MESSAGES && (status = claim_on(world, LINE, &job)) == 0)
        claimed++;
    assert_true(claimed > 100 && claimed < MESSAGES);
    assert_int_equal(status, -ENOSPC);
    room_again(world);
    assert_int_equal(world_int(world, "SELECT count(*) FROM attempt WHERE state = 1"), claimed);
    assert_int_equal(claim_on(world, LINE, &job), 0);
    assert_int_equal(job.message_id, claimed + 1);
}

/* The end comes while the disk is full: what was not stored is refused, not forgotten. */
static void test_closing_on_a_full_disk(void **state)
{
    struct world *world = *state;
    struct accepted accepted = {0};
    struct submission s = text_to(ALICE, "x");
    powerfail_full(true);
    assert_int_equal(queue_submit(world->queue, &s, on_submitted, &accepted), 0);
    settle_down(world);
    world_shut(world);
    assert_int_equal(accepted.calls, 1);
    assert_int_equal(accepted.status, -ENOSPC);
    powerfail_full(false);
    world_open(world);
    settle_down(world);
    assert_int_equal(world_int(world, "SELECT count(*) FROM message"), 0);
}

int main(void)
{
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_a_turn_is_replayed),     CASE(test_inbound_is_replayed),
        CASE(test_replies_are_replayed),   CASE(test_a_claim_that_could_not_be_applied),
        CASE(test_closing_on_a_full_disk),
    };
    powerfail_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
