/* The parts of boards/host, which main.c ties to board.h. A reset is an exec of the same program: every
 * variable begins anew; what a reset does not touch (descriptors, the world's side of the pins, kept memory)
 * lies in struct host_shared, a memfd that the next life finds by its number in the environment. */
#ifndef CELLPOST_BOARDS_HOST_HOST_H
#define CELLPOST_BOARDS_HOST_HOST_H

#include "firmware/board.h"

#define HOST_NV_PAGE 4096

struct host_options {
    const char *uart; /* symlink to the pty; NULL: only printed */
    const char *bus;  /* Unix socket */
    const char *nv;   /* file; NULL: none */
    bool lockstep;
    uint32_t start_ms; /* what board_ms begins with, to try the wrap */
    uint16_t without;  /* capabilities taken away */
};

bool options_parse(int argc, char **argv, struct host_options *); /* says what is wrong on stderr */

enum bus_order { BUS_NONE, BUS_NRST, BUS_POWERCYCLE };

struct host_shared {
    int uart, uart_slave, listener, client;
    char uart_path[128];
    enum link_cause cause;
    uint64_t clock_ms; /* lock-step: ticks; else monotonic time at the start. Never goes back */
    uint8_t kept[BOARD_KEPT_MAX];
    bool status[FIRMWARE_SLOTS];
    int32_t supply_mv, rail_mv[FIRMWARE_SLOTS], current_ma[FIRMWARE_SLOTS], temperature_dc;
    bool pins[5][FIRMWARE_SLOTS];
    char line[128];
    size_t line_len;
};

extern struct host_shared *host; /* made by main.c */

bool uart_open(
    const char *symlink_path); /* a pty; its slave is held open, so that a client's close is no error */

/* ---- bus: text lines, one client at a time (the newest) ----
 * To the client: CAPS word..., PIN NAME[SLOT] 0|1 t=MS, RESET CAUSE t=MS, TICK MS (lock-step), ERR line.
 * From it: STATUS[SLOT] 0|1, ADC0 MV (supply), RAIL[SLOT] MV, CURRENT[SLOT] MA, TEMP TENTHS, NRST,
 * POWERCYCLE, HANG (the firmware stands until its watchdog bites), GO (lock-step: one millisecond). Slot 0
 * has no digit. */
bool bus_open(const char *path);
void bus_start(bool lockstep, uint16_t capabilities);
void bus_pin(enum board_pin, uint8_t slot, bool asserted); /* told when it changes */
void bus_reset(enum link_cause);
/* Real time: takes what has come, waiting at most wait_ms for it or for the UART. */
enum bus_order bus_serve(int wait_ms);
/* Lock-step: tells TICK and waits for GO or an order. */
enum bus_order bus_tick(void);
bool bus_hangs(void);

bool nv_file_open(const char *path); /* two pages, mapped */

#endif
