/* What is wrong with a TwiML reply is told to its account, in Twilio's numbers for a Message verb. */
#include "hook_seen.h"

#define SECRET "+1555nonsense" /* what the application wrote, and no notification quotes */

static char document[4096];
static struct script one[] = {{200, "text/xml\r\nX-Server: test", document, NULL}, {0}};

static struct app *open_with_app(struct world *world, const struct script *script)
{
    char line[256];
    struct app *app = app_new(world, APP_ANSWERS, script);
    snprintf(line, sizeof line, "sms_url = %s", app_url(app, "/in"));
    world_open(world, "", line, "");
    return app;
}

static int64_t replies(struct world *world)
{
    return world_int(world, "SELECT count(*) FROM message WHERE direction = 3");
}

static int64_t notes(struct world *world, const char *where)
{
    char sql[256];
    clock_advance(50);
    for (int i = 0; i < 5; i++)
        loop_turn(world->loop, 0);
    snprintf(sql, sizeof sql, "SELECT count(*) FROM notification WHERE %s", where);
    return world_int(world, sql);
}

static const struct {
    const char *verb;
    int code, refused; /* refused: compose()'s, which the text names */
    bool warning;
    int64_t replies;
} verbs[] = {
    {"<Message to='" SECRET "'>a</Message>", 14101, 21211, false, 0},
    {"<Message to='4711'>a</Message>", 14101, 21265, false, 0},
    {"<Message to='" OWN "'>a</Message>", 14101, 21266, false, 0},
    {"<Message from='+19990001111'>a</Message>", 14102, 21606, false, 0},
    {"<Message from='much too long a name'>a</Message>", 14102, 21657, false, 0},
    {"<Message/>", 14103, 21619, false, 0},
    {"<Message><Media>http://h/a.png</Media></Message>", 14103, 21621, false, 0},
    {"<Message><Media>nonsense</Media></Message>", 14103, 21620, false, 0},
    {"<Message action='ftp://h/'>a</Message>", 14105, 21609, false, 0},
    {"<Message statusCallback='http://a_b/'>a</Message>", 14105, 21609, false, 0},
    {"<Message><Body>a</Body><Media>http://h/a.png</Media></Message>", 21621, 0, true, 1},
    {"<Message action='/cb' method='PUT'>a</Message>", 14104, 0, true, 1},
    {"<Message colour='red'>a</Message>", 12200, 0, true, 1},
    {"<Play>a</Play>", 14110, 0, true, 0},
};

static void test_numbers(void **state)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        char number[24];
        world_setup(state);
        struct world *world = *state;
        snprintf(document, sizeof document, "<Response>%s</Response>", verbs[i].verb);
        const struct app *app = open_with_app(world, one);
        receive(world, PEER, "hi");
        settle_down(world);
        if (look(world, -1) != 1 || seen.code != verbs[i].code)
            fail_msg("%s: %d", verbs[i].verb, seen.code);
        assert_int_equal(seen.warning, verbs[i].warning);
        assert_int_equal(seen.message_id,
                         world_int(world, "SELECT max(id) FROM message WHERE direction = 1"));
        assert_string_equal(seen_url, app_url(app, "/in"));
        assert_string_equal(seen_body, document);
        assert_non_null(strstr(seen_variables, "Body=hi"));
        assert_non_null(strstr(seen_headers, "X-Server=test"));
        assert_non_null(strstr(seen_text, "httpResponse=200"));
        assert_null(strstr(seen_text, "nonsense"));
        snprintf(number, sizeof number, "%d", verbs[i].refused);
        assert_true(verbs[i].refused == 0 || strstr(seen_text, number) != NULL);
        assert_int_equal(replies(world), verbs[i].replies);
        world_teardown(state);
    }
}

/* More than one thing is wrong: each is told, and which verb it is. */
static void test_each_is_told(void **state)
{
    struct world *world = *state;
    snprintf(document, sizeof document,
             "<Response><Play/><Message foo='1'>good</Message><Message to='x'>a</Message>"
             "<Message from='+19990001111'>b</Message></Response>");
    open_with_app(world, one);
    receive(world, PEER, "hi");
    settle_down(world);
    assert_int_equal(replies(world), 1);
    assert_int_equal(notes(world, "code IN (14110, 12200) AND log = 1"), 2);
    assert_int_equal(notes(world, "code = 14101 AND log = 0 AND text LIKE '%Message_2_was%'"), 1);
    assert_int_equal(notes(world, "code = 14102 AND log = 0 AND text LIKE '%Message_3_was%'"), 1);
}

