/* Which refusal each bad parameter gets, which of several comes first, and what a good request becomes. */
#include "facade_rig.h"

#include "host/base/form.h"
#include "host/facade/compose.h"

static struct facade_rig rig;

static struct facade_rooms rooms;

static int setup(void **state)
{
    (void)state;
    rig = (struct facade_rig){0};
    rig_open_rooms(&rig, "");
    rooms = rig_rooms(&rig);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_close_all(&rig);
    return 0;
}

/* The form must outlive it. */
static struct compose_request request_of(const struct form *form, const char *account, const char **media)
{
    struct sid sid;
    struct compose_request request;
    sid_parse(account, "AC", &sid);
    compose_form(form, directory_account_by_sid(rig.directory, &sid), media, &request);
    return request;
}

static struct refusal refusal;
static struct composed composed;
static char body_kept[16384];

/* 0 and `composed` (to be ended), or the code. The submission's body is kept in body_kept. */
static int run(const char *text)
{
    const char *media[COMPOSE_MEDIA_MAX];
    struct form form;
    assert_int_equal(form_parse(text, strlen(text), &form, NULL), 0);
    struct compose_request request = request_of(&form, AC, media);
    bool ok = compose(&rooms, &request, T0, &composed, &refusal);
    form_fini(&form);
    assert_int_equal(ok, refusal.code == 0);
    if (ok)
        snprintf(body_kept, sizeof body_kept, "%s", composed.body);
    return refusal.code;
}

/* What a request leaves out is filled in here: "T" To, "F" From, "B" Body, "S" service. */
#define T "To=%2B41791112233&"
#define F "From=%2B41790000001&"
#define B "Body=hi&"
#define S "MessagingServiceSid=" MG "&"

