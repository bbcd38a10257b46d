/* Applications over the API, and a line that is given to one. */
#include "facade_calls.h"

#define APPLICATIONS API "/Applications"

static const char *const KEYS[] = {"account_sid",
                                   "api_version",
                                   "date_created",
                                   "date_updated",
                                   "friendly_name",
                                   "message_status_callback",
                                   "sid",
                                   "sms_fallback_method",
                                   "sms_fallback_url",
                                   "sms_method",
                                   "sms_status_callback",
                                   "sms_url",
                                   "status_callback",
                                   "status_callback_method",
                                   "uri",
                                   "voice_caller_id_lookup",
                                   "voice_fallback_method",
                                   "voice_fallback_url",
                                   "voice_method",
                                   "voice_url",
                                   "public_application_connect_enabled"};
#define KEY_COUNT (sizeof KEYS / sizeof KEYS[0])

/* A new one; its path without ".json". */
static void make(const char *form, char path[128])
{
    struct response r = post(APPLICATIONS ".json", form);
    if (r.status != 201)
        fail_msg("%d %s", r.status, r.body);
    snprintf(path, 128, APPLICATIONS "/%s", text_of(&r, "sid"));
    response_fini(&r);
}

static void test_create_shows_every_key(void **state)
{
    char uri[128];
    (void)state;
    struct response r =
        post(APPLICATIONS ".json", "FriendlyName=Ward&SmsUrl=http%3A%2F%2Fapp%2Fin&SmsMethod=GET"
                                   "&MessageStatusCallback=http%3A%2F%2Fapp%2Fstatus"
                                   "&VoiceCallerIdLookup=True");
    assert_int_equal(r.status, 201);
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (json_object_get(r.json, KEYS[i]) == NULL)
            fail_msg("no %s", KEYS[i]);
    assert_int_equal(json_object_size(r.json), KEY_COUNT);
    assert_string_equal(text_of(&r, "account_sid"), AC);
    assert_string_equal(text_of(&r, "friendly_name"), "Ward");
    assert_string_equal(text_of(&r, "sms_url"), "http://app/in");
    assert_string_equal(text_of(&r, "sms_method"), "GET");
    assert_string_equal(text_of(&r, "sms_fallback_method"), "POST");
    assert_null(text_of(&r, "sms_fallback_url"));
    assert_string_equal(text_of(&r, "message_status_callback"), "http://app/status");
    assert_true(json_is_true(json_object_get(r.json, "voice_caller_id_lookup")));
    assert_true(json_is_false(json_object_get(r.json, "public_application_connect_enabled")));
    assert_string_equal(text_of(&r, "date_created"), "Fri, 15 Jan 2027 08:00:00 +0000");
    assert_memory_equal(text_of(&r, "sid"), "AP", 2);
    snprintf(uri, sizeof uri, APPLICATIONS "/%s.json", text_of(&r, "sid"));
    assert_string_equal(text_of(&r, "uri"), uri);
    struct response fetched = get(uri);
    assert_int_equal(fetched.status, 200);
    assert_true(json_equal(fetched.json, r.json));
    response_fini(&fetched);
    response_fini(&r);
}

static void test_update_changes_what_it_names(void **state)
{
    char path[128];
    (void)state;
    make("FriendlyName=a&SmsUrl=http%3A%2F%2Fapp%2F1&SmsFallbackUrl=http%3A%2F%2Fapp%2F2", path);
    clock_advance(5000);
    struct response r = post(path, "SmsUrl=&SmsMethod=GET");
    assert_int_equal(r.status, 200);
    assert_null(text_of(&r, "sms_url"));
    assert_string_equal(text_of(&r, "sms_method"), "GET");
    assert_string_equal(text_of(&r, "sms_fallback_url"), "http://app/2");
    assert_string_equal(text_of(&r, "friendly_name"), "a");
    assert_string_equal(text_of(&r, "date_updated"), "Fri, 15 Jan 2027 08:00:05 +0000");
    response_fini(&r);
}

static size_t count_of(const char *query)
{
    char path[256];
    snprintf(path, sizeof path, APPLICATIONS ".json%s", query);
    struct response r = get(path);
    assert_int_equal(r.status, 200);
    assert_int_equal(json_object_size(r.json), 9);
    size_t count = json_array_size(json_object_get(r.json, "applications"));
    response_fini(&r);
    return count;
}

static void test_list_and_delete(void **state)
{
    char first[128], second[128];
    (void)state;
    assert_int_equal(count_of(""), 0);
    make("FriendlyName=one", first);
    make("FriendlyName=two", second);
    assert_int_equal(count_of(""), 2);
    assert_int_equal(count_of("?FriendlyName=one"), 1);
    assert_int_equal(count_of("?FriendlyName=on"), 0);
    assert_int_equal(count_of("?PageSize=1"), 1);
    struct response r = rig_ask(&rig, "DELETE", first, NULL);
    assert_int_equal(r.status, 204);
    assert_int_equal(r.body_len, 0);
    response_fini(&r);
    r = get(first);
    assert_refused(&r, 404, 20404);
    r = rig_ask(&rig, "DELETE", first, NULL);
    assert_refused(&r, 404, 20404);
    r = post(first, "FriendlyName=x");
    assert_refused(&r, 404, 20404);
    assert_int_equal(count_of(""), 1);
    r = get(second);
    assert_int_equal(r.status, 200);
    response_fini(&r);
}

