#include "host/modem/port.h"

#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static int sp_error(enum sp_return status)
{
    switch (status) {
    case SP_OK: return 0;
    case SP_ERR_ARG: return -EINVAL;
    case SP_ERR_MEM: return -ENOMEM;
    case SP_ERR_SUPP: return -ENOTTY;
    case SP_ERR_FAIL: break;
    }
    int code = sp_last_error_code();
    return code > 0 ? -code : -EIO;
}

static enum sp_return configure(struct sp_port *port, int baud)
{
    enum sp_return status = sp_set_baudrate(port, baud);
    status = status == SP_OK ? sp_set_bits(port, 8) : status;
    status = status == SP_OK ? sp_set_parity(port, SP_PARITY_NONE) : status;
    status = status == SP_OK ? sp_set_stopbits(port, 1) : status;
    status = status == SP_OK ? sp_set_flowcontrol(port, SP_FLOWCONTROL_NONE) : status;
    status = status == SP_OK ? sp_set_rts(port, SP_RTS_ON) : status;
    return status == SP_OK ? sp_set_dtr(port, SP_DTR_ON) : status;
}

static int lock(int fd)
{
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        return errno == EWOULDBLOCK ? -EBUSY : -errno;
    }
    return 0;
}

/* Without HUPCL DTR stays as it is when we close or die: many modules take its fall for a hang-up, some for a
 * reset. */
static int keep_dtr(int fd)
{
    struct termios settings;
    if (tcgetattr(fd, &settings) < 0) {
        return -errno;
    }
    settings.c_cflag &= ~(tcflag_t)HUPCL;
    return tcsetattr(fd, TCSANOW, &settings) == 0 ? 0 : -errno;
}

static int open_serial(struct port *port, const char *path, int baud)
{
    char real[PATH_MAX];
    if (!realpath(path, real)) {
        return -errno;
    }
    enum sp_return status = sp_get_port_by_name(real, &port->serial);
    if (status != SP_OK) {
        port->serial = NULL;
        return sp_error(status);
    }
    status = sp_open(port->serial, SP_MODE_READ_WRITE);
    if (status == SP_OK) {
        status = sp_get_port_handle(port->serial, &port->fd);
    }
    int locked = status == SP_OK ? lock(port->fd) : sp_error(status);
    if (locked < 0) {
        return locked;
    }
    status = configure(port->serial, baud);
    if (status != SP_OK) {
        return sp_error(status);
    }
    if (ioctl(port->fd, TIOCEXCL) < 0) {
        return -errno;
    }
    return keep_dtr(port->fd);
}

static int open_pty(struct port *port, const char *path)
{
    struct termios settings;
    port->fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (port->fd < 0) {
        return -errno;
    }
    int locked = lock(port->fd);
    if (locked < 0 || tcgetattr(port->fd, &settings) < 0) {
        return locked < 0 ? locked : -errno;
    }
    cfmakeraw(&settings);
    settings.c_cflag |= CLOCAL | CREAD;
    return tcsetattr(port->fd, TCSANOW, &settings) == 0 ? 0 : -errno;
}

static const char *path_after(const char *spec, const char *scheme)
{
    size_t len = strlen(scheme);
    return strncmp(spec, scheme, len) == 0 && spec[len] == '/' ? spec + len : NULL;
}

int port_check(const char *spec)
{
    return path_after(spec, "serial:") || path_after(spec, "pty:") ? 0 : -EINVAL;
}

int port_open(struct port *port, const char *spec, int baud)
{
    const char *serial = path_after(spec, "serial:"), *pty = path_after(spec, "pty:");
    port->fd = -1;
    port->serial = NULL;
    int status = serial ? open_serial(port, serial, baud) : pty ? open_pty(port, pty) : -EINVAL;
    if (status < 0) {
        port_close(port);
    }
    return status;
}

void port_close(struct port *port)
{
    if (port->fd >= 0) {
        tcflush(port->fd, TCOFLUSH);
    }
    if (port->serial) {
        if (port->fd >= 0) {
            sp_close(port->serial);
        }
        sp_free_port(port->serial);
    } else if (port->fd >= 0) {
        close(port->fd);
    }
    port->fd = -1;
    port->serial = NULL;
}
