/* Numbers by their plans: verdicts, countries, forms; and the patterns they rest on. What the plans say of
 * each country is compared with the library they come from by numbering_compare.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/numbering/numbering.h"
#include "host/numbering/pattern.h"
#include "host/numbering/plans.h"

static void test_verdicts(void **state)
{
    static const struct {
        const char *text, *region;
        enum numbering_fault fault;
        const char *e164, *national, *country;
        enum numbering_kind kind;
    } rows[] = {
        {"+14159929960", NULL, NUMBERING_VALID, "+14159929960", "(415) 992-9960", "US",
         NUMBERING_FIXED_OR_MOBILE},
        {"(415) 992-9960", "us", NUMBERING_VALID, "+14159929960", "(415) 992-9960", "US",
         NUMBERING_FIXED_OR_MOBILE},
        {"+447772000001", NULL, NUMBERING_VALID, "+447772000001", "07772 000001", "GB", NUMBERING_MOBILE},
        {"044 668 18 00", "CH", NUMBERING_VALID, "+41446681800", "044 668 18 00", "CH", NUMBERING_FIXED},
        {"0041 79 111 22 33", "CH", NUMBERING_VALID, "+41791112233", "079 111 22 33", "CH", NUMBERING_MOBILE},
        {"+52 1 1 812 112 4089", NULL, NUMBERING_VALID, "+528121124089", "81 2112 4089", "MX",
         NUMBERING_FIXED_OR_MOBILE}, /* and not "+5218121124089", which read again is this */
        {"+390236618300", NULL, NUMBERING_VALID, "+390236618300", "02 3661 8300", "IT", NUMBERING_FIXED},
        {"+16135550123", NULL, NUMBERING_VALID, "+16135550123", "(613) 555-0123", "CA",
         NUMBERING_FIXED_OR_MOBILE},
        {"+80012345678", NULL, NUMBERING_VALID, "+80012345678", "1234 5678", "", NUMBERING_TOLL_FREE},
        {"+141599299600", NULL, NUMBERING_TOO_LONG, "+141599299600", "41599299600", "", NUMBERING_OTHER},
        {"+1415992", NULL, NUMBERING_TOO_SHORT, NULL, NULL, "", NUMBERING_OTHER},
        {"+12005550100", NULL, NUMBERING_UNASSIGNED, "+12005550100", "(200) 555-0100", "", NUMBERING_OTHER},
        {"+4179111223344", NULL, NUMBERING_WRONG_LENGTH, NULL, NULL, "", NUMBERING_OTHER},
        {"+9991234567", NULL, NUMBERING_UNKNOWN_COUNTRY, NULL, NULL, "", NUMBERING_OTHER},
        {"0446681800", NULL, NUMBERING_UNKNOWN_COUNTRY, NULL, NULL, "", NUMBERING_OTHER},
        {"0446681800", "XX", NUMBERING_UNKNOWN_COUNTRY, NULL, NULL, "", NUMBERING_OTHER},
        {"Info.ch", "CH", NUMBERING_NOT_A_NUMBER, NULL, NULL, "", NUMBERING_OTHER},
        {"", "CH", NUMBERING_NOT_A_NUMBER, NULL, NULL, "", NUMBERING_OTHER},
        {"+1234567890123456789012345678901234567890123", NULL, NUMBERING_TOO_LONG, NULL, NULL, "",
         NUMBERING_OTHER},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct numbering n;
        assert_int_equal(numbering_parse(rows[i].text, rows[i].region, &n), rows[i].fault == NUMBERING_VALID);
        if (n.fault != rows[i].fault || n.kind != rows[i].kind)
            fail_msg("%s: fault %d, kind %d", rows[i].text, n.fault, n.kind);
        assert_string_equal(n.country, rows[i].country);
        if (rows[i].e164 != NULL) {
            assert_string_equal(n.e164, rows[i].e164);
            assert_string_equal(n.national, rows[i].national);
        }
    }
}

static const struct {
    const char *number, *country;
} COUNTRIES[] = {
    {"+41791112233", "CH"},
    {"+15005550006", "US"},
    {"+12425551234", "BS"},
    {"+14165551234", "CA"},
    {"+447400123456", "GB"},
    {"+441481960194", "GG"},
    {"+79161234567", "RU"},
    {"+77012345678", "KZ"},
    {"+80012345678", ""},
    {"+999123", ""},
    {"41791112233", ""},
    {"12345", ""},
    {"+12025550123", "US"},
    {"+18005550123", "US"},
    {"+16135550123", "CA"},
    {"+18765550123", "JM"},
    {"+17875550123", "PR"},
    {"+12425550123", "BS"},
    {"+41791234567", "CH"},
    {"+42371234567", "LI"},
    {"+4915112345678", "DE"},
    {"+447911123456", "GG"},
    {"+79031234567", "RU"},
    {"+77011234567", "KZ"},
    {"+33612345678", "FR"},
    {"+590690123456", "GP"},
    {"+35191616161", "PT"},
    {"+38312345678", "XK"},
    {"+39061234567", "IT"},
    {"+390669812345", "VA"},
    {"+8613912345678", "CN"},
    {"+85212345678", "HK"},
    {"+998901234567", "UZ"},
    {"+27821234567", "ZA"},
    {"+2111234567", "SS"},
    {"+881612345678", ""},
    {"+882512345678", ""},
    {"+87012345678", ""},
    {"+9991234567", ""},
    {"41791234567", ""},
    {"Cellpost", ""},
    {"+4", ""},
    {"Info", ""},
    {"", ""},
    {"+", ""},
    {"+1", ""},
};

