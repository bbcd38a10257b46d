/* Slots of a board: what is asked of them, and what becomes of it. */
#include "tests/unit/slot_world.h"

/* A modem that was ended to be started again: the board has the first half only. */
static void begin_half_a_cycle(void)
{
    begin_up();
    act(SLOT_GRACEFUL, 0);
    run(1000);
    assert_int_equal(rig_slot(0).target, LINK_TARGET_OFF);
}

static void expect_up_again(void)
{
    run(90000);
    assert_int_equal(rig_slot(0).phase, LINK_PHASE_UP);
    assert_int_equal(rig.modems[0].vbat_rises, 2);
    assert_false(slot_is_dark(&world.slot));
}

static void test_module_is_sent(void **state)
{
    (void)state;
    begin_up();
    assert_int_equal(setting_module(0), LINK_MODULE_EC25);
    assert_int_equal(setting_module(1), LINK_MODULE_NONE);
    assert_int_equal(rig.modems[0].starts, 1);
    assert_non_null(strstr(world.kinds, "module "));
}

static void test_custom_times_are_sent(void **state)
{
    struct timing timing;
    (void)state;
    begin("custom",
          "PULSE rise=40 on=520 off=700 reset=200 up_max=9000 down_max=20000 settle=300 min_off=700");
    run(3000);
    assert_int_equal(setting_module(0), LINK_MODULE_CUSTOM);
    assert_true(setting_timing(0, &timing));
    assert_int_equal(timing.on_ms, 520);
    assert_int_equal(timing.min_off_ms, 700);
}

static void test_acts(void **state)
{
    (void)state;
    begin_up();
    assert_true(slot_can(&world.slot, SLOT_RESET));
    act(SLOT_RESET, 0);
    run_until_done(20000);
    assert_int_equal(world.status, 0);
    assert_int_equal(rig.modems[0].reset_pulses, 1);
    assert_int_equal(rig.modems[0].vbat_rises, 1);
    act(SLOT_CUT, 0);
    uint32_t ms = run_until_done(60000);
    assert_int_equal(world.status, 0);
    assert_int_equal(rig.modems[0].vbat_rises, 2);
    assert_in_range(rig.modems[0].off_width, 10000, 11000);
    assert_in_range(ms, 12000, 20000);
    act(SLOT_GRACEFUL, 0);
    run_until_done(90000);
    assert_int_equal(world.status, 0);
    assert_int_equal(rig.modems[0].killed, 1); /* by the cut before */
    assert_int_equal(rig.modems[0].vbat_rises, 3);
    assert_false(slot_was_forced(&world.slot));
    rig.modems[0].stuck = true;
    act(SLOT_GRACEFUL, 0);
    run_until_done(150000);
    assert_int_equal(world.status, 0);
    assert_true(slot_was_forced(&world.slot));
    rig.modems[0].stuck = false;
    act(SLOT_OFF, 0);
    run_until_done(90000);
    assert_int_equal(world.status, 0);
    assert_true(slot_is_dark(&world.slot));
    act(SLOT_ON, 0);
    run_until_done(60000);
    assert_int_equal(world.status, 0);
    assert_false(slot_is_dark(&world.slot));
}

/* The modem ends by its own command within the grace: PWRKEY is not touched. */
static void test_grace(void **state)
{
    (void)state;
    begin_up();
    unsigned pulses = rig.modems[0].key_pulses;
    act(SLOT_OFF, 30);
    run(500);
    rig.modems[0].on = false;
    run_until_done(30000);
    assert_int_equal(world.status, 0);
    assert_int_equal(rig.modems[0].key_pulses, pulses);
}

