/* The start up's decisions: the PIN that may be entered, the SIM that is not there, the store that is not
 * one. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/base/clock.h"
#include "tests/unit/modem_rig.h"

static int stat_of(struct rig *r, const char *key)
{
    return rig_number(rig_cmd(r, "stats m1"), key);
}

static void restart(struct rig *r, const char *pin)
{
    rig_crash(r);
    rig_cmd(r, "power m1 cycle");
    rig_sim_wait(r, "cured");
    rig_begin(r, pin, NULL, 0);
}

/* A silence does not hide that the SIM went meanwhile: it is asked for again, from the PIN on. */
static void test_sim_changes_while_suspect(void **state)
{
    struct rig *r = *state;
    rig_up(r, "");
    unsigned identified = r->sim_count;
    rig_cmd(r, "hang m1 resync");
    rig_submit(r, "hello");
    rig_until_state(r, CARRIER_SUSPECT);
    rig_cmd(r, "urc m1 \"+CPIN: NOT READY\"");
    rig_until_state(r, CARRIER_READY);
    assert_int_equal(r->sim_count, identified + 1);
}

/* ---- PIN ---- */

static unsigned pin_records(const struct rig *r)
{
    char path[200];
    unsigned count = 0;
    snprintf(path, sizeof path, "%s/pin", r->state_dir);
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        count += entry->d_name[0] != '.';
    }
    if (folder) {
        closedir(folder);
    }
    return count;
}

/* Somebody unlocks the SIM in a telephone: all tries are left again, and the wrong PIN is still wrong. */
static void test_refused_stays_refused(void **state)
{
    struct rig *r = *state;
    rig_sim(r, "pin=4711");
    rig_begin(r, "1234", NULL, 0);
    rig_until_state(r, CARRIER_STOPPED);
    rig_cmd(r, "set m1 pin_tries=3");
    restart(r, "1234");
    rig_until_state(r, CARRIER_STOPPED);
    assert_int_equal(stat_of(r, "pin_wrong"), 1);
    assert_non_null(strstr(rig_status(r).condition, "refused"));
    restart(r, "4711");
    rig_until_state(r, CARRIER_READY);
}

/* Not the PIN's fault, and the SIM says that no try was taken. */
static void test_busy_on_entry(void **state)
{
    struct rig *r = *state;
    rig_sim(r, "pin=4711");
    rig_cmd(r, "error m1 +CPIN= \"+CME ERROR: 14\" 2");
    rig_begin(r, "4711", NULL, 0);
    rig_until_state(r, CARRIER_READY);
    assert_int_equal(stat_of(r, "pin_wrong"), 0);
    assert_int_equal(pin_records(r), 0);
}

/* The same, and a try is gone meanwhile: it may have been ours. */
static void test_busy_and_a_try_less(void **state)
{
    struct rig *r = *state;
    rig_sim(r, "pin=4711");
    rig_cmd(r, "error-after m1 +CPIN= \"+CME ERROR: 14\"");
    rig_begin(r, "1234", NULL, 0);
    rig_until_state(r, CARRIER_STOPPED);
    assert_int_equal(stat_of(r, "pin_wrong"), 1);
}

/* Its answer was lost, and so was a try: it was refused, whoever unlocks the SIM later. */
static void test_lost_refusal(void **state)
{
    struct rig *r = *state;
    rig_sim(r, "pin=4711");
    rig_cmd(r, "drop m1 +CPIN=");
    rig_begin(r, "1234", NULL, 0);
    rig_until_state(r, CARRIER_STOPPED);
    assert_int_equal(stat_of(r, "pin_wrong"), 1);
    rig_cmd(r, "set m1 pin_tries=3");
    restart(r, "1234");
    rig_until_state(r, CARRIER_STOPPED);
    assert_int_equal(stat_of(r, "pin_wrong"), 1);
}

/* An error that says nothing about the PIN stops the line; it is not held against the PIN for ever. */
static void test_entry_fails_otherwise(void **state)
{
    struct rig *r = *state;
    rig_sim(r, "pin=4711");
    rig_cmd(r, "error m1 +CPIN= \"+CME ERROR: 100\"");
    rig_begin(r, "4711", NULL, 0);
    rig_until_state(r, CARRIER_STOPPED);
    assert_non_null(strstr(rig_status(r).condition, "cme 100"));
    restart(r, "4711");
    rig_until_state(r, CARRIER_READY);
}

/* It was right, and only its OK was lost: nothing is held against it. */
static void test_answer_to_entry_lost(void **state)
{
    static const char *const locked[][2] = {
        {"AT+CPIN?", "\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n"},
        {"AT+CPINR", "\r\n+CPINR: SIM PIN,3,3\r\n\r\nOK\r\n"},
        {"AT+CPIN=", ""},
        {NULL, NULL},
    };
    struct rig *r = *state;
    struct modem_options options;
    rig_pty(r);
    rig_options(r, &options);
    options.pin = "4711";
    r->overrides = locked;
    rig_start(r, &options, NULL, 0);
    rig_pass(r, 5000);
    assert_int_equal(rig_count(r, "AT+CPIN="), 1);
    assert_int_equal(pin_records(r), 2);
    r->overrides = NULL;
    rig_pass(r, 30000);
    rig_pty_ready(r);
    assert_int_equal(pin_records(r), 0);
}

/* The second PIN is for fixed dialling and the like: messages need none. */
static void check_second(struct rig *r, const char *word)
{
    char line[120];
    snprintf(line, sizeof line, "answer m1 +CPIN? \"\\r\\n+CPIN: SIM %s\\r\\n\\r\\nOK\\r\\n\" 0", word);
    rig_sim(r, "");
    rig_cmd(r, line);
    rig_begin(r, "", NULL, 0);
    rig_until_state(r, CARRIER_READY);
}

