/* What is written down when hooks fail: once for each message, error and URL, without secrets, and not for
 * ever. And the dead: kept for a while, asked for again, dropped. */
#include "hook_seen.h"

static void test_a_failure_is_told_once(void **state)
{
    struct world *world = *state;
    static const struct script down[] = {{500, "text/plain\r\nSet-Cookie: session=geheim\r\nX-Server: a b",
                                          "it is \xff"
                                          "broken\x01 here",
                                          NULL},
                                         {0}};
    char url[256];
    world_open(world, "", "", "");
    struct app *app = app_new(world, APP_ANSWERS, down);
    snprintf(url, sizeof url, "http://ann:secret@127.0.0.1:%d/cb?a=1#rc=0", app->port);
    int64_t id = message_sent(world, PEER, url);
    settle_down(world);
    pass_time(world, 1000);
    pass_time(world, 2000);
    assert_int_equal(world->call_count, 3);
    assert_int_equal(look(world, -1), 1);
    assert_int_equal(look(world, 1), 0);
    assert_int_equal(look(world, 0), 1);
    assert_int_equal(seen.code, 11217);
    assert_int_equal(seen.message_id, id);
    assert_false(seen.warning);
    assert_string_equal(seen_url, app_url(app, "/cb?a=1"));
    assert_in_range(seen.at_ms - seen.created_ms, 3000, 4000);
    assert_non_null(strstr(seen_variables, "MessageStatus=sent"));
    assert_non_null(strstr(seen_headers, "X-Server=a+b"));
    assert_non_null(strstr(seen_headers, "Set-Cookie=***"));
    assert_string_equal(seen_body, "it is ?broken? here");
    assert_non_null(strstr(seen_text, "ErrorCode=11217"));
    assert_non_null(strstr(seen_text, "httpResponse=500"));
    assert_null(strstr(seen_text, "secret"));
    assert_null(strstr(seen_headers, "geheim"));
    assert_int_equal(world_int(world, "SELECT count(*) FROM notification WHERE url LIKE '%secret%'"), 0);
}

static void test_warnings_of_a_document(void **state)
{
    struct world *world = *state;
    static const struct script script[] = {
        {200, "text/xml", "<Response><Play>x</Play><Message>hello</Message></Response>", NULL}, {0}};
    char line[256];
    struct app *app = app_new(world, APP_ANSWERS, script);
    snprintf(line, sizeof line, "sms_url = %s", app_url(app, "/in"));
    world_open(world, "", line, "");
    receive(world, PEER, "hi");
    settle_down(world);
    assert_int_equal(look(world, 1), 1);
    assert_int_equal(seen.code, 14110);
    assert_non_null(strstr(seen_body, "<Play>"));
    assert_non_null(strstr(seen_variables, "Body=hi"));
    assert_non_null(strstr(seen_text, "LogLevel=WARN"));
    assert_int_equal(look(world, 0), 0);
}

/* A long body is cut; so are long parameters. */
static void test_sizes_are_bounded(void **state)
{
    struct world *world = *state;
    static char body[60001], text[1500];
    struct script script[] = {{500, "text/html", body, NULL}, {0}};
    char line[256];
    memset(body, 'x', 60000);
    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xbc", 2);
    struct app *app = app_new(world, APP_ANSWERS, script);
    snprintf(line, sizeof line, "sms_url = %s", app_url(app, "/in"));
    world_open(world, "", line, "");
    receive(world, PEER, text);
    settle_down(world);
    assert_int_equal(look(world, 0), 1);
    assert_int_equal(strlen(seen_body), 2048);
    assert_true(strlen(seen_variables) <= 4096 && strlen(seen_variables) > 900);
    assert_true(seen_variables[strlen(seen_variables) - 1] != '%');
}

static void test_open_breaker_is_told(void **state)
{
    struct world *world = *state;
    static const struct script down[] = {{503, "", "", NULL}, {0}};
    world_open(world, "parallel = 4", "", "");
    struct app *app = app_new(world, APP_ANSWERS, down);
    for (int i = 0; i < 5; i++) {
        char to[24];
        snprintf(to, sizeof to, "+4179000010%d", i);
        message_sent(world, to, app_url(app, "/"));
    }
    settle_down(world);
    assert_int_equal(look(world, 0), 6);
    assert_int_equal(
        world_int(world, "SELECT count(*) FROM notification WHERE code = 11200 AND message_id = 0"), 1);
}

static void test_redacted_and_deleted_with_the_message(void **state)
{
    struct world *world = *state;
    static const struct script gone[] = {{404, "", "no", NULL}, {0}};
    world_open(world, "", "", "");
    struct app *app = app_new(world, APP_ANSWERS, gone);
    int64_t id = message_to(world, PEER, app_url(app, "/"), 0);
    message_leaves(world, OUTCOME_REJECT, 30006);
    settle_down(world);
    assert_int_equal(look(world, 0), 1);
    queue_redact(world->queue, id, nothing, NULL);
    settle_down(world);
    assert_int_equal(look(world, 0), 1);
    assert_string_equal(seen_variables, "");
    assert_string_equal(seen_body, "");
    queue_delete(world->queue, id, nothing, NULL);
    settle_down(world);
    assert_int_equal(look(world, 0), 0);
    assert_int_equal(world_int(world, "SELECT count(*) FROM dead_hook"), 0);
}

