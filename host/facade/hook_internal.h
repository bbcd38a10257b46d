/* What the engine (hook.c) and an operator's part of it (hook_operator.c) share; nobody else reads this. */
#ifndef CELLPOST_FACADE_HOOK_INTERNAL_H
#define CELLPOST_FACADE_HOOK_INTERNAL_H

#include "host/facade/hook.h"
#include "host/facade/hook_reply.h"
#include "host/facade/hook_try.h"

enum work_state { WORK_HELD, WORK_TRYING, WORK_SETTLING, WORK_PARKED };
struct work {
    struct hooks *hooks; /* NULL: freed while the outcome was on its way to the disk */
    struct work *next;   /* in order of due time */
    enum work_state state;
    struct hook hook;
    struct message message; /* while trying */
    struct endpoint *endpoint;
    struct hook_try *try;
    bool has_fallback, probe;
    int64_t known_ms, started_ms;            /* monotonic */
    size_t replies;                          /* given with the settlement */
    char sid[SID_TEXT], url[HOOK_BRIEF_MAX]; /* for the log */
};

struct hooks {
    struct facade_rooms rooms;
    struct httpc *httpc;
    struct hook_guard guard;
    struct work *works, **works_end;
    size_t work_count, running;
    struct endpoint *endpoints;
    struct timer wake; /* the next hook falls due */
    struct timer soon; /* one look at the works a turn, whatever happened in it */
    struct timer grace;
    struct timer probe; /* an open breaker lets one through */
    int64_t scanned_ms; /* monotonic: the latest question to the queue */
    bool stopping;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

void work_free(struct work *);        /* cancels its try, if there is one */
void hooks_look_soon(struct hooks *); /* at what may be tried: once in this turn, unless it stops */

#endif
