/* The API as its clients meet it: the real server over real rooms. */
#include <signal.h>

#include "facade_calls.h"

#include "host/base/form.h"

static int setup_small_queue(void **state)
{
    (void)state;
    return open_with("queue_max = 2");
}

static const char *const MESSAGE_KEYS[] = {"account_sid",
                                           "api_version",
                                           "body",
                                           "date_created",
                                           "date_sent",
                                           "date_updated",
                                           "direction",
                                           "error_code",
                                           "error_message",
                                           "from",
                                           "messaging_service_sid",
                                           "num_media",
                                           "num_segments",
                                           "price",
                                           "price_unit",
                                           "sid",
                                           "status",
                                           "subresource_uris",
                                           "to",
                                           "uri"};
#define MESSAGE_KEY_COUNT (sizeof MESSAGE_KEYS / sizeof MESSAGE_KEYS[0])

static void test_create(void **state)
{
    char uri[128], media[128];
    (void)state;
    struct response r = post(API "/Messages.json", FORM);
    assert_int_equal(r.status, 201);
    for (size_t i = 0; i < MESSAGE_KEY_COUNT; i++)
        assert_non_null(json_object_get(r.json, MESSAGE_KEYS[i]));
    assert_int_equal(json_object_size(r.json), MESSAGE_KEY_COUNT);
    assert_string_equal(text_of(&r, "account_sid"), AC);
    assert_string_equal(text_of(&r, "body"), "Hello");
    assert_string_equal(text_of(&r, "date_created"), "Fri, 15 Jan 2027 08:00:00 +0000");
    assert_null(text_of(&r, "date_sent"));
    assert_string_equal(text_of(&r, "direction"), "outbound-api");
    assert_true(json_is_null(json_object_get(r.json, "error_code")));
    assert_string_equal(text_of(&r, "from"), WARD);
    assert_null(text_of(&r, "messaging_service_sid"));
    assert_string_equal(text_of(&r, "num_media"), "0");
    assert_string_equal(text_of(&r, "num_segments"), "1");
    assert_null(text_of(&r, "price"));
    assert_null(text_of(&r, "price_unit"));
    assert_string_equal(text_of(&r, "status"), "queued");
    assert_string_equal(text_of(&r, "to"), ALICE);
    assert_memory_equal(text_of(&r, "sid"), "SM", 2);
    assert_int_equal(strlen(text_of(&r, "sid")), 34);
    snprintf(uri, sizeof uri, API "/Messages/%s.json", text_of(&r, "sid"));
    assert_string_equal(text_of(&r, "uri"), uri);
    snprintf(media, sizeof media, API "/Messages/%s/Media.json", text_of(&r, "sid"));
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(r.json, "subresource_uris"), "media")), media);
    struct response fetched = get(uri);
    assert_int_equal(fetched.status, 200);
    snprintf(media, sizeof media, API "/Messages/%s/Feedback.json", text_of(&r, "sid"));
    json_object_set_new(json_object_get(r.json, "subresource_uris"), "feedback", json_string(media));
    assert_true(json_equal(fetched.json, r.json));
    response_fini(&fetched);
    response_fini(&r);
}

/* Law 1: while the disk does not take it there is no 201. */
static void test_answer_waits_for_the_disk(void **state)
{
    char auth[256];
    struct store_stats before, after;
    (void)state;
    basic_auth(AC, TOKEN, auth);
    store_stats(rig.store.store, &before);
    powerfail_full(true);
    rig_send(&rig, "POST", API "/Messages.json", auth, FORM);
    client_arrives(&rig.client);
    for (int i = 0; i < 10; i++)
        client_poll(&rig.client);
    assert_int_equal(rig.client.len, 0); /* neither 201 nor an error: it was accepted, and will be stored */
    assert_false(store_open_for_work(rig.store.store));
    store_stats(rig.store.store, &after);
    assert_int_equal(after.commits, before.commits);

    struct client other;
    struct response r;
    char text[1024];
    client_connect(&other, rig.store.loop, facade_port(rig.facade));
    snprintf(text, sizeof text, "POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n%s",
             API "/Messages.json", auth, strlen(FORM), FORM);
    client_send(&other, text);
    client_receive(&other, &r); /* new ones are refused, nothing is stored of them */
    assert_refused(&r, 503, 20503);
    client_close(&other);

    powerfail_full(false);
    clock_advance(5000);
    client_receive(&rig.client, &r);
    assert_int_equal(r.status, 201);
    response_fini(&r);
    r = get(API "/Messages.json");
    assert_int_equal(json_array_size(json_object_get(r.json, "messages")), 1);
    response_fini(&r);
}

