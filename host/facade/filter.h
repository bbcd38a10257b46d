/* The filters of the message list, from the query to what the queue understands. Pure. */
#ifndef CELLPOST_FACADE_FILTER_H
#define CELLPOST_FACADE_FILTER_H

#include "host/base/form.h"
#include "host/facade/error.h"
#include "host/queue/queue.h"

/* Query parameters that are filters, NULL-terminated. */
extern const char *const FILTER_KEYS[];

struct filter {
    struct message_filter queue; /* to and from point into this struct */
    char to[NUMBER_MAX * 2], from[NUMBER_MAX * 2];
    bool by_date; /* ordered by sent_ms */
    bool nothing; /* no message can match */
};

/* False: a date that is none (400/20001). Numbers that are none match nothing. plan may be NULL. */
bool filter_read(const struct form *query, const struct number_plan *plan, struct filter *, struct refusal *);

#endif
