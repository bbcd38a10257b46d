/* See http.h. A connection is a small state machine over a stream; its deadlines are timers of the loop
 * (libevent's own would not follow the clock that tests drive).
 *
 *   NEW or IDLE --byte--> READING --whole--> SERVING --answer--> WRITING --written--> IDLE, or LINGER when it
 * ends. Through TLS, SHAKING comes before NEW.
 *
 * NEW has not sent anything yet; only IDLE and LINGER give their place to a client at the door.
 * LINGER: after an answer that ends the connection our side is shut and what still comes is dropped for a
 * moment: closing with bytes unread would reset the connection and destroy the answer on its way (RFC 9112
 * clause 9.6). */
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/base/sid.h"
#include "host/facade/date.h"
#include "host/facade/error.h"
#include "host/facade/http_internal.h"

#define LINGER_MS        1000
#define STOP_MS          1000 /* for a request that is half here, or an answer half gone, when the server stops */
#define INPUT_MAX        (16 * 1024) /* bytes read ahead of what is being parsed */
#define SHAKE_TURN_US    3000        /* of a turn of the loop for handshakes; a step takes about 2 ms */
#define SHAKE_TURN_STEPS 8

static bool is_spare(const struct conn *c)
{
    return c->state == CONN_IDLE || c->state == CONN_LINGER;
}

static void spare_count(struct conn *c, int by)
{
    if (!is_spare(c))
        return;
    c->http->spare_count += by;
    if (c->peer != NULL)
        c->peer->spare += by;
    if (by > 0)
        TAILQ_INSERT_TAIL(&c->http->spares, c, spare);
    else
        TAILQ_REMOVE(&c->http->spares, c, spare);
}

