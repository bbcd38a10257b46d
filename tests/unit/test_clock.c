/* The clock: what tests may rely on, what stored times look like, when nothing may expire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/base/clock.h"
#include "host/base/loop.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define T0       INT64_C(1800000000000) /* 2027-01-15T08:00:00Z */

static int setup(void **state)
{
    (void)state;
    clock_fake(T0, 5000);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    clock_real();
    return 0;
}

static void assert_clocks(int64_t wall_ms, int64_t mono_ms)
{
    assert_int_equal(clock_wall_ms(), wall_ms);
    assert_int_equal(clock_mono_ms(), mono_ms);
    assert_int_equal(clock_mono_us(), mono_ms * 1000);
}

static void test_fake_stands_still_and_moves_in_lock_step(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_clocks(T0, 5000);
    clock_advance(1);
    assert_clocks(T0 + 1, 5001);
    clock_advance(INT64_C(400) * 86400000);
    assert_clocks(T0 + 1 + INT64_C(400) * 86400000, 5001 + INT64_C(400) * 86400000);
}

static void test_no_step_back(void **state)
{
    (void)state;
    clock_advance(0);
    clock_advance(-1);
    clock_advance(INT64_MIN);
    assert_clocks(T0, 5000);
    clock_real();
    int64_t before_us = clock_mono_us(), wall_ms = clock_wall_ms();
    clock_advance(-3600000);
    assert_true(clock_mono_us() >= before_us);
    assert_true(clock_wall_ms() >= wall_ms - 60000); /* the machine's owner may set it meanwhile, a bit */
}

static void test_running_clock_never_goes_back(void **state)
{
    int64_t last_us, last_ms;
    (void)state;
    clock_real();
    last_us = clock_mono_us();
    last_ms = clock_mono_ms();
    for (int i = 0; i < 100000; i++) {
        int64_t us = clock_mono_us(), ms = clock_mono_ms();
        assert_true(us >= last_us && ms >= last_ms);
        assert_true(us / 1000 <= ms); /* one clock in two units, read in this order */
        last_us = us;
        last_ms = ms;
    }
}

/* The daemon's test build: both clocks jump together, and go on running. */
static void test_jump_of_the_running_clock(void **state)
{
    (void)state;
    clock_real();
    int64_t mono_ms = clock_mono_ms(), wall_ms = clock_wall_ms(), us = clock_mono_us();
    clock_advance(3600000);
    clock_advance(1800000);
    assert_in_range(clock_mono_ms() - mono_ms, 5400000, 5460000);
    assert_in_range(clock_wall_ms() - wall_ms, 5400000, 5460000);
    assert_in_range(clock_mono_us() - us, INT64_C(5400000000), INT64_C(5460000000));
    for (us = clock_mono_us(); clock_mono_us() == us;)
        ; /* runs */
    clock_real();
    assert_in_range(clock_mono_ms() - mono_ms, 0, 60000);
}

/* What was advanced while the clock was fake is not added to the running one. */
static void test_real_after_fake(void **state)
{
    (void)state;
    clock_real();
    int64_t mono_ms = clock_mono_ms();
    clock_fake(T0, 0);
    clock_advance(3600000);
    clock_real();
    assert_in_range(clock_mono_ms() - mono_ms, 0, 60000);
}

/* ---- deadlines ---- */

struct deadline {
    struct timer timer;
    int64_t due_ms;
    int *fired;
    int nth; /* in which order it has to fire */
};

static void on_deadline(void *arg)
{
    struct deadline *deadline = arg;
    assert_true(clock_mono_ms() >= deadline->due_ms);
    assert_int_equal((*deadline->fired)++, deadline->nth);
}

/* The clock jumps over all of them at once: they fire in order of their deadlines, equal ones as they were
 * set, and a wall clock that is set back meanwhile changes nothing. */
static void test_deadlines_in_order_after_a_jump(void **state)
{
    static const struct {
        int delay_ms, nth;
    } rows[] = {{500, 4}, {10, 0}, {100, 2}, {100, 3}, {99, 1}, {100000, -1}};
    struct deadline deadlines[COUNT(rows)];
    struct loop *loop = loop_new();
    int fired = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        deadlines[i] =
            (struct deadline){.due_ms = 5000 + rows[i].delay_ms, .fired = &fired, .nth = rows[i].nth};
        timer_init(&deadlines[i].timer, loop, on_deadline, &deadlines[i]);
        timer_set(&deadlines[i].timer, rows[i].delay_ms);
    }
    clock_advance(9);
    loop_turn(loop, 0);
    assert_int_equal(fired, 0);
    clock_fake(T0 - 86400000, clock_mono_ms());
    clock_advance(600);
    loop_turn(loop, 0);
    assert_int_equal(fired, 5);
    timer_stop(&deadlines[5].timer);
    loop_free(loop);
}

/* ---- wall time ---- */

static void test_trusted(void **state)
{
    static const struct {
        int64_t wall_ms;
        bool trusted;
    } rows[] = {{INT64_MIN, false},    {-1, false},           {0, false},       {1767225599999, false},
                {1767225600000, true}, {1800000000000, true}, {INT64_MAX, true}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        clock_fake(rows[i].wall_ms, 0);
        assert_int_equal(clock_trusted(), rows[i].trusted);
    }
}

static void test_format(void **state)
{
    static const struct {
        int64_t wall_ms;
        const char *text;
    } rows[] = {
        {1800000000123, "2027-01-15T08:00:00.123Z"},
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {-1000, "1969-12-31T23:59:59.000Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"},
        {INT64_C(2147483648000), "2038-01-19T03:14:08.000Z"},
        {INT64_C(4102444799999), "2099-12-31T23:59:59.999Z"},
        {INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
        {INT64_C(253402300800000), "9999-12-31T23:59:59.999Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999Z"},
        {INT64_C(-62167219200000), "0000-01-01T00:00:00.000Z"},
        {INT64_C(-62167219200001), "0000-01-01T00:00:00.000Z"},
        {INT64_MIN, "0000-01-01T00:00:00.000Z"},
    };
    char out[25];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        clock_format(rows[i].wall_ms, out);
        assert_string_equal(out, rows[i].text);
    }
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_fake_stands_still_and_moves_in_lock_step),
        CASE(test_no_step_back),
        CASE(test_running_clock_never_goes_back),
        CASE(test_jump_of_the_running_clock),
        CASE(test_real_after_fake),
        CASE(test_deadlines_in_order_after_a_jump),
        CASE(test_trusted),
        CASE(test_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
