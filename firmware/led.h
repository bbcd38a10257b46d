/* One LED tells the worst of the board by the number of its blinks, then a pause:
 * 1 all as it should be, 2 a slot is on its way or waits, 3 the host is away, 4 a slot is at rest, 5 supply
 * low. */
#ifndef CELLPOST_FIRMWARE_LED_H
#define CELLPOST_FIRMWARE_LED_H

#include "firmware/board.h"

#define LED_ON_MS    150
#define LED_EACH_MS  400
#define LED_PAUSE_MS 1200

uint8_t led_code(void);
void led_step(uint32_t now_ms);

#endif
