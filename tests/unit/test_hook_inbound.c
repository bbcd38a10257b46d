/* Inbound webhooks: where they go and what they say, the fallback, and what becomes of TwiML answers. */
#include "hook_world.h"

#define XML(verbs) "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>" verbs "</Response>"

/* A house whose line's webhook is the app's /in; `more` is added to the line's section. */
static struct app *open_with_app(struct world *world, const struct script *script, const char *more)
{
    char line[1024];
    struct app *app = app_new(world, APP_ANSWERS, script);
    snprintf(line, sizeof line, "sms_url = %s\n%s", app_url(app, "/in"), more);
    world_open(world, "", line, "");
    return app;
}

static int64_t replies(struct world *world)
{
    return world_int(world, "SELECT count(*) FROM message WHERE direction = 3");
}

/* A column of the nth reply. */
static const char *reply(struct world *world, int nth, const char *column)
{
    static char out[256];
    char sql[256];
    snprintf(sql, sizeof sql, "SELECT %s FROM message WHERE direction = 3 ORDER BY id LIMIT 1 OFFSET %d",
             column, nth);
    sqlite3_stmt *stmt = store_read_prepare(world->store, sql);
    out[0] = '\0';
    if (sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_type(stmt, 0) != SQLITE_NULL)
        snprintf(out, sizeof out, "%s", (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    return out;
}

static int64_t inbound_id(struct world *world)
{
    return world_int(world, "SELECT max(id) FROM message WHERE direction = 1");
}

static void assert_signed(const struct call *call)
{
    char url[4200];
    struct form params;
    bool post = strcmp(call->method, "POST") == 0;
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", call->app->port, call->target);
    call_params(call, &params);
    assert_true(signature_check(TOKEN, url, post ? &params : NULL, header(call, "X-Twilio-Signature")));
    form_fini(&params);
}

/* ---- the request ---- */

static void test_parameters(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *key, *value;
    } rows[] = {
        {"SmsStatus", "received"},
        {"Body", "Yes & no + 100% caf\xc3\xa9"},
        {"From", PEER},
        {"To", OWN},
        {"NumMedia", "0"},
        {"NumSegments", "1"},
        {"AccountSid", ACCOUNT},
        {"ApiVersion", "2010-04-01"},
        {"FromCountry", "CH"},
        {"ToCountry", "US"},
        {"FromCity", ""},
        {"FromState", ""},
        {"FromZip", ""},
        {"ToCity", ""},
        {"ToState", ""},
        {"ToZip", ""},
        {"MessagingServiceSid", NULL},
        {"OptOutType", NULL},
        {"ErrorCode", NULL},
        {"MessageStatus", NULL},
    };
    open_with_app(world, NULL, "");
    receive(world, PEER, "Yes & no + 100% caf\xc3\xa9");
    settle_down(world);
    assert_int_equal(world->call_count, 1);
    const struct call *call = &world->calls[0];
    assert_string_equal(call->method, "POST");
    assert_string_equal(call->target, "/in");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *value = param(call, rows[i].key);
        if (rows[i].value == NULL)
            assert_null(value);
        else if (value == NULL || strcmp(value, rows[i].value) != 0)
            fail_msg("%s is %s, not %s", rows[i].key, value != NULL ? value : "absent", rows[i].value);
    }
    assert_string_equal(param(call, "MessageSid"), param(call, "SmsSid"));
    assert_string_equal(param(call, "MessageSid"), param(call, "SmsMessageSid"));
    struct form form;
    call_params(call, &form);
    for (size_t i = 0; i < form.count; i++)
        assert_null(form_find(&form, form.pairs[i].key, 1)); /* no key twice */
    form_fini(&form);
    assert_signed(call);
}

static void test_get(void **state)
{
    struct world *world = *state;
    open_with_app(world, NULL, "sms_method = GET");
    receive(world, PEER, "a&b=c#d \xf0\x9f\x91\x8d");
    settle_down(world);
    assert_string_equal(world->calls[0].method, "GET");
    assert_string_equal(param(&world->calls[0], "Body"), "a&b=c#d \xf0\x9f\x91\x8d");
    assert_string_equal(world->calls[0].body, "");
    assert_signed(&world->calls[0]);
}

