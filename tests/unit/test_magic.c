/* Test credentials: the magic numbers, what is refused, and that nothing is kept. */
#include <signal.h>

#include "facade_rig.h"

#include "host/base/log.h"

#define FROM_OK "%2B15005550006"
#define GOOD    "From=" FROM_OK "&To=%2B41791112233&Body=Hello"

static struct {
    char sid[SID_TEXT], token[33];
} test_account;

static void on_made(void *arg, int status)
{
    *(int *)arg = status;
}

static int setup(void **state)
{
    struct facade_rig *r = calloc(1, sizeof *r);
    struct sid sid;
    int made = 1;
    rig_open_facade(r, "");
    *state = r;
    assert_int_equal(directory_subaccount_create(r->directory, directory_account_first(r->directory)->id,
                                                 true, "test", &sid, test_account.token, on_made, &made),
                     0);
    for (int i = 0; i < 5; i++)
        loop_turn(r->store.loop, 0);
    assert_int_equal(made, 0);
    sid_format(&sid, "AC", test_account.sid);
    return 0;
}

static int teardown(void **state)
{
    rig_close_all(*state);
    free(*state);
    return 0;
}

/* As the test account; tail is the path below it. */
static struct response ask_test(struct facade_rig *r, const char *method, const char *tail, const char *form)
{
    char auth[256], path[256];
    basic_auth(test_account.sid, test_account.token, auth);
    snprintf(path, sizeof path, "/2010-04-01/Accounts/%s%s", test_account.sid, tail);
    return rig_ask_as(r, method, path, auth, form);
}

static const struct {
    const char *tail, *form;
    int code; /* 0 = 201 */
} REQUESTS[] = {
    {"/Messages.json", GOOD, 0},
    {"/Messages.json", "From=" FROM_OK "&To=%2B15005550005&Body=x", 0},
    {"/Messages.json", "From=%2B15005550001&To=%2B41791112233&Body=x", 21212},
    {"/Messages.json", "From=%2B15005550007&To=%2B41791112233&Body=x", 21606},
    {"/Messages.json", "From=%2B15005550008&To=%2B41791112233&Body=x", 21611},
    {"/Messages.json", "From=%2B41790000001&To=%2B41791112233&Body=x", 21606},
    {"/Messages.json", "From=Bank&To=%2B41791112233&Body=x", 21606},
    {"/Messages.json", "From=" FROM_OK "&To=%2B15005550001&Body=x", 21211},
    {"/Messages.json", "From=" FROM_OK "&To=%2B15005550002&Body=x", 21612},
    {"/Messages.json", "From=" FROM_OK "&To=%2B15005550003&Body=x", 21408},
    {"/Messages.json", "From=" FROM_OK "&To=%2B15005550004&Body=x", 21610},
    {"/Messages.json", "From=" FROM_OK "&To=%2B15005550009&Body=x", 21614},
    /* all else is checked as usual */
    {"/Messages.json", "From=" FROM_OK "&Body=x", 21604},
    {"/Messages.json", "From=" FROM_OK "&To=%2B41791112233&Body=", 21602},
    {"/Messages.json", "From=" FROM_OK "&To=12&Body=x", 21211},
    {"/Messages.json", "To=%2B41791112233&Body=x", 21603},
    {"/Messages.json", "MessagingServiceSid=" MG "&To=%2B41791112233&Body=x", 21701},
    {"/Messages.json", GOOD "&StatusCallback=here", 21609},
    {"/Messages.json", GOOD "&ValidityPeriod=0", 21624},
    {"/IncomingPhoneNumbers.json", "PhoneNumber=%2B15005550006", 0},
    {"/IncomingPhoneNumbers.json", "PhoneNumber=%2B15005550000", 21422},
    {"/IncomingPhoneNumbers.json", "PhoneNumber=%2B15005550001", 21421},
    {"/IncomingPhoneNumbers.json", "PhoneNumber=%2B41791112233", 21422},
    {"/IncomingPhoneNumbers.json", "AreaCode=500", 0},
    {"/IncomingPhoneNumbers.json", "AreaCode=533", 21452},
    {"/IncomingPhoneNumbers.json", "", 21421},
    {"/IncomingPhoneNumbers.json", "PhoneNumber=%2B15005550006&SmsUrl=here", 21402},
    {"/Calls.json", "From=" FROM_OK "&To=%2B41791112233&Url=http://app.example/twiml", 0},
    {"/Calls.json", "From=" FROM_OK "&To=%2B15005550001&Url=http://app.example/twiml", 21217},
    {"/Calls.json", "From=" FROM_OK "&To=%2B15005550002&Url=http://app.example/twiml", 21214},
    {"/Calls.json", "From=" FROM_OK "&To=%2B15005550003&Url=http://app.example/twiml", 21215},
    {"/Calls.json", "From=" FROM_OK "&To=%2B15005550004&Url=http://app.example/twiml", 21216},
    {"/Calls.json", "From=%2B15005550001&To=%2B41791112233&Url=http://app.example/twiml", 21212},
    {"/Calls.json", "From=%2B41790000001&To=%2B41791112233&Url=http://app.example/twiml", 21210},
    {"/Calls.json", "From=" FROM_OK "&To=%2B41791112233", 21205},
    {"/Calls.json", "From=" FROM_OK, 21201},
    {"/Calls.json", "To=%2B41791112233", 21213},
};

