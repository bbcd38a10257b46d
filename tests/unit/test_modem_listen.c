/* After a restart with an attempt in flight: the modem is listened to, nothing is written, until its fate is
 * known (host/modem/listen.c). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/base/clock.h"
#include "tests/unit/modem_rig.h"

static int setup(void **state)
{
    rig_setup(state);
    struct rig *r = *state;
    rig_pty(r);
    return 0;
}

static void restart(struct rig *r, int64_t age_ms, size_t count)
{
    struct modem_options options;
    struct job jobs[2];
    for (size_t i = 0; i < count; i++) {
        jobs[i] = rig_job(100 + (int64_t)i, "+41791234567", "hello");
        jobs[i].started_ms = clock_wall_ms() - age_ms;
    }
    rig_options(r, &options);
    rig_start(r, &options, jobs, count);
    rig_turns(r);
}

static void test_listen_sent(void **state)
{
    struct rig *r = *state;
    restart(r, 5000, 1);
    rig_pass(r, 60000);
    assert_int_equal(r->heard_count, 0); /* not a byte */
    rig_say(r, "\r\n+CMTI: \"ME\",1\r\n\r\n+CMGS: 9\r\n\r\nOK\r\n");
    rig_turns(r);
    assert_int_equal(rig_last(r)->attempt_id, 100);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_SENT);
    assert_int_equal(rig_last(r)->mr, 9);
    rig_pty_ready(r);
}

/* They may belong to a command that was written after an outcome that never reached the disk. */
static void test_listen_result_of_another(void **state)
{
    struct rig *r = *state;
    static const char *const results[] = {"\r\n+CMS ERROR: 1\r\n", "\r\nOK\r\n", "\r\nERROR\r\n"};
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        if (i > 0) {
            r->carrier->ops->free(r->carrier);
            r->settled_count = 0;
        }
        restart(r, 5000, 1);
        rig_say(r, results[i]);
        rig_turns(r);
        assert_int_equal(rig_last(r)->outcome, OUTCOME_UNSURE);
    }
    rig_pty_ready(r);
}

static void test_listen_prompt(void **state)
{
    struct rig *r = *state;
    restart(r, 5000, 1);
    rig_say(r, "\r\n> ");
    rig_turns(r);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_UNSURE); /* it may be the next message's */
    assert_string_equal(r->heard[0], "ESC");
}

static void test_listen_deadline(void **state)
{
    struct rig *r = *state;
    restart(r, 100000, 1);
    rig_pass(r, 79000);
    assert_int_equal(r->settled_count, 0);
    assert_int_equal(r->heard_count, 0);
    rig_pass(r, 2000);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_UNSURE);
    rig_pty_ready(r);
}

static void test_listen_restarted_module(void **state)
{
    struct rig *r = *state;
    restart(r, 1000, 2);
    rig_say(r, "\r\nRDY\r\n");
    rig_turns(r);
    assert_int_equal(r->settled_count, 2);
    assert_int_equal(r->settled[0].outcome, OUTCOME_UNSURE);
    assert_int_equal(r->settled[1].outcome, OUTCOME_UNSURE);
}

static void test_listen_port_gone(void **state)
{
    struct rig *r = *state;
    restart(r, 1000, 1);
    rig_pty_vanish(r);
    rig_turns(r);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_UNSURE);
}

static void test_listen_without_port(void **state)
{
    struct rig *r = *state;
    rig_pty_vanish(r);
    restart(r, 1000, 2);
    rig_pass(r, 178000);
    assert_int_equal(r->settled_count, 0);
    rig_pass(r, 2000);
    assert_int_equal(r->settled_count, 2);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_UNSURE);
}

/* An operator's off is refused: the modem's own command would begin with ESC, which aborts what is in flight.
 */
static void test_listen_is_not_switched_off(void **state)
{
    struct rig *r = *state;
    struct mcu_set *boards = mcu_set_new(r->loop, NULL, NULL, NULL);
    struct modem_options options;
    struct job job = rig_job(100, "+41791234567", "hello");
    job.started_ms = clock_wall_ms() - 5000;
    rig_options(r, &options);
    options.boards = boards;
    options.slot = "north:0";
    rig_start(r, &options, &job, 1);
    rig_turns(r);
    assert_int_equal(mcu_seat_plan(boards, "north", 0), -EBUSY);
    rig_say(r, "\r\n+CMGS: 9\r\n\r\nOK\r\n");
    rig_turns(r);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_SENT);
    assert_int_equal(mcu_seat_plan(boards, "north", 0), 0);
    r->carrier->ops->free(r->carrier);
    r->carrier = NULL;
    mcu_set_free(boards);
}

int main(void)
{
#define PTY(test) cmocka_unit_test_setup_teardown(test, setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        PTY(test_listen_sent),         PTY(test_listen_result_of_another),   PTY(test_listen_prompt),
        PTY(test_listen_deadline),     PTY(test_listen_restarted_module),    PTY(test_listen_port_gone),
        PTY(test_listen_without_port), PTY(test_listen_is_not_switched_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
