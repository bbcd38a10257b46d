/* One serial port as a pty behind a symlink, with the speed of a real line in both directions. The simulator
 * keeps the slave open itself, so that a client may come and go without an EIO; inotify on the slave tells
 * when it does. port_close takes both ends away, as when a USB modem is unplugged: the client gets HUP and
 * EIO, and the symlink goes. */
#ifndef MODEMSIM_PORT_H
#define MODEMSIM_PORT_H

#include <stdbool.h>

#include "buf.h"
#include "loop.h"

struct port_events {
    void (*byte)(void *arg, unsigned char byte); /* one character has arrived, at the line's pace */
    void (*opened)(void *arg);
    void (*closed)(void *arg);
};

struct port {
    const char *link;
    int baud;     /* 0 = unpaced; may change at any time */
    int fragment; /* > 0: write so many bytes at a time, fragment_gap_us apart */
    int fragment_gap_us;
    bool keep_when_closed; /* output while no client has the port open is kept (USB) instead of lost (UART) */
    const struct port_events *on;
    void *arg;

    int master, slave; /* -1 = vanished */
    int notify_id;
    int clients;
    struct port *next; /* among the open ones */
    char device[64];   /* /dev/pts/N */
    struct watch watch;
    struct buf in, out;
    struct timer in_timer, out_timer;
    int64_t in_due_ns, out_due_ns; /* when the line is free again */
    uint64_t in_bytes, out_bytes;
};

int port_init(void); /* the inotify descriptor all ports share; -errno */
void port_fini(void);
int port_open(struct port *); /* -errno. Fields above the blank line set by the caller */
void port_close(struct port *);
bool port_is_open(const struct port *);
void port_write(struct port *, const char *data, size_t len);
bool port_quiet(const struct port *); /* nothing on its way in either direction */
void port_discard(struct port *);     /* forgets what is on its way in both directions */

#endif
