/* The board's settings (link/table.h) and the slots' own timing rows, kept in NV. */
#ifndef CELLPOST_FIRMWARE_SETTINGS_H
#define CELLPOST_FIRMWARE_SETTINGS_H

#include "firmware/timing.h"

void settings_start(void); /* NV must have been started; what is missing there has its default */
uint16_t setting(enum link_setting);
/* LINK_OK, LINK_BAD_VALUE (setting or value out of range, or the supply's bounds out of order),
 * LINK_NV_FAILED. */
enum link_status setting_change(uint8_t which, uint16_t value);
uint8_t setting_module(uint8_t slot);
bool setting_timing(uint8_t slot, struct timing *); /* of the slot's module; false: the slot is empty */
enum link_status setting_timing_change(uint8_t slot, const struct timing *);

#endif
