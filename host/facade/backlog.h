/* Whether there is room for one more message: the account's share of the queue, and its line's. */
#ifndef CELLPOST_FACADE_BACKLOG_H
#define CELLPOST_FACADE_BACKLOG_H

#include "host/facade/error.h"
#include "host/facade/facade.h"

/* False: 429, with when to try again; 20429 for the account, 21611 for the line, or for all lines of the
 * service that is to choose one. A message for a later time is no load yet. */
bool backlog_admits(const struct facade_rooms *, const struct submission *, struct refusal *);

#endif
