/* Numbers: what is understood, what is refused, which are the same subscriber, whose country it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/sms/number.h"
#include "host/sms/pdu.h"
#include "vectors.h"

#define COUNT(rows) (sizeof rows / sizeof rows[0])

static const struct number_plan swiss = {"41", "0"}, danish = {"45", ""}, hungarian = {"36", "06"};

static const struct {
    const char *in;
    const struct number_plan *plan;
    enum number_kind kind;
    const char *out;
} parsed[] = {
    {"+41791234567", NULL, NUMBER_E164, "+41791234567"},
    {"+41 79 123 45 67", NULL, NUMBER_E164, "+41791234567"},
    {"+41(79)123-45.67", NULL, NUMBER_E164, "+41791234567"},
    {"(+41) 79/123 45 67", NULL, NUMBER_E164, "+41791234567"},
    {" +41791234567 ", NULL, NUMBER_E164, "+41791234567"},
    {"0041791234567", NULL, NUMBER_E164, "+41791234567"},
    {"00 41 79 123 45 67", &danish, NUMBER_E164, "+41791234567"},
    {"079 123 45 67", &swiss, NUMBER_E164, "+41791234567"},
    {"06301234567", &hungarian, NUMBER_E164, "+36301234567"},
    {"12 34 56 78", &danish, NUMBER_E164, "+4512345678"},
    {"+1234567", NULL, NUMBER_E164, "+1234567"},                 /* 7 digits, the least */
    {"+123456789012345", NULL, NUMBER_E164, "+123456789012345"}, /* 15, the most */
    {"123", NULL, NUMBER_SHORT, "123"},
    {"123456", NULL, NUMBER_SHORT, "123456"},
    {"123-456", NULL, NUMBER_SHORT, "123456"},
    {"1414", &swiss, NUMBER_SHORT, "1414"},
    {"000100", NULL, NUMBER_SHORT, "000100"},
    {"Cellpost", NULL, NUMBER_ALPHA, "Cellpost"},
    {"A", NULL, NUMBER_ALPHA, "A"},
    {"A&B_C-D E1f", NULL, NUMBER_ALPHA, "A&B_C-D E1f"}, /* 11, the most */
    {"2nd Line", &swiss, NUMBER_ALPHA, "2nd Line"},
    {"", NULL, NUMBER_INVALID, ""},
    {" ", NULL, NUMBER_INVALID, ""},
    {"+", NULL, NUMBER_INVALID, ""},
    {"+123456", NULL, NUMBER_INVALID, ""},           /* 6 digits with '+' */
    {"+1234567890123456", NULL, NUMBER_INVALID, ""}, /* 16 */
    {"+0791234567", NULL, NUMBER_INVALID, ""},       /* no country begins with 0 */
    {"++41791234567", NULL, NUMBER_INVALID, ""},
    {"41+791234567", NULL, NUMBER_INVALID, ""},
    {"12", NULL, NUMBER_INVALID, ""},
    {"1234567", NULL, NUMBER_INVALID, ""}, /* local, and no plan */
    {"0791234567", NULL, NUMBER_INVALID, ""},
    {"791234567", &swiss, NUMBER_INVALID, ""}, /* without its trunk prefix */
    {"41791234567", &swiss, NUMBER_INVALID, ""},
    {"00791234", &swiss, NUMBER_INVALID, ""},         /* '+' and 6 digits */
    {"0123456789012345", &swiss, NUMBER_INVALID, ""}, /* 17 digits with the country */
    {"whatsapp:+41791234567", NULL, NUMBER_INVALID, ""},
    {"messenger:1", NULL, NUMBER_INVALID, ""},
    {"TwelveLetter", NULL, NUMBER_INVALID, ""},
    {"-- &_ --", NULL, NUMBER_INVALID, ""}, /* no letter */
    {"a+b", NULL, NUMBER_INVALID, ""},
    {"caf\xC3\xA9", NULL, NUMBER_INVALID, ""},
    {"+41791234567\n", NULL, NUMBER_INVALID, ""},
    {"+41791234567,+41791234568", NULL, NUMBER_INVALID, ""},
    {"                                                  +41791234567", NULL, NUMBER_E164, "+41791234567"},
    {"11111111111111111111111111111111111111111111111111", &danish, NUMBER_INVALID, ""},
};

/* ---- parse ---- */

static void test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(parsed); i++) {
        char out[NUMBER_MAX];
        memset(out, 'x', sizeof out);
        enum number_kind kind = number_parse(parsed[i].in, parsed[i].plan, out);
        if (kind != parsed[i].kind || strcmp(out, parsed[i].out) != 0)
            fail_msg("\"%s\": kind %d, \"%s\"", parsed[i].in, kind, out);
    }
}

