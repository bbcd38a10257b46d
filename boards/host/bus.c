#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "boards/host/host.h"

static bool in_lockstep, go, hang;
static uint16_t caps;
static enum bus_order order;

static const char *const pin_names[] = {"VBAT_EN", "PWRKEY", "RESET", "HOST_CUT", "LED"};

/* ---- sending ---- */

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    char line[128];
    va_list args;
    if (host->client < 0)
        return;
    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (len > 0 && send(host->client, line, (size_t)len, MSG_NOSIGNAL) != len) {
        close(host->client);
        host->client = -1;
    }
}

static void say_pin(enum board_pin pin, uint8_t slot)
{
    char digit[2] = {slot > 0 ? (char)('0' + slot) : '\0', '\0'};
    say("PIN %s%s %d t=%llu\n", pin_names[pin], digit, host->pins[pin][slot],
        (unsigned long long)host->clock_ms);
}

void bus_pin(enum board_pin pin, uint8_t slot, bool asserted)
{
    if (host->pins[pin][slot] == asserted)
        return;
    host->pins[pin][slot] = asserted;
    say_pin(pin, slot);
}

static void say_all(void)
{
    say("CAPS%s wdt_cause%s%s slots=%d\n", (caps & LINK_CAP_SUPPLY) != 0 ? " adc" : "",
        (caps & LINK_CAP_NV) != 0 ? " eeprom" : "", in_lockstep ? " lockstep" : "", FIRMWARE_SLOTS);
    for (uint8_t slot = 0; slot < FIRMWARE_SLOTS; slot++)
        for (unsigned pin = BOARD_VBAT_EN; pin <= BOARD_RESET; pin++)
            say_pin((enum board_pin)pin, slot);
    say_pin(BOARD_HOST_CUT, 0);
}

void bus_reset(enum link_cause cause)
{
    say("RESET %s t=%llu\n", link_cause_name(cause), (unsigned long long)host->clock_ms);
}

/* ---- taking ---- */

/* "NAME" or "NAMEn", then a number. */
static bool take_value(const char *line, const char *name, uint8_t *slot, int32_t *value)
{
    size_t len = strlen(name);
    char *end;
    if (strncmp(line, name, len) != 0)
        return false;
    line += len;
    *slot = 0;
    if (*line >= '0' && *line < '0' + FIRMWARE_SLOTS)
        *slot = (uint8_t)(*line++ - '0');
    if (*line++ != ' ')
        return false;
    *value = (int32_t)strtol(line, &end, 10);
    return end != line && *end == '\0';
}

static bool take_measure(const char *line)
{
    struct host_shared *state = host;
    uint8_t slot;
    int32_t value;
    if (take_value(line, "STATUS", &slot, &value))
        state->status[slot] = value != 0;
    else if (take_value(line, "ADC", &slot, &value) && slot == 0)
        state->supply_mv = value;
    else if (take_value(line, "RAIL", &slot, &value))
        state->rail_mv[slot] = value;
    else if (take_value(line, "CURRENT", &slot, &value))
        state->current_ma[slot] = value;
    else if (take_value(line, "TEMP", &slot, &value) && slot == 0)
        state->temperature_dc = value;
    else
        return false;
    return true;
}

static void take_line(const char *line)
{
    if (strcmp(line, "GO") == 0)
        go = true;
    else if (strcmp(line, "NRST") == 0)
        order = BUS_NRST;
    else if (strcmp(line, "POWERCYCLE") == 0)
        order = BUS_POWERCYCLE;
    else if (strcmp(line, "HANG") == 0)
        hang = true;
    else if (!take_measure(line))
        say("ERR %s\n", line);
}

static void take_octet(char octet)
{
    if (octet == '\n') {
        host->line[host->line_len] = '\0';
        host->line_len = 0;
        take_line(host->line);
    } else if (host->line_len + 1 < sizeof host->line)
        host->line[host->line_len++] = octet;
}

/* In lock-step no further than one GO: what follows it belongs to the next tick. */
static void take(void)
{
    char octet;
    while (host->client >= 0 && !go && order == BUS_NONE) {
        ssize_t got = recv(host->client, &octet, 1, MSG_DONTWAIT);
        if (got == 1) {
            take_octet(octet);
            continue;
        }
        if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            close(host->client);
            host->client = -1;
        }
        return;
    }
}

static void welcome(void)
{
    int fd = accept4(host->listener, NULL, NULL, 0);
    if (fd < 0)
        return;
    if (host->client >= 0)
        close(host->client); /* the newest speaks */
    host->client = fd;
    host->line_len = 0;
    say_all();
}

enum bus_order bus_serve(int wait_ms)
{
    struct pollfd fds[3] = {{host->listener, POLLIN, 0}, {host->client, POLLIN, 0}, {host->uart, POLLIN, 0}};
    if (poll(fds, in_lockstep ? 2 : 3, wait_ms) > 0) {
        if (fds[0].revents != 0)
            welcome();
        else if (fds[1].revents != 0)
            take();
    }
    return order;
}

enum bus_order bus_tick(void)
{
    go = false;
    say("TICK %llu\n", (unsigned long long)host->clock_ms);
    while (!go && order == BUS_NONE) {
        int before = host->client;
        (void)bus_serve(-1);
        if (host->client != before)
            say("TICK %llu\n", (unsigned long long)host->clock_ms);
    }
    return order;
}

bool bus_hangs(void)
{
    return hang;
}

/* ---- opening ---- */

bool bus_open(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return false;
    memcpy(address.sun_path, path, strlen(path) + 1);
    (void)unlink(path);
    host->client = -1;
    host->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    return host->listener >= 0 &&
           bind(host->listener, (const struct sockaddr *)&address, sizeof address) == 0 &&
           listen(host->listener, 4) == 0;
}

void bus_start(bool lockstep, uint16_t capabilities)
{
    in_lockstep = lockstep;
    caps = capabilities;
}
