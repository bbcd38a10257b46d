/* /v1/Services as its clients meet it: services and their pools, who owns which, and messages through them.
 */
#include <signal.h>

#include "facade_calls.h"
#include "openapi.h"

#define ROOT       "/v1/Services"
#define V1         "messaging_v1.json"
#define A_SERVICE  "messaging.v1.service"
#define A_NUMBER   "messaging.v1.service.phone_number"
#define AN_ALPHA   "messaging.v1.service.alpha_sender"
#define A_DESTINED "messaging.v1.service.destination_alpha_sender"

struct made {
    char sid[SID_TEXT], path[96];
};

static struct made make(const char *form)
{
    struct made made;
    struct response r = post(ROOT, form);
    if (r.status != 201)
        fail_msg("%d %s", r.status, r.body);
    snprintf(made.sid, sizeof made.sid, "%s", text_of(&r, "sid"));
    snprintf(made.path, sizeof made.path, ROOT "/%s", made.sid);
    response_fini(&r);
    return made;
}

static struct response ask(const char *method, const struct made *made, const char *tail, const char *form)
{
    char path[256];
    snprintf(path, sizeof path, "%s%s", made->path, tail);
    return rig_ask(&rig, method, path, form);
}

static void refused(const char *method, const struct made *made, const char *tail, const char *form,
                    int status, int code)
{
    struct response r = ask(method, made, tail, form);
    assert_refused(&r, status, code);
}

static void done(struct response r, int status)
{
    if (r.status != status)
        fail_msg("wanted %d, got %d %s", status, r.status, r.body);
    response_fini(&r);
}

static const char *pn_of(const char *line)
{
    static char sid[SID_TEXT];
    sid_format(&directory_line_by_name(rig.directory, line)->sid, "PN", sid);
    return sid;
}

static struct response add(const struct made *made, const char *line)
{
    char form[96];
    snprintf(form, sizeof form, "PhoneNumberSid=%s", pn_of(line));
    return ask("POST", made, "/PhoneNumbers", form);
}

static bool flag_of(const struct response *r, const char *key)
{
    json_t *value = json_object_get(r->json, key);
    if (!json_is_boolean(value))
        fail_msg("%s is no flag in %s", key, r->body);
    return json_is_true(value);
}

static size_t count_of(const char *path, const char *key)
{
    struct response r = get(path);
    if (r.status != 200)
        fail_msg("%d %s", r.status, r.body);
    size_t count = json_array_size(json_object_get(r.json, key));
    assert_int_equal(json_object_size(r.json), 2);
    assert_int_equal(json_object_size(json_object_get(r.json, "meta")), 7);
    assert_string_equal(json_string_value(json_object_get(json_object_get(r.json, "meta"), "key")), key);
    response_fini(&r);
    return count;
}

/* ---- services ---- */

static void test_create(void **state)
{
    char url[128];
    (void)state;
    struct response r = post(ROOT, "FriendlyName=My+service");
    assert_int_equal(r.status, 201);
    assert_schema(V1, A_SERVICE, r.json);
    assert_string_equal(text_of(&r, "friendly_name"), "My service");
    assert_string_equal(text_of(&r, "account_sid"), AC);
    assert_string_equal(text_of(&r, "date_created"), "2027-01-15T08:00:00Z");
    assert_null(text_of(&r, "inbound_request_url"));
    assert_string_equal(text_of(&r, "inbound_method"), "POST");
    assert_string_equal(text_of(&r, "usecase"), "undeclared");
    assert_string_equal(text_of(&r, "scan_message_content"), "inherit");
    assert_int_equal(json_integer_value(json_object_get(r.json, "validity_period")), 36000);
    assert_true(flag_of(&r, "sticky_sender") && flag_of(&r, "smart_encoding") &&
                flag_of(&r, "mms_converter") && flag_of(&r, "fallback_to_long_code") &&
                flag_of(&r, "area_code_geomatch"));
    assert_false(flag_of(&r, "synchronous_validation") || flag_of(&r, "use_inbound_webhook_on_number") ||
                 flag_of(&r, "us_app_to_person_registered"));
    snprintf(url, sizeof url, "http://gw" ROOT "/%s", text_of(&r, "sid"));
    assert_string_equal(text_of(&r, "url"), url);
    json_t *links = json_object_get(r.json, "links");
    assert_int_equal(json_object_size(links), 8);
    snprintf(url, sizeof url, "http://gw" ROOT "/%s/PhoneNumbers", text_of(&r, "sid"));
    assert_string_equal(json_string_value(json_object_get(links, "phone_numbers")), url);
    struct response fetched = get(text_of(&r, "url") + strlen("http://gw"));
    assert_true(json_equal(fetched.json, r.json));
    response_fini(&fetched);
    response_fini(&r);
}

