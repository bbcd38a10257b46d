/* SPDX-License-Identifier: GPL-3.0-or-later
 * cellpost-board-avr: the image of boards/atmega328p in libsimavr, with its pins on a BUS (hil/bus/line.h)
 * and its UART on a pty. Prints "uart PATH" once, then runs until SIGTERM. In real time a millisecond of the
 * part is one of CLOCK_MONOTONIC; what it could not keep up with for LAG_MS is let go. In lock-step the BUS
 * gives the time. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "boards/atmega328p/pins.h"
#include "hil/bus/bus.h"
#include "hil/bus/pty.h"
#include "hil/sim/avr/chip.h"

#define LAG_MS 1000
#define UV     INT64_C(1000) /* of a millivolt */
#define CAPS   "status reset host_cut adc rail current temp wdt_cause eeprom hang"

static struct {
    const char *image, *bus, *uart, *nv;
    bool lockstep;
    uint32_t start_ms;
} options;

static struct bus bus;
static struct pty pty;

/* ---- the world: what the pins of the part see of the supply ---- */

static struct {
    int32_t supply_mv, temperature_dc;
    int32_t rail_mv[CHIP_SLOTS]; /* 0: as the supply */
    int32_t current_ma[CHIP_SLOTS];
} world = {.supply_mv = 4000, .temperature_dc = 250};

#define CHANNEL(name, channel) CHANNEL_##name = channel,
enum { PINS_INPUTS(CHANNEL) };

static void feed(uint8_t channel, int64_t microvolts)
{
    chip_adc(channel, microvolts > 0 ? (uint32_t)microvolts : 0);
}

static int32_t rail_of(uint8_t slot)
{
    if (!bus.pins[LINE_VBAT_EN][slot])
        return 0;
    return world.rail_mv[slot] != 0 ? world.rail_mv[slot] : world.supply_mv;
}

static void feed_all(void)
{
    static const uint8_t rails[CHIP_SLOTS] = {CHANNEL_RAIL_0, CHANNEL_RAIL_1};
    static const uint8_t currents[CHIP_SLOTS] = {CHANNEL_CURRENT_0, CHANNEL_CURRENT_1};
    feed(CHANNEL_SUPPLY, world.supply_mv * UV / PINS_DIVIDER);
    feed(CHANNEL_TEMPERATURE, (world.temperature_dc + PINS_TEMPERATURE_0_MV) * UV);
    for (uint8_t slot = 0; slot < CHIP_SLOTS; slot++) {
        feed(rails[slot], rail_of(slot) * UV / PINS_DIVIDER);
        feed(currents[slot], world.current_ma[slot] * UV / PINS_MA_PER_MV);
    }
}

/* ---- the part tells ---- */

static void on_pin(enum line_pin pin, uint8_t slot, bool asserted)
{
    bus_pin(&bus, pin, slot, asserted);
    feed_all(); /* a rail follows its switch */
}

static void on_reset(enum line_cause cause)
{
    bus_reset(&bus, cause);
    feed_all();
}

static struct {
    uint8_t octets[4096];
    size_t len;
} out, in;

static void on_sent(uint8_t octet)
{
    if (out.len < sizeof out.octets)
        out.octets[out.len++] = octet;
}

/* What nobody reads is lost, as on a wire. */
static void flush_uart(void)
{
    if (out.len > 0 && write(pty.master, out.octets, out.len) < 0 && errno != EAGAIN)
        perror("cellpost-board-avr: uart");
    out.len = 0;
}

/* A pty gives what it has at hand: only when nothing is left all that was sent has come. */
static void fill_uart(void)
{
    ssize_t got;
    while ((got = read(pty.master, in.octets + in.len, sizeof in.octets - in.len)) > 0)
        in.len += (size_t)got;
    size_t taken = chip_receive(in.octets, in.len);
    in.len -= taken;
    memmove(in.octets, in.octets + taken, in.len);
}

/* ---- a client says: always between two milliseconds ---- */

static bool on_said(void *arg, const struct line_said *said)
{
    (void)arg;
    switch (said->word) {
    case LINE_STATUS: chip_status(said->slot, said->value != 0); break;
    case LINE_ADC0: world.supply_mv = said->value; break;
    case LINE_RAIL: world.rail_mv[said->slot] = said->value; break;
    case LINE_CURRENT: world.current_ma[said->slot] = said->value; break;
    case LINE_TEMP: world.temperature_dc = said->value; break;
    case LINE_NRST: chip_reset(LINE_PIN); break;
    case LINE_POWERCYCLE: chip_reset(LINE_POWER); break;
    case LINE_HANG: chip_hang(); break;
    case LINE_GO: break;
    }
    feed_all();
    return true;
}

/* ---- NV ---- */

static uint8_t *nv;