static void test_client_gone_message_stays(void **state)
{
    char auth[256];
    struct linger hard = {1, 0};
    (void)state;
    basic_auth(AC, TOKEN, auth);
    powerfail_full(true); /* so that the answer cannot be quicker than the client */
    rig_send(&rig, "POST", API "/Messages.json", auth, FORM);
    client_arrives(&rig.client);
    setsockopt(rig.client.fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    client_close(&rig.client);
    powerfail_full(false);
    clock_advance(5000);
    for (int i = 0; i < 5; i++)
        loop_turn(rig.store.loop, 1);
    struct response r = get(API "/Messages.json");
    assert_int_equal(json_array_size(json_object_get(r.json, "messages")), 1);
    response_fini(&r);
}

static void test_close_with_a_create_under_way(void **state)
{
    char auth[256];
    (void)state;
    basic_auth(AC, TOKEN, auth);
    powerfail_full(true);
    rig_send(&rig, "POST", API "/Messages.json", auth, FORM);
    client_arrives(&rig.client);
    facade_close(rig.facade);
    rig.facade = NULL;
    powerfail_full(false);
    clock_advance(5000);
    for (int i = 0; i < 5; i++)
        loop_turn(rig.store.loop, 1);
    struct queue_counts counts;
    queue_counts(rig.queue, &counts);
    assert_int_equal(counts.accepted, 1);
}

static struct timer claiming;
static int claimed;

/* A line that is free takes a message in the turn in which it was accepted. */
static void claim_at_once(void *arg)
{
    const struct line *line = directory_line_by_number(rig.directory, WARD);
    const int64_t pool = directory_service_of_line(rig.directory, line->id)->id;
    struct job job;
    int64_t next;
    (void)arg;
    claimed += queue_claim(rig.queue, line->id, &pool, 1, &job, &next) == 0;
    timer_set(&claiming, 0);
}

static void test_sender_that_a_service_chose_is_told_later(void **state)
{
    static const struct {
        const char *form, *from, *segments;
    } rows[] = {
        {"MessagingServiceSid=" MG, NULL, "0"},
        {"MessagingServiceSid=" MG "&From=", NULL, "0"},
        {"From=" MG, NULL, "0"},
        {"MessagingServiceSid=" MG "&From=%2B41790000001", WARD, "1"},
    };
    (void)state;
    timer_init(&claiming, rig.store.loop, claim_at_once, NULL);
    timer_set(&claiming, 0);
    claimed = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char form[256];
        snprintf(form, sizeof form, "To=%%2B4179111223%zu&Body=x&%s", i, rows[i].form);
        struct response r = post(API "/Messages.json", form);
        const char *from = text_of(&r, "from");
        if ((from == NULL) != (rows[i].from == NULL) || strcmp(text_of(&r, "num_segments"), rows[i].segments))
            fail_msg("%s: %s", rows[i].form, r.body);
        assert_string_equal(text_of(&r, "status"), "accepted");
        response_fini(&r);
    }
    timer_stop(&claiming);
    assert_int_equal(claimed, sizeof rows / sizeof rows[0]);
}

