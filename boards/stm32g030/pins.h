/* The pins of the board; README.md tells what is wired to them. */
#ifndef CELLPOST_BOARDS_STM32G030_PINS_H
#define CELLPOST_BOARDS_STM32G030_PINS_H

#include "firmware/board.h"

void pins_start(void); /* then board_pin and board_status. VBAT_EN: as the latch has it */

#endif