#define EVERY                                                                                                \
    "FriendlyName=All&InboundRequestUrl=https://a.test/in&InboundMethod=GET&FallbackUrl=http://a.test/fb&"   \
    "FallbackMethod=GET&StatusCallback=http://a.test/st&StickySender=false&MmsConverter=False&"              \
    "SmartEncoding=false&ScanMessageContent=disable&FallbackToLongCode=false&AreaCodeGeomatch=false&"        \
    "ValidityPeriod=600&SynchronousValidation=True&Usecase=marketing&UseInboundWebhookOnNumber=true"

static void assert_every(const struct response *r)
{
    assert_schema(V1, A_SERVICE, r->json);
    assert_string_equal(text_of(r, "friendly_name"), "All");
    assert_string_equal(text_of(r, "inbound_request_url"), "https://a.test/in");
    assert_string_equal(text_of(r, "inbound_method"), "GET");
    assert_string_equal(text_of(r, "fallback_url"), "http://a.test/fb");
    assert_string_equal(text_of(r, "fallback_method"), "GET");
    assert_string_equal(text_of(r, "status_callback"), "http://a.test/st");
    assert_string_equal(text_of(r, "scan_message_content"), "disable");
    assert_string_equal(text_of(r, "usecase"), "marketing");
    assert_int_equal(json_integer_value(json_object_get(r->json, "validity_period")), 600);
    assert_false(flag_of(r, "sticky_sender") || flag_of(r, "mms_converter") || flag_of(r, "smart_encoding") ||
                 flag_of(r, "fallback_to_long_code") || flag_of(r, "area_code_geomatch"));
    assert_true(flag_of(r, "synchronous_validation") && flag_of(r, "use_inbound_webhook_on_number"));
}

static void test_every_field(void **state)
{
    (void)state;
    struct response r = post(ROOT, EVERY);
    assert_int_equal(r.status, 201);
    assert_every(&r);
    response_fini(&r);
    struct made made = make("FriendlyName=plain");
    r = ask("POST", &made, "", EVERY);
    assert_int_equal(r.status, 200);
    assert_every(&r);
    response_fini(&r);
    r = ask("POST", &made, "", "StickySender=true"); /* the rest is left as it is */
    assert_true(flag_of(&r, "sticky_sender"));
    assert_int_equal(json_integer_value(json_object_get(r.json, "validity_period")), 600);
    response_fini(&r);
    r = ask("POST", &made, "", "InboundRequestUrl=&ValidityPeriod=36000");
    assert_null(text_of(&r, "inbound_request_url"));
    assert_string_equal(text_of(&r, "fallback_url"), "http://a.test/fb");
    response_fini(&r);
}