static void test_refusals(void **state)
{
    static const struct refused_form rows[] = {
        {"SmsUrl=ftp%3A%2F%2Fx", 400, 21402},
        {"SmsMethod=PUT", 400, 21403},
        {"VoiceUrl=x", 400, 21402},
        {"StatusCallbackMethod=post", 400, 21403},
        {"VoiceCallerIdLookup=1", 400, 20001},
        {"PublicApplicationConnectEnabled=", 400, 20001},
        {"FriendlyName=0123456789012345678901234567890123456789012345678901234567890123x", 400, 20002},
    };
    (void)state;
    assert_forms_refused(APPLICATIONS ".json", rows, sizeof rows / sizeof rows[0]);
    assert_int_equal(count_of(""), 0);
}

static void test_another_accounts_is_not_found(void **state)
{
    char path[128], theirs[160], auth[256];
    (void)state;
    make("FriendlyName=a", path);
    basic_auth(rig.other_sid, rig.other_token, auth);
    snprintf(theirs, sizeof theirs, "/2010-04-01/Accounts/%s/Applications%s", rig.other_sid,
             strrchr(path, '/'));
    struct response r = rig_ask_as(&rig, "GET", theirs, auth, NULL);
    assert_refused(&r, 404, 20404);
    r = rig_ask_as(&rig, "DELETE", theirs, auth, NULL);
    assert_refused(&r, 404, 20404);
}

static void test_no_more_than_an_account_may_have(void **state)
{
    char path[128];
    struct sid sid;
    int status = 1;
    const struct application_update nothing = {0};
    (void)state;
    const struct account *account = directory_account_at(rig.directory, 1); /* the oldest */
    for (int i = 0; i < APPLICATIONS_MAX - 1; i++)
        assert_int_equal(
            directory_application_create(rig.directory, account->id, &nothing, &sid, on_mark, &status), 0);
    assert_int_equal(store_flush(rig.store.store), 0);
    make("FriendlyName=last", path);
    struct response r = post(APPLICATIONS ".json", "FriendlyName=more");
    assert_refused(&r, 400, 20001);
}

static void test_a_full_disk_refuses(void **state)
{
    (void)state;
    powerfail_full(true);
    struct response r = {0};
    char auth[256];
    basic_auth(AC, TOKEN, auth);
    rig_send(&rig, "POST", APPLICATIONS ".json", auth, "FriendlyName=waits");
    client_arrives(&rig.client);
    for (int i = 0; i < 10; i++)
        client_poll(&rig.client);
    assert_int_equal(rig.client.len, 0);
    powerfail_full(false);
    clock_advance(5000);
    client_receive(&rig.client, &r);
    assert_int_equal(r.status, 201);
    response_fini(&r);
}

/* ---- a line's ---- */

static void line_path(char path[128])
{
    char sid[SID_TEXT];
    sid_format(&directory_line_by_number(rig.directory, WARD)->sid, "PN", sid);
    snprintf(path, 128, API "/IncomingPhoneNumbers/%s.json", sid);
}

static void assert_application(struct response *r, const char *sid)
{
    if (r->status != 200)
        fail_msg("%d %s", r->status, r->body);
    assert_string_equal(text_of(r, "sms_application_sid"), sid);
    response_fini(r);
}

static void test_line_takes_and_loses_its_application(void **state)
{
    char app[128], line[128], form[128];
    (void)state;
    make("FriendlyName=a", app);
    line_path(line);
    const char *sid = strrchr(app, '/') + 1;
    snprintf(form, sizeof form, "SmsApplicationSid=%s", sid);
    struct response r = post(line, form);
    assert_application(&r, sid);
    r = post(line, "FriendlyName=still");
    assert_application(&r, sid);
    r = get(line);
    assert_application(&r, sid);
    r = post(line, "SmsApplicationSid=");
    assert_application(&r, "");
    r = post(line, form);
    assert_application(&r, sid);
    r = rig_ask(&rig, "DELETE", app, NULL);
    assert_int_equal(r.status, 204);
    response_fini(&r);
    r = get(line);
    assert_application(&r, "");
    assert_int_equal(directory_line_by_number(rig.directory, WARD)->sms_application_id, 0);
    r = post(line, form);
    assert_refused(&r, 400, 21218);
    r = post(line, "SmsApplicationSid=AP1");
    assert_refused(&r, 400, 21218);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_create_shows_every_key),
        TEST(test_update_changes_what_it_names),
        TEST(test_list_and_delete),
        TEST(test_refusals),
        TEST(test_another_accounts_is_not_found),
        TEST(test_no_more_than_an_account_may_have),
        TEST(test_a_full_disk_refuses),
        TEST(test_line_takes_and_loses_its_application),
    };
    powerfail_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
