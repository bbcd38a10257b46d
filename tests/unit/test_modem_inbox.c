/* What the modem has received is read whole, handed up, and erased only while it is known what is erased. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/base/clock.h"
#include "tests/unit/modem_rig.h"

/* "hi" and "yo" from +41791112233, 21 octets behind the SMSC; a SMS whose user data are shorter than it says.
 */
#define SMSC "07911497009099F9"
#define HI                                                                                                   \
    "040B911497112132F30000621112016472000"                                                                  \
    "2E834"
#define YO                                                                                                   \
    "040B911497112132F30000621112016473000"                                                                  \
    "2F937"
#define REPORT                                                                                               \
    "060B0B911497112132F36211120164720062111201647500"                                                       \
    "00"
#define BROKEN "040B911497112132F30000621112016472007FE834"

static const char *script[16][2]; /* what the modem answers, before the rig's table */

static int setup(void **state)
{
    rig_setup(state);
    struct rig *r = *state;
    memset(script, 0, sizeof script);
    r->overrides = script;
    return 0;
}

static void answers(const char *command, const char *answer)
{
    for (size_t i = 0; i < sizeof script / sizeof script[0] - 1; i++) {
        if (!script[i][0] || strcmp(script[i][0], command) == 0) {
            script[i][0] = command;
            script[i][1] = answer;
            return;
        }
    }
    fail();
}

static void up(struct rig *r)
{
    struct modem_options options;
    rig_pty(r);
    rig_options(r, &options);
    rig_start(r, &options, NULL, 0);
    rig_pty_ready(r);
    r->heard_count = 0;
}

static void says(struct rig *r, const char *text)
{
    rig_say(r, text);
    rig_turns(r);
}

#define READ(hex)  "\r\n+CMGR: 0,,21\r\n" hex "\r\n\r\nOK\r\n"
#define EMPTY      "\r\n+CMS ERROR: 321\r\n"
#define OK         "\r\nOK\r\n"
#define TELL(i)    "\r\n+CMTI: \"ME\"," #i "\r\n"
#define TORN(a, b) "\r\n+CMGR: 0,,21\r\n" SMSC a "\r\nRING\r\n" b "\r\n\r\nOK\r\n"

static void is_received(const struct rig *r, unsigned i, const char *hex)
{
    assert_true(i < r->received_count);
    assert_string_equal(r->received[i].hex, hex);
}

/* ---- an erasure that was not answered by OK ---- */

/* It was done, and the network has put another SMS there: that one is not erased unread. */
static void check_unclear_erasure(struct rig *r, const char *answer)
{
    up(r);
    answers("AT+CMGR=1", READ(SMSC HI));
    answers("AT+CMGD=1", answer);
    says(r, TELL(1));
    is_received(r, 0, SMSC HI);
    answers("AT+CMGR=1", READ(SMSC YO));
    answers("AT+CMGD=1", OK);
    rig_pass(r, 60000);
    is_received(r, 1, SMSC YO);
    assert_int_equal(r->received_count, 2);
    assert_int_equal(r->erased_count, 2);
    assert_int_equal(rig_count(r, "AT+CMGD="), 2);
    assert_int_equal(rig_count(r, "AT+CMGR="), 2);
}

static void test_erasure_refused(void **state)
{
    check_unclear_erasure(*state, "\r\n+CMS ERROR: 500\r\n");
}

static void test_erasure_unanswered(void **state)
{
    check_unclear_erasure(*state, "");
}

static void test_erasure_was_done(void **state)
{
    static const char *const empty[] = {EMPTY, OK, "\r\n+CMGR: 0,,0\r\nFFFFFFFFFFFFFFFFFFFF\r\n\r\nOK\r\n",
                                        "\r\n+CMGR: 0,,0\r\n\r\nOK\r\n"};
    struct rig *r = *state;
    up(r);
    for (unsigned i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        answers("AT+CMGR=1", READ(SMSC HI));
        answers("AT+CMGD=1", "\r\nERROR\r\n");
        says(r, TELL(1));
        answers("AT+CMGR=1", empty[i]);
        rig_pass(r, 10000);
        assert_int_equal(r->received_count, i + 1);
        assert_int_equal(r->erased_count, i + 1);
        assert_int_equal(rig_count(r, "AT+CMGD="), i + 1);
    }
}

