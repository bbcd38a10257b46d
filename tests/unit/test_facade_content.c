/* Content templates over HTTP, and messages made of them. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "facade_calls.h"
#include "host/facade/content.h"
#include "host/store/change.h"

#define SEND "To=%2B41791112233&From=%2B41790000001"

static char hx[SID_TEXT], path[256];

static struct response post_json(const char *body)
{
    char auth[256], text[4096];
    struct response r;
    basic_auth(AC, TOKEN, auth);
    client_close(&rig.client);
    client_connect(&rig.client, rig.store.loop, facade_port(rig.facade));
    snprintf(text, sizeof text,
             "POST /v1/Content HTTP/1.1\r\nHost: gw\r\n%sContent-Type: application/json\r\nContent-Length: "
             "%zu\r\n\r\n%s",
             auth, strlen(body), body);
    client_send(&rig.client, text);
    client_receive(&rig.client, &r);
    return r;
}

static void make(const char *variables, const char *body)
{
    char json[2048];
    snprintf(json, sizeof json,
             "{\"friendly_name\":\"order\",\"language\":\"en\",\"variables\":%s,\"types\":{\"twilio/text\":{"
             "\"body\":\"%s\"}}}",
             variables, body);
    struct response r = post_json(json);
    if (r.status != 201)
        fail_msg("%d %s", r.status, r.body);
    snprintf(hx, sizeof hx, "%s", text_of(&r, "sid"));
    response_fini(&r);
}

static const char *below(const char *tail)
{
    snprintf(path, sizeof path, "/v1/Content/%s%s", hx, tail);
    return path;
}

static struct response send_with(const char *more)
{
    char form[4096];
    snprintf(form, sizeof form, "%s&ContentSid=%s%s", SEND, hx, more);
    return post(API "/Messages.json", form);
}

static void assert_sends(const char *more, const char *wanted)
{
    struct response r = send_with(more);
    if (r.status != 201)
        fail_msg("%d %s", r.status, r.body);
    assert_string_equal(text_of(&r, "body"), wanted);
    response_fini(&r);
}

static void test_life(void **state)
{
    (void)state;
    make("{\"1\":\"friend\"}", "Hi {{1}}");
    struct response r = get(below(""));
    assert_int_equal(r.status, 200);
    assert_string_equal(text_of(&r, "sid"), hx);
    assert_string_equal(text_of(&r, "account_sid"), AC);
    assert_string_equal(text_of(&r, "friendly_name"), "order");
    assert_string_equal(text_of(&r, "language"), "en");
    assert_string_equal(text_of(&r, "date_created"), "2027-01-15T08:00:00Z");
    assert_string_equal(json_string_value(json_object_get(json_object_get(r.json, "variables"), "1")),
                        "friend");
    json_t *text = json_object_get(json_object_get(r.json, "types"), "twilio/text");
    assert_string_equal(json_string_value(json_object_get(text, "body")), "Hi {{1}}");
    assert_int_equal(json_object_size(r.json), 10);
    response_fini(&r);
    r = get(below("/ApprovalRequests"));
    assert_int_equal(r.status, 200);
    assert_string_equal(json_string_value(json_object_get(json_object_get(r.json, "whatsapp"), "status")),
                        "unsubmitted");
    response_fini(&r);
    r = rig_ask(&rig, "DELETE", below(""), NULL);
    assert_int_equal(r.status, 204);
    response_fini(&r);
    r = get(below(""));
    assert_refused(&r, 404, 20404);
    r = rig_ask(&rig, "DELETE", below(""), NULL);
    assert_refused(&r, 404, 20404);
    r = send_with("");
    assert_refused(&r, 400, 21655);
}

static void test_pages(void **state)
{
    char sids[3][SID_TEXT], back[256];
    (void)state;
    for (int i = 0; i < 3; i++) {
        make("{}", "x");
        memcpy(sids[i], hx, sizeof hx);
    }
    struct response r = get("/v1/Content?PageSize=2");
    json_t *rows = json_object_get(r.json, "contents");
    assert_int_equal(json_array_size(rows), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "sid")), sids[2]);
    const char *next = json_string_value(json_object_get(json_object_get(r.json, "meta"), "next_page_url"));
    snprintf(path, sizeof path, "%s", next + strlen("http://gw"));
    response_fini(&r);
    r = get(path);
    rows = json_object_get(r.json, "contents");
    assert_int_equal(json_array_size(rows), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "sid")), sids[0]);
    assert_true(json_is_null(json_object_get(json_object_get(r.json, "meta"), "next_page_url")));
    snprintf(back, sizeof back, "%s",
             json_string_value(json_object_get(json_object_get(r.json, "meta"), "previous_page_url")) +
                 strlen("http://gw"));
    response_fini(&r);
    r = get(back);
    rows = json_object_get(r.json, "contents");
    assert_int_equal(json_array_size(rows), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "sid")), sids[2]);
    response_fini(&r);
}

static void test_another_account(void **state)
{
    char auth[256];
    (void)state;
    make("{}", "x");
    basic_auth(rig.other_sid, rig.other_token, auth);
    struct response r = rig_ask_as(&rig, "GET", below(""), auth, NULL);
    assert_refused(&r, 404, 20404);
    r = rig_ask_as(&rig, "DELETE", below(""), auth, NULL);
    assert_refused(&r, 404, 20404);
    r = rig_ask_as(&rig, "GET", "/v1/Content", auth, NULL);
    assert_int_equal(json_array_size(json_object_get(r.json, "contents")), 0);
    response_fini(&r);
}

static void test_create_refusals(void **state)
{
#define TEXT "\"types\":{\"twilio/text\":{\"body\":\"Hi\"}}"
    static const struct {
        const char *body;
        int code;
    } CASES[] = {
        {"", 20001},
        {"{", 20001},
        {"[]", 20001},
        {"{" TEXT "}", 92004},
        {"{\"language\":\"1\"," TEXT "}", 92004},
        {"{\"language\":\"en\"}", 20001},
        {"{\"language\":\"en\",\"types\":[]}", 20001},
        {"{\"language\":\"en\",\"types\":{}}", 20001},
        {"{\"language\":\"en\",\"types\":{\"twilio/media\":{\"body\":\"x\",\"media\":[]}}}", 20001},
        {"{\"language\":\"en\",\"types\":{\"twilio/text\":\"x\"}}", 20001},
        {"{\"language\":\"en\",\"types\":{\"twilio/text\":{\"body\":\"\"}}}", 20001},
        {"{\"language\":\"en\",\"types\":{\"twilio/text\":{\"body\":\"{{1}\"}}}", 20001},
        {"{\"language\":\"en\",\"types\":{\"twilio/text\":{\"body\":\"{{}}\"}}}", 20001},
        {"{\"language\":\"en\",\"friendly_name\":3," TEXT "}", 20001},
        {"{\"language\":\"en\",\"variables\":[]," TEXT "}", 20001},
        {"{\"language\":\"en\",\"variables\":{\"1\":2}," TEXT "}", 20001},
        {"{\"language\":\"en\",\"variables\":{\"1\":\"\"}," TEXT "}", 20001},
        {"{\"language\":\"en\",\"variables\":{\"a b\":\"x\"}," TEXT "}", 20001},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct response r = post_json(CASES[i].body);
        if (r.status != 400)
            fail_msg("%s: %d", CASES[i].body, r.status);
        assert_refused(&r, 400, CASES[i].code);
    }
    char deep[1024] = "{\"language\":\"en\"," TEXT ",\"x\":";
    size_t at = strlen(deep); /* SDKs would fail to read it in each list */
    memset(deep + at, '[', 40);
    memset(deep + at + 40, ']', 40);
    snprintf(deep + at + 80, sizeof deep - at - 80, "}");
    struct response r = post_json(deep);
    assert_refused(&r, 400, 20001);
    r = post("/v1/Content", "language=en");
    assert_refused(&r, 400, 20001);
    assert_int_equal(rig_query_int(&rig.store, "SELECT count(*) FROM content"), 0);
}

