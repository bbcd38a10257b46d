/* Writes down what happens on all lines, as a flow (flow.h), from what the queue tells its observer. Numbers
 * are replaced by made-up ones unless the operator wants them (the same number by the same, within one file),
 * and texts by as many x.
 *
 * Fails: a file that takes no more ends the recording with a line in the log, the messages go on. */
#ifndef CELLPOST_SIMULATOR_RECORD_H
#define CELLPOST_SIMULATOR_RECORD_H

#include "host/queue/message.h"

struct record;
struct record_options {
    const char *path;
    bool full_numbers, bodies;
};

/* Begins a file that must not exist (0600). NULL: *error says why. */
struct record *record_start(const struct record_options *, char error[256]);
/* As queue_event_fn; record may be NULL. */
void record_event(struct record *, int64_t at_ms, const struct message *, const char *kind,
                  const char *detail);
/* Ends it; returns how many events it holds. NULL: 0. */
size_t record_stop(struct record *);

#endif