static void test_erasure_was_not_done(void **state)
{
    struct rig *r = *state;
    up(r);
    answers("AT+CMGR=1", READ(SMSC HI));
    answers("AT+CMGD=1", "\r\nERROR\r\n");
    says(r, TELL(1));
    assert_int_equal(rig_count(r, "AT+CMGR="), 1); /* no hurry */
    answers("AT+CMGD=1", OK);
    rig_pass(r, 10000);
    assert_int_equal(r->received_count, 1);
    assert_int_equal(r->erased_count, 1);
    assert_int_equal(rig_count(r, "AT+CMGR="), 2);
    assert_int_equal(rig_count(r, "AT+CMGD="), 2);
}

/* A torn second look is no other SMS. */
static void test_erasure_and_torn_look(void **state)
{
    struct rig *r = *state;
    up(r);
    answers("AT+CMGR=1", READ(SMSC HI));
    answers("AT+CMGD=1", "\r\nERROR\r\n");
    says(r, TELL(1));
    answers("AT+CMGR=1", TORN("040B911497", "112132F300006211120164720002E834"));
    answers("AT+CMGD=1", OK);
    rig_pass(r, 2000);
    assert_int_equal(r->received_count, 1);
    assert_int_equal(r->erased_count, 0);
    assert_int_equal(rig_count(r, "AT+CMGD="), 1);
}

/* A silence lies between the reading and the erasing: it is looked at again. */
static void test_erasure_after_silence(void **state)
{
    struct rig *r = *state;
    up(r);
    answers("AT+CMGR=1", READ(SMSC HI));
    r->hold_received = true;
    says(r, TELL(1));
    r->mute = true;
    for (int i = 0; i < 60 && rig_state(r) == CARRIER_READY; i++) {
        rig_pass(r, 1000);
    }
    assert_int_equal(rig_state(r), CARRIER_SUSPECT);
    rig_durable(r, 0);
    r->hold_received = false;
    answers("AT+CMGR=1", READ(SMSC YO));
    r->mute = false;
    rig_pass(r, 20000);
    is_received(r, 1, SMSC YO);
    assert_int_equal(r->erased_count, 2);
    assert_int_equal(rig_count(r, "AT+CMGD="), 1);
}

/* ---- told of while it is being erased ---- */

static void test_told_during_erasure(void **state)
{
    struct rig *r = *state;
    up(r);
    answers("AT+CMGR=1", READ(SMSC HI));
    answers("AT+CMGD=1", "");
    says(r, TELL(1));
    answers("AT+CMGR=1", READ(SMSC YO));
    says(r, TELL(1));
    answers("AT+CMGD=1", OK);
    says(r, OK);
    is_received(r, 1, SMSC YO);
    assert_int_equal(r->erased_count, 2);
}

/* ---- torn, broken, odd ---- */

static void test_torn_read(void **state)
{
    static const char *const torn[] = {TORN("040B911497", "112132F300006211120164720002E834"),
                                       TORN("", "040B911497112132F300006211120164720002E834"),
                                       "\r\n+CMGR: 0,,21\r\n" SMSC "040B91149711213\r\n\r\nOK\r\n",
                                       "\r\n+CMGR: 0,,21\r\n\r\nOK\r\n"};
    struct rig *r = *state;
    up(r);
    for (unsigned i = 0; i < sizeof torn / sizeof torn[0]; i++) {
        answers("AT+CMGR=1", torn[i]);
        rig_say(r, TELL(1));
        assert_true(rig_heard(r, "AT+CMGR=1"));
        answers("AT+CMGR=1", READ(SMSC HI));
        rig_turns(r);
        assert_int_equal(r->received_count, i + 1);
        is_received(r, i, SMSC HI);
        assert_int_equal(r->erased_count, i + 1);
    }
}