static void test_create_forms(void **state)
{
    (void)state;
    struct response r = post(API "/Messages", "To=%2B41791112233&MessagingServiceSid=" MG "&Body=Hello");
    assert_int_equal(r.status, 201);
    assert_string_equal(text_of(&r, "status"), "accepted");
    assert_string_equal(text_of(&r, "messaging_service_sid"), MG);
    assert_null(text_of(&r, "from"));
    assert_string_equal(text_of(&r, "num_segments"), "0");
    response_fini(&r);
    r = post(API "/Messages.json",
             "To=%2B41791112233&From=%2B41790000001&Body=%E2%82%AC+%26+%3C%22%0A%E4%BD%A0");
    assert_int_equal(r.status, 201);
    assert_string_equal(text_of(&r, "body"), "\xe2\x82\xac & <\"\n\xe4\xbd\xa0");
    response_fini(&r);
    r = post(API "/Messages.json",
             FORM "&ContentRetention=discard&AddressRetention=obfuscate&Tags=%7B%22class%22%3A%22otp%22%7D");
    assert_int_equal(r.status, 201);
    assert_string_equal(text_of(&r, "body"), "");
    assert_string_equal(text_of(&r, "to"), "+4179111XXXX");
    assert_string_equal(json_string_value(json_object_get(json_object_get(r.json, "tags"), "class")), "otp");
    assert_null(json_object_get(r.json, "cellpost"));
    response_fini(&r);
}

static void test_refusals(void **state)
{
    static const struct refused_form rows[] = {
        {"", 400, 21604},
        {"to=%2B41791112233&From=%2B41790000001&Body=x", 400, 21604}, /* keys have case */
        {FORM "&To=%2B41791112234", 400, 21653},
        {"To=%2B41791112233&From=%2B41790000001", 400, 21619},
        {"To=%2B41791112233&From=%2B41790000001&Body=x&MediaUrl=http%3A%2F%2Fa%2F1", 400, 21621},
        {"To=%2B41791112233&From=%2B41790000009&Body=x", 400, 21606},
        {"To=%zz", 400, 20001},
        {"To=%ff", 400, 20001},
    };
    (void)state;
    assert_forms_refused(API "/Messages.json", rows, sizeof rows / sizeof rows[0]);
}

/* A text that C would cut there is not the text that the client meant. */
static void test_nul(void **state)
{
    static const struct {
        const char *method, *path, *form;
        int code;
        const char *named;
    } rows[] = {
        {"POST", API "/Messages.json", "To=%2B41791112233%00junk&From=%2B41790000001&Body=x", 20001, "To"},
        {"POST", API "/Messages.json", "To=%2B41791112233&From=%2B41790000001%00&Body=x", 20001, "From"},
        {"POST", API "/Messages.json", FORM "&StatusCallback=http://a/%00b", 20001, "StatusCallback"},
        {"POST", API "/Messages.json", FORM "&Tags={}%00", 20001, "Tags"},
        {"POST", API "/Messages.json", FORM "&ValidityPeriod=5%00", 20001, "ValidityPeriod"},
        {"POST", API "/Messages.json", FORM "&Unheard-of=%00", 20001, "Unheard-of"},
        {"POST", API "/Messages.json", "To=%2B41791112233&From=%2B41790000001&Body=a%00b", 21618, "U+0000"},
        {"POST", API "/Messages.json", "To=%2B41791112233&From=%2B41790000001&Body=%00", 21618, "U+0000"},
        {"GET", API "/Messages.json?To=%2B41791112233%00junk", NULL, 20001, "To"},
        {"GET", API "/Messages.json?DateSent%3E=2027-01-15%00x", NULL, 20001, "DateSent>"},
        {"GET", API "/Messages.json?PageSize=5%000", NULL, 20001, "PageSize"},
        {"GET", API "/IncomingPhoneNumbers.json?PhoneNumber=%2B41790000001%00", NULL, 20001, "PhoneNumber"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct response r = rig_ask(&rig, rows[i].method, rows[i].path, rows[i].form);
        if (r.status != 400 || strstr(text_of(&r, "message"), rows[i].named) == NULL)
            fail_msg("%s %s: %d %s", rows[i].path, rows[i].form, r.status, r.body);
        assert_refused(&r, 400, rows[i].code);
    }
    struct response r = get(API "/Messages.json");
    assert_int_equal(json_array_size(json_object_get(r.json, "messages")), 0);
    response_fini(&r);
}

static void test_content_types(void **state)
{
    static const struct {
        const char *type;
        int status;
    } rows[] = {
        {"application/x-www-form-urlencoded", 201},
        {"application/x-www-form-urlencoded; charset=UTF-8", 201},
        {"Application/X-WWW-Form-URLEncoded;charset=utf-8", 201},
        {"application/json", 400},
        {"multipart/form-data; boundary=x", 400},
        {"application/x-www-form-urlencodedx", 400},
    };
    char auth[256], headers[512];
    (void)state;
    basic_auth(AC, TOKEN, auth);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[1024];
        struct client c;
        struct response r;
        snprintf(headers, sizeof headers, "%sContent-Type: %s\r\n", auth, rows[i].type);
        client_connect(&c, rig.store.loop, facade_port(rig.facade));
        snprintf(text, sizeof text, "POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n%s",
                 API "/Messages.json", headers, strlen(FORM), FORM);
        client_send(&c, text);
        client_receive(&c, &r);
        assert_int_equal(r.status, rows[i].status);
        response_fini(&r);
        client_close(&c);
    }
}

