/* Timers, turns and clocks, all on the fake clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/base/clock.h"
#include "host/base/loop.h"

#define COUNT 200

struct probe {
    struct timer timer;
    int64_t due_ms;
    bool armed;
};

static struct probe probes[COUNT];
static int64_t last_due_ms;
static int fired;

static void on_probe(void *arg)
{
    struct probe *probe = arg;
    assert_true(probe->armed);
    assert_true(clock_mono_ms() >= probe->due_ms); /* never early */
    assert_true(probe->due_ms >= last_due_ms);     /* in order */
    last_due_ms = probe->due_ms;
    probe->armed = false;
    fired++;
}

static void test_random_timers(void **state)
{
    struct loop *loop = loop_new();
    (void)state;
    clock_fake(1800000000000, 1000);
    srand(7);
    for (int i = 0; i < COUNT; i++)
        timer_init(&probes[i].timer, loop, on_probe, &probes[i]);
    for (int round = 0; round < 2000; round++) {
        struct probe *probe = &probes[rand() % COUNT];
        if (rand() % 4 == 0) {
            timer_stop(&probe->timer);
            probe->armed = false;
        } else {
            int delay = 1 + rand() % 500;
            timer_set(&probe->timer, delay);
            probe->due_ms = clock_mono_ms() + delay;
            probe->armed = true;
        }
        assert_int_equal(timer_armed(&probe->timer), probe->armed);
        if (rand() % 8 == 0) {
            clock_advance(rand() % 50);
            last_due_ms = 0;
            loop_turn(loop, 0);
            for (int i = 0; i < COUNT; i++) /* nothing that is due is left */
                assert_false(probes[i].armed && probes[i].due_ms <= clock_mono_ms());
        }
    }
    assert_true(fired > 100);
    for (int i = 0; i < COUNT; i++)
        timer_stop(&probes[i].timer);
    loop_free(loop);
    clock_real();
}

static struct timer again;
static int agains;

static void on_again(void *arg)
{
    (void)arg;
    agains++;
    timer_set(&again, 0);
}

static void test_a_timer_at_zero_leaves_the_turn_its_end(void **state)
{
    struct loop *loop = loop_new();
    (void)state;
    timer_init(&again, loop, on_again, NULL);
    timer_set(&again, 0);
    for (int i = 1; i <= 5; i++) {
        loop_turn(loop, 0);
        assert_int_equal(agains, i); /* once a turn */
    }
    timer_stop(&again);
    loop_free(loop);
}

static int steps[3], step;

static void on_soon(void *arg)
{
    (void)arg;
    steps[step++] = 1;
}

static bool on_end(void *arg)
{
    (void)arg;
    steps[step++] = 2;
    return false;
}

static void test_soon_runs_before_the_turn_ends(void **state)
{
    struct loop *loop = loop_new();
    (void)state;
    loop_at_turn_end(loop, on_end, NULL);
    loop_soon(loop, on_soon, NULL);
    loop_turn(loop, 0);
    assert_int_equal(step, 2);
    assert_int_equal(steps[0], 1);
    assert_int_equal(steps[1], 2);
    loop_free(loop);
}

static int reads;

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    char byte;
    (void)what;
    (void)arg;
    if (++reads == 100)
        assert_int_equal(read(fd, &byte, 1), 1);
}

/* Whatever a turn waits for, it asks for I/O once: a peer that always has something to say holds up neither
 * the timers nor the end of the turn. */
static void test_a_turn_asks_for_io_once(void **state)
{
    struct loop *loop = loop_new();
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    struct event *event = event_new(loop_base(loop), ends[0], EV_READ | EV_PERSIST, on_readable, NULL);
    event_add(event, NULL);
    loop_turn(loop, 0);
    assert_int_equal(reads, 1);
    loop_turn(loop, 1000);
    assert_int_equal(reads, 2);
    event_free(event);
    loop_free(loop);
    close(ends[0]);
    close(ends[1]);
}

static struct timer deadline;
static int answer[2];
static bool late;

static void on_deadline(void *arg)
{
    (void)arg;
    late = true;
}

/* It takes so long that the deadline passes, but the answer is there before it. */
static void on_long_work(evutil_socket_t fd, short what, void *arg)
{
    char byte;
    (void)what;
    (void)arg;
    assert_int_equal(read(fd, &byte, 1), 1);
    assert_int_equal(write(answer[1], "x", 1), 1);
    clock_advance(2000);
}

static void on_answer(evutil_socket_t fd, short what, void *arg)
{
    char byte;
    (void)what;
    (void)arg;
    assert_int_equal(read(fd, &byte, 1), 1);
    timer_stop(&deadline);
}

static void test_what_came_before_a_deadline_is_heard_before_it(void **state)
{
    struct loop *loop = loop_new();
    int work[2];
    (void)state;
    clock_fake(1800000000000, 1000);
    assert_int_equal(pipe(work), 0);
    assert_int_equal(pipe(answer), 0);
    struct event *busy = event_new(loop_base(loop), work[0], EV_READ | EV_PERSIST, on_long_work, NULL);
    struct event *heard = event_new(loop_base(loop), answer[0], EV_READ | EV_PERSIST, on_answer, NULL);
    event_add(busy, NULL);
    event_add(heard, NULL);
    timer_init(&deadline, loop, on_deadline, NULL);
    timer_set(&deadline, 1000);
    assert_int_equal(write(work[1], "x", 1), 1);
    loop_turn(loop, 0);
    loop_turn(loop, 0);
    assert_false(late);
    assert_false(timer_armed(&deadline));
    timer_set(&deadline, 1000); /* and one without an answer passes */
    clock_advance(1000);
    loop_turn(loop, 0);
    assert_true(late);
    event_free(busy);
    event_free(heard);
    loop_free(loop);
    for (int i = 0; i < 2; i++) {
        close(work[i]);
        close(answer[i]);
    }
    clock_real();
}

static void test_clocks(void **state)
{
    char text[25];
    (void)state;
    clock_fake(1800000000123, 5);
    clock_format(clock_wall_ms(), text);
    assert_string_equal(text, "2027-01-15T08:00:00.123Z");
    clock_advance(1000);
    assert_int_equal(clock_wall_ms(), 1800000001123);
    assert_int_equal(clock_mono_ms(), 1005);
    assert_true(clock_trusted());
    clock_fake(0, 0);
    assert_false(clock_trusted());
    clock_real();
    int64_t before = clock_mono_ms(), wall = clock_wall_ms();
    clock_advance(3600000);
    assert_true(clock_mono_ms() - before >= 3600000);
    assert_true(clock_wall_ms() - wall >= 3600000);
    clock_real();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_timers),
        cmocka_unit_test(test_a_timer_at_zero_leaves_the_turn_its_end),
        cmocka_unit_test(test_soon_runs_before_the_turn_ends),
        cmocka_unit_test(test_a_turn_asks_for_io_once),
        cmocka_unit_test(test_what_came_before_a_deadline_is_heard_before_it),
        cmocka_unit_test(test_clocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
