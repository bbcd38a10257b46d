/* Sticky senders: which line of a service a recipient knows. Rows on disk, at most `cap` of them: the least
 * recently used go. */
#ifndef CELLPOST_ROUTER_STICKY_H
#define CELLPOST_ROUTER_STICKY_H

#include <stddef.h>
#include <stdint.h>

#include "host/store/store.h"

#define STICKY_MOST 200000 /* some 20 MB */

struct sticky;
struct sticky *sticky_new(struct store *, size_t cap);
/* Notes under way still reach the disk. */
void sticky_free(struct sticky *);

/* The line, 0 = none. Inside an op only: it sees what is not committed yet. */
int64_t sticky_line(struct sticky *, int64_t service_id, const char *to);
/* The line took this message. Noted if its service wants it; durable with what else is committed then. */
void sticky_note(struct sticky *, int64_t message_id, int64_t line_id);
/* How many recipients are known: to be told, and for tests. */
size_t sticky_known(const struct sticky *);

#endif
