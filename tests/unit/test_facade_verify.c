/* Verify v2 over HTTP: services, verifications, checks. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "facade_calls.h"

#define TO_FORM "To=%2B41791112233"

static char va[SID_TEXT], path[256];

static const char *below(const char *tail)
{
    snprintf(path, sizeof path, "/v2/Services/%s%s", va, tail);
    return path;
}

static void make_service(const char *form)
{
    struct response r = post("/v2/Services", form);
    if (r.status != 201)
        fail_msg("%d %s", r.status, r.body);
    snprintf(va, sizeof va, "%s", text_of(&r, "sid"));
    response_fini(&r);
}

/* The text of the last send, as its recipient will read it. */
static void last_text(const struct response *r, char out[256])
{
    struct sid sid;
    struct message m;
    json_t *sends = json_object_get(r->json, "send_code_attempts");
    json_t *last = json_array_get(sends, json_array_size(sends) - 1);
    assert_true(sid_parse(json_string_value(json_object_get(last, "attempt_sid")), "VL", &sid));
    assert_int_equal(queue_message_by_sid(rig.queue, 0, &sid, &m), 0);
    snprintf(out, 256, "%s", m.body);
    message_fini(&m);
}

static void start_with(const char *form, char ve[SID_TEXT], char text[256])
{
    struct response r = post(below("/Verifications"), form);
    if (r.status != 201)
        fail_msg("%d %s", r.status, r.body);
    assert_string_equal(text_of(&r, "status"), "pending");
    snprintf(ve, SID_TEXT, "%s", text_of(&r, "sid"));
    last_text(&r, text);
    response_fini(&r);
}

static void start(char ve[SID_TEXT], char code[16])
{
    char text[256];
    start_with(TO_FORM "&Channel=sms", ve, text);
    snprintf(code, 16, "%s", strrchr(text, ' ') + 1);
}

static struct response check(const char *code)
{
    char form[128];
    snprintf(form, sizeof form, "%s&Code=%s", TO_FORM, code);
    return post(below("/VerificationCheck"), form);
}

static void assert_checked(const char *code, const char *status, bool valid)
{
    struct response r = check(code);
    if (r.status != 200)
        fail_msg("%d %s", r.status, r.body);
    assert_string_equal(text_of(&r, "status"), status);
    assert_int_equal(json_is_true(json_object_get(r.json, "valid")), valid);
    response_fini(&r);
}

static const char *another(const char *code)
{
    return strcmp(code, "000000") == 0 ? "000001" : "000000";
}

/* ---- services ---- */

static void test_service_life(void **state)
{
    (void)state;
    make_service("FriendlyName=Acme&CodeLength=7&CustomCodeEnabled=True&TtsName=Bob");
    struct response r = get(below(""));
    assert_int_equal(r.status, 200);
    assert_string_equal(text_of(&r, "account_sid"), AC);
    assert_int_equal(json_integer_value(json_object_get(r.json, "code_length")), 7);
    assert_true(json_is_true(json_object_get(r.json, "custom_code_enabled")));
    assert_true(json_is_false(json_object_get(r.json, "lookup_enabled")));
    assert_string_equal(text_of(&r, "tts_name"), "Bob");
    assert_int_equal(strncmp(text_of(&r, "url"), "http://gw/v2/Services/VA", 24), 0);
    assert_int_equal(json_object_size(r.json), 21);
    response_fini(&r);
    r = post(below(""), "FriendlyName=Other&CustomCodeEnabled=false");
    assert_string_equal(text_of(&r, "friendly_name"), "Other");
    assert_true(json_is_false(json_object_get(r.json, "custom_code_enabled")));
    assert_int_equal(json_integer_value(json_object_get(r.json, "code_length")), 7);
    response_fini(&r);
    r = rig_ask(&rig, "DELETE", below(""), NULL);
    assert_int_equal(r.status, 204);
    response_fini(&r);
    r = get(below(""));
    assert_refused(&r, 404, 20404);
    r = post(below("/Verifications"), TO_FORM "&Channel=sms");
    assert_refused(&r, 404, 20404);
}

