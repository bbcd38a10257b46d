/* Images: taken whole or not at all, power lost at any octet, repeats, what is refused, the ways back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fw_rig_image.h"

#include "firmware/fault.h"
#include "firmware/image.h"
#include "firmware/update.h"

#define LEN 500

static uint8_t image[LEN];
static struct link_update_begin whole;

static void begin(void)
{
    rig_init();
    rig.caps |= LINK_CAP_UPDATE;
    rig_run(12000); /* slots are at rest: nothing holds a reset up */
    whole = (struct link_update_begin){.size = LEN, .version = 2};
    whole.crc32 = rig_image_make(image, LEN, 2, "rig");
}

static enum link_status piece(uint32_t offset, uint8_t len)
{
    struct link_update_data data = {.offset = offset, .data = {.len = len}};
    memcpy(data.data.octets, image + offset, len);
    return update_data(&data);
}

static enum link_status end(void)
{
    enum link_status status;
    while ((status = update_end()) == LINK_BUSY)
        rig_run(1);
    return status;
}

static enum link_status take(void)
{
    enum link_status status = update_begin(&whole);
    for (uint32_t at = update_offset(); status == LINK_OK && at < LEN; at = update_offset())
        status = piece(at, (uint8_t)(LEN - at < 61 ? LEN - at : 61));
    return status == LINK_OK ? end() : status;
}

static enum link_status take_and_test(void)
{
    enum link_status status = take();
    return status == LINK_OK ? update_test() : status;
}

/* Until the firmware resets the board. */
static void wait_reset(void)
{
    unsigned resets = rig.resets;
    for (uint32_t ms = 0; rig.resets == resets && ms < UPDATE_WAIT_MS; ms++)
        rig_run(1);
    assert_int_equal(rig.resets, resets + 1);
}

static enum link_status confirm(void)
{
    rig_run(1000);
    rig_beat();
    return update_confirm();
}

static void a_good_image_is_kept(void **state)
{
    (void)state;
    begin();
    rig_modem_is(0, LINK_MODULE_EC25);
    rig_run(40000);
    assert_true(rig.modems[0].on);
    assert_int_equal(take_and_test(), LINK_OK);
    rig_run(UPDATE_RESET_MS - 1);
    assert_int_equal(rig.cause, LINK_CAUSE_POWER);
    rig_run(1);
    assert_int_equal(rig.cause, LINK_CAUSE_UPDATE);
    assert_int_equal(rig_image_version(), 2);
    assert_int_equal(update_begin(&whole), LINK_BUSY);
    assert_int_equal(update_confirm(), LINK_BUSY); /* no host yet */
    assert_int_equal(confirm(), LINK_OK);
    assert_int_equal(update_confirm(), LINK_OK);
    assert_int_equal(kept->counters.updates, 1);
    rig_restart(LINK_CAUSE_WATCHDOG);
    rig_run(UPDATE_CONFIRM_MS + 1000);
    assert_int_equal(rig_image_version(), 2);
    assert_int_equal(rig.resets, 3);
    assert_true(rig.modems[0].on);
    assert_int_equal(rig.modems[0].killed, 0);
    assert_int_equal(rig.modems[0].starts, 1);
}

static void one_that_is_not_confirmed_is_left(void **state)
{
    (void)state;
    begin();
    assert_int_equal(take_and_test(), LINK_OK);
    rig_run(UPDATE_RESET_MS);
    assert_int_equal(rig_image_version(), 2);
    rig_run(UPDATE_CONFIRM_MS - 1);
    rig_beat(); /* a host is there, and does not confirm */
    assert_int_equal(rig_image_version(), 2);
    wait_reset();
    assert_int_equal(rig_image_version(), 1);
    assert_int_equal(update_confirm(), LINK_BAD_IMAGE);
    assert_int_equal(take_and_test(), LINK_OK); /* another try */
    wait_reset();
    assert_int_equal(confirm(), LINK_OK);
    assert_int_equal(rig_image_version(), 2);
}

static void any_reset_under_test_leaves_it(void **state)
{
    static const enum link_cause causes[] = {LINK_CAUSE_WATCHDOG, LINK_CAUSE_PIN, LINK_CAUSE_BROWN_OUT,
                                             LINK_CAUSE_POWER};
    (void)state;
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
        begin();
        assert_int_equal(take_and_test(), LINK_OK);
        rig_run(UPDATE_RESET_MS + 5);
        rig_beat();
        rig_restart(causes[i]);
        assert_int_equal(rig_image_version(), 1);
        assert_int_equal(rig.cause, causes[i]);
    }
}

