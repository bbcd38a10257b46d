/* See stream.h. */
#include "host/facade/stream.h"

#include <ctype.h>
#include <event2/buffer.h>

#include "host/base/log.h"

void stream_open(struct stream *s, struct loop *loop, int fd, struct tls *tls)
{
    *s = (struct stream){.bev = bufferevent_socket_new(loop_base(loop), fd, BEV_OPT_CLOSE_ON_FREE)};
    if (s->bev == NULL)
        fatal("out of memory");
    s->in = bufferevent_get_input(s->bev);
    s->out = evbuffer_new();
    if (s->out == NULL)
        fatal("out of memory");
    if (tls == NULL)
        return;
    s->session = tls_session_new(tls, s->in, bufferevent_get_output(s->bev));
    s->in = evbuffer_new();
    if (s->in == NULL)
        fatal("out of memory");
}

static void session_drop(struct stream *s)
{
    if (s->session == NULL)
        return;
    tls_session_free(s->session);
    evbuffer_free(s->in);
    s->session = NULL;
}

void stream_close(struct stream *s)
{
    session_drop(s);
    evbuffer_free(s->out);
    bufferevent_free(s->bev);
}

/* A TLS record begins with its type, 20 to 23; a method with a capital letter. */
bool stream_is_plain(const struct stream *s)
{
    unsigned char first = 0;
    evbuffer_copyout(bufferevent_get_input(s->bev), &first, 1);
    return !s->begun && isupper(first);
}

void stream_be_plain(struct stream *s)
{
    session_drop(s);
    s->in = bufferevent_get_input(s->bev);
}

static enum tls_result took(struct stream *s, enum tls_result result)
{
    s->failed |= result == TLS_FAILED;
    s->ended |= result == TLS_ENDED;
    return result;
}

enum tls_result stream_shake(struct stream *s)
{
    enum tls_result result = took(s, tls_session_shake(s->session));
    s->begun = true;
    s->shaken = result == TLS_DONE;
    return result;
}

bool stream_has_more(const struct stream *s)
{
    return evbuffer_get_length(s->in) > 0 || evbuffer_get_length(bufferevent_get_input(s->bev)) > 0;
}

bool stream_fill(struct stream *s)
{
    if (s->session != NULL && evbuffer_get_length(s->in) == 0 && !s->failed && !s->ended)
        took(s, tls_session_read(s->session, s->in));
    return evbuffer_get_length(s->in) > 0;
}

/* Through the bufferevent a write would cost two more calls of the kernel, to wait for the socket and not to
 * wait any more. An error of the socket comes to light there. */
static bool plain_flush(struct stream *s, bool at_once)
{
    struct evbuffer *wire = bufferevent_get_output(s->bev);
    if (at_once && evbuffer_get_length(wire) == 0)
        evbuffer_write(s->out, bufferevent_getfd(s->bev));
    if (at_once && evbuffer_get_length(s->out) == 0)
        return true;
    evbuffer_add_buffer(wire, s->out);
    return false;
}

bool stream_flush(struct stream *s, bool at_once)
{
    if (s->session == NULL)
        return plain_flush(s, at_once);
    if (s->shaken && !s->failed)
        took(s, tls_session_write(s->session, s->out));
    return false;
}

void stream_end(struct stream *s)
{
    if (s->session != NULL && s->shaken && !s->failed)
        tls_session_end(s->session);
}

void stream_drop(struct stream *s)
{
    struct evbuffer *wire = bufferevent_get_input(s->bev);
    evbuffer_drain(wire, evbuffer_get_length(wire));
    if (s->session != NULL)
        evbuffer_drain(s->in, evbuffer_get_length(s->in));
}

const char *stream_why(const struct stream *s)
{
    return s->session != NULL ? tls_session_why(s->session) : "";
}
