/* Over a thousand seeded sequences of faults against two modems, a host and a supply in memory: resets of the
 * board in the midst of anything, a host that falls silent, modems that die, do not start or do not end,
 * sags and dips, noise on the line. No slot is left off or on against its target, no limit is exceeded, no
 * pulse hits a running modem unless it is to end, the host is cut only where it was silent, and the counters
 * tell what happened. FW_RANDOM_SEED repeats one sequence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fw_rig.h"

#define SEQUENCES 1200
#define SLOTS     2
#define BOUND_MS  420000 /* a rest, five times WATCH_S for a lost STATUS with the host there, and a start */
#define BEAT_MS   2000

/* What the sequence did, to be found again in the counters. */
static struct told {
    bool beats; /* the host is there */
    uint32_t silent_ms;
    unsigned adopted[SLOTS], bites, brown_outs;
} told;

static uint32_t seed;

static uint32_t draw(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % below;
}

/* ---- what is watched in every millisecond ---- */

static void watch_slot(uint8_t slot, bool vbat, bool key)
{
    const struct rig_modem *modem = &rig.modems[slot];
    if (modem->vbat && !vbat) {
        assert_true(sense_may_start());
        assert_true(rig.supply_mv >= 3300 || sense_state() == LINK_SUPPLY_GOOD);
        assert_true(modem->off_width >= 10000);
    }
    if (modem->key && !key && modem->kind == LINK_KIND_PULSE && modem->on)
        assert_int_equal(rig_slot(slot).phase, LINK_PHASE_PULSE_OFF);
}

/* The host is cut only after it was silent for its lease, or has not spoken for as long as a boot takes. */
static void watch_host(unsigned cuts)
{
    told.silent_ms++;
    if (told.beats && told.silent_ms >= BEAT_MS && !rig.host_cut) {
        rig_beat();
        told.silent_ms = 0;
    }
    if (rig.host_cuts != cuts)
        assert_true(told.silent_ms >= 90000);
}

static void run(uint32_t ms)
{
    while (ms-- > 0) {
        bool vbat[SLOTS], key[SLOTS];
        unsigned cuts = rig.host_cuts;
        for (uint8_t slot = 0; slot < SLOTS; slot++) {
            vbat[slot] = rig.modems[slot].vbat;
            key[slot] = rig.modems[slot].key;
        }
        rig_run(1);
        for (uint8_t slot = 0; slot < SLOTS; slot++)
            watch_slot(slot, vbat[slot], key[slot]);
        watch_host(cuts);
    }
}

/* ---- what may happen ---- */

static void restart(enum link_cause cause)
{
    for (uint8_t slot = 0; slot < SLOTS; slot++)
        told.adopted[slot] += rig.modems[slot].on;
    told.bites += cause == LINK_CAUSE_WATCHDOG;
    rig_restart(cause);
}

/* Noticed, and counted as one brown-out where it is deep; a reset in the midst of it notices it anew. */
static void sag(void)
{
    bool deep, twice = draw(3) == 0;
    rig.supply_mv = 3100 + (int32_t)draw(500);
    deep = rig.supply_mv < 3400;
    run(100 + draw(8000));
    if (twice) {
        restart(LINK_CAUSE_PIN);
        run(100);
    }
    rig.supply_mv = 4000;
    run(100);
    told.brown_outs += deep ? 1 + (unsigned)twice : 0;
}

static void dip(void)
{
    rig.supply_mv = 3000;
    run(1 + draw(9));
    rig.supply_mv = 4000;
    run(20);
}

static void noise(void)
{
    for (unsigned i = 0; i < 100 && rig.in_len < sizeof rig.in; i++)
        rig.in[rig.in_len++] = (uint8_t)draw(256);
}

static void die(struct rig_modem *modem)
{
    modem->on = false;
    modem->going = RIG_STILL;
}

