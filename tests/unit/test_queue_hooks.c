/* Hooks: in order for each message, nothing due twice, replies with DONE or not at all. */
#include "queue_world.h"

static size_t due(struct world *world, struct hook hooks[16], int64_t *next_ms)
{
    return queue_hooks_due(world->queue, NULL, 0, hooks, 16, next_ms);
}

static int answer_hook(struct world *world, int64_t hook_id, const struct hook_settlement *settlement)
{
    struct answer answer = {0};
    queue_hook_settle(world->queue, hook_id, settlement, on_answer, &answer);
    settle_down(world);
    assert_int_equal(answer.calls, 1);
    return answer.status;
}

static int end_hook(struct world *world, int64_t hook_id, enum hook_verdict verdict)
{
    struct hook_settlement settlement = {.verdict = verdict, .detail = "http 200"};
    return answer_hook(world, hook_id, &settlement);
}

static int64_t delivered_message(struct world *world, const char *to, int mr)
{
    int64_t id = send_to(world, to, "x");
    assert_int_equal(pass(world, OUTCOME_SENT, mr), id);
    assert_int_equal(report_to(world, to, mr, 0, clock_wall_ms()), 0);
    return id;
}

static void test_fields(void **state)
{
    struct world *world = *state;
    struct hook hooks[16];
    int64_t next_ms;
    int64_t id = delivered_message(world, ALICE, 1);
    assert_int_equal(due(world, hooks, &next_ms), 1);
    assert_int_equal(next_ms, 0);
    assert_int_equal(hooks[0].message_id, id);
    assert_int_equal(hooks[0].kind, HOOK_STATUS);
    assert_int_equal(hooks[0].status, MESSAGE_SENT);
    assert_int_equal(hooks[0].tries, 0);
    assert_int_equal(hooks[0].created_ms, T0);
    assert_int_equal(hooks[0].give_up_ms, T0 + 24 * 3600 * 1000);
    assert_int_equal(strlen(hooks[0].token), 36);
    assert_int_equal(hooks[0].token[14], '5');
}

static void test_token_stays_and_differs(void **state)
{
    struct world *world = *state;
    struct hook hooks[16];
    int64_t next_ms;
    char first[37];
    delivered_message(world, ALICE, 1);
    due(world, hooks, &next_ms);
    memcpy(first, hooks[0].token, sizeof first);
    struct hook_settlement retry = {.verdict = HOOK_RETRY, .retry_at_ms = T0 + 1000, .detail = "http 503"};
    assert_int_equal(answer_hook(world, hooks[0].id, &retry), 0);
    world_crash(world);
    pass_time(world, 1000);
    assert_int_equal(due(world, hooks, &next_ms), 1);
    assert_string_equal(hooks[0].token, first);
    assert_int_equal(hooks[0].tries, 1);
    assert_int_equal(end_hook(world, hooks[0].id, HOOK_DONE), 0);
    assert_int_equal(due(world, hooks, &next_ms), 1);
    assert_string_not_equal(hooks[0].token, first);
}

static void test_the_next_waits_for_the_first(void **state)
{
    struct world *world = *state;
    struct hook hooks[16];
    int64_t next_ms;
    int64_t id = delivered_message(world, ALICE, 1);
    due(world, hooks, &next_ms);
    struct hook_settlement retry = {.verdict = HOOK_RETRY, .retry_at_ms = T0 + 1000};
    assert_int_equal(answer_hook(world, hooks[0].id, &retry), 0);
    assert_int_equal(due(world, hooks, &next_ms), 0);
    assert_int_equal(next_ms, T0 + 1000);
    int64_t other = delivered_message(world, BOB, 2); /* another message is not held up */
    assert_int_equal(due(world, hooks, &next_ms), 1);
    assert_int_equal(hooks[0].message_id, other);
    pass_time(world, 1000);
    assert_int_equal(due(world, hooks, &next_ms), 2);
    assert_int_equal(hooks[1].message_id, id);
    assert_int_equal(hooks[1].status, MESSAGE_SENT);
}

static void test_each_end_releases_the_next(void **state)
{
    static const enum hook_verdict verdicts[] = {HOOK_DONE, HOOK_DEAD, HOOK_NO_URL};
    struct world *world = *state;
    for (int i = 0; i < 3; i++) {
        struct hook hooks[16];
        int64_t next_ms;
        int before = world->hook_calls;
        delivered_message(world, ALICE, i);
        assert_int_equal(due(world, hooks, &next_ms), 1);
        assert_int_equal(end_hook(world, hooks[0].id, verdicts[i]), 0);
        assert_true(world->hook_calls > before + 1);
        assert_int_equal(due(world, hooks, &next_ms), 1);
        assert_int_equal(hooks[0].status, MESSAGE_DELIVERED);
        assert_int_equal(end_hook(world, hooks[0].id, verdicts[i]), 0);
        assert_int_equal(due(world, hooks, &next_ms), 0);
        assert_int_equal(next_ms, 0);
    }
}

static void test_settled_twice(void **state)
{
    struct world *world = *state;
    struct hook hooks[16];
    int64_t next_ms;
    delivered_message(world, ALICE, 1);
    due(world, hooks, &next_ms);
    int64_t second = hooks[0].id + (MESSAGE_DELIVERED - MESSAGE_SENT);
    assert_int_equal(end_hook(world, second, HOOK_DONE), -ESTALE); /* not its turn */
    assert_int_equal(end_hook(world, hooks[0].id, HOOK_DONE), 0);
    assert_int_equal(end_hook(world, hooks[0].id, HOOK_DONE), -ESTALE);
    assert_int_equal(end_hook(world, hooks[0].id, HOOK_RETRY), -ESTALE);
    assert_int_equal(end_hook(world, 4711, HOOK_DEAD), -ESTALE);
}