/* fault() between UPDATE_TEST and its reset makes the reset: the image is under test all the same. */
static void a_fault_on_the_way_hides_no_test(void **state)
{
    (void)state;
    begin();
    assert_int_equal(take_and_test(), LINK_OK);
    if (setjmp(rig.reset) == 0) {
        rig.reset_armed = true;
        fault(BOARD_TEXT("on the way"));
    }
    rig_restart(LINK_CAUSE_PIN);
    assert_int_equal(fault_cause(), LINK_CAUSE_FAULT);
    assert_int_equal(rig_image_version(), 2);
    rig_run(UPDATE_CONFIRM_MS + UPDATE_RESET_MS);
    assert_int_equal(rig_image_version(), 1);
}

/* Cut at every change of the places or marks: what runs is whole, and the update succeeds afterwards. */
static void power_may_go_at_any_octet(void **state)
{
    unsigned old = 0, new = 0;
    (void)state;
    for (long power = 0; power < 3000; power++) {
        begin();
        rig_image.power = power;
        enum link_status status = take_and_test();
        rig_run(UPDATE_RESET_MS);
        if (status == LINK_OK)
            status = confirm();
        if (status == LINK_OK && rig_image.power > 0)
            break;
        rig_image.power = -1;
        rig_power();
        uint16_t version = rig_image_version();
        old += version == 1;
        new += version == 2;
        if (rig.cause == LINK_CAUSE_UPDATE)
            rig_restart(LINK_CAUSE_POWER);
        if (rig_image_version() == 1) {
            assert_int_equal(take_and_test(), LINK_OK);
            wait_reset();
            assert_int_equal(confirm(), LINK_OK);
        }
        assert_int_equal(rig_image_version(), 2);
    }
    assert_int_equal(old, RIG_IMAGE_MAX + LEN + 2); /* erased, written, marked; not confirmed */
    assert_int_equal(new, 1);
}

/* ---- what is refused ---- */

static enum link_status with_header(size_t at, uint8_t value, bool mend)
{
    struct image_header header;
    begin();
    image[at] = value;
    if (mend) {
        uint32_t crc = image_crc32(0, image, IMAGE_HEADER_LEN - 4);
        for (uint8_t i = 0; i < 4; i++)
            image[IMAGE_HEADER_LEN - 4 + i] = (uint8_t)(crc >> 8 * i);
        (void)image_header_get(&header, image);
    }
    whole.crc32 = image_crc32(0, image, LEN);
    enum link_status status = take();
    assert_int_equal(update_test(), LINK_BAD_IMAGE);
    return status;
}

static void a_header_must_fit(void **state)
{
    (void)state;
    begin();
    assert_int_equal(take(), LINK_OK);
    assert_int_equal(with_header(offsetof(struct image_header, board), 'x', true), LINK_BAD_IMAGE);
    assert_int_equal(with_header(offsetof(struct image_header, board) + 3, 'x', true), LINK_BAD_IMAGE);
    assert_int_equal(with_header(offsetof(struct image_header, magic), 0, true), LINK_BAD_IMAGE);
    assert_int_equal(with_header(offsetof(struct image_header, version), 3, true), LINK_BAD_IMAGE);
    assert_int_equal(with_header(offsetof(struct image_header, size), 3, true), LINK_BAD_IMAGE);
    assert_int_equal(with_header(offsetof(struct image_header, begin), 4, true), LINK_BAD_IMAGE);
    assert_int_equal(with_header(offsetof(struct image_header, crc32), 1, false), LINK_BAD_IMAGE);
    begin();
    assert_int_equal(update_begin(&whole), LINK_OK);
    assert_int_equal(piece(0, IMAGE_HEADER_LEN - 1), LINK_BAD_IMAGE);
    assert_int_equal(piece(0, 61), LINK_BAD_IMAGE); /* that ended it */
}

