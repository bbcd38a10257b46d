/* The HTTP client with a server on the same loop, whose answers a test writes. */
#ifndef CELLPOST_TESTS_HTTPC_RIG_H
#define CELLPOST_TESTS_HTTPC_RIG_H

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/base/clock.h"
#include "host/base/httpc.h"
#include "host/base/log.h"
#include "host/base/loop.h"

#define COUNT(a)    (sizeof(a) / sizeof(a)[0])
#define DEADLINE_MS 8000  /* of a request */
#define WAIT_MS     60000 /* real, at most; no success waits for it */
#define OK_EMPTY    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

/* ---- a server ---- */

struct server {
    struct evconnlistener *listener;
    int port;
    const char *answer; /* to each request; "" = none */
    bool closes;        /* after the answer */
    bool greets;        /* answers before it is asked */
    int connections, requests;
    char seen[8192]; /* the last request */
    struct bufferevent *open[16];
};

struct world {
    struct loop *loop;
    struct httpc *httpc;
    struct server server;
    bool faked; /* the clock */
};

static inline void server_close(struct server *server, struct bufferevent *bev)
{
    for (size_t i = 0; i < COUNT(server->open); i++)
        if (server->open[i] == bev)
            server->open[i] = NULL;
    bufferevent_free(bev);
}

static inline void on_written(struct bufferevent *bev, void *arg)
{
    struct server *server = arg;
    server_close(server, bev);
}

static inline void on_event(struct bufferevent *bev, short what, void *arg)
{
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        server_close(arg, bev);
}

static inline void on_read(struct bufferevent *bev, void *arg)
{
    struct server *server = arg;
    struct evbuffer *in = bufferevent_get_input(bev);
    size_t len = evbuffer_get_length(in);
    assert_true(len < sizeof server->seen);
    evbuffer_copyout(in, server->seen, len);
    server->seen[len] = '\0';
    const char *end = strstr(server->seen, "\r\n\r\n"), *length = strstr(server->seen, "Content-Length: ");
    if (end == NULL || strlen(end + 4) < (length != NULL ? strtoul(length + 16, NULL, 10) : 0))
        return;
    evbuffer_drain(in, len);
    server->requests++;
    if (server->answer[0] != '\0' && server->closes)
        bufferevent_setcb(bev, NULL, on_written, on_event, server);
    if (server->answer[0] != '\0')
        bufferevent_write(bev, server->answer, strlen(server->answer));
    else if (server->closes)
        server_close(server, bev);
}

static inline void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *peer,
                             int len, void *arg)
{
    struct server *server = arg;
    struct bufferevent *bev =
        bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);
    size_t slot = 0;
    (void)peer;
    (void)len;
    while (slot < COUNT(server->open) && server->open[slot] != NULL)
        slot++;
    assert_true(bev != NULL && slot < COUNT(server->open));
    server->open[slot] = bev;
    server->connections++;
    bufferevent_setcb(bev, on_read, NULL, on_event, server);
    bufferevent_enable(bev, EV_READ | EV_WRITE);
    if (server->greets)
        bufferevent_write(bev, server->answer, strlen(server->answer));
}

static inline void server_listen(struct server *server, struct loop *loop)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->listener = evconnlistener_new_bind(loop_base(loop), on_accept, server, LEV_OPT_CLOSE_ON_FREE, 16,
                                               (struct sockaddr *)&address, len);
    assert_non_null(server->listener);
    assert_int_equal(getsockname(evconnlistener_get_fd(server->listener), (struct sockaddr *)&address, &len),
                     0);
    server->port = ntohs(address.sin_port);
    server->answer = OK_EMPTY;
}

static inline void server_down(struct server *server)
{
    if (server->listener != NULL)
        evconnlistener_free(server->listener);
    server->listener = NULL;
    for (size_t i = 0; i < COUNT(server->open); i++)
        if (server->open[i] != NULL)
            server_close(server, server->open[i]);
}

/* ---- the world ---- */

static inline int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    static const struct httpc_options none;
    assert_non_null(world);
    log_open((enum log_level)(LOG_ERROR + 1), true, STDERR_FILENO);
    world->loop = loop_new();
    world->httpc = httpc_new(world->loop, &none);
    server_listen(&world->server, world->loop);
    *state = world;
    return 0;
}

static inline int teardown(void **state)
{
    struct world *world = *state;
    httpc_free(world->httpc);
    server_down(&world->server);
    loop_free(world->loop);
    free(world);
    clock_real();
    return 0;
}

