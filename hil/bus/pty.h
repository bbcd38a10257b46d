/* A pty as a simulated board's UART. Its slave stays open here, so that a client's close is no error to us.
 */
#ifndef CELLPOST_HIL_BUS_PTY_H
#define CELLPOST_HIL_BUS_PTY_H

struct pty {
    int master, slave; /* the master does not block */
    char path[64];     /* of the slave */
};

/* Raw. A symlink (NULL: none) is made, or turned to it. 0 or -errno. */
int pty_open(struct pty *, const char *link);

#endif
