/* Lookups over the API. */
#include "facade_calls.h"

static const char *const KEYS[] = {"calling_country_code",
                                   "country_code",
                                   "phone_number",
                                   "national_format",
                                   "valid",
                                   "validation_errors",
                                   "caller_name",
                                   "sim_swap",
                                   "call_forwarding",
                                   "line_status",
                                   "identity_match",
                                   "line_type_intelligence",
                                   "reassigned_number",
                                   "sms_pumping_risk",
                                   "pre_fill",
                                   "phone_number_quality_score",
                                   "url"};
#define KEY_COUNT (sizeof KEYS / sizeof KEYS[0])

static struct response look_up(const char *path)
{
    struct response r = get(path);
    if (r.status != 200)
        fail_msg("%s: %s", path, r.body);
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (json_object_get(r.json, KEYS[i]) == NULL)
            fail_msg("no %s", KEYS[i]);
    assert_int_equal(json_object_size(r.json), KEY_COUNT);
    return r;
}

static void test_valid(void **state)
{
    static const struct {
        const char *path, *number, *national, *country, *code;
    } rows[] = {
        {"/v2/PhoneNumbers/+14159929960", "+14159929960", "(415) 992-9960", "US", "1"},
        {"/v2/PhoneNumbers/%2B447772000001", "+447772000001", "07772 000001", "GB", "44"},
        {"/v2/PhoneNumbers/0446681800", "+41446681800", "044 668 18 00", "CH", "41"}, /* country = 41 */
        {"/v2/PhoneNumbers/4159929960?CountryCode=US", "+14159929960", "(415) 992-9960", "US", "1"},
        {"/v2/PhoneNumbers/079%20111%2022%2033", "+41791112233", "079 111 22 33", "CH", "41"},
        {"/v2/PhoneNumbers/+80012345678", "+80012345678", "1234 5678", NULL, "800"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char url[256];
        struct response r = look_up(rows[i].path);
        assert_true(json_is_true(json_object_get(r.json, "valid")));
        assert_int_equal(json_array_size(json_object_get(r.json, "validation_errors")), 0);
        assert_string_equal(text_of(&r, "phone_number"), rows[i].number);
        assert_string_equal(text_of(&r, "national_format"), rows[i].national);
        assert_string_equal(text_of(&r, "calling_country_code"), rows[i].code);
        if (rows[i].country != NULL)
            assert_string_equal(text_of(&r, "country_code"), rows[i].country);
        else
            assert_null(text_of(&r, "country_code"));
        snprintf(url, sizeof url, "http://gw/v2/PhoneNumbers/%s", rows[i].number);
        assert_string_equal(text_of(&r, "url"), url);
        assert_null(text_of(&r, "line_type_intelligence"));
        response_fini(&r);
    }
}

static void test_not_valid(void **state)
{
    static const struct {
        const char *path, *number, *error;
    } rows[] = {
        {"/v2/PhoneNumbers/+141599299600", "+141599299600", "TOO_LONG"},
        {"/v2/PhoneNumbers/+1415", "+1415", "TOO_SHORT"},
        {"/v2/PhoneNumbers/+4179111223344", "+4179111223344", "INVALID_LENGTH"},
        {"/v2/PhoneNumbers/+12005550100", "+12005550100", "INVALID_BUT_POSSIBLE"},
        {"/v2/PhoneNumbers/+9991234567", "+9991234567", "INVALID_COUNTRY_CODE"},
        {"/v2/PhoneNumbers/Info.ch", "Info.ch", "NOT_A_NUMBER"},
        {"/v2/PhoneNumbers/a%22%2F%3C", "a\"/<", "NOT_A_NUMBER"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct response r = look_up(rows[i].path);
        json_t *errors = json_object_get(r.json, "validation_errors");
        assert_true(json_is_false(json_object_get(r.json, "valid")));
        assert_int_equal(json_array_size(errors), 1);
        assert_string_equal(json_string_value(json_array_get(errors, 0)), rows[i].error);
        assert_string_equal(text_of(&r, "phone_number"), rows[i].number);
        assert_null(text_of(&r, "national_format"));
        assert_null(text_of(&r, "country_code"));
        assert_null(text_of(&r, "calling_country_code"));
        response_fini(&r);
    }
}

static void test_line_type(void **state)
{
    static const struct {
        const char *path, *type;
    } rows[] = {
        {"/v2/PhoneNumbers/+41791112233?Fields=line_type_intelligence", "mobile"},
        {"/v2/PhoneNumbers/+41446681800?Fields=caller_name,%20line_type_intelligence", "landline"},
        {"/v2/PhoneNumbers/+14159929960?Fields=line_type_intelligence", "unknown"},
        {"/v2/PhoneNumbers/+41800123456?Fields=line_type_intelligence,sim_swap", "tollFree"},
        {"/v2/PhoneNumbers/+41800123456?Fields=line_type", NULL},
        {"/v2/PhoneNumbers/+418?Fields=line_type_intelligence", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct response r = look_up(rows[i].path);
        json_t *line = json_object_get(r.json, "line_type_intelligence");
        const char *type = json_string_value(json_object_get(line, "type"));
        if (rows[i].type == NULL)
            assert_true(json_is_null(line));
        else if (type == NULL || strcmp(type, rows[i].type) != 0)
            fail_msg("%s: %s", rows[i].path, r.body);
        else
            assert_true(json_is_null(json_object_get(line, "carrier_name")));
        response_fini(&r);
    }
}

static void test_first_version(void **state)
{
    (void)state;
    struct response r = get("/v1/PhoneNumbers/0791112233?CountryCode=ch&Type=carrier");
    assert_int_equal(r.status, 200);
    assert_string_equal(text_of(&r, "phone_number"), "+41791112233");
    assert_string_equal(text_of(&r, "country_code"), "CH");
    assert_string_equal(json_string_value(json_object_get(json_object_get(r.json, "carrier"), "type")),
                        "mobile");
    response_fini(&r);
    r = get("/v1/PhoneNumbers/+1415");
    assert_refused(&r, 404, 20404);
}

static void test_refusals(void **state)
{
    (void)state;
    struct response r = get("/v2/PhoneNumbers/0791112233?CountryCode=ZZ");
    assert_refused(&r, 400, 20001);
    r = get("/v2/PhoneNumbers");
    assert_refused(&r, 404, 20404);
    r = post("/v2/PhoneNumbers/+41791112233", "x=y");
    assert_refused(&r, 405, 20004);
    r = rig_ask_as(&rig, "GET", "/v2/PhoneNumbers/+41791112233", "", NULL);
    assert_refused(&r, 401, 20003);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_valid),         TEST(test_not_valid), TEST(test_line_type),
        TEST(test_first_version), TEST(test_refusals),
    };
    powerfail_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
