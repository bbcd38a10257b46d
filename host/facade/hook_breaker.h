/* A breaker for one endpoint (host and port) of hooks. Pure: time is given.
 *
 * Closed: all goes. BREAKER_FAILURES failures in a row open it: nothing goes for BREAKER_REST_MS, then one
 * probe at a time. BREAKER_SUCCESSES probes that succeed in a row close it, one that fails opens it anew.
 * What was under way when it opened is not judged any more. */
#ifndef CELLPOST_FACADE_HOOK_BREAKER_H
#define CELLPOST_FACADE_HOOK_BREAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BREAKER_FAILURES  5
#define BREAKER_SUCCESSES 2
#define BREAKER_REST_MS   30000

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_PROBING };
struct hook_breaker { /* all zero: closed */
    enum breaker_state state;
    int failures, successes; /* in a row */
    int64_t probe_ms;        /* open: monotonic time of the next probe */
    bool probe_out;
};

const char *hook_breaker_text(enum breaker_state); /* "closed", "open", "probing" */

/* May a request start now? */
bool hook_breaker_admits(const struct hook_breaker *, int64_t mono_ms);
/* One starts. True: it is the probe, and its end must be told as that. */
bool hook_breaker_start(struct hook_breaker *, int64_t mono_ms);

enum breaker_verdict { BREAKER_UP, BREAKER_DOWN, BREAKER_UNKNOWN }; /* unknown: the endpoint was not asked */
/* One that started has ended. True when the state is another now. */
bool hook_breaker_end(struct hook_breaker *, bool probe, enum breaker_verdict, int64_t mono_ms);

#endif
