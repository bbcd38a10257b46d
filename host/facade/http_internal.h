/* What http.c (listeners, calls, life) and http_conn.c (one connection) share. */
#ifndef CELLPOST_FACADE_HTTP_INTERNAL_H
#define CELLPOST_FACADE_HTTP_INTERNAL_H

#include <sys/queue.h>

#include "host/facade/http.h"
#include "host/facade/listener.h"
#include "host/facade/peers.h"
#include "host/facade/stream.h"

enum conn_state {
    CONN_SHAKING,
    CONN_NEW,
    CONN_IDLE,
    CONN_READING,
    CONN_SERVING,
    CONN_WRITING,
    CONN_LINGER,
    CONN_STATES
};

struct conn {
    struct http *http;
    TAILQ_ENTRY(conn) all, spare, shake; /* of the lists in struct http */
    struct stream stream;
    struct peer *peer; /* NULL = a Unix socket */
    struct timer deadline;
    enum conn_state state;
    struct httpreq req;
    struct http_call *call; /* SERVING */
    bool shake_waits;       /* is in http's list `shake` */
    bool tls, trusted;
    uint8_t address[16]; /* the client's; all 0 of a Unix socket */
    bool ending;         /* no further request: asked for, refused, or the server stops */
    bool eof;            /* the client sends nothing more */
};
TAILQ_HEAD(conns, conn);

struct http_call {
    struct http_call *prev, *next;
    struct http *http; /* NULL once the server is gone */
    struct conn *conn; /* NULL once the client is gone */
    struct httpreq req;
    bool trusted, tls;
    uint8_t address[16];
    int64_t began_us;
};

enum door_kind { DOOR_PLAIN, DOOR_LOCAL, DOOR_TLS };
struct door {
    struct http *http;
    enum door_kind kind;
    struct tls *tls;
    struct listener listener;
};
enum { HTTP_PLAIN, HTTP_LOCAL, HTTP_TLS, HTTP_DOORS = HTTP_TLS + HTTP_TLS_MAX };

/* What anybody may cause at any rate: one a second of each kind is logged, with a count of the others. */
enum http_news_kind { HTTP_REFUSED, HTTP_TLS_FAILED, HTTP_ADDRESS_FULL, HTTP_NEWS };
struct http_news {
    int64_t told_ms; /* when it was last logged, 0 = never */
    unsigned untold;
};

struct http {
    struct loop *loop;
    struct http_options options;
    http_fn *fn;
    void *arg;
    struct door doors[HTTP_DOORS];
    struct timer rest; /* accepting again */
    struct timer shake_turn;
    struct conns conns, spares, shakes; /* spares: could go for another, the oldest first */
    int conn_count, spare_count;
    struct peers peers;
    struct http_call *calls;
    struct http_news news[HTTP_NEWS];
    bool open; /* the listeners accept */
    bool stopping;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

/* ---- http.c ---- */
void http_update_listeners(struct http *);
/* The request is whole: it moves from the connection into a call of its own, which outlives the connection.
 */
void http_serve(struct http *, struct conn *);
/* Who is at the other end: IPv6, or IPv4 mapped into it. */
void http_address(int fd, uint8_t out[16]);
void http_tell(struct http *, enum http_news_kind, const char *why);

/* ---- http_conn.c ---- */
/* Begins; whoever calls it has made room. peer may be NULL. */
void conn_open(struct http *, int fd, const struct door *, struct peer *, bool trusted);
void conn_free(struct conn *);
void conn_serving(struct conn *); /* its request was taken */
void conn_stop(struct conn *);    /* the server stops */
void conn_answer(struct conn *, const struct http_answer *, int64_t took_us, bool head_only);
void conn_shake_turn(void *http); /* a timer's callback */

#endif
