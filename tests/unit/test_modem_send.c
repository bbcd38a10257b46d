/* One segment on a scripted modem and the fake clock: when the PDU may leave, and what becomes of it when the
 * modem is late, wrong, silent, interrupted or gone. */
#include <errno.h>
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

static int setup(void **state)
{
    struct modem_options options;
    rig_setup(state);
    struct rig *r = *state;
    rig_pty(r);
    rig_options(r, &options);
    rig_start(r, &options, NULL, 0);
    rig_pty_ready(r);
    r->heard_count = 0;
    return 0;
}

/* Up to the moment after Ctrl-Z, with a modem that has not answered yet. */
static void to_result(struct rig *r)
{
    r->silent_cmgs = true;
    rig_submit(r, "hello");
    assert_true(rig_heard(r, "AT+CMGS="));
    rig_say(r, "\r\n> ");
    assert_true(rig_heard(r, "00"));
    assert_non_null(strstr(r->heard[0], "^Z"));
    r->heard_count = 0;
}

static void back_to_ready(struct rig *r)
{
    r->silent_cmgs = false;
    for (int i = 0; i < 1000 && rig_state(r) != CARRIER_READY; i++) {
        rig_pass(r, 50);
    }
    assert_int_equal(rig_state(r), CARRIER_READY);
}

/* ---- the way out ---- */

static void test_at_once(void **state)
{
    struct rig *r = *state;
    r->hold_in_flight = true;
    rig_submit(r, "hello");
    assert_int_equal(r->in_flight_count, 1); /* no turn of the loop, no time has passed */
    assert_int_equal(rig_state(r), CARRIER_BUSY);
    assert_true(rig_heard(r, "AT+CMGS="));
}

static void test_waits_for_disk(void **state)
{
    struct rig *r = *state;
    r->hold_in_flight = true;
    rig_submit(r, "hello");
    rig_pass(r, 3000);
    assert_int_equal(rig_count(r, "AT+CMGS="), 1);
    assert_int_equal(rig_count(r, "00"), 0);
    rig_durable(r, 0);
    assert_int_equal(rig_count(r, "00"), 1);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_SENT);
    assert_int_equal(rig_last(r)->mr, 42);
}

static void test_waits_for_prompt(void **state)
{
    struct rig *r = *state;
    r->silent_cmgs = true;
    rig_submit(r, "hello");
    rig_pass(r, 3000);
    assert_int_equal(rig_count(r, "00"), 0);
    r->silent_cmgs = false;
    rig_say(r, "\r\n> ");
    assert_int_equal(rig_count(r, "00"), 1);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_SENT);
}

static void test_refused_mark(void **state)
{
    struct rig *r = *state;
    r->hold_in_flight = true;
    rig_submit(r, "hello");
    rig_turns(r);
    rig_durable(r, -ESTALE);
    assert_int_equal(rig_count(r, "ESC"), 1);
    back_to_ready(r);
    assert_int_equal(rig_count(r, "00"), 0);
    assert_int_equal(r->settled_count, 0); /* none is owed */
}

static void test_refused_before_prompt(void **state)
{
    struct rig *r = *state;
    r->hold_in_flight = r->silent_cmgs = true;
    rig_submit(r, "hello");
    rig_turns(r);
    rig_durable(r, -ESTALE);
    assert_int_equal(rig_count(r, "ESC"), 0);
    rig_say(r, "\r\n> ");
    assert_int_equal(rig_count(r, "ESC"), 1);
    back_to_ready(r);
    assert_int_equal(r->settled_count, 0);
}

static void test_store_stalls(void **state)
{
    struct rig *r = *state;
    r->hold_in_flight = true;
    rig_submit(r, "hello");
    rig_turns(r);
    rig_pass(r, 19900);
    assert_int_equal(r->settled_count, 0);
    rig_pass(r, 200);
    assert_int_equal(rig_count(r, "ESC"), 1);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_RETRY);
    assert_true(rig_last(r)->carrier_fault);
    back_to_ready(r);
    rig_durable(r, 0); /* too late: nobody waits for it */
    assert_int_equal(rig_count(r, "00"), 0);
    assert_int_equal(r->settled_count, 1);
}

struct error_case {
    const char *line;
    enum outcome before, after; /* in place of the prompt, after Ctrl-Z */
    bool carrier_fault;
};

