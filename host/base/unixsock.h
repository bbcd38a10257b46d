/* A listening Unix socket for our own user: a file of mode 0600 that a crash may leave behind and the next
 * start takes over. What is no socket is never removed. */
#ifndef CELLPOST_BASE_UNIXSOCK_H
#define CELLPOST_BASE_UNIXSOCK_H

#include <stddef.h>

/* The listening socket (non-blocking, close-on-exec), or -errno with a sentence: -ENAMETOOLONG, -EADDRINUSE
 * when somebody answers there, -EEXIST when a file that is no socket is there. */
int unixsock_listen(const char *path, char error[256]);
/* Removes the socket file. */
void unixsock_remove(const char *path);

#endif
