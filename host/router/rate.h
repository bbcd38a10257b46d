/* How fast a line may send: a bucket that holds one token, filled so many times a second. Pure: times are
 * microseconds of a clock that never goes back. Never a segment too early; what was late is not made up for.
 */
#ifndef CELLPOST_ROUTER_RATE_H
#define CELLPOST_ROUTER_RATE_H

#include <stdint.h>

struct rate {
    int per_s;       /* 0 = no limit */
    int64_t next_us; /* when the next token is there */
};

/* A bucket that has none yet: what was sent just before a restart counts. */
void rate_set(struct rate *, int per_s, int64_t now_us);
/* 0 when there is a token; else in how many whole milliseconds there will be one. */
int64_t rate_wait_ms(const struct rate *, int64_t now_us);
void rate_take(struct rate *, int64_t now_us);

#endif
