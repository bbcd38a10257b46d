/* See ctl.h. Each connection is a bufferevent; a slow reader is cut at WATCH_BACKLOG octets, a silent one
 * after REQUEST_MS. */
#include "host/ctl/ctl.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/base/form.h"
#include "host/base/log.h"
#include "host/base/unixsock.h"

#define CALLS_MAX     32
#define REQUEST_MS    10000
#define WATCH_BACKLOG (256 * 1024)

struct ctl_call {
    struct ctl *ctl;
    struct ctl_call *next;
    struct bufferevent *bev; /* NULL: the client is gone, the call is held */
    struct timer deadline;
    bool asked, held, watching, answered;
    char *line, *argv[CTL_ARGS_MAX + 1]; /* the request, and its words in it */
    size_t take_len;                     /* octets that are still to come, all together */
    ctl_take_fn *take_fn;
    void *take_arg;
};

struct ctl {
    struct loop *loop;
    struct evconnlistener *listener;
    const struct ctl_verb *verbs;
    void *arg;
    char *path;
    struct ctl_call *calls;
    unsigned count;
};

static void call_free(struct ctl_call *call)
{
    struct ctl_call **link = &call->ctl->calls;
    while (*link != call)
        link = &(*link)->next;
    *link = call->next;
    call->ctl->count--;
    timer_stop(&call->deadline);
    if (call->bev != NULL)
        bufferevent_free(call->bev);
    free(call->line);
    free(call);
}

/* The client is gone. A held call waits for its ctl_ok; every other ends here. */
static void call_lost(struct ctl_call *call)
{
    if (!call->held || call->answered) {
        call_free(call);
        return;
    }
    bufferevent_free(call->bev);
    call->bev = NULL;
}

/* Texts come from strangers and end on a terminal: controls (C0, DEL, and C1 in UTF-8) become blanks. */
static void make_printable(unsigned char *p)
{
    for (; *p != '\0'; p++) {
        if (*p < 0x20 || *p == 0x7F)
            *p = ' ';
        else if (*p == 0xC2 && p[1] >= 0x80 && p[1] < 0xA0)
            p[0] = p[1] = ' ';
    }
}

static void call_write(struct ctl_call *call, const char *prefix, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));
static void call_write(struct ctl_call *call, const char *prefix, const char *fmt, va_list args)
{
    char *line = NULL;
    if (call->bev == NULL)
        return;
    if (vasprintf(&line, fmt, args) < 0)
        fatal("out of memory");
    make_printable((unsigned char *)line);
    evbuffer_add_printf(bufferevent_get_output(call->bev), "%s%s\n", prefix, line);
    free(line);
}

void ctl_line(struct ctl_call *call, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    call_write(call, " ", fmt, args);
    va_end(args);
}

/* The answer is complete: the connection closes when it is written. */
static void call_answered(struct ctl_call *call)
{
    call->answered = true;
    if (call->bev == NULL)
        call_free(call);
    else
        timer_set(&call->deadline, REQUEST_MS);
}

void ctl_ok(struct ctl_call *call)
{
    if (call->bev != NULL)
        evbuffer_add(bufferevent_get_output(call->bev), "ok\n", 3);
    call_answered(call);
}

void ctl_err(struct ctl_call *call, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    call_write(call, "err ", fmt, args);
    va_end(args);
    call_answered(call);
}

void ctl_done(void *call, int status)
{
    if (status == 0)
        ctl_ok(call);
    else
        ctl_err(call, "%s", strerror(-status));
}

void ctl_hold(struct ctl_call *call)
{
    call->held = true;
}

void ctl_watch(struct ctl_call *call)
{
    call->watching = true;
}

void ctl_take(struct ctl_call *call, size_t len, ctl_take_fn *fn, void *arg)
{
    call->take_len = len;
    call->take_fn = fn;
    call->take_arg = arg;
    timer_set(&call->deadline, REQUEST_MS);
}

void ctl_broadcast(struct ctl *ctl, const char *fmt, ...)
{
    for (struct ctl_call *call = ctl->calls, *next; call != NULL; call = next) {
        next = call->next;
        if (!call->watching || call->bev == NULL)
            continue;
        va_list args;
        va_start(args, fmt);
        call_write(call, " ", fmt, args);
        va_end(args);
        if (evbuffer_get_length(bufferevent_get_output(call->bev)) > WATCH_BACKLOG)
            call_lost(call);
    }
}

static const struct ctl_verb *ctl_find(const struct ctl *ctl, const char *name)
{
    for (const struct ctl_verb *verb = ctl->verbs; verb->name != NULL; verb++)
        if (strcmp(verb->name, name) == 0)
            return verb;
    return NULL;
}

static void call_help(struct ctl_call *call)
{
    for (const struct ctl_verb *verb = call->ctl->verbs; verb->name != NULL; verb++)
        ctl_line(call, "%-10s %-26s %s", verb->name, verb->arguments, verb->help);
    ctl_ok(call);
}