static void test_queue_full(void **state)
{
    char path[128], value[16];
    (void)state;
    create(FORM, path);
    create(FORM, path);
    struct response r = post(API "/Messages.json", FORM);
    assert_true(response_header(&r, "Retry-After", value, sizeof value));
    assert_refused(&r, 429, 20429);
    r = rig_ask(&rig, "DELETE", path, NULL); /* not final */
    assert_refused(&r, 409, 20009);
    r = post(path, "Status=canceled");
    assert_int_equal(r.status, 200);
    response_fini(&r);
    create(FORM, path); /* there is room again */
}

static void test_idempotency(void **state)
{
    char auth[256], headers[400], sid[40];
    (void)state;
    basic_auth(AC, TOKEN, auth);
    snprintf(headers, sizeof headers, "%sIdempotency-Key: one\r\n", auth);
    struct response r = rig_ask_as(&rig, "POST", API "/Messages.json", headers, FORM);
    assert_int_equal(r.status, 201);
    snprintf(sid, sizeof sid, "%s", text_of(&r, "sid"));
    response_fini(&r);
    snprintf(headers, sizeof headers, "%sI-Twilio-Idempotency-Token: one\r\n", auth);
    r = rig_ask_as(&rig, "POST", API "/Messages.json", headers, FORM "again"); /* another text */
    assert_refused(&r, 409, 20409);
    r = rig_ask_as(&rig, "POST", API "/Messages.json", headers, FORM);
    assert_int_equal(r.status, 201);
    assert_string_equal(text_of(&r, "sid"), sid);
    assert_string_equal(text_of(&r, "body"), "Hello");
    response_fini(&r);
    r = get(API "/Messages.json");
    assert_int_equal(json_array_size(json_object_get(r.json, "messages")), 1);
    response_fini(&r);
}

/* ---- the door ---- */

