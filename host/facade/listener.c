/* See listener.h. */
#include "host/facade/listener.h"

#include <errno.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "host/base/log.h"
#include "host/base/unixsock.h"

#define BACKLOG 1024

static void on_accept(struct evconnlistener *ev, evutil_socket_t fd, struct sockaddr *from, int from_len,
                      void *arg)
{
    const struct listener *l = arg;
    (void)ev, (void)from_len;
    l->accepted(l->arg, fd, from);
}

static void on_error(struct evconnlistener *ev, void *arg)
{
    const struct listener *l = arg;
    (void)ev;
    l->failed(l->arg);
}

static int open_at(struct listener *l, struct loop *loop, const struct sockaddr *address, int len)
{
    l->ev = evconnlistener_new_bind(loop_base(loop), on_accept, l,
                                    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
                                    BACKLOG, address, len);
    if (l->ev == NULL)
        return -errno;
    evconnlistener_set_error_cb(l->ev, on_error);
    return 0;
}

/* Like evutil_parse_sockaddr_port, which refuses port 0: the one that asks for any free port. */
static bool parse_address(const char *text, struct sockaddr_storage *to, int *len)
{
    size_t end = strlen(text);
    bool any = end > 2 && strcmp(text + end - 2, ":0") == 0;
    char with_port[128];
    snprintf(with_port, sizeof with_port, "%.*s%s", (int)(any ? end - 1 : end), text, any ? "1" : "");
    *len = sizeof *to;
    if (evutil_parse_sockaddr_port(with_port, (struct sockaddr *)to, len) != 0)
        return false;
    if (any && to->ss_family == AF_INET)
        ((struct sockaddr_in *)to)->sin_port = 0;
    else if (any)
        ((struct sockaddr_in6 *)to)->sin6_port = 0;
    return true;
}

int listener_open_tcp(struct listener *l, struct loop *loop, const char *address, char error[256])
{
    struct sockaddr_storage to;
    int len;
    if (!parse_address(address, &to, &len)) {
        snprintf(error, 256, "listen = %.128s: not an address and port such as 127.0.0.1:8080 or [::]:8080",
                 address);
        return -EINVAL;
    }
    int status = open_at(l, loop, (struct sockaddr *)&to, len);
    if (status != 0)
        snprintf(error, 256, "listen = %.128s: %s", address, strerror(-status));
    return status;
}

int listener_open_unix(struct listener *l, struct loop *loop, const char *path, char error[256])
{
    char reason[256];
    int fd = unixsock_listen(path, reason);
    if (fd < 0) {
        snprintf(error, 256, "unix_socket = %.200s", reason);
        return fd;
    }
    l->ev = evconnlistener_new(loop_base(loop), on_accept, l, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC,
                               0, fd);
    if (l->ev == NULL)
        fatal("out of memory");
    evconnlistener_set_error_cb(l->ev, on_error);
    memcpy(l->path, path, strlen(path) + 1); /* it fits: a socket has that path */
    return 0;
}

void listener_enable(struct listener *l, bool on)
{
    if (l->ev == NULL)
        return;
    if (on)
        evconnlistener_enable(l->ev);
    else
        evconnlistener_disable(l->ev);
}

int listener_port(const struct listener *l)
{
    struct sockaddr_storage at;
    socklen_t len = sizeof at;
    if (l->ev == NULL || getsockname(evconnlistener_get_fd(l->ev), (struct sockaddr *)&at, &len) != 0)
        return 0;
    return ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
                                          : ((struct sockaddr_in *)&at)->sin_port);
}

void listener_close(struct listener *l)
{
    if (l->ev != NULL)
        evconnlistener_free(l->ev);
    l->ev = NULL;
    if (l->path[0] != '\0')
        unixsock_remove(l->path);
    l->path[0] = '\0';
}
