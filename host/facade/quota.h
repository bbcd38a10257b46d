/* Rates by name (names.h): a token bucket for each client address, or for each account. Pure: the caller
 * gives the time.
 *
 * Promises: a name gets `burst` requests at once and `per_s` a second afterwards; who is refused is told the
 * whole seconds after which one more is admitted. The table never grows: when it is full, the name that was
 * idle the longest is forgotten, and has a full bucket when it comes back. */
#ifndef CELLPOST_FACADE_QUOTA_H
#define CELLPOST_FACADE_QUOTA_H

#include "host/facade/names.h"

struct quota;
struct quota *quota_new(size_t names);
void quota_free(struct quota *);

struct quota_limit {
    int per_s, burst; /* per_s 0: no limit; burst at least 1 */
};
/* Takes a token: 0, or the seconds to wait, at least 1; then nothing is taken. now_ms never goes back. */
int quota_take(struct quota *, const struct name *, const struct quota_limit *, int64_t now_ms);

#endif