static const struct {
    const char *form;
    int code;
    const char *named;
} bad[] = {
    {"", 20001, "FriendlyName"},
    {"FriendlyName=", 20001, "FriendlyName"},
    {"FriendlyName=1234567890123456789012345678901234567890123456789012345678901234x", 20002, "FriendlyName"},
    {"FriendlyName=a&InboundRequestUrl=nonsense", 21402, "InboundRequestUrl"},
    {"FriendlyName=a&FallbackUrl=ftp://a", 21402, "FallbackUrl"},
    {"FriendlyName=a&StatusCallback=http://a_b/", 21402, "StatusCallback"},
    {"FriendlyName=a&InboundMethod=PUT", 21403, "InboundMethod"},
    {"FriendlyName=a&FallbackMethod=", 21403, "FallbackMethod"},
    {"FriendlyName=a&ValidityPeriod=0", 20001, "ValidityPeriod"},
    {"FriendlyName=a&ValidityPeriod=36001", 20001, "ValidityPeriod"},
    {"FriendlyName=a&ValidityPeriod=1.5", 20001, "ValidityPeriod"},
    {"FriendlyName=a&ValidityPeriod=99999999999999999999", 20001, "ValidityPeriod"},
    {"FriendlyName=a&StickySender=perhaps", 20001, "StickySender"},
    {"FriendlyName=a&ScanMessageContent=x", 20001, "ScanMessageContent"},
    {"FriendlyName=a&Usecase=x", 20001, "Usecase"},
};

static void test_what_is_wrong_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct response r = post(ROOT, bad[i].form);
        if (r.json == NULL || strstr(text_of(&r, "message"), bad[i].named) == NULL)
            fail_msg("%s: %s", bad[i].form, r.body);
        assert_refused(&r, 400, bad[i].code);
    }
    assert_int_equal(count_of(ROOT, "services"), 1); /* nothing was made; that of the file is there */
    struct made made = make("FriendlyName=a");
    refused("POST", &made, "", "FriendlyName=", 400, 20002);
    refused("POST", &made, "", "ValidityPeriod=0&FriendlyName=b", 400, 20001);
    struct response r = ask("GET", &made, "", NULL);
    assert_string_equal(text_of(&r, "friendly_name"), "a");
    response_fini(&r);
}

static void test_list_by_absolute_links(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        make("FriendlyName=a");
    char path[512] = ROOT "?PageSize=2";
    int seen = 0;
    for (int page = 0; page < 3; page++) {
        struct response r = get(path);
        json_t *meta = json_object_get(r.json, "meta"), *next = json_object_get(meta, "next_page_url");
        seen += (int)json_array_size(json_object_get(r.json, "services"));
        assert_int_equal(json_integer_value(json_object_get(meta, "page")), page);
        assert_int_equal(json_is_null(json_object_get(meta, "previous_page_url")), page == 0);
        assert_schema(V1, A_SERVICE, json_array_get(json_object_get(r.json, "services"), 0));
        assert_int_equal(json_is_null(next), page == 2);
        if (page < 2) {
            const char *host = "http://gw";
            assert_memory_equal(json_string_value(next), host, strlen(host));
            snprintf(path, sizeof path, "%s", json_string_value(next) + strlen(host));
        }
        response_fini(&r);
    }
    assert_int_equal(seen, 5);
    struct response r = get(ROOT "?PageSize=0");
    assert_refused(&r, 400, 20001);
}

static void test_delete(void **state)
{
    (void)state;
    struct made made = make("FriendlyName=a");
    done(add(&made, "plant"), 201);
    done(ask("DELETE", &made, "", NULL), 204);
    refused("GET", &made, "", NULL, 404, 20404);
    refused("POST", &made, "", "FriendlyName=b", 404, 20404);
    refused("DELETE", &made, "", NULL, 404, 20404);
    refused("GET", &made, "/PhoneNumbers", NULL, 404, 20404);
    assert_int_equal(count_of(ROOT, "services"), 1);
    struct made next = make("FriendlyName=b");
    done(add(&next, "plant"), 201); /* the number is free again */
}

