/* LD_PRELOAD: makes libserialport take a pseudo terminal for a serial port, so that its path through
 * host/modem/port.c can be tested without hardware. It looks a tty up in /sys/class/tty, and asks for modem
 * lines, which a pty has not: both are answered here as a UART would. What was asked for (DTR, RTS) is
 * written to the file SHIM_LOG names. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static void note(const char *what, int bits)
{
    const char *path = getenv("SHIM_LOG");
    FILE *file = path ? fopen(path, "a") : NULL;
    if (file) {
        fprintf(file, "%s%s%s\n", what, bits & TIOCM_DTR ? " DTR" : "", bits & TIOCM_RTS ? " RTS" : "");
        fclose(file);
    }
}

int ioctl(int fd, unsigned long request, ...)
{
    static int (*real)(int, unsigned long, void *);
    va_list args;
    va_start(args, request);
    void *argument = va_arg(args, void *);
    va_end(args);
    if (!real) {
        *(void **)&real = dlsym(RTLD_NEXT, "ioctl");
    }
    switch (request) {
    case TIOCMGET: *(int *)argument = TIOCM_CTS | TIOCM_DSR; return 0;
    case TIOCMSET:
    case TIOCMBIS: note("set", *(int *)argument); return 0;
    case TIOCMBIC: note("clear", *(int *)argument); return 0;
    case TIOCEXCL: note("exclusive", 0); return real(fd, request, argument);
    default: return real(fd, request, argument);
    }
}

static int is_tty_class(const char *path)
{
    return strncmp(path, "/sys/class/tty/", 15) == 0;
}

/* What libserialport was built to call for lstat(). */
int __lxstat(int version, const char *path, struct stat *out);
int __lxstat(int version, const char *path, struct stat *out)
{
    (void)version;
    if (is_tty_class(path)) {
        memset(out, 0, sizeof *out);
        out->st_mode = S_IFLNK | 0777;
        return 0;
    }
    return fstatat(AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW);
}

ssize_t readlink(const char *restrict path, char *restrict out, size_t size)
{
    static const char target[] = "../../devices/platform/serial8250/tty/ttyS9";
    if (is_tty_class(path)) {
        size_t len = sizeof target - 1 < size ? sizeof target - 1 : size;
        memcpy(out, target, len);
        return (ssize_t)len;
    }
    return readlinkat(AT_FDCWD, path, out, size);
}
