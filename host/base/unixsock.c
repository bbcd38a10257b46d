/* See unixsock.h. */
#include "host/base/unixsock.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128

static int new_socket(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return fd < 0 ? -errno : fd;
}

/* A full backlog (EAGAIN) is somebody too. */
static bool is_alive(const struct sockaddr_un *address)
{
    int fd = new_socket();
    bool alive =
        fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EAGAIN);
    if (fd >= 0)
        close(fd);
    return alive;
}

static int claim(const struct sockaddr_un *address)
{
    struct stat st;
    if (lstat(address->sun_path, &st) != 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(st.st_mode))
        return -EEXIST;
    if (is_alive(address))
        return -EADDRINUSE;
    return unlink(address->sun_path) == 0 ? 0 : -errno;
}

static int listen_at(const struct sockaddr_un *address)
{
    int fd = new_socket();
    if (fd < 0)
        return fd;
    mode_t before = umask(0177);
    int status = bind(fd, (const struct sockaddr *)address, sizeof *address) == 0 ? 0 : -errno;
    umask(before);
    if (status == 0 && listen(fd, BACKLOG) != 0)
        status = -errno;
    if (status != 0)
        close(fd);
    return status != 0 ? status : fd;
}

static const char *why(int status)
{
    switch (status) {
    case -ENAMETOOLONG: return "longer than the 107 octets a socket's path may have";
    case -EADDRINUSE: return "another program answers there; is cellpostd running already?";
    case -EEXIST: return "a file that is no socket is in the way";
    default: return strerror(-status);
    }
}

int unixsock_listen(const char *path, char error[256])
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    int status = len < sizeof address.sun_path ? 0 : -ENAMETOOLONG;
    if (status == 0) {
        memcpy(address.sun_path, path, len);
        status = claim(&address);
    }
    if (status == 0)
        status = listen_at(&address);
    if (status < 0)
        snprintf(error, 256, "%.120s: %s", path, why(status));
    return status;
}

void unixsock_remove(const char *path)
{
    struct stat st;
    if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
        unlink(path);
}