static const struct {
    const char *form;
    int code;
} refused[] = {
    {F B, 21604},
    {"To=&" F B, 21604},
    {T F, 21619},
    {T F "Body=", 21602},
    {T B, 21603},
    {T B "From=", 21603},
    {"To=abc&" F B, 21211},
    {"To=%2B1&" F B, 21211},
    {"To=%2B41791112233445566&" F B, 21211},
    {"To=whatsapp%3A%2B41791112233&" F B, 21211},
    {"To=12345&" F B, 21265},
    {T B "From=%2B", 21212},
    {T B "From=whatsapp%3A%2B41790000001", 21212},
    {T B "From=A+Very+Long+Name", 21657},
    {"To=%2B41790000001&" F B, 21266},
    {T B "From=%2B41790000009", 21606},
    {T B "From=12345", 21606},
    {T B "From=Acme", 21612},
    {T B "MessagingServiceSid=MG1", 21705},
    {T B "From=MG0123456789", 21705},
    {T B "MessagingServiceSid=MGffffffffffffffffffffffffffffffff", 21701},
    {T B "MessagingServiceSid=" MG_NONE, 21701},
    {T B S "From=%2B41790000002", 21711},
    {T F "Body=a%00b", 21618},
    {T F B "MediaUrl=http://a/1", 21621},
    {T F "MediaUrl=http://a/1", 21621},
    {T F B "MediaUrl=nonsense", 21620},
    {T F B "MediaUrl=http://a/1&MediaUrl=http://a/2&MediaUrl=http://a/3&MediaUrl=http://a/"
           "4&MediaUrl=http://a/5&"
           "MediaUrl=http://a/6&MediaUrl=http://a/7&MediaUrl=http://a/8&MediaUrl=http://a/"
           "9&MediaUrl=http://a/10&MediaUrl=http://a/11",
     21623},
    {T F "ContentSid=HX00112233445566778899aabbccddeeff", 21655},
    {T F B "ContentVariables={}", 21654},
    {T F B "StatusCallback=nonsense", 21609},
    {T F B "StatusCallback=http://a_b/", 21609},
    {T F B "MaxPrice=x", 21627},
    {T F B "MaxPrice=-1", 21627},
    {T F B "MaxPrice=.", 21627},
    {T F B "ContentRetention=burn", 30029},
    {T F B "AddressRetention=burn", 30030},
    {T F B "SmartEncoded=maybe", 20001},
    {T F B "ValidityPeriod=0", 21624},
    {T F B "ValidityPeriod=36001", 21624},
    {T F B "ValidityPeriod=1.5", 21624},
    {T F B "ValidityPeriod=-1", 21624},
    {T F B "ValidityPeriod=99999999999999999999", 21624},
    {T F B "Tags=nonsense", 20001},
    {T F B "Tags=[]", 20001},
    {T F B "Tags={\"a\":1}", 20001},
    {T F B "ProvideFeedback=perhaps", 20001},
    {T F B "ForceDelivery=2", 20001},
    {T F B "ShortenUrls=no", 20001},
    {T F B "SendAsMms=x", 20001},
    {T F B "Attempt=-1", 20001},
    {T F B "Attempt=once", 20001},
    {T F B "RiskCheck=maybe", 20001},
    {T F B "ShortenUrls=False&RiskCheck=Disable&Attempt=2&ProvideFeedback=1&ForceDelivery=&TrafficType=free&"
           "MessageIntent=otp&FallbackFrom=x&PersistentAction=a&PersistentAction=b",
     0},
    {T F B "ScheduleType=soon", 35126},
    {T F B "ScheduleType=fixed&SendAt=2027-01-15T09:00:00Z", 35118},
    {T S B "ScheduleType=fixed", 35111},
    {T S B "ScheduleType=fixed&SendAt=later", 35114},
    {T S B "ScheduleType=fixed&SendAt=2027-01-15T08:04:59Z", 35114},
    {T S B "ScheduleType=fixed&SendAt=2027-02-19T08:00:01Z", 35114},
    {T S B "ScheduleType=fixed&SendAt=2027-01-15T08:05:00Z", 0},
    {T S B "ScheduleType=FIXED&SendAt=2027-02-19T08:00:00Z", 0},
    {T F B, 0},
    {T S B, 0},
    {T S F B, 0},
    {T B "From=" MG, 0},
    {T F "Body=+", 0},
    {T F B "SendAt=2027-01-15T09:00:00Z", 0},
    {T F B "StatusCallback=&ValidityPeriod=&MaxPrice=&Tags=&ContentSid=&ScheduleType=", 0},
    {T F B "MaxPrice=0.75&ProvideFeedback=true&ForceDelivery=True&SendAsMms=false&Attempt=1&Unknown=x", 0},
    {T F B "ValidityPeriod=36000", 0},
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        int code = run(refused[i].form);
        if (code != refused[i].code)
            fail_msg("%s: wanted %d, got %d %s", refused[i].form, refused[i].code, code, refusal.message);
        if (code == 0)
            compose_fini(&composed);
        else
            assert_int_equal(refusal.http, 400);
    }
}

