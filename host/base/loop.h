/* The loop: one libevent base, all timers in one heap on the clock of clock.h, and the turn.
 *
 * A turn = all fd I/O that is ready, the timers that were due when it asked for that, then the turn's end
 * hook (the store's commit, whose durable callbacks run there). So what came before a deadline is heard
 * before the deadline passes, however late the turn is: on a busy machine, or one that was asleep. But where
 * more than 32 descriptors are ready at once for the first time libevent hears 32 of them, then twice as
 * many, and so on: the rest is heard a turn later. Callbacks never block. File descriptors are watched with
 * libevent directly, on loop_base(); time-outs never: a timer here follows the clock that tests drive,
 * libevent's would not. */
#ifndef CELLPOST_BASE_LOOP_H
#define CELLPOST_BASE_LOOP_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
typedef void loop_fn(void *arg);

/* Embedded in its owner; zeroed memory plus timer_init is a stopped timer. */
struct timer {
    struct loop *loop;
    loop_fn *fn;
    void *arg;
    int64_t due_ms; /* monotonic */
    uint64_t order; /* equal deadlines fire in the order they were set */
    size_t slot;    /* 1-based place in the heap, 0 = stopped */
};

struct loop *loop_new(void); /* fatal() without memory */
void loop_free(struct loop *);
struct event_base *loop_base(struct loop *);

void timer_init(struct timer *, struct loop *, loop_fn *, void *arg);
void timer_set(struct timer *, int64_t delay_ms); /* (re)arms; <= 0 fires in this or the next turn */
void timer_stop(struct timer *);
static inline bool timer_armed(const struct timer *t)
{
    return t->slot != 0;
}

/* One hook, called at the end of each turn; returns true when it has asked for another turn at once. */
typedef bool loop_turn_fn(void *arg);
void loop_at_turn_end(struct loop *, loop_turn_fn *, void *arg);

/* Runs fn at the end of the present turn, before the hook: for what must not run inside its caller. */
void loop_soon(struct loop *, loop_fn *, void *arg);

void loop_run(struct loop *); /* until loop_stop */
void loop_stop(struct loop *);
uint64_t loop_turns(const struct loop *); /* since it was made: progress, for who watches */
/* For tests: one turn, waiting for an event up to wait_ms of real time (0 = only what is ready). */
void loop_turn(struct loop *, int wait_ms);
/* For tests: turns until *flag is true or the real deadline passes. Returns *flag. */
bool loop_until(struct loop *, const bool *flag, int deadline_ms);

#endif
