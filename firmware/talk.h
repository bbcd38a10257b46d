/* What the board says to the host: requests by a table, events rendered from the present state. */
#ifndef CELLPOST_FIRMWARE_TALK_H
#define CELLPOST_FIRMWARE_TALK_H

#include "firmware/board.h"

void talk_start(void);
void talk_step(uint32_t now_ms); /* takes what the UART has, sends what is due */
void talk_raise(enum link_type, uint8_t index);

#endif
