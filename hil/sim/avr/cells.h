/* SPDX-License-Identifier: GPL-3.0-or-later
 * What simavr leaves out of the EEPROM: a change takes its time (EEPE is set until then), erasing alone makes
 * 0xFF, writing alone only clears bits. */
#ifndef CELLPOST_HIL_SIM_AVR_CELLS_H
#define CELLPOST_HIL_SIM_AVR_CELLS_H

#include <sim_avr.h>

uint8_t *cells_start(avr_t *); /* the octets, for ever */
void cells_power_up(void);     /* they are as they are now */

#endif
