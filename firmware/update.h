/* An image over the link, where the board can take one: in order, checked by size and CRC-32 before it may be
 * tested; a tested image that is not confirmed within UPDATE_CONFIRM_MS is left again. */
#ifndef CELLPOST_FIRMWARE_UPDATE_H
#define CELLPOST_FIRMWARE_UPDATE_H

#include "firmware/board.h"

#define UPDATE_CONFIRM_MS 300000

void update_start(enum link_cause);
void update_step(uint32_t now_ms);
enum link_status update_begin(const struct link_update_begin *);
enum link_status update_data(const struct link_update_data *);
enum link_status update_end(void);
enum link_status
update_test(void); /* the reset comes UPDATE_RESET_MS later, so that the answer still leaves */
enum link_status update_confirm(void);
enum link_status update_revert(void);
uint32_t update_offset(void); /* expected next */

#define UPDATE_RESET_MS 100

#endif
