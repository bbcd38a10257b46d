/* See quota.h. Levels are counted in thousandths of a token: at one a second, a millisecond gives one. */
#include "host/facade/quota.h"

#include <stdlib.h>

#include "host/base/log.h"

#define TOKEN 1000

struct bucket {
    int64_t level, at_ms;
};

struct quota {
    struct names *names;
    struct bucket *buckets;
};

struct quota *quota_new(size_t names)
{
    struct quota *quota = calloc(1, sizeof *quota);
    if (quota == NULL || (quota->buckets = calloc(names, sizeof *quota->buckets)) == NULL)
        fatal("out of memory");
    quota->names = names_new(names);
    return quota;
}

void quota_free(struct quota *quota)
{
    if (quota == NULL)
        return;
    names_free(quota->names);
    free(quota->buckets);
    free(quota);
}

/* Limits may have changed since: a level above the burst is cut. */
static void fill(struct bucket *bucket, const struct quota_limit *limit, int64_t now_ms)
{
    int64_t most = (int64_t)limit->burst * TOKEN, passed_ms = now_ms - bucket->at_ms;
    int64_t missing = most - bucket->level;
    if (missing <= 0 || passed_ms >= missing / limit->per_s + 1)
        bucket->level = most;
    else
        bucket->level += passed_ms * limit->per_s;
    bucket->at_ms = now_ms;
}

int quota_take(struct quota *quota, const struct name *name, const struct quota_limit *limit, int64_t now_ms)
{
    bool fresh;
    if (limit->per_s == 0)
        return 0;
    struct bucket *bucket = &quota->buckets[names_take(quota->names, name, &fresh)];
    if (fresh)
        *bucket = (struct bucket){(int64_t)limit->burst * TOKEN, now_ms};
    fill(bucket, limit, now_ms);
    if (bucket->level >= TOKEN) {
        bucket->level -= TOKEN;
        return 0;
    }
    int64_t wait_ms = (TOKEN - bucket->level + limit->per_s - 1) / limit->per_s;
    return (int)((wait_ms + 999) / 1000);
}