static void test_empty_plan(void **state)
{
    static const struct number_plan plans[] = {{NULL, NULL}, {"", "0"}, {NULL, "0"}};
    static const struct number_plan no_trunk = {"45", NULL};
    char out[NUMBER_MAX];
    (void)state;
    for (size_t i = 0; i < COUNT(plans); i++) {
        assert_int_equal(number_parse("0791234567", &plans[i], out), NUMBER_INVALID);
        assert_int_equal(number_parse("+41791234567", &plans[i], out), NUMBER_E164);
    }
    assert_int_equal(number_parse("12345678", &no_trunk, out), NUMBER_E164);
    assert_string_equal(out, "+4512345678");
}

/* What is understood once stays as it is. */
static void test_parse_is_stable(void **state)
{
    static const char *const texts[] = {"0041791234567", "079 123 45 67", "123-456", "A&B_C-D E1f"};
    char once[NUMBER_MAX], twice[NUMBER_MAX];
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        enum number_kind kind = number_parse(texts[i], &swiss, once);
        assert_int_equal(number_parse(once, &swiss, twice), kind);
        assert_string_equal(once, twice);
    }
}

/* ---- match ---- */

static void test_match(void **state)
{
    static const struct {
        const char *a, *b;
        unsigned digits;
        bool same;
    } rows[] = {
        {"+41791234567", "+41791234567", 0, true},
        {"+41791234567", "41791234567", 0, true},
        {"+41791234567", "0791234567", 0, true},
        {"+41791234567", "791234567", 0, true},
        {"+41791234567", "+41781234567", 7, true}, /* seven digits agree, the eighth does not */
        {"+41791234567", "+41781234567", 0, false},
        {"+41791234567", "+41781234567", 9, false},
        {"+41791234567", "+41791234568", 0, false},
        {"+4915259911630", "9911630", 0, true}, /* a national number of seven */
        {"+4915259911630", "9911631", 0, false},
        {"+4915259911630", "9911630", 8, false},
        {"+4915259911630", "911630", 0, false}, /* six digits: a short code */
        {"+4915259911630", "911630", 4, false},
        {"12345", "12345", 0, true},
        {"12345", "+12345", 0, true},
        {"12345", "912345", 4, false},
        {"Cellpost", "Cellpost", 0, true},
        {"Cellpost", "cellpost", 0, false},
        {"MyCellpost1", "OurCellpost1", 0, false}, /* letters: equal only */
        {"A1234567890", "B1234567890", 0, false},
        {"", "", 0, false},
        {"", "+41791234567", 0, false},
        {"+", "", 0, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (number_match(rows[i].a, rows[i].b, rows[i].digits) != rows[i].same ||
            number_match(rows[i].b, rows[i].a, rows[i].digits) != rows[i].same)
            fail_msg("%s, %s, %u", rows[i].a, rows[i].b, rows[i].digits);
}

/* ---- the reports of micro.json, taken from pdu-decode.json ---- */

static const char *report_wanted;
static struct pdu report;

static void find_report(const char *id, json_t *record)
{
    const char *hex = vector_text(record, "pdu");
    if (strcmp(id, report_wanted) != 0)
        return;
    assert_int_equal(pdu_decode_hex(hex, strlen(hex), vector_flag(record, "has_smsc"), false, &report),
                     PDU_OK);
    assert_int_equal(report.type, PDU_STATUS_REPORT);
}

/* Each report must match by recipient, and by one MR each; delivered once all have. */
static void match_case(json_t *one)
{
    size_t i, m;
    json_t *name, *mr, *mrs = json_object_get(one, "mrs");
    unsigned matched = 0;
    json_array_foreach(json_object_get(one, "reports"), i, name)
    {
        report_wanted = json_string_value(name);
        memset(&report, 0, sizeof report);
        vectors_each("pdu-decode.json", find_report);
        assert_true(number_match(vector_text(one, "sent_to"), report.address.text, 0));
        assert_int_equal(pdu_st_class(report.st), ST_DELIVERED);
        json_array_foreach(mrs, m, mr) matched += json_integer_value(mr) == report.mr;
    }
    assert_int_equal(matched, json_array_size(mrs));
}

static void micro_record(const char *id, json_t *record)
{
    size_t i;
    json_t *one;
    (void)id;
    if (!vector_is_mine(record, "number"))
        return;
    assert_true(json_array_size(json_object_get(record, "cases")) > 0);
    json_array_foreach(json_object_get(record, "cases"), i, one)
    {
        match_case(one);
    }
}

static void test_vectors(void **state)
{
    (void)state;
    vectors_each("micro.json", micro_record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),           cmocka_unit_test(test_empty_plan),
        cmocka_unit_test(test_parse_is_stable), cmocka_unit_test(test_match),
        cmocka_unit_test(test_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