static void test_services_page(void **state)
{
    char sids[5][SID_TEXT], next[512];
    (void)state;
    for (int i = 0; i < 5; i++) {
        make_service("FriendlyName=x");
        memcpy(sids[i], va, sizeof va);
    }
    int seen = 0;
    snprintf(next, sizeof next, "http://gw/v2/Services?PageSize=2");
    while (next[0] != '\0') {
        struct response r = get(next + strlen("http://gw"));
        assert_int_equal(r.status, 200);
        json_t *meta = json_object_get(r.json, "meta"), *rows = json_object_get(r.json, "services");
        assert_string_equal(json_string_value(json_object_get(meta, "key")), "services");
        for (size_t i = 0; i < json_array_size(rows); i++, seen++)
            assert_string_equal(json_string_value(json_object_get(json_array_get(rows, i), "sid")),
                                sids[4 - seen]);
        const char *link = json_string_value(json_object_get(meta, "next_page_url"));
        snprintf(next, sizeof next, "%s", link != NULL ? link : "");
        if (next[0] == '\0') { /* and one page back */
            snprintf(path, sizeof path, "%s", json_string_value(json_object_get(meta, "previous_page_url")));
            struct response back = get(path + strlen("http://gw"));
            rows = json_object_get(back.json, "services");
            assert_int_equal(json_array_size(rows), 2);
            assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "sid")), sids[2]);
            assert_false(json_is_null(json_object_get(json_object_get(back.json, "meta"), "next_page_url")));
            response_fini(&back);
        }
        response_fini(&r);
    }
    assert_int_equal(seen, 5);
}

static void on_service(void *arg, int status)
{
    (void)arg;
    assert_int_equal(status, 0);
}

static void test_no_more_services_than_an_account_may_have(void **state)
{
    const struct account *account = directory_account_at(rig.directory, 1); /* the oldest */
    const struct verify_service_change change = {.name = "x", .code_length = 6};
    struct sid sid;
    (void)state;
    for (int i = 0; i < VERIFY_SERVICES_MAX; i++) { /* one is another's, and does not count */
        sid_new(&sid, clock_wall_ms());
        verify_service_create(rig.verify, account->id + (i == 0 ? 1000 : 0), &sid, &change, on_service, NULL);
    }
    assert_int_equal(store_flush(rig.store.store), 0);
    make_service("FriendlyName=last");
    struct response r = post("/v2/Services", "FriendlyName=more");
    assert_non_null(strstr(r.body, "at most 1000 Verify services"));
    assert_refused(&r, 400, 20001);
    r = rig_ask(&rig, "DELETE", below(""), NULL);
    assert_int_equal(r.status, 204);
    response_fini(&r);
    make_service("FriendlyName=instead");
}

static void test_service_of_another_account(void **state)
{
    char auth[256];
    (void)state;
    make_service("FriendlyName=Acme");
    basic_auth(rig.other_sid, rig.other_token, auth);
    struct response r = rig_ask_as(&rig, "GET", below(""), auth, NULL);
    assert_refused(&r, 404, 20404);
    r = rig_ask_as(&rig, "POST", below("/Verifications"), auth, TO_FORM "&Channel=sms");
    assert_refused(&r, 404, 20404);
    r = rig_ask_as(&rig, "POST", below("/VerificationCheck"), auth, TO_FORM "&Code=123456");
    assert_refused(&r, 404, 20404);
    r = rig_ask_as(&rig, "DELETE", below(""), auth, NULL);
    assert_refused(&r, 404, 20404);
    r = rig_ask_as(&rig, "GET", "/v2/Services", auth, NULL);
    assert_int_equal(json_array_size(json_object_get(r.json, "services")), 0);
    response_fini(&r);
}

static void test_service_refusals(void **state)
{
    static const struct refused_form CASES[] = {
        {"", 400, 60200},
        {"FriendlyName=", 400, 60200},
        {"FriendlyName=123456789012345678901234567890123", 400, 60200},
        {"FriendlyName=x&CodeLength=3", 400, 60200},
        {"FriendlyName=x&CodeLength=11", 400, 60200},
        {"FriendlyName=x&CodeLength=", 400, 60200},
        {"FriendlyName=x&CodeLength=6x", 400, 60200},
        {"FriendlyName=x&LookupEnabled=maybe", 400, 60200},
        {"FriendlyName=x&Psd2Enabled=true", 403, 60204},
        {"FriendlyName=x&DefaultTemplateSid=HJ00112233445566778899aabbccddee01", 400, 60200},
    };
    (void)state;
    assert_forms_refused("/v2/Services", CASES, sizeof CASES / sizeof CASES[0]);
}

