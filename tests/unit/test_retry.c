/* The back-off table against its validity. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/queue/retry.h"

#define NOW INT64_C(1000000)
#define FAR (NOW + INT64_C(100000000))

static void test_table(void **state)
{
    static const struct {
        int tries, delay_s;
    } rows[] = {{0, 5},   {1, 5},    {2, 15},   {3, 60},   {4, 300},
                {5, 900}, {6, 1800}, {7, 3600}, {8, 3600}, {1000000, 3600}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(retry_at(rows[i].tries, NOW, FAR, 0, false), NOW + rows[i].delay_s * 1000);
}

static void test_never_sooner_with_more_tries(void **state)
{
    (void)state;
    for (int tries = 1; tries < 20; tries++)
        assert_true(retry_at(tries + 1, NOW, FAR, 0, false) >= retry_at(tries, NOW, FAR, 0, false));
}

static void test_last_try_is_moved_into_the_validity(void **state)
{
    (void)state;
    assert_int_equal(retry_at(4, NOW, NOW + 305000, 0, false), NOW + 300000); /* fits to the millisecond */
    assert_int_equal(retry_at(4, NOW, NOW + 304999, 0, false), NOW + 299999);
    assert_int_equal(retry_at(4, NOW, NOW + 20000, 0, false), NOW + 15000);
    assert_int_equal(retry_at(1, NOW, NOW + RETRY_LAST_MS + 1, 0, false), NOW + 1);
    assert_int_equal(retry_at(1, NOW, NOW + RETRY_LAST_MS, 0, false), RETRY_NEVER);
    assert_int_equal(retry_at(1, NOW, NOW - 1, 0, false), RETRY_NEVER);
}

static void test_what_the_carrier_asked_for(void **state)
{
    (void)state;
    assert_int_equal(retry_at(5, NOW, FAR, 1234, false), NOW + 1234);
    assert_int_equal(retry_at(1, NOW, NOW + 60000, 70000, false), RETRY_NEVER);
    assert_int_equal(retry_at(1, NOW, FAR, 50, true), NOW + 50);
}

static void test_carrier_fault_is_short_and_does_not_spin(void **state)
{
    static const int delays_s[] = {1, 1, 1, 5, 15, 60, 60, 60};
    (void)state;
    for (int tries = 0; tries < (int)(sizeof delays_s / sizeof delays_s[0]); tries++)
        assert_int_equal(retry_at(tries, NOW, FAR, 0, true), NOW + delays_s[tries] * 1000);
}

static void test_without_end(void **state)
{
    (void)state; /* the clock is not trusted: no validity */
    assert_int_equal(retry_at(3, NOW, INT64_MAX, 0, false), NOW + 60000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_never_sooner_with_more_tries),
        cmocka_unit_test(test_last_try_is_moved_into_the_validity),
        cmocka_unit_test(test_what_the_carrier_asked_for),
        cmocka_unit_test(test_carrier_fault_is_short_and_does_not_spin),
        cmocka_unit_test(test_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
