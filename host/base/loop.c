/* The heap is an array of pointers to the owners' timers, 1-based, ordered by (due_ms, order). One libevent
 * time-out stands for its top. */
#include "host/base/loop.h"

#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "host/base/clock.h"
#include "host/base/log.h"

#define SLOW_TURN_US 100000

struct soon {
    struct soon *next;
    loop_fn *fn;
    void *arg;
};

struct loop {
    struct event_base *base;
    struct event *wake;
    struct timer **heap; /* [1..count] */
    size_t count, room;
    uint64_t order, turns;
    int64_t asked_ms; /* when the present turn, or the last one, asked for I/O */
    struct soon *soon, **soon_end;
    loop_turn_fn *turn_fn;
    void *turn_arg;
    bool stop, again;
};

/* ---- the heap ---- */

static bool timer_before(const struct timer *a, const struct timer *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

static void heap_put(struct loop *loop, size_t slot, struct timer *timer)
{
    loop->heap[slot] = timer;
    timer->slot = slot;
}

static void heap_up(struct loop *loop, size_t slot, struct timer *timer)
{
    for (; slot > 1 && timer_before(timer, loop->heap[slot / 2]); slot /= 2)
        heap_put(loop, slot, loop->heap[slot / 2]);
    heap_put(loop, slot, timer);
}

static void heap_down(struct loop *loop, size_t slot, struct timer *timer)
{
    for (size_t child; (child = 2 * slot) <= loop->count; slot = child) {
        if (child < loop->count && timer_before(loop->heap[child + 1], loop->heap[child]))
            child++;
        if (!timer_before(loop->heap[child], timer))
            break;
        heap_put(loop, slot, loop->heap[child]);
    }
    heap_put(loop, slot, timer);
}

static void heap_reserve(struct loop *loop)
{
    if (loop->count + 1 < loop->room)
        return;
    size_t room = loop->room ? loop->room * 2 : 64;
    struct timer **heap = realloc(loop->heap, room * sizeof *heap);
    if (heap == NULL)
        fatal("out of memory");
    loop->heap = heap;
    loop->room = room;
}

void timer_init(struct timer *timer, struct loop *loop, loop_fn *fn, void *arg)
{
    *timer = (struct timer){.loop = loop, .fn = fn, .arg = arg};
}

void timer_stop(struct timer *timer)
{
    struct loop *loop = timer->loop;
    size_t slot = timer->slot;
    if (slot == 0)
        return;
    struct timer *last = loop->heap[loop->count--];
    timer->slot = 0;
    if (last == timer)
        return;
    if (slot > 1 && timer_before(last, loop->heap[slot / 2]))
        heap_up(loop, slot, last);
    else
        heap_down(loop, slot, last);
}

void timer_set(struct timer *timer, int64_t delay_ms)
{
    struct loop *loop = timer->loop;
    timer_stop(timer);
    int64_t now_ms = clock_mono_ms();
    /* rounded up: a deadline in milliseconds never fires early */
    if (delay_ms > 0)
        timer->due_ms = (clock_mono_us() + 999) / 1000 + delay_ms;
    else
        timer->due_ms = loop->asked_ms < now_ms ? loop->asked_ms : now_ms;
    timer->order = ++loop->order;
    heap_reserve(loop);
    loop->count++;
    heap_up(loop, loop->count, timer);
}

/* Those that were due when the turn asked for I/O: however late we are, what came before a deadline is heard
 * before it. One that sets itself anew waits for the next turn, so that I/O is never starved. */
static void timers_run(struct loop *loop)
{
    uint64_t last = loop->order;
    while (loop->count > 0 && loop->heap[1]->due_ms <= loop->asked_ms && loop->heap[1]->order <= last) {
        struct timer *timer = loop->heap[1];
        timer_stop(timer);
        timer->fn(timer->arg);
    }
}

/* ---- the turn ---- */

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
}

