/* The ladder's patience: how long it rests and what ends that, what it holds against a modem and for how
 * long, and that no network is no fault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/base/clock.h"
#include "host/modem/life.h"
#include "tests/unit/modem_rig.h"

static void until_quarantined(struct rig *r)
{
    for (int s = 0; s < 400 && rig_state(r) != CARRIER_QUARANTINED; s++) {
        rig_pass(r, 1000);
    }
    assert_int_equal(rig_state(r), CARRIER_QUARANTINED);
}

static void begin_scripted(struct rig *r, const char *model)
{
    struct modem_options options;
    rig_pty(r);
    rig_options(r, &options);
    options.model = model;
    rig_start(r, &options, NULL, 0);
}

/* ---- quarantine: rests of 1, 5, 15, 60, 60 minutes ---- */

static void test_quarantine(void **state)
{
    static const int minutes[] = {1, 5, 15, 60, 60};
    struct rig *r = *state;
    r->mute = true;
    begin_scripted(r, "");
    for (size_t i = 0; i < sizeof minutes / sizeof minutes[0]; i++) {
        until_quarantined(r);
        clock_advance((minutes[i] * 60 - 2) * 1000);
        rig_turns(r);
        assert_int_equal(rig_state(r), CARRIER_QUARANTINED);
        clock_advance(3000);
        rig_turns(r);
        assert_int_not_equal(rig_state(r), CARRIER_QUARANTINED);
    }
    r->mute = false;
    rig_pty_ready(r);
}

/* What comes back in a rest was not cured by the last rung before it, which failed. */
static void test_back_from_a_rest(void **state)
{
    struct rig *r = *state;
    begin_scripted(r, "");
    rig_pty_ready(r);
    r->mute = true;
    until_quarantined(r);
    r->mute = false;
    clock_advance(60000);
    rig_pty_ready(r);
    struct carrier_status status = rig_status(r);
    for (size_t i = 0; i < CARRIER_REMEDIES; i++) {
        const struct carrier_remedy *remedy = &status.remedies[i];
        assert_int_equal(remedy->ready, strcmp(remedy->name, "reopen") == 0);
        assert_true(remedy->ready <= remedy->tried);
    }
}

/* The rung is over, and its supply had to be cut: how many tries of "power" that adds. */
static unsigned forced_adds(struct rig *r, enum model_rung_action rung)
{
    struct modem *m = (struct modem *)r->carrier;
    m->ladder.rung = 0;
    while (m->model->ladder[m->ladder.rung].action != rung) {
        m->ladder.rung++;
    }
    unsigned before = m->status.remedies[RUNG_POWER_CYCLE].tried;
    modem_enter(m, LIFE_RESETTING, "test");
    m->slot.board.forced = true;
    ladder_power_done(m, 0);
    m->slot.board.forced = false;
    return m->status.remedies[RUNG_POWER_CYCLE].tried - before;
}

static void test_forced_is_counted_once(void **state)
{
    struct rig *r = *state;
    begin_scripted(r, "");
    rig_pty_ready(r);
    assert_int_equal(forced_adds(r, RUNG_PWRKEY), 1);
    assert_int_equal(forced_adds(r, RUNG_POWER_CYCLE), 0); /* the climb counted it */
}

/* Ready again is not yet well again: that takes ten minutes on end, whatever was before. */
static void test_ten_minutes_on_end(void **state)
{
    struct rig *r = *state;
    begin_scripted(r, "");
    rig_pty_ready(r);
    rig_pass(r, 19 * 30000);
    r->mute = true;
    until_quarantined(r);
    assert_non_null(strstr(rig_status(r).condition, "in 1 min"));
    r->mute = false;
    clock_advance(60000);
    rig_pty_ready(r);
    rig_pass(r, 9 * 60000);
    r->mute = true;
    until_quarantined(r);
    assert_non_null(strstr(rig_status(r).condition, "in 5 min"));
    r->mute = false;
    clock_advance(300000);
    rig_pty_ready(r);
    rig_pass(r, 11 * 60000);
    r->mute = true;
    until_quarantined(r);
    assert_non_null(strstr(rig_status(r).condition, "in 1 min"));
}

/* What it did before a reset is not held against it after. */
static void test_strikes_end_with_a_reset(void **state)
{
    static const char *const no_signal[][2] = {{"AT+CSQ", ""}, {NULL, NULL}};
    struct rig *r = *state;
    r->overrides = no_signal;
    begin_scripted(r, "");
    for (int s = 0; s < 200 && rig_status(r).resets == 0; s++) {
        rig_pass(r, 1000);
    }
    assert_int_equal(rig_status(r).resets, 1);
    for (int s = 0; s < 55; s++) {
        rig_pass(r, 1000);
        assert_int_not_equal(rig_state(r), CARRIER_QUARANTINED);
    }
}

static int silence_after_reset(struct rig *r, const char *model)
{
    int seconds = 0;
    begin_scripted(r, model);
    rig_pty_ready(r);
    r->mute = true;
    for (int s = 0; s < 200 && rig_status(r).resets == 0; s++) {
        rig_pass(r, 1000);
    }
    assert_int_equal(rig_status(r).resets, 1);
    rig_pass(r, 1);
    r->heard_count = 0;
    while (rig_count(r, "") == 0 && seconds < 100) {
        rig_pass(r, 1000);
        seconds++;
    }
    return seconds;
}

