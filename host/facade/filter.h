/* The filters of the message list, from the query to what the queue understands; dates for other lists. Pure.
 */
#ifndef CELLPOST_FACADE_FILTER_H
#define CELLPOST_FACADE_FILTER_H

#include "host/base/form.h"
#include "host/facade/date.h"
#include "host/facade/error.h"
#include "host/queue/queue.h"

/* Query parameters that are filters, NULL-terminated. */
extern const char *const FILTER_KEYS[];

#define FILTER_ADDRESS sizeof((struct message *)0)->from

struct filter {
    struct message_filter queue; /* to and from point into this struct */
    char to[FILTER_ADDRESS], from[FILTER_ADDRESS];
    bool by_date; /* ordered by sent_ms */
    bool nothing; /* no message can match */
};

/* A date of any list's query: *present, or absent (or empty). False: it is none (400/20001). */
bool filter_date(const struct form *query, const char *key, bool *present, struct date *, struct refusal *);

/* False: a date that is none (400/20001). What reads as an E.164 number is compared as that, all else as it
 * is. plan may be NULL. */
bool filter_read(const struct form *query, const struct number_plan *plan, struct filter *, struct refusal *);

#endif
