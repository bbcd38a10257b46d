/* Failed logins by client address: after a few of them the address is refused unheard, for a time that
 * doubles with each further failure. Pure: the caller gives the time.
 *
 * Promises: nobody is slowed by another address's failures; a good login forgives its address, and so does
 * FAILED_FORGET_MS without a failure. The table never grows: when it is full, the address that failed longest
 * ago is forgotten. */
#ifndef CELLPOST_FACADE_FAILED_H
#define CELLPOST_FACADE_FAILED_H

#include "host/facade/names.h"

#define FAILED_FIRST_MS  1000
#define FAILED_MOST_MS   (60 * 1000)
#define FAILED_FORGET_MS (15 * 60 * 1000)

struct failed;
struct failed *failed_new(size_t addresses);
void failed_free(struct failed *);

/* The whole seconds that the address has to wait still; 0: it may try. */
int failed_wait(const struct failed *, const struct name *, int64_t now_ms);
/* It tried in vain; `allowed` failures cost nothing, 0 = none ever does. True when this one is the first that
 * does: the moment for one line in the log. */
bool failed_note(struct failed *, const struct name *, int allowed, int64_t now_ms);
void failed_forgive(struct failed *, const struct name *);

#endif