static void test_service_or_number(void **state)
{
    static const struct {
        const char *service, *target;
    } rows[] = {
        {"inbound_request_url = %s", "/service"},
        {"inbound_request_url = %s\nuse_inbound_webhook_on_number = yes", "/line"},
        {"", "/line"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char line[256], options[256], service[512];
        world_setup(state);
        struct world *world = *state;
        struct app *app = app_new(world, APP_ANSWERS, NULL);
        snprintf(line, sizeof line, "sms_url = %s", app_url(app, "/line"));
        const char *mark = strstr(rows[i].service, "%s");
        snprintf(options, sizeof options, "%.*s%s%s", mark ? (int)(mark - rows[i].service) : 0,
                 rows[i].service, mark ? app_url(app, "/service") : "", mark ? mark + 2 : "");
        snprintf(service, sizeof service, "[service pool]\nsid = " SERVICE "\nlines = own\n%s", options);
        world_open(world, "", line, service);
        receive(world, PEER, "hi");
        settle_down(world);
        assert_int_equal(world->call_count, 1);
        assert_string_equal(world->calls[0].target, rows[i].target);
        assert_string_equal(param(&world->calls[0], "MessagingServiceSid"), SERVICE);
        world_teardown(state);
    }
}

/* A redirect must not lose the text: a POST that becomes a GET takes its parameters along, unless the new URL
 * has them. */
static void test_redirected_keeps_the_text(void **state)
{
    struct world *world = *state;
    static const struct script script[] = {{302, "", "", "/new?a=1"},
                                           {200, "", "", NULL},
                                           {301, "", "", "/has?a=1&MessageSid=SM1"},
                                           {200, "", "", NULL},
                                           {302, "", "", "/other?ParentMessageSid=1"},
                                           {200, "", "", NULL},
                                           {0}};
    open_with_app(world, script, "");
    receive(world, PEER, "hello");
    settle_down(world);
    receive(world, PEER, "again");
    settle_down(world);
    receive(world, PEER, "once more");
    settle_down(world);
    assert_int_equal(world->call_count, 6);
    assert_string_equal(world->calls[1].method, "GET");
    assert_string_equal(param(&world->calls[1], "Body"), "hello");
    assert_string_equal(param(&world->calls[1], "a"), "1");
    assert_string_equal(world->calls[3].target, "/has?a=1&MessageSid=SM1");
    assert_string_equal(param(&world->calls[5], "ParentMessageSid"), "1");
    assert_non_null(param(&world->calls[5], "Body"));
    assert_string_equal(param(&world->calls[5], "Body"), "once more");
    for (int i = 0; i < 6; i++)
        assert_signed(&world->calls[i]);
}

/* ---- failures ---- */

static void test_fallback_in_the_same_try(void **state)
{
    struct world *world = *state;
    static const struct script down[] = {{500, "", "", NULL}, {0}};
    static const struct script spare[] = {{200, "text/xml", XML("<Message>from the spare</Message>"), NULL},
                                          {0}};
    char more[256];
    struct app *other = app_new(world, APP_ANSWERS, spare);
    snprintf(more, sizeof more, "sms_fallback_url = %s\nsms_fallback_method = GET",
             app_url(other, "/spare?z=1"));
    struct app *app = open_with_app(world, down, more);
    receive(world, PEER, "hi");
    settle_down(world);
    assert_int_equal(world->call_count, 2);
    const struct call *call = &world->calls[1];
    assert_ptr_equal(call->app, other);
    assert_string_equal(call->method, "GET");
    assert_string_equal(param(call, "ErrorCode"), "11217");
    assert_string_equal(param(call, "ErrorUrl"), app_url(app, "/in"));
    assert_string_equal(param(call, "Body"), "hi");
    assert_signed(call);
    assert_string_equal(header(call, "I-Twilio-Idempotency-Token"),
                        header(&world->calls[0], "I-Twilio-Idempotency-Token"));
    assert_int_equal(replies(world), 1);
    assert_string_equal(reply(world, 0, "body"), "from the spare");
    assert_int_equal(told(world, inbound_id(world), "done detail=\"http 200, fallback after 11217 http 500"),
                     1);
}

static void test_both_down_then_tried_again(void **state)
{
    struct world *world = *state;
    static const struct script down[] = {{404, "", "", NULL}, {0}};
    char more[256];
    struct app *other = app_new(world, APP_ANSWERS, down);
    snprintf(more, sizeof more, "sms_fallback_url = %s", app_url(other, "/spare"));
    struct app *app = open_with_app(world, down, more);
    receive(world, PEER, "hi");
    settle_down(world);
    assert_int_equal(world->call_count, 2);
    app->script = NULL;
    pass_time(world, 1000);
    assert_int_equal(world->call_count, 3); /* 4xx as well: the text is in nobody else's hands */
    assert_ptr_equal(world->calls[2].app, app);
    assert_null(param(&world->calls[2], "ErrorCode"));
    assert_string_equal(header(&world->calls[2], "I-Twilio-Idempotency-Token"),
                        header(&world->calls[0], "I-Twilio-Idempotency-Token"));
    pass_time(world, 3600000);
    assert_int_equal(world->call_count, 3);
}

static void test_error_url_tells_no_password(void **state)
{
    struct world *world = *state;
    static const struct script script[] = {{500, "", "", NULL}, {200, "", "", NULL}, {0}};
    char line[512];
    struct app *app = app_new(world, APP_ANSWERS, script);
    snprintf(line, sizeof line, "sms_url = http://ann:secret@127.0.0.1:%d/in\nsms_fallback_url = %s",
             app->port, app_url(app, "/spare"));
    world_open(world, "", line, "");
    receive(world, PEER, "hi");
    settle_down(world);
    assert_string_equal(param(&world->calls[1], "ErrorUrl"), app_url(app, "/in"));
    assert_null(header(&world->calls[1], "Authorization"));
}

/* Three days, then it is over; the message itself stays. */
static void test_given_up_after_three_days(void **state)
{
    struct world *world = *state;
    static const struct script down[] = {{503, "", "", NULL}, {0}};
    struct app *app = app_new(world, APP_ANSWERS, down);
    char line[256];
    snprintf(line, sizeof line, "sms_url = %s", app_url(app, "/in"));
    world_open(world, "breaker = no", line, "");
    receive(world, PEER, "hi");
    settle_down(world);
    int64_t start_ms = clock_wall_ms();
    for (int i = 0; i < 200 && world_int(world, "SELECT count(*) FROM hook") > 0; i++) {
        struct hook hooks[1];
        int64_t next_ms = 0;
        queue_hooks_due(world->queue, NULL, 0, hooks, 1, &next_ms);
        pass_time(world, next_ms - clock_wall_ms());
    }
    assert_in_range(world->calls[world->call_count - 1].at_ms - start_ms, 72 * 3600000 - 1000,
                    72 * 3600000 + 1000);
    assert_int_equal(told(world, inbound_id(world), "dead"), 1);
}

/* ---- TwiML ---- */

static void test_replies(void **state)
{
    struct world *world = *state;
    static const struct script script[] = {{200, "application/xml; charset=utf-8",
                                            XML("<Message>one &amp; only</Message><Message to='+41790000009' "
                                                "action='/cb?x=1' method='GET'><Body> two </Body></Message>"),
                                            NULL},
                                           {0}};
    struct app *app = open_with_app(world, script, "");
    receive(world, PEER, "hi");
    settle_down(world);
    assert_int_equal(replies(world), 2);
    assert_string_equal(reply(world, 0, "body"), "one & only");
    assert_string_equal(reply(world, 0, "to_addr"), PEER);
    assert_string_equal(reply(world, 0, "from_addr"), OWN);
    assert_string_equal(reply(world, 0, "callback_url"), "");
    assert_string_equal(reply(world, 1, "body"), "two");
    assert_string_equal(reply(world, 1, "to_addr"), "+41790000009");
    assert_string_equal(reply(world, 1, "callback_url"), app_url(app, "/cb?x=1#method=GET"));
    assert_int_equal(world_int(world, "SELECT count(*) FROM message WHERE direction = 3 AND reply_to = "
                                      "(SELECT id FROM message WHERE direction = 1)"),
                     2);
    assert_int_equal(told(world, inbound_id(world), "done detail=\"http 200, replies 2"), 1);
    assert_int_equal(world_int(world, "SELECT count(*) FROM hook"), 0);
    pass_time(world, 3600000);
    assert_int_equal(replies(world), 2);
}

static void test_plain_text_and_nothing(void **state)
{
    struct world *world = *state;
    static const struct script script[] = {{200, "text/plain", "thanks", NULL},
                                           {204, "", "", NULL},
                                           {200, "text/html", "  \n", NULL},
                                           {200, "text/xml", XML(""), NULL},
                                           {0}};
    open_with_app(world, script, "");
    for (int i = 0; i < 4; i++) {
        receive(world, PEER, "hi");
        settle_down(world);
        assert_int_equal(replies(world), 1);
    }
    assert_string_equal(reply(world, 0, "body"), "thanks");
}

static void test_refused_reply_does_not_hold_up_the_others(void **state)
{
    struct world *world = *state;
    static const struct script script[] = {
        {200, "text/xml",
         XML("<Message to='nonsense'>a</Message><Message "
             "from='+19990001111'>b</Message><Message/><Message>good</Message>"),
         NULL},
        {0}};
    open_with_app(world, script, "");
    receive(world, PEER, "hi");
    settle_down(world);
    assert_int_equal(replies(world), 1);
    assert_string_equal(reply(world, 0, "body"), "good");
    assert_int_equal(told(world, inbound_id(world), "replies 1, refused 3: 21211"), 1);
}

/* There is no MMS: what has a text goes out as one, and the history says what it went without. */
static void test_text_goes_without_its_media(void **state)
{
    struct world *world = *state;
    static const struct script script[] = {
        {200, "text/xml",
         XML("<Message><Body>look</Body><Media>http://h/a.png</Media></Message>"
             "<Message><Media>http://h/b.png</Media></Message>"
             "<Message><Body> </Body><Media>http://h/b.png</Media></Message>"),
         NULL},
        {0}};
    open_with_app(world, script, "");
    receive(world, PEER, "hi");
    settle_down(world);
    assert_int_equal(replies(world), 1);
    assert_string_equal(reply(world, 0, "body"), "look");
    assert_int_equal(told(world, inbound_id(world), "replies 1, without media 1, refused 2: 21621"), 1);
}

/* The number that the application wrote to, or a token in its callback, is not for the log. */
static void test_log_tells_no_refused_number(void **state)
{
    struct world *world = *state;
    static const struct script script[] = {{200, "text/xml",
                                            XML("<Message to='+4179111223300000000'>a</Message>"
                                                "<Message action='http://a_b/?token=x1y2'>b</Message>"),
                                            NULL},
                                           {0}};
    char text[8192];
    FILE *log = tmpfile();
    assert_non_null(log);
    log_open(LOG_DEBUG, true, fileno(log));
    open_with_app(world, script, "");
    receive(world, PEER, "hi");
    settle_down(world);
    log_open(LOG_ERROR + 1, true, 2);
    rewind(log);
    text[fread(text, 1, sizeof text - 1, log)] = '\0';
    fclose(log);
    assert_non_null(strstr(text, "event=hook.reply_refused sid=SM"));
    assert_non_null(strstr(text, "code=21211"));
    assert_non_null(strstr(text, "code=21609"));
    assert_null(strstr(text, "79111223"));
    assert_null(strstr(text, "x1y2"));
}

static void test_redirect_documents(void **state)
{
    struct world *world = *state;
    static const struct script script[] = {
        {200, "text/xml", XML("<Message>one</Message><Redirect>next?n=1</Redirect><Message>never</Message>"),
         NULL},
        {200, "text/xml", XML("<Message>two</Message><Redirect method='GET'>/third</Redirect>"), NULL},
        {200, "text/xml", XML("<Message>three</Message>"), NULL},
        {0}};
    open_with_app(world, script, "");
    receive(world, PEER, "hi");
    settle_down(world);
    assert_int_equal(world->call_count, 3);
    assert_string_equal(world->calls[1].target, "/next?n=1");
    assert_string_equal(world->calls[1].method, "POST");
    assert_string_equal(world->calls[2].method, "GET");
    for (int i = 0; i < 3; i++) {
        assert_string_equal(param(&world->calls[i], "Body"), "hi");
        assert_signed(&world->calls[i]);
    }
    assert_int_equal(replies(world), 3);
    assert_string_equal(reply(world, 2, "body"), "three");
}

static void test_redirect_documents_without_end(void **state)
{
    struct world *world = *state;
    static const struct script script[] = {{200, "text/xml", XML("<Redirect/>"), NULL}, {0}};
    open_with_app(world, script, "");
    receive(world, PEER, "hi");
    settle_down(world);
    assert_int_equal(world->call_count, 10);
    assert_int_equal(told(world, inbound_id(world), "done detail=\"14106"), 1);
}

/* The fallback is given its ten documents too. */
static void test_fallback_after_documents_without_end(void **state)
{
    struct world *world = *state;
    static const struct script endless[] = {{200, "text/xml", XML("<Redirect/>"), NULL}, {0}};
    static const struct script spare[] = {{200, "text/xml", XML("<Redirect>/more</Redirect>"), NULL},
                                          {200, "text/xml", XML("<Message>spare</Message>"), NULL},
                                          {0}};
    char more[256];
    struct app *other = app_new(world, APP_ANSWERS, spare);
    snprintf(more, sizeof more, "sms_fallback_url = %s", app_url(other, "/spare"));
    open_with_app(world, endless, more);
    receive(world, PEER, "hi");
    settle_down(world);
    assert_int_equal(world->call_count, 12);
    assert_string_equal(param(&world->calls[10], "ErrorCode"), "14106");
    assert_string_equal(reply(world, 0, "body"), "spare");
}

/* The second document does not come: nothing of the first is stored, and all of it is tried again. */
static void test_broken_redirect_stores_nothing_yet(void **state)
{
    struct world *world = *state;
    static const struct script script[] = {
        {200, "text/xml", XML("<Message>one</Message><Redirect>/next</Redirect>"), NULL},
        {503, "", "", NULL},
        {200, "text/xml", XML("<Message>one</Message><Redirect>/next</Redirect>"), NULL},
        {200, "text/xml", XML("<Message>two</Message>"), NULL},
        {0}};
    open_with_app(world, script, "");
    receive(world, PEER, "hi");
    settle_down(world);
    assert_int_equal(world->call_count, 2);
    assert_int_equal(replies(world), 0);
    pass_time(world, 1000);
    assert_int_equal(world->call_count, 4);
    assert_int_equal(replies(world), 2);
}

static void test_unusable_documents(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *type, *body, *told;
    } rows[] = {
        {"text/html", "OK", "done detail=\"12100"},
        {"text/xml", "<html/>", "done detail=\"12102"},
        {"application/json", "{}", "done detail=\"12300"},
        {"text/xml",
         "<!DOCTYPE r [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><Response><Message>&a;</Message></Response>",
         "done detail=\"12100"},
    };
    struct app *app = open_with_app(world, NULL, "");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct script script[] = {{200, rows[i].type, rows[i].body, NULL}, {0}};
        app->script = script;
        receive(world, PEER, "hi");
        settle_down(world);
        assert_int_equal(told(world, inbound_id(world), rows[i].told), 1);
    }
    pass_time(world, 3600000);
    assert_int_equal(world->call_count, 4); /* the application has had them: not again */
    assert_int_equal(replies(world), 0);
}

