/* Small records in two pages of NV: written as a log, the newest of a key counts. A record is whole or is not
 * there: its CRC is written last. When a page is full the living records move to the other page, whose head
 * is written last; power may go at any octet.
 *
 * Keys of the log's entries are many (NV_LOG); of the others one each. Nothing is written while the supply is
 * low (nv_hold), and at most NV_WRITES_HOUR records an hour besides those of the operator, the board's own
 * resets included: each makes the present hour longer. */
#ifndef CELLPOST_FIRMWARE_NV_H
#define CELLPOST_FIRMWARE_NV_H

#include "firmware/board.h"

#define NV_RECORD_MAX  48
#define NV_LOG_KEEP    8    /* entries that move to a new page; half of it to a small one */
#define NV_SMALL       1024 /* octets of a page */
#define NV_SETTLE_MS   5000 /* from the start until a move may begin by itself */
#define NV_ROOM        164  /* octets: counters of two slots, settings, an entry; with less the move begins */
#define NV_WRITES_HOUR 40

enum nv_key {
    NV_COUNTERS = 1,
    NV_SETTINGS = 2,
    NV_SLOT_COUNTERS = 0x10, /* + slot */
    NV_TIMING = 0x20,        /* + slot */
    NV_KEY_MAX = 0x30,
    NV_LOG = 0x40,
};

void nv_start(void);                             /* finds the page in use; begins one where there is none */
bool nv_get(uint8_t key, void *to, uint8_t len); /* false: none of that key and length */
/* False: no NV, held, or it failed. `asked` (by the operator): not counted against NV_WRITES_HOUR. */
bool nv_put(uint8_t key, const void *from, uint8_t len, bool asked);
/* The i-th log entry from the oldest; false: there are not as many. */
bool nv_log_at(uint8_t i, void *to, uint8_t len);
void nv_hold(bool hold);
void nv_step(uint32_t now_ms); /* renews the hour's budget; moves to the other page, a record at a time */
uint16_t nv_errors(void);      /* damaged records found at this start, and at none before */

#endif
