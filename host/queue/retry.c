/* The back-off table: quick at first, since most faults of a cell are over in seconds; an hour at most, so
 * that an outage of the night is noticed as over by the morning. The last try is moved ahead to fit the
 * validity. */
#include "host/queue/retry.h"

#include <stddef.h>

#define ROWS(table) ((int)(sizeof(table) / sizeof(table)[0]))

static const int back_off_s[] = {5, 15, 60, 300, 900, 1800, 3600};
/* A fault of the modem or SIM: soon, since another line or the next minute may do better, but not for ever.
 */
static const int carrier_s[] = {1, 1, 5, 15, 60};

static int64_t row_ms(const int *table, int rows, int tries)
{
    int row = tries < 1 ? 0 : tries - 1;
    return table[row < rows ? row : rows - 1] * INT64_C(1000);
}

static int64_t delay_ms(int tries, int64_t asked_ms, bool carrier_fault)
{
    if (asked_ms > 0)
        return asked_ms;
    return carrier_fault ? row_ms(carrier_s, ROWS(carrier_s), tries)
                         : row_ms(back_off_s, ROWS(back_off_s), tries);
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