static void test_unusable_document_goes_to_the_fallback(void **state)
{
    struct world *world = *state;
    static const struct script bad[] = {{200, "text/html", "<p>Hello<p>", NULL}, {0}},
                               down[] = {{503, "", "", NULL}, {0}};
    char more[256];
    struct app *other = app_new(world, APP_ANSWERS, down);
    snprintf(more, sizeof more, "sms_fallback_url = %s", app_url(other, "/spare"));
    open_with_app(world, bad, more);
    receive(world, PEER, "hi");
    settle_down(world);
    assert_int_equal(world->call_count, 2);
    assert_string_equal(param(&world->calls[1], "ErrorCode"), "12102");
    pass_time(world, 3600000);
    assert_int_equal(world->call_count, 2);
}

static void test_too_many_messages(void **state)
{
    struct world *world = *state;
    char body[1024] = "<Response>";
    for (int i = 0; i < 12; i++)
        snprintf(body + strlen(body), sizeof body - strlen(body), "<Message>n%d</Message>", i);
    snprintf(body + strlen(body), sizeof body - strlen(body), "</Response>");
    struct script script[] = {{200, "text/xml", body, NULL}, {0}};
    open_with_app(world, script, "");
    receive(world, PEER, "hi");
    settle_down(world);
    assert_int_equal(replies(world), 10);
    assert_string_equal(reply(world, 9, "body"), "n9");
    assert_int_equal(told(world, inbound_id(world), "http 200, warning 14109, replies 10"), 1);
}