static const struct error_case error_cases[] = {
    {"+CMS ERROR: 1", OUTCOME_REJECT, OUTCOME_REJECT, false},
    {"+CMS ERROR: 38", OUTCOME_RETRY, OUTCOME_RETRY, false},
    {"+CMS ERROR: 42", OUTCOME_RETRY, OUTCOME_RETRY, false},
    {"+CMS ERROR: 29", OUTCOME_RETRY, OUTCOME_RETRY, true},
    {"+CMS ERROR: 304", OUTCOME_REJECT, OUTCOME_REJECT, false},
    {"+CMS ERROR: 332", OUTCOME_RETRY, OUTCOME_UNSURE, true},
    {"+CMS ERROR: network timeout", OUTCOME_RETRY, OUTCOME_UNSURE, true},
    {"+CMS ERROR: 197", OUTCOME_RETRY, OUTCOME_SENT, false},
    {"+CMS ERROR: 500", OUTCOME_RETRY, OUTCOME_RETRY, true},
    {"+CMS ERROR: 9999", OUTCOME_RETRY, OUTCOME_RETRY, true},
    {"+CME ERROR: 14", OUTCOME_RETRY, OUTCOME_RETRY, true},
    {"+CME ERROR: 31", OUTCOME_RETRY, OUTCOME_UNSURE, true},
    {"ERROR", OUTCOME_RETRY, OUTCOME_RETRY, true},
    {"COMMAND NOT SUPPORT", OUTCOME_RETRY, OUTCOME_RETRY, true},
};
#define ERROR_CASES (sizeof error_cases / sizeof error_cases[0])

static void check_error(struct rig *r, size_t i, bool before)
{
    char line[80];
    unsigned settled = r->settled_count;
    snprintf(line, sizeof line, "\r\n%s\r\n", error_cases[i].line);
    r->silent_cmgs = true;
    rig_submit(r, "hello");
    assert_true(rig_heard(r, "AT+CMGS="));
    if (!before) {
        rig_say(r, "\r\n> ");
        assert_true(rig_heard(r, "00"));
    }
    rig_say(r, line);
    rig_turns(r);
    assert_int_equal(r->settled_count, settled + 1);
    if (rig_last(r)->outcome != (before ? error_cases[i].before : error_cases[i].after) ||
        rig_last(r)->carrier_fault != error_cases[i].carrier_fault) {
        fail_msg("%s: outcome %d fault %d", error_cases[i].line, rig_last(r)->outcome,
                 rig_last(r)->carrier_fault);
    }
    r->heard_count = 0;
    back_to_ready(r);
    r->silent_cmgs = false; /* a good one in between: three bad ones in a row mean a reset */
    rig_submit(r, "good");
    rig_turns(r);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_SENT);
    r->heard_count = 0;
}

static void test_error_for_prompt(void **state)
{
    for (size_t i = 0; i < ERROR_CASES; i++) {
        check_error(*state, i, true);
    }
}

static void test_error_for_result(void **state)
{
    for (size_t i = 0; i < ERROR_CASES; i++) {
        check_error(*state, i, false);
    }
}

static void test_no_prompt(void **state)
{
    struct rig *r = *state;
    r->silent_cmgs = true;
    rig_submit(r, "hello");
    rig_pass(r, 9900);
    assert_int_equal(r->settled_count, 0);
    rig_pass(r, 200);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_RETRY);
    assert_true(rig_last(r)->carrier_fault);
    assert_true(rig_count(r, "ESC") >= 1);
    rig_say(r, "\r\n> "); /* too late */
    back_to_ready(r);
    assert_int_equal(rig_count(r, "00"), 0);
}

static void test_ok_for_prompt(void **state)
{
    struct rig *r = *state;
    r->silent_cmgs = true;
    rig_submit(r, "hello");
    assert_true(rig_heard(r, "AT+CMGS="));
    rig_say(r, "\r\nOK\r\n");
    rig_turns(r);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_RETRY);
    back_to_ready(r);
}

/* ---- late, and never ---- */

