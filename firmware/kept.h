/* What survives a reset without loss of power: counters not yet in NV, limits, targets, the fault's text.
 * Two copies, each checked by a CRC, so that a reset in the middle of a change costs the change at most; what
 * is whole in neither is begun anew. */
#ifndef CELLPOST_FIRMWARE_KEPT_H
#define CELLPOST_FIRMWARE_KEPT_H

#include "firmware/board.h"

#define KEPT_BINS 7 /* ten minutes each: the present one and the last hour */

/* The same fields as the link's answers, in the same order. */
struct counters {
    LINK_COUNTERS(LINK_MEMBER)
};
struct slot_counters {
    LINK_SLOT_COUNTERS(LINK_MEMBER)
};

struct kept_slot {
    struct slot_counters counters;
    uint16_t request; /* the last that acted */
    uint8_t target;   /* LINK_TARGET_OFF or LINK_TARGET_ON */
    uint8_t running;  /* it was up, as far as was known */
    uint8_t wish;     /* LINK_TARGET_CYCLE or LINK_TARGET_RESET still to be done; all else: none */
    uint8_t bins[KEPT_BINS];
};

struct kept {
    uint16_t magic, crc;
    struct counters counters;
    struct kept_slot slots[FIRMWARE_SLOTS];
    uint16_t nv_generation, nv_damaged; /* of the page in use: its damaged records are counted */
    uint8_t host_cycles;                /* cuts since the last heartbeat */
    uint8_t nv_written;                 /* records written to NV unasked in this hour */
    uint8_t fault_pending;
    uint8_t late; /* tasks that had not checked in when the watchdog was last fed; not in the CRC's care */
    char fault[LINK_TEXT_LEN + 1];
};

extern struct kept *kept; /* after a change: kept_close */

bool kept_start(void); /* false: nothing was kept, all is zero and each slot's target is ON */
void kept_close(void);
/* Adds one, saturating, and marks the counters for NV. */
void kept_count(uint32_t *counter);
bool kept_dirty(void);
void kept_clean(void);

#endif
