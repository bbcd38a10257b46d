/* Who wants no messages, as API and operators name it. */
#ifndef CELLPOST_FACADE_OPTOUTS_H
#define CELLPOST_FACADE_OPTOUTS_H

#include "host/directory/directory.h"
#include "host/optout/optout.h"

/* A service's SID (MG...), a line's SID (PN...) or its number. account 0 = whoever's. False: there is none
 * such. */
bool optouts_sender(struct directory *, int64_t account_id, const char *text, struct optout_sender *);
/* How it is shown: the MG SID, or the line's number; "" once it is gone. */
void optouts_sender_text(struct directory *, const struct optout_sender *, char out[64]);

#endif
