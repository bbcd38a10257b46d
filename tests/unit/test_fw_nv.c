/* NV: torn writes at every octet, wear, damage, what survives which reset. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fw_rig.h"

struct value {
    uint32_t number;
    uint8_t pad[20];
};

static bool put(uint8_t key, uint32_t number)
{
    struct value value = {.number = number};
    return nv_put(key, &value, sizeof value, true);
}

static uint32_t get(uint8_t key)
{
    struct value value;
    return nv_get(key, &value, sizeof value) ? value.number : 0;
}

/* Power goes after any octet of a hundred writes, page changes among them: each key has its old or its new
 * value. `steps`: of the loop between two writes, in which the page changes by and by. */
static void power_goes(unsigned steps)
{
    for (long power = 0; power < 6000; power += 1 + power / 500) {
        uint32_t old[2] = {0, 0};
        bool alive = true;
        rig_init();
        nv_step(rig.ms += NV_SETTLE_MS);
        rig.nv_power = power;
        for (uint32_t i = 1; alive && i <= 100; i++) {
            uint8_t key = (uint8_t)(NV_TIMING + i % 2);
            alive = put(key, i);
            if (alive)
                old[i % 2] = i;
            for (unsigned step = 0; step < steps; step++)
                nv_step(rig.ms);
            alive = alive && rig.nv_power != 0;
            if (!alive) {
                rig.nv_power = -1;
                nv_start();
                uint32_t now = get(key);
                assert_true(now == old[i % 2] || now == i);
                assert_int_equal(get((uint8_t)(NV_TIMING + (i + 1) % 2)), old[(i + 1) % 2]);
                assert_true(put(key, 9999));
                assert_int_equal(get(key), 9999);
            }
        }
    }
}

static void power_may_go_at_any_octet(void **state)
{
    (void)state;
    power_goes(0);
    power_goes(2);
}

/* Nobody waits for a page change where there are steps enough between the writes. */
static void a_page_changes_by_and_by(void **state)
{
    const unsigned erased = RIG_PAGE, record = sizeof(struct value) + 4;
    (void)state;
    rig_init();
    nv_step(rig.ms += NV_SETTLE_MS);
    unsigned erases = rig.nv_erases;
    for (uint32_t i = 1; i <= 400; i++) {
        unsigned octets = rig.nv_octets;
        assert_true(put((uint8_t)(NV_TIMING + i % 2), i));
        assert_int_equal(rig.nv_octets - octets, record);
        for (unsigned step = 0; step < 8; step++) {
            octets = rig.nv_octets;
            erases = rig.nv_erases;
            nv_step(rig.ms);
            assert_true(rig.nv_octets - octets <= (rig.nv_erases > erases ? erased : record));
        }
        assert_int_equal(get((uint8_t)(NV_TIMING + i % 2)), i);
        assert_int_equal(get((uint8_t)(NV_TIMING + (i + 1) % 2)), i - 1);
    }
    assert_in_range(rig.nv_erases, 400 * record / RIG_PAGE, 2 * 400 * record / RIG_PAGE);
}

/* A page that is full of what lives is not moved again and again. */
static void a_full_page_is_left_alone(void **state)
{
    uint8_t octets[NV_RECORD_MAX] = {0};
    (void)state;
    rig_init();
    for (uint8_t key = 1; key <= 8; key++)
        assert_true(nv_put((uint8_t)(NV_TIMING + key), octets, sizeof octets, true));
    unsigned erases = rig.nv_erases;
    for (unsigned start = 0; start < 100; start++) {
        nv_start();
        for (unsigned step = 0; step < 100; step++)
            nv_step(rig.ms += 100);
    }
    assert_int_equal(rig.nv_erases, erases);
}

static void a_flipped_bit_is_found(void **state)
{
    (void)state;
    rig_init();
    assert_true(put(NV_TIMING, 1) && put(NV_TIMING, 2));
    for (uint16_t at = 0; at < RIG_PAGE; at++)
        for (unsigned page = 0; page < 2; page++) {
            rig.nv[page][at] ^= 0x04;
            nv_start();
            uint32_t value = get(NV_TIMING);
            assert_true(value == 2 || value == 1 || value == 0);
            rig.nv[page][at] ^= 0x04;
            if (rig.nv_erases > 1) { /* a head was lost: the page was begun anew */
                rig_init();
                assert_true(put(NV_TIMING, 1) && put(NV_TIMING, 2));
            }
        }
    nv_start();
    assert_int_equal(get(NV_TIMING), 2);
}

