#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "boards/host/host.h"

bool uart_open(const char *symlink_path)
{
    struct termios settings;
    char *path = host->uart_path;
    int master, slave;
    master = host->uart = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0 ||
        ptsname_r(master, path, sizeof host->uart_path) != 0)
        return false;
    slave = host->uart_slave = open(path, O_RDWR | O_NOCTTY);
    if (slave < 0 || tcgetattr(slave, &settings) != 0)
        return false;
    cfmakeraw(&settings);
    if (tcsetattr(slave, TCSANOW, &settings) != 0)
        return false;
    if (symlink_path == NULL)
        return true;
    if (unlink(symlink_path) != 0 && errno != ENOENT)
        return false;
    return symlink(path, symlink_path) == 0;
}

int16_t board_uart_get(void)
{
    uint8_t octet;
    return read(host->uart, &octet, 1) == 1 ? octet : (int16_t)-1;
}

/* A pty takes a frame whole or, when nobody reads it, not at all; a part would be a frame lost, as on a wire.
 */
bool board_uart_put(const uint8_t *octets, uint8_t len)
{
    return write(host->uart, octets, len) > 0;
}