static void test_who_is_let_in(void **state)
{
    char auth[256], path[128], other[128], value[64];
    (void)state;
    create(FORM, path);
    struct response r = rig_ask_as(&rig, "GET", path, "", NULL);
    assert_true(response_header(&r, "WWW-Authenticate", value, sizeof value));
    assert_string_equal(value, "Basic realm=\"Twilio API\"");
    assert_string_equal(text_of(&r, "message"), "Authentication Error - No credentials provided");
    assert_refused(&r, 401, 20003);
    basic_auth(AC, "00000000000000000000000000000000", auth);
    r = rig_ask_as(&rig, "GET", path, auth, NULL);
    assert_refused(&r, 401, 20003);
    r = rig_ask_as(&rig, "GET", "/nowhere", "", NULL);
    assert_refused(&r, 401, 20003);
    basic_auth(rig.other_sid, rig.other_token, auth);
    r = rig_ask_as(&rig, "GET", path, auth, NULL); /* its account is not this one */
    assert_refused(&r, 404, 20404);
    r = rig_ask_as(&rig, "POST", API "/Messages.json", auth, FORM);
    assert_refused(&r, 404, 20404);
    snprintf(other, sizeof other, "/2010-04-01/Accounts/%s%s", rig.other_sid, strstr(path, "/Messages"));
    r = rig_ask_as(&rig, "GET", other, auth, NULL); /* nor is the message this account's */
    assert_refused(&r, 404, 20404);
    snprintf(other, sizeof other, "/2010-04-01/Accounts/%s.json", rig.other_sid);
    r = rig_ask_as(&rig, "GET", other, auth, NULL);
    assert_int_equal(r.status, 200);
    assert_string_equal(text_of(&r, "friendly_name"), "other");
    assert_string_equal(text_of(&r, "auth_token"), rig.other_token);
    response_fini(&r);
}

static void test_unknown_paths(void **state)
{
    static const char *const rows[] = {
        "/",
        "/2010-04-01",
        "/2010-04-01/Accounts/AC1.json",
        API "/Messages.xml",
        API "/Messages.csv",
        API "/Messages/",
        API "/Messages/SM1.json",
        API "/Messages/SM00112233445566778899aabbccddeeff.json",
        API "/Faxes.json",
        API "/SMS/Nothing.json",
        "/2010-04-01/Accounts/ACffffffffffffffffffffffffffffffff/Messages.json",
        "/%zz",
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char message[256];
        struct response r = get(rows[i]);
        snprintf(message, sizeof message, "The requested resource %s was not found", rows[i]);
        assert_string_equal(text_of(&r, "message"), message);
        assert_refused(&r, 404, 20404);
    }
}

static void test_methods(void **state)
{
    static const struct {
        const char *method, *path, *allow;
        int status;
    } rows[] = {
        {"PUT", API "/Messages.json", "POST, GET, HEAD, OPTIONS", 405},
        {"DELETE", API "/Messages.json", "POST, GET, HEAD, OPTIONS", 405},
        {"PATCH", API "/Messages/SM00112233445566778899aabbccddeeff.json", "GET, HEAD, POST, DELETE, OPTIONS",
         405},
        {"BREW", API ".json", "GET, HEAD, POST, OPTIONS", 405},
        {"OPTIONS", API "/Messages.json", "POST, GET, HEAD, OPTIONS", 204},
        {"OPTIONS", "*", "GET, HEAD, POST, DELETE, OPTIONS", 204},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char allow[64] = "";
        struct response r = rig_ask(&rig, rows[i].method, rows[i].path, NULL);
        assert_int_equal(r.status, rows[i].status);
        assert_true(response_header(&r, "Allow", allow, sizeof allow));
        assert_string_equal(allow, rows[i].allow);
        if (r.status == 405)
            assert_refused(&r, 405, 20004);
        response_fini(&r);
    }
}

static void test_local_peer_needs_no_password(void **state)
{
    char path[160];
    struct client c;
    struct response r;
    (void)state;
    snprintf(path, sizeof path, "%s/http", rig.store.dir);
    client_connect_unix(&c, rig.store.loop, path);
    client_send(&c, "GET /2010-04-01/Accounts.json HTTP/1.1\r\nHost: x\r\n\r\n");
    client_receive(&c, &r);
    assert_int_equal(r.status, 200);
    assert_int_equal(json_array_size(json_object_get(r.json, "accounts")), 2);
    response_fini(&r);
    snprintf(path, sizeof path, "GET /2010-04-01/Accounts/%s/Messages.json HTTP/1.1\r\nHost: x\r\n\r\n",
             rig.other_sid);
    client_send(&c, path);
    client_receive(&c, &r);
    assert_int_equal(r.status, 200);
    response_fini(&r);
    client_send(&c, "GET /2010-04-01/Accounts/ACffffffffffffffffffffffffffffffff/Messages.json "
                    "HTTP/1.1\r\nHost: x\r\n\r\n");
    client_receive(&c, &r);
    assert_refused(&r, 404, 20404);
    client_close(&c);
}

