/* cellpost-board-NAME of a part that is simulated in JavaScript: node has no pty, so this opens one, with the
 * symlink of --uart, and becomes node with the part's SIM_PROGRAM, which is told the pty's name and
 * descriptor and SIM_IMAGE. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hil/bus/pty.h"

#define ARGS_MAX 32

static int fail(const char *what, int error)
{
    fprintf(stderr, "cellpost-board-" SIM_NAME ": %s: %s\n", what, strerror(error));
    return EXIT_FAILURE;
}

static const char *link_of(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], "--uart") == 0)
            return argv[i + 1];
    return NULL;
}

int main(int argc, char **argv)
{
    struct pty pty;
    char fd[12];
    char *args[ARGS_MAX] = {"node", SIM_PROGRAM, "--image", SIM_IMAGE, "--pty", pty.path, "--uart-fd", fd};
    int own = 8;
    if (argc > ARGS_MAX - own)
        return fail("arguments", E2BIG);
    int error = pty_open(&pty, link_of(argc, argv));
    if (error != 0)
        return fail("pty", -error);
    (void)snprintf(fd, sizeof fd, "%d", pty.master);
    for (int i = 1; i < argc; i++)
        args[own++] = argv[i];
    (void)execvp("node", args);
    return fail("node", errno);
}
