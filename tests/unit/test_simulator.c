/* Simulated lines under the real router and queue: outcomes, reports, what comes in, stop and restart. */
#include "simulator_world.h"

#include <errno.h>
#include <unistd.h>

#include "host/base/log.h"

#define LONG_TEXT                                                                                            \
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"   \
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"

static void assert_status(struct world *w, int64_t id, enum message_status status, int error)
{
    int have_error = 0;
    enum message_status have = world_status(w, id, &have_error);
    if (have != status || have_error != error)
        fail_msg("%s %d, not %s %d", message_status_text(have), have_error, message_status_text(status),
                 error);
}

static void test_without_rules(void **state)
{
    struct world *w = world_new("");
    (void)state;
    int64_t id = world_send(w, TO, "text");
    assert_status(w, id, MESSAGE_SENT, 0);
    pass(w, 201);
    assert_status(w, id, MESSAGE_DELIVERED, 0);
    world_free(w);
}

static void test_outcomes(void **state)
{
    static const struct {
        const char *options;
        enum message_status before, after; /* the outcome's time; with the report */
        int error;
    } rows[] = {
        {"after = 2s", MESSAGE_SENDING, MESSAGE_DELIVERED, 0},
        {"outcome = reject\nerror = 30007\nafter = 2s", MESSAGE_SENDING, MESSAGE_FAILED, 30007},
        {"receipt = undelivered\nreceipt_error = 30005", MESSAGE_SENT, MESSAGE_UNDELIVERED, 30005},
        {"receipt = none", MESSAGE_SENT, MESSAGE_SENT, 0},
        {"outcome = unsure", MESSAGE_SENDING, MESSAGE_SENDING, 0},
        {"outcome = unsure\nreceipt = delivered\nreceipt_after = 2s", MESSAGE_SENDING, MESSAGE_DELIVERED, 0},
        {"outcome = retry\ntimes = 1", MESSAGE_QUEUED, MESSAGE_DELIVERED, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char rule[256];
        snprintf(rule, sizeof rule, "[simulate r]\n%s\n", rows[i].options);
        struct world *w = world_new(rule);
        int64_t id = world_send(w, TO, "text");
        pass(w, 150);
        enum message_status before = world_status(w, id, NULL);
        if (before != rows[i].before && rows[i].before != MESSAGE_QUEUED)
            fail_msg("%s: %s", rows[i].options, message_status_text(before));
        pass(w, 20000);
        assert_status(w, id, rows[i].after, rows[i].error);
        world_free(w);
    }
}

static void test_rules_of_run_time_come_first(void **state)
{
    struct world *w = world_new("[simulate all]\noutcome = reject\nafter = 0ms\n");
    struct rule rule = {.to = TO, .plan = rule_none, .times = 1};
    (void)state;
    assert_int_equal(simulator_rule_add(w->simulator, &rule), 0);
    assert_string_equal(simulator_rule_at(w->simulator, 1)->name, "all");
    assert_null(simulator_rule_at(w->simulator, 2));
    assert_status(w, world_send(w, TO, "a"), MESSAGE_SENT, 0);
    assert_status(w, world_send(w, OTHER, "b"), MESSAGE_FAILED, 30008);
    simulator_reload(w->simulator, w->rooms.conf); /* keeps them, and what they counted */
    assert_int_equal(simulator_rule_at(w->simulator, 0)->used, 1);
    assert_status(w, world_send(w, TO, "c"), MESSAGE_FAILED, 30008);
    simulator_rules_clear(w->simulator);
    assert_string_equal(simulator_rule_at(w->simulator, 0)->name, "all");
    assert_null(simulator_rule_at(w->simulator, 1));
    world_free(w);
}

static void test_a_receipt_by_hand(void **state)
{
    struct world *w = world_new("[simulate r]\nreceipt = none\nafter = 0ms\n");
    struct message m;
    (void)state;
    int64_t id = world_send(w, TO, LONG_TEXT), other = world_send(w, TO, "other");
    assert_int_equal(queue_message(w->rooms.queue, id, &m), 0);
    assert_int_equal(m.segments, 2);
    assert_int_equal(simulator_receipt(w->simulator, &m.sid, 0, world_done, w), 0);
    turns(w);
    assert_int_equal(w->done, 1);
    assert_int_equal(w->status, 0);
    assert_status(w, id, MESSAGE_DELIVERED, 0);
    assert_status(w, other, MESSAGE_SENT, 0);
    assert_int_equal(simulator_receipt(w->simulator, &m.sid, 0, world_done, w), -ENOENT);
    message_fini(&m);
    assert_int_equal(queue_message(w->rooms.queue, other, &m), 0);
    assert_int_equal(simulator_receipt(w->simulator, &m.sid, 0x62, world_done, w), 0);
    turns(w);
    assert_status(w, other, MESSAGE_UNDELIVERED, 30003);
    message_fini(&m);
    world_free(w);
}

static void take_body(void *arg, const struct message *m)
{
    snprintf(arg, 512, "%s %s->%s %s", message_status_text(m->status), m->from, m->to, m->body);
}

static void test_inbound(void **state)
{
    struct world *w = world_new("");
    struct message_filter filter = {.limit = 1};
    char body[512];
    unsigned parts = 0;
    (void)state;
    assert_int_equal(simulator_inbound(w->simulator, "ci", TO, LONG_TEXT, 200, &parts, world_done, w), 0);
    assert_int_equal(parts, 2);
    turns(w);
    assert_int_equal(w->done, 1);
    assert_int_equal(queue_list(w->rooms.queue, &filter, take_body, body), 1);
    assert_string_equal(body, "received " TO "->+41790000001 " LONG_TEXT);
    for (int i = 0; i < 2; i++) { /* the same again is another */
        assert_int_equal(simulator_inbound(w->simulator, "ci", "Bank", "1234", 4, &parts, world_done, w), 0);
        pass(w, 60000);
    }
    filter.limit = 10;
    assert_int_equal(queue_list(w->rooms.queue, &filter, take_body, body), 3);
    assert_int_equal(simulator_inbound(w->simulator, "no", TO, "x", 1, &parts, world_done, w), -ENOENT);
    assert_int_equal(simulator_inbound(w->simulator, "ci", "", "x", 1, &parts, world_done, w), -EINVAL);
    world_free(w);
}

/* A stop does not wait for an outcome that is an hour away. */
static void test_stop(void **state)
{
    struct world *w = world_new("[simulate r]\nafter = 1h\n");
    (void)state;
    int64_t id = world_send(w, TO, "text");
    assert_status(w, id, MESSAGE_SENDING, 0);
    router_remove(w->rooms.router, world_line(w), NULL, NULL);
    turns(w);
    assert_status(w, id, MESSAGE_SENT, 0);
    world_free(w);
}

static void test_restart(void **state)
{
    struct world *w = world_new("[simulate r]\nafter = 1h\n");
    (void)state;
    int64_t id = world_send(w, TO, "text");
    world_close(w);
    world_open(w);
    turns(w);
    struct message m;
    assert_int_equal(queue_message(w->rooms.queue, id, &m), 0);
    assert_true(m.unsure);
    message_fini(&m);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_rules),
        cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_rules_of_run_time_come_first),
        cmocka_unit_test(test_a_receipt_by_hand),
        cmocka_unit_test(test_inbound),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_restart),
    };
    log_open(LOG_ERROR, true, STDERR_FILENO);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
