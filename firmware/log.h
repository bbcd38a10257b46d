/* The event log and the counters' way to NV. Entries are numbered through all starts; the oldest fall out.
 * Without NV the last LOG_RAM entries are kept until the next start. */
#ifndef CELLPOST_FIRMWARE_LOG_H
#define CELLPOST_FIRMWARE_LOG_H

#include "firmware/board.h"

#define LOG_RAM       4
#define LOG_BOARD     255    /* no slot */
#define LOG_SAVE_MS   600000 /* between two savings of the counters */
#define LOG_SETTLE_MS 10000  /* from the start until the first: a loop of starts must not wear NV out */

void log_start(bool kept_whole); /* counters from NV where memory did not keep them; counts this start */
void log_put(enum link_log code, uint8_t slot, uint16_t value);
/* The first entry of this number or later (0: the oldest); false: none. */
bool log_get(uint16_t number, struct link_log_read_answer *);
void log_step(uint32_t now_ms);

#endif
