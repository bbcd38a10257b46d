/* The modem against the simulator, in real time: what both must agree on, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/modem/generic.h"
#include "host/base/clock.h"
#include "tests/unit/modem_rig.h"

static void begin(struct rig *r, const char *pin)
{
    rig_begin(r, pin, NULL, 0);
}

static void up(struct rig *r, const char *keys)
{
    rig_up(r, keys);
}

static void crash(struct rig *r)
{
    rig_crash(r);
}

static int stat_of(struct rig *r, const char *key)
{
    return rig_number(rig_cmd(r, "stats m1"), key);
}

static void cmd(struct rig *r, const char *line)
{
    rig_cmd(r, line);
}

static void test_identity(void **state)
{
    struct rig *r = *state;
    up(r, "number=+41790000007,iccid=8941010000000000077");
    struct carrier_status status = rig_status(r);
    assert_string_equal(r->iccid, "8941010000000000077");
    assert_string_equal(r->number, "+41790000007");
    assert_int_equal(status.registration, 1);
    assert_true(status.imei[0] != '\0' && status.maker[0] != '\0' && status.model[0] != '\0');
    assert_int_equal(r->sim_count, 1);
}

static void test_send(void **state)
{
    struct rig *r = *state;
    up(r, "");
    rig_submit(r, "hello");
    rig_until_settled(r, 1);
    assert_int_equal(r->settled[0].outcome, OUTCOME_SENT);
    assert_true(r->settled[0].mr >= 0);
    assert_int_equal(rig_accepted(r), 1);
    rig_until_received(r, 1);
    assert_true(r->received[0].report);
    assert_int_equal(r->received[0].pdu.mr, r->settled[0].mr);
}

static void test_send_many(void **state)
{
    struct rig *r = *state;
    up(r, "reports=0");
    r->feed = 299;
    rig_submit(r, "first");
    rig_until_settled(r, 300);
    for (unsigned i = 0; i < 300; i++) {
        assert_int_equal(r->settled[i].outcome, OUTCOME_SENT);
        assert_int_equal(r->settled[i].attempt_id, i + 1);
    }
    assert_int_equal((r->settled[0].mr + 256) % 256, r->settled[256].mr); /* TP-MR has gone round */
    assert_int_equal(rig_accepted(r), 300);
}

static void test_receive(void **state)
{
    struct rig *r = *state;
    up(r, "");
    rig_cmd(r, "inject m1 from=+41791112233 text=hello");
    rig_until_erased(r, 1);
    assert_int_equal(r->received_count, 1);
    assert_false(r->received[0].report);
    assert_string_equal(rig_cmd(r, "messages m1"), "[]");
}

static void test_receive_many(void **state)
{
    struct rig *r = *state;
    up(r, "me_size=3");
    for (int i = 0; i < 12; i++) {
        cmd(r, "inject m1 from=+41791112233 text=hello");
    }
    rig_until_erased(r, 12); /* through a store that is full all the time */
    assert_int_equal(r->received_count, 12);
}

static void test_waiting_since_before(void **state)
{
    struct rig *r = *state;
    rig_sim(r, "");
    cmd(r, "store m1 ME fill 2");
    cmd(r, "store m1 SM fill 3");
    begin(r, "");
    rig_until_erased(r, 5);
    assert_string_equal(rig_cmd(r, "messages m1"), "[]");
}

static void test_not_erased_before_disk(void **state)
{
    struct rig *r = *state;
    up(r, "");
    r->hold_received = true;
    cmd(r, "inject m1 from=+41791112233 text=hello");
    rig_until_received(r, 1);
    rig_sim_wait(r, "quiet");
    assert_int_equal(r->erased_count, 0);
    assert_string_not_equal(rig_cmd(r, "messages m1"), "[]");
    rig_durable(r, 0);
    rig_until_erased(r, 1);
}

static void test_store_refuses(void **state)
{
    struct rig *r = *state;
    up(r, "");
    r->received_status = -28;
    cmd(r, "inject m1 from=+41791112233 text=hello");
    rig_until_received(r, 1);
    rig_sim_wait(r, "quiet");
    assert_string_not_equal(rig_cmd(r, "messages m1"), "[]");
    r->received_status = 0;
    clock_advance(30000); /* the next tick offers it again */
    rig_until_erased(r, 1);
    assert_true(r->received_count >= 2);
    assert_string_equal(r->received[0].hex, r->received[1].hex);
}

static void test_class_0(void **state)
{
    struct rig *r = *state;
    up(r, "");
    cmd(r, "inject m1 from=+41791112233 text=flash class0");
    rig_until_received(r, 1);
    assert_string_equal(r->received[0].memory, "");
    rig_sim_wait(r, "ack 1");
    assert_int_equal(stat_of(r, "ack_timeout"), 0);
}

