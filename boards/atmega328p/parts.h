/* The parts of boards/atmega328p, which board.c ties to board.h. All but the ticks are called from the loop.
 */
#ifndef CELLPOST_BOARDS_ATMEGA328P_PARTS_H
#define CELLPOST_BOARDS_ATMEGA328P_PARTS_H

#include <stdbool.h>
#include <stdint.h>

extern uint8_t start_flags; /* MCUSR as the reset left it */

void pins_start(void); /* inputs; the outputs stay released until the first board_pin of each */

/* Measures each input once, which takes 0.7 ms; interrupts may still be off. */
void adc_start(void);
void adc_tick(void); /* in the millisecond's interrupt: begins the next two conversions */

void uart_start(void);

void nv_tick(void); /* in the millisecond's interrupt, or with interrupts off: one octet of what waits */

#endif
