/* Boards that are slow, broken, or not the one of before: they cost little, and nothing is lost by them. */
#include "host/modem/flash.h"
#include "tests/unit/fw_rig_image.h"
#include "tests/unit/slot_world.h"

#define SLOW_MS 700 /* an answer within MCU_REQUEST_MS, hardly */

static struct mcu *board(void)
{
    return mcu_at(world.set, 0);
}

static struct mcu_status status_now(void)
{
    struct mcu_status status;
    mcu_status(board(), &status);
    return status;
}

static struct {
    unsigned ended, good, cancelled;
} asked;

static void on_asked(void *arg, int status, const uint8_t *payload, uint8_t len)
{
    (void)arg;
    (void)payload;
    (void)len;
    asked.ended++;
    asked.good += status == LINK_OK;
    asked.cancelled += status == -ECANCELED;
}

static void begin_slow(void)
{
    begin_up();
    memset(&asked, 0, sizeof asked);
    memset(world.heard, 0, sizeof world.heard);
    world.slow_ms = SLOW_MS;
}

static int ask_slot(uint8_t type)
{
    const uint8_t slot = 0;
    return mcu_request(board(), type, &slot, 1, on_asked, NULL);
}

/* More is asked than it answers: what is too much is refused, what was taken is answered, and the heartbeats
 * come through meanwhile. */
static void test_slow_is_bounded(void **state)
{
    unsigned taken = 0, refused = 0;
    (void)state;
    begin_slow();
    for (unsigned i = 0; i < 300; i++) {
        for (unsigned k = 0; k < 10; k++) {
            int status = ask_slot(LINK_TYPE_SENSE);
            assert_true(status == 0 || status == -EBUSY);
            taken += status == 0;
            refused += status < 0;
        }
        slot_burst(&world.slot, 100);
        run(400);
        assert_in_range(status_now().waiting, 0, MCU_CALLS_MAX + 4);
        assert_int_equal(lease_state(), LINK_LEASE_HELD);
    }
    assert_true(refused > 2000);
    assert_in_range(asked.ended, taken - MCU_CALLS_MAX, taken);
    assert_int_equal(status_now().mutes, 0);
    assert_true(world.heard[LINK_TYPE_HEARTBEAT] > 40);
    act(SLOT_RESET, 0);
    assert_int_equal(world.done, 1);
    assert_int_equal(world.status, -EBUSY);
    assert_non_null(strstr(slot_why(&world.slot), "slow"));
    world.slow_ms = 0;
    run(5000);
    assert_int_equal(asked.good, taken);
    assert_int_equal(status_now().waiting, 0);
}

static void put_target(enum link_target target, uint16_t request)
{
    uint8_t payload[LINK_PAYLOAD_MAX];
    const struct link_slot_target wish = {.target = (uint8_t)target, .request = request};
    assert_int_equal(mcu_request(board(), LINK_TYPE_SLOT_TARGET, payload,
                                 link_put_slot_target(&wish, payload), on_asked, NULL),
                     0);
}

/* A newer target of the slot comes before an older one that has not left; a full queue refuses neither. */
static void test_newer_target_counts(void **state)
{
    (void)state;
    begin_slow();
    run(1);
    while (ask_slot(LINK_TYPE_SENSE) == 0)
        ;
    unsigned waiting = status_now().waiting;
    put_target(LINK_TARGET_OFF, 500);
    put_target(LINK_TARGET_RESET, 501);
    assert_int_equal(status_now().waiting, waiting + 1);
    assert_int_equal(asked.cancelled, 0); /* not from inside */
    run(1);
    assert_int_equal(asked.cancelled, 1);
    world.slow_ms = 0;
    run(10000);
    assert_int_equal(asked.ended, asked.good + 1);
    assert_int_equal(rig.modems[0].reset_pulses, 1);
    assert_int_equal(rig.modems[0].key_pulses, 1); /* it was not ended meanwhile */
    assert_int_equal(rig_slot(0).request, 501);
}

/* A stop of the daemon does not wait behind the rest. */
static void test_slow_is_told_of_a_stop(void **state)
{
    (void)state;
    begin_slow();
    while (ask_slot(LINK_TYPE_SENSE) == 0)
        ;
    mcu_set_maintain(world.set, 3600, on_told, NULL);
    run(3 * SLOW_MS);
    assert_int_equal(lease_state(), LINK_LEASE_MAINTENANCE);
}

static unsigned news_in_s(uint32_t s)
{
    world.news = 0;
    world.kinds[0] = '\0';
    run_s(s);
    return world.news;
}

