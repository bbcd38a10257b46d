/* Which changes of a message are told, in which order and with what; and who signs. */
#include "hook_world.h"

static int64_t service_id(struct world *world)
{
    return directory_service_of_line(world->directory, line_id(world))->id;
}

static void open_with_service(struct world *world, const char *more)
{
    char service[256];
    snprintf(service, sizeof service, "[service pool]\nsid = " SERVICE "\nlines = own\n%s", more);
    world_open(world, "", "", service);
}

/* The words of all calls so far, in order. */
static const char *words(struct world *world)
{
    static char out[256];
    out[0] = '\0';
    for (size_t i = 0; i < world->call_count; i++)
        snprintf(out + strlen(out), sizeof out - strlen(out), "%s ",
                 param(&world->calls[i], "MessageStatus"));
    return out;
}

/* The first status is in the answer of POST Messages; `queued` is told where something else came before. */
static void test_through_a_service(void **state)
{
    struct world *world = *state;
    open_with_service(world, "");
    const struct app *app = app_new(world, APP_ANSWERS, NULL);
    message_to(world, PEER, app_url(app, "/"), service_id(world));
    settle_down(world);
    assert_string_equal(words(world), "");
    message_leaves(world, OUTCOME_SENT, 0);
    settle_down(world);
    report(world, PEER, 0);
    settle_down(world);
    assert_string_equal(words(world), "queued sent delivered ");
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(param(&world->calls[i], "MessagingServiceSid"), SERVICE);
        assert_null(param(&world->calls[i], "ErrorCode"));
        assert_null(param(&world->calls[i], "Body"));
    }
}

static void test_from_a_line(void **state)
{
    struct world *world = *state;
    world_open(world, "", "", "");
    const struct app *app = app_new(world, APP_ANSWERS, NULL);
    message_to(world, PEER, app_url(app, "/"), 0);
    settle_down(world);
    message_leaves(world, OUTCOME_SENT, 0);
    settle_down(world);
    report(world, PEER, 0x41); /* incompatible destination */
    settle_down(world);
    assert_string_equal(words(world), "sent undelivered ");
    assert_null(param(&world->calls[0], "ErrorCode"));
    assert_string_equal(param(&world->calls[1], "ErrorCode"), "30006");
    assert_string_equal(param(&world->calls[1], "RawDlrDoneDate"), "2701150802");
}

static void test_canceled(void **state)
{
    struct world *world = *state;
    world_open(world, "", "", "");
    const struct app *app = app_new(world, APP_ANSWERS, NULL);
    int64_t id = message_to(world, PEER, app_url(app, "/"), 0);
    queue_cancel(world->queue, id, nothing, NULL);
    settle_down(world);
    assert_string_equal(words(world), "canceled ");
    assert_null(param(&world->calls[0], "ErrorCode"));
    assert_null(param(&world->calls[0], "RawDlrDoneDate"));
}

/* Once for each change, however late or often a report comes. */
static void test_no_change_no_call(void **state)
{
    struct world *world = *state;
    world_open(world, "", "", "");
    const struct app *app = app_new(world, APP_ANSWERS, NULL);
    message_sent(world, PEER, app_url(app, "/"));
    settle_down(world);
    for (int i = 0; i < 2; i++) {
        report(world, PEER, 0);
        settle_down(world);
    }
    report(world, PEER, 0x41);
    settle_down(world);
    assert_string_equal(words(world), "sent delivered ");
}

/* ---- whose token ---- */

static bool is_signed(const struct call *call, const char *token)
{
    char url[4200];
    struct form params;
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", call->app->port, call->target);
    call_params(call, &params);
    bool good = signature_check(token, url, &params, header(call, "X-Twilio-Signature"));
    form_fini(&params);
    return good;
}

static void test_a_subaccount_signs_with_its_own(void **state)
{
    struct world *world = *state;
    char token[33], line[256], text[SID_TEXT];
    struct sid sid;
    struct app *app = app_new(world, APP_ANSWERS, NULL);
    snprintf(line, sizeof line, "sms_url = %s", app_url(app, "/in"));
    world_open(world, "", line, "");
    assert_int_equal(directory_subaccount_create(world->directory,
                                                 directory_account_at(world->directory, 0)->id, false,
                                                 "tenant", &sid, token, nothing, NULL),
                     0);
    settle_down(world);
    struct line_update update = {.account_id = directory_account_by_sid(world->directory, &sid)->id};
    directory_line_update(world->directory, line_id(world), &update, nothing, NULL);
    settle_down(world);
    receive(world, PEER, "hi");
    settle_down(world);
    assert_int_equal(world->call_count, 1);
    sid_format(&sid, "AC", text);
    assert_string_equal(param(&world->calls[0], "AccountSid"), text);
    assert_true(is_signed(&world->calls[0], token));
    assert_false(is_signed(&world->calls[0], TOKEN));
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_through_a_service),
        CASE(test_from_a_line),
        CASE(test_canceled),
        CASE(test_no_change_no_call),
        CASE(test_a_subaccount_signs_with_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
