/* The bucket of one token. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/router/rate.h"

/* Asks each millisecond: no two tokens are nearer than a second's part, and none is left lying. */
static void test_spacing(void **state)
{
    static const int rates[] = {1, 2, 3, 7, 30, 999, 1000};
    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct rate rate;
        int64_t last_us = 5000000, interval_us = 1000000 / rates[i];
        rate_set(&rate, rates[i], last_us);
        for (int64_t now_us = last_us; now_us < 15000000; now_us += 1000) {
            int64_t wait_ms = rate_wait_ms(&rate, now_us);
            assert_true((wait_ms == 0) == (now_us >= rate.next_us));
            if (wait_ms > 0) {
                assert_true(now_us + wait_ms * 1000 >= rate.next_us);
                assert_true(now_us + (wait_ms - 1) * 1000 < rate.next_us);
                continue;
            }
            assert_true((now_us - last_us) * rates[i] >= 1000000);
            assert_true(now_us - last_us <= interval_us + 1001);
            rate_take(&rate, now_us);
            last_us = now_us;
        }
    }
}

static void test_no_limit(void **state)
{
    struct rate rate;
    (void)state;
    rate_set(&rate, 0, 1000);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(rate_wait_ms(&rate, 1000), 0);
        rate_take(&rate, 1000);
    }
}

/* A long rest saves up one token, not many. */
static void test_one_token(void **state)
{
    struct rate rate;
    (void)state;
    rate_set(&rate, 2, 0);
    assert_int_equal(rate_wait_ms(&rate, 0), 500);
    assert_int_equal(rate_wait_ms(&rate, 60000000), 0);
    rate_take(&rate, 60000000);
    assert_int_equal(rate_wait_ms(&rate, 60000001), 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spacing),
        cmocka_unit_test(test_no_limit),
        cmocka_unit_test(test_one_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
