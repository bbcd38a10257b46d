/* What listen.c takes from send.c. */
#ifndef CELLPOST_MODEM_SEND_H
#define CELLPOST_MODEM_SEND_H

#include "host/modem/life.h"

struct settlement send_plain(enum outcome, const char *reason);
struct settlement send_settlement(const struct modem *, const struct at_result *);
int send_reference(const char *line); /* TP-MR of "+CMGS: ...", -1 = unreadable */
void send_log(const struct modem *, const struct settlement *, int64_t attempt_id);

#endif