static inline void configure(struct world *world, const char *allow, const char *deny)
{
    struct httpc_range ranges[2];
    struct httpc_options options = {.allow = &ranges[0], .deny = &ranges[1]};
    options.allow_count = allow != NULL && httpc_range_parse(allow, &ranges[0]);
    options.deny_count = deny != NULL && httpc_range_parse(deny, &ranges[1]);
    assert_int_equal(httpc_configure(world->httpc, &options), 0);
}

/* ---- a call ---- */

struct got {
    bool there;
    int count;
    struct httpc_answer answer; /* its texts are copies */
    char error_text[256], content_type[128], location[128], body[70000];
};

static inline void on_answer(void *arg, const struct httpc_answer *answer)
{
    struct got *got = arg;
    got->there = true;
    got->count++;
    got->answer = *answer;
    assert_true(answer->body_len < sizeof got->body);
    assert_int_equal(answer->body[answer->body_len], '\0');
    memcpy(got->body, answer->body, answer->body_len + 1);
    snprintf(got->error_text, sizeof got->error_text, "%s", answer->error_text);
    snprintf(got->content_type, sizeof got->content_type, "%s", answer->content_type);
    snprintf(got->location, sizeof got->location, "%s", answer->location);
}

static inline const char *url_of(const struct world *world, const char *host, const char *path)
{
    static char url[512];
    snprintf(url, sizeof url, "http://%s:%d%s", host, world->server.port, path);
    return url;
}

static inline struct httpc_request get_of(const char *url)
{
    return (struct httpc_request){.method = "GET",
                                  .url = url,
                                  .connect_ms = DEADLINE_MS,
                                  .read_ms = DEADLINE_MS,
                                  .total_ms = DEADLINE_MS,
                                  .body_max = 65536};
}

/* A fake clock creeps meanwhile, for libcurl's own short waits. */
static inline bool wait_for(struct world *world, const bool *flag)
{
    for (int turns = 0; !*flag && turns < WAIT_MS / 5; turns++) {
        loop_turn(world->loop, 5);
        if (world->faked)
            clock_advance(1);
    }
    return *flag;
}

/* What is under way arrives: each turn ends at once when something does. */
static inline void settle(struct world *world)
{
    for (int i = 0; i < 20; i++)
        loop_turn(world->loop, 2);
}

/* So many requests have reached the server, or there is no more patience. */
static inline void await_requests(struct world *world, int count)
{
    for (int turns = 0; world->server.requests < count && turns < WAIT_MS / 5; turns++) {
        loop_turn(world->loop, 5);
        if (world->faked)
            clock_advance(1);
    }
    assert_int_equal(world->server.requests, count);
}

/* The same of connections that the client has closed. */
static inline void await_closed(struct world *world)
{
    for (size_t i = 0; i < COUNT(world->server.open); i++)
        for (int turns = 0; world->server.open[i] != NULL && turns < WAIT_MS / 5; turns++)
            loop_turn(world->loop, 5);
    for (size_t i = 0; i < COUNT(world->server.open); i++)
        assert_null(world->server.open[i]);
}

/* All that the server wrote has left it and was acknowledged: it waits at the client, which reads it. */
static inline void await_delivery(struct world *world, struct bufferevent *bev)
{
    int queued = 1;
    for (int turns = 0; queued > 0 && turns < WAIT_MS; turns++) {
        loop_turn(world->loop, 1);
        assert_int_equal(ioctl(bufferevent_getfd(bev), SIOCOUTQ, &queued), 0);
        queued += (int)evbuffer_get_length(bufferevent_get_output(bev));
    }
    assert_int_equal(queued, 0);
    settle(world);
}

static inline void fake_clock(struct world *world, int64_t wall_ms)
{
    world->faked = true;
    clock_fake(wall_ms, 0);
}

static inline void ask_with(struct world *world, const struct httpc_request *request, struct got *got)
{
    memset(got, 0, sizeof *got);
    assert_non_null(httpc_send(world->httpc, request, on_answer, got));
    assert_int_equal(got->count, 0);
    assert_true(wait_for(world, &got->there));
    assert_int_equal(got->count, 1);
    assert_non_null(got->error_text);
}

static inline void ask(struct world *world, const char *url, struct got *got)
{
    struct httpc_request request = get_of(url);
    ask_with(world, &request, got);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

#endif