static void test_of_the_configuration(void **state)
{
    struct made alerts = {.sid = MG, .path = ROOT "/" MG}, none = {.path = ROOT "/" MG_NONE};
    (void)state;
    struct response r = ask("GET", &alerts, "", NULL);
    assert_schema(V1, A_SERVICE, r.json);
    assert_string_equal(text_of(&r, "friendly_name"), "alerts");
    assert_int_equal(json_integer_value(json_object_get(r.json, "validity_period")), 600);
    response_fini(&r);
    r = ask("POST", &alerts, "", "FriendlyName=x");
    assert_non_null(strstr(text_of(&r, "message"), "[service alerts]"));
    assert_refused(&r, 409, 20409);
    refused("DELETE", &alerts, "", NULL, 409, 20409);
    r = add(&alerts, "plant");
    assert_refused(&r, 409, 20409);
    refused("POST", &alerts, "/AlphaSenders", "AlphaSender=Acme", 409, 20409);
    assert_int_equal(count_of(ROOT "/" MG "/PhoneNumbers", "phone_numbers"), 1);
    refused("GET", &none, "", NULL, 404, 20404); /* it left the file */
}

static void test_of_another_account(void **state)
{
    char auth[256];
    (void)state;
    struct made made = make("FriendlyName=a");
    basic_auth(rig.other_sid, rig.other_token, auth);
    struct response r = rig_ask_as(&rig, "GET", made.path, auth, NULL);
    assert_refused(&r, 404, 20404);
    r = rig_ask_as(&rig, "DELETE", made.path, auth, NULL);
    assert_refused(&r, 404, 20404);
    r = rig_ask_as(&rig, "POST", ROOT, auth, "FriendlyName=theirs");
    char path[96];
    snprintf(path, sizeof path, ROOT "/%s/PhoneNumbers", text_of(&r, "sid"));
    done(r, 201);
    char form[96];
    snprintf(form, sizeof form, "PhoneNumberSid=%s", pn_of("plant"));
    r = rig_ask_as(&rig, "POST", path, auth, form);
    assert_refused(&r, 400, 21421);
    assert_int_equal(count_of(ROOT, "services"), 2);
}

static void test_reload_and_restart_leave_it(void **state)
{
    (void)state;
    struct made made = make(EVERY);
    done(add(&made, "plant"), 201);
    configure("", "[service more]\nsid = " MG_MORE "\nlines = plant\n");
    struct response r = ask("GET", &made, "", NULL);
    assert_every(&r);
    response_fini(&r);
    assert_int_equal(count_of(ROOT, "services"), 3);

    char error[256] = "";
    client_close(&rig.client);
    facade_close(rig.facade);
    queue_close(rig.queue);
    rig_close(&rig.store);
    directory_close(rig.directory);
    assert_int_equal(rig_open(&rig.store), 0);
    assert_int_equal(directory_open(&rig.directory, rig.store.store, rig.conf, error), 0);
    assert_int_equal(queue_open(&rig.queue, rig.store.store, rig.store.loop), 0);
    struct facade_rooms rooms = rig_rooms(&rig);
    assert_int_equal(facade_open(&rig.facade, &rooms, error), 0);
    r = ask("GET", &made, "", NULL);
    assert_every(&r);
    response_fini(&r);
    char path[128];
    snprintf(path, sizeof path, "%s/PhoneNumbers", made.path);
    assert_int_equal(count_of(path, "phone_numbers"), 1);
}

/* The file cannot take what the API made. */
static void test_its_sid_in_the_file(void **state)
{
    char error[256] = "", more[128];
    (void)state;
    struct made made = make("FriendlyName=a");
    snprintf(more, sizeof more, "[service mine]\nsid = %s\nlines = plant\n", made.sid);
    struct conf *next = rig_conf(rig.store.dir, "", more);
    assert_int_equal(directory_reload(rig.directory, next, error), -EINVAL);
    assert_non_null(strstr(error, "[service mine]: sid is that of a service made over the API"));
    conf_free(next);
}