/* A reset in the middle of a change, or of the spare copy's: nothing but the change is lost. */
static void a_torn_change_of_kept_memory_is_taken_back(void **state)
{
    (void)state;
    rig_init();
    kept->slots[0].target = LINK_TARGET_OFF;
    kept_close();
    for (unsigned at = 0; at < 2 * sizeof *kept; at++) {
        uint32_t boots = kept->counters.boots;
        rig.kept[at] ^= 0x55;
        rig_restart(LINK_CAUSE_PIN);
        assert_int_equal(kept->counters.boots, boots + 1);
        assert_int_equal(kept->slots[0].target, LINK_TARGET_OFF);
    }
    rig.kept[sizeof *kept - 1] ^= 0x55;
    rig.kept[2 * sizeof *kept - 1] ^= 0x55;
    rig_restart(LINK_CAUSE_PIN);
    assert_int_equal(kept->slots[0].target, LINK_TARGET_ON);
}

/* And another reset in the first change after it. */
static void a_torn_spare_copy_is_whole_again_before_anything_changes(void **state)
{
    (void)state;
    rig_init();
    kept->slots[0].target = LINK_TARGET_OFF;
    kept_close();
    rig.kept[2 * sizeof *kept - 1] ^= 0x55;
    assert_true(kept_start());
    rig.kept[sizeof *kept - 1] ^= 0x55;
    assert_true(kept_start());
    assert_int_equal(kept->slots[0].target, LINK_TARGET_OFF);
}

/* A write that fails at any octet: what is written after it is found nevertheless. */
static void a_record_behind_one_that_failed_is_found(void **state)
{
    (void)state;
    for (long good = 0; good < 8; good++) {
        rig_init();
        assert_true(put(NV_TIMING, 1));
        rig.nv_power = good;
        assert_false(put(NV_TIMING, 2));
        rig.nv_power = -1;
        assert_int_equal(get(NV_TIMING), 1);
        assert_true(put(NV_TIMING, 3));
        assert_int_equal(get(NV_TIMING), 3);
        rig_restart(LINK_CAUSE_POWER);
        assert_int_equal(get(NV_TIMING), 3);
    }
}

/* A reset tears a record: it is counted at the next start, and neither at the one after nor after a loss of
 * power. */
static void a_torn_record_is_counted_once(void **state)
{
    (void)state;
    rig_init();
    rig_run(LOG_SETTLE_MS + 100); /* the counters are saved */
    for (uint32_t torn = 1; torn <= 3; torn++) {
        rig.nv_power = 7;
        assert_false(put(NV_TIMING, torn));
        rig.nv_power = -1;
        for (unsigned start = 0; start < 4; start++) {
            rig_restart(LINK_CAUSE_PIN);
            assert_int_equal(kept->counters.nv_errors, torn);
        }
        rig_run(LOG_SETTLE_MS + 100);
        rig_power();
        assert_int_equal(kept->counters.nv_errors, torn);
    }
}

/* A year of a busy board in an hour's budget: erases stay far under what flash and EEPROM bear. */
static void wear_is_bounded(void **state)
{
    (void)state;
    rig_init();
    unsigned erases = rig.nv_erases;
    for (unsigned hour = 0; hour < 100; hour++) {
        for (unsigned i = 0; i < 1000; i++) {
            struct value value = {.number = i};
            (void)nv_put(NV_COUNTERS, &value, sizeof value, false);
        }
        rig.ms += 3600000;
        nv_step(rig.ms);
    }
    assert_true(rig.nv_erases - erases <= 100 * (NV_WRITES_HOUR * 28 / (RIG_PAGE - 6 - 28) + 1));
}

/* A board that is reset for ever writes no more than one that is not. */
static void resets_do_not_renew_the_budget(void **state)
{
    (void)state;
    rig_init();
    unsigned octets = rig.nv_octets;
    for (unsigned i = 0; i < 300; i++) {
        rig_restart(LINK_CAUSE_WATCHDOG);
        rig_run(11000); /* it lives for long enough to keep its counters */
    }
    assert_in_range(rig.nv_octets - octets, 1, 4 * NV_WRITES_HOUR * (NV_RECORD_MAX + 4));
}

static void nothing_is_written_while_the_supply_is_low(void **state)
{
    (void)state;
    rig_init();
    rig_run(20);
    rig.supply_mv = 3000;
    rig_run(30);
    unsigned octets = rig.nv_octets;
    assert_int_equal(setting_change(LINK_SETTING_LEASE_S, 77), LINK_NV_FAILED);
    assert_int_equal(setting(LINK_SETTING_LEASE_S), 90);
    rig_run(20000);
    assert_int_equal(rig.nv_octets, octets);
}

