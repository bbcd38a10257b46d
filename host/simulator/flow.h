/* What happened on lines, as a file: one JSON object a line, the first telling the format. It is written
 * while it happens (record.h) and read back as what a simulated line needs to do it again (replay.h). Pure
 * but for the heap.
 *
 *   {"cellpost_flow":1,"numbers":"masked","bodies":false}
 *   {"at_ms":0,"event":"accepted","message":7,"from":"+9990..","to":"+9991..","text":"xxxx"}
 *   {"at_ms":3,"event":"in_flight","message":7,"attempt":1,"to":".."}
 *   {"at_ms":110,"event":"sent","message":7,"attempt":1}   or retry (retry_ms), rejected (error), unsure
 *   {"at_ms":900,"event":"report","message":7,"attempt":1,"st":0}
 *   {"at_ms":1500,"event":"received","from":"..","to":"..","text":".."}
 *
 * at_ms counts from the start; `message` and `attempt` only tie lines together. */
#ifndef CELLPOST_SIMULATOR_FLOW_H
#define CELLPOST_SIMULATOR_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/queue/message.h"

#define FLOW_FILE_MAX   (4u << 20) /* octets: neither written nor read beyond */
#define FLOW_EVENTS_MAX 20000

enum flow_kind {
    FLOW_ACCEPTED,
    FLOW_IN_FLIGHT,
    FLOW_SENT,
    FLOW_RETRY,
    FLOW_REJECTED,
    FLOW_UNSURE,
    FLOW_REPORT,
    FLOW_RECEIVED,
    FLOW_KINDS
};
/* What a kind does not need is 0 or NULL. */
struct flow_event {
    enum flow_kind kind;
    int64_t at_ms, message, retry_ms;
    int attempt, error, st;
    const char *from, *to, *text;
};

/* The file's lines, without the line end; heap. */
char *flow_write_head(bool masked, bool bodies);
char *flow_write(const struct flow_event *);

/* One attempt to hand a segment to the network. */
struct flow_try {
    int64_t message;
    int attempt;
    char to[NUMBER_MAX * 2];
    bool settled;
    enum outcome outcome;
    int error;
    int64_t in_flight_ms, settled_ms, retry_ms;
    int st; /* of its last report; -1 = none */
    int64_t report_ms;
};
/* One text that came in. */
struct flow_text {
    int64_t at_ms;
    char from[NUMBER_MAX * 2];
    char *text;
};
struct flow {
    struct flow_try *tries; /* settled ones, in the order in which they went into flight */
    size_t try_count;
    struct flow_text *texts;
    size_t text_count;
};

/* 0, or -EINVAL with a sentence that names the line. Attempts without an outcome, and outcomes of attempts
 * that began before the recording, are left out. */
int flow_read(const char *file, size_t len, struct flow *, char error[256]);
void flow_fini(struct flow *);

#endif
