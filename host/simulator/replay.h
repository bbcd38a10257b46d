/* A flow (flow.h) on its way again on one simulated line: its texts come in at their offsets, and attempts
 * meet the recorded outcomes, delays and reports, in their order for each recipient. No time but what the
 * loop's clock says, no chance: the same flow gives the same again. */
#ifndef CELLPOST_SIMULATOR_REPLAY_H
#define CELLPOST_SIMULATOR_REPLAY_H

#include "host/base/loop.h"
#include "host/simulator/flow.h"
#include "host/simulator/rule.h"

struct replay;
typedef void replay_text_fn(void *arg, const struct flow_text *);

/* Takes the flow over. speed >= 1: so many times faster. */
struct replay *replay_new(struct loop *, struct flow *, int speed, replay_text_fn *, void *arg);
void replay_free(struct replay *);

/* The plan of the next attempt to that recipient; false when none is left. */
bool replay_take(struct replay *, const char *to, struct plan *);

/* What is left. */
void replay_left(const struct replay *, size_t *texts, size_t *tries);

#endif