/* Never whole: never stored, never erased, and not asked for without end. */
static void test_torn_for_ever(void **state)
{
    struct rig *r = *state;
    up(r);
    answers("AT+CMGR=1", TORN("040B911497", "112132F300006211120164720002E834"));
    says(r, TELL(1));
    rig_pass(r, 20000);
    assert_int_equal(r->received_count, 0);
    assert_int_equal(rig_count(r, "AT+CMGR="), 3);
    assert_int_equal(rig_count(r, "AT+CMGD="), 0);
    answers("AT+CMGR=1", READ(SMSC HI));
    says(r, TELL(1)); /* told of anew, it is looked at anew */
    is_received(r, 0, SMSC HI);
}

static void test_torn_list(void **state)
{
    struct rig *r = *state;
    up(r);
    answers("AT+CMGL=4",
            "\r\n+CMGL: 1,1,,21\r\n" SMSC "040B91\r\nRING\r\n1497112132F300006211120164720002E834\r\n"
            "+CMG\r\nRING\r\nL: 2,1,,21\r\n" SMSC YO "\r\n\r\nOK\r\n");
    answers("AT+CMGR=1", READ(SMSC HI));
    answers("AT+CPMS=\"SM\"", "\r\n+CMS ERROR: 302\r\n");
    says(r, "\r\n+SMS FULL\r\n");
    assert_int_equal(r->received_count, 1);
    is_received(r, 0, SMSC HI);
}

/* It cannot be decoded, but three readings agree and the length is right: stored as it is, then erased. */
static void test_broken(void **state)
{
    struct rig *r = *state;
    up(r);
    answers("AT+CMGR=1", READ(SMSC BROKEN));
    r->hold_received = true;
    says(r, TELL(1));
    assert_int_equal(rig_count(r, "AT+CMGR="), 3);
    is_received(r, 0, SMSC BROKEN);
    assert_true(r->received[0].pdu.flags & PDU_FLAG_BROKEN);
    assert_false(r->received[0].report);
    rig_pass(r, 1000);
    assert_int_equal(rig_count(r, "AT+CMGD="), 0);
    rig_durable(r, 0);
    assert_int_equal(rig_count(r, "AT+CMGD=1"), 1);
    assert_int_equal(r->erased_count, 1);
}

static void test_wrong_length_and_no_smsc(void **state)
{
    struct rig *r = *state;
    up(r);
    answers("AT+CMGR=1", "\r\n+CMGR: 0,,99\r\n" SMSC HI "\r\n\r\nOK\r\n");
    says(r, TELL(1));
    is_received(r, 0, SMSC HI);
    assert_int_equal(rig_count(r, "AT+CMGR="), 3);
    answers("AT+CMGR=1", READ(HI));
    says(r, TELL(1));
    is_received(r, 1, HI);
    assert_int_equal(r->erased_count, 2);
    assert_int_equal(rig_count(r, "AT+CMGR="), 4);
}

static void test_read_fails(void **state)
{
    struct rig *r = *state;
    up(r);
    answers("AT+CMGR=1", "\r\n+CMS ERROR: 314\r\n");
    says(r, TELL(1));
    assert_int_equal(rig_count(r, "AT+CMGR="), 1);
    rig_pass(r, 2000);
    assert_int_equal(rig_count(r, "AT+CMGR="), 2);
    answers("AT+CMGR=1", READ(SMSC HI));
    rig_pass(r, 2000);
    is_received(r, 0, SMSC HI);
}

/* ---- direct ---- */

#define DIRECT(hex) "\r\n+CMT: ,21\r\n" hex "\r\n"

static void test_direct(void **state)
{
    struct rig *r = *state;
    up(r);
    says(r, DIRECT(SMSC HI));
    is_received(r, 0, SMSC HI);
    assert_int_equal(rig_count(r, "AT+CNMA"), 1);
    says(r, "\r\n+CMT: ,21\r\n\r\nRING\r\n" SMSC YO "\r\n");
    is_received(r, 1, SMSC YO);
    assert_int_equal(rig_count(r, "AT+CNMA"), 2);
    says(r, DIRECT(SMSC BROKEN));
    assert_true(r->received[2].pdu.flags & PDU_FLAG_BROKEN);
    assert_int_equal(rig_count(r, "AT+CNMA"), 3);
    rig_pass(r, 60000);
    assert_int_equal(rig_count(r, "AT+CNMI="), 0);
}

