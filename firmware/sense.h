/* The supply's state, with hysteresis, and the least values. The slots obey it before anything else. */
#ifndef CELLPOST_FIRMWARE_SENSE_H
#define CELLPOST_FIRMWARE_SENSE_H

#include "firmware/board.h"

#define SENSE_EACH_MS 5
#define SENSE_SAMPLES 3   /* in a row before a worse state is believed */
#define SENSE_BACK_MV 100 /* above a bound before WARN or NO_SEND is left */

void sense_start(void);
void sense_step(uint32_t now_ms); /* raises LINK_TYPE_SUPPLY_STATE at a change */
enum link_supply sense_state(void);
bool sense_may_start(void);         /* a modem may be powered on */
uint16_t sense_change_mv(void);     /* at the last change */
uint16_t sense_change_min_mv(void); /* least between the change before and the last one */
void sense_answer(uint8_t slot, struct link_sense_answer *);
void sense_burst(uint8_t slot, uint16_t ms, uint32_t now_ms);
void sense_rail_begin(uint8_t slot); /* the least rail begins anew */
uint16_t sense_rail_min_mv(uint8_t slot);

#endif
