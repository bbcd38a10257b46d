/* The hardware watchdog is fed in one place, and only when every task has checked in since the last time. */
#ifndef CELLPOST_FIRMWARE_TICK_H
#define CELLPOST_FIRMWARE_TICK_H

#include "firmware/board.h"

enum tick_task { TICK_LINK = 1, TICK_SENSE = 2, TICK_SLOT = 4, TICK_LEASE = 8, TICK_LOG = 16, TICK_ALL = 31 };

void tick_start(void);
void tick_check_in(enum tick_task);
void tick_step(void);                /* feeds, or not */
const char *tick_name(uint8_t late); /* BOARD_TEXT; the first of the tasks in the mask */

#endif
