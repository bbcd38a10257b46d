/* The parts of boards/host, which main.c ties to board.h. A reset is an exec of the first program, which is
 * the boot stage too: every variable begins anew; what a reset does not touch (descriptors, the world's side
 * of the pins, kept memory) lies in struct host_shared, a memfd that the next life finds by its number in the
 * environment. */
#ifndef CELLPOST_BOARDS_HOST_HOST_H
#define CELLPOST_BOARDS_HOST_HOST_H

#include "firmware/board.h"
#include "hil/bus/bus.h"
#include "hil/bus/pty.h"

#define HOST_NV_PAGE 4096

struct host_options {
    const char *uart;      /* symlink to the pty; NULL: only printed */
    const char *bus;       /* Unix socket */
    const char *nv;        /* file; NULL: none */
    const char *image_dir; /* NULL: takes no images */
    bool lockstep;
    uint32_t start_ms; /* what board_ms begins with, to try the wrap */
    uint16_t without;  /* capabilities taken away */
};

bool options_parse(int argc, char **argv, struct host_options *); /* says what is wrong on stderr */

struct host_shared {
    struct {
        size_t size; /* of this struct, in the first program: another's would not fit its memory */
        int program; /* the first program's file */
        bool chosen; /* this life is to run; else the boot stage */
    } boot;          /* in front: read before the rest is trusted */
    struct bus bus;  /* its now_ms is the clock: ticks in lock-step, else monotonic time. Never goes back */
    struct pty uart;
    enum link_cause cause; /* as the firmware is told */
    enum line_cause reset; /* as the bus is */
    uint8_t kept[BOARD_KEPT_MAX];
    bool status[FIRMWARE_SLOTS];
    int32_t supply_mv, rail_mv[FIRMWARE_SLOTS], current_ma[FIRMWARE_SLOTS], temperature_dc;
};

extern struct host_shared *host; /* made by main.c */

/* ---- images: two places, files in DIR: `kept` (none: the first program itself) and `beside`; `mark` says
 * what the next start does with it. A kill at any point leaves them as a loss of power would. ---- */
bool image_open(void);        /* first life: remembers the program */
bool image_fits(char **argv); /* a chosen life: else the boot stage goes on, as after a bite */
void image_boot(const char *dir, char **argv); /* returns in the first program where that is to run */
void image_use(const char *dir);               /* DIR, NULL: none, for board_image_* */
_Noreturn void image_leave(char **argv);       /* to the boot stage. Safe in a signal handler */

bool nv_file_open(const char *path); /* two pages, mapped */

#endif
