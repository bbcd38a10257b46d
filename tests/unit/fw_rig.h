/* A board in memory around the real firmware: a clock that tests turn, pins with modems behind them, a
 * supply, NV that can lose power in the middle of a write, the UART's two directions. One rig at a time. */
#ifndef CELLPOST_TEST_FW_RIG_H
#define CELLPOST_TEST_FW_RIG_H

#include <setjmp.h>

#include "firmware/firmware.h"
#include "firmware/kept.h"
#include "firmware/lease.h"
#include "firmware/link/client.h"
#include "firmware/log.h"
#include "firmware/nv.h"
#include "firmware/sense.h"
#include "firmware/settings.h"
#include "firmware/slot.h"

#define RIG_PAGE 512

/* A modem as its maker describes it: what a pulse must last, how long it takes to start and to end. */
struct rig_modem {
    enum link_kind kind;
    uint32_t on_ms, off_ms, reset_ms; /* least */
    uint32_t boot_ms, end_ms;
    bool dead;       /* never starts */
    bool stuck;      /* never ends by PWRKEY */
    bool reset_ends; /* RESET only shuts it down */
    bool vbat, key, reset;
    bool on;
    uint32_t vbat_ms, key_ms, reset_ms_at, event_ms; /* since when; event: when it starts or ends */
    unsigned ended_turn;                             /* in which RESET last ended its run */
    enum { RIG_STILL, RIG_STARTING, RIG_ENDING } going;
    /* what was seen */
    uint32_t key_width, reset_width,
        off_width; /* of the last pulse; how long the supply was off before it last came */
    unsigned starts, key_pulses, reset_pulses, vbat_rises;
    unsigned killed;     /* supply gone while on, or together with the RESET that ends it */
    uint32_t rises[512]; /* when the supply came or RESET was pulsed */
    unsigned rise_count;
};

struct rig {
    uint32_t ms;
    uint64_t true_ms; /* does not wrap */
    unsigned turns;   /* steps and starts of the firmware */
    uint16_t caps;
    enum link_cause cause;
    int32_t supply_mv;
    struct rig_modem modems[FIRMWARE_SLOTS];
    bool host_cut, led;
    unsigned host_cuts, feeds, led_blinks;
    uint8_t pin_ms; /* what each call of board_pin takes, on a slow part */
    _Alignas(8) uint8_t kept[BOARD_KEPT_MAX];
    uint8_t nv[2][RIG_PAGE];
    uint16_t nv_len;
    long nv_power; /* octets until power goes; -1: never */
    unsigned nv_octets, nv_erases;
    uint8_t in[4096], out[65536];
    unsigned in_len, in_at, out_len, out_at;
    jmp_buf reset;
    bool reset_armed;
    unsigned resets;
};

extern struct rig rig;

/* A module's modem in the slot, and the firmware set for it. Before rig_power. */
void rig_init(void);
void rig_modem_is(uint8_t slot, enum link_module);
void rig_power(void);              /* the board gets power: nothing kept */
void rig_restart(enum link_cause); /* a reset of the part: pins released, kept memory stays */
void rig_pins_off(void);
void rig_run(uint32_t ms); /* one step each millisecond */
/* Until the slot's phase; returns the ms that passed, or limit. */
uint32_t rig_until(uint8_t slot, enum link_phase, uint32_t limit);
struct link_slot_read_answer rig_slot(uint8_t slot);
enum link_status rig_target(uint8_t slot, enum link_target, uint8_t grace_s); /* with a new request number */
void rig_beat(void);

#endif
