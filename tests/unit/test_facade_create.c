/* What a create may ask for besides a text to a number: a later time, feedback, media, a key; and who may be
 * written to. */
#include <signal.h>

#include "facade_calls.h"

#define LATER                                                                                                \
    "To=%2B41791112233&MessagingServiceSid=" MG "&Body=Hello&ScheduleType=fixed&SendAt=2027-01-15T09:00:00Z"
#define LATER_ALONE                                                                                          \
    "To=%2B41791112233&From=%2B41790000001&Body=Hello&ScheduleType=fixed&SendAt=2027-01-15T09:00:00Z"

/* Long enough for a kept connection to be closed. */
static void later(int64_t ms)
{
    client_close(&rig.client);
    clock_advance(ms);
    for (int i = 0; i < 6; i++)
        loop_turn(rig.store.loop, 0);
}

static void assert_status(const char *path, const char *status)
{
    struct response r = get(path);
    assert_int_equal(r.status, 200);
    assert_string_equal(text_of(&r, "status"), status);
    response_fini(&r);
}

/* ---- later ---- */

static void test_scheduled(void **state)
{
    char path[128];
    (void)state;
    struct response r = post(API "/Messages.json", LATER);
    assert_int_equal(r.status, 201);
    assert_string_equal(text_of(&r, "status"), "scheduled");
    assert_null(text_of(&r, "from"));
    assert_null(text_of(&r, "date_sent"));
    assert_string_equal(text_of(&r, "num_segments"), "0");
    snprintf(path, sizeof path, "%s", text_of(&r, "uri"));
    response_fini(&r);
    later(3600000 - 1);
    assert_status(path, "scheduled");
    later(1);
    assert_status(path, "accepted");
    send_one(OUTCOME_SENT, 0);
    assert_status(path, "sent");
}

static void test_scheduled_is_canceled(void **state)
{
    char path[128];
    (void)state;
    create(LATER, path);
    struct response r = rig_ask(&rig, "DELETE", path, NULL);
    assert_refused(&r, 409, 20009);
    r = post(path, "Body=");
    assert_refused(&r, 400, 30400);
    r = post(path, "Status=canceled");
    assert_int_equal(r.status, 200);
    assert_string_equal(text_of(&r, "status"), "canceled");
    response_fini(&r);
    r = post(path, "Status=canceled");
    assert_refused(&r, 409, 30409);
}

static void test_limits_of_scheduling(void **state)
{
    char path[128];
    (void)state;
    struct response r = post(API "/Messages.json", LATER_ALONE);
    assert_refused(&r, 400, 35118);
    configure("schedule_without_service = yes\nscheduled_max = 1\nqueue_max = 1", "");
    create(FORM, path); /* scheduled ones are no load yet */
    create(LATER_ALONE, path);
    assert_status(path, "scheduled");
    r = post(API "/Messages.json", LATER);
    assert_refused(&r, 400, 35125);
    r = post(path, "Status=canceled");
    response_fini(&r);
    create(LATER, path);
}

/* ---- keys ---- */

static struct response create_keyed(const char *key, const char *form)
{
    char auth[256], headers[400];
    basic_auth(AC, TOKEN, auth);
    snprintf(headers, sizeof headers, "%sIdempotency-Key: %s\r\n", auth, key);
    return rig_ask_as(&rig, "POST", API "/Messages.json", headers, form);
}

static void test_a_repeat_is_answered_while_the_queue_is_full(void **state)
{
    char path[128];
    (void)state;
    struct response r = create_keyed("one", FORM);
    assert_int_equal(r.status, 201);
    snprintf(path, sizeof path, "%s", text_of(&r, "uri"));
    response_fini(&r);
    configure("queue_max = 1", "");
    r = create_keyed("two", FORM);
    assert_refused(&r, 429, 20429);
    r = create_keyed("one", FORM);
    assert_int_equal(r.status, 201);
    assert_string_equal(text_of(&r, "uri"), path);
    response_fini(&r);
}