static void test_a_full_disk(void **state)
{
    char auth[256];
    (void)state;
    struct made made = make("FriendlyName=a");
    basic_auth(AC, TOKEN, auth);
    powerfail_full(true);
    rig_send(&rig, "POST", ROOT, auth, "FriendlyName=waits");
    client_arrives(&rig.client);
    for (int i = 0; i < 10; i++)
        client_poll(&rig.client);
    assert_int_equal(rig.client.len, 0); /* no 201 before it is on disk */
    struct client waiting = rig.client;
    rig.client = (struct client){.fd = -1};
    refused("POST", &made, "", "FriendlyName=b", 503, 20503);
    refused("DELETE", &made, "", NULL, 503, 20503);
    assert_int_equal(count_of(ROOT, "services"), 2);
    powerfail_full(false);
    clock_advance(5000);
    struct response r;
    client_receive(&waiting, &r);
    done(r, 201);
    client_close(&waiting);
    assert_int_equal(count_of(ROOT, "services"), 3);
}

/* ---- pools ---- */

static void test_phone_numbers(void **state)
{
    char tail[96], path[192];
    (void)state;
    struct made made = make("FriendlyName=a");
    clock_advance(5000);
    struct response r = add(&made, "plant");
    assert_int_equal(r.status, 201);
    assert_schema(V1, A_NUMBER, r.json);
    assert_string_equal(text_of(&r, "sid"), pn_of("plant"));
    assert_string_equal(text_of(&r, "service_sid"), made.sid);
    assert_string_equal(text_of(&r, "phone_number"), PLANT);
    assert_string_equal(text_of(&r, "country_code"), "CH");
    assert_string_equal(text_of(&r, "date_created"), "2027-01-15T08:00:05Z");
    snprintf(tail, sizeof tail, "/PhoneNumbers/%s", pn_of("plant"));
    snprintf(path, sizeof path, "http://gw%s%s", made.path, tail);
    assert_string_equal(text_of(&r, "url"), path);
    struct response fetched = ask("GET", &made, tail, NULL);
    assert_true(json_equal(fetched.json, r.json));
    response_fini(&fetched);
    response_fini(&r);
    struct sid sid;
    int64_t ward = directory_line_by_name(rig.directory, "ward")->id;
    assert_string_equal(directory_service_of_line(rig.directory, ward)->name, "alerts");
    done(add(&made, "ward"), 201); /* that of the file has it too, and comes second */
    sid_parse(made.sid, "MG", &sid);
    assert_memory_equal(&directory_service_of_line(rig.directory, ward)->sid, &sid, sizeof sid);
    snprintf(path, sizeof path, "%s/PhoneNumbers", made.path);
    assert_int_equal(count_of(path, "phone_numbers"), 2);
    snprintf(path, sizeof path, "%s/PhoneNumbers?PageSize=1", made.path);
    assert_int_equal(count_of(path, "phone_numbers"), 1);
    done(ask("DELETE", &made, tail, NULL), 204);
    refused("GET", &made, tail, NULL, 404, 20404);
    refused("DELETE", &made, tail, NULL, 404, 20404);
    snprintf(path, sizeof path, "%s/PhoneNumbers", made.path);
    assert_int_equal(count_of(path, "phone_numbers"), 1);
}

static void test_phone_numbers_refused(void **state)
{
    (void)state;
    struct made made = make("FriendlyName=a"), other = make("FriendlyName=b");
    refused("POST", &made, "/PhoneNumbers", "", 400, 20001);
    refused("POST", &made, "/PhoneNumbers", "PhoneNumberSid=PN1", 400, 21421);
    refused("POST", &made, "/PhoneNumbers", "PhoneNumberSid=PN00112233445566778899aabbccddeeff", 400, 21421);
    struct response r = add(&made, "gone"); /* out of the configuration */
    assert_refused(&r, 400, 21421);
    done(add(&made, "plant"), 201);
    r = add(&made, "plant");
    assert_refused(&r, 409, 21710);
    r = add(&other, "plant");
    assert_refused(&r, 409, 21712);
    refused("GET", &made, "/PhoneNumbers/PN00112233445566778899aabbccddeeff", NULL, 404, 20404);
    refused("GET", &other, "/PhoneNumbers/PN1", NULL, 404, 20404);
}

static void check_added(void *arg, int status)
{
    *(int *)arg = status;
}