/* A module that boots is not asked, nor reset once more. */
static void test_boot_time(void **state)
{
    int seconds = silence_after_reset(*state, "quectel");
    assert_true(seconds >= 20 && seconds < 25);
}

static void test_boot_time_of_any(void **state)
{
    int seconds = silence_after_reset(*state, "generic");
    assert_true(seconds >= 25 && seconds < 30);
}

/* ---- no network is not the modem's fault ---- */

static const char *const searching[][2] = {{"AT+CREG?", "\r\n+CREG: 2,2\r\n\r\nOK\r\n"},
                                           {"AT+CEREG?", "\r\n+CEREG: 2,4\r\n\r\nOK\r\n"},
                                           {NULL, NULL}};

/* Counts what is heard with this prefix while time passes. */
static unsigned heard_during(struct rig *r, const char *prefix, int minutes)
{
    unsigned count = 0;
    for (int s = 0; s < minutes * 6; s++) {
        r->heard_count = 0;
        for (int k = 0; k < 5; k++) {
            clock_advance(2000);
            rig_turns(r);
        }
        count += rig_count(r, prefix);
    }
    return count;
}

static void test_no_coverage(void **state)
{
    struct rig *r = *state;
    r->overrides = searching;
    begin_scripted(r, "");
    assert_int_equal(heard_during(r, "AT+CFUN=4", 7), 0);
    assert_int_equal(heard_during(r, "AT+CFUN=4", 6), 1);
    assert_int_equal(rig_status(r).resets, 0);
    unsigned restarts = heard_during(r, "AT+CFUN=4", 24 * 60);
    assert_true(restarts >= 4 && restarts <= 9);
    assert_int_equal(rig_status(r).resets, 1);
    assert_int_equal(rig_state(r), CARRIER_STARTING);
    r->overrides = NULL;
    rig_say(r, "\r\n+CREG: 1\r\n");
    rig_pty_ready(r);
}

/* The radio is on again after it was off. */
static void test_radio_restarts(void **state)
{
    struct rig *r = *state;
    r->overrides = searching;
    begin_scripted(r, "");
    for (int s = 0; s < 800 && rig_count(r, "AT+CFUN=4") == 0; s++) {
        r->heard_count = 0;
        rig_pass(r, 1000);
    }
    rig_pass(r, 2000);
    assert_int_equal(rig_count(r, "AT+CFUN=4"), 1);
    assert_int_equal(rig_count(r, "AT+CFUN=1"), 1);
}

static void test_denied(void **state)
{
    static const char *const denied[][2] = {{"AT+CREG?", "\r\n+CREG: 2,3\r\n\r\nOK\r\n"}, {NULL, NULL}};
    struct rig *r = *state;
    r->overrides = denied;
    begin_scripted(r, "");
    assert_int_equal(heard_during(r, "AT+CFUN=", 600), 0);
    assert_int_equal(rig_status(r).resets, 0);
    assert_non_null(strstr(rig_status(r).condition, "denied"));
}

/* ---- a person takes the modem out of its rest ---- */

static void until_resting(struct rig *r)
{
    rig_up(r, "");
    rig_cmd(r, "swallow m1 * 0");
    rig_submit(r, "hello");
    rig_until_state(r, CARRIER_QUARANTINED);
    assert_non_null(strstr(rig_status(r).condition, "in 1 min"));
    r->haste_ms = 0; /* the minute does not pass by itself */
}

static void replug(struct rig *r)
{
    rig_cmd(r, "vanish m1");
    clock_advance(5000);
    rig_turns(r);
    assert_int_equal(rig_state(r), CARRIER_QUARANTINED);
    rig_cmd(r, "return m1");
    clock_advance(5000);
    rig_turns(r);
    assert_int_not_equal(rig_state(r), CARRIER_QUARANTINED);
}

static void test_replugged(void **state)
{
    struct rig *r = *state;
    until_resting(r);
    rig_cmd(r, "clear-faults m1");
    replug(r);
    rig_until_state(r, CARRIER_READY);
}

/* A modem that comes and goes by itself gets no resets by that. */
static void test_replugged_in_vain(void **state)
{
    struct rig *r = *state;
    until_resting(r);
    unsigned resets = rig_status(r).resets;
    replug(r);
    r->haste_ms = 50;
    rig_until_state(r, CARRIER_QUARANTINED);
    assert_int_equal(rig_status(r).resets, resets);
    assert_non_null(strstr(rig_status(r).condition, "in 5 min"));
}

int main(void)
{
#define SIM(test) cmocka_unit_test_setup_teardown(test, rig_setup_hasty, rig_teardown)
    const struct CMUnitTest tests[] = {
        SIM(test_quarantine),
        SIM(test_back_from_a_rest),
        SIM(test_forced_is_counted_once),
        SIM(test_ten_minutes_on_end),
        SIM(test_strikes_end_with_a_reset),
        SIM(test_boot_time),
        SIM(test_boot_time_of_any),
        SIM(test_no_coverage),
        SIM(test_radio_restarts),
        SIM(test_denied),
        SIM(test_replugged),
        SIM(test_replugged_in_vain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
