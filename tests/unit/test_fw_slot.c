/* Every module family to the millisecond: pulse widths, waits, ends, adoption, STATUS lost, requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fw_rig.h"

static void begin(enum link_module module)
{
    rig_init();
    rig_modem_is(0, module);
    rig_run(1);
}

/* From power to UP, back to OFF by PWRKEY, and on again: widths as the row says and as the maker wants. */
static void life_of(enum link_module module)
{
    struct timing row;
    struct rig_modem *modem = &rig.modems[0];
    assert_true(timing_of((uint8_t)module, &row));
    begin(module);
    assert_false(modem->vbat);
    assert_true(rig_until(0, LINK_PHASE_VBAT_RISE, 20000) < 20000);
    uint32_t rise =
        rig_until(0, row.kind == LINK_KIND_PULSE ? LINK_PHASE_PULSE_ON : LINK_PHASE_WAIT_STATUS, 20000);
    assert_int_equal(rise, row.rise_ms);
    assert_true(rig_until(0, LINK_PHASE_UP, 60000) < 60000);
    assert_true(modem->on);
    assert_int_equal(modem->key_width, row.kind == LINK_KIND_PULSE ? row.on_ms : 0);
    assert_int_equal(modem->key_pulses, row.kind == LINK_KIND_PULSE ? 1 : 0);
    assert_int_equal(rig_slot(0).reason, LINK_REASON_STATUS_SEEN);
    assert_int_equal(rig_target(0, LINK_TARGET_OFF, 0), LINK_OK);
    assert_true(rig_until(0, LINK_PHASE_DISCHARGE, 70000) < 70000);
    assert_false(modem->vbat);
    bool can = row.off_ms != 0 || row.kind == LINK_KIND_LEVEL;
    assert_int_equal(kept->slots[0].counters.graceful_offs, can);
    assert_int_equal(kept->slots[0].counters.hard_cuts, !can);
    assert_int_equal(modem->killed, !can);
    if (row.off_ms != 0)
        assert_int_equal(modem->key_width, row.off_ms);
    assert_int_equal(rig_target(0, LINK_TARGET_ON, 0), LINK_OK);
    assert_true(rig_until(0, LINK_PHASE_UP, 90000) < 90000);
    assert_true(modem->off_width >= row.min_off_ms && modem->off_width <= row.min_off_ms + 2u);
    assert_int_equal(modem->starts, 2);
}

static void every_module_lives(void **state)
{
    (void)state;
    for (unsigned module = LINK_MODULE_SIM800; module < LINK_MODULE_CUSTOM; module++)
        life_of((enum link_module)module);
}

static void reset_of(enum link_module module)
{
    struct timing row;
    struct rig_modem *modem = &rig.modems[0];
    assert_true(timing_of((uint8_t)module, &row));
    begin(module);
    rig_until(0, LINK_PHASE_UP, 90000);
    assert_int_equal(rig_target(0, LINK_TARGET_RESET, 0), LINK_OK);
    assert_int_equal(rig_until(0, LINK_PHASE_RESET_PULSE, 10), 1);
    assert_int_equal(rig_until(0, LINK_PHASE_WAIT_STATUS, 90000), row.reset_ms);
    assert_int_equal(modem->reset_width, row.reset_ms);
    rig_run(60000);
    assert_true(modem->on);
    assert_int_equal(rig_slot(0).phase, LINK_PHASE_UP);
    assert_int_equal(modem->starts, 2);
    assert_int_equal(modem->reset_pulses, 1);
    assert_int_equal(modem->vbat_rises, 1);
}

static void every_module_is_reset(void **state)
{
    (void)state;
    for (unsigned module = LINK_MODULE_SIM800; module < LINK_MODULE_CUSTOM; module++)
        reset_of((enum link_module)module);
}

static void a_cycle_cuts_once_for_each_request(void **state)
{
    const struct link_slot_target wish = {.slot = 0, .target = LINK_TARGET_CYCLE, .request = 77};
    (void)state;
    begin(LINK_MODULE_EC25);
    rig_until(0, LINK_PHASE_UP, 90000);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(slot_target(&wish, rig.ms), LINK_OK);
        rig_run(60000);
    }
    assert_int_equal(rig.modems[0].vbat_rises, 2);
    assert_int_equal(rig.modems[0].killed, 1);
    assert_int_equal(rig_slot(0).phase, LINK_PHASE_UP);
    rig_restart(LINK_CAUSE_WATCHDOG); /* the host repeats its wish to a board that has restarted */
    assert_int_equal(slot_target(&wish, rig.ms), LINK_OK);
    rig_run(60000);
    assert_int_equal(rig.modems[0].vbat_rises, 2);
}

/* A wish that waits (here for the rate) is not forgotten by a reset: its request number is kept, and the
 * host's repeat does nothing. */
