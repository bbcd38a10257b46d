/* Limits hold against the host: sequences an hour, stagger, time off; over the board's own resets too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fw_rig.h"

static unsigned worst_hour(const struct rig_modem *modem)
{
    unsigned worst = 0;
    for (unsigned i = 0; i < modem->rise_count; i++) {
        unsigned count = 0;
        for (unsigned j = i; j < modem->rise_count && modem->rises[j] - modem->rises[i] < 3600000; j++)
            count++;
        worst = count > worst ? count : worst;
    }
    return worst;
}

static void sequences_an_hour_are_bounded(void **state)
{
    (void)state;
    rig_init();
    rig_modem_is(0, LINK_MODULE_NRF91);
    assert_int_equal(setting_change(LINK_SETTING_PULSES_HOUR, 5), LINK_OK);
    for (unsigned i = 0; i < 400; i++) { /* two hours of a host that asks for nonsense */
        rig_target(0, i % 2 == 0 ? LINK_TARGET_CYCLE : LINK_TARGET_RESET, 0);
        if (i % 50 == 49)
            rig_restart(LINK_CAUSE_WATCHDOG);
        rig_run(18000);
    }
    assert_true(rig.modems[0].rise_count < 512);
    assert_true(rig.modems[0].rise_count >= 8);
    assert_in_range(worst_hour(&rig.modems[0]), 4, 5);
    rig_run(4200000);
    assert_int_equal(rig_slot(0).phase, LINK_PHASE_UP); /* what waited was done, the modem is not left off */
}

static void slots_start_one_after_another(void **state)
{
    (void)state;
    rig_init();
    for (uint8_t slot = 0; slot < 4; slot++)
        rig_modem_is(slot, LINK_MODULE_EC25);
    rig_run(60000);
    for (uint8_t slot = 0; slot < 4; slot++)
        assert_int_equal(rig_slot(slot).phase, LINK_PHASE_UP);
    for (uint8_t slot = 1; slot < 4; slot++)
        assert_int_equal(rig.modems[slot].rises[0] - rig.modems[slot - 1].rises[0], 2000);
}

static void a_wait_is_told(void **state)
{
    (void)state;
    rig_init();
    rig_modem_is(0, LINK_MODULE_EC25);
    assert_int_equal(setting_change(LINK_SETTING_PULSES_HOUR, 1), LINK_OK);
    rig_until(0, LINK_PHASE_UP, 60000);
    rig_target(0, LINK_TARGET_CYCLE, 0);
    rig_run(10);
    assert_int_equal(rig_slot(0).phase, LINK_PHASE_UP); /* cut now, it could not come back for an hour */
    assert_int_equal(rig_slot(0).reason, LINK_REASON_RATE);
    assert_true(rig_until(0, LINK_PHASE_DISCHARGE, 4300000) >= 3500000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sequences_an_hour_are_bounded),
                                       cmocka_unit_test(slots_start_one_after_another),
                                       cmocka_unit_test(a_wait_is_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
