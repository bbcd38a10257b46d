/* SPDX-License-Identifier: GPL-3.0-or-later
 * An ATmega328P (libsimavr) that runs a board's image, millisecond by millisecond, and the circuit next to
 * it: latches of VBAT_EN, pull-ups. What simavr leaves out is done here: outputs let go at a reset, MCUSR's
 * causes, SRAM that a power loss spoils. Not there: brown-outs of the part, power-down sleep, wear and the
 * time of EEPROM cells.
 *
 * One chip to a process. Time is the part's: a millisecond is 8000 cycles, a hang or a reset changes nothing
 * in that. The same image, EEPROM and calls at the same milliseconds give the same run, to the cycle. */
#ifndef CELLPOST_HIL_SIM_AVR_CHIP_H
#define CELLPOST_HIL_SIM_AVR_CHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hil/bus/line.h"

#define CHIP_SLOTS  2
#define CHIP_EEPROM 1024

struct chip_ops {
    void (*pin)(enum line_pin, uint8_t slot, bool asserted); /* at a write that changes it */
    void (*reset)(enum line_cause);                          /* all pins are let go */
    void (*sent)(uint8_t octet);                             /* by the UART */
};

/* Loads the image and powers up. start_ms: what the firmware's millisecond counter has at each start (0: as
 * it is). False: the image cannot be read, or start_ms is asked for and it has no such symbol; told on
 * stderr. */
bool chip_open(const char *image, uint32_t start_ms, const struct chip_ops *);
bool chip_has_clock(void); /* the image's counter was found */

bool chip_run(void);                    /* a millisecond; false: the image crashed, told on stderr */
void chip_reset(enum line_cause cause); /* LINE_PIN, or LINE_POWER: memory and latches are lost too */
void chip_hang(void);                   /* the CPU stands, its timers go on, until a reset */

void chip_status(uint8_t slot, bool asserted);
void chip_adc(uint8_t channel, uint32_t millivolts);    /* at the pin */
size_t chip_receive(const uint8_t *octets, size_t len); /* to the UART; how many it had room for */
uint8_t *chip_eeprom(void);                             /* CHIP_EEPROM octets, for ever */

#endif