static void counters_and_log_survive(void **state)
{
    struct link_log_read_answer entry;
    (void)state;
    rig_init();
    rig_modem_is(0, LINK_MODULE_EC25);
    rig_run(700000);
    uint32_t boots = kept->counters.boots, starts = kept->slots[0].counters.starts;
    assert_int_equal(starts, 1);
    rig_power(); /* loss of power: from NV */
    assert_int_equal(kept->counters.boots, boots + 1);
    assert_int_equal(kept->slots[0].counters.starts, starts);
    rig_run(20000);
    rig_restart(LINK_CAUSE_WATCHDOG);
    assert_int_equal(kept->counters.watchdog_bites, 1);
    assert_int_equal(kept->counters.boots, boots + 2);
    rig_run(11000);
    unsigned count = 0, boots_told = 0;
    for (uint16_t number = 0; log_get(number, &entry); number = (uint16_t)(entry.number + 1), count++) {
        assert_true(entry.number >= number);
        boots_told += entry.code == LINK_LOG_BOOT;
    }
    assert_in_range(boots_told, 2, 3);
    assert_true(count < 50);
}

static void settings_have_bounds(void **state)
{
    (void)state;
    rig_init();
    assert_int_equal(setting_change(LINK_SETTING_COUNT, 1), LINK_BAD_VALUE);
    assert_int_equal(setting_change(LINK_SETTING_BOOT_S, 59), LINK_BAD_VALUE);
    assert_int_equal(setting_change(LINK_SETTING_MODULE_0, LINK_MODULE_COUNT), LINK_BAD_VALUE);
    assert_int_equal(setting_change(LINK_SETTING_SHUT_MV, 3200), LINK_BAD_VALUE);  /* under CUT_MV */
    assert_int_equal(setting_change(LINK_SETTING_START_MV, 3400), LINK_BAD_VALUE); /* no hysteresis */
    assert_int_equal(setting_change(LINK_SETTING_LEASE_S, 120), LINK_OK);
    rig_power();
    assert_int_equal(setting(LINK_SETTING_LEASE_S), 120);
}

/* A setting more or less in the next version leaves the others as they are. */
static void settings_of_another_version_count(void **state)
{
    uint16_t values[LINK_SETTING_COUNT + 1];
    (void)state;
    for (uint8_t count = LINK_SETTING_COUNT - 1; count <= LINK_SETTING_COUNT + 1; count++) {
        rig_init();
        assert_int_equal(setting_change(LINK_SETTING_MODULE_0, LINK_MODULE_EC25), LINK_OK);
        assert_int_equal(setting_change(LINK_SETTING_WATCH_S, 77), LINK_OK); /* the last one */
        for (uint8_t i = 0; i <= LINK_SETTING_COUNT; i++)
            values[i] = i < LINK_SETTING_COUNT ? setting((enum link_setting)i) : 5;
        assert_true(nv_put(NV_SETTINGS, values, (uint8_t)(count * sizeof values[0]), true));
        rig_restart(LINK_CAUSE_PIN);
        assert_int_equal(setting(LINK_SETTING_MODULE_0), LINK_MODULE_EC25);
        assert_int_equal(setting(LINK_SETTING_WATCH_S), count < LINK_SETTING_COUNT ? 60 : 77);
    }
}

static void a_board_without_nv_works(void **state)
{
    struct link_log_read_answer entry;
    (void)state;
    rig_init();
    rig.nv_len = 0;
    rig_power();
    rig_modem_is(0, LINK_MODULE_EC25);
    rig_run(60000);
    assert_int_equal(rig_slot(0).phase, LINK_PHASE_UP);
    assert_true(log_get(0, &entry));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_may_go_at_any_octet),
        cmocka_unit_test(a_page_changes_by_and_by),
        cmocka_unit_test(a_full_page_is_left_alone),
        cmocka_unit_test(a_flipped_bit_is_found),
        cmocka_unit_test(a_torn_change_of_kept_memory_is_taken_back),
        cmocka_unit_test(a_record_behind_one_that_failed_is_found),
        cmocka_unit_test(a_torn_spare_copy_is_whole_again_before_anything_changes),
        cmocka_unit_test(a_torn_record_is_counted_once),
        cmocka_unit_test(wear_is_bounded),
        cmocka_unit_test(resets_do_not_renew_the_budget),
        cmocka_unit_test(nothing_is_written_while_the_supply_is_low),
        cmocka_unit_test(counters_and_log_survive),
        cmocka_unit_test(settings_have_bounds),
        cmocka_unit_test(settings_of_another_version_count),
        cmocka_unit_test(a_board_without_nv_works)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