static void a_cycle_that_waits_outlives_a_reset(void **state)
{
    const struct link_slot_target wish = {.slot = 0, .target = LINK_TARGET_CYCLE, .request = 78};
    (void)state;
    begin(LINK_MODULE_EC25);
    rig_until(0, LINK_PHASE_UP, 90000);
    assert_int_equal(setting_change(LINK_SETTING_PULSES_HOUR, 1), LINK_OK);
    assert_int_equal(slot_target(&wish, rig.ms), LINK_OK);
    rig_run(1000);
    assert_int_equal(rig_slot(0).reason, LINK_REASON_RATE);
    rig_restart(LINK_CAUSE_WATCHDOG);
    assert_int_equal(slot_target(&wish, rig.ms), LINK_OK);
    rig_run(5000000);
    assert_int_equal(rig.modems[0].vbat_rises, 2);
    assert_int_equal(rig_slot(0).phase, LINK_PHASE_UP);
    rig_restart(LINK_CAUSE_WATCHDOG); /* done is done */
    rig_run(5000000);
    assert_int_equal(rig.modems[0].vbat_rises, 2);
}

static void status_lost_is_told_while_a_wish_waits(void **state)
{
    (void)state;
    begin(LINK_MODULE_EC25);
    rig_until(0, LINK_PHASE_UP, 90000);
    assert_int_equal(setting_change(LINK_SETTING_PULSES_HOUR, 1), LINK_OK);
    rig_target(0, LINK_TARGET_CYCLE, 0);
    rig_run(1000);
    assert_int_equal(rig_slot(0).reason, LINK_REASON_RATE);
    rig.modems[0].on = false;
    rig_run(SLOT_STATUS_MS + 2);
    assert_int_equal(rig_slot(0).reason, LINK_REASON_STATUS_LOST);
    assert_int_equal(kept->slots[0].counters.status_losses, 1);
    rig.modems[0].on = true;
    rig_run(3);
    assert_int_equal(rig_slot(0).reason, LINK_REASON_RATE);
}

static void a_running_modem_is_adopted(void **state)
{
    (void)state;
    begin(LINK_MODULE_EC25);
    rig_until(0, LINK_PHASE_UP, 90000);
    unsigned pulses = rig.modems[0].key_pulses;
    rig_restart(LINK_CAUSE_WATCHDOG);
    assert_int_equal(rig_slot(0).phase, LINK_PHASE_UP);
    assert_int_equal(rig_slot(0).reason, LINK_REASON_ADOPTED);
    rig_run(600000);
    assert_true(rig.modems[0].on);
    assert_int_equal(rig.modems[0].key_pulses, pulses);
    assert_int_equal(rig.modems[0].vbat_rises, 1);
    assert_int_equal(kept->slots[0].counters.adopted, 1);
    memset(rig.kept, 1, sizeof rig.kept); /* STATUS tells, also where nothing was kept */
    rig_restart(LINK_CAUSE_PIN);
    rig_run(60000);
    assert_true(rig.modems[0].on);
    assert_int_equal(rig.modems[0].vbat_rises, 1);
}

/* STATUS may blink in the very millisecond in which the board starts; what has ended meanwhile is off at
 * once. */
static void a_blink_at_the_start_cuts_nothing(void **state)
{
    (void)state;
    begin(LINK_MODULE_EC25);
    rig_until(0, LINK_PHASE_UP, 90000);
    rig.modems[0].on = false;
    rig_restart(LINK_CAUSE_WATCHDOG);
    rig_run(SLOT_STATUS_MS / 2);
    rig.modems[0].on = true;
    rig_run(600000);
    assert_int_equal(rig_slot(0).phase, LINK_PHASE_UP);
    assert_int_equal(rig.modems[0].vbat_rises, 1);
    assert_int_equal(rig.modems[0].key_pulses, 1);
    assert_int_equal(kept->slots[0].counters.adopted, 1);
    rig.modems[0].on = false;
    rig_restart(LINK_CAUSE_WATCHDOG);
    assert_in_range(rig_until(0, LINK_PHASE_DISCHARGE, 1000), SLOT_STATUS_MS - 1, SLOT_STATUS_MS + 1);
    assert_int_equal(kept->slots[0].counters.status_losses, 0);
    assert_true(rig_until(0, LINK_PHASE_UP, 90000) < 90000);
}

/* A reset of the board in any millisecond of the way up: the modem is up in the end, never pulsed while it
 * runs. */
static void a_reset_in_any_phase_of_the_start_is_survived(void **state)
{
    (void)state;
    for (uint32_t at = 0; at < 16000; at += 97) {
        begin(LINK_MODULE_EC25);
        rig_run(at);
        rig_restart(LINK_CAUSE_WATCHDOG);
        rig_run(60000);
        assert_true(rig.modems[0].on);
        assert_int_equal(rig_slot(0).phase, LINK_PHASE_UP);
    }
}