static void test_direct_torn(void **state)
{
    static const char *const torn[] = {DIRECT(SMSC "040B911497\r\nRING\r\n112132F300006211120164720002E834"),
                                       "\r\n+CMT: ,21\r\n\r\n+CMT: ,21\r\n\r\nOK\r\n"};
    struct rig *r = *state;
    up(r);
    for (unsigned i = 0; i < sizeof torn / sizeof torn[0]; i++) {
        r->heard_count = 0;
        says(r, torn[i]);
        assert_int_equal(r->received_count, i);
        assert_int_equal(rig_count(r, "AT+CNMA"), 0);
        says(r, DIRECT(SMSC HI)); /* the network repeats it */
        is_received(r, i, SMSC HI);
        assert_int_equal(rig_count(r, "AT+CNMA"), 1);
        rig_pass(r, 90000);
        assert_int_equal(rig_count(r, "AT+CNMI=2,1,"), 2); /* the module may have stopped routing */
    }
}

/* A modem whose lengths are wrong: what comes a third time is what there is. */
static void test_direct_wrong_length(void **state)
{
    struct rig *r = *state;
    up(r);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(r->received_count, 0);
        says(r, "\r\n+CMT: ,99\r\n" SMSC HI "\r\n");
    }
    is_received(r, 0, SMSC HI);
    assert_int_equal(rig_count(r, "AT+CNMA"), 1);
    says(r, "\r\n+CMT: ,20\r\n" SMSC YO "\r\n"); /* longer than said, and whole: nothing is missing */
    is_received(r, 1, SMSC YO);
    says(r, "\r\n+CDS: \r\n" SMSC REPORT "\r\n");
    is_received(r, 2, SMSC REPORT);
    assert_int_equal(rig_count(r, "AT+CNMA"), 3);
}

/* Where nothing is acknowledged nothing is repeated: half of it is better than none. */
static void test_direct_torn_without_acknowledgement(void **state)
{
    struct rig *r = *state;
    answers("AT+CSMS=1", "\r\nERROR\r\n");
    up(r);
    says(r, DIRECT(SMSC "040B911497\r\nRING\r\n112132F300006211120164720002E834"));
    is_received(r, 0, SMSC "040B911497");
    assert_int_equal(rig_count(r, "AT+CNMA"), 0);
}

/* ---- the routing ---- */

static void test_late_acknowledgement(void **state)
{
    struct rig *r = *state;
    up(r);
    r->hold_received = true;
    says(r, "\r\n+CDS: 25\r\n" SMSC REPORT "\r\n");
    rig_pass(r, 9000);
    rig_durable(r, 0);
    assert_int_equal(rig_count(r, "AT+CNMA"), 1);
    assert_int_equal(rig_count(r, "AT+CNMI="), 0);
    says(r, "\r\n+CDS: 25\r\n" SMSC REPORT "\r\n");
    rig_pass(r, 11000);
    rig_durable(r, 0);
    assert_int_equal(rig_count(r, "AT+CNMA"), 2);
    assert_int_equal(rig_count(r, "AT+CNMI="), 1);
    answers("AT+CNMA", "\r\n+CMS ERROR: 340\r\n");
    says(r, "\r\n+CDS: 25\r\n" SMSC REPORT "\r\n");
    rig_durable(r, 0);
    assert_int_equal(rig_count(r, "AT+CNMA"), 3);
    assert_int_equal(rig_count(r, "AT+CNMI="), 2);
}

