/* Notifications as API clients read them: keys, filters, pages, and whose they are. */
#include <signal.h>

#include "notification_calls.h"

static const char *const BRIEF[] = {
    "account_sid",  "api_version",  "call_sid",  "date_created",   "date_updated", "error_code", "log",
    "message_date", "message_text", "more_info", "request_method", "request_url",  "sid",        "uri"};
static const char *const WHOLE[] = {"request_variables", "response_body", "response_headers"};

static void five(void)
{
    for (int i = 0; i < 5; i++)
        notify_on_day(i, 7, "POST");
}

static void codes(const char *query, const char *want)
{
    char path[256];
    snprintf(path, sizeof path, API "/Notifications.json%s", query);
    assert_codes(path, "notifications", want);
}

static void test_list_and_filters(void **state)
{
    (void)state;
    five(); /* 15 to 19 January 2027 */
    codes("", "04 03 02 01 00 ");
    codes("?Log=1", "02 ");
    codes("?Log=0", "04 03 01 00 ");
    codes("?MessageDate=2027-01-16", "01 ");
    codes("?MessageDate%3E=2027-01-17", "04 03 02 ");
    codes("?MessageDate%3C=2027-01-16", "01 00 ");
    codes("?MessageDate%3E=2027-01-16&MessageDate%3C=2027-01-17&Log=0", "01 ");
    codes("?PageSize=2", "04 03 ");
    static const char *const bad[] = {"?Log=2", "?MessageDate=soon"};
    for (size_t i = 0; i < 2; i++) {
        char path[128];
        snprintf(path, sizeof path, API "/Notifications.json%s", bad[i]);
        struct response r = get(path);
        assert_int_equal(r.status, 400);
        assert_int_equal(json_integer_value(json_object_get(r.json, "code")), 20001);
        response_fini(&r);
    }
}

static void test_none(void **state)
{
    (void)state;
    codes("", "");
}

static void test_pages(void **state)
{
    (void)state;
    five();
    struct response first = get(API "/Notifications.json?PageSize=2");
    struct response second = get(json_string_value(json_object_get(first.json, "next_page_uri")));
    struct response third = get(json_string_value(json_object_get(second.json, "next_page_uri")));
    assert_int_equal(json_array_size(json_object_get(second.json, "notifications")), 2);
    assert_int_equal(json_array_size(json_object_get(third.json, "notifications")), 1);
    assert_true(json_is_null(json_object_get(third.json, "next_page_uri")));
    struct response back = get(json_string_value(json_object_get(second.json, "previous_page_uri")));
    assert_true(json_equal(json_object_get(back.json, "notifications"),
                           json_object_get(first.json, "notifications")));
    response_fini(&first);
    response_fini(&second);
    response_fini(&third);
    response_fini(&back);
}

static void test_one_has_all_keys(void **state)
{
    (void)state;
    five();
    struct response list = get(API "/Notifications.json");
    json_t *row = json_array_get(json_object_get(list.json, "notifications"), 2);
    assert_int_equal(json_object_size(row), sizeof BRIEF / sizeof BRIEF[0]);
    struct response one = get(json_string_value(json_object_get(row, "uri")));
    assert_int_equal(one.status, 200);
    assert_int_equal(json_object_size(one.json), (sizeof BRIEF + sizeof WHOLE) / sizeof BRIEF[0]);
    for (size_t i = 0; i < sizeof WHOLE / sizeof WHOLE[0]; i++)
        assert_non_null(json_object_get(one.json, WHOLE[i]));
    for (size_t i = 0; i < sizeof BRIEF / sizeof BRIEF[0]; i++) {
        assert_non_null(json_object_get(row, BRIEF[i]));
        assert_true(json_equal(json_object_get(row, BRIEF[i]), json_object_get(one.json, BRIEF[i])));
    }
    assert_string_equal(json_string_value(json_object_get(one.json, "request_variables")), "Body=hi");
    assert_string_equal(json_string_value(json_object_get(one.json, "response_body")), "<x/>");
    assert_string_equal(json_string_value(json_object_get(one.json, "log")), "1");
    assert_string_equal(json_string_value(json_object_get(one.json, "message_date")),
                        "Sun, 17 Jan 2027 08:00:00 +0000");
    response_fini(&list);
    response_fini(&one);
}

static void test_strangers_and_calls(void **state)
{
    (void)state;
    five();
    struct response r = get(API "/Notifications/NO00112233445566778899aabbccddeeff.json");
    assert_int_equal(r.status, 404);
    response_fini(&r);
    r = get(API "/Calls/CA00112233445566778899aabbccddeeff/Notifications.json");
    assert_int_equal(r.status, 404); /* there are no calls */
    response_fini(&r);
    struct notification_filter other = {.account_id = 4711, .log = -1, .to_ms = INT64_MAX, .limit = 9};
    assert_int_equal(queue_notifications(rig.queue, &other, NULL, NULL), 0);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    powerfail_init();
    const struct CMUnitTest tests[] = {
        TEST(test_none),
        TEST(test_list_and_filters),
        TEST(test_pages),
        TEST(test_one_has_all_keys),
        TEST(test_strangers_and_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
