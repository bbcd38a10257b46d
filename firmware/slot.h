/* The modem positions: from a target state to pins, by a table of phases and the module's row of times.
 *
 * Promises. PWRKEY is never pulsed to start a modem whose STATUS is high, nor (without a STATUS pin) one
 * whose supply was not off for min_off_ms just before. Supply never comes on while it is low or unknown,
 * within min_off_ms of having gone, within STAGGER_MS of another slot's start, or more than PULSES_HOUR times
 * an hour, the board's own resets included; RESET pulses count too. What must wait says why in its reason. A
 * running modem found at the start is adopted. A low supply comes before any request. A modem that does not
 * start three times is at rest, longer each time; a target set anew ends the rest. One whose STATUS is lost
 * is started again after WATCH_S (five times that while the host is there and may have its own way). */
#ifndef CELLPOST_FIRMWARE_SLOT_H
#define CELLPOST_FIRMWARE_SLOT_H

#include "firmware/timing.h"

#define SLOT_STATUS_MS                                                                                       \
    100 /* STATUS must be down so long before it is lost: some modules let it blink at network changes */
#define SLOT_TRIES 3 /* failed starts until the rest */

void slot_start(bool kept_whole);
void slot_step(uint32_t now_ms); /* raises LINK_TYPE_SLOT_STATE at each change */
/* LINK_OK: it will be so, or was acted on before (same request). LINK_BAD_VALUE: no such slot, target or
 * request 0, or the slot is empty. */
enum link_status slot_target(const struct link_slot_target *, uint32_t now_ms);
void slot_tell(uint8_t slot, struct link_slot_read_answer *);
bool slot_busy(void); /* a slot is on its way between off and on */

/* For fault(): PWRKEY and RESET released, supplies as they are. */
void slot_pins_safe(void);

#endif
