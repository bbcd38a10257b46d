/* What happened, as JSON lines in a file, each put there by one write(2) before anybody is answered, so that
 * neither a kill of the simulator nor of the gateway loses one. */
#ifndef MODEMSIM_JOURNAL_H
#define MODEMSIM_JOURNAL_H

#include "pdu.h"

struct modem;

int journal_open(const char *path); /* NULL: none; appends; -errno */
void journal_close(void);
const char *journal_path(void);
void journal_pdu(const struct modem *, const uint8_t *octets, size_t len, const struct tpdu *, int mr);
void journal_event(const struct modem *, const char *event, const char *detail);

#endif
