/* Each module family's pins, to the millisecond: least pulses and one less, boots, ends, latches, sags; then
 * pins at random. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hil/sim/pmu.h"

static struct pmu pmu;
static uint64_t now_ms, counts[PMU_COUNTER_COUNT];
static int booting, ready, ending, farewell, gone, rail_mv, current_ma;
static bool status;

static void on_booting(void *arg)
{
    (void)arg;
    booting++;
}

static void on_ready(void *arg)
{
    (void)arg;
    ready++;
}

static void on_ending(void *arg)
{
    (void)arg;
    ending++;
}

static void on_farewell(void *arg)
{
    (void)arg;
    farewell++;
}

static void on_gone(void *arg)
{
    (void)arg;
    gone++;
}

static void on_status(void *arg, bool asserted)
{
    (void)arg;
    status = asserted;
}

static void on_rail(void *arg, int mv)
{
    (void)arg;
    rail_mv = mv;
}

static void on_current(void *arg, int ma)
{
    (void)arg;
    current_ma = ma;
}

static void on_count(void *arg, enum pmu_counter c)
{
    (void)arg;
    counts[c]++;
}

static const struct pmu_ops ops = {.booting = on_booting,
                                   .ready = on_ready,
                                   .ending = on_ending,
                                   .farewell = on_farewell,
                                   .gone = on_gone,
                                   .status = on_status,
                                   .rail = on_rail,
                                   .current = on_current,
                                   .count = on_count};

static void begin(const char *family)
{
    pmu_init(&pmu, pmu_row_find(family), &ops, NULL);
    memset(counts, 0, sizeof counts);
    booting = ready = ending = farewell = gone = rail_mv = current_ma = 0;
    status = false;
    now_ms = 1000;
    pmu_run(&pmu, now_ms);
}

static void pass(int64_t ms)
{
    now_ms += (uint64_t)ms;
    pmu_run(&pmu, now_ms);
}

static void pin(enum pmu_pin which, bool asserted)
{
    pmu_pin(&pmu, which, asserted, now_ms);
}

static void pulse(enum pmu_pin which, int64_t ms)
{
    pin(which, true);
    pass(ms);
    pin(which, false);
}

/* On and ready, whatever its kind. */
static void power_up(void)
{
    pin(PMU_VBAT, true);
    pass(pmu.row->rise_ms);
    if (pmu.row->kind == PMU_PULSE)
        pulse(PMU_KEY, pmu.row->on_ms);
    else if (pmu.row->kind == PMU_LEVEL)
        pin(PMU_KEY, true);
    pass(pmu.row->ready_ms + pmu.row->on_ms);
    assert_int_equal(pmu.state, PMU_ON);
    assert_true(status);
}

/* ---- every row ---- */

static void a_row_holds_together(void **state)
{
    (void)state;
    for (int i = 0; pmu_row_at(i) != NULL; i++) {
        const struct pmu_row *row = pmu_row_at(i);
        assert_true(row->status_ms <= row->ready_ms && row->discharge_ms > 0 && row->min_mv > 2000);
        assert_true(row->again_ms == 0 || row->again_ms > row->off_ms);
        assert_true(row->off_ms == 0 || row->on_ms > 0);
        assert_non_null(row->farewell);
        assert_ptr_equal(pmu_row_find(row->name), row);
    }
}