static void test_a_repeat_is_answered_though_its_time_is_near(void **state)
{
    char path[128];
    (void)state;
    struct response r = create_keyed("one", LATER);
    assert_int_equal(r.status, 201);
    snprintf(path, sizeof path, "%s", text_of(&r, "uri"));
    response_fini(&r);
    later(3400000);
    r = create_keyed("two", LATER);
    assert_refused(&r, 400, 35114);
    r = create_keyed("one", LATER);
    assert_int_equal(r.status, 201);
    assert_string_equal(text_of(&r, "uri"), path);
    response_fini(&r);
}

static void test_a_key_outlives_its_message(void **state)
{
    char path[128];
    (void)state;
    struct response r = create_keyed("one", FORM);
    snprintf(path, sizeof path, "%s", text_of(&r, "uri"));
    response_fini(&r);
    send_one(OUTCOME_REJECT, 30005);
    r = rig_ask(&rig, "DELETE", path, NULL);
    assert_int_equal(r.status, 204);
    response_fini(&r);
    r = create_keyed("one", FORM);
    assert_refused(&r, 409, 20409);
    later(24 * 3600000);
    r = create_keyed("one", FORM);
    assert_int_equal(r.status, 201);
    response_fini(&r);
}

/* What is looked at are the four that make the message; a part of one cannot pass as a part of the next. */
static void test_a_key_stands_for_one_request(void **state)
{
    static const struct {
        const char *form;
        int status;
    } rows[] = {
        {FORM, 201},
        {"Body=Hello&To=%2B41791112233&From=%2B41790000001", 201},
        {FORM "&StatusCallback=http%3A%2F%2Fa.test%2F", 201},
        {"To=%2B41791112234&From=%2B41790000001&Body=Hello", 409},
        {"To=%2B41791112233&From=%2B41790000002&Body=Hello", 409},
        {"To=%2B41791112233&MessagingServiceSid=" MG "&Body=Hello", 409},
        {"To=%2B4179111223&From=3%2B41790000001&Body=Hello", 409},
        {FORM "%00", 409},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct response r = create_keyed("one", rows[i].form);
        if (r.status != rows[i].status)
            fail_msg("%s: %d %s", rows[i].form, r.status, r.body);
        response_fini(&r);
    }
}

/* ---- the line's queue ---- */

#define HALL      "[line hall]\ncarrier = loopback\nnumber = +41790000003\nqueue_max = 20\nrate = 2\n"
#define HALL_FORM "To=%2B41791112233&From=%2B41790000003&Body=Hello"
#define POOL                                                                                                 \
    HALL "[line yard]\ncarrier = loopback\nnumber = +41790000004\nqueue_max = 2\nrate = 2\n"                 \
         "[service both]\nsid = " MG_MORE "\nlines = hall, yard\n"
#define POOL_FORM "To=%2B41791112233&MessagingServiceSid=" MG_MORE "&Body=Hello"

static void test_a_line_is_full(void **state)
{
    char path[128], value[16];
    (void)state;
    configure("", HALL);
    for (int i = 0; i < 20; i++)
        create(HALL_FORM, path);
    struct response r = post(API "/Messages.json", HALL_FORM);
    assert_true(response_header(&r, "Retry-After", value, sizeof value));
    assert_string_equal(value, "2"); /* three messages at two a second */
    assert_refused(&r, 429, 21611);
    create(FORM, path); /* another line */
    send_one_on("+41790000003", OUTCOME_SENT, 0);
    create(HALL_FORM, path);
    r = post(API "/Messages.json", HALL_FORM);
    assert_refused(&r, 429, 21611);
    configure("schedule_without_service = yes", HALL);
    create(HALL_FORM "&ScheduleType=fixed&SendAt=2027-01-15T09:00:00Z", path); /* no load yet */
}

static void test_a_pool_is_full(void **state)
{
    char path[128];
    (void)state;
    configure("", POOL);
    for (int i = 0; i < 22; i++)
        create(POOL_FORM, path);
    struct response r = post(API "/Messages.json", POOL_FORM);
    assert_refused(&r, 429, 21611);
    r = post(path, "Status=canceled");
    response_fini(&r);
    create(POOL_FORM, path);
}