/* ---- verifications ---- */

static void test_send_and_check(void **state)
{
    char ve[SID_TEXT], code[16], text[256];
    (void)state;
    make_service("FriendlyName=Acme");
    start_with(TO_FORM "&Channel=sms", ve, text);
    assert_int_equal(strncmp(text, "Your Acme verification code is: ", 32), 0);
    snprintf(code, sizeof code, "%s", text + 32);
    assert_int_equal(strlen(code), 6);
    assert_checked(another(code), "pending", false);
    assert_checked(code, "approved", true);
    struct response r = check(code);
    assert_refused(&r, 404, 20404);
    snprintf(text, sizeof text, "/Verifications/%s", ve);
    r = get(below(text));
    assert_string_equal(text_of(&r, "status"), "approved");
    response_fini(&r);
    r = get(below("/Verifications/+41791112233"));
    assert_refused(&r, 404, 20404);
}

/* By its SID, and by number while it is pending. */
static void test_fetch_and_cancel(void **state)
{
    char ve[SID_TEXT], code[16], tail[64];
    (void)state;
    make_service("FriendlyName=Acme");
    start(ve, code);
    struct response r = get(below("/Verifications/+41791112233"));
    assert_string_equal(text_of(&r, "sid"), ve);
    assert_string_equal(text_of(&r, "to"), ALICE);
    assert_int_equal(json_object_size(r.json), 15);
    response_fini(&r);
    snprintf(tail, sizeof tail, "/Verifications/%s", ve);
    r = post(below(tail), "Status=pending");
    assert_refused(&r, 400, 60200);
    r = post(below(tail), "Status=canceled");
    assert_int_equal(r.status, 200);
    assert_string_equal(text_of(&r, "status"), "canceled");
    response_fini(&r);
    r = check(code);
    assert_refused(&r, 404, 20404);
    r = post(below(tail), "Status=approved");
    assert_refused(&r, 404, 20404);
    r = get(below("/Verifications/VE00112233445566778899aabbccddee01"));
    assert_refused(&r, 404, 20404);
}

static void test_again_is_the_same_code(void **state)
{
    char first[SID_TEXT], ve[SID_TEXT], code[16], again[16];
    (void)state;
    make_service("FriendlyName=Acme");
    start(first, code);
    for (int i = 1; i < VERIFY_SENDS; i++) {
        start(ve, again);
        assert_string_equal(ve, first);
        assert_string_equal(again, code);
    }
    struct response r = post(below("/Verifications"), TO_FORM "&Channel=sms");
    assert_refused(&r, 429, 60203);
    assert_int_equal(rig_query_int(&rig.store, "SELECT count(*) FROM message"), VERIFY_SENDS);
}

static void test_wrong_checks_and_expiry(void **state)
{
    char ve[SID_TEXT], code[16], tail[64];
    (void)state;
    make_service("FriendlyName=Acme");
    start(ve, code);
    for (int i = 1; i < VERIFY_CHECKS; i++)
        assert_checked(another(code), "pending", false);
    assert_checked(another(code), "max_attempts_reached", false);
    struct response r = check(code);
    assert_refused(&r, 429, 60202);
    r = post(below("/Verifications"), TO_FORM "&Channel=sms");
    assert_refused(&r, 429, 60202);
    clock_advance(VERIFY_LIFE_MS);
    start(ve, code);
    clock_advance(VERIFY_LIFE_MS);
    r = check(code);
    assert_refused(&r, 404, 20404);
    snprintf(tail, sizeof tail, "/Verifications/%s", ve);
    r = get(below(tail));
    assert_string_equal(text_of(&r, "status"), "expired");
    response_fini(&r);
}

/* Before all others, never twice, no longer than the code lives; the API never shows its text, and once it is
 * sent the text is nowhere. */