/* It answers HELLO, and no heartbeat: found and lost, again and again. */
static void test_flapping_is_told_of_a_few_times(void **state)
{
    (void)state;
    begin_up();
    world.deaf = LINK_TYPE_HEARTBEAT;
    world.kinds[0] = '\0';
    run_s(300);
    assert_non_null(strstr(world.kinds, "mute here "));
    assert_non_null(strstr(world.kinds, "unsteady "));
    unsigned mutes = status_now().mutes;
    assert_in_range(news_in_s(3600), 2, 6);
    assert_in_range(status_now().mutes - mutes, 80, 120); /* each 30 s and a little */
    assert_in_range(status_now().waiting, 0, 16);
    assert_in_range(news_in_s(3600), 1, 2);
    world.deaf = 0;
    assert_in_range(news_in_s(700), 1, 2);
    assert_non_null(strstr(world.kinds, "steady "));
    assert_int_equal(status_now().state, MCU_HERE);
    world.mute = true;
    while (status_now().state == MCU_HERE) {
        run(1);
    }
    world.mute = false;
    run_s(3);
    assert_int_equal(status_now().state, MCU_HERE); /* and soon found again */
    world.mute = true;
    assert_int_equal(news_in_s(60), 1); /* told at once again */
    assert_string_equal(world.kinds, "mute ");
}

/* Its own watchdog bites it for ever. */
static void test_endless_restarts_are_told_of_a_few_times(void **state)
{
    (void)state;
    begin_up();
    for (unsigned i = 0; i < 60; i++) {
        rig_restart(LINK_CAUSE_WATCHDOG);
        run_s(7);
    }
    world.news = 0;
    for (unsigned i = 0; i < 500; i++) {
        rig_restart(LINK_CAUSE_WATCHDOG);
        run_s(7);
    }
    assert_in_range(world.news, 1, 6);
    assert_in_range(status_now().restarts, 500, 560);
    assert_int_equal(rig.modems[0].starts, 1);
}

static void on_flash_line(void *arg, const char *text)
{
    (void)arg;
    (void)text;
}

static void on_flash_done(void *arg, const char *error)
{
    (void)error;
    *(bool *)arg = true;
}

static bool flashed;

/* To version 2, over the link or by a tool. */
static void flash_board(const char *loader)
{
    uint8_t image[400];
    char error[256];
    rig_image_make(image, sizeof image, 2, "rig");
    const struct flash_options options = {.loop = world.loop,
                                          .mcu = board(),
                                          .type = "",
                                          .loader = loader,
                                          .folder = "/tmp",
                                          .line = on_flash_line,
                                          .done = on_flash_done,
                                          .arg = &flashed};
    flashed = false;
    const char *why = flash_begin(&options, image, sizeof image, error);
    assert_null(why);
}

/* Nor does what a tool's firmware begins with: the host, silent meanwhile, would be cut. */
static void test_slow_is_told_of_a_tool(void **state)
{
    (void)state;
    begin_slow();
    while (ask_slot(LINK_TYPE_SENSE) == 0)
        ;
    flash_board("true %p %f");
    run(3 * SLOW_MS);
    assert_int_equal(lease_state(), LINK_LEASE_MAINTENANCE);
}

/* It restarts for ever, and a person gives it another firmware: that is told whatever else is left out. */
static void test_firmware_of_an_unsteady_board_is_told(void **state)
{
    (void)state;
    rig.caps |= LINK_CAP_UPDATE;
    begin_up();
    for (unsigned i = 0; i < 60; i++) {
        rig_restart(LINK_CAUSE_WATCHDOG);
        run_s(7);
    }
    world.kinds[0] = '\0';
    flash_board("");
    assert_string_equal(world.kinds, "firmware ");
    run(500);
    world.kinds[0] = '\0';
    for (unsigned i = 0; i < 400 && !flashed; i++) {
        run_s(1);
    }
    assert_true(flashed);
    assert_non_null(strstr(world.kinds, "firmware "));
}

static void run_until_hello(void)
{
    unsigned before = world.heard[LINK_TYPE_HELLO];
    while (world.heard[LINK_TYPE_HELLO] == before) {
        run(1);
    }
    run(10);
}

/* What a board tells after its reset is news, though nobody knows of the reset yet. */
static void test_events_of_a_new_life_are_told(void **state)
{
    (void)state;
    begin_up();
    run_until_hello();
    for (unsigned life = 0; life < 3; life++) {
        world.kinds[0] = '\0';
        rig_restart(LINK_CAUSE_WATCHDOG);
        run(600);
        assert_non_null(strstr(world.kinds, "fault "));
        assert_non_null(strstr(world.kinds, "slot "));
        assert_null(strstr(world.kinds, "restarted "));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_slow_is_bounded),
        TEST(test_newer_target_counts),
        TEST(test_slow_is_told_of_a_stop),
        TEST(test_slow_is_told_of_a_tool),
        TEST(test_events_of_a_new_life_are_told),
        TEST(test_flapping_is_told_of_a_few_times),
        TEST(test_endless_restarts_are_told_of_a_few_times),
        TEST(test_firmware_of_an_unsteady_board_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
