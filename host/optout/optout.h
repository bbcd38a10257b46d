/* Who wants no more messages from whom. One row for each sender and number; it stands until the person sends
 * a START word, or an operator or the application removes it. This room owns the rows; what a word does is
 * decided in facade/keyword.
 *
 * A sender is a messaging service or a line. A number that left a service gets nothing from it; one that left
 * a line, nothing from that line, nor from a service with that line in its pool: who said STOP to a number
 * does not want to hear from it under another name.
 *
 * A number that was forgotten (host/privacy) leaves its mark in its rows (base/mark.h): whoever asks by
 * number meets those too, so that a STOP outlives the number it came from. */
#ifndef CELLPOST_OPTOUT_OPTOUT_H
#define CELLPOST_OPTOUT_OPTOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/mark.h"
#include "host/base/sid.h"
#include "host/store/store.h"

struct optout;

struct optout_sender {
    int64_t account_id, service_id, line_id; /* of the last two, one is 0 */
};

struct optout_row {
    int64_t id;
    struct sid sid; /* OO */
    struct optout_sender sender;
    char number[48]; /* +E.164, as the network told it, or the mark of one that was forgotten */
    char source[16]; /* "keyword", "api", "operator" */
    int64_t created_ms;
};

struct optout *optout_open(struct store *, const struct mark_key *);
void optout_close(struct optout *); /* before the store; what is under way still ends */

/* By committed rows: may a message to `number` not leave through this service (0 = none) or line (0 = any of
 * the service's)? */
bool optout_blocks(struct optout *, int64_t service_id, int64_t line_id, const char *number);
/* Is this very pair there? False: *row is not touched. row may be NULL. */
bool optout_find(struct optout *, const struct optout_sender *, const char *number, struct optout_row *row);
bool optout_find_sid(struct optout *, int64_t account_id, const struct sid *, struct optout_row *);

/* fn (may be NULL) once it is on disk. Adding what is there and removing what is not are no errors. */
typedef void optout_fn(void *arg, int status);
void optout_add(struct optout *, const struct optout_sender *, const char *number, const char *source,
                optout_fn *, void *arg);
void optout_remove(struct optout *, const struct optout_sender *, const char *number, optout_fn *, void *arg);
/* All rows of the number that would block it there: what a START word takes back. */
void optout_clear(struct optout *, int64_t service_id, int64_t line_id, const char *number, optout_fn *,
                  void *arg);

/* Newest first: older than after_id (0 = all), or since_id and newer, the nearest first. account 0 = any;
 * number NULL = any. Returns how many. Each walks one index. */
typedef void optout_row_fn(void *arg, const struct optout_row *);
struct optout_filter {
    int64_t account_id, after_id, since_id;
    const char *number;
    size_t limit;
};
size_t optout_list(struct optout *, const struct optout_filter *, optout_row_fn *, void *arg);

/* Up to which message the inbound ones were looked at for words: durable, so that each is once, over
 * restarts. */
int64_t optout_seen(struct optout *);
void optout_see(struct optout *, int64_t message_id, optout_fn *, void *arg);

/* The next inbound messages of one segment after `message_id`, oldest first; at most max. Returns how many.
 */
size_t optout_unseen(struct optout *, int64_t message_id, int64_t *ids, size_t max);

#endif
