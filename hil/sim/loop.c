#include "loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64 };

static struct {
    int epoll_fd, timer_fd;
    struct timer **heap;
    size_t len, cap;
    int64_t armed_ns; /* what timer_fd is set to, 0 = nothing */
    struct epoll_event batch[BATCH];
    int batch_len;
    bool quit;
} loop;

static int64_t clock_ns(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t loop_now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

int64_t loop_wall_ms(void)
{
    return clock_ns(CLOCK_REALTIME) / 1000000;
}

int loop_init(void)
{
    loop.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop.timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (loop.epoll_fd < 0 || loop.timer_fd < 0)
        return -errno;
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = NULL};
    return epoll_ctl(loop.epoll_fd, EPOLL_CTL_ADD, loop.timer_fd, &ev) == 0 ? 0 : -errno;
}

void loop_fini(void)
{
    close(loop.epoll_fd);
    close(loop.timer_fd);
    free(loop.heap);
    loop.heap = NULL;
    loop.len = loop.cap = 0;
}

void loop_quit(void)
{
    loop.quit = true;
}

static void heap_put(size_t slot, struct timer *t)
{
    loop.heap[slot - 1] = t;
    t->slot = slot;
}

static void heap_up(struct timer *t)
{
    size_t slot = t->slot;
    while (slot > 1 && loop.heap[slot / 2 - 1]->at_ns > t->at_ns) {
        heap_put(slot, loop.heap[slot / 2 - 1]);
        slot /= 2;
    }
    heap_put(slot, t);
}

static void heap_down(struct timer *t)
{
    size_t slot = t->slot;
    while (slot * 2 <= loop.len) {
        size_t child = slot * 2;
        if (child < loop.len && loop.heap[child]->at_ns < loop.heap[child - 1]->at_ns)
            child++;
        if (loop.heap[child - 1]->at_ns >= t->at_ns)
            break;
        heap_put(slot, loop.heap[child - 1]);
        slot = child;
    }
    heap_put(slot, t);
}

void timer_stop(struct timer *t)
{
    if (t->slot == 0)
        return;
    struct timer *last = loop.heap[--loop.len];
    if (last != t) {
        heap_put(t->slot, last);
        heap_up(last);
        heap_down(last);
    }
    t->slot = 0;
}

void timer_set_at(struct timer *t, int64_t at_ns)
{
    timer_stop(t);
    if (loop.len == loop.cap) {
        loop.cap = loop.cap ? loop.cap * 2 : 64;
        loop.heap = realloc(loop.heap, loop.cap * sizeof(struct timer *));
        if (loop.heap == NULL)
            abort();
    }
    t->at_ns = at_ns;
    loop.len++;
    heap_put(loop.len, t);
    heap_up(t);
}

void timer_set(struct timer *t, int64_t delay_us)
{
    timer_set_at(t, loop_now_ns() + delay_us * 1000);
}

int watch_start(struct watch *w)
{
    struct epoll_event ev = {.events = w->events, .data.ptr = w};
    return epoll_ctl(loop.epoll_fd, EPOLL_CTL_ADD, w->fd, &ev) == 0 ? 0 : -errno;
}

void watch_change(struct watch *w, uint32_t events)
{
    if (w->events == events)
        return;
    w->events = events;
    struct epoll_event ev = {.events = events, .data.ptr = w};
    epoll_ctl(loop.epoll_fd, EPOLL_CTL_MOD, w->fd, &ev);
}

void watch_stop(struct watch *w)
{
    epoll_ctl(loop.epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
    for (int i = 0; i < loop.batch_len; i++)
        if (loop.batch[i].data.ptr == w)
            loop.batch[i].events = 0;
}

/* Arms the timerfd for the earliest timer. A deadline in the past is armed too: the kernel fires at once. */
static void arm(void)
{
    int64_t next = loop.len ? loop.heap[0]->at_ns : 0;
    if (next == loop.armed_ns)
        return;
    struct itimerspec its = {.it_value = {next / 1000000000, next % 1000000000}};
    timerfd_settime(loop.timer_fd, TFD_TIMER_ABSTIME, &its, NULL);
    loop.armed_ns = next;
}

static void run_timers(void)
{
    int64_t now = loop_now_ns();
    while (loop.len > 0 && loop.heap[0]->at_ns <= now) {
        struct timer *t = loop.heap[0];
        timer_stop(t);
        t->fn(t->arg);
    }
}

static void run_batch(void)
{
    for (int i = 0; i < loop.batch_len; i++) {
        struct watch *w = loop.batch[i].data.ptr;
        uint64_t fired;
        if (w != NULL && loop.batch[i].events != 0)
            w->fn(w->arg, loop.batch[i].events);
        else if (w == NULL && read(loop.timer_fd, &fired, sizeof fired) > 0)
            loop.armed_ns = 0;
    }
    loop.batch_len = 0;
}

int loop_run(void (*turn)(void *arg), void *arg)
{
    while (!loop.quit) {
        arm();
        int n = epoll_wait(loop.epoll_fd, loop.batch, BATCH, -1);
        if (n < 0 && errno != EINTR)
            return -errno;
        loop.batch_len = n > 0 ? n : 0;
        run_batch();
        run_timers();
        turn(arg);
    }
    return 0;
}