static void check_late(struct rig *r, int64_t ms)
{
    unsigned settled = r->settled_count;
    to_result(r);
    rig_pass(r, ms);
    assert_int_equal(r->settled_count, settled);
    assert_int_equal(r->heard_count, 0); /* nothing at all was written meanwhile */
    rig_say(r, "\r\n+CMGS: 77\r\n\r\nOK\r\n");
    rig_turns(r);
    assert_int_equal(r->settled_count, settled + 1);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_SENT);
    assert_int_equal(rig_last(r)->mr, 77);
    r->silent_cmgs = false;
    rig_pass(r, 1000);
}

static void test_late_results(void **state)
{
    static const int64_t late[] = {19000, 25000, 61000, 75000, 119000, 179000};
    for (size_t i = 0; i < sizeof late / sizeof late[0]; i++) {
        check_late(*state, late[i]);
    }
}

static void test_never(void **state)
{
    struct rig *r = *state;
    to_result(r);
    rig_pass(r, 179900);
    assert_int_equal(r->settled_count, 0);
    assert_int_equal(r->heard_count, 0);
    rig_pass(r, 200);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_UNSURE);
    assert_int_equal(rig_count(r, "ESC"), 0); /* it could abort what may still succeed */
    rig_say(r, "\r\n+CMGS: 77\r\n\r\nOK\r\n");
    back_to_ready(r);
    assert_int_equal(r->settled_count, 1);
    assert_int_equal(rig_count(r, "00"), 0);
    rig_submit(r, "next");
    rig_turns(r);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_SENT);
    assert_int_equal(rig_last(r)->mr, 42);
}

static void test_ok_without_reference(void **state)
{
    struct rig *r = *state;
    to_result(r);
    rig_say(r, "\r\npad\r\n\r\nOK\r\n");
    rig_turns(r);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_SENT);
    assert_int_equal(rig_last(r)->mr, -1);
}

static void test_unknown_error_text_is_unsure(void **state)
{
    struct rig *r = *state;
    to_result(r);
    rig_say(r, "\r\nRANDOM ERROR\r\n");
    rig_pass(r, 179000);
    assert_int_equal(r->settled_count, 0);
    rig_pass(r, 1500);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_UNSURE);
}

static void test_silences_lead_to_reset(void **state)
{
    struct rig *r = *state;
    for (int i = 0; i < 3; i++) {
        to_result(r);
        rig_pass(r, 180100);
        assert_int_equal(rig_last(r)->outcome, OUTCOME_UNSURE);
        if (i < 2) {
            back_to_ready(r);
        }
    }
    assert_int_equal(rig_count(r, "AT+CFUN=1,1"), 1);
    assert_int_equal(rig_status(r).resets, 1);
    assert_int_equal(rig_state(r), CARRIER_RECOVERY);
    back_to_ready(r);
}

static void test_faults_lead_to_reset(void **state)
{
    struct rig *r = *state;
    static const char *const bad[][2] = {{"^Z", "\r\n+CMS ERROR: 500\r\n"}, {NULL, NULL}};
    r->overrides = bad;
    for (int i = 0; i < 3; i++) {
        rig_submit(r, "hello");
        rig_turns(r);
    }
    assert_int_equal(r->settled_count, 3);
    assert_int_equal(rig_count(r, "AT+CFUN=1,1"), 1);
}

/* TP-VP of the SUBMIT that was typed last: 00 31 00 0B 91 and six octets of number, PID, DCS, VP. */
static int typed_vp(const struct rig *r)
{
    for (unsigned i = r->heard_count; i-- > 0;)
        if (strncmp(r->heard[i], "0031", 4) == 0 || strncmp(r->heard[i], "0011", 4) == 0) {
            char octet[3] = {r->heard[i][26], r->heard[i][27], '\0'};
            return (int)strtol(octet, NULL, 16);
        }
    return -1;
}

/* 23.040 9.2.3.12.1: 5 minutes at least, then steps of 5 and of 30 minutes, rounded down. */
static void test_the_service_centre_is_told_what_is_left(void **state)
{
    static const struct {
        int64_t left_ms;
        int vp;
    } rows[] = {{1000, 0},       {5 * 60000, 0},          {9 * 60000 + 59999, 0},
                {10 * 60000, 1}, {60 * 60000, 11},        {12 * 3600000, 143},
                {36000000, 119}, {13 * 3600000 - 1, 144}, {24 * 3600000, 167}};
    struct rig *r = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct job job = rig_job(r->next_attempt++, "+41791234567", "hello");
        job.expires_ms = clock_wall_ms() + rows[i].left_ms;
        r->heard_count = 0;
        r->carrier->ops->submit(r->carrier, &job);
        rig_turns(r);
        assert_int_equal(rig_last(r)->outcome, OUTCOME_SENT);
        assert_int_equal(typed_vp(r), rows[i].vp);
    }
}