static void test_the_message(void **state)
{
    char ve[SID_TEXT], code[16];
    (void)state;
    make_service("FriendlyName=Acme");
    start(ve, code);
    assert_int_equal(rig_query_int(&rig.store, "SELECT priority FROM message"), 9);
    assert_int_equal(rig_query_int(&rig.store, "SELECT policy FROM message"), UNSURE_HOLD);
    assert_int_equal(rig_query_int(&rig.store, "SELECT expires_ms - created_ms FROM message"), 300000);
    struct response r = get(API "/Messages.json");
    json_t *m = json_array_get(json_object_get(r.json, "messages"), 0);
    assert_string_equal(json_string_value(json_object_get(m, "body")), "");
    assert_string_equal(json_string_value(json_object_get(m, "from")), WARD);
    assert_null(strstr(r.body, code));
    response_fini(&r);
    send_one(OUTCOME_SENT, 0);
    assert_int_equal(rig_query_int(&rig.store, "SELECT length(body) FROM message"), 0);
    assert_int_equal(rig_query_int(&rig.store, "SELECT sum(length(ud)) FROM segment"), 0);
    clock_advance(400000); /* its class gives it 5 minutes, what is left of the code's 10 are less */
    start(ve, code);
    assert_int_equal(
        rig_query_int(&rig.store, "SELECT max(expires_ms - created_ms) FROM message WHERE id > 1"), 200000);
}

static void test_sender_of_the_configuration(void **state)
{
    char ve[SID_TEXT], code[16];
    (void)state;
    configure("", "[verify]\nfrom = plant\n");
    make_service("FriendlyName=Acme");
    start(ve, code);
    assert_int_equal(rig_query_int(&rig.store, "SELECT from_addr = '" PLANT "' FROM message"), 1);
    configure("", "[verify]\nfrom = " MG "\n");
    start(ve, code);
    assert_int_equal(rig_query_int(&rig.store, "SELECT service_id > 0 FROM message WHERE id = 2"), 1);
}

static void test_account_without_a_line(void **state)
{
    char auth[256];
    (void)state;
    basic_auth(rig.other_sid, rig.other_token, auth);
    struct response r = rig_ask_as(&rig, "POST", "/v2/Services", auth, "FriendlyName=Acme");
    snprintf(va, sizeof va, "%s", text_of(&r, "sid"));
    response_fini(&r);
    r = rig_ask_as(&rig, "POST", below("/Verifications"), auth, TO_FORM "&Channel=sms");
    assert_refused(&r, 400, 60217);
    assert_int_equal(rig_query_int(&rig.store, "SELECT count(*) FROM verification"), 0);
}

static void test_what_is_asked(void **state)
{
    char ve[SID_TEXT], text[256];
    (void)state;
    make_service("FriendlyName=Acme&CustomCodeEnabled=true&DoNotShareWarningEnabled=true");
    start_with(TO_FORM "&Channel=SMS&CustomCode=Apfel1&Locale=de&CustomFriendlyName=Bank", ve, text);
    assert_non_null(strstr(text, "Ihr Bank-Bestätigungscode lautet: Apfel1. Geben Sie"));
    assert_checked("Apfel1", "approved", true);
    start_with(TO_FORM "&Channel=auto&AppHash=He42w354ol9", ve, text);
    assert_int_equal(strncmp(text, "<#> Your Acme", 13), 0);
}