static void starts_by_the_least_pulse_and_not_by_less(void **state)
{
    (void)state;
    for (int i = 0; pmu_row_at(i) != NULL; i++) {
        const struct pmu_row *row = pmu_row_at(i);
        if (row->kind != PMU_PULSE)
            continue;
        begin(row->name);
        pin(PMU_VBAT, true);
        assert_int_equal(rail_mv, 3800);
        pass(row->rise_ms);
        pulse(PMU_KEY, row->on_ms - 1);
        pass(60000);
        assert_int_equal(pmu.state, PMU_OFF);
        assert_int_equal(counts[PMU_COUNT_pulse_void], 1);
        pulse(PMU_KEY, row->on_ms);
        assert_int_equal(pmu.state, PMU_BOOTING);
        assert_int_equal(counts[PMU_COUNT_pulse_on], 1);
        pass(row->status_ms - 1);
        assert_false(status);
        pass(1);
        assert_true(status);
        pass(row->ready_ms - row->status_ms - 1 >= 0 ? row->ready_ms - row->status_ms - 1 : 0);
        assert_int_equal(ready, row->ready_ms == row->status_ms);
        pass(1);
        assert_int_equal(ready, 1);
        assert_int_equal(current_ma, row->idle_ma);
    }
}

static void a_pulse_before_the_supply_is_good_is_heard_from_then(void **state)
{
    (void)state;
    begin("SIM800");
    pin(PMU_VBAT, true);
    pulse(PMU_KEY, 55 + 999);
    assert_int_equal(pmu.state, PMU_OFF);
    pulse(PMU_KEY, 1000);
    assert_int_equal(pmu.state, PMU_BOOTING);
}

static void starts_by_itself(void **state)
{
    (void)state;
    begin("SARA_G3");
    pin(PMU_VBAT, true);
    pass(4);
    assert_int_equal(pmu.state, PMU_OFF);
    pass(1);
    assert_int_equal(pmu.state, PMU_BOOTING);
    begin("SARA_R5");
    pin(PMU_VBAT, true);
    assert_int_equal(pmu.state, PMU_BOOTING);
    pass(6000);
    pulse(PMU_KEY, 1500);
    pass(4000);
    assert_int_equal(pmu.state, PMU_OFF); /* and stays so until a pulse */
    pass(60000);
    pulse(PMU_KEY, 1000);
    assert_int_equal(pmu.state, PMU_BOOTING);
}

static void ends_when_let_go(void **state)
{
    (void)state;
    for (int i = 0; pmu_row_at(i) != NULL; i++) {
        const struct pmu_row *row = pmu_row_at(i);
        if (row->off_ms == 0)
            continue;
        begin(row->name);
        power_up();
        pulse(PMU_KEY, row->off_ms - 1);
        assert_int_equal(pmu.state, PMU_ON);
        pulse(PMU_KEY, row->off_ms);
        assert_int_equal(pmu.state, PMU_ENDING);
        pass(row->down_ms / 2);
        assert_int_equal(farewell, 1);
        pass(row->down_ms - row->down_ms / 2 - 1);
        assert_true(status && gone == 0);
        pass(1);
        assert_true(!status && gone == 1 && current_ma == 0);
        assert_int_equal(counts[PMU_COUNT_off_clean], 1);
        assert_int_equal(counts[PMU_COUNT_pulse_running], 2);
        pin(PMU_VBAT, false);
        assert_int_equal(counts[PMU_COUNT_cut_running], 0);
    }
}

static void pwrkey_is_not_heard_while_it_boots_or_ends(void **state)
{
    (void)state;
    begin("SIM800");
    pin(PMU_VBAT, true);
    pass(55);
    pulse(PMU_KEY, 1000);
    pulse(PMU_KEY, 2000);
    assert_int_equal(pmu.state, PMU_BOOTING);
    pass(1000);
    assert_int_equal(pmu.state, PMU_ON);
    pulse(PMU_KEY, 1600);
    pulse(PMU_KEY, 1100);
    pass(2500);
    assert_int_equal(pmu.state, PMU_OFF);
    assert_int_equal(counts[PMU_COUNT_pulse_void], 2);
    pulse(PMU_KEY, 2000);
    pass(1000);
    pulse(PMU_KEY, 5000); /* begun while it booted */
    assert_int_equal(pmu.state, PMU_ON);
    assert_int_equal(counts[PMU_COUNT_pulse_void], 3);
}

