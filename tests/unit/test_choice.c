/* Which line of a pool: by the recipient's memory, by country and area, by who is free. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/router/choice.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct choice_line swiss[] = {{1, "+41790000001", CHOICE_UP, true, 5},
                                           {2, "+41780000002", CHOICE_UP, true, 3},
                                           {3, "+41790000003", CHOICE_UP, true, 4},
                                           {4, "+498912345678", CHOICE_UP, true, 1}};

static void test_nothing_to_choose(void **state)
{
    (void)state;
    assert_int_equal(choose_line(swiss, COUNT(swiss), 0, false, "+41791112233", 1), 0);
    assert_int_equal(choose_line(swiss, 0, 7, true, "+41791112233", 1), 0);
    assert_int_equal(choose_line(swiss, COUNT(swiss), 0, true, "+15005550006", 1), 0); /* none is like it */
    const struct choice_line alike[] = {swiss[0], swiss[2]};
    assert_int_equal(choose_line(alike, 2, 0, true, "+41791112233", 1), 0);
}

static void test_by_area(void **state)
{
    (void)state;
    assert_int_equal(choose_line(swiss, COUNT(swiss), 0, true, "+41781112233", 1), 2);
    assert_int_equal(choose_line(swiss, COUNT(swiss), 0, true, "+498999999999", 1), 4);
    assert_int_equal(choose_line(swiss, COUNT(swiss), 0, true, "+41791112233", 1), 1); /* who asks */
    assert_int_equal(choose_line(swiss, COUNT(swiss), 0, true, "+41791112233", 4), 3); /* longest unused */
    assert_int_equal(choose_line(swiss, COUNT(swiss), 0, true, "+41790000001", 3),
                     3); /* the last seven do not count */
}

static void test_by_area_what_is_up(void **state)
{
    struct choice_line lines[COUNT(swiss)];
    (void)state;
    for (size_t i = 0; i < COUNT(swiss); i++)
        lines[i] = swiss[i];
    lines[2].idle = false; /* busy: the idle one, though it was used later */
    assert_int_equal(choose_line(lines, COUNT(lines), 0, true, "+41791112233", 4), 1);
    lines[0].state = CHOICE_DOWN;
    assert_int_equal(choose_line(lines, COUNT(lines), 0, true, "+41791112233", 4), 3);
    lines[2].state = CHOICE_LOST;
    assert_int_equal(choose_line(lines, COUNT(lines), 0, true, "+41791112233", 4), 2);
}

static void test_sticky(void **state)
{
    struct choice_line lines[] = {swiss[0], swiss[1]};
    (void)state;
    assert_int_equal(choose_line(lines, 2, 2, true, "+41791112233", 1), 2); /* before the area */
    lines[1].idle = false;
    assert_int_equal(choose_line(lines, 2, 2, false, "+41791112233", 1), 2);
    lines[1].state = CHOICE_DOWN; /* it waits */
    assert_int_equal(choose_line(lines, 2, 2, false, "+41791112233", 1), 2);
    lines[1].state = CHOICE_LOST;
    assert_int_equal(choose_line(lines, 2, 2, false, "+41791112233", 1), 0);
    assert_int_equal(choose_line(lines, 2, 9, false, "+41791112233", 1), 0); /* out of the pool */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_to_choose),
        cmocka_unit_test(test_by_area),
        cmocka_unit_test(test_by_area_what_is_up),
        cmocka_unit_test(test_sticky),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
