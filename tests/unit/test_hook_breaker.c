/* The breaker's states on a clock that is a number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/facade/hook_breaker.h"

static bool once(struct hook_breaker *b, enum breaker_verdict verdict, int64_t now)
{
    bool probe = hook_breaker_start(b, now);
    return hook_breaker_end(b, probe, verdict, now);
}

static void fails(struct hook_breaker *b, int times, int64_t now)
{
    for (int i = 0; i < times; i++)
        once(b, BREAKER_DOWN, now);
}

static void test_opens_after_five_in_a_row(void **state)
{
    struct hook_breaker b = {0};
    (void)state;
    fails(&b, 4, 0);
    assert_false(once(&b, BREAKER_UP, 0)); /* and all begins anew */
    fails(&b, 4, 0);
    assert_int_equal(b.state, BREAKER_CLOSED);
    assert_false(once(&b, BREAKER_UNKNOWN, 0));
    assert_true(hook_breaker_admits(&b, 0));
    assert_true(once(&b, BREAKER_DOWN, 7));
    assert_int_equal(b.state, BREAKER_OPEN);
    assert_false(hook_breaker_admits(&b, 7));
    assert_false(hook_breaker_admits(&b, 7 + BREAKER_REST_MS - 1));
    assert_true(hook_breaker_admits(&b, 7 + BREAKER_REST_MS));
}

static void test_one_probe_at_a_time_two_close(void **state)
{
    struct hook_breaker b = {0};
    int64_t now = BREAKER_REST_MS;
    (void)state;
    fails(&b, 5, 0);
    assert_true(hook_breaker_start(&b, now));
    assert_false(hook_breaker_admits(&b, now + 100000));
    assert_false(hook_breaker_start(&b, now + 100000));
    assert_false(hook_breaker_end(&b, true, BREAKER_UP, now));
    assert_int_equal(b.state, BREAKER_PROBING);
    assert_true(hook_breaker_start(&b, now));
    assert_false(hook_breaker_admits(&b, now));
    assert_true(hook_breaker_end(&b, true, BREAKER_UP, now));
    assert_int_equal(b.state, BREAKER_CLOSED);
    fails(&b, 4, now); /* a fresh start */
    assert_int_equal(b.state, BREAKER_CLOSED);
}

static void test_a_failed_probe_opens_anew(void **state)
{
    struct hook_breaker b = {0};
    int64_t now = BREAKER_REST_MS;
    (void)state;
    fails(&b, 5, 0);
    assert_false(once(&b, BREAKER_UP, now));
    assert_true(once(&b, BREAKER_DOWN, now));
    assert_int_equal(b.state, BREAKER_OPEN);
    assert_false(hook_breaker_admits(&b, now + BREAKER_REST_MS - 1));
    now += BREAKER_REST_MS;
    assert_false(once(&b, BREAKER_UP, now)); /* the success before does not count any more */
    assert_true(once(&b, BREAKER_UP, now));
    assert_int_equal(b.state, BREAKER_CLOSED);
}

/* Started while it was closed, ended after it opened: neither closes it nor makes it wait longer. */
static void test_late_ends_are_not_judged(void **state)
{
    struct hook_breaker b = {0};
    (void)state;
    assert_false(hook_breaker_start(&b, 0));
    fails(&b, 5, 0);
    assert_false(hook_breaker_end(&b, false, BREAKER_DOWN, 5000));
    assert_false(hook_breaker_end(&b, false, BREAKER_UP, 5000));
    assert_int_equal(b.probe_ms, BREAKER_REST_MS);
    assert_true(hook_breaker_start(&b, BREAKER_REST_MS));
    assert_false(hook_breaker_end(&b, false, BREAKER_DOWN, BREAKER_REST_MS));
    assert_int_equal(b.state, BREAKER_PROBING);
    assert_false(hook_breaker_end(&b, true, BREAKER_UNKNOWN, BREAKER_REST_MS)); /* the next one probes */
    assert_true(hook_breaker_admits(&b, BREAKER_REST_MS));
    assert_string_equal(hook_breaker_text(b.state), "probing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opens_after_five_in_a_row),
        cmocka_unit_test(test_one_probe_at_a_time_two_close),
        cmocka_unit_test(test_a_failed_probe_opens_anew),
        cmocka_unit_test(test_late_ends_are_not_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