static void test_endless_answer(void **state)
{
    struct world *world = *state;
    struct app *app = open_with_app(world, NULL, "");
    app->manner = APP_ENDLESS;
    receive(world, PEER, "hi");
    settle_down(world);
    assert_int_equal(told(world, inbound_id(world), "done detail=\"11750"), 1);
    pass_time(world, 3600000);
    assert_int_equal(world->call_count, 1); /* the application has it */
    assert_int_equal(replies(world), 0);
    assert_int_equal(world_int(world, "SELECT count(*) FROM hook"), 0);
}

/* Too large as well, but no 2xx: the status counts. */
static void test_large_failure_is_tried_again(void **state)
{
    struct world *world = *state;
    static char large[70000];
    static const struct script script[] = {{503, "", large, NULL}, {200, "", "", NULL}, {0}};
    memset(large, 'x', sizeof large - 1);
    open_with_app(world, script, "");
    receive(world, PEER, "hi");
    settle_down(world);
    assert_int_equal(told(world, inbound_id(world), "retry detail=\"11217"), 1);
    pass_time(world, 1000);
    assert_int_equal(world->call_count, 2);
    assert_int_equal(world_int(world, "SELECT count(*) FROM hook"), 0);
}

/* Two machines that answer each other. */
static void test_loop_guard(void **state)
{
    struct world *world = *state;
    static const struct script script[] = {{200, "text/xml", XML("<Message>and you?</Message>"), NULL}, {0}};
    open_with_app(world, script, "");
    for (int i = 0; i < 33; i++) {
        receive(world, PEER, "and you?");
        settle_down(world);
    }
    assert_int_equal(replies(world), 30);
    assert_int_equal(told(world, inbound_id(world), "replies 0, refused 1: 14107"), 1);
    clock_advance(30000);
    receive(world, PEER, "still there?");
    settle_down(world);
    assert_int_equal(replies(world), 31);
}

