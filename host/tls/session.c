/* See tls.h: one conversation. mbedTLS reads and writes through two functions on buffers. */
#include <errno.h>
#include <event2/buffer.h>
#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"
#include "host/tls/tls_internal.h"

#define RECORD_MAX 16384

struct tls_session {
    mbedtls_ssl_context ssl;
    struct tls_served *served;
    struct evbuffer *in, *out;
    char why[160];
};

static int wire_send(void *arg, const unsigned char *data, size_t len)
{
    struct tls_session *s = arg;
    if (evbuffer_add(s->out, data, len) != 0)
        fatal("out of memory");
    return (int)len; /* a record at most */
}

static int wire_receive(void *arg, unsigned char *data, size_t len)
{
    struct tls_session *s = arg;
    int got = evbuffer_remove(s->in, data, len);
    return got > 0 ? got : MBEDTLS_ERR_SSL_WANT_READ;
}

struct tls_session *tls_session_new(struct tls *tls, struct evbuffer *in, struct evbuffer *out)
{
    struct tls_session *s = calloc(1, sizeof *s);
    if (s == NULL)
        fatal("out of memory");
    *s = (struct tls_session){.served = tls->served, .in = in, .out = out};
    s->served->users++;
    mbedtls_ssl_init(&s->ssl);
    if (mbedtls_ssl_setup(&s->ssl, &s->served->settings) != 0)
        fatal("out of memory");
    mbedtls_ssl_set_bio(&s->ssl, s, wire_send, wire_receive, NULL);
    return s;
}

void tls_session_free(struct tls_session *s)
{
    if (s == NULL)
        return;
    mbedtls_ssl_free(&s->ssl);
    tls_served_release(s->served);
    free(s);
}

/* An alert from the client is the one hint that it lacks our authority. */
static void why_set(struct tls_session *s, int code)
{
    enum { BAD_CERTIFICATE = 42, CERTIFICATE_UNKNOWN = 46, UNKNOWN_CA = 48 };
    char text[128];
    if (code == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
        int alert = s->ssl.in_msg[1];
        bool trust = alert == UNKNOWN_CA || alert == CERTIFICATE_UNKNOWN || alert == BAD_CERTIFICATE;
        snprintf(s->why, sizeof s->why, "the client sent alert %d%s", alert,
                 trust ? ": it does not trust the certificate (cellpost tls recipe)" : "");
        return;
    }
    mbedtls_strerror(code, text, sizeof text);
    snprintf(s->why, sizeof s->why, "%s", text);
}

static enum tls_result result_of(struct tls_session *s, int code)
{
    switch (code) {
    case MBEDTLS_ERR_SSL_WANT_READ:
    case MBEDTLS_ERR_SSL_WANT_WRITE: return TLS_MORE;
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY: return TLS_ENDED;
    default: break;
    }
    if (code >= 0)
        return TLS_DONE;
    why_set(s, code);
    return TLS_FAILED;
}

enum tls_result tls_session_shake(struct tls_session *s)
{
    return result_of(s, mbedtls_ssl_handshake(&s->ssl));
}

/* After the handshake nothing that is read makes us write but a plea to shake hands anew, which mbedTLS
 * refuses with a warning: each costs an answer, and a client may plead for ever. */
enum tls_result tls_session_read(struct tls_session *s, struct evbuffer *text)
{
    struct evbuffer_iovec room;
    size_t before = evbuffer_get_length(s->out);
    if (evbuffer_reserve_space(text, RECORD_MAX, &room, 1) != 1)
        fatal("out of memory");
    int got = mbedtls_ssl_read(&s->ssl, room.iov_base, RECORD_MAX);
    room.iov_len = got > 0 ? (size_t)got : 0;
    evbuffer_commit_space(text, &room, 1);
    if (got <= 0 && evbuffer_get_length(s->out) != before) {
        snprintf(s->why, sizeof s->why, "the client asked for renegotiation");
        return TLS_FAILED;
    }
    return got == 0 ? TLS_ENDED : result_of(s, got);
}

enum tls_result tls_session_write(struct tls_session *s, struct evbuffer *text)
{
    while (evbuffer_get_length(text) > 0) {
        struct evbuffer_iovec piece;
        evbuffer_peek(text, -1, NULL, &piece, 1);
        int put = mbedtls_ssl_write(&s->ssl, piece.iov_base, piece.iov_len);
        if (put <= 0)
            return result_of(s, put < 0 ? put : MBEDTLS_ERR_SSL_INTERNAL_ERROR);
        evbuffer_drain(text, (size_t)put);
    }
    return TLS_DONE;
}

void tls_session_end(struct tls_session *s)
{
    mbedtls_ssl_close_notify(&s->ssl);
}

const char *tls_session_why(const struct tls_session *s)
{
    return s->why;
}