/* Two requests before either is on disk: the statement decides. */
static void test_two_at_once(void **state)
{
    int first = 1, second = 1, third = 1;
    struct sid sid;
    (void)state;
    struct made made = make("FriendlyName=a"), other = make("FriendlyName=b");
    int64_t line = directory_line_by_name(rig.directory, "plant")->id;
    sid_parse(made.sid, "MG", &sid);
    int64_t one = directory_service_by_sid(rig.directory, &sid)->id;
    sid_parse(other.sid, "MG", &sid);
    int64_t two = directory_service_by_sid(rig.directory, &sid)->id;
    directory_sender_add(rig.directory, one, line, check_added, &first);
    directory_sender_add(rig.directory, one, line, check_added, &second);
    directory_sender_add(rig.directory, two, line, check_added, &third);
    for (int i = 0; i < 5; i++)
        loop_turn(rig.store.loop, 0);
    assert_int_equal(first, 0);
    assert_int_equal(second, -EEXIST);
    assert_int_equal(third, -ENOENT);
}

static void test_alpha_senders(void **state)
{
    char path[160], tail[96];
    (void)state;
    struct made made = make("FriendlyName=a");
    struct response r = ask("POST", &made, "/AlphaSenders", "AlphaSender=Acme+Ltd");
    assert_int_equal(r.status, 201);
    assert_schema(V1, AN_ALPHA, r.json);
    assert_string_equal(text_of(&r, "alpha_sender"), "Acme Ltd");
    snprintf(tail, sizeof tail, "/AlphaSenders/%s", text_of(&r, "sid"));
    response_fini(&r);
    r = ask("GET", &made, tail, NULL);
    assert_schema(V1, AN_ALPHA, r.json);
    response_fini(&r);
    refused("POST", &made, "/AlphaSenders", "AlphaSender=Acme+Ltd", 409, 21710);
    refused("POST", &made, "/AlphaSenders", "AlphaSender=", 400, 20001);
    refused("POST", &made, "/AlphaSenders", "AlphaSender=Much+too+long", 400, 21657);
    refused("POST", &made, "/AlphaSenders", "AlphaSender=12345", 400, 21657);
    r = ask("POST", &made, "/DestinationAlphaSenders", "AlphaSender=Acme+Ltd&IsoCountryCode=CH");
    assert_int_equal(r.status, 201);
    assert_schema(V1, A_DESTINED, r.json);
    assert_string_equal(text_of(&r, "iso_country_code"), "CH");
    response_fini(&r);
    refused("POST", &made, "/DestinationAlphaSenders", "AlphaSender=Acme&IsoCountryCode=Switzerland", 400,
            20001);
    snprintf(path, sizeof path, "%s/AlphaSenders", made.path);
    assert_int_equal(count_of(path, "alpha_senders"), 1);
    snprintf(path, sizeof path, "%s/DestinationAlphaSenders", made.path);
    assert_int_equal(count_of(path, "alpha_senders"), 2);
    snprintf(path, sizeof path, "%s/DestinationAlphaSenders?IsoCountryCode=CH", made.path);
    assert_int_equal(count_of(path, "alpha_senders"), 1);
    done(ask("DELETE", &made, tail, NULL), 204);
    refused("GET", &made, tail, NULL, 404, 20404);
}

static void test_what_no_sim_is(void **state)
{
    char path[160];
    (void)state;
    struct made made = make("FriendlyName=a");
    snprintf(path, sizeof path, "%s/ShortCodes", made.path);
    assert_int_equal(count_of(path, "short_codes"), 0);
    snprintf(path, sizeof path, "%s/ChannelSenders", made.path);
    assert_int_equal(count_of(path, "senders"), 0);
    refused("POST", &made, "/ShortCodes", "", 400, 20001);
    refused("POST", &made, "/ShortCodes", "ShortCodeSid=SC00112233445566778899aabbccddeeff", 404, 20404);
    refused("POST", &made, "/ChannelSenders", "Sid=XE00112233445566778899aabbccddeeff", 404, 20404);
    refused("GET", &made, "/ShortCodes/SC00112233445566778899aabbccddeeff", NULL, 404, 20404);
    struct response r = get(ROOT "/Usecases");
    assert_int_equal(r.status, 200);
    assert_schema(V1, "messaging.v1.usecase", r.json);
    assert_int_equal(json_array_size(json_object_get(r.json, "usecases")), 6);
    response_fini(&r);
}

