/* See http.h: listeners, calls and the server's life; http_conn.c is one connection. */
#include "host/facade/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/facade/http_internal.h"

#define ACCEPT_REST_MS 500 /* after accept failed (no file descriptors) */
#define TELL_EVERY_MS  1000

static void *allocate(size_t size)
{
    void *p = calloc(1, size);
    if (p == NULL)
        fatal("out of memory");
    return p;
}

void http_tell(struct http *h, enum http_news_kind kind, const char *why)
{
    static const char *const events[HTTP_NEWS] = {[HTTP_REFUSED] = "http.refused",
                                                  [HTTP_TLS_FAILED] = "http.tls_failed",
                                                  [HTTP_ADDRESS_FULL] = "http.address_full"};
    struct http_news *news = &h->news[kind];
    int64_t now_ms = clock_mono_ms();
    if (news->told_ms != 0 && now_ms - news->told_ms < TELL_EVERY_MS) {
        news->untold++;
        return;
    }
    log_event(LOG_INFO, events[kind], "why=\"%s\" others=%u connections=%d", why, news->untold,
              h->conn_count);
    *news = (struct http_news){.told_ms = now_ms};
}

/* At the cap, with nobody to send away, clients wait in the kernel's backlog. */
void http_update_listeners(struct http *h)
{
    bool open = (h->conn_count < h->options.connections || h->spare_count > 0) && !timer_armed(&h->rest);
    if (open == h->open)
        return;
    h->open = open;
    for (int i = 0; i < HTTP_DOORS; i++)
        listener_enable(&h->doors[i].listener, open);
}

/* ---- calls ---- */

static void call_free(struct http_call *call)
{
    if (call->prev != NULL)
        call->prev->next = call->next;
    else if (call->http != NULL)
        call->http->calls = call->next;
    if (call->next != NULL)
        call->next->prev = call->prev;
    httpreq_fini(&call->req);
    free(call);
}

const struct httpreq *http_request(const struct http_call *call)
{
    return &call->req;
}

const char *http_scheme(const struct http_call *call)
{
    return call->tls ? "https" : "http";
}

bool http_trusted(const struct http_call *call)
{
    return call->trusted;
}

const uint8_t *http_peer(const struct http_call *call)
{
    return call->address;
}

void http_answer(struct http_call *call, const struct http_answer *answer)
{
    struct conn *c = call->conn;
    int64_t took_us = clock_mono_us() - call->began_us;
    log_event(LOG_DEBUG, "http.answer", "method=%s status=%d took_us=%lld heard=%d", call->req.method,
              answer->status, (long long)took_us, c != NULL);
    if (c != NULL) {
        c->call = NULL;
        c->ending |= c->http->stopping;
        conn_answer(c, answer, took_us, strcmp(call->req.method, "HEAD") == 0);
    }
    call_free(call);
}

void http_serve(struct http *h, struct conn *c)
{
    struct http_call *call = allocate(sizeof *call);
    *call = (struct http_call){
        .http = h, .conn = c, .req = c->req, .trusted = c->trusted, .tls = c->tls, .next = h->calls};
    memcpy(call->address, c->address, sizeof call->address);
    call->began_us = clock_mono_us();
    if (h->calls != NULL)
        h->calls->prev = call;
    h->calls = call;
    httpreq_init(&c->req);
    c->call = call;
    c->ending |= !call->req.keep_alive;
    conn_serving(c);
    h->fn(h->arg, call);
}

/* ---- accepting ---- */

/* A keep-alive connection that waits is worth less than a client at the door: the oldest one goes, of that
 * client's when its share is full. */
static bool make_room(struct http *h, struct peer *peer)
{
    bool full = peer != NULL && peer->connections > h->options.per_address;
    struct conn *oldest = TAILQ_FIRST(&h->spares);
    if (!full && h->conn_count < h->options.connections)
        return true;
    if (full && peer->spare == 0)
        return false;
    while (full && oldest != NULL && oldest->peer != peer)
        oldest = TAILQ_NEXT(oldest, spare);
    if (oldest != NULL)
        conn_free(oldest);
    return oldest != NULL;
}

static bool peer_trusted(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
           (peer.uid == 0 || peer.uid == geteuid());
}

void http_address(int fd, uint8_t out[16])
{
    static const uint8_t MAPPED[12] = {[10] = 0xFF, 0xFF};
    struct sockaddr_storage at;
    socklen_t len = sizeof at;
    memset(out, 0, 16);
    if (getpeername(fd, (struct sockaddr *)&at, &len) != 0)
        return;
    if (at.ss_family == AF_INET6) {
        memcpy(out, &((struct sockaddr_in6 *)&at)->sin6_addr, 16);
    } else if (at.ss_family == AF_INET) {
        memcpy(out, MAPPED, sizeof MAPPED);
        memcpy(out + sizeof MAPPED, &((struct sockaddr_in *)&at)->sin_addr, 4);
    }
}

