/* [hooks] url_allow where URLs are set over the API: what may never be called is not taken. */
#include <signal.h>

#include "facade_calls.h"

#define ALLOW "[hooks]\nurl_allow = https://app.example/hooks/, *.in.example\n"

static char line[160], service[128], application[128];

static void read_uri(const char *path, const char *array, const char *key, char out[160])
{
    struct response r = get(path);
    const json_t *row = json_array_get(json_object_get(r.json, array), 0);
    snprintf(out, 160, "%s", json_string_value(json_object_get(row, key)));
    response_fini(&r);
}

/* One of each, made while every URL was good. */
static void make_all(void)
{
    read_uri(API "/IncomingPhoneNumbers.json", "incoming_phone_numbers", "uri", line);
    struct response r = post("/v1/Services", "FriendlyName=a");
    assert_int_equal(r.status, 201);
    snprintf(service, sizeof service, "/v1/Services/%s", text_of(&r, "sid"));
    response_fini(&r);
    r = post(API "/Applications.json", "FriendlyName=a");
    assert_int_equal(r.status, 201);
    snprintf(application, sizeof application, "%s", text_of(&r, "uri"));
    response_fini(&r);
}

static const struct {
    const char *of, *parameter;
    bool is_new;
} places[] = {
    {line, "SmsUrl", false},
    {line, "SmsFallbackUrl", false},
    {line, "StatusCallback", false},
    {service, "InboundRequestUrl", false},
    {service, "FallbackUrl", false},
    {service, "StatusCallback", false},
    {application, "SmsUrl", false},
    {application, "SmsFallbackUrl", false},
    {application, "SmsStatusCallback", false},
    {application, "MessageStatusCallback", false},
    {application, "StatusCallback", false},
    {application, "VoiceUrl", false},
    {"/v1/Services", "InboundRequestUrl", true},
    {API "/Applications.json", "SmsUrl", true},
};

static struct response set(size_t i, const char *url)
{
    char form[256];
    bool needs = strcmp(places[i].parameter, "SmsFallbackUrl") == 0; /* 21406 else */
    snprintf(form, sizeof form, "%s%s%s=%s", places[i].is_new ? "FriendlyName=b&" : "",
             needs ? "SmsUrl=https://app.example/hooks/&" : "", places[i].parameter, url);
    return post(places[i].of, form);
}

static void test_where_urls_are_set(void **state)
{
    (void)state;
    make_all();
    configure("", ALLOW);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct response r = set(i, "https://app.example/else");
        if (r.json == NULL || strstr(text_of(&r, "message"), "hooks.url_allow") == NULL ||
            strstr(text_of(&r, "message"), places[i].parameter) == NULL)
            fail_msg("%s of %s: %s", places[i].parameter, places[i].of, r.body);
        assert_refused(&r, 400, 21402);
        r = set(i, "https://app.example/hooks/a");
        assert_int_equal(r.status, places[i].is_new ? 201 : 200);
        response_fini(&r);
        r = set(i, "http://a.in.example:8080/");
        assert_int_equal(r.status, places[i].is_new ? 201 : 200);
        response_fini(&r);
        r = set(i, ""); /* none at all is no URL to call */
        assert_int_equal(r.status, places[i].is_new ? 201 : 200);
        response_fini(&r);
    }
}

/* What was set before the rule stays, and is refused when it is to be called; a reload lifts the rule. */
static void test_reload(void **state)
{
    (void)state;
    make_all();
    struct response r = post(line, "SmsUrl=http://old.test/");
    assert_int_equal(r.status, 200);
    response_fini(&r);
    configure("", ALLOW);
    r = post(line, "FriendlyName=Ward");
    assert_string_equal(text_of(&r, "sms_url"), "http://old.test/");
    response_fini(&r);
    r = post(line, "SmsUrl=http://old.test/");
    assert_refused(&r, 400, 21402);
    configure("", "");
    r = post(line, "SmsUrl=http://old.test/");
    assert_int_equal(r.status, 200);
    response_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_where_urls_are_set),
        TEST(test_reload),
    };
    signal(SIGPIPE, SIG_IGN);
    powerfail_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