/* The store keeps it as it is, so that the modem can be rid of it. */
static void test_undecodable(void **state)
{
    struct rig *r = *state;
    up(r, "");
    cmd(r, "inject-pdu m1 07911497000000F0040B91");
    rig_until_erased(r, 1);
    assert_true(r->received[0].pdu.flags & PDU_FLAG_BROKEN);
    assert_string_equal(r->received[0].hex, "07911497000000F0040B91");
    assert_int_equal(stat_of(r, "read"), 3);
    assert_string_equal(rig_cmd(r, "messages m1"), "[]");
}

static void test_stale_index(void **state)
{
    struct rig *r = *state;
    up(r, "");
    cmd(r, "urc m1 \"+CDSI: \\\"SR\\\",17\"");
    cmd(r, "urc m1 \"+CMTI: \\\"ME\\\",44\"");
    cmd(r, "urc m1 \"+CMTI: ,-1\"");
    rig_sim_wait(r, "cmd +CMGR 2");
    rig_submit(r, "hello");
    rig_until_settled(r, 1);
    assert_int_equal(r->settled[0].outcome, OUTCOME_SENT);
    rig_until_received(r, 1);
    assert_true(r->received[0].report);
}

static void test_report_first(void **state)
{
    struct rig *r = *state;
    up(r, "report_before_cmgs=on,latency_ms=50");
    rig_submit(r, "hello");
    rig_until_settled(r, 1);
    rig_until_received(r, 1);
    assert_true(r->received[0].report);
    assert_int_equal(r->received[0].pdu.mr, r->settled[0].mr);
}

static void test_both_ways(void **state)
{
    struct rig *r = *state;
    up(r, "");
    r->feed = 99;
    rig_submit(r, "first");
    for (int i = 0; i < 50; i++) {
        cmd(r, "inject m1 from=+41791112233 text=hello");
    }
    rig_until_settled(r, 100);
    rig_until_received(r, 150); /* and 100 reports */
    assert_int_equal(rig_accepted(r), 100);
    assert_int_equal(stat_of(r, "violation"), 0);
}

static void test_fragments(void **state)
{
    struct rig *r = *state;
    rig_sim(r, "");
    cmd(r, "fragment m1 1 0");
    begin(r, "");
    rig_until_state(r, CARRIER_READY);
    cmd(r, "inject m1 from=+41791112233 text=hello");
    rig_submit(r, "hello");
    rig_until_settled(r, 1);
    rig_until_received(r, 2);
    assert_int_equal(r->settled[0].outcome, OUTCOME_SENT);
}

/* ---- families ---- */

struct family {
    const char *profile, *row;
    bool polls; /* tells of nothing by itself */
};

static void check_family(struct rig *r, const struct family *family)
{
    char keys[64];
    struct modem_options options;
    snprintf(keys, sizeof keys, "profile=%s", family->profile);
    rig_sim(r, keys);
    rig_options(r, &options);
    rig_start(r, &options, NULL, 0);
    rig_until_state(r, CARRIER_READY);
    cmd(r, "inject m1 from=+41791112233 text=hello");
    rig_submit(r, "hello");
    rig_until_settled(r, 1);
    if (r->settled[0].outcome != OUTCOME_SENT || r->iccid[0] == '\0' ||
        strcmp(model_find(models, rig_status(r).maker, rig_status(r).model)->name, family->row) != 0) {
        fail_msg("%s: %s, iccid %s", family->profile, r->settled[0].reason, r->iccid);
    }
    for (int k = 0; family->polls && k < 10; k++) {
        rig_sim_wait(r, "quiet");
        rig_turns(r);
        clock_advance(30000);
    }
    rig_until_received(r, family->polls ? 1 : 2); /* without +CNMI there is no report */
    assert_int_equal(stat_of(r, "violation"), 0);
}

static void test_families(void **state)
{
    static const struct family families[] = {
        {"generic", "generic", false}, {"no_cnum", "generic", false}, {"ec25", "quectel", false},
        {"sim800", "sim800", false},   {"sim7600", "generic", false}, {"huawei", "huawei", false},
        {"wavecom", "generic", false}, {"ublox", "ublox", false},     {"poll_only", "generic", true},
    };
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        check_family(*state, &families[i]);
        rig_teardown(state);
        rig_setup(state);
    }
}

/* ---- PIN ---- */

static int tries_left(struct rig *r)
{
    return rig_number(rig_cmd(r, "state m1"), "pin_tries");
}

static void test_right_pin(void **state)
{
    struct rig *r = *state;
    rig_sim(r, "pin=4711");
    begin(r, "4711");
    rig_until_state(r, CARRIER_READY);
    assert_int_equal(tries_left(r), 3);
    crash(r);
    cmd(r, "power m1 cycle");
    rig_sim_wait(r, "boot 1");
    begin(r, "4711");
    rig_until_state(r, CARRIER_READY);
}

