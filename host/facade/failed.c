/* See failed.h. */
#include "host/facade/failed.h"

#include <stdlib.h>

#include "host/base/log.h"

struct record {
    int failures;
    int64_t last_ms, until_ms;
};

struct failed {
    struct names *names;
    struct record *records;
};

struct failed *failed_new(size_t addresses)
{
    struct failed *failed = calloc(1, sizeof *failed);
    if (failed == NULL || (failed->records = calloc(addresses, sizeof *failed->records)) == NULL)
        fatal("out of memory");
    failed->names = names_new(addresses);
    return failed;
}

void failed_free(struct failed *failed)
{
    if (failed == NULL)
        return;
    names_free(failed->names);
    free(failed->records);
    free(failed);
}

int failed_wait(const struct failed *failed, const struct name *address, int64_t now_ms)
{
    size_t at = names_find(failed->names, address);
    if (at == NAMES_NONE || failed->records[at].until_ms <= now_ms)
        return 0;
    return (int)((failed->records[at].until_ms - now_ms + 999) / 1000);
}

/* The first that costs is 0. */
static int64_t penalty_ms(int costly)
{
    int64_t ms = FAILED_FIRST_MS;
    for (int i = 0; i < costly && ms < FAILED_MOST_MS; i++)
        ms *= 2;
    return ms < FAILED_MOST_MS ? ms : FAILED_MOST_MS;
}

bool failed_note(struct failed *failed, const struct name *address, int allowed, int64_t now_ms)
{
    bool fresh;
    if (allowed == 0)
        return false;
    struct record *record = &failed->records[names_take(failed->names, address, &fresh)];
    if (fresh || now_ms - record->last_ms > FAILED_FORGET_MS)
        *record = (struct record){0};
    record->last_ms = now_ms;
    if (record->failures < INT32_MAX)
        record->failures++;
    if (record->failures < allowed)
        return false;
    record->until_ms = now_ms + penalty_ms(record->failures - allowed);
    return record->failures == allowed;
}

void failed_forgive(struct failed *failed, const struct name *address)
{
    names_drop(failed->names, address);
}