static void status_that_never_rises_ends_in_a_rest(void **state)
{
    (void)state;
    begin(LINK_MODULE_EC25);
    rig.modems[0].dead = true;
    assert_true(rig_until(0, LINK_PHASE_FAULT, 200000) < 200000);
    assert_false(rig.modems[0].vbat);
    assert_int_equal(rig.modems[0].vbat_rises, 3);
    assert_int_equal(kept->slots[0].counters.start_failures, 3);
    assert_int_equal(rig_until(0, LINK_PHASE_OFF, 100000), 60000);
    assert_true(rig_until(0, LINK_PHASE_FAULT, 100000) < 100000); /* one try, then twice the rest */
    assert_int_equal(rig.modems[0].vbat_rises, 4);
    assert_int_equal(rig_until(0, LINK_PHASE_OFF, 200000), 120000);
    rig.modems[0].dead = false;
    assert_true(rig_until(0, LINK_PHASE_UP, 100000) < 100000);
}

static void a_modem_that_does_not_end_is_cut(void **state)
{
    (void)state;
    begin(LINK_MODULE_SIM800);
    rig_until(0, LINK_PHASE_UP, 90000);
    rig.modems[0].stuck = true;
    rig_target(0, LINK_TARGET_OFF, 0);
    rig_until(0, LINK_PHASE_WAIT_OFF, 10000);
    assert_int_equal(rig_until(0, LINK_PHASE_DISCHARGE, 90000), 15000);
    assert_int_equal(rig_slot(0).reason, LINK_REASON_NO_OFF);
    assert_int_equal(kept->slots[0].counters.hard_cuts, 1);
}

/* The host's own command ends the modem in the grace: no pulse, which would start it again. */
static void grace_leaves_the_end_to_the_host(void **state)
{
    (void)state;
    begin(LINK_MODULE_EC25);
    rig_until(0, LINK_PHASE_UP, 90000);
    rig_target(0, LINK_TARGET_OFF, 60);
    rig_run(5000);
    assert_int_equal(rig_slot(0).phase, LINK_PHASE_GRACE);
    rig.modems[0].on = false;
    rig_run(1000);
    assert_int_equal(rig_slot(0).phase, LINK_PHASE_DISCHARGE);
    assert_int_equal(rig.modems[0].key_pulses, 1);
    assert_int_equal(kept->slots[0].counters.graceful_offs, 1);
}

/* STATUS of a running modem may blink. In the milliseconds in which it is down the modem is neither taken for
 * one that has ended, nor cut. */
static void a_blink_of_status_is_no_end(void **state)
{
    static const uint8_t graces[] = {0, 20};
    (void)state;
    for (unsigned i = 0; i < sizeof graces; i++)
        for (unsigned blink_ms = 1; blink_ms < SLOT_STATUS_MS; blink_ms += 49) {
            begin(LINK_MODULE_EC25);
            rig_until(0, LINK_PHASE_UP, 90000);
            rig_target(0, LINK_TARGET_OFF, graces[i]);
            rig_run(graces[i] != 0 ? 5000 : 0);
            rig.modems[0].on = false;
            rig_run(blink_ms);
            rig.modems[0].on = true;
            assert_true(rig_until(0, LINK_PHASE_PULSE_OFF, 30000) < 30000);
            assert_true(rig_until(0, LINK_PHASE_DISCHARGE, 90000) < 90000);
            assert_int_equal(rig.modems[0].key_pulses, 2);
            assert_int_equal(rig.modems[0].killed, 0);
            assert_int_equal(kept->slots[0].counters.graceful_offs, 1);
        }
}

static void status_lost_is_told_then_cured(void **state)
{
    (void)state;
    begin(LINK_MODULE_EC25);
    rig_until(0, LINK_PHASE_UP, 90000);
    rig.modems[0].on = false;
    rig_run(SLOT_STATUS_MS - 1);
    assert_int_equal(rig_slot(0).reason, LINK_REASON_STATUS_SEEN);
    rig_run(2);
    assert_int_equal(rig_slot(0).reason, LINK_REASON_STATUS_LOST);
    assert_int_equal(rig_slot(0).phase, LINK_PHASE_UP);
    assert_true(rig_until(0, LINK_PHASE_DISCHARGE, 70000) <= 60000);
    assert_int_equal(rig_slot(0).reason, LINK_REASON_WATCH);
    assert_true(rig_until(0, LINK_PHASE_UP, 70000) < 70000);
    assert_int_equal(kept->slots[0].counters.status_losses, 1);
    assert_int_equal(kept->slots[0].counters.hard_cuts, 0);
}