static void test_wrong_pin_once(void **state)
{
    struct rig *r = *state;
    rig_sim(r, "pin=4711");
    begin(r, "1234");
    rig_until_state(r, CARRIER_STOPPED);
    assert_int_equal(tries_left(r), 2);
    for (int i = 0; i < 3; i++) {
        crash(r);
        cmd(r, "power m1 cycle");
        rig_sim_wait(r, "cured");
        begin(r, "1234");
        rig_until_state(r, CARRIER_STOPPED);
        assert_int_equal(tries_left(r), 2);
    }
    crash(r);
    begin(r, "4711"); /* the right one is another matter */
    rig_until_state(r, CARRIER_READY);
}

static void test_last_try_is_not_ours(void **state)
{
    struct rig *r = *state;
    rig_sim(r, "pin=4711,pin_tries=1");
    begin(r, "4711");
    rig_until_state(r, CARRIER_STOPPED);
    assert_int_equal(tries_left(r), 1);
    assert_non_null(strstr(rig_status(r).condition, "1 tries left"));
}

static void test_no_pin(void **state)
{
    struct rig *r = *state;
    rig_sim(r, "pin=4711");
    begin(r, "");
    rig_until_state(r, CARRIER_STOPPED);
    assert_int_equal(tries_left(r), 3);
}

/* The wrong PIN is on its way when we die: the record was there before it. */
static void test_crash_in_pin(void **state)
{
    struct rig *r = *state;
    rig_sim(r, "pin=4711");
    cmd(r, "hold m1 +CPIN 2"); /* the query, then the entry */
    begin(r, "1234");
    rig_sim_wait(r, "held +CPIN");
    cmd(r, "release m1");
    rig_sim_wait(r, "pin_wrong 1");
    crash(r);
    cmd(r, "clear-faults m1");
    cmd(r, "release m1");
    begin(r, "1234");
    rig_until_state(r, CARRIER_STOPPED);
    assert_int_equal(tries_left(r), 2);
}

static void test_puk(void **state)
{
    struct rig *r = *state;
    rig_sim(r, "pin=4711,pin_tries=0");
    begin(r, "4711");
    rig_until_state(r, CARRIER_STOPPED);
    assert_non_null(strstr(rig_status(r).condition, "PUK"));
}

static void test_foreign_sim(void **state)
{
    struct rig *r = *state;
    rig_sim(r, "");
    r->sim_status = -1; /* -EPERM */
    begin(r, "");
    rig_until_state(r, CARRIER_STOPPED);
    assert_non_null(strstr(rig_status(r).condition, "another SIM"));
}

static void test_sim_busy(void **state)
{
    struct rig *r = *state;
    up(r, "sim_busy_ms=1500,boot_ms=10");
    cmd(r, "reboot m1");
    rig_sim_wait(r, "boot 1");
    rig_until_state(r, CARRIER_STARTING);
    rig_until_state(r, CARRIER_READY);
}

static void test_sim_comes_later(void **state)
{
    struct rig *r = *state;
    rig_sim(r, "");
    cmd(r, "sim m1 absent");
    begin(r, "");
    rig_sim_wait(r, "cmd +CPIN 1");
    rig_sim_wait(r, "quiet");
    cmd(r, "sim m1 ready");
    clock_advance(5000);
    rig_until_state(r, CARRIER_READY);
}

static void test_network_lost(void **state)
{
    struct rig *r = *state;
    up(r, "");
    cmd(r, "creg m1 2");
    rig_until_state(r, CARRIER_STARTING);
    assert_non_null(strstr(rig_status(r).condition, "network"));
    cmd(r, "creg m1 5");
    rig_until_state(r, CARRIER_READY);
    assert_int_equal(rig_status(r).registration, 5);
}

int main(void)
{
#define SIM(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        SIM(test_identity),
        SIM(test_send),
        SIM(test_send_many),
        SIM(test_receive),
        SIM(test_receive_many),
        SIM(test_waiting_since_before),
        SIM(test_not_erased_before_disk),
        SIM(test_store_refuses),
        SIM(test_class_0),
        SIM(test_undecodable),
        SIM(test_stale_index),
        SIM(test_report_first),
        SIM(test_both_ways),
        SIM(test_fragments),
        SIM(test_families),
        SIM(test_right_pin),
        SIM(test_wrong_pin_once),
        SIM(test_last_try_is_not_ours),
        SIM(test_no_pin),
        SIM(test_crash_in_pin),
        SIM(test_puk),
        SIM(test_foreign_sim),
        SIM(test_sim_busy),
        SIM(test_sim_comes_later),
        SIM(test_network_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
