/* The supply: hysteresis, what it forbids, brown-outs in every phase, the least values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fw_rig.h"

static void power_never_goes_into_a_low_supply(void **state)
{
    (void)state;
    for (int32_t mv = 2500; mv < 3700; mv += 50) {
        rig_init();
        rig.supply_mv = mv;
        rig_modem_is(0, LINK_MODULE_EC25);
        rig_run(100000);
        assert_int_equal(rig.modems[0].vbat_rises, 0);
        assert_int_equal(rig_slot(0).reason, LINK_REASON_LOW_SUPPLY);
        rig.supply_mv = 3700;
        assert_in_range(rig_until(0, LINK_PHASE_VBAT_RISE, 100000), 29990,
                        30010); /* samples are 5 ms apart */
    }
}

static void states_have_hysteresis(void **state)
{
    (void)state;
    rig_init();
    rig_run(20);
    assert_int_equal(sense_state(), LINK_SUPPLY_GOOD);
    static const struct {
        int32_t mv;
        enum link_supply state;
    } walk[] = {{3590, LINK_SUPPLY_WARN},    {3650, LINK_SUPPLY_WARN},       {3710, LINK_SUPPLY_GOOD},
                {3490, LINK_SUPPLY_NO_SEND}, {3590, LINK_SUPPLY_NO_SEND},    {3610, LINK_SUPPLY_WARN},
                {3390, LINK_SUPPLY_SHUT},    {3690, LINK_SUPPLY_SHUT},       {3290, LINK_SUPPLY_CUT},
                {3690, LINK_SUPPLY_CUT},     {3700, LINK_SUPPLY_RECOVERING}, {3390, LINK_SUPPLY_SHUT}};
    for (unsigned i = 0; i < sizeof walk / sizeof walk[0]; i++) {
        rig.supply_mv = walk[i].mv;
        rig_run(20);
        assert_int_equal(sense_state(), walk[i].state);
    }
    assert_int_equal(kept->counters.brown_outs, 2);
}

/* What is told of a change is of that change, whatever was before it or came until it was told. */
static void a_change_tells_its_own_values(void **state)
{
    (void)state;
    rig_init();
    rig_run(20);
    rig.supply_mv = 3200; /* a sag of one sample */
    rig_run(5);
    rig.supply_mv = 4000;
    rig_run(100);
    rig.supply_mv = 3550;
    rig_run(20);
    assert_int_equal(sense_state(), LINK_SUPPLY_WARN);
    assert_int_equal(sense_change_mv(), 3550);
    assert_int_equal(sense_change_min_mv(), 3200);
    rig.supply_mv = 4000;
    rig_run(20);
    assert_int_equal(sense_state(), LINK_SUPPLY_GOOD);
    rig.supply_mv = 3650; /* no change: not told */
    rig_run(20);
    assert_int_equal(sense_change_mv(), 4000);
    assert_int_equal(sense_change_min_mv(), 3550);
}

/* A supply that falls when a modem starts looks good again without it: each time the board would start it
 * anew. */
static void a_brown_out_of_the_part_is_waited_for(void **state)
{
    (void)state;
    rig_init();
    rig_modem_is(0, LINK_MODULE_EC25);
    rig_modem_is(1, LINK_MODULE_EC25);
    rig_power();
    rig_target(1, LINK_TARGET_OFF, 0);
    rig_until(0, LINK_PHASE_UP, 60000);
    rig_restart(LINK_CAUSE_BROWN_OUT);
    rig_run(100);
    assert_int_equal(rig_slot(0).phase, LINK_PHASE_UP); /* what runs is left alone */
    rig_target(1, LINK_TARGET_ON, 0);
    rig_run(29000);
    assert_int_equal(rig.modems[1].vbat_rises, 0);
    assert_int_equal(rig_slot(1).reason, LINK_REASON_LOW_SUPPLY);
    rig_run(2000);
    assert_int_equal(rig.modems[1].vbat_rises, 1);
}

static void one_bad_sample_is_none(void **state)
{
    (void)state;
    rig_init();
    rig_run(20);
    rig.supply_mv = 3000;
    rig_run(9);
    rig.supply_mv = 4000;
    rig_run(20);
    assert_int_equal(sense_state(), LINK_SUPPLY_GOOD);
}

/* SHUT ends what runs gracefully and cuts what only starts; CUT takes everything at once; all come back. */
static void brown_outs_come_before_everything(void **state)
{
    (void)state;
    for (uint32_t at = 0; at < 90000; at += 501)
        for (int32_t mv = 3200; mv <= 3350; mv += 150) {
            rig_init();
            rig_modem_is(0, LINK_MODULE_EC25);
            rig_run(at / 2);
            if (at > 40000)
                rig_target(0, (enum link_target)(LINK_TARGET_ON + at % 3), 0);
            rig_run(at / 2);
            unsigned rises = rig.modems[0].vbat_rises;
            rig.supply_mv = mv;
            rig_run(20);
            if (mv < 3300)
                assert_false(rig.modems[0].vbat);
            rig_target(0, LINK_TARGET_CYCLE, 0);
            rig_run(100000);
            assert_false(rig.modems[0].vbat);
            assert_int_equal(rig.modems[0].vbat_rises, rises);
            rig.supply_mv = 4000;
            rig_run(60000);
            assert_true(rig.modems[0].on);
        }
}

static void shut_is_graceful(void **state)
{
    (void)state;
    rig_init();
    rig_modem_is(0, LINK_MODULE_EC25);
    rig_until(0, LINK_PHASE_UP, 60000);
    rig.supply_mv = 3350;
    rig_run(60000);
    assert_int_equal(rig.modems[0].killed, 0);
    assert_int_equal(kept->slots[0].counters.graceful_offs, 1);
    assert_int_equal(kept->slots[0].target, LINK_TARGET_ON);
}

static void the_least_of_a_burst_is_kept(void **state)
{
    struct link_sense_answer answer;
    (void)state;
    rig_init();
    rig_run(20);
    sense_burst(0, 1000, rig.ms);
    rig.supply_mv = 3550;
    rig_run(6);
    rig.supply_mv = 3950;
    rig_run(500);
    sense_answer(0, &answer);
    assert_int_equal(answer.supply_min_mv, 3550);
    assert_int_equal(answer.rail_min_mv, 3550);
    assert_int_equal(answer.supply_mv, 3950);
    assert_int_equal(answer.temperature_dc, INT16_MIN);
    rig_run(600);
    sense_answer(0, &answer);
    assert_int_equal(answer.supply_min_mv, 3550); /* read once after the end, then anew */
    sense_answer(0, &answer);
    assert_int_equal(answer.supply_min_mv, 3950);
}

static void a_board_that_does_not_measure_starts(void **state)
{
    (void)state;
    rig_init();
    rig.caps &= (uint16_t)~LINK_CAP_SUPPLY;
    rig_modem_is(0, LINK_MODULE_EC25);
    assert_true(rig_until(0, LINK_PHASE_UP, 60000) < 60000);
    assert_int_equal(rig_slot(0).rail_min_mv, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(power_never_goes_into_a_low_supply),
                                       cmocka_unit_test(states_have_hysteresis),
                                       cmocka_unit_test(a_change_tells_its_own_values),
                                       cmocka_unit_test(a_brown_out_of_the_part_is_waited_for),
                                       cmocka_unit_test(one_bad_sample_is_none),
                                       cmocka_unit_test(brown_outs_come_before_everything),
                                       cmocka_unit_test(shut_is_graceful),
                                       cmocka_unit_test(the_least_of_a_burst_is_kept),
                                       cmocka_unit_test(a_board_that_does_not_measure_starts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