static void submit_again(struct rig *r, int64_t message_id)
{
    struct job job = rig_job(r->next_attempt++, "+41791234567", "hello");
    job.message_id = message_id;
    r->carrier->ops->submit(r->carrier, &job);
    rig_turns(r);
}

/* The third answer of "unknown error" resets the modem, once; then the message itself is to blame. */
static void test_one_message_resets_the_modem_once(void **state)
{
    struct rig *r = *state;
    static const char *const bad[][2] = {{"^Z", "\r\n+CMS ERROR: 500\r\n"}, {NULL, NULL}};
    r->overrides = bad;
    for (int i = 0; i < 3; i++) {
        submit_again(r, 77);
        assert_true(rig_last(r)->carrier_fault);
    }
    assert_int_equal(rig_count(r, "AT+CFUN=1,1"), 1);
    rig_say(r, "\r\nRDY\r\n");
    back_to_ready(r);
    for (int i = 0; i < 9; i++) {
        submit_again(r, 77);
        assert_int_equal(rig_last(r)->outcome, OUTCOME_RETRY);
        assert_false(rig_last(r)->carrier_fault);
    }
    assert_int_equal(rig_state(r), CARRIER_READY);
    assert_int_equal(rig_count(r, "AT+CFUN=1,1"), 1);
}

static void test_no_credit_is_no_reason_to_reset(void **state)
{
    struct rig *r = *state;
    static const char *const bad[][2] = {{"^Z", "\r\n+CMS ERROR: 29\r\n"}, {NULL, NULL}};
    r->overrides = bad;
    for (int i = 0; i < 6; i++) {
        rig_submit(r, "hello");
        rig_turns(r);
    }
    assert_int_equal(r->settled_count, 6);
    assert_int_equal(rig_last(r)->rest_ms, 600000); /* the line's, not this message's */
    assert_int_equal(rig_last(r)->retry_after_ms, 0);
    assert_int_equal(rig_state(r), CARRIER_READY);
    assert_int_equal(rig_count(r, "AT+CFUN"), 0);
}

/* ---- interrupted ---- */

static void test_vanish(void **state)
{
    struct rig *r = *state;
    to_result(r);
    rig_pty_vanish(r);
    rig_turns(r);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_UNSURE);
    assert_int_equal(rig_state(r), CARRIER_RECOVERY);
    r->silent_cmgs = false;
    int64_t wall = clock_wall_ms(), mono = clock_mono_ms();
    rig_pty(r); /* under another name */
    clock_fake(wall, mono);
    r->heard_count = 0;
    rig_pty_ready(r);
    assert_int_equal(rig_count(r, "00"), 0);
    assert_int_equal(r->settled_count, 1);
}

static void test_vanish_at_prompt(void **state)
{
    struct rig *r = *state;
    r->hold_in_flight = true;
    rig_submit(r, "hello");
    rig_turns(r);
    rig_pty_vanish(r);
    rig_turns(r);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_RETRY);
    assert_true(rig_last(r)->carrier_fault);
    rig_durable(r, 0);
    assert_int_equal(r->settled_count, 1);
}

static void test_module_restarts(void **state)
{
    struct rig *r = *state;
    to_result(r);
    rig_say(r, "\r\nRDY\r\n");
    rig_turns(r);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_UNSURE);
    back_to_ready(r);
    r->silent_cmgs = true;
    rig_submit(r, "hello");
    assert_true(rig_heard(r, "AT+CMGS="));
    rig_say(r, "\r\nRDY\r\n");
    rig_turns(r);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_RETRY);
}

/* The SIM goes while the result is awaited: nothing is written until it is there. */
static void test_sim_pulled_after_payload(void **state)
{
    struct rig *r = *state;
    to_result(r);
    rig_say(r, "\r\n+CPIN: NOT READY\r\n");
    rig_pass(r, 60000);
    assert_int_equal(r->heard_count, 0);
    rig_say(r, "\r\n+CMS ERROR: 310\r\n");
    rig_turns(r);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_RETRY);
    assert_int_equal(rig_state(r), CARRIER_STARTING);
    back_to_ready(r);
}

