#include "control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sim.h"
#include "wait.h"

struct client {
    struct client *next;
    struct watch watch;
    struct buf in, out;
    bool waiting, gone;
};

static struct {
    struct watch watch;
    struct client *clients;
    char path[108];
} control = {.watch.fd = -1};

static void work(struct client *);

/* ---- clients ---- */

static void client_free(struct client *c)
{
    struct client **at = &control.clients;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    wait_forget(c);
    watch_stop(&c->watch);
    close(c->watch.fd);
    buf_fini(&c->in);
    buf_fini(&c->out);
    free(c);
}

static void flush(struct client *c)
{
    while (c->out.len > 0) {
        ssize_t n = send(c->watch.fd, c->out.data, c->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n <= 0)
            break;
        buf_take(&c->out, (size_t)n);
    }
    watch_change(&c->watch, c->out.len > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void control_answer(struct client *c, bool ok, const char *text)
{
    c->waiting = false;
    buf_addf(&c->out, "%s%s%s\n", ok ? "ok" : "err", text[0] ? " " : "", text);
    flush(c);
    work(c);
}

enum verb_result verb_fail(struct request *r, const char *why)
{
    buf_clear(r->reply);
    buf_adds(r->reply, why);
    return VERB_ERR;
}

/* ---- verbs ---- */

static enum verb_result help(struct request *);

static enum verb_result quit(struct request *r)
{
    (void)r;
    loop_quit();
    return VERB_OK;
}

static const struct verb verbs_own[] = {
    {"help", false, 1, "help", help},
    {"wait", true, 4, "wait M EVENT [NAME] [N] TIMEOUT_MS", wait_begin},
    {"quit", false, 1, "quit", quit},
    {.name = NULL},
};

static const struct verb *const tables[] = {verbs_own, verbs_modem, verbs_network, verbs_fault};
enum { TABLES = sizeof tables / sizeof tables[0] };

static enum verb_result help(struct request *r)
{
    for (int t = 0; t < TABLES; t++)
        for (const struct verb *v = tables[t]; v->name != NULL; v++)
            buf_addf(r->reply, "%s%s", r->reply->len ? "; " : "", v->usage);
    return VERB_OK;
}

static const struct verb *find(const char *name)
{
    for (int t = 0; t < TABLES; t++)
        for (const struct verb *v = tables[t]; v->name != NULL; v++)
            if (strcmp(v->name, name) == 0)
                return v;
    return NULL;
}

static enum verb_result run(struct client *c, const struct words *words, struct buf *reply)
{
    struct request r = {.client = c, .words = words, .reply = reply};
    const struct verb *verb = words->n > 0 ? find(words->v[0]) : NULL;
    if (verb == NULL)
        return verb_fail(&r, "no such verb; try help");
    if (words->n < verb->words) {
        buf_addf(reply, "usage: %s", verb->usage);
        return VERB_ERR;
    }
    if (verb->wants_modem && (r.m = sim_find(words->v[1])) == NULL)
        return verb_fail(&r, "no such modem");
    return verb->fn(&r);
}

static void run_line(struct client *c, const char *line)
{
    struct words words;
    struct buf reply = {0};
    enum verb_result result = VERB_ERR;
    if (words_parse(&words, line))
        result = run(c, &words, &reply);
    else
        buf_adds(&reply, "cannot read this line");
    c->waiting = result == VERB_LATER;
    if (result != VERB_LATER) {
        buf_addf(&c->out, "%s%s%s\n", result == VERB_OK ? "ok" : "err", reply.len ? " " : "",
                 buf_text(&reply));
        flush(c);
    }
    buf_fini(&reply);
}

/* Every whole line that has come, until one has to wait. */
static void work(struct client *c)
{
    while (!c->waiting && c->in.len > 0) {
        const char *end = memchr(c->in.data, '\n', c->in.len);
        if (end == NULL)
            return;
        struct buf line = {0};
        buf_add(&line, c->in.data, (size_t)(end - c->in.data));
        buf_take(&c->in, line.len + 1);
        run_line(c, line.data);
        buf_fini(&line);
    }
}

/* ---- sockets ---- */

static void on_client(void *arg, uint32_t events)
{
    struct client *c = arg;
    char data[4096];
    if (events & EPOLLOUT)
        flush(c);
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
        return;
    ssize_t n = recv(c->watch.fd, data, sizeof data, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        client_free(c);
        return;
    }
    if (n > 0)
        buf_add(&c->in, data, (size_t)n);
    work(c);
}

static void on_connect(void *arg, uint32_t events)
{
    (void)arg;
    (void)events;
    int fd = accept4(control.watch.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    struct client *c = calloc(1, sizeof *c);
    if (c == NULL)
        abort();
    c->watch = (struct watch){.fd = fd, .events = EPOLLIN, .fn = on_client, .arg = c};
    c->next = control.clients;
    control.clients = c;
    watch_start(&c->watch);
}

int control_open(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    snprintf(control.path, sizeof control.path, "%s", path);
    unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 64) != 0)
        return -errno;
    control.watch = (struct watch){.fd = fd, .events = EPOLLIN, .fn = on_connect};
    return watch_start(&control.watch);
}

void control_close(void)
{
    while (control.clients != NULL)
        client_free(control.clients);
    if (control.watch.fd >= 0) {
        watch_stop(&control.watch);
        close(control.watch.fd);
        unlink(control.path);
    }
}
