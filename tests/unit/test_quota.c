/* Rates, failed logins, and the table that both remember names in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/facade/failed.h"
#include "host/facade/quota.h"

static struct name name_of(uint32_t n)
{
    struct name name = {{0}};
    memcpy(name.bytes + 12, &n, sizeof n);
    return name;
}

/* ---- names ---- */

static void test_the_oldest_gives_way(void **state)
{
    bool fresh;
    (void)state;
    struct names *names = names_new(3);
    size_t places[4];
    for (uint32_t i = 0; i < 3; i++) {
        const struct name name = name_of(i);
        places[i] = names_take(names, &name, &fresh);
        assert_true(fresh && places[i] < 3);
    }
    const struct name first = name_of(0), second = name_of(1), third = name_of(2), fourth = name_of(3);
    assert_int_equal(names_take(names, &first, &fresh), places[0]);
    assert_false(fresh);
    assert_int_equal(names_take(names, &fourth, &fresh), places[1]);
    assert_true(fresh);
    assert_int_equal(names_count(names), 3);
    assert_true(names_find(names, &second) == NAMES_NONE);
    assert_int_equal(names_find(names, &third), places[2]);
    names_drop(names, &second);
    names_drop(names, &third);
    assert_int_equal(names_count(names), 2);
    assert_int_equal(names_take(names, &second, &fresh), places[2]);
    names_free(names);
}

/* Against a plain list in order of use. */
static void test_names_at_random(void **state)
{
    enum { CAPACITY = 37, KINDS = 90 };
    uint32_t order[CAPACITY], random = 1;
    size_t count = 0;
    (void)state;
    struct names *names = names_new(CAPACITY);
    for (int i = 0; i < 200000; i++) {
        bool fresh, was = false;
        random = random * 1664525 + 1013904223;
        uint32_t n = (random >> 8) % KINDS;
        const struct name name = name_of(n);
        size_t at = 0;
        while (at < count && order[at] != n)
            at++;
        was = at < count;
        assert_int_equal(names_find(names, &name) != NAMES_NONE, was);
        if ((random >> 24) % 5 == 0) {
            names_drop(names, &name);
            if (was)
                memmove(order + at, order + at + 1, (--count - at) * sizeof *order);
            continue;
        }
        assert_true(names_take(names, &name, &fresh) < CAPACITY);
        assert_int_equal(fresh, !was);
        if (!was && count == CAPACITY)
            at = 0; /* the oldest stands first */
        if (was || count == CAPACITY)
            memmove(order + at, order + at + 1, (--count - at) * sizeof *order);
        order[count++] = n;
        assert_int_equal(names_count(names), count);
    }
    names_free(names);
}

/* ---- rates ---- */

static void test_burst_then_rate(void **state)
{
    const struct quota_limit limit = {10, 30};
    const struct name a = name_of(1), b = name_of(2);
    (void)state;
    struct quota *quota = quota_new(8);
    for (int i = 0; i < 30; i++)
        assert_int_equal(quota_take(quota, &a, &limit, 1000), 0);
    assert_int_equal(quota_take(quota, &a, &limit, 1000), 1);
    assert_int_equal(quota_take(quota, &b, &limit, 1000), 0);
    assert_int_equal(quota_take(quota, &a, &limit, 1099), 1);
    assert_int_equal(quota_take(quota, &a, &limit, 1100), 0);
    assert_int_equal(quota_take(quota, &a, &limit, 1100), 1);
    int admitted = 0;
    for (int64_t ms = 1100; ms < 11100; ms++)
        admitted += quota_take(quota, &a, &limit, ms) == 0;
    assert_in_range(admitted, 99, 100); /* ten seconds of ten a second: asking in vain costs nothing */
    quota_free(quota);
}

