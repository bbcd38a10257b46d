/* See http.h. A connection is a small state machine over a bufferevent; its deadlines are timers of the loop
 * (libevent's own would not follow the clock that tests drive).
 *
 *   NEW or IDLE --byte--> READING --whole--> SERVING --answer--> WRITING --written--> IDLE, or LINGER when it
 * ends
 *
 * NEW has not sent anything yet; only IDLE and LINGER give their place to a client at the door.
 * LINGER: after an answer that ends the connection our side is shut and what still comes is dropped for a
 * moment: closing with bytes unread would reset the connection and destroy the answer on its way (RFC 9112
 * clause 9.6). */
#include "host/facade/http.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/base/sid.h"
#include "host/facade/date.h"
#include "host/facade/error.h"
#include "host/facade/listener.h"

#define LINGER_MS      1000
#define STOP_MS        1000 /* for a request that is half here, or an answer half gone, when the server stops */
#define ACCEPT_REST_MS 500         /* after accept failed (no file descriptors) */
#define INPUT_MAX      (16 * 1024) /* bytes read ahead of what is being parsed */

enum conn_state { CONN_NEW, CONN_IDLE, CONN_READING, CONN_SERVING, CONN_WRITING, CONN_LINGER, CONN_STATES };

struct conn {
    struct http *http;
    struct conn *prev, *next; /* newest first */
    struct bufferevent *bev;
    struct timer deadline;
    enum conn_state state;
    struct httpreq req;
    struct http_call *call; /* SERVING */
    bool trusted;
    bool ending; /* no further request: asked for, refused, or the server stops */
    bool eof;    /* the client sends nothing more */
};

struct http_call {
    struct http_call *prev, *next;
    struct http *http; /* NULL once the server is gone */
    struct conn *conn; /* NULL once the client is gone */
    struct httpreq req;
    bool trusted;
    int64_t began_us;
};

