/* The lines of the BUS, both ways, as values: pure, no I/O, no memory of what came before.
 *
 * The BUS carries the pins of a simulated board as text lines on a Unix stream socket. Slot 0 has no digit;
 * 1 is asserted (what the modem or the host feels), whatever level the pin has; MS is the board's clock.
 *
 *   board says   CAPS WORD... slots=N       first, to each new client; then every pin
 *                PIN VBAT_EN|PWRKEY|RESET[SLOT] 0|1 t=MS, PIN HOST_CUT|LED 0|1 t=MS
 *                RESET POWER|PIN|WATCHDOG|SOFT t=MS
 *                TICK MS                    lock-step: the board stands at the end of this millisecond
 *                ERR WHY: LINE              to the client that said it
 *   client says  STATUS[SLOT] 0|1, ADC0 MV (supply), RAIL[SLOT] MV, CURRENT[SLOT] MA, TEMP TENTHS (of a
 *                degree), NRST, POWERCYCLE, HANG (the firmware stands until its watchdog bites),
 *                GO [N]                     lock-step: N milliseconds (1) from the last TICK
 */
#ifndef CELLPOST_HIL_BUS_LINE_H
#define CELLPOST_HIL_BUS_LINE_H

#include <stdbool.h>
#include <stdint.h>

#define LINE_SLOTS 4   /* at most */
#define LINE_MAX   128 /* a line with its end */

enum line_pin { LINE_VBAT_EN, LINE_PWRKEY, LINE_RESET, LINE_HOST_CUT, LINE_LED, LINE_PINS };
enum line_cause { LINE_POWER, LINE_PIN, LINE_WATCHDOG, LINE_SOFT, LINE_CAUSES };

const char *line_pin_name(enum line_pin);
bool line_pin_of_slot(enum line_pin); /* each slot has one; else the board has one */
const char *line_cause_name(enum line_cause);

/* ---- what a client says ---- */

enum line_word {
    LINE_STATUS,
    LINE_ADC0,
    LINE_RAIL,
    LINE_CURRENT,
    LINE_TEMP,
    LINE_NRST,
    LINE_POWERCYCLE,
    LINE_HANG,
    LINE_GO
};

struct line_said {
    enum line_word word;
    uint8_t slot;
    int32_t value; /* of a measure, or the milliseconds of GO */
};

/* NULL, or why the line is not understood: what would be right. */
const char *line_said_parse(const char *line, uint8_t slots, struct line_said *);

/* ---- what the board says ---- */

enum line_kind { LINE_IS_CAPS, LINE_IS_PIN, LINE_IS_RESET, LINE_IS_TICK, LINE_IS_ERR };

struct line_told {
    enum line_kind kind;
    uint8_t slot;
    uint8_t slots;         /* CAPS */
    bool lockstep;         /* CAPS */
    bool asserted;         /* PIN */
    enum line_pin pin;     /* PIN */
    enum line_cause cause; /* RESET */
    uint64_t ms;           /* PIN, RESET, TICK */
};

bool line_told_parse(const char *line, struct line_told *); /* false: not a line of a board */

#endif