static void test_countries(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof COUNTRIES / sizeof COUNTRIES[0]; i++)
        if (strcmp(numbering_country(COUNTRIES[i].number), COUNTRIES[i].country) != 0)
            fail_msg("%s: %s", COUNTRIES[i].number, numbering_country(COUNTRIES[i].number));
    assert_string_equal(numbering_main_country(41), "CH");
    assert_string_equal(numbering_main_country(1), "US");
    assert_string_equal(numbering_main_country(800), "");
    assert_string_equal(numbering_main_country(999), "");
    assert_true(numbering_knows_region("ch"));
    assert_false(numbering_knows_region("ZZ"));
    assert_false(numbering_knows_region(""));
    assert_false(numbering_knows_region(NULL));
}

/* Two capitals or nothing, for every prefix. */
static void test_every_prefix(void **state)
{
    char number[16];
    unsigned known = 0;
    (void)state;
    for (unsigned prefix = 1000; prefix < 10000; prefix++) {
        snprintf(number, sizeof number, "+%u555123", prefix);
        const char *country = numbering_country(number);
        size_t len = strspn(country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        assert_true(country[len] == '\0' && (len == 0 || len == 2));
        known += len == 2;
    }
    assert_in_range(known, 7000, 9000);
}

#define OP(operation, operand) ((operation) << PATTERN_OPERAND_BITS | (operand))
#define ANY                    0x3FF

/* (1|12)(3?) */
static const uint16_t program[] = {OP(PATTERN_SAVE, 2),     OP(PATTERN_SPLIT, 3),    OP(PATTERN_SET, 1 << 1),
                                   OP(PATTERN_JUMP, 3),     OP(PATTERN_SET, 1 << 1), OP(PATTERN_SET, 1 << 2),
                                   OP(PATTERN_SAVE, 3),     OP(PATTERN_SPLIT, 4),    OP(PATTERN_SAVE, 4),
                                   OP(PATTERN_SET, 1 << 3), OP(PATTERN_SAVE, 5),     OP(PATTERN_MATCH, 0)};

static void test_patterns(void **state)
{
    struct pattern_groups groups;
    char out[16];
    (void)state;
    assert_true(pattern_match(program, "123", false, &groups));
    assert_int_equal(groups.at[1][1], 1); /* the first way that works */
    assert_int_equal(groups.at[2][1], 0xFF);
    assert_true(pattern_match(program, "123", true, &groups));
    assert_int_equal(groups.at[1][1], 2);
    assert_int_equal(groups.at[2][1], 3);
    assert_true(pattern_expand("<$2-$1$9>", "123", &groups, out, sizeof out));
    assert_string_equal(out, "<3-12>");
    assert_false(pattern_expand("<$2-$1$9>", "123", &groups, out, 6));
    assert_true(pattern_match(program, "14", false, &groups));
    assert_true(pattern_expand("$1", "14", &groups, out, sizeof out));
    assert_string_equal(out, "14"); /* with what is behind the match */
    assert_false(pattern_match(program, "14", true, NULL));
    assert_false(pattern_match(program, "2", false, NULL));
    assert_false(pattern_match(program, "", false, NULL));
    assert_false(pattern_match(program, "x", false, NULL));
}

/* Every place of the tables holds what it should. */
static void test_tables(void **state)
{
    size_t planned = 0;
    (void)state;
    assert_in_range(plan_count, 240, 400);
    for (size_t i = 0; i < plan_calling_count; i++) {
        assert_int_equal(plan_callings[i].first, planned);
        planned += plan_callings[i].count;
        assert_true(i == 0 || plan_callings[i].code > plan_callings[i - 1].code);
        for (size_t n = plan_callings[i].first; n < planned; n++)
            assert_int_equal(plans[n].calling_code, plan_callings[i].code);
    }
    assert_int_equal(planned, plan_count);
    for (size_t i = 0; i < plan_count; i++) {
        assert_true(plans[i].general != 0 && plans[i].lengths != 0 && plans[i].lengths < 1 << 18);
        assert_true(plans[i].prefix_groups < PATTERN_GROUPS);
        assert_true(plans[i].prefix_transform[0] == '\0' || plans[i].prefix_groups > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),     cmocka_unit_test(test_countries),
        cmocka_unit_test(test_every_prefix), cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
