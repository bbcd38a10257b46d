/* An image over the link, where the board can take one.
 *
 * Taken in order, the header (image.h) whole in the first piece; refused are images for another board, a size
 * or version that is not the header's, and, after it was read back from where the board put it, a wrong CRC.
 * Nothing of this touches the running image: power may go at any moment. Then UPDATE_TEST marks it and the
 * board resets, once no slot is on its way. An image under test is left again (the board starts the old one)
 * at any reset, and by itself after UPDATE_CONFIRM_MS, unless it is confirmed; and it can only be confirmed
 * after a heartbeat: the link is up, and a host is behind it. */
#ifndef CELLPOST_FIRMWARE_UPDATE_H
#define CELLPOST_FIRMWARE_UPDATE_H

#include "firmware/board.h"

#ifndef UPDATE_CONFIRM_MS
#define UPDATE_CONFIRM_MS 300000
#endif
#define UPDATE_RESET_MS 100    /* from the answer that makes a reset until it: the answer still leaves */
#define UPDATE_WAIT_MS  120000 /* at most, for slots on their way */

void update_start(enum link_cause); /* of board_cause */
void update_step(uint32_t now_ms);

/* Called only where the board has LINK_CAP_UPDATE. Nothing is written while the supply is low:
 * LINK_LOW_SUPPLY. What was done before is done again without harm: each may be repeated under a new sequence
 * number. */

/* The same image again goes on where it stood; another begins anew. LINK_BUSY: one is under test. */
enum link_status update_begin(const struct link_update_begin *);
/* A piece that was taken before is LINK_OK and ignored; LINK_BAD_IMAGE: not the next one, or the first one
 * with a header that the board cannot take; that ends it. */
enum link_status update_data(const struct link_update_data *);
/* LINK_BUSY while it is read back: ask again. LINK_BAD_IMAGE: not whole, or what is there is not what was
 * sent; begin anew. */
enum link_status update_end(void);
enum link_status update_test(void);
enum link_status update_confirm(void); /* LINK_BUSY: no heartbeat yet. LINK_BAD_IMAGE: none is under test */
/* What was taken is dropped; an image under test is left. LINK_BAD_IMAGE: there is nothing to leave. */
enum link_status update_revert(void);
uint32_t update_offset(void); /* expected next */

#endif