struct loop *loop_new(void)
{
    struct loop *loop = calloc(1, sizeof *loop);
    struct event_config *config = event_config_new();
    if (loop == NULL || config == NULL)
        fatal("out of memory");
    event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
    loop->base = event_base_new_with_config(config);
    event_config_free(config);
    if (loop->base == NULL)
        fatal("event_base_new failed");
    loop->wake = evtimer_new(loop->base, on_wake, loop);
    if (loop->wake == NULL)
        fatal("out of memory");
    loop->soon_end = &loop->soon;
    return loop;
}

void loop_free(struct loop *loop)
{
    if (loop == NULL)
        return;
    while (loop->soon != NULL) {
        struct soon *soon = loop->soon;
        loop->soon = soon->next;
        free(soon);
    }
    event_free(loop->wake);
    event_base_free(loop->base);
    free(loop->heap);
    free(loop);
}

struct event_base *loop_base(struct loop *loop)
{
    return loop->base;
}

void loop_at_turn_end(struct loop *loop, loop_turn_fn *fn, void *arg)
{
    loop->turn_fn = fn;
    loop->turn_arg = arg;
}

void loop_soon(struct loop *loop, loop_fn *fn, void *arg)
{
    struct soon *soon = calloc(1, sizeof *soon);
    if (soon == NULL)
        fatal("out of memory");
    soon->fn = fn;
    soon->arg = arg;
    *loop->soon_end = soon;
    loop->soon_end = &soon->next;
}

static void soon_run(struct loop *loop)
{
    while (loop->soon != NULL) {
        struct soon *soon = loop->soon;
        loop->soon = soon->next;
        if (loop->soon == NULL)
            loop->soon_end = &loop->soon;
        soon->fn(soon->arg);
        free(soon);
    }
}

/* How long the turn may wait for I/O: until the first timer, at most `most_us` (-1 = no limit). */
static int64_t turn_wait_us(const struct loop *loop, int64_t most_us)
{
    if (loop->again || loop->soon != NULL || loop->stop)
        return 0;
    if (loop->count == 0)
        return most_us;
    int64_t wait_us = loop->heap[1]->due_ms * 1000 - clock_mono_us();
    if (wait_us < 0)
        wait_us = 0;
    return most_us >= 0 && most_us < wait_us ? most_us : wait_us;
}

/* EVLOOP_ONCE always: with EVLOOP_NONBLOCK alone libevent asks the kernel again until nothing is ready. */
static void turn_io(struct loop *loop, int64_t wait_us)
{
    int flags = EVLOOP_ONCE;
    if (wait_us == 0) {
        flags |= EVLOOP_NONBLOCK;
    } else if (wait_us > 0) {
        struct timeval tv = {.tv_sec = wait_us / 1000000, .tv_usec = wait_us % 1000000};
        evtimer_add(loop->wake, &tv);
    } else {
        flags |= EVLOOP_NO_EXIT_ON_EMPTY;
    }
    event_base_loop(loop->base, flags);
    if (wait_us > 0)
        evtimer_del(loop->wake);
}

static void turn(struct loop *loop, int64_t most_us)
{
    int64_t wait_us = turn_wait_us(loop, most_us);
    loop->asked_ms = clock_mono_ms();
    turn_io(loop, wait_us);
    loop->turns++;
    int64_t began_us = clock_mono_us();
    timers_run(loop);
    soon_run(loop);
    loop->again = loop->turn_fn != NULL && loop->turn_fn(loop->turn_arg);
    int64_t took_us = clock_mono_us() - began_us;
    if (took_us > SLOW_TURN_US)
        log_event(LOG_WARN, "loop.slow_turn", "ms=%lld", (long long)(took_us / 1000));
}

uint64_t loop_turns(const struct loop *loop)
{
    return loop->turns;
}

void loop_run(struct loop *loop)
{
    loop->stop = false;
    while (!loop->stop)
        turn(loop, -1);
}

void loop_stop(struct loop *loop)
{
    loop->stop = true;
}

void loop_turn(struct loop *loop, int wait_ms)
{
    turn(loop, (int64_t)wait_ms * 1000);
}

static int64_t real_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool loop_until(struct loop *loop, const bool *flag, int deadline_ms)
{
    int64_t end_ms = real_ms() + deadline_ms;
    while (!*flag && real_ms() < end_ms)
        loop_turn(loop, 10);
    return *flag;
}
