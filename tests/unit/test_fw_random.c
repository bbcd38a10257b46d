/* A thousand seeded sequences of faults against modems and a supply in memory: no slot is left off or on
 * against its target, no limit is exceeded, no pulse hits a running modem unless it is to end, and the
 * counters tell what happened. FW_RANDOM_SEED repeats one sequence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fw_rig.h"

#define SEQUENCES 1000
#define BOUND_MS  420000 /* a rest, five times WATCH_S for a lost STATUS with the host there, and a start */

static uint32_t seed;

static uint32_t draw(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % below;
}

static void happen(struct rig_modem *modem)
{
    switch (draw(9)) {
    case 0: rig_target(0, LINK_TARGET_ON, 0); break;
    case 1: rig_target(0, LINK_TARGET_OFF, (uint8_t)draw(20)); break;
    case 2: rig_target(0, LINK_TARGET_CYCLE, 0); break;
    case 3: rig_target(0, LINK_TARGET_RESET, 0); break;
    case 4: rig_restart(LINK_CAUSE_WATCHDOG); break;
    case 5: rig.supply_mv = 3100 + (int32_t)draw(1000); break;
    case 6:
        modem->on = false; /* it dies by itself */
        modem->going = RIG_STILL;
        break;
    case 7: modem->dead = draw(2) == 0; break;
    case 8:
        for (unsigned i = 0; i < 100 && rig.in_len < sizeof rig.in; i++) /* line noise */
            rig.in[rig.in_len++] = (uint8_t)draw(256);
        break;
    }
}

/* After each millisecond: never power into a low supply, never a start pulse on a modem that runs. */
static void run(uint32_t ms)
{
    static bool vbat, key;
    struct rig_modem *modem = &rig.modems[0];
    vbat = modem->vbat;
    key = modem->key;
    while (ms-- > 0) {
        rig_run(1);
        if (modem->vbat && !vbat) {
            assert_true(sense_may_start());
            assert_true(rig.supply_mv >= 3300 || sense_state() == LINK_SUPPLY_GOOD);
            assert_true(modem->off_width >= 10000);
        }
        if (modem->key && !key && modem->kind == LINK_KIND_PULSE && modem->on)
            assert_int_equal(rig_slot(0).phase, LINK_PHASE_PULSE_OFF);
        vbat = modem->vbat;
        key = modem->key;
    }
}

/* As its target says, and not about to change. */
static bool settled(void)
{
    const struct link_slot_read_answer slot = rig_slot(0);
    bool on = slot.target == LINK_TARGET_ON;
    return rig.modems[0].on == on && slot.phase == (on ? LINK_PHASE_UP : LINK_PHASE_OFF) &&
           slot.reason != LINK_REASON_RATE && rig.modems[0].going == RIG_STILL;
}

static void sequence(uint32_t number)
{
    static const enum link_module modules[] = {LINK_MODULE_SIM800,  LINK_MODULE_EC25,  LINK_MODULE_BG95,
                                               LINK_MODULE_SARA_R5, LINK_MODULE_NRF91, LINK_MODULE_M2};
    struct rig_modem *modem = &rig.modems[0];
    seed = number * 2654435761u | 1;
    rig_init();
    rig.ms = 0u - draw(600000); /* the counter wraps in many of them */
    rig_power();
    rig.resets = 1; /* the start before was too short for NV */
    rig_modem_is(0, modules[draw(sizeof modules / sizeof modules[0])]);
    for (unsigned i = 0, faults = 4 + draw(8); i < faults; i++) {
        run(draw(i % 3 == 0 ? 200 : 30000));
        happen(modem);
    }
    modem->dead = false;
    rig.supply_mv = 4000;
    for (uint32_t ms = 0; ms < BOUND_MS && !settled(); ms += 1000)
        run(1000);
    const struct slot_counters *counters = &kept->slots[0].counters;
    bool limited = rig_slot(0).reason == LINK_REASON_RATE;
    bool on = kept->slots[0].target == LINK_TARGET_ON;
    if (!limited) {
        assert_int_equal(modem->on, on);
        assert_int_equal(rig_slot(0).phase, on ? LINK_PHASE_UP : LINK_PHASE_OFF);
    }
    assert_int_equal(counters->starts, modem->vbat_rises);
    assert_int_equal(counters->resets + counters->starts, modem->rise_count);
    assert_int_equal(counters->hard_cuts, modem->killed);
    assert_true(modem->rise_count <= setting(LINK_SETTING_PULSES_HOUR)); /* all within an hour */
    assert_int_equal(kept->counters.boots, rig.resets);
}

static void a_thousand_sequences(void **state)
{
    const char *one = getenv("FW_RANDOM_SEED");
    (void)state;
    if (one != NULL) {
        sequence((uint32_t)strtoul(one, NULL, 10));
        return;
    }
    for (uint32_t number = 1; number <= SEQUENCES; number++) {
        printf("sequence %u\n", number); /* the last one printed is the one that failed */
        sequence(number);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_thousand_sequences)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
