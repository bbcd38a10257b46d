/* Rules of simulated lines: patterns, order, times, and what a section of the file becomes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "host/simulator/rule.h"

#define TO "+41791112233"

static struct conf *parse(const char *rules)
{
    char text[1024], *error = NULL;
    snprintf(text, sizeof text, "[line a]\ncarrier = simulator\n[line b]\ncarrier = loopback\n%s", rules);
    struct conf *conf = conf_parse("test", text, strlen(text), NULL, error);
    assert_non_null(conf);
    return conf;
}

/* The rules of that file, in its order; returns how many. */
static size_t read_rules(const char *text, struct rule rules[8])
{
    struct conf *conf = parse(text);
    size_t count = conf->simulate_count;
    assert_true(count <= 8);
    for (size_t i = 0; i < count; i++)
        rule_read(&conf->simulates[i], &rules[i]);
    conf_free(conf);
    return count;
}

static void test_patterns(void **state)
{
    static const struct {
        const char *pattern, *to;
        bool match;
    } rows[] = {
        {TO, TO, true},
        {TO, "+41791112234", false},
        {"+4179", TO, false},
        {"+4179*", TO, true},
        {"*2233", TO, true},
        {"*", TO, true},
        {"*", "", true},
        {"", "", true},
        {"", TO, false},
        {"+41*11*33", TO, true},
        {"+41*13*33", TO, false},
        {"**", TO, true},
        {"+41*2*2233", TO, false},
        {"*111*2233", TO, true},
        {TO "*", TO, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rule_pattern_match(rows[i].pattern, rows[i].to) != rows[i].match)
            fail_msg("%s against %s", rows[i].pattern, rows[i].to);
}

static void test_without_a_rule(void **state)
{
    (void)state;
    const struct plan *plan = rule_choose(NULL, 0, "a", TO, 1, 1);
    assert_int_equal(plan->outcome, OUTCOME_SENT);
    assert_int_equal(plan->after_ms, 0);
    assert_true(plan->report);
    assert_int_equal(plan->st, 0);
}

static void test_the_first_that_fits(void **state)
{
    struct rule rules[8];
    (void)state;
    size_t count = read_rules("[simulate z]\nline = b\noutcome = unsure\n"
                              "[simulate y]\nto = +4179*\noutcome = reject\nerror = 30005\n"
                              "[simulate x]\noutcome = retry\nafter = 3s\n",
                              rules);
    assert_int_equal(rule_choose(rules, count, "b", TO, 1, 1)->outcome, OUTCOME_UNSURE);
    const struct plan *plan = rule_choose(rules, count, "a", TO, 1, 1);
    assert_int_equal(plan->outcome, OUTCOME_REJECT);
    assert_int_equal(plan->error, 30005);
    assert_int_equal(plan->after_ms, 100);
    assert_false(plan->report || plan->wait);
    plan = rule_choose(rules, count, "a", "+41441112233", 1, 1);
    assert_int_equal(plan->outcome, OUTCOME_RETRY);
    assert_int_equal(plan->after_ms, 3000);
}

static void test_times(void **state)
{
    struct rule rules[8];
    (void)state;
    size_t count = read_rules("[simulate once]\noutcome = reject\ntimes = 2\n", rules);
    assert_int_equal(rule_choose(rules, count, "a", TO, 1, 1)->outcome, OUTCOME_REJECT);
    assert_int_equal(rule_choose(rules, count, "a", TO, 1, 1)->outcome, OUTCOME_REJECT);
    assert_int_equal(rule_choose(rules, count, "a", TO, 2, 1)->outcome, OUTCOME_SENT);
    assert_int_equal(rules[0].used, 2);
}

/* A long text is one message: its later segments go with the rule of the first. A retried first segment that
 * the next rule took takes them with it. */
static void test_times_and_segments(void **state)
{
    struct rule rules[8];
    (void)state;
    size_t count =
        read_rules("[simulate first]\nreceipt = none\ntimes = 1\n[simulate then]\noutcome = reject\n", rules);
    assert_true(rule_choose(rules, count, "a", TO, 1, 1)->wait);
    assert_true(rule_choose(rules, count, "a", TO, 1, 2)->wait);
    assert_int_equal(rule_choose(rules, count, "a", TO, 2, 1)->outcome, OUTCOME_REJECT);

    count =
        read_rules("[simulate first]\noutcome = retry\ntimes = 1\n[simulate then]\nreceipt = none\n", rules);
    assert_int_equal(rule_choose(rules, count, "a", TO, 1, 1)->outcome, OUTCOME_RETRY);
    assert_true(rule_choose(rules, count, "a", TO, 1, 1)->wait);
    assert_true(rule_choose(rules, count, "a", TO, 1, 2)->wait);
}

static void test_receipts(void **state)
{
    static const struct {
        const char *options;
        bool report, wait;
        uint8_t st;
    } rows[] = {
        {"outcome = sent", true, false, 0x00},
        {"receipt = none", false, true, 0x00},
        {"receipt = undelivered", true, false, 0x40},
        {"receipt = undelivered\nreceipt_error = 30003", true, false, 0x62},
        {"outcome = unsure", false, true, 0x00},
        {"outcome = unsure\nreceipt = delivered", true, false, 0x00},
        {"outcome = reject\nreceipt = delivered", false, false, 0x00},
        {"outcome = retry\nreceipt = undelivered", false, false, 0x40},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[128];
        struct rule rules[8];
        snprintf(text, sizeof text, "[simulate r]\n%s\n", rows[i].options);
        size_t count = read_rules(text, rules);
        const struct plan *plan = rule_choose(rules, count, "a", TO, 1, 1);
        if (plan->report != rows[i].report || plan->wait != rows[i].wait || plan->st != rows[i].st)
            fail_msg("%s", rows[i].options);
    }
}

static void test_as_text(void **state)
{
    struct rule rules[8];
    char text[RULE_TEXT];
    (void)state;
    read_rules("[simulate r]\nto = +41*\noutcome = reject\nerror = 30007\ntimes = 3\n"
               "[simulate s]\nline = a\nreceipt = undelivered\n",
               rules);
    rule_text(&rules[0], text);
    assert_string_equal(
        text, "r line=* to=+41* outcome=reject error=30007 after=100ms receipt=none times=3 used=0");
    rule_text(&rules[1], text);
    assert_string_equal(text,
                        "s line=a to=* outcome=sent after=100ms receipt=undelivered receipt_after=200ms");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_without_a_rule),
        cmocka_unit_test(test_the_first_that_fits),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_times_and_segments),
        cmocka_unit_test(test_receipts),
        cmocka_unit_test(test_as_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
