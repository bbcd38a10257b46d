/* Text mode, TS 27.005 3: messages as the host sees them with +CMGF=1. */
#ifndef MODEMSIM_TEXT_H
#define MODEMSIM_TEXT_H

#include "modem.h"

/* The line +CMGR, +CMGL or +CMT has for a stored PDU, and the message under it. False: not to be read, show
 * the PDU instead. */
bool text_direct(const struct modem *, const uint8_t *pdu, size_t len, bool report, struct buf *out);
bool text_stored(const struct modem *, const struct slot *, int index_or_minus_one, struct buf *out);
int text_stat(const char *name); /* "REC UNREAD"... 0..3, "ALL" 4, -1 */

/* A SUBMIT of what was typed at the prompt, with the values of +CSMP. False: it does not fit one message. */
bool text_submit(const struct modem *, const char *number, const char *typed, struct tpdu *);

#endif