/* ---- feedback and media ---- */

static void test_feedback(void **state)
{
    char path[128], uri[160];
    (void)state;
    create(FORM, path);
    path[strlen(path) - strlen(".json")] = '\0';
    snprintf(uri, sizeof uri, "%s/Feedback.json", path);
    struct response r = get(uri);
    assert_refused(&r, 404, 20404);
    r = post(uri, "Outcome=maybe");
    assert_refused(&r, 400, 20001);
    r = post(uri, "");
    assert_int_equal(r.status, 200);
    assert_int_equal(json_object_size(r.json), 6);
    assert_string_equal(text_of(&r, "outcome"), "confirmed");
    assert_string_equal(text_of(&r, "account_sid"), AC);
    assert_string_equal(text_of(&r, "message_sid"), path + strlen(API "/Messages/"));
    assert_string_equal(text_of(&r, "uri"), uri);
    assert_string_equal(text_of(&r, "date_created"), "Fri, 15 Jan 2027 08:00:00 +0000");
    response_fini(&r);
    later(60000);
    r = post(uri, "Outcome=Unconfirmed");
    assert_int_equal(r.status, 200);
    response_fini(&r);
    r = get(uri);
    assert_int_equal(r.status, 200);
    assert_string_equal(text_of(&r, "outcome"), "unconfirmed");
    assert_string_equal(text_of(&r, "date_created"), "Fri, 15 Jan 2027 08:00:00 +0000");
    assert_string_equal(text_of(&r, "date_updated"), "Fri, 15 Jan 2027 08:01:00 +0000");
    response_fini(&r);
    r = post(API "/Messages/SM00000000000000000000000000000000/Feedback.json", "");
    assert_refused(&r, 404, 20404);
}

static void test_media(void **state)
{
    char path[128], uri[192];
    (void)state;
    create(FORM, path);
    path[strlen(path) - strlen(".json")] = '\0';
    snprintf(uri, sizeof uri, "%s/Media.json?DateCreated%%3E=2027-01-01", path);
    struct response r = get(uri);
    assert_int_equal(r.status, 200);
    assert_int_equal(json_array_size(json_object_get(r.json, "media_list")), 0);
    assert_non_null(strstr(text_of(&r, "uri"), "DateCreated%3E=2027-01-01"));
    response_fini(&r);
    snprintf(uri, sizeof uri, "%s/Media.json?DateCreated=someday", path);
    r = get(uri);
    assert_refused(&r, 400, 20001);
    snprintf(uri, sizeof uri, "%s/Media/ME00112233445566778899aabbccddeeff.json", path);
    r = get(uri);
    assert_refused(&r, 404, 20404);
    r = rig_ask(&rig, "DELETE", uri, NULL);
    assert_refused(&r, 404, 20404);
}

static void test_media_appended(void **state)
{
#define URL "http%3A%2F%2Fa.test%2F"
    char form[4096], body[1700];
    (void)state;
    configure("media = append", "");
    struct response r = post(API "/Messages.json", FORM "&MediaUrl=" URL "1.png&MediaUrl=" URL "2.png");
    assert_int_equal(r.status, 201);
    assert_string_equal(text_of(&r, "body"), "Hello\nhttp://a.test/1.png\nhttp://a.test/2.png");
    assert_string_equal(text_of(&r, "num_media"), "0");
    response_fini(&r);
    r = post(API "/Messages.json", "To=%2B41791112233&From=%2B41790000001&MediaUrl=" URL);
    assert_int_equal(r.status, 201);
    assert_string_equal(text_of(&r, "body"), "http://a.test/");
    response_fini(&r);
    r = post(API "/Messages.json", FORM "&MediaUrl=nonsense");
    assert_refused(&r, 400, 21620);
    memset(body, 'x', sizeof body);
    for (int units = 1585; units <= 1586; units++) { /* and 15 for the URL and its line break */
        snprintf(form, sizeof form, "To=%%2B41791112233&From=%%2B41790000001&MediaUrl=%s&Body=%.*s", URL,
                 units, body);
        r = post(API "/Messages.json", form);
        assert_int_equal(r.status, units == 1585 ? 201 : 400);
        if (units == 1585)
            assert_int_equal(strlen(text_of(&r, "body")), 1600);
        else
            assert_int_equal(json_integer_value(json_object_get(r.json, "code")), 21617);
        response_fini(&r);
    }
#undef URL
}

