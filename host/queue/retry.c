/* The back-off table: quick at first, since most faults of a cell are over in seconds; an hour at most, so
 * that an outage of the night is noticed as over by the morning. The last try is moved ahead to fit the
 * validity. */
#include "host/queue/retry.h"

#include <stddef.h>

static const int back_off_s[] = {5, 15, 60, 300, 900, 1800, 3600};

static int64_t delay_ms(int tries, int64_t asked_ms, bool carrier_fault)
{
    const int last = (int)(sizeof back_off_s / sizeof back_off_s[0]) - 1;
    if (asked_ms > 0)
        return asked_ms;
    if (carrier_fault)
        return RETRY_CARRIER_MS;
    int row = tries < 1 ? 0 : tries - 1;
    return back_off_s[row < last ? row : last] * INT64_C(1000);
}

int64_t retry_at(int tries, int64_t now_ms, int64_t expires_ms, int64_t asked_ms, bool carrier_fault)
{
    int64_t latest = expires_ms - RETRY_LAST_MS;
    int64_t delay = delay_ms(tries, asked_ms, carrier_fault);
    if (latest <= now_ms)
        return RETRY_NEVER;
    if (delay <= latest - now_ms)
        return now_ms + delay;
    /* What the carrier asked for does not fit: sooner is what it refused. */
    return asked_ms > 0 ? RETRY_NEVER : latest;
}