/* One that wants no more messages is no fault of the verb: its own number. */
static void test_unsubscribed(void **state)
{
    struct world *world = *state;
    snprintf(document, sizeof document, "<Response><Message>a</Message></Response>");
    open_with_app(world, one);
    struct optout_sender sender = {directory_account_at(world->directory, 0)->id, 0, line_id(world)};
    optout_add(world->optout, &sender, PEER, "api", nothing, NULL);
    receive(world, PEER, "hi");
    settle_down(world);
    assert_int_equal(replies(world), 0);
    assert_int_equal(notes(world, "code = 21610 AND log = 0"), 1);
    assert_int_equal(notes(world, "1"), 1);
}

/* to_deny holds for replies as for POST Messages; who is not under it is answered. */
static void test_denied_recipient(void **state)
{
    struct world *world = *state;
    char line[256];
    snprintf(document, sizeof document, "<Response><Message>a</Message></Response>");
    struct app *app = app_new(world, APP_ANSWERS, one);
    snprintf(line, sizeof line, "sms_url = %s", app_url(app, "/in"));
    world_open(world, "", line, "[http]\nto_deny = " PEER "\n");
    receive(world, PEER, "hi");
    settle_down(world);
    assert_int_equal(world->call_count, 1);
    assert_int_equal(replies(world), 0);
    assert_int_equal(notes(world, "1"), 1);
    assert_int_equal(notes(world, "code = 14101 AND log = 0 AND text LIKE '%21408%'"), 1);
    receive(world, "+41790000002", "hi");
    settle_down(world);
    assert_int_equal(replies(world), 1);
    assert_int_equal(notes(world, "1"), 1);
}

static void test_reply_rate(void **state)
{
    struct world *world = *state;
    snprintf(document, sizeof document, "<Response><Message>and you?</Message></Response>");
    open_with_app(world, one);
    for (int i = 0; i < 30; i++) {
        receive(world, PEER, "and you?");
        settle_down(world);
    }
    assert_int_equal(notes(world, "1"), 0);
    receive(world, PEER, "and you?");
    settle_down(world);
    assert_int_equal(replies(world), 30);
    assert_int_equal(notes(world, "code = 14107 AND log = 0"), 1);
    assert_int_equal(notes(world, "1"), 1);
}

static void messages_of(char *out, size_t size, int count, const char *rest)
{
    snprintf(out, size, "<Response>");
    for (int i = 0; i < count; i++)
        snprintf(out + strlen(out), size - strlen(out), "<Message>n%d</Message>", i);
    snprintf(out + strlen(out), size - strlen(out), "%s</Response>", rest);
}

static void test_too_many(void **state)
{
    struct world *world = *state;
    messages_of(document, sizeof document, 12, "");
    open_with_app(world, one);
    receive(world, PEER, "hi");
    settle_down(world);
    assert_int_equal(replies(world), 10);
    assert_int_equal(notes(world, "code = 14109 AND log = 1"), 1);
}

/* Ten in all; told once, of the document that had the eleventh. */
static void test_too_many_over_documents(void **state)
{
    struct world *world = *state;
    static char first[1024], second[1024], third[1024];
    static const struct script script[] = {
        {200, "text/xml", first, NULL}, {200, "text/xml", second, NULL}, {200, "text/xml", third, NULL}, {0}};
    messages_of(first, sizeof first, 6, "<Redirect>/second</Redirect>");
    messages_of(second, sizeof second, 6, "<Redirect>/third</Redirect>");
    messages_of(third, sizeof third, 6, "");
    open_with_app(world, script);
    receive(world, PEER, "hi");
    settle_down(world);
    assert_int_equal(world->call_count, 3);
    assert_int_equal(replies(world), 10);
    assert_int_equal(notes(world, "code = 14109"), 1);
    assert_int_equal(notes(world, "code = 14109 AND log = 1 AND url LIKE '%/second'"), 1);
}

/* The document that it stood in is shown, though another came after it. */
static void test_document_of_a_refused_reply(void **state)
{
    struct world *world = *state;
    static const struct script script[] = {
        {200, "text/xml",
         "<Response><Message to='x'>first</Message><Redirect method='GET'>/second</Redirect></Response>",
         NULL},
        {201, "text/xml", "<Response><Message from='x y z, x y z'>second</Message></Response>", NULL},
        {0}};
    open_with_app(world, script);
    receive(world, PEER, "hi");
    settle_down(world);
    assert_int_equal(notes(world, "code = 14101 AND url LIKE '%/in' AND method = 'POST' AND body LIKE "
                                  "'%first%' AND text LIKE '%httpResponse=200%'"),
                     1);
    assert_int_equal(notes(world, "code = 14102 AND url LIKE '%/second' AND method = 'GET' AND body LIKE "
                                  "'%second%' AND text LIKE '%httpResponse=201%'"),
                     1);
    assert_int_equal(replies(world), 0);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        CASE(test_each_is_told),
        CASE(test_unsubscribed),
        CASE(test_denied_recipient),
        CASE(test_reply_rate),
        CASE(test_too_many),
        CASE(test_too_many_over_documents),
        CASE(test_document_of_a_refused_reply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
