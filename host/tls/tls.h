/* The server's side of TLS: what certificate is served, and one conversation with one client, from buffer to
 * buffer: it does no I/O and knows no sockets.
 *
 * Promises: TLS 1.2 with ECDHE and AEAD ciphers only (mbedTLS 2.28 has no TLS 1.3); no renegotiation (a
 * client that asks for it is cut); sessions resume by ticket (the key changes daily, and is in memory only)
 * or by identifier; ALPN http/1.1; which name the client asked for does not matter. A client's certificate
 * is never asked for.
 *
 * The certificate is the operator's (cert and key), or the local authority's (authority.h), which renews it
 * by itself. The authority's own end is told in the log each day from 90 days before. One that cannot be used
 * is an error when TLS opens; later the one in use stays. */
#ifndef CELLPOST_TLS_TLS_H
#define CELLPOST_TLS_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/loop.h"

struct evbuffer;
struct tls;

struct tls_options {
    const char *folder;     /* of the local authority; its parent exists */
    const char *cert, *key; /* files of the operator's; both or neither ("") */
    char *const *names;     /* for the local one's leaf, ended by NULL */
};

int tls_open(struct tls **, struct loop *, const struct tls_options *, char error[256]);
/* Files are read anew. With an error what was served goes on. */
int tls_reload(struct tls *, const struct tls_options *, char error[256]);
void tls_close(struct tls *); /* after the last session; NULL: nothing */
/* The local authority's leaf gets these names too, for good. -ENOTSUP with the operator's own files. */
int tls_issue(struct tls *, char *const *names, char error[256]);
/* Whether cert and key (PEM files) would serve. 0 or -errno with a sentence. */
int tls_check(const char *cert, const char *key, char error[256]);

struct tls_status {
    bool local; /* the local authority's */
    char subject[128], issuer[128];
    char fingerprint[96]; /* SHA-256, AA:BB:... */
    int64_t from_ms, until_ms;
    int64_t authority_until_ms; /* local; else 0 */
    char *const *names;         /* local: what the leaf is for; else NULL */
    const char *path;           /* of the file that is served */
};
void tls_status(const struct tls *, struct tls_status *); /* lent until the next call */

/* The authority's certificate: text for free(), NULL when the operator's own files are served. */
char *tls_authority_pem(const struct tls *, char fingerprint[96]);

/* ---- sessions ---- */

enum tls_result {
    TLS_DONE,  /* shaken hands; something was read */
    TLS_MORE,  /* more octets from the client are needed */
    TLS_ENDED, /* the client said that it ends */
    TLS_FAILED /* why: tls_session_why; an alert for the client may be in `out` */
};

struct tls_session;
/* in, out: what comes from the wire and goes to it; lent for the session's life. */
struct tls_session *tls_session_new(struct tls *, struct evbuffer *in, struct evbuffer *out);
void tls_session_free(struct tls_session *);
/* One step of the handshake: the costly thing, about 2 ms of CPU. */
enum tls_result tls_session_shake(struct tls_session *);
/* Adds at most one record's text to `text`. */
enum tls_result tls_session_read(struct tls_session *, struct evbuffer *text);
/* Takes all of `text`. */
enum tls_result tls_session_write(struct tls_session *, struct evbuffer *text);
void tls_session_end(struct tls_session *); /* says so to the client */
const char *tls_session_why(const struct tls_session *);

#endif