static void test_pin2(void **state)
{
    check_second(*state, "PIN2");
}

static void test_puk2(void **state)
{
    check_second(*state, "PUK2");
}

/* ---- a SIM that is missing, or only switched off ---- */

static void begin_scripted(struct rig *r, const char *const (*overrides)[2])
{
    struct modem_options options;
    rig_pty(r);
    rig_options(r, &options);
    r->overrides = overrides;
    rig_start(r, &options, NULL, 0);
}

static void test_sim_is_switched_off(void **state)
{
    static const char *const off[][2] = {
        {"AT+CPIN?", "\r\n+CME ERROR: 10\r\n"},
        {"AT+CFUN?", "\r\n+CFUN: 0\r\n\r\nOK\r\n"},
        {NULL, NULL},
    };
    struct rig *r = *state;
    begin_scripted(r, off);
    rig_pass(r, 3000);
    assert_int_equal(rig_count(r, "AT+CFUN=1"), 1);
    rig_pass(r, 60000); /* it had none indeed */
    assert_int_equal(rig_count(r, "AT+CFUN=1"), 1);
    assert_non_null(strstr(rig_status(r).condition, "no SIM"));
    r->overrides = NULL;
    rig_pty_ready(r);
}

static void test_sim_is_missing(void **state)
{
    static const char *const missing[][2] = {{"AT+CPIN?", "\r\n+CME ERROR: 10\r\n"}, {NULL, NULL}};
    struct rig *r = *state;
    begin_scripted(r, missing);
    rig_pass(r, 900000);
    assert_int_equal(rig_count(r, "AT+CFUN="), 0);
    assert_int_equal(rig_status(r).resets, 0);
    assert_non_null(strstr(rig_status(r).condition, "no SIM"));
    r->overrides = NULL;
    rig_pty_ready(r);
}

/* ---- stores ---- */

static void test_store_without_places(void **state)
{
    static const char *const empty[][2] = {{"AT+CPMS=\"ME\"", "\r\n+CPMS: 0,0,0,0,0,0\r\n\r\nOK\r\n"},
                                           {NULL, NULL}};
    struct rig *r = *state;
    begin_scripted(r, empty);
    rig_pass(r, 5000);
    assert_int_equal(rig_state(r), CARRIER_READY);
    assert_true(rig_count(r, "AT+CPMS=\"SM\",\"SM\",\"SM\"") > 0);
    rig_say(r, "\r\n+CMTI: \"SM\",3\r\n");
    rig_pass(r, 1000);
    assert_int_equal(rig_count(r, "AT+CMGR=3"), 1);
}

/* Messages come as they are then, and are acknowledged once they are on disk. */
static const char *const storeless[][2] = {
    {"AT+CPMS=", "\r\n+CMS ERROR: 303\r\n"},
    {"AT+CNMI=2,", "\r\n+CMS ERROR: 303\r\n"},
    {NULL, NULL},
};

static void test_no_store(void **state)
{
    struct rig *r = *state;
    begin_scripted(r, storeless);
    rig_pass(r, 40000);
    assert_int_equal(rig_state(r), CARRIER_READY);
    assert_true(rig_count(r, "AT+CNMI=1,2,0,1,0") > 0);
    rig_say(r, "\r\n+CMT: ,24\r\n07914107009099F9040B911497112233F40000621121010400000541E19058341E\r\n");
    rig_pass(r, 1000);
    assert_int_equal(r->received_count, 1);
    assert_int_equal(rig_count(r, "AT+CNMA"), 1);
    rig_pass(r, 900000);
    assert_int_equal(rig_count(r, "AT+CMGL"), 0);
    assert_int_equal(rig_state(r), CARRIER_READY);
}

/* A SIM that is being read says the same for a while. */
static void test_store_comes_later(void **state)
{
    struct rig *r = *state;
    begin_scripted(r, storeless);
    rig_pass(r, 20000);
    assert_int_equal(rig_state(r), CARRIER_STARTING);
    r->overrides = NULL;
    rig_pty_ready(r);
    assert_true(rig_count(r, "AT+CNMI=2,1,") > 0);
    assert_int_equal(rig_count(r, "AT+CNMI=2,2,"), 0);
}

/* Neither a store nor the messages as they come: such a line could receive nothing. */
static void test_no_way_to_receive(void **state)
{
    static const char *const deaf[][2] = {
        {"AT+CPMS=", "\r\n+CMS ERROR: 303\r\n"}, {"AT+CNMI=", "\r\n+CMS ERROR: 303\r\n"}, {NULL, NULL}};
    struct rig *r = *state;
    begin_scripted(r, deaf);
    rig_pass(r, 40000);
    assert_int_equal(rig_state(r), CARRIER_RECOVERY);
    assert_int_equal(rig_status(r).resets, 1);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, rig_setup_hasty, rig_teardown)
    const struct CMUnitTest tests[] = {
        T(test_refused_stays_refused),
        T(test_busy_on_entry),
        T(test_busy_and_a_try_less),
        T(test_lost_refusal),
        T(test_entry_fails_otherwise),
        T(test_answer_to_entry_lost),
        T(test_pin2),
        T(test_puk2),
        T(test_sim_is_switched_off),
        T(test_sim_changes_while_suspect),
        T(test_sim_is_missing),
        T(test_store_without_places),
        T(test_no_store),
        T(test_store_comes_later),
        T(test_no_way_to_receive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