static void test_registered_anew(void **state)
{
    struct rig *r = *state;
    up(r);
    answers("AT+CREG?", "\r\n+CREG: 2,2\r\n\r\nOK\r\n");
    says(r, "\r\n+CREG: 2\r\n");
    assert_int_equal(rig_state(r), CARRIER_STARTING);
    assert_int_equal(rig_count(r, "AT+CNMI="), 0);
    says(r, "\r\n+CREG: 1\r\n");
    assert_int_equal(rig_count(r, "AT+CNMI=2,1,"), 1);
    assert_int_equal(rig_count(r, "AT+CPMS=\"SM\""), 1);
}

static void test_routing_after_sending(void **state)
{
    struct rig *r = *state;
    up(r);
    rig_submit(r, "hello");
    rig_pass(r, 30 * 60000);
    assert_int_equal(rig_count(r, "AT+CNMI="), 1);
}

static void test_routing_lost(void **state)
{
    struct rig *r = *state;
    up(r);
    answers("AT+CPMS=\"SM\"", "\r\n+CMS ERROR: 302\r\n");
    answers("AT+CMGL=4", "\r\n+CMGL: 5,0,,21\r\n" SMSC HI "\r\n\r\nOK\r\n");
    rig_pass(r, 5 * 60000);
    is_received(r, 0, SMSC HI);
    assert_int_equal(rig_count(r, "AT+CNMI=2,1,"), 1);
}

/* ---- where it is looked for ---- */

static void test_everywhere(void **state)
{
    static const char *const reasons[] = {"\r\n+SMS FULL\r\n",        "\r\n+CMTI: ,2\r\n",
                                          "\r\n+CMTI: \"SM\",-1\r\n", "\r\n+CMTI: \"MT\",7\r\n",
                                          "\r\n+CDSI: \"SR\",17\r\n", TELL(44)};
    struct rig *r = *state;
    answers("AT+CPMS=?", "\r\n+CPMS: (\"ME\",\"SM\",\"SR\"),(\"ME\",\"SM\"),(\"ME\",\"SM\")\r\n\r\nOK\r\n");
    answers("AT+CPMS=\"SR\"", "\r\n+CPMS: 0,10,0,10,0,10\r\n\r\nOK\r\n");
    answers("AT+CMGR=", EMPTY);
    up(r);
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        r->heard_count = 0;
        says(r, reasons[i]);
        rig_pass(r, 1000);
        assert_int_equal(rig_count(r, "AT+CMGL=4"), 3);
        assert_int_equal(rig_count(r, "AT+CPMS=\"SM\""), 1);
        assert_int_equal(rig_count(r, "AT+CMGR="), i < 4 ? 0 : 1);
    }
    r->heard_count = 0;
    rig_pass(r, 5 * 60000);
    assert_int_equal(rig_count(r, "AT+CMGL=4"), 3);
}

/* ---- against the simulator ---- */

/* A store without places is none. */
static void test_sim_without_me(void **state)
{
    struct rig *r = *state;
    rig_up(r, "me_size=0");
    rig_cmd(r, "inject m1 from=+41791112233 text=hello");
    rig_until_erased(r, 1);
    assert_string_equal(r->received[0].memory, "SM");
}

static void test_sim_erasure_unanswered(void **state)
{
    struct rig *r = *state;
    rig_up(r, "");
    rig_cmd(r, "drop m1 +CMGD 1");
    rig_cmd(r, "inject m1 from=+41790000001 text=first");
    rig_sim_wait(r, "cmd +CMGD 1");
    rig_cmd(r, "inject m1 from=+41790000002 text=second"); /* into the place that is free now */
    clock_advance(30000);
    rig_until_received(r, 2);
    assert_string_equal(r->received[1].pdu.text, "second");
    rig_until_erased(r, 2);
    assert_string_equal(rig_cmd(r, "messages m1"), "[]");
}

static void test_sim_told_during_erasure(void **state)
{
    struct rig *r = *state;
    rig_up(r, "");
    rig_cmd(r, "hold m1 +CMGD 1");
    rig_cmd(r, "inject m1 from=+41790000001 text=first");
    rig_sim_wait(r, "held +CMGD");
    rig_cmd(r, "inject m1 from=+41790000002 text=second");
    rig_cmd(r, "release m1");
    rig_until_erased(r, 2);
    assert_string_equal(r->received[1].pdu.text, "second");
}

