/* The pins of the board; README.md tells what is wired to them. Slot n has four GPIOs from 2 + 4 n. */
#ifndef CELLPOST_BOARDS_RP2040_PINS_H
#define CELLPOST_BOARDS_RP2040_PINS_H

#include "boards/rp2040/chip.h"

#define BOARD_RP2040_NAME "rp2040"

#define GPIO_UART_TX     0
#define GPIO_UART_RX     1
#define GPIO_VBAT_EN(n)  (2u + 4u * (n))
#define GPIO_PWRKEY(n)   (3u + 4u * (n))
#define GPIO_RESET(n)    (4u + 4u * (n))
#define GPIO_STATUS(n)   (5u + 4u * (n))
#define GPIO_HOST_CUT    18u
#define GPIO_MUX_A       20u
#define GPIO_MUX_B       21u
#define GPIO_SUPERVISOR  22u
#define GPIO_LED         25u
#define GPIO_ADC_SUPPLY  26u
#define GPIO_ADC_RAIL    27u
#define GPIO_ADC_CURRENT 28u

/* After a reset that was not asked for: releases every line but VBAT_EN, which is held as it is. Harmless
 * where the bank was reset too. */
void pins_release(void);
/* Sets all up; what is held since before the reset stays as it is. VBAT_EN: as the latch has it. */
void pins_start(void);

#endif
