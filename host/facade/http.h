/* The HTTP/1.1 server: listeners, connections, deadlines. It reads requests (httpreq), hands each to one
 * function, and writes what that answers, now or later.
 *
 * Promises: requests of a connection are served one after the other and answered in order (pipelining); an
 * answer may come in any later turn, also after the client has gone (it is then dropped, what it stands for
 * was done); never more than `connections` at once, and `per_address` from one TCP client (one more is
 * closed at once); a request must be whole within request_ms of its first byte (408), an answer must be taken
 * within request_ms, an idle connection ends after idle_ms or earlier when its place is needed. Every error
 * that the server finds itself is JSON (error.h).
 *
 * TLS: a handshake must be over within handshake_ms. Its costly steps are taken in turn, few in each turn of
 * the loop: a flood of handshakes delays handshakes, not requests. Plain HTTP on a TLS port is answered with
 * a plain 400.
 *
 * Why not libevent's evhttp: it answers 400, 413 and 501 in HTML by itself, which breaks SDKs; accepts a
 * second Content-Length; has no deadline for a whole request and no cap on connections. */
#ifndef CELLPOST_FACADE_HTTP_H
#define CELLPOST_FACADE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/loop.h"
#include "host/facade/httpreq.h"
#include "host/tls/tls.h"

struct http;
struct http_call; /* one request that is owed an answer */

struct http_options {
    int connections, per_address;
    int idle_ms, request_ms, handshake_ms;
};

/* Each call must be ended by http_answer, once. */
typedef void http_fn(void *arg, struct http_call *);
struct http *http_new(struct loop *, const struct http_options *, http_fn *, void *arg);
void http_configure(struct http *, const struct http_options *); /* for later deadlines and connections */
/* "127.0.0.1:8080", "[::]:8080", port 0 = any. 0 or -errno with a sentence that names the address. */
int http_listen_tcp(struct http *, const char *address, char error[256]);
/* The same through TLS, up to HTTP_TLS_MAX times. tls is lent for the server's life. */
#define HTTP_TLS_MAX 8
int http_listen_tls(struct http *, const char *address, struct tls *tls, char error[256]);
/* A socket file (0600); one left by a dead process is replaced, a living one is not: -EADDRINUSE. Removed by
 * http_free. */
int http_listen_unix(struct http *, const char *path, char error[256]);
int http_port(const struct http *);            /* of the TCP listener, 0 = none */
int http_tls_port(const struct http *, int n); /* of the nth TLS listener, 0 = none */

/* Closes the listeners and idle connections; a request half sent gets a second more, then 503. fn (may be
 * NULL) once the last connection is gone: when the last call is answered and a client that stalls is dropped.
 */
void http_stop(struct http *, void (*fn)(void *arg), void *arg);
/* Drops connections; calls still owed an answer may be answered afterwards: nobody hears it. */
void http_free(struct http *);

const struct httpreq *http_request(const struct http_call *); /* lent until http_answer */
const char *http_scheme(const struct http_call *); /* "http" or "https": how the client reached us */
/* The peer of a Unix socket is root or the daemon's own user. */
bool http_trusted(const struct http_call *);
/* The client's address: IPv6, or IPv4 mapped into it; all 0 behind a Unix socket. */
const uint8_t *http_peer(const struct http_call *); /* 16 octets, lent until http_answer */

struct http_answer {
    int status;
    const char *headers; /* more header lines, each with CRLF; NULL = none */
    const char *body;    /* JSON; NULL = none (then 204 has no Content-Length) */
};
/* Ends the call. What is lent is copied. */
void http_answer(struct http_call *, const struct http_answer *);

#endif