/* Splits at single blanks and undoes %XX in place. Returns the count, or -1. */
static int request_split(char *line, char **argv)
{
    int argc = 0;
    for (char *save = NULL, *word = strtok_r(line, " ", &save); word != NULL;
         word = strtok_r(NULL, " ", &save)) {
        if (argc == CTL_ARGS_MAX)
            return -1;
        size_t len = form_unescape_path(word, strlen(word));
        if (len == (size_t)-1 || memchr(word, '\0', len) != NULL)
            return -1;
        word[len] = '\0';
        argv[argc++] = word;
    }
    return argc;
}

static void call_dispatch(struct ctl_call *call)
{
    char **argv = call->argv;
    int argc = request_split(call->line, argv);
    if (argc <= 0) {
        ctl_err(call, "a request is VERB [ARGUMENT ...], at most %d words, %%XX for odd octets",
                CTL_ARGS_MAX);
        return;
    }
    if (strcmp(argv[0], "help") == 0) {
        call_help(call);
        return;
    }
    const struct ctl_verb *verb = ctl_find(call->ctl, argv[0]);
    if (verb == NULL)
        ctl_err(call, "unknown verb '%s': try help", argv[0]);
    else if (argc - 1 < verb->least || argc - 1 > verb->most)
        ctl_err(call, "usage: %s %s", verb->name, verb->arguments);
    else
        verb->fn(call->ctl->arg, call, argc, argv);
}

/* What stands behind the request: what the verb wants, or nothing: one request a connection. */
static void call_more(struct ctl_call *call, struct evbuffer *in)
{
    ctl_take_fn *fn = call->take_fn;
    if (fn == NULL) {
        evbuffer_drain(in, evbuffer_get_length(in));
        return;
    }
    if (evbuffer_get_length(in) < call->take_len)
        return;
    const uint8_t *octets = evbuffer_pullup(in, (ev_ssize_t)call->take_len);
    if (octets == NULL && call->take_len > 0)
        fatal("out of memory");
    timer_stop(&call->deadline);
    call->take_fn = NULL;
    fn(call->take_arg, call, call->argv, octets, call->take_len);
}

static void on_read(struct bufferevent *bev, void *arg)
{
    struct ctl_call *call = arg;
    struct evbuffer *in = bufferevent_get_input(bev);
    if (call->asked) {
        call_more(call, in);
        return;
    }
    call->line = evbuffer_readln(in, NULL, EVBUFFER_EOL_LF);
    if (call->line == NULL && evbuffer_get_length(in) < CTL_REQUEST_MAX)
        return;
    call->asked = true;
    timer_stop(&call->deadline);
    if (call->line != NULL)
        call_dispatch(call);
    else
        ctl_err(call, "request longer than %d octets", CTL_REQUEST_MAX);
    call_more(call, in);
}

static void on_written(struct bufferevent *bev, void *arg)
{
    struct ctl_call *call = arg;
    (void)bev;
    if (call->answered)
        call_free(call);
}

static void on_gone(struct bufferevent *bev, short what, void *arg)
{
    (void)bev;
    (void)what;
    call_lost(arg);
}

static void on_deadline(void *arg)
{
    call_lost(arg);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int len,
                      void *arg)
{
    struct ctl *ctl = arg;
    (void)listener;
    (void)address;
    (void)len;
    struct ctl_call *call = ctl->count < CALLS_MAX ? calloc(1, sizeof *call) : NULL;
    if (call == NULL) {
        close(fd);
        return;
    }
    call->ctl = ctl;
    call->next = ctl->calls;
    ctl->calls = call;
    ctl->count++;
    timer_init(&call->deadline, ctl->loop, on_deadline, call);
    timer_set(&call->deadline, REQUEST_MS);
    call->bev = bufferevent_socket_new(loop_base(ctl->loop), fd, BEV_OPT_CLOSE_ON_FREE);
    if (call->bev == NULL)
        fatal("out of memory");
    bufferevent_setcb(call->bev, on_read, on_written, on_gone, call);
    bufferevent_enable(call->bev, EV_READ | EV_WRITE);
}

int ctl_open(struct ctl **out, struct loop *loop, const char *path, const struct ctl_verb *verbs, void *arg,
             char error[256])
{
    char reason[256];
    int fd = unixsock_listen(path, reason);
    if (fd < 0) {
        snprintf(error, 256, "control_socket %.200s", reason);
        return fd;
    }
    struct ctl *ctl = calloc(1, sizeof *ctl);
    if (ctl == NULL || (ctl->path = strdup(path)) == NULL)
        fatal("out of memory");
    ctl->loop = loop;
    ctl->verbs = verbs;
    ctl->arg = arg;
    ctl->listener = evconnlistener_new(loop_base(loop), on_accept, ctl,
                                       LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
    if (ctl->listener == NULL)
        fatal("out of memory");
    *out = ctl;
    return 0;
}

void ctl_close(struct ctl *ctl)
{
    if (ctl == NULL)
        return;
    while (ctl->calls != NULL)
        call_free(ctl->calls);
    evconnlistener_free(ctl->listener);
    unixsock_remove(ctl->path);
    free(ctl->path);
    free(ctl);
}
