/* Every way in which a modem gets lost, and how it is found again: each rung of the ladder by the hang that
 * only it cures, ports that vanish, modules that restart, restarts of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/base/clock.h"
#include "tests/unit/modem_rig.h"

static void send_one(struct rig *r, enum outcome want)
{
    unsigned settled = r->settled_count;
    rig_submit(r, "hello");
    rig_until_settled(r, settled + 1);
    if (rig_last(r)->outcome != want) {
        fail_msg("outcome %d: %s", rig_last(r)->outcome, rig_last(r)->reason);
    }
}

/* ---- hangs ---- */

static void check_hang(struct rig *r, const char *level, unsigned resets)
{
    char line[64];
    rig_up(r, "");
    snprintf(line, sizeof line, "hang m1 %s", level);
    rig_cmd(r, line);
    send_one(r, OUTCOME_RETRY);
    assert_true(rig_last(r)->carrier_fault);
    rig_until_state(r, CARRIER_READY);
    send_one(r, OUTCOME_SENT);
    assert_int_equal(rig_accepted(r), 1);
    assert_int_equal(rig_status(r).resets, resets);
}

static void test_hang_resync(void **state)
{
    check_hang(*state, "resync", 0);
}

static void test_hang_reopen(void **state)
{
    check_hang(*state, "reopen", 0);
}

static void test_hang_cfun(void **state)
{
    check_hang(*state, "cfun", 1);
}

static void test_hang_power(void **state)
{
    check_hang(*state, "power", 2);
}

static void test_hang_after_payload(void **state)
{
    struct rig *r = *state;
    rig_up(r, "");
    rig_cmd(r, "hang-at m1 accepted");
    send_one(r, OUTCOME_UNSURE);
    rig_until_state(r, CARRIER_READY);
    assert_int_equal(rig_accepted(r), 1);
    assert_int_equal(r->settled_count, 1);
}

/* ---- silences of one command ---- */

static void test_late_result_after_deadline(void **state)
{
    struct rig *r = *state;
    rig_up(r, "");
    rig_cmd(r, "hold m1 +CMGS");
    send_one(r, OUTCOME_UNSURE);
    rig_cmd(r, "release m1"); /* "+CMGS: 1" and OK come in the middle of the sync */
    rig_until_state(r, CARRIER_READY);
    send_one(r, OUTCOME_SENT);
    assert_int_equal(rig_last(r)->mr, 2); /* its own, not the late one's */
    assert_int_equal(rig_accepted(r), 2);
}

static void test_lost_prompt(void **state)
{
    struct rig *r = *state;
    rig_up(r, "");
    rig_cmd(r, "drop m1 prompt");
    send_one(r, OUTCOME_RETRY);
    rig_until_state(r, CARRIER_READY);
    send_one(r, OUTCOME_SENT);
    assert_int_equal(rig_accepted(r), 1);
}

static void test_lost_result(void **state)
{
    struct rig *r = *state;
    rig_up(r, "");
    rig_cmd(r, "drop m1 +CMGS");
    send_one(r, OUTCOME_UNSURE);
    rig_until_state(r, CARRIER_READY);
    send_one(r, OUTCOME_SENT);
}

static void test_error_although_accepted(void **state)
{
    struct rig *r = *state;
    rig_up(r, "");
    rig_cmd(r, "error-after m1 +CMGS \"+CMS ERROR: 332\"");
    send_one(r, OUTCOME_UNSURE);
    assert_int_equal(rig_state(r), CARRIER_READY); /* an answer is an answer */
}

static void test_swallowed_in_preparation(void **state)
{
    struct rig *r = *state;
    rig_sim(r, "");
    rig_cmd(r, "swallow m1 +CNMI");
    rig_begin(r, "", NULL, 0);
    rig_until_state(r, CARRIER_SUSPECT);
    rig_until_state(r, CARRIER_READY);
}

/* ---- ports ---- */

