#include "board.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "hil/bus/line.h"
#include "sim.h"

enum { RETRY_US = 20000, GRANT_MAX_MS = 1000, IN_MAX = 4096 };

struct board {
    struct board *next;
    char path[SETTING_TEXT];
    int users;
    bool lockstep, owes; /* the board's CAPS; a TICK awaits its GO */
    bool steps;          /* the modems want lock-step where there is one */
    bool met, synced;    /* a board's time was ever seen; this connection's was */
    uint64_t now_ms;     /* the modems' clock at at_ns; never goes back */
    int64_t ahead_ms;    /* how far it is ahead of the board's */
    int64_t at_ns;
    bool joined;        /* CAPS came; in lock-step it has granted since: no time passes without it */
    struct watch watch; /* fd -1: not connected */
    struct buf in, out;
    struct timer retry, due;
};

static struct board *boards;

bool board_connected(const struct board *b)
{
    return b->joined;
}

/* ---- modems on it ---- */

static struct modem *next_modem(const struct board *b, struct modem *m)
{
    for (m = m == NULL ? sim_first() : m->next; m != NULL; m = m->next)
        if (m->board == b)
            return m;
    return NULL;
}

static void run_to(struct board *b, uint64_t ms)
{
    b->now_ms = ms > b->now_ms ? ms : b->now_ms;
    b->at_ns = loop_now_ns();
    for (struct modem *m = NULL; (m = next_modem(b, m)) != NULL;)
        pmu_run(&m->pmu, b->now_ms);
}

uint64_t board_run(struct board *b)
{
    bool stands = b->lockstep || !b->met;
    run_to(b, stands ? b->now_ms : b->now_ms + (uint64_t)(loop_now_ns() - b->at_ns) / 1000000);
    return b->now_ms;
}

static uint64_t soonest(const struct board *b)
{
    uint64_t soonest = PMU_NEVER;
    for (struct modem *m = NULL; (m = next_modem(b, m)) != NULL;) {
        uint64_t due = pmu_due(&m->pmu);
        soonest = due < soonest ? due : soonest;
    }
    return soonest;
}

/* ---- saying ---- */

static void lose(struct board *b)
{
    if (b->watch.fd < 0)
        return;
    watch_stop(&b->watch);
    close(b->watch.fd);
    b->watch.fd = -1;
    b->owes = b->synced = b->joined = false;
    buf_clear(&b->in);
    buf_clear(&b->out);
    timer_set(&b->retry, RETRY_US);
}

void board_say(struct board *b, const char *format, ...)
{
    char line[LINE_MAX];
    va_list args;
    if (b->watch.fd < 0)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    buf_addf(&b->out, "%s\n", line);
}

