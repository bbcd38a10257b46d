/* The octets of one connection, plain or through TLS: its owner sees text in and text out.
 *
 * Plain: `in` is the bufferevent's own buffer; stream_flush gives `out` to the socket at once, and only what
 * it does not take waits in the bufferevent. TLS: they are buffers beside it; stream_fill decrypts
 * into `in` only when it is empty (what is not asked for stays undecrypted, at most the bufferevent's
 * read-ahead and one record), stream_flush encrypts all of `out`. */
#ifndef CELLPOST_FACADE_STREAM_H
#define CELLPOST_FACADE_STREAM_H

#include <event2/bufferevent.h>
#include <stdbool.h>

#include "host/base/loop.h"
#include "host/tls/tls.h"

struct stream {
    struct bufferevent *bev;
    struct evbuffer *in, *out;
    struct tls_session *session; /* NULL = plain */
    bool begun, shaken;          /* TLS: the handshake's first step was made; it is over */
    bool ended;                  /* TLS: the client said that it sends nothing more */
    bool failed;                 /* TLS: nothing more can be said; stream_why */
};

void stream_open(struct stream *, struct loop *, int fd, struct tls *); /* tls NULL = plain; fd is its own */
void stream_close(struct stream *);
/* The client spoke plain HTTP where TLS is spoken: it can be told so in its own language. False after the
 * handshake's first step: what comes then may be the middle of a record. */
bool stream_is_plain(const struct stream *);
void stream_be_plain(struct stream *);
/* One step of the handshake; see tls_session_shake. */
enum tls_result stream_shake(struct stream *);
bool stream_has_more(const struct stream *); /* something came that was not taken, decrypted or not */
bool stream_fill(struct stream *);           /* true when `in` holds something */
/* True: all has gone to the kernel, and no write callback follows. Never so when not at_once. */
bool stream_flush(struct stream *, bool at_once);
/* After what was written nothing follows. What still comes is only for stream_drop. */
void stream_end(struct stream *);
void stream_drop(struct stream *); /* what has come is thrown away */
const char *stream_why(const struct stream *);

#endif