static void sizes_order_and_check_value(void **state)
{
    (void)state;
    begin();
    whole.size = RIG_IMAGE_MAX + 1;
    assert_int_equal(update_begin(&whole), LINK_BAD_IMAGE);
    whole.size = IMAGE_HEADER_LEN;
    assert_int_equal(update_begin(&whole), LINK_BAD_IMAGE);
    assert_int_equal(piece(0, 61), LINK_BAD_IMAGE);
    whole.size = LEN;
    assert_int_equal(update_begin(&whole), LINK_OK);
    assert_int_equal(piece(61, 61), LINK_BAD_IMAGE);
    assert_int_equal(piece(0, 61), LINK_OK);
    assert_int_equal(piece(60, 61), LINK_BAD_IMAGE);
    assert_int_equal(piece(122, 61), LINK_BAD_IMAGE);
    assert_int_equal(end(), LINK_BAD_IMAGE);
    assert_int_equal(take(), LINK_OK);
    struct link_update_data more = {.offset = LEN, .data = {.len = 1}};
    assert_int_equal(update_data(&more), LINK_BAD_IMAGE);
    begin();
    whole.crc32 ^= 1;
    assert_int_equal(take_and_test(), LINK_BAD_IMAGE);
    whole.crc32 ^= 1;
    assert_int_equal(take(), LINK_OK);
}

static void what_lies_there_is_what_counts(void **state)
{
    (void)state;
    begin();
    rig_image.bad_octet = 333;
    assert_int_equal(take_and_test(), LINK_BAD_IMAGE);
    rig_image.bad_octet = -1;
    assert_int_equal(take_and_test(), LINK_OK);
}

static void nothing_is_written_while_the_supply_is_low(void **state)
{
    (void)state;
    begin();
    rig_run(100);
    rig.supply_mv = 3000;
    rig_run(100);
    assert_int_equal(update_begin(&whole), LINK_LOW_SUPPLY);
    rig.supply_mv = 4000;
    rig_run(100);
    assert_int_equal(update_begin(&whole), LINK_OK);
    assert_int_equal(piece(0, 61), LINK_OK);
    rig.supply_mv = 3000;
    rig_run(100);
    assert_int_equal(piece(61, 61), LINK_LOW_SUPPLY);
    rig.supply_mv = 4000;
    rig_run(100);
    assert_int_equal(take(), LINK_OK);
    rig.supply_mv = 3000;
    rig_run(100);
    assert_int_equal(update_test(), LINK_LOW_SUPPLY);
    rig.supply_mv = 4000;
    rig_run(100);
    assert_int_equal(update_test(), LINK_OK);
    rig_run(UPDATE_RESET_MS);
    rig.supply_mv = 3000;
    assert_int_equal(confirm(), LINK_LOW_SUPPLY);
}

/* ---- repeats, waits, ways back ---- */

static void repeats_do_no_harm(void **state)
{
    (void)state;
    begin();
    assert_int_equal(update_begin(&whole), LINK_OK);
    assert_int_equal(piece(0, 61), LINK_OK);
    assert_int_equal(piece(0, 61), LINK_OK);
    assert_int_equal(update_offset(), 61);
    assert_int_equal(update_begin(&whole), LINK_OK); /* goes on where it stood */
    assert_int_equal(update_offset(), 61);
    assert_int_equal(take(), LINK_OK);
    assert_int_equal(update_end(), LINK_OK);
    assert_int_equal(update_test(), LINK_OK);
    assert_int_equal(update_test(), LINK_OK);
    assert_int_equal(update_end(), LINK_OK);
    assert_int_equal(kept->counters.updates, 1);
    assert_int_equal(update_begin(&whole), LINK_BUSY);
    begin();
    assert_int_equal(update_begin(&whole), LINK_OK);
    assert_int_equal(piece(0, 61), LINK_OK);
    whole.crc32 = rig_image_make(image, LEN, whole.version = 3, "rig");
    assert_int_equal(update_begin(&whole), LINK_OK); /* another one */
    assert_int_equal(update_offset(), 0);
    assert_int_equal(take_and_test(), LINK_OK);
    rig_run(UPDATE_RESET_MS);
    assert_int_equal(rig_image_version(), 3);
}

static void the_reset_waits_for_slots(void **state)
{
    (void)state;
    begin();
    rig_modem_is(0, LINK_MODULE_SIM7600);
    (void)rig_until(0, LINK_PHASE_PULSE_ON, 60000);
    assert_int_equal(take_and_test(), LINK_OK);
    rig_run(15000);
    assert_int_equal(rig_slot(0).phase, LINK_PHASE_WAIT_STATUS);
    assert_int_equal(rig_image_version(), 1);
    (void)rig_until(0, LINK_PHASE_UP, 60000);
    rig_run(1);
    assert_int_equal(rig_image_version(), 2);
    assert_true(rig.modems[0].on);
    assert_int_equal(rig.modems[0].key_pulses, 1);
}