void conn_free(struct conn *c)
{
    struct http *h = c->http;
    if (c->call != NULL)
        c->call->conn = NULL;
    TAILQ_REMOVE(&h->conns, c, all);
    if (c->shake_waits)
        TAILQ_REMOVE(&h->shakes, c, shake);
    h->conn_count--;
    spare_count(c, -1);
    if (c->peer != NULL)
        peers_leave(&h->peers, c->peer);
    timer_stop(&c->deadline);
    stream_close(&c->stream);
    httpreq_fini(&c->req);
    free(c);
    http_update_listeners(h);
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
static int64_t handshake_ms(const struct http *h)
{
    return h->options.handshake_ms;
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
    [CONN_SHAKING] = {handshake_ms, conn_free},
    [CONN_NEW] = {request_ms, conn_free},
    [CONN_IDLE] = {idle_ms, conn_free},
    [CONN_READING] = {request_ms, refuse_late},
    [CONN_SERVING] = {NULL, NULL},
    [CONN_WRITING] = {request_ms, conn_free},
    [CONN_LINGER] = {linger_ms, conn_free},
};

/* What comes meanwhile waits. */
static bool is_busy(const struct conn *c)
{
    return c->state == CONN_SERVING || c->state == CONN_WRITING || c->state == CONN_SHAKING;
}

static void conn_enter(struct conn *c, enum conn_state state)
{
    spare_count(c, -1);
    c->state = state;
    spare_count(c, 1);
    if (!is_busy(c) && !(bufferevent_get_enabled(c->stream.bev) & EV_READ))
        bufferevent_enable(c->stream.bev, EV_READ);
    http_update_listeners(c->http);
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

/* What the client sent meanwhile is looked at in a call of its own: a handler may be under way here. */
static void conn_answered(struct conn *c)
{
    conn_enter(c, CONN_IDLE);
    if (c->eof || stream_has_more(&c->stream))
        bufferevent_trigger(c->stream.bev, EV_READ,
                            (int)BEV_TRIG_IGNORE_WATERMARKS | (int)BEV_TRIG_DEFER_CALLBACKS);
}

void conn_answer(struct conn *c, const struct http_answer *a, int64_t took_us, bool head_only)
{
    struct evbuffer *out = c->stream.out;
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
    bool gone = stream_flush(&c->stream, !c->ending);
    if (c->ending)
        stream_end(&c->stream);
    if (gone)
        conn_answered(c);
    else
        conn_enter(c, CONN_WRITING);
}

/* The server's own refusal, before there is a call. */
static void refuse_conn(struct conn *c, int status, const char *why)
{
    struct refusal refusal;
    refuse(&refusal, status, refusal_code(status), "%s", why);
    char *body = refusal_body(&refusal);
    c->ending = true;
    http_tell(c->http, HTTP_REFUSED, why);
    conn_answer(c, &(struct http_answer){.status = status, .body = body}, 0, false);
    free(body);
}

static void refuse_late(struct conn *c)
{
    if (c->http->stopping)
        refuse_conn(c, 503, "The server stops; the request was not processed.");
    else
        refuse_conn(c, 408, "The request was not whole in time.");
}

/* ---- reading ---- */

/* Feeds what has come until the request is whole or more is needed. */
static void feed(struct conn *c)
{
    while (c->req.state < HTTPREQ_DONE && stream_fill(&c->stream)) {
        struct evbuffer_iovec piece;
        evbuffer_peek(c->stream.in, -1, NULL, &piece, 1);
        evbuffer_drain(c->stream.in, httpreq_feed(&c->req, piece.iov_base, piece.iov_len));
    }
    c->eof |= c->stream.ended;
}

/* PHP's client knows only this bare form. */
static void invite_body(struct conn *c)
{
    if (!c->req.expect_continue || c->req.state < HTTPREQ_BODY || c->req.state >= HTTPREQ_DONE ||
        c->req.body_len > 0)
        return;
    c->req.expect_continue = false;
    evbuffer_add_printf(c->stream.out, "HTTP/1.1 100 Continue\r\n\r\n");
    stream_flush(&c->stream, true);
}

static void conn_fail(struct conn *c)
{
    http_tell(c->http, HTTP_TLS_FAILED, stream_why(&c->stream));
    conn_free(c);
}

/* Goes on with what is in the buffer. May free the connection. */
static void conn_go_on(struct conn *c)
{
    if (c->state == CONN_LINGER)
        stream_drop(&c->stream);
    if (c->state > CONN_READING) {
        if (c->state == CONN_LINGER && c->eof)
            conn_free(c);
        return;
    }
    feed(c);
    if (c->state != CONN_READING && httpreq_begun(&c->req))
        conn_enter(c, CONN_READING);
    if (c->req.state == HTTPREQ_DONE)
        http_serve(c->http, c);
    else if (c->req.state == HTTPREQ_BAD)
        refuse_conn(c, c->req.status, c->req.why);
    else if (c->stream.failed)
        conn_fail(c);
    else if (c->eof)
        conn_free(c);
    else
        invite_body(c);
}

/* ---- handshakes ---- */

/* An alert that says why may be on its way. */
static void shake_failed(struct conn *c)
{
    http_tell(c->http, HTTP_TLS_FAILED, stream_why(&c->stream));
    c->ending = true;
    if (evbuffer_get_length(bufferevent_get_output(c->stream.bev)) > 0)
        conn_enter(c, CONN_WRITING);
    else
        conn_free(c);
}

static void conn_shake(struct conn *c)
{
    bufferevent_enable(c->stream.bev, EV_READ);
    enum tls_result result = stream_shake(&c->stream);
    if (result == TLS_DONE) {
        conn_enter(c, CONN_NEW);
        conn_go_on(c);
    } else if (result != TLS_MORE) {
        shake_failed(c);
    } else if (c->eof) {
        conn_free(c);
    }
}

void conn_shake_turn(void *arg)
{
    struct http *h = arg;
    struct conn *c;
    int64_t until_us = clock_mono_us() + SHAKE_TURN_US;
    for (int steps = 0; steps < SHAKE_TURN_STEPS && (c = TAILQ_FIRST(&h->shakes)) != NULL; steps++) {
        TAILQ_REMOVE(&h->shakes, c, shake);
        c->shake_waits = false;
        conn_shake(c);
        if (clock_mono_us() >= until_us)
            break;
    }
    if (!TAILQ_EMPTY(&h->shakes))
        timer_set(&h->shake_turn, 0);
}

/* The step itself waits for its turn. */
static void shake_later(struct conn *c)
{
    struct http *h = c->http;
    if (stream_is_plain(&c->stream)) {
        stream_be_plain(&c->stream);
        c->tls = false;
        refuse_conn(c, 400, "This port speaks TLS: the URL begins with https.");
        return;
    }
    if (c->shake_waits)
        return;
    c->shake_waits = true;
    TAILQ_INSERT_TAIL(&h->shakes, c, shake);
    if (!timer_armed(&h->shake_turn))
        timer_set(&h->shake_turn, 0);
}

/* ---- the stream's events ---- */

/* Reading ends here at INPUT_MAX, not by libevent's high watermark: that calls back again and again while its
 * buffer stays full, so that a client which does not take its answers would have all of the CPU. */
static void on_read(struct bufferevent *bev, void *arg)
{
    struct conn *c = arg;
    if (is_busy(c) && evbuffer_get_length(bufferevent_get_input(bev)) >= INPUT_MAX)
        bufferevent_disable(bev, EV_READ);
    if (c->state == CONN_SHAKING)
        shake_later(c);
    else
        conn_go_on(c);
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
    if (what & BEV_EVENT_ERROR && !c->shake_waits) {
        conn_free(c);
        return;
    }
    c->eof = true; /* of a handshake what came before is still heard: an alert may say why */
    if (c->state != CONN_SHAKING)
        conn_go_on(c); /* half closed: what was asked before is still answered */
    else if (!c->shake_waits)
        conn_free(c);
}

/* ---- life ---- */

void conn_open(struct http *h, int fd, const struct door *door, struct peer *peer, bool trusted)
{
    struct conn *c = calloc(1, sizeof *c);
    if (c == NULL)
        fatal("out of memory");
    c->http = h;
    c->peer = peer;
    c->trusted = trusted;
    c->tls = door->kind == DOOR_TLS;
    http_address(fd, c->address);
    TAILQ_INSERT_HEAD(&h->conns, c, all);
    h->conn_count++;
    httpreq_init(&c->req);
    timer_init(&c->deadline, h->loop, conn_late, c);
    stream_open(&c->stream, h->loop, fd, door->tls);
    bufferevent_setcb(c->stream.bev, on_read, on_written, on_event, c);
    bufferevent_enable(c->stream.bev, EV_READ | EV_WRITE);
    conn_enter(c, c->tls ? CONN_SHAKING : CONN_NEW);
}

void conn_serving(struct conn *c)
{
    conn_enter(c, CONN_SERVING);
}

void conn_stop(struct conn *c)
{
    c->ending = true;
    if (c->state <= CONN_NEW || is_spare(c))
        conn_free(c);
    else
        conn_enter(c, c->state); /* its deadline is nearer now */
}