static void test_more_variables_than_allowed(void **state)
{
    char json[4096];
    size_t len =
        (size_t)snprintf(json, sizeof json, "{\"language\":\"en\"," TEXT ",\"variables\":{\"0\":\"x\"");
    (void)state;
    for (int i = 1; i <= 100; i++)
        len += (size_t)snprintf(json + len, sizeof json - len, ",\"%d\":\"x\"", i);
    snprintf(json + len, sizeof json - len, "}}");
    struct response r = post_json(json);
    assert_refused(&r, 400, 92002);
}

static void on_insert(void *arg, int status)
{
    (void)arg;
    assert_int_equal(status, 0);
}

/* A row of the account, as it would be made over the API. */
static void insert(int64_t account_id)
{
    struct sid sid;
    struct store_change *change = store_change_new(rig.store.store, Q_CONTENT_INSERT, on_insert, NULL);
    sid_new(&sid, clock_wall_ms());
    store_change_blob(change, ":sid", sid.b, sizeof sid.b);
    store_change_int(change, ":account_id", account_id);
    store_change_text(change, ":friendly_name", NULL);
    store_change_text(change, ":language", "en");
    store_change_text(change, ":variables", "{}");
    store_change_text(change, ":types", "{}");
    store_change_int(change, ":now", clock_wall_ms());
    store_change_int(change, ":most", CONTENTS_MAX);
    store_change_submit(change);
}