/* A job waits behind a chore that is never answered: the SENT of the job before it is not its own. */
static void test_silence_before_the_job_began(void **state)
{
    struct rig *r = *state;
    static const char *const mute[][2] = {{"AT+CSQ", ""}, {NULL, NULL}};
    rig_submit(r, "before");
    rig_turns(r);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_SENT);
    r->overrides = mute;
    for (int i = 0; i < 60 && rig_count(r, "AT+CSQ") < 2; i++) { /* the first was asked at the start */
        rig_pass(r, 1000);
    }
    rig_submit(r, "waits");
    rig_turns(r);
    assert_int_equal(r->settled_count, 1);
    rig_pass(r, 30000);
    assert_int_equal(r->settled_count, 2);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_RETRY);
    assert_int_equal(r->in_flight_count, 1);
    r->overrides = NULL;
    back_to_ready(r);
}

/* Registration goes while the result is awaited. */
static void test_network_lost_after_payload(void **state)
{
    struct rig *r = *state;
    static const char *const off[][2] = {{"AT+CREG?", "\r\n+CREG: 2,2\r\n\r\nOK\r\n"}, {NULL, NULL}};
    r->overrides = off;
    to_result(r);
    rig_say(r, "\r\n+CREG: 2\r\n");
    rig_pass(r, 1000);
    assert_int_equal(rig_state(r), CARRIER_BUSY);
    rig_say(r, "\r\n+CMGS: 5\r\n\r\nOK\r\n");
    rig_turns(r);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_SENT);
    assert_int_equal(rig_state(r), CARRIER_STARTING);
    r->overrides = NULL;
    rig_say(r, "\r\n+CREG: 1\r\n");
    back_to_ready(r);
}

static void test_echo_means_restart(void **state)
{
    struct rig *r = *state;
    r->silent_cmgs = true;
    rig_submit(r, "hello");
    assert_true(rig_heard(r, "AT+CMGS="));
    rig_say(r, r->heard[0]);
    rig_say(r, "\r\r\n> ");
    rig_turns(r);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_RETRY);
    r->heard_count = 0;
    back_to_ready(r);
    assert_int_equal(rig_count(r, "AT+CNMI="), 2); /* set up anew, and said again when registered */
    assert_int_equal(rig_count(r, "00"), 0);
}

/* A URC at every place between two bytes of what the modem says. Between lines it must not matter at all;
 * inside a line no modem puts one, and then it may cost the reference or the certainty, but never a second
 * copy or a false failure. */
static void exchange_with_urc(struct rig *r, size_t at, const char *urc)
{
    static const char prompt[] = "\r\n> ", result[] = "\r\n+CMGS: 77\r\n\r\nOK\r\n";
    size_t prompt_len = sizeof prompt - 1;
    char bytes[200];
    unsigned settled = r->settled_count;
    r->silent_cmgs = true;
    rig_submit(r, "hello");
    assert_true(rig_heard(r, "AT+CMGS="));
    snprintf(bytes, sizeof bytes, "%.*s%s%s", (int)(at < prompt_len ? at : prompt_len), prompt,
             at <= prompt_len ? urc : "", at < prompt_len ? prompt + at : "");
    rig_say(r, bytes);
    assert_true(rig_heard(r, "00"));
    if (at > prompt_len) {
        snprintf(bytes, sizeof bytes, "%.*s%s%s", (int)(at - prompt_len), result, urc,
                 result + at - prompt_len);
    } else {
        snprintf(bytes, sizeof bytes, "%s", result);
    }
    rig_say(r, bytes);
    rig_turns(r);
    if (r->settled_count == settled) {
        rig_pass(r, 180500);
    }
    assert_int_equal(r->settled_count, settled + 1);
    r->silent_cmgs = false;
    back_to_ready(r);
}