static void check_vanish(struct rig *r, const char *when, enum outcome want)
{
    char line[64];
    rig_up(r, "");
    snprintf(line, sizeof line, "vanish-at m1 %s", when);
    rig_cmd(r, line);
    send_one(r, want);
    assert_int_equal(rig_state(r), CARRIER_RECOVERY);
    rig_cmd(r, "return m1");
    rig_until_state(r, CARRIER_READY);
    assert_true(rig_accepted(r) <= 1);
    assert_int_equal(r->settled_count, 1);
    send_one(r, OUTCOME_SENT);
}

static void test_vanish_in_pdu(void **state)
{
    check_vanish(*state, "pdu-byte 10", OUTCOME_UNSURE);
}

static void test_vanish_in_result(void **state)
{
    check_vanish(*state, "answer-byte 8", OUTCOME_UNSURE); /* after the four of the prompt */
}

static void test_vanish_after_acceptance(void **state)
{
    check_vanish(*state, "accepted", OUTCOME_UNSURE);
}

static void test_reboot_after_acceptance(void **state)
{
    struct rig *r = *state;
    rig_up(r, "");
    rig_cmd(r, "reboot-at m1 accepted");
    send_one(r, OUTCOME_UNSURE);
    rig_until_state(r, CARRIER_READY);
    send_one(r, OUTCOME_SENT);
}

static void test_usb_reboot(void **state)
{
    struct rig *r = *state;
    rig_up(r, "usb=on,boot_ms=200");
    rig_cmd(r, "reboot m1");
    rig_until_state(r, CARRIER_RECOVERY);
    rig_until_state(r, CARRIER_READY);
    rig_cmd(r, "inject m1 from=+41791112233 text=hello");
    rig_until_erased(r, 1);
}

static void test_port_stays_away(void **state)
{
    struct rig *r = *state;
    rig_up(r, "");
    rig_cmd(r, "power m1 off");
    rig_cmd(r, "vanish m1");
    rig_until_state(r, CARRIER_RECOVERY);
    clock_advance(31000); /* now the slot's power is asked for */
    rig_sim_wait(r, "boot 1");
    rig_cmd(r, "return m1");
    clock_advance(5000);
    rig_until_state(r, CARRIER_READY);
    assert_int_equal(rig_status(r).resets, 1);
}

/* A spontaneous restart that says nothing: the echo tells. */
static void test_silent_restart(void **state)
{
    struct rig *r = *state;
    rig_up(r, "profile=ublox");
    rig_cmd(r, "reboot m1");
    rig_sim_wait(r, "cured");
    send_one(r, OUTCOME_RETRY);
    rig_until_state(r, CARRIER_READY);
    send_one(r, OUTCOME_SENT);
}

/* ---- garbage ---- */

static unsigned roll(unsigned *seed, unsigned sides)
{
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 16) % sides;
}

/* Anything at any time: each job is settled once (the rig insists), and when the noise ends the modem is
 * found again. */
static void test_garbage(void **state)
{
    static const char *const scraps[] = {"\r\nOK\r\n",
                                         "\r\n> ",
                                         "\r\n+CMGS: 300\r\n",
                                         "\r\nERROR\r\n",
                                         "\r\n+CMTI: \"ME\",7\r\n",
                                         "\r\n+CMT: ,9\r\n",
                                         "0011FF\r\n",
                                         "\xFF\x01",
                                         "+CUSD: 1,\"a\r\n",
                                         "\r\n+CMGR: 0,,5\r\n",
                                         "\r\n+CMS ERROR: 514\r\n",
                                         "\r\nRDY\r\n",
                                         "\r\n+CREG: 0\r\n",
                                         "\r\n+CPIN: NOT READY\r\n"};
    struct rig *r = *state;
    struct modem_options options;
    unsigned seed = 7;
    rig_pty(r);
    rig_options(r, &options);
    rig_start(r, &options, NULL, 0);
    rig_pty_ready(r);
    for (int i = 0; i < 400; i++) {
        r->silent_cmgs = roll(&seed, 3) == 0;
        if (rig_state(r) == CARRIER_READY && r->settled_count < RIG_RECORDS - 2) {
            rig_submit(r, "hello");
        }
        rig_say(r, scraps[roll(&seed, sizeof scraps / sizeof scraps[0])]);
        rig_turns(r);
        clock_advance(roll(&seed, 20000));
    }
    r->silent_cmgs = false;
    rig_say(r, "\r\n+CREG: 1\r\n");
    for (int i = 0; i < 300 && rig_state(r) != CARRIER_READY; i++) {
        rig_turns(r);
        clock_advance(1000);
    }
    assert_int_equal(rig_state(r), CARRIER_READY);
    rig_turns(r);
    unsigned settled = r->settled_count;
    rig_submit(r, "hello");
    rig_turns(r);
    assert_int_equal(r->settled_count, settled + 1);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_SENT);
}

