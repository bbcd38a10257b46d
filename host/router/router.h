/* The router: joins the queue to the carriers. It keeps each READY carrier busy with the next claimable
 * segment of its line, and turns what carriers say into the queue's transitions. One line, one carrier. */
#ifndef CELLPOST_ROUTER_ROUTER_H
#define CELLPOST_ROUTER_ROUTER_H

#include "host/directory/directory.h"
#include "host/queue/queue.h"
#include "host/router/carrier.h"

struct router;

struct router *router_new(struct loop *, struct queue *, struct directory *, struct store *);
/* Takes the carrier over and starts it for the line. */
void router_add(struct router *, int64_t line_id, struct carrier *);
/* At most so many segments a second leave by the line, 0 = any number; from now on, whatever its carrier. The
 * line that waits for its turn claims nothing, so that a pool's messages leave by another. */
void router_rate(struct router *, int64_t line_id, int per_s);
/* Lets the line's carrier finish or park what it has, then frees it; fn may be NULL. */
void router_remove(struct router *, int64_t line_id, void (*fn)(void *arg), void *arg);
/* All of them: clean stop. */
void router_stop(struct router *, void (*fn)(void *arg), void *arg);
void router_free(struct router *);

/* The carrier's status of a line; false when it has none. */
bool router_line_status(struct router *, int64_t line_id, struct carrier_status *);
/* State changes, for `cellpost watch` and the watchdog. One observer. */
void router_on_change(struct router *, void (*fn)(void *arg, int64_t line_id, const struct carrier_status *),
                      void *arg);

#endif