static void test_no_more_than_an_account_may_have(void **state)
{
    const struct account *account = directory_account_at(rig.directory, 1); /* the oldest */
    (void)state;
    for (int i = 0; i < CONTENTS_MAX - 1; i++)
        insert(account->id);
    insert(account->id + 1000); /* another's do not count */
    assert_int_equal(store_flush(rig.store.store), 0);
    make("{}", "the last");
    struct response r = post_json("{\"language\":\"en\"," TEXT "}");
    assert_non_null(strstr(r.body, "at most 1000 content templates"));
    assert_refused(&r, 400, 20001);
    r = rig_ask(&rig, "DELETE", below(""), NULL);
    assert_int_equal(r.status, 204);
    response_fini(&r);
    make("{}", "in its place");
}

static void test_messages(void **state)
{
    (void)state;
    make("{\"1\":\"friend\",\"order\":\"none\"}", "Hi {{1}}, order {{order}}: {{1}}");
    assert_sends("", "Hi friend, order none: friend");
    assert_sends("&ContentVariables=%7B%7D", "Hi friend, order none: friend");
    assert_sends("&ContentVariables=", "Hi friend, order none: friend");
    assert_sends("&ContentVariables=%7B%221%22%3A%22Ann%22%2C%22unused%22%3A%22x%22%7D",
                 "Hi Ann, order none: Ann");
    assert_sends("&ContentVariables=%7B%22order%22%3A%22%7B%7B1%7D%7D%22%7D",
                 "Hi friend, order {{1}}: friend");
    assert_sends("&Body=ignored", "Hi friend, order none: friend");
}

static void test_message_refusals(void **state)
{
    static const struct {
        const char *more;
        int code;
    } CASES[] = {
        {"", 21656}, /* {{2}} has no default */
        {"&ContentVariables=x", 21656},
        {"&ContentVariables=%5B%5D", 21656},
        {"&ContentVariables=%7B%222%22%3A3%7D", 21656},
        {"&ContentVariables=%7B%222%22%3Anull%7D", 21656},
        {"&ContentVariables=%7B%222%22%3A%22%22%7D", 21656},
        {"&ContentVariables=%7B%222%22%3A%22a%5Cnb%22%7D", 21656},
        {"&ContentVariables=%7B%222%22%3A%22a+++++b%22%7D", 21656},
        {"&ContentVariables=%7B%222%22%3A%22a%22%2C%222%22%3A%22b%22%7D", 21656}, /* twice */
    };
    (void)state;
    make("{\"1\":\"friend\"}", "Hi {{1}} {{2}}");
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct response r = send_with(CASES[i].more);
        assert_refused(&r, 400, CASES[i].code);
    }
    assert_sends("&ContentVariables=%7B%222%22%3A%22a++++b%22%7D", "Hi friend a    b");
    struct response r = post(API "/Messages.json", SEND "&ContentSid=HX00112233445566778899aabbccddeeff");
    assert_refused(&r, 400, 21655);
    r = post(API "/Messages.json", SEND "&ContentSid=HX1");
    assert_refused(&r, 400, 21655);
    r = post(API "/Messages.json", SEND "&Body=x&ContentVariables=%7B%7D");
    assert_refused(&r, 400, 21654);
}

/* 1600 is counted on the text that goes out. */
static void test_length(void **state)
{
    char variables[1700], body[800];
    (void)state;
    memset(body, 'b', sizeof body);
    body[799] = '\0';
    char template[900];
    snprintf(template, sizeof template, "{{1}}%s", body);
    make("{}", template);
    for (int more = 0; more < 2; more++) {
        char value[900];
        memset(value, 'v', sizeof value);
        value[801 + more] = '\0';
        snprintf(variables, sizeof variables, "&ContentVariables=%%7B%%221%%22%%3A%%22%s%%22%%7D", value);
        struct response r = send_with(variables);
        if (more == 0) {
            assert_int_equal(r.status, 201);
            assert_int_equal(strlen(text_of(&r, "body")), 1600);
            response_fini(&r);
        } else {
            assert_refused(&r, 400, 21617);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_life),
        TEST(test_pages),
        TEST(test_another_account),
        TEST(test_create_refusals),
        TEST(test_more_variables_than_allowed),
        TEST(test_no_more_than_an_account_may_have),
        TEST(test_messages),
        TEST(test_message_refusals),
        TEST(test_length),
    };
    signal(SIGPIPE, SIG_IGN);
    powerfail_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
