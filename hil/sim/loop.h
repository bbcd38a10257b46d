/* The one event loop of the process: descriptors by epoll, timers in a heap behind one timerfd, so that a
 * deadline is met within some tens of microseconds. Monotonic time only. Single-threaded; callbacks may set,
 * stop, watch and unwatch freely. */
#ifndef MODEMSIM_LOOP_H
#define MODEMSIM_LOOP_H

#include <stddef.h>
#include <stdint.h>

struct timer {
    int64_t at_ns;
    void (*fn)(void *arg);
    void *arg;
    size_t slot; /* place in the heap, counted from 1; 0 = not set */
};

struct watch {
    int fd;
    uint32_t events; /* EPOLLIN, EPOLLOUT */
    void (*fn)(void *arg, uint32_t events);
    void *arg;
};

int64_t loop_now_ns(void);  /* CLOCK_MONOTONIC, read anew */
int64_t loop_wall_ms(void); /* Unix time */

int loop_init(void); /* -errno */
void loop_fini(void);
int loop_run(void (*turn)(void *arg),
             void *arg); /* turn: called after each round of callbacks; returns after loop_quit */
void loop_quit(void);

void timer_set(struct timer *, int64_t delay_us); /* from now; a timer that is set already moves */
void timer_set_at(struct timer *, int64_t at_ns);
void timer_stop(struct timer *);

int watch_start(struct watch *); /* -errno */
void watch_change(struct watch *, uint32_t events);
void watch_stop(struct watch *); /* no callback afterwards, not even one already pending */

#endif
