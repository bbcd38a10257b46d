/* When a segment that was answered RETRY is tried again. Pure. */
#ifndef CELLPOST_QUEUE_RETRY_H
#define CELLPOST_QUEUE_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#define RETRY_NEVER   (-1)
#define RETRY_LAST_MS 5000 /* the last try begins at least that long before the validity ends */

/* tries: how many have ended as RETRY, this one included (1..); of a carrier's fault: all attempts, however
 * they ended. asked_ms: what the carrier asked for, 0 = the table. The answer is a wall time, at most
 * expires_ms - RETRY_LAST_MS, or RETRY_NEVER when no try fits before that. */
int64_t retry_at(int tries, int64_t now_ms, int64_t expires_ms, int64_t asked_ms, bool carrier_fault);

#endif
