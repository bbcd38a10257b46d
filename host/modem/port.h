/* Where an AT port's file descriptor comes from; after that there is one code path.
 *
 *   serial:/dev/...   a tty, by libserialport on the real path: 8N1 raw at the baud rate, no flow control,
 * RTS and DTR on; TIOCEXCL pty:/path         a pseudo terminal of a simulator: raw
 *
 * The path may be a symlink: it is resolved at each open, so a modem that comes back under another name is
 * found. Either way the port is locked against a second opener that asks (flock). Errors: -EINVAL the text is
 * not of these forms, -EBUSY someone has it, else the system's: -ENOENT not plugged. */
#ifndef CELLPOST_MODEM_PORT_H
#define CELLPOST_MODEM_PORT_H

struct sp_port;
struct port {
    int fd; /* -1 = closed */
    struct sp_port *serial;
};

int port_check(const char *spec); /* 0 or -EINVAL */
int port_open(struct port *, const char *spec, int baud);
void port_close(struct port *); /* drops what is still unsent: never waits for a dead device */

#endif