/* Several faults: the same answer each time, in this order. */
static void test_order(void **state)
{
    static const struct {
        const char *form;
        int code;
    } rows[] = {
        {"ScheduleType=x&Tags=x&StatusCallback=x", 21604},
        {"To=x&ScheduleType=x&Tags=x&StatusCallback=x", 21619},
        {"To=x&Body=a%00&ScheduleType=x&Tags=x&StatusCallback=x", 21603},
        {"To=x&From=%2B&Body=a%00&ScheduleType=x&Tags=x&StatusCallback=x", 21211},
        {T "From=%2B&Body=a%00&ScheduleType=x&Tags=x&StatusCallback=x", 21212},
        {T "From=%2B41790000009&Body=a%00&ScheduleType=x&Tags=x&StatusCallback=x", 21606},
        {T F "Body=a%00&ScheduleType=x&Tags=x&StatusCallback=x", 21618},
        {T F B "ScheduleType=x&Tags=x&StatusCallback=x", 21609},
        {T F B "ScheduleType=x&Tags=x", 20001},
        {T F B "ScheduleType=x", 35126},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (run(rows[i].form) != rows[i].code)
            fail_msg("%s: wanted %d, got %d", rows[i].form, rows[i].code, refusal.code);
}

static void test_body_limit(void **state)
{
    char text[16384];
    (void)state;
    /* 800 emoji = 1600 UTF-16 units */
    int len = snprintf(text, sizeof text, "%sBody=", T F);
    for (int i = 0; i < 800; i++)
        len += snprintf(text + len, sizeof text - (size_t)len, "%%F0%%9F%%98%%80");
    assert_int_equal(run(text), 0);
    assert_int_equal(composed.submission.body_len, 3200);
    compose_fini(&composed);
    snprintf(text + len, sizeof text - (size_t)len, "x");
    assert_int_equal(run(text), 21617);
    assert_string_equal(refusal.message, "The concatenated message body exceeds the 1600 character limit.");
}

static void test_messages_name_the_value(void **state)
{
    (void)state;
    run("To=abc&" F B);
    assert_string_equal(refusal.message, "The 'To' number abc is not a valid phone number.");
    run(T B "From=%2B41790000009");
    assert_string_equal(
        refusal.message,
        "The From phone number +41790000009 is not a valid, SMS-capable inbound phone number or "
        "short code for your account.");
}

/* A value is quoted in part, and the part may end inside a character: the message must stay one. */
static void test_messages_quote_whole_characters(void **state)
{
    char form[512];
    (void)state;
    for (int pad = 40; pad < 52; pad++) {
        snprintf(form, sizeof form, "To=%0*d%s&%s", pad, 0, "%F0%9F%98%80%F0%9F%98%80%F0%9F%98%80", F B);
        assert_int_equal(run(form), 21211);
        char *body = refusal_body(&refusal);
        if (strstr(body, "is not a valid phone number.\"") == NULL)
            fail_msg("%d: %s", pad, body);
        free(body);
    }
}

static void test_numbers_are_normalised(void **state)
{
    static const char *const rows[] = {"%2B41+79+111+22+33", "0041791112233", "079-111.22(33)"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char form[256];
        snprintf(form, sizeof form, "To=%s&%s", rows[i], F B);
        assert_int_equal(run(form), 0);
        assert_string_equal(composed.submission.to, ALICE);
        assert_string_equal(composed.submission.from, WARD);
        compose_fini(&composed);
    }
}

static void test_foreign_line(void **state)
{
    struct form form;
    const char *media[COMPOSE_MEDIA_MAX];
    (void)state;
    form_parse(T F B, strlen(T F B), &form, NULL);
    struct compose_request request = request_of(&form, rig.other_sid, media);
    assert_false(compose(&rooms, &request, T0, &composed, &refusal));
    assert_int_equal(refusal.code, 21606);
    form_fini(&form);
    form_parse(T S B, strlen(T S B), &form, NULL);
    request = request_of(&form, rig.other_sid, media);
    assert_false(compose(&rooms, &request, T0, &composed, &refusal));
    assert_int_equal(refusal.code, 21701);
    form_fini(&form);
}

static void test_class_policy_validity(void **state)
{
    static const struct {
        const char *form;
        int priority;
        enum unsure_policy policy;
        int validity_s;
        bool report;
    } rows[] = {
        {T F B, 5, UNSURE_HOLD, 36000, true},
        {T B "From=%2B41790000002", 8, UNSURE_RESEND, 36000, false},
        {T B "From=%2B41790000002&Tags={\"class\":\"otp\"}", 9, UNSURE_HOLD, 300, false},
        {T F B "Tags={\"class\":\"alarm\"}", 8, UNSURE_RESEND, 36000, true},
        {T F B "Tags={\"class\":\"unheard-of\"}", 5, UNSURE_HOLD, 36000, true},
        {T F B "Tags={\"class\":\"otp\"}&ValidityPeriod=20", 9, UNSURE_HOLD, 20, true},
        {T F B "Tags={\"class\":\"otp\"}&ValidityPeriod=1000", 9, UNSURE_HOLD, 1000, true},
        {T S B, 5, UNSURE_HOLD, 600, true},
        {T S B "Tags={\"class\":\"otp\"}", 9, UNSURE_HOLD, 300, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (run(rows[i].form) != 0)
            fail_msg("%s: %s", rows[i].form, refusal.message);
        const struct submission *s = &composed.submission;
        if (s->priority != rows[i].priority || s->policy != rows[i].policy ||
            s->validity_ms != rows[i].validity_s * 1000LL || s->status_report != rows[i].report)
            fail_msg("%s: %d %d %lld %d", rows[i].form, s->priority, s->policy, (long long)s->validity_ms,
                     s->status_report);
        compose_fini(&composed);
    }
}

static void test_options(void **state)
{
    (void)state;
    assert_int_equal(run(T F B "StatusCallback=http://a/"
                               "cb&ContentRetention=discard&AddressRetention=obfuscate&Tags={\"a\":\"b\"}"),
                     0);
    const struct submission *s = &composed.submission;
    assert_string_equal(s->callback_url, "http://a/cb");
    assert_string_equal(s->tags, "{\"a\":\"b\"}");
    assert_true(s->discard_body && s->mask_to);
    assert_string_equal(s->body, "hi");
    assert_true(s->line_id != 0 && s->service_id == 0);
    compose_fini(&composed);
    assert_int_equal(run(T S B), 0);
    assert_true(s->line_id == 0 && s->service_id != 0);
    assert_string_equal(s->from, "");
    assert_null(s->callback_url);
    assert_null(s->tags);
    assert_false(s->discard_body || s->mask_to);
    compose_fini(&composed);
    assert_int_equal(run(T S F B), 0);
    assert_true(s->line_id != 0 && s->service_id != 0);
    compose_fini(&composed);
}

/* Curly quotes cost a message its GSM 7-bit alphabet. */
static void test_smart_encoding(void **state)
{
    static const struct {
        const char *form, *body;
    } rows[] = {
        {T F "Body=%E2%80%9Chi%E2%80%9D", "\xe2\x80\x9chi\xe2\x80\x9d"},
        {T F "Body=%E2%80%9Chi%E2%80%9D&SmartEncoded=true", "\"hi\""},
        {T F "Body=%E2%80%9Chi%E2%80%9D&SmartEncoded=True", "\"hi\""},
        {T S "Body=%E2%80%9Chi%E2%80%9D", "\"hi\""}, /* the service's default */
        {T S "Body=%E2%80%9Chi%E2%80%9D&SmartEncoded=False", "\xe2\x80\x9chi\xe2\x80\x9d"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(run(rows[i].form), 0);
        assert_string_equal(body_kept, rows[i].body);
        compose_fini(&composed);
    }
}

static void test_idempotency_key(void **state)
{
    char key[257];
    struct form form;
    const char *media[COMPOSE_MEDIA_MAX];
    (void)state;
    form_parse(T F B, strlen(T F B), &form, NULL);
    struct compose_request request = request_of(&form, AC, media);
    memset(key, 'k', sizeof key);
    key[256] = '\0';
    request.idempotency_key = key;
    assert_false(compose(&rooms, &request, T0, &composed, &refusal));
    assert_int_equal(refusal.code, 20001);
    key[255] = '\0';
    assert_true(compose(&rooms, &request, T0, &composed, &refusal));
    assert_string_equal(composed.submission.idempotency_key, key);
    compose_fini(&composed);
    form_fini(&form);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_refusals),
        TEST(test_order),
        TEST(test_body_limit),
        TEST(test_messages_name_the_value),
        TEST(test_messages_quote_whole_characters),
        TEST(test_numbers_are_normalised),
        TEST(test_foreign_line),
        TEST(test_class_policy_validity),
        TEST(test_options),
        TEST(test_smart_encoding),
        TEST(test_idempotency_key),
    };
    powerfail_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