/* ---- the application's callback ---- */

static void create_application(char sid[64])
{
    struct response r =
        post(API "/Applications.json", "FriendlyName=a&MessageStatusCallback=http%3A%2F%2Fa.test%2Fstatus");
    assert_int_equal(r.status, 201);
    snprintf(sid, 64, "%s", text_of(&r, "sid"));
    response_fini(&r);
}

static void assert_callback(const char *form, const char *url)
{
    char path[128];
    struct sid sid;
    struct message m;
    create(form, path);
    path[strlen(path) - strlen(".json")] = '\0';
    assert_true(sid_parse(path + strlen(API "/Messages/"), "SM", &sid));
    assert_int_equal(queue_message_by_sid(rig.queue, 0, &sid, &m), 0);
    if (url == NULL)
        assert_null(m.callback_url);
    else
        assert_string_equal(m.callback_url, url);
    message_fini(&m);
}

static void test_application(void **state)
{
    char sid[64], form[512];
    (void)state;
    create_application(sid);
    snprintf(form, sizeof form, "%s&ApplicationSid=%s", FORM, sid);
    assert_callback(form, "http://a.test/status");
    snprintf(form, sizeof form, "%s&ApplicationSid=%s&StatusCallback=http://b.test/", FORM, sid);
    assert_callback(form, "http://b.test/");
    configure("", "status_callback = http://service.test/\n"); /* of the service, the last section */
    snprintf(form, sizeof form, "To=%%2B41791112233&MessagingServiceSid=%s&Body=x&ApplicationSid=%s", MG,
             sid);
    assert_callback(form, NULL); /* the service's counts */
    struct response r = post(API "/Messages.json", FORM "&ApplicationSid=AP00112233445566778899aabbccddeeff");
    assert_refused(&r, 400, 20001);
    r = post(API "/Messages.json", FORM "&ApplicationSid=nonsense");
    assert_refused(&r, 400, 20001);
}

/* ---- to whom ---- */

static void test_prefixes(void **state)
{
    static const struct {
        const char *http;
        bool allowed;
    } rows[] = {
        {"to_allow = +41", true},
        {"to_allow = +49, +4179", true},
        {"to_allow = +49", false},
        {"to_deny = +41", false},
        {"to_deny = +417900", true},
        {"to_allow = +41\nto_deny = +4179", false},
        {"to_allow = +4179\nto_deny = +41", true},
        {"to_allow = +4179\nto_deny = +4179", false},
        {"to_allow = +49\nto_deny = +43", false},
        {"to_allow = +41791112233\nto_deny = +4179111223", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        configure(rows[i].http, "");
        struct response r = post(API "/Messages.json", FORM);
        if ((r.status == 201) != rows[i].allowed)
            fail_msg("%s: %d %s", rows[i].http, r.status, r.body);
        if (rows[i].allowed)
            response_fini(&r);
        else
            assert_refused(&r, 400, 21408);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_scheduled),
        TEST(test_scheduled_is_canceled),
        TEST(test_limits_of_scheduling),
        TEST(test_a_repeat_is_answered_while_the_queue_is_full),
        TEST(test_a_repeat_is_answered_though_its_time_is_near),
        TEST(test_a_key_outlives_its_message),
        TEST(test_a_key_stands_for_one_request),
        TEST(test_a_line_is_full),
        TEST(test_a_pool_is_full),
        TEST(test_feedback),
        TEST(test_media),
        TEST(test_media_appended),
        TEST(test_application),
        TEST(test_prefixes),
    };
    signal(SIGPIPE, SIG_IGN);
    powerfail_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