/* A start on its way is not broken off: the board ends it first, and OFF has the time for both. */
static void test_off_while_it_starts(void **state)
{
    (void)state;
    rig.modems[0].dead = true;
    begin("custom",
          "PULSE rise=40 on=520 off=700 reset=200 up_max=25000 down_max=1000 settle=300 min_off=700");
    for (unsigned ms = 0; ms < 60000 && rig_slot(0).phase != LINK_PHASE_WAIT_STATUS; ms++) {
        run(1);
    }
    act(SLOT_OFF, 0);
    uint32_t ms = run_until_done(60000);
    assert_int_equal(world.status, 0);
    assert_in_range(ms, 20000, 40000);
}

/* The limit of the hour: refused at once, and not done later either. */
static void test_rate_is_refused(void **state)
{
    (void)state;
    begin_up();
    int status = 0;
    unsigned acts = 0;
    for (; status == 0 && acts < 30; acts++) {
        act(SLOT_RESET, 0);
        run_until_done(60000);
        status = world.status;
    }
    assert_int_equal(status, -EAGAIN);
    assert_in_range(acts, 12, 13);
    assert_non_null(strstr(slot_why(&world.slot), "RATE"));
    unsigned pulses = rig.modems[0].reset_pulses;
    run(100);
    rig_run(4300 * 1000); /* without the daemon: faster */
    assert_int_equal(rig.modems[0].reset_pulses, pulses);
    assert_int_equal(rig_slot(0).phase, LINK_PHASE_UP);
}

static void test_dead_modem(void **state)
{
    (void)state;
    begin_up();
    rig.modems[0].dead = true;
    act(SLOT_CUT, 0);
    run_until_done(200000);
    assert_int_equal(world.status, -EIO);
}

/* A low supply: nothing is to be sent; lower: the modem is ended, and comes back by itself. */
static void test_supply(void **state)
{
    (void)state;
    begin_up();
    rig.supply_mv = 3450;
    run(100);
    assert_true(slot_is_low(&world.slot));
    act(SLOT_CUT, 0);
    run_until_done(1000);
    assert_int_equal(world.status, -EAGAIN);
    assert_non_null(strstr(slot_why(&world.slot), "LOW_SUPPLY"));
    rig.supply_mv = 3000;
    run(1000);
    assert_true(slot_is_dark(&world.slot));
    rig.supply_mv = 4000;
    run(70000);
    assert_false(slot_is_low(&world.slot));
    assert_false(slot_is_dark(&world.slot));
    struct mcu_status status;
    mcu_status(mcu_at(world.set, 0), &status);
    assert_int_equal(status.brown_outs, 1);
}

/* A board of another protocol is told and left alone, but for a HELLO now and then. */
static void test_other_protocol(void **state)
{
    struct mcu_status status;
    struct link_decoder decoder = {0};
    struct link_frame frame;
    uint8_t octets[256], wire[LINK_WIRE_MAX];
    const uint8_t answer[] = {LINK_BAD_VERSION, 7};
    unsigned hellos = 0;
    (void)state;
    begin("ec25", "");
    for (unsigned ms = 0; ms < 20000; ms++) {
        clock_advance(1);
        wait_for_pty();
        loop_turn(world.loop, 0);
        wait_for_pty();
        ssize_t n = read(world.master, octets, sizeof octets);
        for (ssize_t i = 0; i < n; i++) {
            if (link_decode(&decoder, octets[i], &frame)) {
                assert_int_equal(frame.type, LINK_TYPE_HELLO);
                uint8_t len =
                    link_encode(LINK_TYPE_HELLO | LINK_ANSWER, frame.seq, answer, sizeof answer, wire);
                assert_int_equal(write(world.master, wire, len), len);
                hellos++;
            }
        }
    }
    mcu_status(mcu_at(world.set, 0), &status);
    assert_int_equal(status.state, MCU_REFUSED);
    assert_non_null(strstr(status.condition, "protocol 7"));
    assert_in_range(hellos, 4, 7);
    assert_false(slot_can(&world.slot, SLOT_CUT));
    assert_string_equal(world.kinds, "refused ");
}