/* ---- the other resources ---- */

static void test_media(void **state)
{
    char path[160], message[128];
    (void)state;
    create(FORM, message);
    snprintf(path, sizeof path, "%.*s/Media.json?DateCreated%%3E=2027-01-01", (int)strlen(message) - 5,
             message);
    struct response r = get(path);
    assert_int_equal(r.status, 200);
    assert_int_equal(json_array_size(json_object_get(r.json, "media_list")), 0);
    assert_true(json_is_array(json_object_get(r.json, "media_list")));
    assert_int_equal(json_object_size(r.json), 9);
    assert_non_null(strstr(text_of(&r, "uri"), "/Media.json?DateCreated%3E=2027-01-01&PageSize=50&Page=0"));
    response_fini(&r);
    r = get(API "/Messages/SM00112233445566778899aabbccddeeff/Media.json");
    assert_refused(&r, 404, 20404);
}

static void ward_path(char path[160])
{
    struct response r = get(API "/IncomingPhoneNumbers.json?PhoneNumber=%2B41790000001");
    json_t *first = json_array_get(json_object_get(r.json, "incoming_phone_numbers"), 0);
    snprintf(path, 160, "%s", json_string_value(json_object_get(first, "uri")));
    response_fini(&r);
}

static void test_number(void **state)
{
    static const char *const keys[] = {"account_sid",
                                       "address_sid",
                                       "address_requirements",
                                       "api_version",
                                       "beta",
                                       "capabilities",
                                       "date_created",
                                       "date_updated",
                                       "friendly_name",
                                       "identity_sid",
                                       "phone_number",
                                       "origin",
                                       "sid",
                                       "sms_application_sid",
                                       "sms_fallback_method",
                                       "sms_fallback_url",
                                       "sms_method",
                                       "sms_url",
                                       "status_callback",
                                       "status_callback_method",
                                       "trunk_sid",
                                       "uri",
                                       "voice_receive_mode",
                                       "voice_application_sid",
                                       "voice_caller_id_lookup",
                                       "voice_fallback_method",
                                       "voice_fallback_url",
                                       "voice_method",
                                       "voice_url",
                                       "emergency_status",
                                       "emergency_address_sid",
                                       "emergency_address_status",
                                       "bundle_sid",
                                       "status",
                                       "type"};
    char path[160];
    (void)state;
    ward_path(path);
    struct response r = get(path);
    assert_int_equal(r.status, 200);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (json_object_get(r.json, keys[i]) == NULL)
            fail_msg("%s is missing", keys[i]);
    assert_int_equal(json_object_size(r.json), sizeof keys / sizeof keys[0]);
    assert_string_equal(text_of(&r, "phone_number"), WARD);
    json_t *capabilities = json_object_get(r.json, "capabilities");
    assert_true(json_is_true(json_object_get(capabilities, "sms")));
    assert_true(json_is_false(json_object_get(capabilities, "voice")));
    response_fini(&r);
    r = get(API "/IncomingPhoneNumbers/PN00112233445566778899aabbccddeeff.json");
    assert_refused(&r, 404, 20404);
    r = rig_ask(&rig, "DELETE", path, NULL);
    assert_refused(&r, 400, 20001);
    r = post(API "/IncomingPhoneNumbers.json", "PhoneNumber=%2B15005550006");
    assert_refused(&r, 400, 21422);
}