struct http {
    struct loop *loop;
    struct http_options options;
    http_fn *fn;
    void *arg;
    struct listener tcp, local;
    struct timer rest; /* accepting again */
    struct conn *conns;
    int conn_count, spare_count; /* spare: could go for another */
    struct http_call *calls;
    bool stopping;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

static void *allocate(size_t size)
{
    void *p = calloc(1, size);
    if (p == NULL)
        fatal("out of memory");
    return p;
}

/* ---- states ---- */

static bool is_spare(const struct conn *c)
{
    return c->state == CONN_IDLE || c->state == CONN_LINGER;
}

/* At the cap, with nobody to send away, clients wait in the kernel's backlog. */
static void listeners_update(struct http *h)
{
    bool open = (h->conn_count < h->options.connections || h->spare_count > 0) && !timer_armed(&h->rest);
    listener_enable(&h->tcp, open);
    listener_enable(&h->local, open);
}

static void conn_free(struct conn *c)
{
    struct http *h = c->http;
    if (c->call != NULL)
        c->call->conn = NULL;
    *(c->prev != NULL ? &c->prev->next : &h->conns) = c->next;
    if (c->next != NULL)
        c->next->prev = c->prev;
    h->conn_count--;
    h->spare_count -= is_spare(c);
    timer_stop(&c->deadline);
    bufferevent_free(c->bev);
    httpreq_fini(&c->req);
    free(c);
    listeners_update(h);
    if (h->stopping && h->conn_count == 0 && h->stopped != NULL)
        loop_soon(h->loop, h->stopped, h->stopped_arg);
}

static int64_t idle_ms(const struct http *h)
{
    return h->options.idle_ms;
}
static int64_t request_ms(const struct http *h)
{
    return h->stopping ? STOP_MS : h->options.request_ms;
}
static int64_t linger_ms(const struct http *h)
{
    (void)h;
    return LINGER_MS;
}
static void refuse_late(struct conn *);

static const struct {
    int64_t (*limit)(const struct http *); /* NULL: the state may last (the disk answers when it does) */
    void (*late)(struct conn *);
} STATES[CONN_STATES] = {
    [CONN_NEW] = {request_ms, conn_free},       [CONN_IDLE] = {idle_ms, conn_free},
    [CONN_READING] = {request_ms, refuse_late}, [CONN_SERVING] = {NULL, NULL},
    [CONN_WRITING] = {request_ms, conn_free},   [CONN_LINGER] = {linger_ms, conn_free},
};

static void conn_enter(struct conn *c, enum conn_state state)
{
    c->http->spare_count -= is_spare(c);
    c->state = state;
    c->http->spare_count += is_spare(c);
    listeners_update(c->http);
    timer_stop(&c->deadline);
    if (STATES[state].limit != NULL)
        timer_set(&c->deadline, STATES[state].limit(c->http));
}

static void conn_late(void *arg)
{
    struct conn *c = arg;
    STATES[c->state].late(c);
}

/* ---- answers ---- */

static const struct {
    int status;
    const char *reason;
} REASONS[] = {
    {200, "OK"},
    {201, "Created"},
    {204, "No Content"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {417, "Expectation Failed"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
};

static const char *reason_of(int status)
{
    for (size_t i = 0; i < sizeof REASONS / sizeof REASONS[0]; i++)
        if (REASONS[i].status == status)
            return REASONS[i].reason;
    return "Unknown";
}

static void write_answer(struct conn *c, const struct http_answer *a, int64_t took_us, bool head_only)
{
    struct evbuffer *out = bufferevent_get_output(c->bev);
    char date[DATE_TEXT], id[SID_TEXT];
    struct sid sid;
    int64_t now = clock_wall_ms();
    sid_new(&sid, now);
    sid_format(&sid, "RQ", id);
    date_http(now, date);
    evbuffer_add_printf(
        out,
        "HTTP/1.1 %d %s\r\nDate: %s\r\nTwilio-Request-Id: %s\r\nTwilio-Request-Duration: %.3f\r\n"
        "Cache-Control: no-store\r\n%s",
        a->status, reason_of(a->status), date, id, (double)took_us / 1e6,
        a->headers != NULL ? a->headers : "");
    if (a->body != NULL)
        evbuffer_add_printf(out, "Content-Type: application/json; charset=utf-8\r\n");
    if (a->status != 204)
        evbuffer_add_printf(out, "Content-Length: %zu\r\n", a->body != NULL ? strlen(a->body) : 0);
    evbuffer_add_printf(out, "Connection: %s\r\n\r\n", c->ending ? "close" : "keep-alive");
    if (a->body != NULL && !head_only)
        evbuffer_add(out, a->body, strlen(a->body));
    conn_enter(c, CONN_WRITING);
}

/* The server's own refusal, before there is a call. */
static void refuse_conn(struct conn *c, int status, const char *why)
{
    struct refusal refusal;
    refuse(&refusal, status, refusal_code(status), "%s", why);
    char *body = refusal_body(&refusal);
    c->ending = true;
    log_event(LOG_INFO, "http.refused", "status=%d why=\"%s\"", status, why);
    write_answer(c, &(struct http_answer){.status = status, .body = body}, 0, false);
    free(body);
}

static void refuse_late(struct conn *c)
{
    if (c->http->stopping)
        refuse_conn(c, 503, "The server stops; the request was not processed.");
    else
        refuse_conn(c, 408, "The request was not whole in time.");
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
    (void)call; /* TLS has no listener yet */
    return "http";
}

bool http_trusted(const struct http_call *call)
{
    return call->trusted;
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
        write_answer(c, answer, took_us, strcmp(call->req.method, "HEAD") == 0);
    }
    call_free(call);
}

/* The request is whole: it moves from the connection into a call of its own, which outlives the connection.
 */
static void serve(struct conn *c)
{
    struct http *h = c->http;
    struct http_call *call = allocate(sizeof *call);
    *call = (struct http_call){.http = h, .conn = c, .req = c->req, .trusted = c->trusted, .next = h->calls};
    call->began_us = clock_mono_us();
    if (h->calls != NULL)
        h->calls->prev = call;
    h->calls = call;
    httpreq_init(&c->req);
    c->call = call;
    c->ending |= !call->req.keep_alive;
    conn_enter(c, CONN_SERVING);
    h->fn(h->arg, call);
}

/* ---- reading ---- */

/* Feeds what has come until the request is whole or more is needed. */
static void feed(struct conn *c, struct evbuffer *in)
{
    while (c->req.state < HTTPREQ_DONE && evbuffer_get_length(in) > 0) {
        struct evbuffer_iovec piece;
        evbuffer_peek(in, -1, NULL, &piece, 1);
        evbuffer_drain(in, httpreq_feed(&c->req, piece.iov_base, piece.iov_len));
    }
}

/* PHP's client knows only this bare form. */
static void invite_body(struct conn *c)
{
    if (!c->req.expect_continue || c->req.state < HTTPREQ_BODY || c->req.state >= HTTPREQ_DONE ||
        c->req.body_len > 0)
        return;
    c->req.expect_continue = false;
    evbuffer_add_printf(bufferevent_get_output(c->bev), "HTTP/1.1 100 Continue\r\n\r\n");
}

/* Goes on with what is in the buffer. May free the connection. */
static void conn_go_on(struct conn *c)
{
    struct evbuffer *in = bufferevent_get_input(c->bev);
    if (c->state == CONN_LINGER)
        evbuffer_drain(in, evbuffer_get_length(in));
    if (c->state > CONN_READING) {
        if (c->state == CONN_LINGER && c->eof)
            conn_free(c);
        return;
    }
    feed(c, in);
    if (c->state != CONN_READING && httpreq_begun(&c->req))
        conn_enter(c, CONN_READING);
    if (c->req.state == HTTPREQ_DONE)
        serve(c);
    else if (c->req.state == HTTPREQ_BAD)
        refuse_conn(c, c->req.status, c->req.why);
    else if (c->eof)
        conn_free(c);
    else
        invite_body(c);
}

static void on_read(struct bufferevent *bev, void *arg)
{
    (void)bev;
    conn_go_on(arg);
}

/* The output is empty. */
static void on_written(struct bufferevent *bev, void *arg)
{
    struct conn *c = arg;
    if (c->state != CONN_WRITING)
        return;
    if (c->ending) {
        shutdown(bufferevent_getfd(bev), SHUT_WR);
        conn_enter(c, CONN_LINGER);
    } else {
        conn_enter(c, CONN_IDLE);
    }
    conn_go_on(c);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    struct conn *c = arg;
    (void)bev;
    if (what & BEV_EVENT_ERROR) {
        conn_free(c);
        return;
    }
    c->eof = (what & BEV_EVENT_EOF) != 0;
    conn_go_on(c); /* half closed: what was asked before is still answered */
}

/* ---- accepting ---- */

/* A keep-alive connection that waits is worth less than a client at the door. */
static bool make_room(struct http *h)
{
    struct conn *oldest = NULL;
    if (h->conn_count < h->options.connections)
        return true;
    for (struct conn *c = h->conns; c != NULL; c = c->next)
        if (is_spare(c))
            oldest = c;
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

static struct conn *conn_new(struct http *h, int fd, bool trusted)
{
    struct conn *c = allocate(sizeof *c);
    *c = (struct conn){.http = h, .next = h->conns, .trusted = trusted};
    if (h->conns != NULL)
        h->conns->prev = c;
    h->conns = c;
    h->conn_count++;
    httpreq_init(&c->req);
    timer_init(&c->deadline, h->loop, conn_late, c);
    c->bev = bufferevent_socket_new(loop_base(h->loop), fd, BEV_OPT_CLOSE_ON_FREE);
    if (c->bev == NULL)
        fatal("out of memory");
    return c;
}

static void accept_conn(struct http *h, int fd, bool trusted)
{
    if (!make_room(h)) { /* both listeners were ready in one turn */
        close(fd);
        return;
    }
    struct conn *c = conn_new(h, fd, trusted);
    bufferevent_setcb(c->bev, on_read, on_written, on_event, c);
    bufferevent_setwatermark(c->bev, EV_READ, 0, INPUT_MAX);
    bufferevent_enable(c->bev, EV_READ | EV_WRITE);
    conn_enter(c, CONN_NEW);
}

static void on_tcp(void *arg, int fd)
{
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    accept_conn(arg, fd, false);
}

static void on_local(void *arg, int fd)
{
    accept_conn(arg, fd, peer_trusted(fd));
}

static void on_rested(void *arg)
{
    listeners_update(arg);
}

/* No file descriptors left, most likely: asking again at once would spin. */
static void on_accept_failed(void *arg)
{
    struct http *h = arg;
    log_event(LOG_WARN, "http.accept_failed", "why=\"%s\" connections=%d", strerror(errno), h->conn_count);
    timer_set(&h->rest, ACCEPT_REST_MS);
    listeners_update(h);
}

int http_listen_tcp(struct http *h, const char *address, char error[256])
{
    return listener_open_tcp(&h->tcp, h->loop, address, error);
}

int http_listen_unix(struct http *h, const char *path, char error[256])
{
    return listener_open_unix(&h->local, h->loop, path, error);
}

int http_port(const struct http *h)
{
    return listener_port(&h->tcp);
}

/* ---- life ---- */

struct http *http_new(struct loop *loop, const struct http_options *options, http_fn *fn, void *arg)
{
    struct http *h = allocate(sizeof *h);
    *h = (struct http){.loop = loop, .options = *options, .fn = fn, .arg = arg};
    h->tcp = (struct listener){.accepted = on_tcp, .failed = on_accept_failed, .arg = h};
    h->local = (struct listener){.accepted = on_local, .failed = on_accept_failed, .arg = h};
    timer_init(&h->rest, loop, on_rested, h);
    return h;
}

void http_configure(struct http *h, const struct http_options *options)
{
    h->options = *options;
    listeners_update(h);
}

void http_stop(struct http *h, void (*fn)(void *arg), void *arg)
{
    listener_close(&h->tcp);
    listener_close(&h->local);
    h->stopping = true;
    for (struct conn *c = h->conns, *next; c != NULL; c = next) {
        next = c->next;
        c->ending = true;
        if (c->state == CONN_NEW || is_spare(c))
            conn_free(c);
        else
            conn_enter(c, c->state); /* its deadline is nearer now */
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
    listener_close(&h->tcp);
    listener_close(&h->local);
    h->stopped = NULL;
    while (h->conns != NULL)
        conn_free(h->conns);
    for (struct http_call *call = h->calls; call != NULL; call = call->next)
        call->http = NULL;
    timer_stop(&h->rest);
    free(h);
}