/* A line at every byte of what +CMGR answers, and bytes lost of it: each SMS arrives once and whole. */
static void test_sim_torn_read(void **state)
{
    struct rig *r = *state;
    char line[120], text[20];
    rig_up(r, "");
    for (unsigned byte = 0; byte < 104; byte++) {
        if (byte % 4 != 3) {
            snprintf(line, sizeof line, "tear m1 +CMGR RING %u", byte);
        } else {
            snprintf(line, sizeof line, "lose m1 +CMGR %u", byte / 4);
        }
        rig_cmd(r, line);
        snprintf(text, sizeof text, "number %u", byte);
        snprintf(line, sizeof line, "inject m1 from=+41791112233 text=\"%s\"", text);
        rig_cmd(r, line);
        rig_until_erased(r, byte + 1);
        assert_int_equal(r->received_count, byte + 1);
        assert_string_equal(r->received[byte].pdu.text, text);
    }
}

static void test_sim_urc_inside_urc(void **state)
{
    struct rig *r = *state;
    rig_up(r, "");
    rig_cmd(r, "urc-in-urc m1 3 RING line");
    rig_cmd(r, "inject m1 from=+41791112233 text=flash class0");
    rig_until_received(r, 1);
    assert_string_equal(r->received[0].pdu.text, "flash");
    rig_sim_wait(r, "ack 1");
}

static void test_sim_direct_torn(void **state)
{
    struct rig *r = *state;
    rig_up(r, "cnma_ms=200,redeliver_ms=100");
    rig_cmd(r, "urc-in-urc m1 40 RING");
    rig_cmd(r, "inject m1 from=+41791112233 text=flash class0");
    rig_sim_wait(r, "ack_timeout 1");
    for (int i = 0; i < 10 && r->received_count == 0; i++) {
        rig_sim_wait(r, "quiet");
        rig_turns(r);
        clock_advance(30000);
    }
    rig_until_received(r, 1);
    assert_string_equal(r->received[0].pdu.text, "flash");
    rig_sim_wait(r, "cnmi");
}

static void test_sim_report_astray(void **state)
{
    struct rig *r = *state;
    rig_up(r, "report_astray=on");
    rig_submit(r, "hello");
    rig_until_received(r, 1);
    assert_true(r->received[0].report);
    rig_until_erased(r, 1);
}

static void test_sim_elsewhere(void **state)
{
    struct rig *r = *state;
    rig_up(r, "");
    rig_cmd(r, "store m1 SM fill 3"); /* nobody tells of them */
    rig_cmd(r, "urc m1 \"+CMTI: ,2\"");
    rig_until_erased(r, 3);
    rig_cmd(r, "store m1 SM fill 3");
    for (int i = 0; i < 40 && r->erased_count < 6;
         i++) { /* the sweep each five minutes; a busy machine loses ticks */
        clock_advance(30000);
        rig_sim_wait(r, "quiet");
        rig_turns(r);
    }
    rig_until_erased(r, 6);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        T(test_erasure_refused),
        T(test_erasure_unanswered),
        T(test_erasure_was_done),
        T(test_erasure_was_not_done),
        T(test_erasure_and_torn_look),
        T(test_erasure_after_silence),
        T(test_told_during_erasure),
        T(test_torn_read),
        T(test_torn_for_ever),
        T(test_torn_list),
        T(test_broken),
        T(test_wrong_length_and_no_smsc),
        T(test_read_fails),
        T(test_direct),
        T(test_direct_torn),
        T(test_direct_wrong_length),
        T(test_direct_torn_without_acknowledgement),
        T(test_late_acknowledgement),
        T(test_registered_anew),
        T(test_routing_after_sending),
        T(test_routing_lost),
        T(test_everywhere),
        T(test_sim_without_me),
        T(test_sim_erasure_unanswered),
        T(test_sim_told_during_erasure),
        T(test_sim_torn_read),
        T(test_sim_urc_inside_urc),
        T(test_sim_direct_torn),
        T(test_sim_report_astray),
        T(test_sim_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