static void test_never_above_the_burst(void **state)
{
    const struct quota_limit limit = {1000000, 3}, none = {0, 0}, less = {1, 1};
    const struct name a = name_of(1);
    (void)state;
    struct quota *quota = quota_new(1);
    assert_int_equal(quota_take(quota, &a, &limit, 0), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(quota_take(quota, &a, &limit, INT64_MAX / 2), 0);
    assert_int_equal(quota_take(quota, &a, &limit, INT64_MAX / 2), 1);
    for (int i = 0; i < 100; i++)
        assert_int_equal(quota_take(quota, &a, &none, INT64_MAX / 2), 0);
    assert_int_equal(quota_take(quota, &a, &limit, INT64_MAX / 2 + 1), 0);
    assert_int_equal(quota_take(quota, &a, &less, INT64_MAX / 2 + 2), 0); /* a reload made it less */
    assert_int_equal(quota_take(quota, &a, &less, INT64_MAX / 2 + 3), 1);
    quota_free(quota);
}

/* Who waits as long as it is told is admitted; a second less is too early. */
static void test_the_wait_is_exact(void **state)
{
    static const struct quota_limit limits[] = {{1, 1}, {1, 5}, {3, 2}, {7, 1}, {1000, 1}};
    const struct name a = name_of(1);
    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct quota *quota = quota_new(1);
        int64_t now_ms = 12345;
        int wait = 0;
        for (int n = 0; n <= limits[i].burst; n++)
            wait = quota_take(quota, &a, &limits[i], now_ms);
        assert_true(wait >= 1);
        if (wait > 1)
            assert_true(quota_take(quota, &a, &limits[i], now_ms + (wait - 1) * 1000 - 1) > 0);
        assert_int_equal(quota_take(quota, &a, &limits[i], now_ms + wait * 1000), 0);
        quota_free(quota);
    }
}

static void test_who_is_forgotten_begins_anew(void **state)
{
    const struct quota_limit limit = {1, 1};
    const struct name a = name_of(1), b = name_of(2);
    (void)state;
    struct quota *quota = quota_new(1);
    assert_int_equal(quota_take(quota, &a, &limit, 0), 0);
    assert_int_equal(quota_take(quota, &a, &limit, 0), 1);
    assert_int_equal(quota_take(quota, &b, &limit, 0), 0);
    assert_int_equal(quota_take(quota, &a, &limit, 0), 0);
    quota_free(quota);
}

/* ---- failed logins ---- */

static void test_failures_cost_more_and_more(void **state)
{
    static const int waits[] = {1, 2, 4, 8, 16, 32, 60, 60};
    const struct name a = name_of(1), b = name_of(2);
    int64_t now_ms = 5000;
    (void)state;
    struct failed *failed = failed_new(4);
    for (int i = 0; i < 4; i++) {
        assert_false(failed_note(failed, &a, 5, now_ms));
        assert_int_equal(failed_wait(failed, &a, now_ms), 0);
    }
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        assert_int_equal(failed_note(failed, &a, 5, now_ms), i == 0); /* told once */
        assert_int_equal(failed_wait(failed, &a, now_ms), waits[i]);
        assert_int_equal(failed_wait(failed, &b, now_ms), 0);
        now_ms += waits[i] * 1000;
        assert_int_equal(failed_wait(failed, &a, now_ms - 1), 1);
        assert_int_equal(failed_wait(failed, &a, now_ms), 0);
    }
    failed_forgive(failed, &a);
    assert_false(failed_note(failed, &a, 5, now_ms));
    assert_int_equal(failed_wait(failed, &a, now_ms), 0);
    failed_free(failed);
}

static void test_failures_are_forgotten(void **state)
{
    const struct name a = name_of(1);
    (void)state;
    struct failed *failed = failed_new(4);
    for (int i = 0; i < 4; i++)
        assert_false(failed_note(failed, &a, 5, 0));
    assert_false(failed_note(failed, &a, 5, FAILED_FORGET_MS + 1));
    for (int i = 0; i < 3; i++)
        assert_false(failed_note(failed, &a, 5, 2 * FAILED_FORGET_MS));
    assert_true(failed_note(failed, &a, 5, 2 * FAILED_FORGET_MS));
    for (int i = 0; i < 100; i++)
        assert_false(failed_note(failed, &a, 0, 0)); /* switched off */
    failed_free(failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_oldest_gives_way),
        cmocka_unit_test(test_names_at_random),
        cmocka_unit_test(test_burst_then_rate),
        cmocka_unit_test(test_never_above_the_burst),
        cmocka_unit_test(test_the_wait_is_exact),
        cmocka_unit_test(test_who_is_forgotten_begins_anew),
        cmocka_unit_test(test_failures_cost_more_and_more),
        cmocka_unit_test(test_failures_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
