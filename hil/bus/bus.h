/* The BUS of a simulated board, served: line.h says what goes over it. For C simulators of boards; it knows
 * neither firmware nor chip.
 *
 * Promises. Up to BUS_CLIENTS clients at once; each first gets CAPS and the state of every pin (in lock-step
 * also the TICK at which the board stands), then whatever is told, in the same order for all. A bad line is
 * answered by ERR to its client alone and changes nothing. A client that goes away is forgotten with what it
 * granted. A client that does not read: in lock-step time waits for it; in real time it is cut off when
 * BUS_OUT octets wait for it.
 *
 * Lock-step. A client that has said GO on this connection is a stepper. Once every stepper (at least one) has
 * granted its milliseconds the board runs until the least grant is used up, or until a pin has changed (LED
 * does not count) or a reset was told: the millisecond of the change is completed. Then TICK goes to all, and
 * new grants are awaited. To one TICK belongs one GO of each stepper; what a client says behind its GO is
 * taken at the next TICK, so that a client may write its lines ahead. Orders (NRST, POWERCYCLE) act at the
 * TICK at which they are taken, and give no time.
 *
 * Memory. struct bus is the caller's, about 600 kB, without pointers but those of bus_bind: it may lie in
 * memory that outlasts an exec, its descriptors stay open then; the next life calls bus_bind and goes on. */
#ifndef CELLPOST_HIL_BUS_BUS_H
#define CELLPOST_HIL_BUS_BUS_H

#include <stddef.h>

#include "hil/bus/line.h"

#define BUS_CLIENTS 8
#define BUS_OUT     65536
#define BUS_CAPS    256

struct bus_client {
    int fd; /* -1: free */
    bool stepper, granted, overlong, deaf;
    uint64_t until_ms;
    size_t in_len, out_len;
    char in[1024], out[BUS_OUT];
};

struct bus {
    uint64_t now_ms; /* the board's clock, set by the caller before it tells anything */

    /* What a client said, all but GO; slot and value are within bounds. False: a reset follows, so take no
     * more now. May call bus_pin and bus_reset. */
    bool (*said)(void *arg, const struct line_said *);
    void *arg;

    int listener;
    uint8_t slots;
    bool lockstep, hang;
    bool standing, changed; /* lock-step: TICK was told for now_ms; the run has to end */
    uint64_t until_ms;
    char path[108], caps[BUS_CAPS];
    bool pins[LINE_PINS][LINE_SLOTS];
    struct bus_client clients[BUS_CLIENTS];
};

/* caps: words without "lockstep" and "slots=", which are added; HANG is taken only with the word "hang". All
 * pins are released, now_ms is 0. 0 or -errno (-ENAMETOOLONG, -EADDRINUSE ...); a socket that nobody serves
 * any more is replaced. */
int bus_open(struct bus *, const char *path, const char *caps, uint8_t slots, bool lockstep);
void bus_bind(struct bus *, bool (*said)(void *arg, const struct line_said *), void *arg);
void bus_close(struct bus *);

void bus_pin(struct bus *, enum line_pin, uint8_t slot, bool asserted); /* told when it changes */
/* What every reset does: releases all pins but VBAT_EN (a board's latch keeps it), with POWER that too; tells
 * the changes, then the cause. */
void bus_reset(struct bus *, enum line_cause);

/* Real time: tells what was said, takes what has come, waiting at most wait_ms for a client or for other_fd
 * (-1: none). Lock-step: takes nothing new; use bus_tick.
 * False: said() wants a reset, or a signal came. */
bool bus_serve(struct bus *, int wait_ms, int other_fd);

/* Lock-step, at the end of each millisecond (and once before the first): returns true when the next one may
 * run: add 1 to now_ms and run it. False as above, without a grant: call again after it was obeyed. */
bool bus_tick(struct bus *);

#endif
