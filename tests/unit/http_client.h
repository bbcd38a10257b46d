/* A client on the same loop as the server under test: it writes raw bytes and reads answers as a strict SDK
 * would. */
#ifndef CELLPOST_TESTS_HTTP_CLIENT_H
#define CELLPOST_TESTS_HTTP_CLIENT_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <linux/sockios.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/base/loop.h"

#define CLIENT_DEADLINE_MS 60000 /* real; no success waits for it */

struct client {
    struct loop *loop;
    int fd;
    char *in; /* what came and is not taken yet */
    size_t len;
    bool eof;
};

struct response {
    int status;
    char head[2048]; /* status line and headers */
    char *body;      /* NUL-terminated */
    size_t body_len;
    json_t *json; /* NULL when the body is none */
};

static inline void response_fini(struct response *r)
{
    json_decref(r->json);
    free(r->body);
    *r = (struct response){0};
}

static inline int64_t real_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static inline void client_use(struct client *c, struct loop *loop, int fd)
{
    *c = (struct client){.loop = loop, .fd = fd};
    fcntl(fd, F_SETFL, O_NONBLOCK);
}

static inline void client_connect(struct client *c, struct loop *loop, int port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(0x7f000001)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    client_use(c, loop, fd);
}

static inline void client_connect_unix(struct client *c, struct loop *loop, const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    client_use(c, loop, fd);
}

static inline void client_close(struct client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    free(c->in);
    *c = (struct client){.fd = -1};
}

static inline void client_write(struct client *c, const char *text, size_t len)
{
    for (int64_t end = real_ms() + CLIENT_DEADLINE_MS; len > 0 && real_ms() < end;) {
        ssize_t n = send(c->fd, text, len, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN)
            return;
        text += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
        loop_turn(c->loop, 0);
    }
    assert_int_equal(len, 0);
}

static inline void client_send(struct client *c, const char *text)
{
    client_write(c, text, strlen(text));
}

/* One turn, then what has come. */
static inline void client_poll(struct client *c)
{
    char piece[65536];
    ssize_t n;
    loop_turn(c->loop, 5);
    while ((n = recv(c->fd, piece, sizeof piece, 0)) > 0) {
        c->in = realloc(c->in, c->len + (size_t)n + 1);
        memcpy(c->in + c->len, piece, (size_t)n);
        c->len += (size_t)n;
        c->in[c->len] = '\0';
    }
    c->eof = n == 0 || errno != EAGAIN;
}

/* Turns until at least so much has come. */
static inline void client_hears(struct client *c, size_t len)
{
    for (int64_t end = real_ms() + CLIENT_DEADLINE_MS; real_ms() < end && c->len < len && !c->eof;)
        client_poll(c);
    assert_true(c->len >= len);
}

/* Turns until what was sent has arrived at the server's socket, and was looked at there. */
static inline void client_arrives(struct client *c)
{
    int queued, idle = 0;
    for (int64_t end = real_ms() + CLIENT_DEADLINE_MS;
         real_ms() < end && idle < 3;) { /* accepted, read, done */
        loop_turn(c->loop, 1);
        assert_int_equal(ioctl(c->fd, SIOCOUTQ, &queued), 0);
        idle = queued == 0 ? idle + 1 : 0;
    }
    assert_int_equal(idle, 3);
}

/* Value of a header of the answer, into out; false when absent. */
static inline bool response_header(const struct response *r, const char *name, char *out, size_t size)
{
    char key[64];
    snprintf(key, sizeof key, "\r\n%s: ", name);
    const char *at = strcasestr(r->head, key);
    if (at == NULL)
        return false;
    at += strlen(key);
    snprintf(out, size, "%.*s", (int)strcspn(at, "\r"), at);
    return true;
}

/* Takes one whole answer from the front of what came; false when it is not whole yet. */
static inline bool client_take(struct client *c, struct response *r, bool head_only)
{
    char length[16] = "0";
    char *end = c->in != NULL ? strstr(c->in, "\r\n\r\n") : NULL;
    if (end == NULL)
        return false;
    size_t head = (size_t)(end - c->in) + 4;
    assert_true(head < sizeof r->head);
    memcpy(r->head, c->in, head);
    r->head[head] = '\0';
    assert_memory_equal(r->head, "HTTP/1.1 ", 9);
    r->status = (int)strtol(r->head + 9, NULL, 10);
    bool has_length = response_header(r, "Content-Length", length, sizeof length);
    assert_int_equal(has_length, r->status != 204 && r->status != 100);
    size_t body = head_only ? 0 : strtoul(length, NULL, 10);
    if (c->len < head + body)
        return false;
    r->body = calloc(1, body + 1);
    memcpy(r->body, c->in + head, body);
    r->body_len = body;
    r->json = body > 0 ? json_loads(r->body, 0, NULL) : NULL;
    c->len -= head + body;
    memmove(c->in, c->in + head + body, c->len + 1);
    return true;
}

static inline void client_receive_as(struct client *c, struct response *r, bool head_only)
{
    *r = (struct response){0};
    for (int64_t end = real_ms() + CLIENT_DEADLINE_MS; real_ms() < end && !c->eof;)
        if (client_take(c, r, head_only))
            return;
        else
            client_poll(c);
    if (!client_take(c, r, head_only))
        fail_msg("no answer: %s", c->in != NULL ? c->in : c->eof ? "closed" : "silence");
}

static inline void client_receive(struct client *c, struct response *r)
{
    client_receive_as(c, r, false);
}

/* Turns until the server has closed the connection; what came before stays. */
static inline bool client_closed(struct client *c)
{
    for (int64_t end = real_ms() + CLIENT_DEADLINE_MS; real_ms() < end && !c->eof;)
        client_poll(c);
    return c->eof;
}

#endif
