/* cellpost-board: the firmware as a Linux process. Prints "uart PATH" once, then runs until it is killed.
 *
 * It steps once for each millisecond, in real time or as the bus grants them in lock-step: of a busy machine,
 * too, which makes it late, its pulses are as wide by its clock as they should be. A
 * watchdog of BITE_MS looks after the step by its own count, and SIGALRM after a step that never ends. A
 * reset does to the pins what bus_reset says; POWERCYCLE also forgets what was kept. Which image then runs is
 * image.c's affair. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "boards/host/host.h"
#include "firmware/firmware.h"

#define BITE_MS 2000
#define MEMORY  "CELLPOST_BOARD_MEMORY"
#define CAPS                                                                                                 \
    (LINK_CAP_STATUS | LINK_CAP_RESET | LINK_CAP_HOST_CUT | LINK_CAP_SUPPLY | LINK_CAP_RAIL |                \
     LINK_CAP_CURRENT | LINK_CAP_TEMPERATURE | LINK_CAP_NV | LINK_CAP_WDT_CAUSE)

struct host_shared *host;

static struct host_options options;
static char **arguments;
static uint64_t base_ms, fed_ms;
static bool hangs;

/* ---- time and resets ---- */

static uint64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Safe in a signal handler. */
_Noreturn static void reset(enum line_cause cause)
{
    static const enum link_cause told[LINE_CAUSES] = {[LINE_POWER] = LINK_CAUSE_POWER,
                                                      [LINE_PIN] = LINK_CAUSE_PIN,
                                                      [LINE_WATCHDOG] = LINK_CAUSE_WATCHDOG,
                                                      [LINE_SOFT] = LINK_CAUSE_UNKNOWN};
    alarm(0); /* it would outlive the exec, and find no handler there */
    host->reset = cause;
    host->cause = told[cause];
    image_leave(arguments);
}

static void on_alarm(int number)
{
    (void)number;
    reset(LINE_WATCHDOG);
}

static void on_end(int number)
{
    (void)number;
    (void)unlink(host->bus.path);
    if (options.uart != NULL)
        (void)unlink(options.uart);
    _exit(0);
}