static void there_is_a_way_back_at_each_step(void **state)
{
    (void)state;
    begin();
    assert_int_equal(update_revert(), LINK_BAD_IMAGE);
    assert_int_equal(update_begin(&whole), LINK_OK);
    assert_int_equal(update_revert(), LINK_OK);
    assert_int_equal(piece(0, 61), LINK_BAD_IMAGE);
    assert_int_equal(take(), LINK_OK);
    assert_int_equal(update_revert(), LINK_OK);
    assert_int_equal(update_test(), LINK_BAD_IMAGE);
    assert_int_equal(take_and_test(), LINK_OK);
    assert_int_equal(update_revert(), LINK_OK); /* before the reset: none comes */
    rig_run(1000);
    assert_int_equal(rig.resets, 1);
    rig_restart(LINK_CAUSE_PIN);
    assert_int_equal(rig_image_version(), 1);
    assert_int_equal(take_and_test(), LINK_OK);
    wait_reset();
    assert_int_equal(rig_image_version(), 2);
    assert_int_equal(update_revert(), LINK_OK);
    assert_int_equal(update_revert(), LINK_OK);
    assert_int_equal(confirm(), LINK_BAD_IMAGE);
    wait_reset();
    assert_int_equal(rig_image_version(), 1);
}

/* ---- any order of anything ---- */

static uint32_t seed;

static uint32_t draw(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

static void random_piece(void)
{
    uint32_t offset = draw(4) == 0 ? draw(LEN) : update_offset();
    uint8_t len = (uint8_t)(draw(8) == 0 ? draw(65) : 61);
    if (offset < LEN)
        (void)piece(offset, (uint8_t)(LEN - offset < len ? LEN - offset : len));
}

static void random_act(uint16_t *kept_version)
{
    static const enum link_cause causes[] = {LINK_CAUSE_WATCHDOG, LINK_CAUSE_PIN, LINK_CAUSE_POWER};
    switch (draw(40)) {
    case 0:
        if (take_and_test() == LINK_OK)
            rig_run(draw(15000)); /* slots may be on their way yet */
        break;
    case 1:
        whole.version = (uint16_t)(2 + draw(3));
        whole.crc32 = rig_image_make(image, LEN, whole.version, "rig");
        break;
    case 2: (void)update_begin(&whole); break;
    case 3: (void)update_end(); break;
    case 4: (void)update_test(); break;
    case 5: (void)update_revert(); break;
    case 6:
        rig_beat();
        if (update_confirm() == LINK_OK)
            *kept_version = rig_image_version();
        break;
    case 7: rig_restart(causes[draw(3)]); break;
    case 8: rig_power(); break;
    case 9: rig_run(draw(UPDATE_CONFIRM_MS / 8)); break;
    case 10: rig.supply_mv = draw(2) == 0 ? 3000 : 4000; break;
    case 11: rig_image.bad_octet = draw(3) == 0 ? (long)draw(LEN) : -1; break;
    case 12: rig_run(1 + draw(200)); break;
    default: random_piece(); break;
    }
}

/* What runs is whole; it is the one that was kept last, or is under test. */
static void nothing_runs_but_what_was_kept_or_is_tested(void **state)
{
    unsigned tests = 0, kept_ones = 0;
    (void)state;
    for (uint32_t sequence = 1; sequence <= 100; sequence++) {
        uint16_t kept_version = 1;
        seed = sequence;
        begin();
        for (unsigned i = 0; i < 150; i++) {
            uint16_t before = kept_version;
            random_act(&kept_version);
            kept_ones += kept_version != before;
            tests += rig_image.testing;
            if (!rig_image.testing)
                assert_int_equal(rig_image_version(), kept_version);
            else
                assert_int_equal(rig.cause, LINK_CAUSE_UPDATE);
        }
    }
    assert_true(tests > 100 && kept_ones > 20); /* it came to that */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_good_image_is_kept),
                                       cmocka_unit_test(one_that_is_not_confirmed_is_left),
                                       cmocka_unit_test(any_reset_under_test_leaves_it),
                                       cmocka_unit_test(a_fault_on_the_way_hides_no_test),
                                       cmocka_unit_test(power_may_go_at_any_octet),
                                       cmocka_unit_test(a_header_must_fit),
                                       cmocka_unit_test(sizes_order_and_check_value),
                                       cmocka_unit_test(what_lies_there_is_what_counts),
                                       cmocka_unit_test(nothing_is_written_while_the_supply_is_low),
                                       cmocka_unit_test(repeats_do_no_harm),
                                       cmocka_unit_test(the_reset_waits_for_slots),
                                       cmocka_unit_test(there_is_a_way_back_at_each_step),
                                       cmocka_unit_test(nothing_runs_but_what_was_kept_or_is_tested)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