/* Whole frames of any type and content, answers among them: nothing breaks, and the board is found again. */
static void test_any_frames(void **state)
{
    uint8_t payload[LINK_PAYLOAD_MAX], wire[LINK_WIRE_MAX];
    (void)state;
    begin_up();
    srandom(1);
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t type = (uint8_t)(i % 2 == 0 ? LINK_EVENT_FIRST + random() % 6 : random());
        uint8_t len = (uint8_t)(random() % (LINK_PAYLOAD_MAX + 1));
        for (uint8_t k = 0; k < len; k++) {
            payload[k] = (uint8_t)(random() % 4 == 0 ? random() : random() % 6);
        }
        len = link_encode(type, (uint8_t)(i % 4 == 1 ? rig.in[2] : random()), payload, len, wire);
        assert_int_equal(write(world.master, wire, len), len);
        if (i % 7 == 0) {
            act((enum slot_act)(random() % SLOT_ACTS), 1);
        }
        run(2);
    }
    run(MCU_REST_MAX_MS + 20000);
    world.done = 0;
    act(SLOT_ON, 0);
    run_until_done(200000);
    assert_non_null(slot_mcu(&world.slot));
}

/* A mute board: what is asked ends, what follows fails at once, and it is found again. */
static void test_mute(void **state)
{
    (void)state;
    begin_up();
    act(SLOT_CUT, 0);
    run(500);
    world.mute = true;
    uint32_t ms = run_until_done(10000);
    assert_int_equal(world.status, -ENOTCONN);
    assert_true(ms <= MCU_BEAT_MS + MCU_REQUEST_MS + 500);
    assert_null(slot_mcu(&world.slot));
    assert_false(slot_can(&world.slot, SLOT_CUT));
    act(SLOT_CUT, 0);
    assert_int_equal(world.done, 1);
    assert_string_equal(slot_why(&world.slot), "north:0: the board is not here");
    world.mute = false;
    run(MCU_REST_MAX_MS + 1000);
    assert_non_null(slot_mcu(&world.slot));
    assert_int_equal(rig_slot(0).phase, LINK_PHASE_UP);
}

/* A reload takes the board away while requests are on their way: each ends, and a new one is found. */
static void test_removed(void **state)
{
    (void)state;
    begin_up();
    act(SLOT_GRACEFUL, 0);
    slot_measure(&world.slot, on_told);
    slot_burst(&world.slot, 100);
    mcu_set_sync(world.set, NULL, 0);
    assert_int_equal(world.done, 1);
    assert_int_equal(world.status, -ENOTCONN);
    assert_null(slot_mcu(&world.slot));
    sync_board();
    run(3000);
    act(SLOT_GRACEFUL, 0);
    run(1000);
    mcu_set_sync(world.set, NULL, 0);
    assert_int_equal(world.done, 1);
    sync_board();
    expect_up_again();
}

/* A board that was reset between two heartbeats is known for it; its events count anew. */
static void test_restart(void **state)
{
    struct mcu_status status;
    (void)state;
    begin_up();
    rig_restart(LINK_CAUSE_WATCHDOG);
    run(4 * 2 * MCU_BEAT_MS);
    mcu_status(mcu_at(world.set, 0), &status);
    assert_int_equal(status.restarts, 1);
    assert_int_equal(status.replaced, 0);
    assert_int_equal(status.mutes, 0);
    act(SLOT_RESET, 0);
    run_until_done(30000);
    assert_int_equal(world.status, 0);
}

/* What was switched off stays so when the board has lost its memory of it. */
static void test_off_is_told_again(void **state)
{
    (void)state;
    begin_up();
    act(SLOT_OFF, 0);
    run_until_done(90000);
    rig_power();
    rig.modems[0].on = false;
    run(40000);
    assert_int_equal(rig_slot(0).phase, LINK_PHASE_OFF);
    assert_int_equal(rig_slot(0).target, LINK_TARGET_OFF);
    act(SLOT_ON, 0);
    run_until_done(60000);
    rig_power();
    run(40000);
    assert_int_equal(rig_slot(0).phase, LINK_PHASE_UP);
}