static void watch_signals(void)
{
    struct sigaction action = {.sa_handler = on_alarm}, end = {.sa_handler = on_end};
    sigset_t set;
    sigaction(SIGTERM, &end, NULL);
    sigaction(SIGINT, &end, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    sigaction(SIGALRM, &action, NULL);
    sigprocmask(SIG_UNBLOCK, &set, NULL); /* blocked since the handler that led here */
}

uint32_t board_ms(void)
{
    return (uint32_t)(host->bus.now_ms - base_ms + options.start_ms);
}

void board_watchdog_feed(void)
{
    fed_ms = host->bus.now_ms;
    alarm(options.lockstep ? 0 : 2 * BITE_MS / 1000);
}

_Noreturn void board_reset(void)
{
    reset(LINE_SOFT);
}

enum link_cause board_cause(void)
{
    return host->cause;
}

void *board_kept(void)
{
    return host->kept;
}

/* ---- pins and measures ---- */

const char *board_name(void)
{
    return BOARD_TEXT("host");
}

uint16_t board_capabilities(void)
{
    uint16_t caps = (uint16_t)(CAPS & ~(unsigned)options.without);
    if (options.image_dir != NULL)
        caps = (uint16_t)(caps | LINK_CAP_UPDATE);
    return options.nv != NULL ? caps : (uint16_t)(caps & ~(unsigned)LINK_CAP_NV);
}

void board_pin(enum board_pin pin, uint8_t slot, bool asserted)
{
    static const enum line_pin names[] = {[BOARD_VBAT_EN] = LINE_VBAT_EN,
                                          [BOARD_PWRKEY] = LINE_PWRKEY,
                                          [BOARD_RESET] = LINE_RESET,
                                          [BOARD_HOST_CUT] = LINE_HOST_CUT,
                                          [BOARD_LED] = LINE_LED};
    bus_pin(&host->bus, names[pin], slot, asserted);
}

bool board_status(uint8_t slot)
{
    return host->status[slot];
}

static bool lacks(enum link_cap cap)
{
    return (board_capabilities() & cap) == 0;
}

/* A rail that the bus has not set follows the supply while its switch is on. */
static int32_t rail_of(uint8_t slot)
{
    if (!host->bus.pins[LINE_VBAT_EN][slot])
        return 0;
    return host->rail_mv[slot] != 0 ? host->rail_mv[slot] : host->supply_mv;
}

int32_t board_measure(enum board_measure what, uint8_t slot)
{
    switch (what) {
    case BOARD_SUPPLY_MV: return lacks(LINK_CAP_SUPPLY) ? BOARD_NOT_MEASURED : host->supply_mv;
    case BOARD_RAIL_MV: return lacks(LINK_CAP_RAIL) ? BOARD_NOT_MEASURED : rail_of(slot);
    case BOARD_CURRENT_MA: return lacks(LINK_CAP_CURRENT) ? BOARD_NOT_MEASURED : host->current_ma[slot];
    case BOARD_TEMPERATURE_DC: return lacks(LINK_CAP_TEMPERATURE) ? BOARD_NOT_MEASURED : host->temperature_dc;
    }
    return BOARD_NOT_MEASURED;
}

/* ---- the first life, and each one after ---- */

static bool map_memory(int fd)
{
    host = mmap(NULL, sizeof *host, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return host != MAP_FAILED;
}

static bool start_uart(void)
{
    errno = -pty_open(&host->uart, options.uart);
    return errno == 0;
}

static bool start_bus(void)
{
    static const struct {
        enum link_cap cap;
        const char *word;
    } rows[] = {{LINK_CAP_SUPPLY, "adc"},      {LINK_CAP_NV, "eeprom"},         {LINK_CAP_STATUS, "status"},
                {LINK_CAP_RESET, "reset"},     {LINK_CAP_HOST_CUT, "host_cut"}, {LINK_CAP_RAIL, "rail"},
                {LINK_CAP_CURRENT, "current"}, {LINK_CAP_TEMPERATURE, "temp"}};
    char caps[BUS_CAPS] = "wdt_cause hang start_ms";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strlen(caps);
        if ((board_capabilities() & rows[i].cap) != 0)
            (void)snprintf(caps + len, sizeof caps - len, " %s", rows[i].word);
    }
    int rc = bus_open(&host->bus, options.bus, caps, FIRMWARE_SLOTS, options.lockstep);
    errno = -rc;
    return rc == 0;
}

static bool first_life(void)
{
    char number[16];
    int fd = memfd_create("cellpost-board", 0);
    if (fd < 0 || ftruncate(fd, sizeof *host) != 0 || !map_memory(fd) || !image_open())
        return false;
    (void)snprintf(number, sizeof number, "%d", fd);
    host->cause = LINK_CAUSE_POWER;
    host->supply_mv = 4000;
    host->temperature_dc = 250;
    if (setenv(MEMORY, number, 1) != 0 || !start_uart() || !start_bus())
        return false;
    printf("uart %s\n", host->uart.path);
    return fflush(stdout) == 0;
}

static bool next_life(const char *number)
{
    if (!map_memory((int)strtol(number, NULL, 10)))
        return false;
    if (host->boot.chosen)
        return image_fits(arguments);
    if (host->cause == LINK_CAUSE_POWER)
        memset(host->kept, 0, sizeof host->kept);
    bus_reset(&host->bus, host->reset);
    return true;
}

static bool on_said(void *arg, const struct line_said *said)
{
    (void)arg;
    switch (said->word) {
    case LINE_STATUS: host->status[said->slot] = said->value != 0; break;
    case LINE_ADC0: host->supply_mv = said->value; break;
    case LINE_RAIL: host->rail_mv[said->slot] = said->value; break;
    case LINE_CURRENT: host->current_ma[said->slot] = said->value; break;
    case LINE_TEMP: host->temperature_dc = said->value; break;
    case LINE_HANG: hangs = true; break;
    case LINE_NRST: reset(LINE_PIN);
    case LINE_POWERCYCLE: reset(LINE_POWER);
    case LINE_GO: break;
    }
    return true;
}

static void step(void)
{
    if (!hangs)
        firmware_step();
    if (host->bus.now_ms - fed_ms >= BITE_MS)
        reset(LINE_WATCHDOG);
}

/* One turn: a millisecond in lock-step; else those that have passed until the bus, the UART or the next one
 * calls, of which there may be none. */
static void turn(void)
{
    if (options.lockstep ? !bus_tick(&host->bus) : !bus_serve(&host->bus, 1, host->uart.master))
        return;
    uint64_t until_ms = options.lockstep ? host->bus.now_ms + 1 : monotonic_ms();
    do {
        host->bus.now_ms += host->bus.now_ms < until_ms;
        step();
    } while (host->bus.now_ms < until_ms);
}

int main(int argc, char **argv)
{
    const char *memory = getenv(MEMORY);
    arguments = argv;
    if (!options_parse(argc, argv, &options))
        return 2;
    bool good = memory != NULL ? next_life(memory) : first_life();
    if (!good || (options.nv != NULL && !nv_file_open(options.nv))) {
        fprintf(stderr, "cellpost-board: cannot start: %s\n", strerror(errno));
        return 1;
    }
    if (!host->boot.chosen)
        image_boot(options.image_dir, arguments);
    image_use(options.image_dir);
    if (!options.lockstep)
        host->bus.now_ms = monotonic_ms();
    base_ms = fed_ms = host->bus.now_ms;
    bus_bind(&host->bus, on_said, NULL);
    watch_signals();
    firmware_start();
    for (;;)
        turn();
}