static void tell_full(struct http *h, const struct sockaddr *from)
{
    char address[INET6_ADDRSTRLEN] = "", why[INET6_ADDRSTRLEN + 64];
    const void *octets = from->sa_family == AF_INET6
                             ? (const void *)&((const struct sockaddr_in6 *)(const void *)from)->sin6_addr
                             : (const void *)&((const struct sockaddr_in *)(const void *)from)->sin_addr;
    inet_ntop(from->sa_family, octets, address, sizeof address);
    snprintf(why, sizeof why, "too many connections from %s", address);
    http_tell(h, HTTP_ADDRESS_FULL, why);
}

static void on_accepted(void *arg, int fd, const struct sockaddr *from)
{
    const struct door *door = arg;
    struct http *h = door->http;
    bool local = door->kind == DOOR_LOCAL;
    struct peer *peer = local ? NULL : peers_enter(&h->peers, from);
    if (!make_room(h, peer)) { /* or two listeners were ready in one turn */
        if (peer != NULL && peer->connections > h->options.per_address)
            tell_full(h, from);
        if (peer != NULL)
            peers_leave(&h->peers, peer);
        close(fd);
        return;
    }
    if (!local)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    conn_open(h, fd, door, peer, local && peer_trusted(fd));
}

static void on_rested(void *arg)
{
    http_update_listeners(arg);
}

/* No file descriptors left, most likely: asking again at once would spin. */
static void on_accept_failed(void *arg)
{
    struct http *h = ((struct door *)arg)->http;
    log_event(LOG_WARN, "http.accept_failed", "why=\"%s\" connections=%d", strerror(errno), h->conn_count);
    timer_set(&h->rest, ACCEPT_REST_MS);
    http_update_listeners(h);
}

/* A listener opens enabled: it follows the others at once. */
static int opened(struct http *h, struct door *door, int status)
{
    if (status == 0)
        listener_enable(&door->listener, h->open);
    return status;
}

int http_listen_tcp(struct http *h, const char *address, char error[256])
{
    struct door *door = &h->doors[HTTP_PLAIN];
    return opened(h, door, listener_open_tcp(&door->listener, h->loop, address, error));
}

int http_listen_unix(struct http *h, const char *path, char error[256])
{
    struct door *door = &h->doors[HTTP_LOCAL];
    return opened(h, door, listener_open_unix(&door->listener, h->loop, path, error));
}

int http_listen_tls(struct http *h, const char *address, struct tls *tls, char error[256])
{
    for (struct door *door = &h->doors[HTTP_TLS]; door < &h->doors[HTTP_DOORS]; door++) {
        if (listener_port(&door->listener) != 0)
            continue;
        door->tls = tls;
        return opened(h, door, listener_open_tcp(&door->listener, h->loop, address, error));
    }
    snprintf(error, 256, "[tls] listen: at most %d addresses", HTTP_TLS_MAX);
    return -E2BIG;
}

int http_port(const struct http *h)
{
    return listener_port(&h->doors[HTTP_PLAIN].listener);
}

int http_tls_port(const struct http *h, int n)
{
    return n < HTTP_TLS_MAX ? listener_port(&h->doors[HTTP_TLS + n].listener) : 0;
}

/* ---- life ---- */

static void doors_init(struct http *h)
{
    for (int i = 0; i < HTTP_DOORS; i++) {
        struct door *door = &h->doors[i];
        door->http = h;
        door->kind = i == HTTP_PLAIN ? DOOR_PLAIN : i == HTTP_LOCAL ? DOOR_LOCAL : DOOR_TLS;
        door->listener = (struct listener){.accepted = on_accepted, .failed = on_accept_failed, .arg = door};
    }
}

static void doors_close(struct http *h)
{
    for (int i = 0; i < HTTP_DOORS; i++)
        listener_close(&h->doors[i].listener);
}

struct http *http_new(struct loop *loop, const struct http_options *options, http_fn *fn, void *arg)
{
    struct http *h = allocate(sizeof *h);
    *h = (struct http){.loop = loop, .options = *options, .fn = fn, .arg = arg, .open = true};
    TAILQ_INIT(&h->conns);
    TAILQ_INIT(&h->spares);
    TAILQ_INIT(&h->shakes);
    peers_init(&h->peers);
    doors_init(h);
    timer_init(&h->rest, loop, on_rested, h);
    timer_init(&h->shake_turn, loop, conn_shake_turn, h);
    return h;
}

void http_configure(struct http *h, const struct http_options *options)
{
    h->options = *options;
    http_update_listeners(h);
}

void http_stop(struct http *h, void (*fn)(void *arg), void *arg)
{
    struct conn *next;
    doors_close(h);
    h->stopping = true;
    for (struct conn *c = TAILQ_FIRST(&h->conns); c != NULL; c = next) {
        next = TAILQ_NEXT(c, all);
        conn_stop(c);
    }
    h->stopped = fn;
    h->stopped_arg = arg;
    if (h->conn_count == 0 && fn != NULL)
        loop_soon(h->loop, fn, arg);
}

void http_free(struct http *h)
{
    if (h == NULL)
        return;
    doors_close(h);
    h->stopped = NULL;
    while (!TAILQ_EMPTY(&h->conns))
        conn_free(TAILQ_FIRST(&h->conns));
    for (struct http_call *call = h->calls; call != NULL; call = call->next)
        call->http = NULL;
    timer_stop(&h->rest);
    timer_stop(&h->shake_turn);
    free(h);
}
