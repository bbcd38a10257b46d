/* A listening socket, TCP or Unix: opened with a sentence for each way it can fail, paused and resumed,
 * closed with its file. */
#ifndef CELLPOST_FACADE_LISTENER_H
#define CELLPOST_FACADE_LISTENER_H

#include <stdbool.h>
#include <sys/socket.h>

#include "host/base/loop.h"

#define LISTENER_PATH_MAX 108 /* sun_path */

struct evconnlistener;

struct listener {
    /* fd: non-blocking, close-on-exec; the callee's */
    void (*accepted)(void *arg, int fd, const struct sockaddr *from);
    void (*failed)(void *arg); /* accept failed, errno says why: pause it or it comes again at once */
    void *arg;
    struct evconnlistener *ev;    /* NULL = closed */
    char path[LISTENER_PATH_MAX]; /* "" = TCP */
};

/* The callbacks are set before. "127.0.0.1:8080", "[::]:8080", port 0 = any. 0 or -errno. */
int listener_open_tcp(struct listener *, struct loop *, const char *address, char error[256]);
/* A socket file (0600). One left by a dead process is replaced; a living one is not: -EADDRINUSE. */
int listener_open_unix(struct listener *, struct loop *, const char *path, char error[256]);
void listener_enable(struct listener *, bool); /* closed ones: nothing */
int listener_port(const struct listener *);    /* 0 = none */
void listener_close(struct listener *);        /* removes the socket file */

#endif