/* Another daemon at the same board; the one before ended by itself, or (mute) had no time to say anything. */
static void begin_anew(bool crash)
{
    world.mute = crash;
    slot_fini(&world.slot);
    run(20);
    mcu_set_free(world.set);
    world.mute = false;
    world.set = mcu_set_new(world.loop, on_progress, on_news, NULL);
    const struct slot_options options = {
        .spec = "north:0", .boards = world.set, .module = "ec25", .timing = "", .told = on_told};
    assert_int_equal(slot_init(&world.slot, world.loop, &options), 0);
    sync_board();
}

static void test_half_a_cycle_mute(void **state)
{
    (void)state;
    begin_half_a_cycle();
    world.mute = true;
    run_until_done(10000);
    assert_int_equal(world.status, -ENOTCONN);
    world.mute = false;
    expect_up_again();
}

static void test_half_a_cycle_reload(void **state)
{
    (void)state;
    begin_half_a_cycle();
    slot_fini(&world.slot);
    const struct slot_options options = {
        .spec = "north:0", .boards = world.set, .module = "ec25", .timing = "", .told = on_told};
    assert_int_equal(slot_init(&world.slot, world.loop, &options), 0);
    expect_up_again();
}

static void test_half_a_cycle_crash(void **state)
{
    (void)state;
    begin_half_a_cycle();
    begin_anew(true);
    expect_up_again();
}

/* Another's OFF in the middle of it is no half: it holds. */
static void test_half_a_cycle_superseded(void **state)
{
    (void)state;
    begin_half_a_cycle();
    const struct link_slot_target other = {.target = LINK_TARGET_OFF, .request = 9999};
    assert_int_equal(slot_target(&other, rig.ms), LINK_OK);
    run_until_done(60000);
    assert_int_equal(world.status, -ECANCELED);
    run(40000);
    assert_int_equal(rig_slot(0).phase, LINK_PHASE_OFF);
}

static struct {
    bool done;
    int status;
} hand;

static void on_hand_told(void *arg)
{
    (void)arg;
}

static void on_hand_done(void *arg, int status)
{
    (void)arg;
    hand.done = true;
    hand.status = status;
}

/* The same before the first half has left: both ask at once, as a ladder and a person may. */
static void test_half_a_cycle_overtaken(void **state)
{
    struct slot person;
    (void)state;
    begin_up();
    hand.done = false;
    const struct slot_options options = {
        .spec = "north:0", .boards = world.set, .module = "", .timing = "", .told = on_hand_told};
    assert_int_equal(slot_init(&person, world.loop, &options), 0);
    run(1000);
    act(SLOT_GRACEFUL, 0);
    slot_do(&person, SLOT_OFF, 0, on_hand_done, NULL);
    run_until_done(60000);
    assert_int_equal(world.status, -ECANCELED);
    run(90000);
    assert_true(hand.done);
    assert_int_equal(hand.status, 0);
    assert_int_equal(rig_slot(0).phase, LINK_PHASE_OFF);
    slot_fini(&person);
}

/* What a person switched off is nobody's half. */
static void test_off_outlives_the_daemon(void **state)
{
    (void)state;
    begin_up();
    act(SLOT_OFF, 0);
    run_until_done(90000);
    begin_anew(false);
    run(40000);
    assert_int_equal(rig_slot(0).phase, LINK_PHASE_OFF);
    rig_power(); /* which the board forgets it by, the daemon that found it so does not */
    rig.modems[0].on = false;
    run(40000);
    assert_int_equal(rig_slot(0).phase, LINK_PHASE_OFF);
    assert_int_equal(rig_slot(0).target, LINK_TARGET_OFF);
}