/* ---- an idle line is quiet ---- */

static void test_idle(void **state)
{
    struct rig *r = *state;
    struct modem_options options;
    rig_pty(r);
    rig_options(r, &options);
    rig_start(r, &options, NULL, 0);
    rig_pty_ready(r);
    r->heard_count = 0;
    for (int i = 0; i < 60; i++) {
        clock_advance(30000);
        rig_turns(r);
    }
    assert_int_equal(rig_count(r, "AT+CSQ"), 60);
    assert_int_equal(rig_count(r, "AT+CMGL=4"), 12);
    assert_int_equal(rig_count(r, "AT+CPMS="), 12);
    assert_int_equal(r->heard_count, 60 + 12 + 12);
}

/* ---- our own restarts, with an attempt in flight ---- */

static void test_restart_hears_result(void **state)
{
    struct rig *r = *state;
    rig_up(r, "keep_when_closed=on");
    rig_cmd(r, "hold m1 +CMGS");
    rig_submit(r, "hello");
    rig_sim_wait(r, "held +CMGS");
    struct job job = rig_job(1, "+41791234567", "hello");
    rig_crash(r);
    rig_begin(r, "", &job, 1);
    rig_turns(r);
    rig_cmd(r, "release m1");
    rig_until_settled(r, 1);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_SENT);
    assert_int_equal(rig_last(r)->mr, 1);
    rig_until_state(r, CARRIER_READY);
    assert_int_equal(rig_accepted(r), 1);
    assert_int_equal(rig_number(rig_cmd(r, "stats m1"), "violation"), 0);
}

/* We die at the prompt, before the PDU. A prompt is not repeated: the listening runs out, and then the
 * attempt is UNSURE, which is true of what can be known. */
static void test_restart_at_prompt(void **state)
{
    struct rig *r = *state;
    rig_up(r, "keep_when_closed=on");
    r->hold_in_flight = true;
    rig_submit(r, "hello");
    rig_sim_wait(r, "prompting");
    struct job job = rig_job(1, "+41791234567", "hello");
    rig_crash(r);
    r->hold_in_flight = false;
    rig_begin(r, "", &job, 1);
    rig_until_settled(r, 1);
    rig_until_state(r, CARRIER_READY);
    assert_int_not_equal(rig_last(r)->outcome, OUTCOME_SENT);
    assert_int_equal(rig_accepted(r), 0);
    send_one(r, OUTCOME_SENT);
    assert_int_equal(rig_accepted(r), 1);
}

int main(void)
{
#define SIM(test) cmocka_unit_test_setup_teardown(test, rig_setup_hasty, rig_teardown)
    const struct CMUnitTest tests[] = {
        SIM(test_hang_resync),
        SIM(test_hang_reopen),
        SIM(test_hang_cfun),
        SIM(test_hang_power),
        SIM(test_hang_after_payload),
        SIM(test_late_result_after_deadline),
        SIM(test_lost_prompt),
        SIM(test_lost_result),
        SIM(test_error_although_accepted),
        SIM(test_swallowed_in_preparation),
        SIM(test_vanish_in_pdu),
        SIM(test_vanish_in_result),
        SIM(test_vanish_after_acceptance),
        SIM(test_reboot_after_acceptance),
        SIM(test_usb_reboot),
        SIM(test_port_stays_away),
        SIM(test_silent_restart),
        SIM(test_garbage),
        SIM(test_idle),
        SIM(test_restart_hears_result),
        SIM(test_restart_at_prompt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