static void test_a_full_pool(void **state)
{
    char form[64];
    (void)state;
    struct made made = make("FriendlyName=a");
    for (int i = 0; i < POOL_MAX; i++) {
        snprintf(form, sizeof form, "AlphaSender=A%d", i);
        done(ask("POST", &made, "/AlphaSenders", form), 201);
    }
    refused("POST", &made, "/AlphaSenders", "AlphaSender=more", 400, 21714);
    struct response r = add(&made, "plant");
    assert_refused(&r, 400, 21714);
}

/* ---- messages ---- */

static struct response send_by(const struct made *made)
{
    char form[160];
    snprintf(form, sizeof form, "To=%%2B41791112233&Body=Hi&MessagingServiceSid=%s", made->sid);
    return post(API "/Messages.json", form);
}

static void test_messages_through_it(void **state)
{
    char path[128], tail[96];
    (void)state;
    struct made made = make("FriendlyName=a&StatusCallback=http://a.test/st&ValidityPeriod=60");
    struct response r = send_by(&made);
    assert_refused(&r, 400, 21704); /* no sender yet */
    done(ask("POST", &made, "/AlphaSenders", "AlphaSender=Acme"), 201);
    r = send_by(&made);
    assert_refused(&r, 400, 21703); /* none that a SIM could send as */
    done(add(&made, "plant"), 201);
    r = send_by(&made);
    assert_int_equal(r.status, 201);
    assert_string_equal(text_of(&r, "status"), "accepted");
    assert_string_equal(text_of(&r, "messaging_service_sid"), made.sid);
    snprintf(path, sizeof path, "%s", text_of(&r, "uri"));
    response_fini(&r);
    snprintf(tail, sizeof tail, "/PhoneNumbers/%s", pn_of("plant"));

    done(ask("DELETE", &made, "", NULL), 204); /* what was accepted still leaves by its pool */
    r = send_by(&made);
    assert_refused(&r, 400, 21701);
    struct sid sid;
    struct job job;
    int64_t next, pool = 0;
    sid_parse(made.sid, "MG", &sid);
    const struct line *line = directory_line_by_number(rig.directory, PLANT);
    for (size_t n = 0; directory_service_at(rig.directory, 0, n) != NULL; n++)
        if (memcmp(&directory_service_at(rig.directory, 0, n)->sid, &sid, sizeof sid) == 0)
            pool = directory_service_at(rig.directory, 0, n)->id;
    assert_int_equal(directory_service(rig.directory, pool)->line_count, 1);
    assert_int_equal(queue_claim(rig.queue, line->id, &pool, 1, &job, &next), 0);
    assert_int_equal(job.expires_ms, T0 + 60000);
    settle(&job, OUTCOME_SENT, 0);
    r = get(path);
    assert_string_equal(text_of(&r, "status"), "sent");
    assert_string_equal(text_of(&r, "from"), PLANT);
    assert_string_equal(text_of(&r, "messaging_service_sid"), made.sid);
    response_fini(&r);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    powerfail_init();
    const struct CMUnitTest tests[] = {
        TEST(test_create),
        TEST(test_every_field),
        TEST(test_what_is_wrong_is_named),
        TEST(test_list_by_absolute_links),
        TEST(test_delete),
        TEST(test_of_the_configuration),
        TEST(test_of_another_account),
        TEST(test_reload_and_restart_leave_it),
        TEST(test_its_sid_in_the_file),
        TEST(test_a_full_disk),
        TEST(test_phone_numbers),
        TEST(test_phone_numbers_refused),
        TEST(test_two_at_once),
        TEST(test_alpha_senders),
        TEST(test_what_no_sim_is),
        TEST(test_a_full_pool),
        TEST(test_messages_through_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
