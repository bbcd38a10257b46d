/* The modem against the simulator, in real time: what both must agree on, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/modem_rig.h"

static int setup(void **state)
{
    struct rig *r = malloc(sizeof *r);
    rig_init(r);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    rig_fini(*state);
    free(*state);
    return 0;
}

static void up(struct rig *r, const char *keys)
{
    struct modem_options options;
    rig_sim(r, keys);
    rig_options(r, &options);
    rig_start(r, &options, NULL, 0);
    rig_until_state(r, CARRIER_READY);
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

int main(void)
{
#define SIM(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        SIM(test_identity),
        SIM(test_send),
        SIM(test_send_many),
        SIM(test_receive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