static void flush(struct board *b)
{
    while (b->out.len > 0) {
        ssize_t sent = send(b->watch.fd, b->out.data, b->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            buf_clear(&b->out); /* the end of its lines will tell */
        if (sent <= 0)
            break;
        buf_take(&b->out, (size_t)sent);
    }
    if (b->watch.fd >= 0)
        watch_change(&b->watch, b->out.len > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void grant(struct board *b)
{
    uint64_t due = soonest(b), ms = due > b->now_ms ? due - b->now_ms : 1;
    b->owes = false;
    b->joined = true;
    board_say(b, "GO %" PRIu64, ms < GRANT_MAX_MS ? ms : GRANT_MAX_MS);
}

void board_changed(struct board *b)
{
    uint64_t due = soonest(b);
    if (b->owes && b->steps)
        grant(b);
    flush(b);
    if (due == PMU_NEVER || b->lockstep || !b->met)
        timer_stop(&b->due);
    else
        timer_set_at(&b->due, b->at_ns + (int64_t)(due - b->now_ms) * 1000000);
}

static void on_due(void *arg)
{
    struct board *b = arg;
    board_run(b);
    board_changed(b);
}

/* ---- hearing ---- */

/* The board's time as the modems'. The first board sets the clock; one that comes back may have begun anew,
 * and a simulator in real time may fall behind: then it goes on from here, so that what it does while it
 * catches up does not shrink. */
static uint64_t time_of(struct board *b, uint64_t board_ms)
{
    bool behind = board_ms + (uint64_t)b->ahead_ms < b->now_ms;
    if (b->met && (!b->synced || behind))
        b->ahead_ms = (int64_t)(b->now_ms - board_ms);
    b->met = b->synced = true;
    return board_ms + (uint64_t)b->ahead_ms;
}

static void take_pin(struct board *b, const struct line_told *told)
{
    static const enum pmu_pin pins[] = {
        [LINE_VBAT_EN] = PMU_VBAT, [LINE_PWRKEY] = PMU_KEY, [LINE_RESET] = PMU_RESET};
    if (!line_pin_of_slot(told->pin))
        return;
    for (struct modem *m = NULL; (m = next_modem(b, m)) != NULL;)
        if (m->set.slot == told->slot)
            pmu_pin(&m->pmu, pins[told->pin], told->asserted, b->now_ms);
}

static void tell_all(struct board *b)
{
    for (struct modem *m = NULL; (m = next_modem(b, m)) != NULL;)
        pmu_tell(&m->pmu);
}

static void take_caps(struct board *b, const struct line_told *told)
{
    b->lockstep = told->lockstep;
    b->joined = !(b->lockstep && b->steps);
    for (struct modem *m = NULL; (m = next_modem(b, m)) != NULL;)
        if (m->set.slot >= told->slots)
            fprintf(stderr, "modemsim: %s: slot=%d, but the board at %s has %d slots\n", m->name, m->set.slot,
                    b->path, told->slots);
}

static void take_line(struct board *b, const char *line)
{
    struct line_told told;
    if (!line_told_parse(line, &told)) {
        fprintf(stderr, "modemsim: the board at %s says what is no line of the BUS\n", b->path);
        return;
    }
    if (told.kind == LINE_IS_PIN || told.kind == LINE_IS_RESET || told.kind == LINE_IS_TICK)
        run_to(b, time_of(b, told.ms));
    switch (told.kind) {
    case LINE_IS_CAPS: take_caps(b, &told); break;
    case LINE_IS_PIN: take_pin(b, &told); break;
    case LINE_IS_RESET: tell_all(b); break;
    case LINE_IS_TICK: b->owes = true; break;
    case LINE_IS_ERR: fprintf(stderr, "modemsim: the board at %s: %s\n", b->path, line); break;
    }
}

static void take_lines(struct board *b)
{
    char *end;
    while (b->in.len > 0 && (end = memchr(b->in.data, '\n', b->in.len)) != NULL) {
        size_t len = (size_t)(end - b->in.data);
        *end = '\0';
        take_line(b, b->in.data);
        buf_take(&b->in, len + 1);
    }
    if (b->in.len > IN_MAX)
        buf_clear(&b->in);
}

static void on_board(void *arg, uint32_t events)
{
    struct board *b = arg;
    char data[IN_MAX];
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        ssize_t n = recv(b->watch.fd, data, sizeof data, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            board_run(b);
            lose(b);
        } else if (n > 0) {
            buf_add(&b->in, data, (size_t)n);
            take_lines(b);
        }
    }
    board_changed(b);
}

/* ---- connecting ---- */

static int dial(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static void on_retry(void *arg)
{
    struct board *b = arg;
    int fd = dial(b->path);
    if (fd < 0) {
        timer_set(&b->retry, RETRY_US);
        return;
    }
    board_run(b);
    b->watch = (struct watch){.fd = fd, .events = EPOLLIN, .fn = on_board, .arg = b};
    watch_start(&b->watch);
    tell_all(b);
    board_changed(b);
}

static struct board *find(const char *path)
{
    struct board *b = boards;
    while (b != NULL && strcmp(b->path, path) != 0)
        b = b->next;
    return b;
}

struct board *board_join(struct modem *m)
{
    struct board *b = find(m->set.board);
    if (b == NULL) {
        b = calloc(1, sizeof *b);
        if (b == NULL)
            abort();
        snprintf(b->path, sizeof b->path, "%s", m->set.board);
        b->watch.fd = -1;
        b->at_ns = loop_now_ns();
        b->retry = (struct timer){.fn = on_retry, .arg = b};
        b->due = (struct timer){.fn = on_due, .arg = b};
        b->next = boards;
        boards = b;
        timer_set(&b->retry, 0);
    }
    b->users++;
    b->steps = b->steps || m->set.lockstep;
    return b;
}

void board_leave(struct modem *m)
{
    struct board *b = m->board, **at = &boards;
    m->board = NULL;
    if (b == NULL || --b->users > 0)
        return;
    lose(b);
    timer_stop(&b->retry);
    timer_stop(&b->due);
    while (*at != b)
        at = &(*at)->next;
    *at = b->next;
    buf_fini(&b->in);
    buf_fini(&b->out);
    free(b);
}