static void test_busy_ones_are_left_out(void **state)
{
    struct world *world = *state;
    struct hook hooks[16];
    int64_t next_ms, busy[2];
    for (int i = 0; i < 4; i++) {
        char to[16];
        snprintf(to, sizeof to, "+4179000100%d", i);
        delivered_message(world, to, i);
    }
    assert_int_equal(due(world, hooks, &next_ms), 4);
    busy[0] = hooks[0].id;
    busy[1] = hooks[2].id;
    assert_int_equal(queue_hooks_due(world->queue, busy, 2, hooks, 2, &next_ms), 2);
    assert_true(hooks[0].id != busy[0] && hooks[0].id != busy[1] && hooks[1].id != busy[0] &&
                hooks[1].id != busy[1]);
    assert_int_equal(queue_hooks_due(world->queue, NULL, 0, hooks, 3, &next_ms), 3);
}

static void test_nothing_is_due_before_it_is_durable(void **state)
{
    struct world *world = *state;
    struct hook hooks[16];
    struct job job;
    int64_t next_ms;
    send_to(world, ALICE, "x");
    claim(world, &job);
    mark(world, job.attempt_id);
    struct settlement sent = {.outcome = OUTCOME_SENT, .mr = 1};
    queue_settle(world->queue, job.attempt_id, &sent, NULL, NULL);
    assert_int_equal(due(world, hooks, &next_ms), 0);
    settle_down(world);
    assert_int_equal(due(world, hooks, &next_ms), 1);
}

/* ---- inbound ---- */

static int64_t receive_one(struct world *world)
{
    struct pdu pdu = {.type = PDU_DELIVER};
    struct inbound inbound = {
        .line_id = LINE, .account_id = ACCOUNT, .line_number = "+41791111111", .pdu = &pdu, .hex = "00"};
    snprintf(pdu.address.text, sizeof pdu.address.text, "%s", ALICE);
    snprintf(pdu.text, sizeof pdu.text, "%s", "hi");
    queue_receive(world->queue, &inbound, NULL, NULL);
    settle_down(world);
    return world_int(world, "SELECT max(id) FROM message");
}

static void test_inbound_and_its_replies(void **state)
{
    struct world *world = *state;
    struct hook hooks[16];
    struct message m;
    int64_t next_ms, id = receive_one(world);
    assert_int_equal(due(world, hooks, &next_ms), 1);
    assert_int_equal(hooks[0].kind, HOOK_INBOUND);
    assert_int_equal(hooks[0].give_up_ms, T0 + 72 * 3600 * 1000);
    struct submission replies[3] = {text_to(ALICE, "one"), text_to(ALICE, "bad \xFF"), text_to(ALICE, "two")};
    for (int i = 0; i < 3; i++) {
        replies[i].direction = MESSAGE_OUTBOUND_REPLY;
        replies[i].reply_to = id;
    }
    struct hook_settlement done = {
        .verdict = HOOK_DONE, .detail = "http 200", .replies = replies, .reply_count = 3};
    assert_int_equal(answer_hook(world, hooks[0].id, &done), 0);
    assert_int_equal(queue_depth(world->queue, ACCOUNT), 2);
    int64_t first = pass(world, OUTCOME_SENT, 1);
    assert_int_equal(queue_message(world->queue, first, &m), 0);
    assert_string_equal(m.body, "one");
    assert_int_equal(m.direction, MESSAGE_OUTBOUND_REPLY);
    assert_int_equal(m.reply_to, id);
    message_fini(&m);
    assert_int_equal(queue_message(world->queue, id, &m), 0);
    assert_int_equal(m.sent_ms, T0);
    message_fini(&m);
    assert_string_equal(story_of(world, id), "received hook hook");
    assert_int_equal(answer_hook(world, hooks[0].id, &done), -ESTALE); /* and no second set of replies */
    assert_int_equal(world_int(world, "SELECT count(*) FROM message"), 3);
}

static void test_replies_only_with_done(void **state)
{
    struct world *world = *state;
    struct hook hooks[16];
    int64_t next_ms;
    receive_one(world);
    due(world, hooks, &next_ms);
    struct submission reply = text_to(ALICE, "one");
    struct hook_settlement dead = {.verdict = HOOK_DEAD, .replies = &reply, .reply_count = 1};
    assert_int_equal(answer_hook(world, hooks[0].id, &dead), 0);
    assert_int_equal(world_int(world, "SELECT count(*) FROM message"), 1);
}

static void test_hook_dies_with_its_message(void **state)
{
    struct world *world = *state;
    struct hook hooks[16];
    struct answer answer = {0};
    int64_t next_ms, id = delivered_message(world, ALICE, 1);
    due(world, hooks, &next_ms);
    queue_delete(world->queue, id, on_answer, &answer);
    settle_down(world);
    assert_int_equal(answer.status, 0);
    delivered_message(world, BOB, 2);
    assert_int_equal(end_hook(world, hooks[0].id, HOOK_DONE),
                     -ESTALE); /* the answer under way meets nobody else */
}

int main(void)
{
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_fields),
        CASE(test_token_stays_and_differs),
        CASE(test_the_next_waits_for_the_first),
        CASE(test_each_end_releases_the_next),
        CASE(test_settled_twice),
        CASE(test_busy_ones_are_left_out),
        CASE(test_nothing_is_due_before_it_is_durable),
        CASE(test_inbound_and_its_replies),
        CASE(test_replies_only_with_done),
        CASE(test_hook_dies_with_its_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
