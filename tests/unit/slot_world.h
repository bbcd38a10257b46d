/* Boards and slots of the daemon against the real firmware in memory: its UART is a pty's other end, one
 * millisecond is one step of both. One world to a program. */
#ifndef CELLPOST_TEST_SLOT_WORLD_H
#define CELLPOST_TEST_SLOT_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/modem/slot.h"
#include "tests/unit/fw_rig.h"

static struct {
    struct loop *loop;
    struct mcu_set *set;
    struct slot slot;
    int master, slave;
    bool mute;
    uint32_t slow_ms, next_ms;   /* slow: the board takes a request only once in so many; when the next */
    uint8_t seq;                 /* of the last one */
    uint8_t deaf;                /* to requests of this type; 0: to none */
    unsigned heard[LINK_ANSWER]; /* requests that came through, by type */
    struct link_decoder decoder;
    unsigned told, done, news;
    int status;
    char kinds[400];
    uint32_t turn;
} world;

/* ---- the world ---- */

static inline void on_progress(void *arg, struct link_heartbeat *beat)
{
    (void)arg;
    beat->turn = ++world.turn;
}

static inline void on_news(void *arg, const char *board, const char *kind, const char *text)
{
    size_t len = strlen(world.kinds);
    (void)arg;
    (void)text;
    world.news++;
    assert_string_equal(board, "north");
    snprintf(world.kinds + len, sizeof world.kinds - len, "%s ", kind);
}

static inline void on_told(void *arg)
{
    (void)arg;
    world.told++;
}

static inline void on_done(void *arg, int status)
{
    assert_ptr_equal(arg, &world);
    world.done++;
    world.status = status;
}

static inline void wait_for_pty(void)
{
    struct pollfd ends[] = {{.fd = world.master, .events = POLLIN}, {.fd = world.slave, .events = POLLIN}};
    assert_true(poll(ends, 2, 0) >= 0);
}

static inline void put_to_board(const uint8_t *octets, unsigned len)
{
    for (unsigned i = 0; i < len; i++) {
        if (rig.in_at == rig.in_len) {
            rig.in_at = rig.in_len = 0;
        }
        rig.in[rig.in_len++] = octets[i];
    }
}

/* What is not is repeated by the daemon. */
static inline bool is_heard(const struct link_frame *request)
{
    bool again = request->seq == world.seq;
    if ((world.deaf != 0 && request->type == world.deaf) || (!again && rig.ms < world.next_ms)) {
        return false;
    }
    if (!again) {
        world.seq = request->seq;
        world.next_ms = rig.ms + world.slow_ms;
        world.heard[request->type]++;
    }
    return true;
}

/* A frame is passed on whole, or not. */
static inline void pass_on(uint8_t octet)
{
    uint8_t wire[LINK_WIRE_MAX];
    struct link_frame frame;
    if (!link_decode(&world.decoder, octet, &frame) ||
        ((frame.type & LINK_ANSWER) == 0 && !is_heard(&frame))) {
        return;
    }
    put_to_board(wire, link_encode(frame.type, frame.seq, frame.payload, frame.len, wire));
}

static inline void to_board(void)
{
    uint8_t octets[512];
    ssize_t n = read(world.master, octets, sizeof octets);
    for (ssize_t i = 0; i < n && !world.mute; i++) {
        pass_on(octets[i]);
    }
}

static inline void from_board(void)
{
    unsigned len = rig.out_len - rig.out_at;
    if (len > 0 && !world.mute) {
        assert_int_equal(write(world.master, rig.out + rig.out_at, len), len);
    }
    rig.out_len = rig.out_at = 0;
}

static inline void step(uint32_t ms)
{
    clock_advance(ms);
    wait_for_pty();
    loop_turn(world.loop, 0);
    wait_for_pty();
    to_board();
    if (!world.mute) {
        rig_run(ms);
    }
    from_board();
}

static inline void run(uint32_t ms)
{
    while (ms-- > 0) {
        step(1);
    }
}

/* Coarser, for hours. */
static inline void run_s(uint32_t s)
{
    for (uint32_t i = 0; i < s * 20; i++) {
        step(50);
    }
}

static inline uint32_t run_until_done(uint32_t limit_ms)
{
    uint32_t ms = 0;
    while (world.done == 0 && ms < limit_ms) {
        run(1);
        ms++;
    }
    assert_int_equal(world.done, 1);
    return ms;
}

static inline void sync_board(void)
{
    char port[80];
    snprintf(port, sizeof port, "pty:%s", ptsname(world.master));
    const struct mcu_options options = {.name = "north", .port = port, .baud = 115200, .type = ""};
    mcu_set_sync(world.set, &options, 1);
}

static inline void begin(const char *module, const char *timing)
{
    struct termios settings;
    memset(&world, 0, sizeof world);
    log_open(getenv("MODEM_LOG") ? LOG_DEBUG : LOG_ERROR, true, 2);
    clock_fake(1790000000000, 1000000);
    world.loop = loop_new();
    world.set = mcu_set_new(world.loop, on_progress, on_news, NULL);
    world.master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    assert_true(world.master >= 0 && grantpt(world.master) == 0 && unlockpt(world.master) == 0);
    world.slave = open(ptsname(world.master), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    assert_int_equal(tcgetattr(world.slave, &settings), 0);
    cfmakeraw(&settings);
    assert_int_equal(tcsetattr(world.slave, TCSANOW, &settings), 0);
    rig_power();
    const struct slot_options options = {
        .spec = "north:0", .boards = world.set, .module = module, .timing = timing, .told = on_told};
    assert_int_equal(slot_init(&world.slot, world.loop, &options), 0);
    sync_board();
}

static inline int finish(void **state)
{
    (void)state;
    slot_fini(&world.slot);
    mcu_set_free(world.set);
    loop_free(world.loop);
    close(world.master);
    close(world.slave);
    clock_real();
    return 0;
}

static inline int init(void **state)
{
    (void)state;
    rig_init();
    return 0;
}

/* An EC25 that the board did not know of: the daemon says so, the board starts it. */
static inline void begin_up(void)
{
    rig_modem_is(0, LINK_MODULE_EC25);
    assert_int_equal(setting_change(LINK_SETTING_MODULE_0, LINK_MODULE_NONE), LINK_OK);
    begin("ec25", "");
    run(30000);
    assert_int_equal(rig_slot(0).phase, LINK_PHASE_UP);
    assert_false(slot_is_dark(&world.slot));
    world.done = 0;
}

static inline void act(enum slot_act what, uint8_t grace_s)
{
    world.done = 0;
    slot_do(&world.slot, what, grace_s, on_done, &world);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, init, finish)

#endif