static void test_number_update(void **state)
{
    static const struct refused_form bad[] = {
        {"SmsUrl=http%3A%2F%2Fa%2F%00b", 400, 20001},
        {"SmsUrl=nonsense", 400, 21402},
        {"StatusCallback=ftp%3A%2F%2Fa%2F", 400, 21402},
        {"SmsMethod=PUT", 400, 21403},
        {"SmsFallbackMethod=get", 400, 21403},
        {"StatusCallbackMethod=x", 400, 21403},
        {"SmsFallbackUrl=http%3A%2F%2Fa%2F", 400, 21406},
        {"FriendlyName=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 400, 20002},
    };
    char path[160];
    (void)state;
    ward_path(path);
    assert_forms_refused(path, bad, sizeof bad / sizeof bad[0]);
    struct response r = post(
        path, "SmsUrl=http%3A%2F%2Fa%2Fin&SmsMethod=GET&SmsFallbackUrl=http%3A%2F%2Fa%2Ffb&SmsFallbackMethod="
              "POST&FriendlyName=Ward&StatusCallback=http%3A%2F%2Fa%2Fcb&StatusCallbackMethod=GET");
    assert_int_equal(r.status, 200);
    assert_string_equal(text_of(&r, "sms_url"), "http://a/in");
    assert_string_equal(text_of(&r, "sms_method"), "GET");
    assert_string_equal(text_of(&r, "sms_fallback_url"), "http://a/fb");
    assert_string_equal(text_of(&r, "friendly_name"), "Ward");
    assert_string_equal(text_of(&r, "status_callback"), "http://a/cb");
    assert_string_equal(text_of(&r, "status_callback_method"), "GET");
    response_fini(&r);
    assert_int_equal(numbers_of(".json?FriendlyName=Ward"), 1);
    r = post(path, "SmsUrl="); /* the fallback cannot stay alone */
    assert_refused(&r, 400, 21406);
    r = post(path, "SmsUrl=&SmsFallbackUrl=");
    assert_int_equal(r.status, 200);
    assert_string_equal(text_of(&r, "sms_url"), "");
    assert_string_equal(text_of(&r, "friendly_name"), "Ward");
    response_fini(&r);
}

/* Its number cannot be sent from any more; its SID is kept for the day when the [line] comes back. */
static void test_number_of_a_line_that_is_gone(void **state)
{
    char sid[SID_TEXT], path[160];
    (void)state;
    sid_format(&directory_line_by_name(rig.directory, "gone")->sid, "PN", sid);
    snprintf(path, sizeof path, API "/IncomingPhoneNumbers/%s.json", sid);
    struct response r = get(path);
    assert_refused(&r, 404, 20404);
    r = post(path, "FriendlyName=x");
    assert_refused(&r, 404, 20404);
    r = rig_ask(&rig, "DELETE", path, NULL);
    assert_refused(&r, 404, 20404);
}

static void test_reload(void **state)
{
    char path[128];
    (void)state;
    create(FORM, path);
    configure("queue_max = 1", "");
    struct response r = post(API "/Messages.json", FORM);
    assert_refused(&r, 429, 20429);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_create),
        TEST(test_answer_waits_for_the_disk),
        TEST(test_client_gone_message_stays),
        TEST(test_close_with_a_create_under_way),
        TEST(test_create_forms),
        TEST(test_sender_that_a_service_chose_is_told_later),
        TEST(test_refusals),
        TEST(test_nul),
        TEST(test_content_types),
        cmocka_unit_test_setup_teardown(test_queue_full, setup_small_queue, teardown),
        TEST(test_idempotency),
        TEST(test_who_is_let_in),
        TEST(test_unknown_paths),
        TEST(test_methods),
        TEST(test_local_peer_needs_no_password),
        TEST(test_media),
        TEST(test_number),
        TEST(test_number_update),
        TEST(test_number_of_a_line_that_is_gone),
        TEST(test_reload),
    };
    signal(SIGPIPE, SIG_IGN);
    powerfail_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
