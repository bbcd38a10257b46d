/* Monitor's Alerts: the account's notifications in the newer form; keys, filters, pages. */
#include <signal.h>

#include "notification_calls.h"

static const char *const BRIEF[] = {
    "account_sid",  "alert_text",   "api_version", "date_created", "date_generated",
    "date_updated", "error_code",   "log_level",   "more_info",    "request_method",
    "request_url",  "resource_sid", "service_sid", "sid",          "url"};
static const char *const WHOLE[] = {"request_headers", "request_variables", "response_body",
                                    "response_headers"};
#define BRIEF_COUNT (sizeof BRIEF / sizeof BRIEF[0])
#define WHOLE_COUNT (sizeof WHOLE / sizeof WHOLE[0])

static char message_path[128];

/* The first is about a message. */
static void five(void)
{
    create(FORM, message_path);
    client_close(&rig.client); /* it would not outlive the days that follow */
    for (int i = 0; i < 5; i++)
        notify_on_day(i, i == 0 ? 1 : 0, i == 0 ? "POST" : "");
}

static void codes(const char *query, const char *want)
{
    char path[256];
    snprintf(path, sizeof path, "/v1/Alerts%s", query);
    assert_codes(path, "alerts", want);
}

static void test_filters(void **state)
{
    static const char *const bad[] = {"?LogLevel=loud", "?StartDate=soon", "?EndDate=1", "?PageSize=0"};
    (void)state;
    codes("", "");
    five(); /* 15 to 19 January 2027, at 8 h and some milliseconds */
    codes("", "04 03 02 01 00 ");
    codes("?LogLevel=warning", "02 ");
    codes("?LogLevel=error", "04 03 01 00 ");
    codes("?LogLevel=debug", "");
    codes("?LogLevel=notice", "");
    codes("?StartDate=2027-01-17", "04 03 02 ");
    codes("?EndDate=2027-01-16", "01 00 ");
    codes("?StartDate=2027-01-16&EndDate=2027-01-17&LogLevel=error", "01 ");
    codes("?EndDate=2027-01-16T08:00:00Z", "01 00 ");
    codes("?EndDate=2027-01-16T07:59:59Z", "00 ");
    codes("?StartDate=2027-01-19T08:00:00Z", "04 ");
    codes("?StartDate=2027-01-19T09:00:00Z", "");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "/v1/Alerts%s", bad[i]);
        struct response r = get(path);
        assert_refused(&r, 400, 20001);
    }
}

static const char *path_of(const char *url)
{
    const char *path = url != NULL ? strstr(url, "/v1/") : NULL;
    assert_non_null(path);
    return path;
}

static void test_pages(void **state)
{
    (void)state;
    five();
    struct response first = get("/v1/Alerts?PageSize=3");
    json_t *meta = json_object_get(first.json, "meta");
    assert_int_equal(json_object_size(first.json), 2);
    assert_int_equal(json_object_size(meta), 7);
    assert_string_equal(json_string_value(json_object_get(meta, "key")), "alerts");
    const char *next = json_string_value(json_object_get(meta, "next_page_url"));
    assert_memory_equal(next, "http://gw/v1/Alerts?", 20); /* where the client came from */
    struct response second = get(path_of(next));
    assert_int_equal(json_array_size(json_object_get(second.json, "alerts")), 2);
    meta = json_object_get(second.json, "meta");
    assert_true(json_is_null(json_object_get(meta, "next_page_url")));
    struct response back = get(path_of(json_string_value(json_object_get(meta, "previous_page_url"))));
    assert_true(json_equal(json_object_get(back.json, "alerts"), json_object_get(first.json, "alerts")));
    response_fini(&first);
    response_fini(&second);
    response_fini(&back);
}

static const char *value(const json_t *row, const char *key)
{
    return json_string_value(json_object_get(row, key));
}

static void test_one_has_all_keys(void **state)
{
    (void)state;
    five();
    struct response list = get("/v1/Alerts?EndDate=2027-01-15");
    const json_t *row = json_array_get(json_object_get(list.json, "alerts"), 0);
    struct response one = get(path_of(value(row, "url")));
    assert_int_equal(one.status, 200);
    assert_int_equal(json_object_size(row), BRIEF_COUNT);
    assert_int_equal(json_object_size(one.json), BRIEF_COUNT + WHOLE_COUNT);
    for (size_t i = 0; i < BRIEF_COUNT; i++) {
        assert_non_null(json_object_get(row, BRIEF[i]));
        assert_true(json_equal(json_object_get(row, BRIEF[i]), json_object_get(one.json, BRIEF[i])));
    }
    for (size_t i = 0; i < WHOLE_COUNT; i++)
        assert_non_null(json_object_get(one.json, WHOLE[i]));
    assert_string_equal(value(one.json, "request_variables"), "Body=hi");
    assert_string_equal(value(one.json, "response_body"), "<x/>");
    assert_string_equal(value(one.json, "request_method"), "POST");
    assert_string_equal(value(one.json, "log_level"), "error");
    assert_string_equal(value(one.json, "error_code"), "11200");
    assert_string_equal(value(one.json, "date_generated"), "2027-01-15T08:00:00Z");
    assert_non_null(strstr(message_path, value(one.json, "resource_sid")));
    response_fini(&one);
    char path[128]; /* the same one in the older form */
    snprintf(path, sizeof path, API "/Notifications/%s.json", value(row, "sid"));
    one = get(path);
    assert_int_equal(one.status, 200);
    assert_string_equal(text_of(&one, "error_code"), "11200");
    response_fini(&one);
    response_fini(&list);
}

static void test_about_an_endpoint(void **state)
{
    (void)state;
    five();
    struct response list = get("/v1/Alerts?StartDate=2027-01-19");
    const json_t *row = json_array_get(json_object_get(list.json, "alerts"), 0);
    assert_true(json_is_null(json_object_get(row, "resource_sid")));
    assert_true(json_is_null(json_object_get(row, "request_method")));
    response_fini(&list);
}

static void test_strangers(void **state)
{
    char auth[256];
    (void)state;
    five();
    basic_auth(rig.other_sid, rig.other_token, auth);
    struct response mine = get("/v1/Alerts?PageSize=1");
    const json_t *row = json_array_get(json_object_get(mine.json, "alerts"), 0);
    struct response r = rig_ask_as(&rig, "GET", path_of(value(row, "url")), auth, NULL);
    assert_refused(&r, 404, 20404);
    r = rig_ask_as(&rig, "GET", "/v1/Alerts", auth, NULL);
    assert_int_equal(json_array_size(json_object_get(r.json, "alerts")), 0);
    response_fini(&r);
    response_fini(&mine);
    r = get("/v1/Alerts/NO00112233445566778899aabbccddeeff");
    assert_refused(&r, 404, 20404);
    r = rig_ask(&rig, "DELETE", "/v1/Alerts", NULL);
    assert_refused(&r, 405, 20004);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    powerfail_init();
    const struct CMUnitTest tests[] = {
        TEST(test_filters),           TEST(test_pages),     TEST(test_one_has_all_keys),
        TEST(test_about_an_endpoint), TEST(test_strangers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