static bool was_called(struct world *world)
{
    return world->call_count == 1;
}

/* The process dies with the answer not yet written down: asked again, under the same token, and stored once.
 */
static void test_replies_are_stored_once(void **state)
{
    struct world *world = *state;
    static const struct script script[] = {{200, "text/xml", XML("<Message>once</Message>"), NULL}, {0}};
    open_with_app(world, script, "");
    receive(world, PEER, "hi");
    assert_true(run_until(world, was_called, DEADLINE_MS));
    house_shut(world);
    house_open(world);
    settle_down(world);
    assert_int_equal(world->call_count, 2);
    assert_string_equal(header(&world->calls[1], "I-Twilio-Idempotency-Token"),
                        header(&world->calls[0], "I-Twilio-Idempotency-Token"));
    assert_int_equal(replies(world), 1);
    house_shut(world);
    house_open(world);
    settle_down(world);
    assert_int_equal(world->call_count, 2);
    assert_int_equal(replies(world), 1);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_parameters),
        CASE(test_get),
        cmocka_unit_test(test_service_or_number),
        CASE(test_redirected_keeps_the_text),
        CASE(test_fallback_in_the_same_try),
        CASE(test_both_down_then_tried_again),
        CASE(test_error_url_tells_no_password),
        CASE(test_given_up_after_three_days),
        CASE(test_replies),
        CASE(test_plain_text_and_nothing),
        CASE(test_refused_reply_does_not_hold_up_the_others),
        CASE(test_text_goes_without_its_media),
        CASE(test_log_tells_no_refused_number),
        CASE(test_redirect_documents),
        CASE(test_redirect_documents_without_end),
        CASE(test_fallback_after_documents_without_end),
        CASE(test_broken_redirect_stores_nothing_yet),
        CASE(test_unusable_documents),
        CASE(test_unusable_document_goes_to_the_fallback),
        CASE(test_too_many_messages),
        CASE(test_endless_answer),
        CASE(test_large_failure_is_tried_again),
        CASE(test_loop_guard),
        CASE(test_replies_are_stored_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
