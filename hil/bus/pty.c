#include "hil/bus/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

static int make_raw(int fd)
{
    struct termios settings;
    if (tcgetattr(fd, &settings) != 0)
        return -errno;
    cfmakeraw(&settings);
    return tcsetattr(fd, TCSANOW, &settings) == 0 ? 0 : -errno;
}

static int point(const char *link, const char *path)
{
    if (link == NULL)
        return 0;
    if (unlink(link) != 0 && errno != ENOENT)
        return -errno;
    return symlink(path, link) == 0 ? 0 : -errno;
}

int pty_open(struct pty *pty, const char *link)
{
    pty->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (pty->master < 0 || grantpt(pty->master) != 0 || unlockpt(pty->master) != 0)
        return -errno;
    int error = ptsname_r(pty->master, pty->path, sizeof pty->path);
    if (error != 0)
        return -error;
    pty->slave = open(pty->path, O_RDWR | O_NOCTTY);
    if (pty->slave < 0)
        return -errno;
    error = make_raw(pty->slave);
    return error != 0 ? error : point(link, pty->path);
}