static void test_urc_everywhere(void **state)
{
    struct rig *r = *state;
    static const char *const urcs[] = {"\r\n+CMTI: \"ME\",1\r\n", "\r\nRING\r\n", "\r\n^RSSI: 12\r\n",
                                       "\r\n+CREG: 1,\"00AA\",\"00BB\"\r\n"};
    size_t whole = strlen("\r\n> \r\n+CMGS: 77\r\n\r\nOK\r\n");
    for (size_t u = 0; u < sizeof urcs / sizeof urcs[0]; u++) {
        for (size_t at = 0; at <= whole; at++) {
            bool in_line = (at >= 7 && at <= 14) || at == 20; /* within "+CMGS: 77", "OK" */
            r->heard_count = 0;
            r->settled_count = 0;
            exchange_with_urc(r, at, urcs[u]);
            bool sent = rig_last(r)->outcome == OUTCOME_SENT && rig_last(r)->mr == 77;
            if (!sent && (!in_line || rig_last(r)->outcome == OUTCOME_RETRY ||
                          rig_last(r)->outcome == OUTCOME_REJECT)) {
                fail_msg("%s at byte %zu: outcome %d mr %d", urcs[u] + 2, at, rig_last(r)->outcome,
                         rig_last(r)->mr);
            }
            assert_int_equal(rig_count(r, "00"), 1); /* the one copy */
        }
    }
}

/* ---- the next from inside ---- */

static void test_feeding(void **state)
{
    struct rig *r = *state;
    r->feed = 29;
    rig_submit(r, "first");
    rig_turns(r);
    assert_int_equal(r->settled_count, 30);
    for (unsigned i = 0; i < r->settled_count; i++) {
        assert_int_equal(r->settled[i].outcome, OUTCOME_SENT);
    }
}

static void test_submit_when_not_ready(void **state)
{
    struct rig *r = *state;
    rig_pty_vanish(r);
    rig_turns(r);
    rig_submit(r, "hello");
    assert_int_equal(r->settled_count, 0); /* not from inside submit */
    rig_turns(r);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_RETRY);
    assert_true(rig_last(r)->carrier_fault);
}

/* ---- stopping ---- */

static void on_stopped(void *arg)
{
    (*(int *)arg)++;
}

static void test_stop_waits_for_result(void **state)
{
    struct rig *r = *state;
    int stopped = 0;
    to_result(r);
    r->carrier->ops->stop(r->carrier, on_stopped, &stopped);
    rig_turns(r);
    assert_int_equal(stopped, 0);
    rig_say(r, "\r\n+CMGS: 5\r\n\r\nOK\r\n");
    rig_turns(r);
    assert_int_equal(rig_last(r)->outcome, OUTCOME_SENT);
    assert_int_equal(stopped, 1);
}

static void test_stop_idle(void **state)
{
    struct rig *r = *state;
    int stopped = 0;
    r->carrier->ops->stop(r->carrier, on_stopped, &stopped);
    assert_int_equal(stopped, 0); /* not from inside */
    rig_turns(r);
    assert_int_equal(stopped, 1);
}

int main(void)
{
#define PTY(test) cmocka_unit_test_setup_teardown(test, setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        PTY(test_at_once),
        PTY(test_waits_for_disk),
        PTY(test_waits_for_prompt),
        PTY(test_refused_mark),
        PTY(test_refused_before_prompt),
        PTY(test_store_stalls),
        PTY(test_error_for_prompt),
        PTY(test_error_for_result),
        PTY(test_no_prompt),
        PTY(test_ok_for_prompt),
        PTY(test_late_results),
        PTY(test_never),
        PTY(test_ok_without_reference),
        PTY(test_unknown_error_text_is_unsure),
        PTY(test_silences_lead_to_reset),
        PTY(test_faults_lead_to_reset),
        PTY(test_one_message_resets_the_modem_once),
        PTY(test_no_credit_is_no_reason_to_reset),
        PTY(test_vanish),
        PTY(test_vanish_at_prompt),
        PTY(test_module_restarts),
        PTY(test_sim_pulled_after_payload),
        PTY(test_silence_before_the_job_began),
        PTY(test_network_lost_after_payload),
        PTY(test_echo_means_restart),
        PTY(test_urc_everywhere),
        PTY(test_feeding),
        PTY(test_the_service_centre_is_told_what_is_left),
        PTY(test_submit_when_not_ready),
        PTY(test_stop_waits_for_result),
        PTY(test_stop_idle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
