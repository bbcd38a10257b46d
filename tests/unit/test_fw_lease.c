/* The host's watch: progress, hold-off, bounded cuts, rest; the LED. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fw_rig.h"

static void beat_for(uint32_t seconds)
{
    for (uint32_t i = 0; i < seconds; i++) {
        rig_beat();
        rig_run(1000);
    }
}

static void a_silent_host_is_cut_then_left_alone(void **state)
{
    (void)state;
    rig_init();
    rig_run(179000);
    assert_int_equal(rig.host_cuts, 0);
    beat_for(10);
    assert_int_equal(lease_state(), LINK_LEASE_HELD);
    rig_run(88900);
    assert_int_equal(rig.host_cuts, 0);
    rig_run(200);
    assert_int_equal(rig.host_cuts, 1);
    assert_true(rig.host_cut);
    rig_run(10000);
    assert_false(rig.host_cut);
    rig_run(2 * 190000 + 1000); /* two boots without a heartbeat */
    assert_int_equal(rig.host_cuts, 3);
    rig_run(190000);
    assert_int_equal(lease_state(), LINK_LEASE_REST);
    rig_run(3500000);
    assert_int_equal(rig.host_cuts, 3);
    rig_run(400000);
    assert_int_equal(rig.host_cuts, 4);
    rig_run(20000);
    beat_for(2);
    assert_int_equal(lease_state(), LINK_LEASE_HELD);
    assert_int_equal(lease_cycles(), 0);
    assert_int_equal(kept->counters.host_cuts, 4);
    assert_int_equal(kept->counters.host_rests, 1);
}

static void a_heartbeat_without_progress_is_none(void **state)
{
    (void)state;
    rig_init();
    beat_for(5);
    for (unsigned i = 0; i < 385; i++) {
        lease_heartbeat(&(struct link_heartbeat){.turn = 42, .commit = 7}, rig.ms);
        rig_run(1000);
    }
    assert_int_equal(rig.host_cuts, 0);
    for (unsigned i = 0; i < 8; i++) {
        lease_heartbeat(&(struct link_heartbeat){.turn = 42, .commit = 7}, rig.ms);
        rig_run(1000);
    }
    assert_int_equal(rig.host_cuts, 1);
}

/* What is granted. */
static uint16_t leave_alone(uint16_t seconds)
{
    assert_true(lease_maintenance(&seconds, rig.ms));
    return seconds;
}

static void maintenance_holds_off(void **state)
{
    (void)state;
    rig_init();
    beat_for(2);
    uint16_t too_long = 3601;
    assert_int_equal(leave_alone(3600), 3600);
    assert_false(lease_maintenance(&too_long, rig.ms));
    rig_run(3600000 + 179000); /* and then a boot's time */
    assert_int_equal(rig.host_cuts, 0);
    rig_run(2000);
    assert_int_equal(rig.host_cuts, 1);
}

/* Something repeats it in a host that has hung, ending it in between or not: an hour and a boot later it is
 * cut, and then as often as any silent host. */
static void repeated_maintenance_ends(void **state)
{
    (void)state;
    for (unsigned ends = 0; ends < 2; ends++) {
        rig_init();
        beat_for(2);
        assert_int_equal(leave_alone(600), 600);
        uint32_t begin = rig.ms;
        while (rig.host_cuts == 0 && rig.ms - begin < 2 * 3600000) {
            rig_run(20000);
            lease_heartbeat(&(struct link_heartbeat){.turn = 0, .commit = 7}, rig.ms);
            if (ends)
                (void)leave_alone(0);
            assert_in_range(leave_alone(600), 0, 600);
        }
        assert_in_range(rig.ms - begin, 3600000, 3600000 + 400000);
        rig_run(3 * 3600000);
        assert_in_range(rig.host_cuts, 3, 10);
        assert_int_equal(leave_alone(600), 0);
    }
}

/* A host that works may ask again and again. */
static void maintenance_goes_on_while_the_host_shows_progress(void **state)
{
    (void)state;
    rig_init();
    for (unsigned i = 0; i < 10; i++) {
        beat_for(1);
        assert_int_equal(leave_alone(3600), 3600);
        rig_run(3000000);
    }
    assert_int_equal(rig.host_cuts, 0);
    assert_int_equal(leave_alone(3600), 600);
}

static void the_boards_own_resets_do_not_begin_the_count_anew(void **state)
{
    (void)state;
    rig_init();
    for (unsigned i = 0; i < 20; i++) {
        rig_run(185000);
        rig_restart(LINK_CAUSE_WATCHDOG);
    }
    assert_int_equal(rig.host_cuts, 3);
}

static void a_starved_host_is_not_cut(void **state)
{
    (void)state;
    rig_init();
    rig.supply_mv = 3200;
    rig_run(1000000);
    assert_int_equal(rig.host_cuts, 0);
}

static void a_board_that_cannot_cut_says_so(void **state)
{
    (void)state;
    rig_init();
    rig.caps &= (uint16_t)~LINK_CAP_HOST_CUT;
    rig_run(1000000);
    assert_int_equal(rig.host_cuts, 0);
    assert_int_equal(lease_state(), LINK_LEASE_WATCHLESS);
    assert_false(lease_host_there());
    beat_for(1);
    assert_true(lease_host_there());
    rig_run(61000);
    assert_false(lease_host_there());
}

/* Its clock goes on within a turn: a hold-off that begins there is not over at once. */
static void a_slow_board_that_begins_to_watch_waits_for_the_host(void **state)
{
    (void)state;
    rig_init();
    rig.caps &= (uint16_t)~LINK_CAP_HOST_CUT;
    rig_run(1000);
    rig.pin_ms = 1;
    rig.caps |= LINK_CAP_HOST_CUT;
    rig_run(1000);
    assert_int_equal(lease_state(), LINK_LEASE_BOOT);
    assert_int_equal(rig.host_cuts, 0);
}

static void the_led_tells(void **state)
{
    (void)state;
    rig_init();
    rig_modem_is(0, LINK_MODULE_EC25);
    beat_for(30);
    unsigned blinks = rig.led_blinks;
    beat_for(16); /* 1 blink in 1.6 s */
    assert_int_equal(rig.led_blinks - blinks, 10);
    rig.supply_mv = 3000;
    beat_for(4);
    blinks = rig.led_blinks;
    beat_for(16); /* 5 in 3.2 s */
    assert_int_equal(rig.led_blinks - blinks, 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_silent_host_is_cut_then_left_alone),
                                       cmocka_unit_test(a_heartbeat_without_progress_is_none),
                                       cmocka_unit_test(maintenance_holds_off),
                                       cmocka_unit_test(repeated_maintenance_ends),
                                       cmocka_unit_test(maintenance_goes_on_while_the_host_shows_progress),
                                       cmocka_unit_test(the_boards_own_resets_do_not_begin_the_count_anew),
                                       cmocka_unit_test(a_starved_host_is_not_cut),
                                       cmocka_unit_test(a_board_that_cannot_cut_says_so),
                                       cmocka_unit_test(a_slow_board_that_begins_to_watch_waits_for_the_host),
                                       cmocka_unit_test(the_led_tells)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