static void without_a_status_pin_it_says_so(void **state)
{
    (void)state;
    rig_init();
    rig.caps &= (uint16_t)~LINK_CAP_STATUS;
    rig_modem_is(0, LINK_MODULE_EC25);
    assert_true(rig_until(0, LINK_PHASE_UP, 90000) < 90000);
    assert_int_equal(rig_slot(0).reason, LINK_REASON_UNCONFIRMED);
    assert_int_equal(rig.modems[0].key_pulses, 1);
    rig_restart(LINK_CAUSE_WATCHDOG);
    assert_int_equal(rig_slot(0).phase, LINK_PHASE_UP);
    rig_run(600000);
    assert_int_equal(rig.modems[0].key_pulses, 1);
    assert_true(rig.modems[0].on);
    memset(rig.kept, 1, sizeof rig.kept); /* nothing is known: supply off first, then a pulse */
    rig_restart(LINK_CAUSE_PIN);
    assert_false(rig.modems[0].vbat);
    assert_true(rig_until(0, LINK_PHASE_UP, 90000) < 90000);
    assert_true(rig.modems[0].off_width >= 10000);
    assert_true(rig.modems[0].on);
}

static void wrong_wishes_are_refused(void **state)
{
    (void)state;
    begin(LINK_MODULE_EC25);
    assert_int_equal(rig_target(FIRMWARE_SLOTS, LINK_TARGET_ON, 0), LINK_BAD_VALUE);
    assert_int_equal(rig_target(255, LINK_TARGET_ON, 0), LINK_BAD_VALUE);
    assert_int_equal(rig_target(0, (enum link_target)4, 0), LINK_BAD_VALUE);
    assert_int_equal(rig_target(1, LINK_TARGET_ON, 0), LINK_BAD_VALUE); /* empty */
    assert_int_equal(slot_target(&(struct link_slot_target){.target = LINK_TARGET_ON}, 0), LINK_BAD_VALUE);
}

/* The way up and down with the counter's wrap at every tenth of it. */
static void the_counter_may_wrap_anywhere(void **state)
{
    (void)state;
    for (uint32_t before = 0; before < 60000; before += 3001) {
        rig_init();
        rig.ms = 0u - before;
        rig_power();
        rig_modem_is(0, LINK_MODULE_SIM800);
        uint32_t up = rig_until(0, LINK_PHASE_UP, 60000);
        assert_int_equal(up, 10000 + 450 + 1100 + 3000 + 1);
        assert_int_equal(rig.modems[0].key_width, 1100);
        rig_target(0, LINK_TARGET_OFF, 0);
        assert_true(rig_until(0, LINK_PHASE_OFF, 60000) < 20000);
    }
}

static void a_row_of_ones_own_is_used(void **state)
{
    const struct timing row = {LINK_KIND_PULSE, 77, 333, 444, 55, 5000, 6000, 100, 2500};
    (void)state;
    rig_init();
    rig_modem_is(0, LINK_MODULE_SIM800);
    rig.modems[0].on_ms = 300;
    rig.modems[0].off_ms = 400;
    assert_int_equal(setting_timing_change(0, &row), LINK_OK);
    assert_int_equal(setting_change(LINK_SETTING_MODULE_0, LINK_MODULE_CUSTOM), LINK_OK);
    rig_power(); /* from NV */
    assert_true(rig_until(0, LINK_PHASE_UP, 60000) < 60000);
    assert_int_equal(rig.modems[0].key_width, 333);
    struct timing bad = row;
    bad.on_ms = 0;
    assert_int_equal(setting_timing_change(0, &bad), LINK_BAD_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_module_lives),
        cmocka_unit_test(every_module_is_reset),
        cmocka_unit_test(a_cycle_cuts_once_for_each_request),
        cmocka_unit_test(a_cycle_that_waits_outlives_a_reset),
        cmocka_unit_test(status_lost_is_told_while_a_wish_waits),
        cmocka_unit_test(a_running_modem_is_adopted),
        cmocka_unit_test(a_blink_at_the_start_cuts_nothing),
        cmocka_unit_test(a_reset_in_any_phase_of_the_start_is_survived),
        cmocka_unit_test(status_that_never_rises_ends_in_a_rest),
        cmocka_unit_test(a_modem_that_does_not_end_is_cut),
        cmocka_unit_test(grace_leaves_the_end_to_the_host),
        cmocka_unit_test(a_blink_of_status_is_no_end),
        cmocka_unit_test(status_lost_is_told_then_cured),
        cmocka_unit_test(without_a_status_pin_it_says_so),
        cmocka_unit_test(wrong_wishes_are_refused),
        cmocka_unit_test(the_counter_may_wrap_anywhere),
        cmocka_unit_test(a_row_of_ones_own_is_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
