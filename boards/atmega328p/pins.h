/* The wiring: which pin of the ATmega328P (TQFP-32) is what; README.md has the circuit behind each. The
 * simulator's world is wired by this file too. */
#ifndef CELLPOST_BOARDS_ATMEGA328P_PINS_H
#define CELLPOST_BOARDS_ATMEGA328P_PINS_H

/* Outputs: WIRE(pin of enum board_pin, slot, port, bit). High is asserted, through a transistor; a resistor
 * to ground releases the line while the part is in reset, but for VBAT_EN, which its latch keeps. */
#define PINS_OUTPUTS(WIRE)                                                                                   \
    WIRE(VBAT_EN, 0, D, 4)                                                                                   \
    WIRE(PWRKEY, 0, D, 5)                                                                                    \
    WIRE(RESET, 0, D, 6)                                                                                     \
    WIRE(VBAT_EN, 1, B, 0)                                                                                   \
    WIRE(PWRKEY, 1, B, 1)                                                                                    \
    WIRE(RESET, 1, B, 2)                                                                                     \
    WIRE(HOST_CUT, 0, C, 4)                                                                                  \
    WIRE(LED, 0, B, 5)

/* STATUS: STATUS(slot, port, bit). Low is asserted: the transistor that lifts the modem's 1.8 V inverts. */
#define PINS_STATUSES(STATUS)                                                                                \
    STATUS(0, D, 7)                                                                                          \
    STATUS(1, C, 3)

/* Not connected: PD2, PD3. PB3, PB4, PB5 are the programmer's too; a LED does not disturb it. */

#define PINS_AREF_MV 2500 /* shunt reference at AREF */

/* ADC inputs: INPUT(name, channel). */
#define PINS_INPUTS(INPUT)                                                                                   \
    INPUT(SUPPLY, 0)                                                                                         \
    INPUT(RAIL_0, 1)                                                                                         \
    INPUT(RAIL_1, 2)                                                                                         \
    INPUT(CURRENT_0, 6)                                                                                      \
    INPUT(CURRENT_1, 7)                                                                                      \
    INPUT(TEMPERATURE, 5)

#define PINS_DIVIDER          3   /* supply and rails: 20 k over 10 k */
#define PINS_MA_PER_MV        1   /* 20 mOhm, amplified 50 times */
#define PINS_TEMPERATURE_0_MV 500 /* at 0 degrees; 1 mV for each tenth */

#define PINS_BAUD 38400 /* +0.2 % at 8 MHz; 57600 would be off by 2.1 % */

#endif