static void test_numbers(void **state)
{
    struct facade_rig *r = *state;
    for (size_t i = 0; i < sizeof REQUESTS / sizeof REQUESTS[0]; i++) {
        struct response response = ask_test(r, "POST", REQUESTS[i].tail, REQUESTS[i].form);
        int code = (int)json_integer_value(json_object_get(response.json, "code"));
        if (code != REQUESTS[i].code || response.status != (code != 0 ? 400 : 201))
            fail_msg("%s %s: %d %s", REQUESTS[i].tail, REQUESTS[i].form, response.status, response.body);
        response_fini(&response);
    }
}

static void test_nothing_is_kept(void **state)
{
    struct facade_rig *r = *state;
    struct queue_counts counts;
    struct response response =
        ask_test(r, "POST", "/Messages.json", GOOD "&StatusCallback=http://app.example/s");
    assert_int_equal(response.status, 201);
    assert_string_equal(text_of(&response, "status"), "queued");
    assert_string_equal(text_of(&response, "account_sid"), test_account.sid);
    assert_string_equal(text_of(&response, "body"), "Hello");
    assert_string_equal(text_of(&response, "num_segments"), "1");
    assert_string_equal(text_of(&response, "from"), "+15005550006");
    assert_null(text_of(&response, "date_sent"));
    response_fini(&response);
    queue_counts(r->queue, &counts);
    assert_int_equal(counts.accepted, 0);
    assert_int_equal(counts.hooks_waiting, 0);
}

static void test_what_is_bought_is_whole(void **state)
{
    struct facade_rig *r = *state;
    struct response response = ask_test(r, "POST", "/IncomingPhoneNumbers.json",
                                        "AreaCode=500&SmsUrl=http://app.example/sms&FriendlyName=CI");
    assert_int_equal(response.status, 201);
    assert_string_equal(text_of(&response, "phone_number"), "+15005550006");
    assert_string_equal(text_of(&response, "sms_url"), "http://app.example/sms");
    assert_string_equal(text_of(&response, "friendly_name"), "CI");
    assert_memory_equal(text_of(&response, "sid"), "PN", 2);
    response_fini(&response);
}

static void test_all_else_is_refused(void **state)
{
    static const struct {
        const char *method, *tail;
        int status, code;
    } rows[] = {
        {"GET", "/Messages.json", 403, 20008},
        {"GET", ".json", 403, 20008},
        {"GET", "/IncomingPhoneNumbers.json", 403, 20008},
        {"DELETE", "/Messages/SM00112233445566778899aabbccddeeff.json", 403, 20008},
        {"GET", "/Nothing.json", 404, 20404},
        {"PUT", "/Messages.json", 405, 20004},
    };
    struct facade_rig *r = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct response response = ask_test(r, rows[i].method, rows[i].tail, NULL);
        assert_refused(&response, rows[i].status, rows[i].code);
    }
}

static void test_others_cannot_call(void **state)
{
    struct facade_rig *r = *state;
    struct response response =
        rig_ask(r, "POST", API "/Calls.json", "From=" FROM_OK "&To=%2B41791112233&Url=http://app.example/t");
    assert_refused(&response, 404, 20404);
    response = rig_ask(r, "POST", API "/Messages.json", GOOD);
    assert_refused(&response, 400, 21606);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_numbers),
        TEST(test_nothing_is_kept),
        TEST(test_what_is_bought_is_whole),
        TEST(test_all_else_is_refused),
        TEST(test_others_cannot_call),
    };
    signal(SIGPIPE, SIG_IGN);
    log_open(LOG_ERROR, true, STDERR_FILENO);
    powerfail_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