static void a_pulse_too_soon_after_the_end_is_heard_from_the_gap_on(void **state)
{
    (void)state;
    begin("SIM800");
    power_up();
    assert_true(pmu_end(&pmu, false));
    pass(2500);
    pulse(PMU_KEY, 1799);
    assert_int_equal(pmu.state, PMU_OFF);
    pulse(PMU_KEY, 1000);
    assert_int_equal(pmu.state, PMU_BOOTING);
}

static void a_very_long_pulse_starts_again(void **state)
{
    (void)state;
    begin("SIM800");
    power_up();
    pin(PMU_KEY, true);
    pass(32999);
    assert_int_equal(pmu.state, PMU_ON);
    pass(1);
    assert_int_equal(pmu.state, PMU_BOOTING);
    assert_true(!status && gone == 1 && booting == 2);
    pass(60000);
    pin(PMU_KEY, false);
    assert_int_equal(pmu.state, PMU_ON);
    assert_int_equal(counts[PMU_COUNT_pulse_again], 1);
}

static void tied_pwrkey_starts_it_again_after_a_command(void **state)
{
    (void)state;
    begin("EC25");
    pin(PMU_KEY, true);
    pin(PMU_VBAT, true);
    pass(530);
    assert_int_equal(pmu.state, PMU_BOOTING);
    pass(12000);
    assert_true(pmu_end(&pmu, false));
    pass(29500);
    assert_int_equal(pmu.state, PMU_OFF);
    pass(500);
    assert_int_equal(pmu.state, PMU_BOOTING);
}

static void a_level_keeps_it_on(void **state)
{
    (void)state;
    begin("M2");
    power_up();
    pin(PMU_KEY, false);
    assert_int_equal(pmu.state, PMU_ENDING);
    pass(3000);
    assert_int_equal(pmu.state, PMU_OFF);
    pin(PMU_KEY, true);
    pass(10);
    assert_int_equal(pmu.state, PMU_BOOTING);
}

/* ---- RESET ---- */

static void reset_takes_its_least_pulse(void **state)
{
    (void)state;
    for (int i = 0; pmu_row_at(i) != NULL; i++) {
        const struct pmu_row *row = pmu_row_at(i);
        begin(row->name);
        power_up();
        pulse(PMU_RESET, row->reset_ms - 1);
        assert_int_equal(pmu.state, PMU_ON);
        assert_int_equal(counts[PMU_COUNT_reset_void], 1);
        pin(PMU_RESET, true);
        pass(row->reset_ms);
        assert_int_equal(pmu.state, PMU_RESTING);
        assert_true(!status && gone == 1);
        pass(5000);
        assert_int_equal(pmu.state, PMU_RESTING);
        pin(PMU_RESET, false);
        pass(row->ready_ms);
        assert_int_equal(pmu.state, row->reset_ends ? PMU_OFF : PMU_ON);
        assert_int_equal(counts[PMU_COUNT_pulse_reset], 1);
    }
}

static void under_reset_it_stays_down(void **state)
{
    (void)state;
    begin("NRF91");
    pin(PMU_RESET, true);
    pin(PMU_VBAT, true);
    pass(10000);
    assert_int_equal(pmu.state, PMU_OFF);
    pin(PMU_RESET, false);
    assert_int_equal(pmu.state, PMU_BOOTING);
    begin("EC25");
    pin(PMU_RESET, true);
    pin(PMU_VBAT, true);
    pass(30);
    pulse(PMU_KEY, 600);
    assert_int_equal(pmu.state, PMU_OFF);
    assert_int_equal(counts[PMU_COUNT_pulse_void], 1);
    pin(PMU_RESET, false);
    pulse(PMU_KEY, 600);
    assert_int_equal(pmu.state, PMU_BOOTING);
}