static void notify(struct world *world, int64_t message_id)
{
    struct notification n = {.account_id = directory_account_at(world->directory, 0)->id,
                             .message_id = message_id,
                             .code = 11200,
                             .text = "",
                             .method = "",
                             .url = "",
                             .variables = "",
                             .headers = "",
                             .body = ""};
    queue_notify(world->queue, &n);
}

static void commit(struct world *world)
{
    clock_advance(50);
    for (int i = 0; i < 5; i++)
        loop_turn(world->loop, 0);
}

static void test_number_and_age_are_bounded(void **state)
{
    struct world *world = *state;
    world_open(world, "", "", "");
    for (int64_t i = 1; i <= NOTIFICATION_MOST + 400; i++)
        notify(world, i);
    commit(world);
    assert_in_range(world_int(world, "SELECT count(*) FROM notification"), NOTIFICATION_MOST,
                    NOTIFICATION_MOST + 32);
    assert_int_equal(world_int(world, "SELECT max(message_id) FROM notification"), NOTIFICATION_MOST + 400);
    clock_advance((NOTIFICATION_DAYS * 24 + 1) * 3600000LL);
    assert_int_equal(look(world, -1), 0); /* not shown, though not all swept yet */
    for (int i = 0; i < 400; i++) {
        clock_advance(60000);
        loop_turn(world->loop, 0);
    }
    assert_int_equal(world_int(world, "SELECT count(*) FROM notification"), 0);
}

/* ---- the dead ---- */

static size_t walk(struct world *world, bool dead, struct hook hooks[8])
{
    return queue_hooks_walk(world->queue, dead, NULL, hooks, 8);
}

static void test_dead_is_owed_again(void **state)
{
    struct world *world = *state;
    static const struct script gone[] = {{404, "", "", NULL}, {200, "", "", NULL}, {0}};
    struct hook hooks[8];
    world_open(world, "", "", "");
    struct app *app = app_new(world, APP_ANSWERS, gone);
    int64_t id = message_to(world, PEER, app_url(app, "/"), 0);
    message_leaves(world, OUTCOME_REJECT, 30006);
    settle_down(world);
    assert_int_equal(walk(world, false, hooks), 0);
    assert_int_equal(walk(world, true, hooks), 1);
    clock_advance(48 * 3600000LL);
    queue_hook_hurry(world->queue, hooks[0].id, nothing, NULL);
    settle_down(world);
    assert_int_equal(world->call_count, 2);
    assert_string_equal(param(&world->calls[1], "ErrorCode"), "30006"); /* as it was */
    assert_string_equal(header(&world->calls[1], "I-Twilio-Idempotency-Token"),
                        header(&world->calls[0], "I-Twilio-Idempotency-Token"));
    assert_int_equal(walk(world, true, hooks), 0);
    assert_int_equal(told(world, id, "owed again by operator"), 1);
    assert_int_equal(told(world, id, "failed done"), 1);
}

static void test_hurry_and_drop(void **state)
{
    struct world *world = *state;
    static const struct script down[] = {{503, "", "", NULL}, {503, "", "", NULL}, {200, "", "", NULL}, {0}};
    struct hook hooks[8];
    world_open(world, "", "", "");
    struct app *app = app_new(world, APP_ANSWERS, down);
    int64_t id = message_sent(world, PEER, app_url(app, "/"));
    report(world, PEER, 0);
    settle_down(world);
    assert_int_equal(walk(world, false, hooks), 2);
    assert_true(hooks[0].due_ms > clock_wall_ms());
    assert_int_equal(hooks[1].due_ms, 0);
    queue_hook_hurry(world->queue, hooks[0].id, nothing, NULL);
    settle_down(world);
    assert_int_equal(world->call_count, 2);
    queue_hook_drop(world->queue, hooks[0].id, nothing, NULL);
    settle_down(world);
    assert_int_equal(world->call_count, 3); /* the next was released */
    assert_string_equal(param(&world->calls[2], "MessageStatus"), "delivered");
    assert_int_equal(told(world, id, "sent dead detail=\"dropped by operator\""), 1);
    assert_int_equal(walk(world, true, hooks), 0);
    assert_int_equal(walk(world, false, hooks), 0);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_failure_is_told_once),
        CASE(test_warnings_of_a_document),
        CASE(test_sizes_are_bounded),
        CASE(test_open_breaker_is_told),
        CASE(test_redacted_and_deleted_with_the_message),
        CASE(test_number_and_age_are_bounded),
        CASE(test_dead_is_owed_again),
        CASE(test_hurry_and_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