static void test_verification_refusals(void **state)
{
    static const struct refused_form CASES[] = {
        {"Channel=sms", 400, 60200},
        {"To=&Channel=sms", 400, 60200},
        {"To=abc&Channel=sms", 400, 60200},
        {"To=12345&Channel=sms", 400, 60200},
        {"To=%2B41790000001&Channel=sms", 400, 60200}, /* the sender itself */
        {TO_FORM, 400, 60200},
        {TO_FORM "&Channel=pigeon", 400, 60200},
        {TO_FORM "&Channel=call", 400, 60223},
        {TO_FORM "&Channel=whatsapp", 400, 60223},
        {TO_FORM "&Channel=sms&CustomCode=123456", 403, 60204},
        {TO_FORM "&Channel=sms&CustomMessage=hi", 403, 60204},
        {TO_FORM "&Channel=sms&Amount=3", 403, 60204},
        {TO_FORM "&Channel=sms&TemplateSid=HJ00112233445566778899aabbccddee01", 400, 60200},
        {TO_FORM "&Channel=sms&RateLimits=%7B%22ip%22%3A%221%22%7D", 400, 60200},
        {TO_FORM "&Channel=sms&AppHash=short", 400, 60200},
        {TO_FORM "&Channel=sms&CustomFriendlyName=123456789012345678901234567890123", 400, 60200},
        {TO_FORM "&Channel=sms&Tags=x", 400, 20001},
    };
    (void)state;
    make_service("FriendlyName=Acme");
    assert_forms_refused(below("/Verifications"), CASES, sizeof CASES / sizeof CASES[0]);
    assert_int_equal(rig_query_int(&rig.store, "SELECT count(*) FROM verification"), 0);
    assert_int_equal(rig_query_int(&rig.store, "SELECT count(*) FROM message"), 0);
}

static void test_check_refusals(void **state)
{
    static const struct refused_form CASES[] = {
        {TO_FORM, 400, 60200},
        {TO_FORM "&Code=", 400, 60200},
        {TO_FORM "&Code=123", 400, 60200},
        {TO_FORM "&Code=12345678901", 400, 60200},
        {"Code=123456", 400, 60221},
        {"Code=123456&To=x", 400, 60200},
        {"Code=123456&VerificationSid=x", 404, 20404},
        {"Code=123456&VerificationSid=VE00112233445566778899aabbccddee01", 404, 20404},
        {TO_FORM "&Code=123456", 404, 20404},
    };
    (void)state;
    make_service("FriendlyName=Acme");
    assert_forms_refused(below("/VerificationCheck"), CASES, sizeof CASES / sizeof CASES[0]);
}

/* Refused at once, and nothing of it is there once the disk takes again. */
static void test_full_disk(void **state)
{
    (void)state;
    make_service("FriendlyName=Acme");
    powerfail_full(true);
    rig_add(&rig.store, 1); /* the disk is noticed */
    for (int i = 0; i < 3; i++)
        loop_turn(rig.store.loop, 0);
    assert_false(store_open_for_work(rig.store.store));
    struct response r = post(below("/Verifications"), TO_FORM "&Channel=sms");
    assert_refused(&r, 503, 20503);
    r = post(below("/VerificationCheck"), TO_FORM "&Code=123456");
    assert_refused(&r, 503, 20503);
    powerfail_full(false);
    for (int i = 0; i < 5; i++) {
        clock_advance(1000);
        loop_turn(rig.store.loop, 0);
    }
    assert_true(store_open_for_work(rig.store.store));
    assert_int_equal(rig_query_int(&rig.store, "SELECT count(*) FROM verification"), 0);
}

static void test_rate_limits_list(void **state)
{
    (void)state;
    make_service("FriendlyName=Acme");
    struct response r = get(below("/RateLimits"));
    assert_int_equal(r.status, 200);
    assert_int_equal(json_array_size(json_object_get(r.json, "rate_limits")), 0);
    assert_string_equal(json_string_value(json_object_get(json_object_get(r.json, "meta"), "key")),
                        "rate_limits");
    response_fini(&r);
    r = post(below("/RateLimits"), "UniqueName=x");
    assert_refused(&r, 403, 60204);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_service_life),
        TEST(test_services_page),
        TEST(test_no_more_services_than_an_account_may_have),
        TEST(test_service_of_another_account),
        TEST(test_service_refusals),
        TEST(test_send_and_check),
        TEST(test_fetch_and_cancel),
        TEST(test_again_is_the_same_code),
        TEST(test_wrong_checks_and_expiry),
        TEST(test_the_message),
        TEST(test_sender_of_the_configuration),
        TEST(test_account_without_a_line),
        TEST(test_what_is_asked),
        TEST(test_verification_refusals),
        TEST(test_check_refusals),
        TEST(test_full_disk),
        TEST(test_rate_limits_list),
    };
    signal(SIGPIPE, SIG_IGN);
    powerfail_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