static void happen(void)
{
    uint8_t slot = (uint8_t)draw(SLOTS);
    struct rig_modem *modem = &rig.modems[slot];
    switch (draw(13)) {
    case 0: rig_target(slot, LINK_TARGET_ON, 0); break;
    case 1: rig_target(slot, LINK_TARGET_OFF, (uint8_t)draw(20)); break;
    case 2: rig_target(slot, LINK_TARGET_CYCLE, 0); break;
    case 3: rig_target(slot, LINK_TARGET_RESET, 0); break;
    case 4: restart(LINK_CAUSE_WATCHDOG); break;
    case 5: restart(LINK_CAUSE_PIN); break;
    case 6: sag(); break;
    case 7: dip(); break;
    case 8: die(modem); break;
    case 9: modem->dead = draw(2) == 0; break;
    case 10: modem->stuck = draw(2) == 0; break;
    case 11: noise(); break;
    case 12: told.beats = draw(3) == 0; break;
    }
}

/* ---- a sequence ---- */

static bool is_limited(uint8_t slot)
{
    return rig_slot(slot).reason == LINK_REASON_RATE;
}

/* As its target says, and not about to change. */
static bool settled(uint8_t slot)
{
    const struct link_slot_read_answer now = rig_slot(slot);
    bool on = now.target == LINK_TARGET_ON;
    return rig.modems[slot].on == on && now.phase == (on ? LINK_PHASE_UP : LINK_PHASE_OFF) &&
           !is_limited(slot) && rig.modems[slot].going == RIG_STILL;
}

static void check_slot(uint8_t slot)
{
    const struct rig_modem *modem = &rig.modems[slot];
    const struct slot_counters *counters = &kept->slots[slot].counters;
    bool on = kept->slots[slot].target == LINK_TARGET_ON;
    if (!is_limited(slot)) {
        assert_int_equal(modem->on, on);
        assert_int_equal(rig_slot(slot).phase, on ? LINK_PHASE_UP : LINK_PHASE_OFF);
    }
    assert_int_equal(counters->starts, modem->vbat_rises);
    assert_int_equal(counters->resets + counters->starts, modem->rise_count);
    assert_int_equal(counters->hard_cuts, modem->killed);
    assert_int_equal(counters->adopted, told.adopted[slot]);
    assert_true(modem->rise_count <= setting(LINK_SETTING_PULSES_HOUR)); /* all within an hour */
}

static void begin(uint32_t number)
{
    static const enum link_module modules[] = {LINK_MODULE_SIM800,  LINK_MODULE_EC25,  LINK_MODULE_BG95,
                                               LINK_MODULE_SARA_R5, LINK_MODULE_NRF91, LINK_MODULE_M2};
    seed = number * 2654435761u | 1;
    rig_init();
    rig.ms = 0u - draw(600000); /* the counter wraps in many of them */
    rig_power();
    rig.resets = 1; /* the start before was too short for NV */
    told = (struct told){.beats = true};
    for (uint8_t slot = 0; slot < SLOTS; slot++)
        rig_modem_is(slot, modules[draw(sizeof modules / sizeof modules[0])]);
}

static void sequence(uint32_t number)
{
    begin(number);
    for (unsigned i = 0, faults = 4 + draw(8); i < faults; i++) {
        run(draw(i % 3 == 0 ? 200 : 30000));
        happen();
    }
    told.beats = true;
    for (uint8_t slot = 0; slot < SLOTS; slot++)
        rig.modems[slot].dead = rig.modems[slot].stuck = false;
    for (uint32_t ms = 0; ms < BOUND_MS && !(settled(0) && settled(1)); ms += 1000)
        run(1000);
    for (uint8_t slot = 0; slot < SLOTS; slot++)
        check_slot(slot);
    assert_int_equal(kept->counters.boots, rig.resets);
    assert_int_equal(kept->counters.watchdog_bites, told.bites);
    assert_int_equal(kept->counters.brown_outs, told.brown_outs);
    assert_int_equal(kept->counters.host_cuts, rig.host_cuts);
    assert_int_equal(kept->counters.nv_errors + kept->counters.faults, 0);
}

static void a_thousand_sequences(void **state)
{
    const char *one = getenv("FW_RANDOM_SEED");
    (void)state;
    if (one != NULL) {
        sequence((uint32_t)strtoul(one, NULL, 10));
        return;
    }
    sequence(3196); /* RESET held, then cut: it ran as far as STATUS told */
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
