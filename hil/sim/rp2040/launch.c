/* cellpost-board-rp2040: node has no pty, so this opens one, raw, keeps its slave open so that a client's
 * close is no error, makes the symlink of --uart, and becomes node with sim.js, which finds the pty as
 * descriptor 3. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define UART_FD  3
#define SLAVE_FD 4
#define ARGS_MAX 32

static int fail(const char *what)
{
    fprintf(stderr, "cellpost-board-rp2040: %s: %s\n", what, strerror(errno));
    return EXIT_FAILURE;
}

static bool open_pty(char *path, size_t len)
{
    struct termios settings;
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0 || ptsname_r(master, path, len) != 0)
        return false;
    int slave = open(path, O_RDWR | O_NOCTTY);
    if (slave < 0 || tcgetattr(slave, &settings) != 0)
        return false;
    cfmakeraw(&settings);
    if (tcsetattr(slave, TCSANOW, &settings) != 0)
        return false;
    /* neither is 3 or 4 where a caller left descriptors open: move them out of the way first */
    int high_slave = fcntl(slave, F_DUPFD, 64), high_master = fcntl(master, F_DUPFD, 64);
    return high_slave >= 0 && high_master >= 0 && dup2(high_master, UART_FD) == UART_FD &&
           dup2(high_slave, SLAVE_FD) == SLAVE_FD && close(high_master) == 0 && close(high_slave) == 0;
}

static bool make_link(int argc, char **argv, const char *path)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], "--uart") == 0)
            return (unlink(argv[i + 1]) == 0 || errno == ENOENT) && symlink(path, argv[i + 1]) == 0;
    return true;
}

int main(int argc, char **argv)
{
    char path[128];
    char *args[ARGS_MAX] = {"node", RP2040_SIM, "--image", RP2040_IMAGE, "--pty", path};
    if (argc > ARGS_MAX - 7)
        errno = E2BIG;
    if (argc > ARGS_MAX - 7 || !open_pty(path, sizeof path))
        return fail("no pty");
    if (!make_link(argc, argv, path))
        return fail("--uart");
    for (int i = 1; i < argc; i++)
        args[5 + i] = argv[i];
    execvp("node", args);
    return fail("node");
}