static void one_family_is_trapped_by_a_start_under_reset(void **state)
{
    (void)state;
    begin("A7670");
    pin(PMU_RESET, true);
    pin(PMU_VBAT, true);
    pass(50);
    pulse(PMU_KEY, 500);
    pin(PMU_RESET, false);
    pulse(PMU_KEY, 500);
    assert_true(pmu.state == PMU_OFF && pmu.latched);
    pin(PMU_VBAT, false);
    pass(5000);
    pin(PMU_VBAT, true);
    pass(50);
    pulse(PMU_KEY, 500);
    assert_int_equal(pmu.state, PMU_BOOTING);
}

/* ---- supply ---- */

static void a_cut_ends_it_at_once(void **state)
{
    (void)state;
    begin("EC25");
    power_up();
    pin(PMU_VBAT, false);
    assert_true(pmu.state == PMU_DEAD && !status && gone == 1 && rail_mv == 0 && current_ma == 0);
    assert_int_equal(counts[PMU_COUNT_cut_running], 1);
    pulse(PMU_KEY, 600);
    assert_int_equal(pmu.state, PMU_DEAD);
}

static void a_short_cut_latches(void **state)
{
    (void)state;
    for (int i = 0; pmu_row_at(i) != NULL; i++) {
        begin(pmu_row_at(i)->name);
        power_up();
        for (int again = 0; again < 2; again++) { /* the time counts from the last cut */
            pin(PMU_KEY, false);
            pin(PMU_VBAT, false);
            pass(pmu.row->discharge_ms - 1);
            pin(PMU_VBAT, true);
            pin(PMU_KEY, true);
            pass(60000);
            assert_true(pmu.latched && pmu.state == PMU_OFF && !status);
        }
        assert_int_equal(counts[PMU_COUNT_cut_short], 2);
        pin(PMU_KEY, false);
        pin(PMU_VBAT, false);
        pass(pmu.row->discharge_ms);
        power_up();
    }
}

static void what_cures_a_hang(void **state)
{
    (void)state;
    begin("A7670");
    power_up();
    pmu_stick(&pmu, PMU_STUCK_RESET);
    pulse(PMU_RESET, 2500);
    assert_int_equal(pmu.state, PMU_BOOTING);
    pass(7000);
    pmu_stick(&pmu, PMU_STUCK_KEY);
    pulse(PMU_RESET, 2500);
    assert_int_equal(pmu.state, PMU_ON);
    pulse(PMU_KEY, 2600);
    pass(4000);
    assert_int_equal(pmu.state, PMU_OFF);
    pulse(PMU_KEY, 100);
    pass(7000);
    pmu_stick(&pmu, PMU_STUCK_POWER);
    pulse(PMU_RESET, 2500);
    pulse(PMU_KEY, 2600);
    assert_int_equal(pmu.state, PMU_ON);
    pin(PMU_VBAT, false);
    pass(5000);
    power_up();
    assert_int_equal(pmu.stuck, PMU_FREE);
    pmu_stick(&pmu, PMU_STUCK_POWER);
    pmu_die(&pmu); /* it still needs the cut */
    pulse(PMU_KEY, 500);
    assert_true(pmu.state == PMU_OFF && pmu.latched);
}

static void too_low_a_rail(void **state)
{
    (void)state;
    begin("SIM800");
    pmu_rail(&pmu, 3399);
    pin(PMU_VBAT, true);
    pass(55);
    pulse(PMU_KEY, 1100);
    assert_true(pmu.state == PMU_OFF && counts[PMU_COUNT_start_low] == 1);
    pmu_rail(&pmu, 3700);
    pulse(PMU_KEY, 1100);
    pass(3000);
    pmu.burst_drop_mv = 300;
    pmu_burst(&pmu);
    assert_true(pmu.state == PMU_ON && current_ma == 2000 && rail_mv == 3400);
    pass(2000);
    assert_true(current_ma == 20 && rail_mv == 3700);
    pmu.burst_drop_mv = 301;
    pmu_burst(&pmu);
    assert_true(pmu.state == PMU_OFF && !status && counts[PMU_COUNT_brown_out] == 1);
    assert_true(current_ma == 0 && rail_mv == 3700);
    begin("NRF91");
    power_up();
    pmu_sag(&pmu, 2900, 30);
    assert_true(pmu.state == PMU_OFF && rail_mv == 2900);
    pass(29);
    assert_int_equal(pmu.state, PMU_OFF);
    pass(1);
    assert_true(pmu.state == PMU_BOOTING && rail_mv == 3800); /* it starts with its supply */
}

