/* Power sequences of a slot in the last hour, in bins of ten minutes that survive the board's resets
 * (kept.h). */
#ifndef CELLPOST_FIRMWARE_RATE_H
#define CELLPOST_FIRMWARE_RATE_H

#include "firmware/board.h"

#define RATE_BIN_MS 600000

void rate_start(void);
void rate_step(uint32_t now_ms);
bool rate_allows(uint8_t slot);
void rate_count(uint8_t slot);

#endif