/* Mapped and shared: what the part has written is in the file whatever becomes of us. */
static bool nv_open(const char *path)
{
    struct stat st;
    uint8_t blank[CHIP_EEPROM];
    memset(blank, 0xFF, sizeof blank);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || fstat(fd, &st) != 0)
        return false;
    if (st.st_size < CHIP_EEPROM) {
        size_t lack = (size_t)(CHIP_EEPROM - st.st_size);
        if (pwrite(fd, blank, lack, st.st_size) != (ssize_t)lack)
            return false;
    }
    void *mapped = mmap(NULL, CHIP_EEPROM, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (mapped == MAP_FAILED)
        return false;
    nv = mapped;
    memcpy(chip_eeprom(), nv, CHIP_EEPROM);
    return true;
}

static void nv_keep(void)
{
    if (nv != NULL && memcmp(nv, chip_eeprom(), CHIP_EEPROM) != 0)
        memcpy(nv, chip_eeprom(), CHIP_EEPROM);
}

/* ---- time ---- */

static uint64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool run_ms(void)
{
    bus.now_ms++;
    fill_uart();
    bool good = chip_run();
    flush_uart();
    nv_keep();
    return good;
}

static bool run_lockstep(void)
{
    return !bus_tick(&bus) || run_ms();
}

/* `lost` is what the part has not kept up with, once and for all. */
static bool run_real_time(uint64_t began_ms)
{
    static uint64_t lost_ms;
    uint64_t due_ms = monotonic_ms() - began_ms - lost_ms;
    if (due_ms > bus.now_ms + LAG_MS) {
        lost_ms += due_ms - bus.now_ms;
        due_ms = bus.now_ms;
    }
    if (due_ms <= bus.now_ms) {
        (void)bus_serve(&bus, 1, -1);
        return true;
    }
    return bus_serve(&bus, 0, -1) ? run_ms() : true;
}

/* ---- the program ---- */

/* At once, wherever we are: the file of NV is as it was at the last millisecond's end. */
static void on_term(int number)
{
    (void)number;
    (void)unlink(bus.path);
    if (options.uart != NULL)
        (void)unlink(options.uart);
    _exit(0);
}

static bool usage(void)
{
    fputs("usage: cellpost-board-avr IMAGE --bus SOCKET [--uart SYMLINK] [--nv FILE] [--lockstep] "
          "[--start-ms N]\n",
          stderr);
    return false;
}

static bool parse_start(const char *text)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 10);
    options.start_ms = (uint32_t)number;
    return end != text && *end == '\0' && number <= UINT32_MAX;
}

static bool parse(int argc, char **argv)
{
    static const struct option rows[] = {
        {"uart", required_argument, NULL, 'u'},     {"bus", required_argument, NULL, 'b'},
        {"nv", required_argument, NULL, 'n'},       {"lockstep", no_argument, NULL, 'l'},
        {"start-ms", required_argument, NULL, 's'}, {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(argc, argv, "", rows, NULL)) != -1;) {
        switch (c) {
        case 'u': options.uart = optarg; break;
        case 'b': options.bus = optarg; break;
        case 'n': options.nv = optarg; break;
        case 'l': options.lockstep = true; break;
        case 's':
            if (!parse_start(optarg))
                return usage();
            break;
        default: return usage();
        }
    }
    if (options.bus == NULL || optind + 1 != argc)
        return usage();
    options.image = argv[optind];
    return true;
}

static bool fail(const char *what, int error)
{
    fprintf(stderr, "cellpost-board-avr: %s: %s\n", what, strerror(error));
    return false;
}

static bool start(void)
{
    static const struct chip_ops ops = {on_pin, on_reset, on_sent};
    char caps[sizeof CAPS + sizeof " start_ms"];
    if (!chip_open(options.image, options.start_ms, &ops))
        return false;
    (void)snprintf(caps, sizeof caps, CAPS "%s", chip_has_clock() ? " start_ms" : "");
    int error = bus_open(&bus, options.bus, caps, CHIP_SLOTS, options.lockstep);
    if (error != 0)
        return fail(options.bus, -error);
    bus_bind(&bus, on_said, NULL);
    error = pty_open(&pty, options.uart);
    if (error != 0)
        return fail(options.uart != NULL ? options.uart : "pty", -error);
    if (options.nv != NULL && !nv_open(options.nv))
        return fail(options.nv, errno);
    chip_reset(LINE_POWER);
    return true;
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = on_term};
    if (!parse(argc, argv))
        return 2;
    if (!start())
        return 1;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    printf("uart %s\n", pty.path);
    (void)fflush(stdout);
    uint64_t began_ms = monotonic_ms();
    while (options.lockstep ? run_lockstep() : run_real_time(began_ms))
        ;
    return 1;
}