static void by_itself(void **state)
{
    (void)state;
    begin("EC25");
    power_up();
    pmu_reboot(&pmu);
    assert_true(status && pmu.state == PMU_BOOTING);
    pass(12000);
    assert_int_equal(ready, 2);
    pmu_die(&pmu);
    assert_true(!status && pmu.state == PMU_OFF);
    assert_false(pmu_end(&pmu, false));
    pulse(PMU_KEY, 600);
    assert_int_equal(pmu.state, PMU_BOOTING);
}

/* ---- whatever comes ---- */

static void check(void)
{
    bool lives = pmu.state == PMU_BOOTING || pmu.state == PMU_ON || pmu.state == PMU_ENDING;
    assert_true(pmu.pins[PMU_VBAT] == (pmu.state != PMU_DEAD));
    assert_true(!status || lives);
    assert_true(lives == (current_ma > 0));
    assert_true((rail_mv > 0) == pmu.pins[PMU_VBAT]);
    assert_true(!lives || (!pmu.latched && rail_mv >= pmu.row->min_mv));
    assert_true(pmu_due(&pmu) > now_ms);
    assert_true((uint64_t)booting >= counts[PMU_COUNT_start]);
}

static void pins_at_random(void **state)
{
    (void)state;
    srand(7);
    for (int i = 0; pmu_row_at(i) != NULL; i++) {
        begin(pmu_row_at(i)->name);
        for (int step = 0; step < 20000; step++) {
            int what = rand() % 40;
            if (what < 30)
                pin((enum pmu_pin)(what % 3), rand() % 2);
            else if (what == 30)
                pmu_sag(&pmu, 3000 + rand() % 1000, 1 + rand() % 50);
            else if (what == 31)
                pmu_rail(&pmu, 3100 + rand() % 1000);
            else if (what == 32)
                pmu_burst(&pmu);
            else if (what == 33)
                pmu_die(&pmu);
            else if (what == 34)
                pmu_reboot(&pmu);
            else if (what == 35)
                (void)pmu_end(&pmu, rand() % 2);
            else if (what == 36 && pmu.state == PMU_ON)
                pmu_stick(&pmu, (enum pmu_stuck)(rand() % 4));
            check();
            pass(rand() % 4 != 0 ? rand() % 3 : rand() % 40000);
            check();
        }
        assert_true(booting > 10 && gone > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_holds_together),
        cmocka_unit_test(starts_by_the_least_pulse_and_not_by_less),
        cmocka_unit_test(a_pulse_before_the_supply_is_good_is_heard_from_then),
        cmocka_unit_test(starts_by_itself),
        cmocka_unit_test(ends_when_let_go),
        cmocka_unit_test(pwrkey_is_not_heard_while_it_boots_or_ends),
        cmocka_unit_test(a_pulse_too_soon_after_the_end_is_heard_from_the_gap_on),
        cmocka_unit_test(a_very_long_pulse_starts_again),
        cmocka_unit_test(tied_pwrkey_starts_it_again_after_a_command),
        cmocka_unit_test(a_level_keeps_it_on),
        cmocka_unit_test(reset_takes_its_least_pulse),
        cmocka_unit_test(under_reset_it_stays_down),
        cmocka_unit_test(one_family_is_trapped_by_a_start_under_reset),
        cmocka_unit_test(a_cut_ends_it_at_once),
        cmocka_unit_test(a_short_cut_latches),
        cmocka_unit_test(what_cures_a_hang),
        cmocka_unit_test(too_low_a_rail),
        cmocka_unit_test(by_itself),
        cmocka_unit_test(pins_at_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