/* Requests are numbered from what the board has seen: a daemon that starts anew is obeyed. */
static void test_new_daemon(void **state)
{
    (void)state;
    begin_up();
    act(SLOT_RESET, 0);
    run_until_done(30000);
    slot_fini(&world.slot);
    const struct slot_options options = {
        .spec = "north:0", .boards = world.set, .module = "", .timing = "", .told = on_told};
    assert_int_equal(slot_init(&world.slot, world.loop, &options), 0);
    act(SLOT_RESET, 0);
    run_until_done(30000);
    assert_int_equal(world.status, 0);
    assert_int_equal(rig.modems[0].reset_pulses, 2);
}

/* Somebody else's target comes in between. */
static void test_superseded(void **state)
{
    (void)state;
    begin_up();
    act(SLOT_CUT, 0);
    run(1000);
    const struct link_slot_target other = {.target = LINK_TARGET_OFF, .request = 9999};
    assert_int_equal(slot_target(&other, rig.ms), LINK_OK);
    run_until_done(60000);
    assert_int_equal(world.status, -ECANCELED);
}

static void expect_cannot(const char *why)
{
    struct slot slot;
    const struct slot_options options = {
        .spec = "north:3", .boards = world.set, .module = "", .timing = "", .told = on_told};
    assert_int_equal(slot_init(&slot, world.loop, &options), 0);
    world.done = 0;
    slot_do(&slot, SLOT_CUT, 0, on_done, &world);
    assert_int_equal(world.done, 1);
    assert_int_equal(world.status, -ENOTCONN);
    assert_string_equal(slot_why(&slot), why);
    slot_fini(&slot);
}

/* What cannot be done is said in the board's own words. */
static void test_cannot(void **state)
{
    struct link_hello_answer *hello;
    (void)state;
    begin_up();
    hello = (struct link_hello_answer *)(uintptr_t)mcu_hello(mcu_at(world.set, 0));
    expect_cannot("north:3: no module is configured there");
    hello->slots = 2; /* until the next HELLO */
    expect_cannot("north:3: the board has no such slot");
}

static void test_burst(void **state)
{
    (void)state;
    begin_up();
    slot_burst(&world.slot, 1000);
    run(50);
    rig.supply_mv = 3700;
    run(50);
    rig.supply_mv = 4000;
    run(50);
    assert_null(slot_sense(&world.slot));
    world.told = 0;
    slot_measure(&world.slot, on_told);
    run(50);
    assert_int_equal(world.told, 1);
    assert_int_equal(slot_sense(&world.slot)->supply_min_mv, 3700);
}

static void test_maintenance(void **state)
{
    (void)state;
    begin_up();
    assert_int_equal(lease_state(), LINK_LEASE_HELD);
    world.told = 0;
    mcu_set_maintain(world.set, 3600, on_told, NULL);
    run(50);
    assert_int_equal(world.told, 1);
    assert_int_equal(lease_state(), LINK_LEASE_MAINTENANCE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_module_is_sent),
        TEST(test_custom_times_are_sent),
        TEST(test_acts),
        TEST(test_grace),
        TEST(test_off_while_it_starts),
        TEST(test_rate_is_refused),
        TEST(test_dead_modem),
        TEST(test_supply),
        TEST(test_mute),
        TEST(test_removed),
        TEST(test_restart),
        TEST(test_new_daemon),
        TEST(test_superseded),
        TEST(test_cannot),
        TEST(test_burst),
        TEST(test_maintenance),
        TEST(test_off_is_told_again),
        TEST(test_half_a_cycle_mute),
        TEST(test_half_a_cycle_reload),
        TEST(test_half_a_cycle_crash),
        TEST(test_half_a_cycle_superseded),
        TEST(test_half_a_cycle_overtaken),
        TEST(test_off_outlives_the_daemon),
        TEST(test_other_protocol),
        TEST(test_any_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
