#include "hil/bus/bus.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- telling ---- */

static void drop(struct bus_client *c)
{
    close(c->fd);
    *c = (struct bus_client){.fd = -1};
}

/* Nobody hears any more, but what was said before is still to be taken: the end of input drops the client. */
static void deafen(struct bus_client *c)
{
    c->deaf = true;
    c->out_len = 0;
}

static void flush(struct bus_client *c, int flags)
{
    while (c->out_len > 0) {
        ssize_t sent = send(c->fd, c->out, c->out_len, MSG_NOSIGNAL | flags);
        if (sent > 0) {
            c->out_len -= (size_t)sent;
            memmove(c->out, c->out + sent, c->out_len);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != EINTR) {
            deafen(c);
        }
    }
}

static void add_line(struct bus *bus, struct bus_client *c, const char *line, size_t len)
{
    if (c->fd < 0 || c->deaf)
        return;
    if (c->out_len + len > sizeof c->out)
        flush(c, bus->lockstep ? 0 : MSG_DONTWAIT);
    if (c->out_len + len > sizeof c->out) {
        drop(c);
        return;
    }
    memcpy(c->out + c->out_len, line, len);
    c->out_len += len;
}

/* To one client, or to all (NULL). */
__attribute__((format(printf, 3, 4))) static void say(struct bus *bus, struct bus_client *to,
                                                      const char *format, ...)
{
    char line[BUS_CAPS + LINE_MAX]; /* room for CAPS, and for a line with what is wrong with it */
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    for (size_t i = 0; i < BUS_CLIENTS; i++)
        if (to == NULL || to == &bus->clients[i])
            add_line(bus, &bus->clients[i], line, (size_t)len);
}

static void say_pin(struct bus *bus, struct bus_client *to, enum line_pin pin, uint8_t slot)
{
    char digit[2] = {slot > 0 ? (char)('0' + slot) : '\0', '\0'};
    say(bus, to, "PIN %s%s %d t=%llu\n", line_pin_name(pin), digit, bus->pins[pin][slot],
        (unsigned long long)bus->now_ms);
}

void bus_pin(struct bus *bus, enum line_pin pin, uint8_t slot, bool asserted)
{
    if (bus->pins[pin][slot] == asserted)
        return;
    bus->pins[pin][slot] = asserted;
    bus->changed = bus->changed || pin != LINE_LED;
    say_pin(bus, NULL, pin, slot);
}

void bus_reset(struct bus *bus, enum line_cause cause)
{
    for (unsigned pin = 0; pin < LINE_PINS; pin++)
        for (uint8_t slot = 0; slot < bus->slots; slot++)
            if (pin != LINE_VBAT_EN || cause == LINE_POWER)
                bus_pin(bus, (enum line_pin)pin, slot, false);
    bus->changed = true;
    say(bus, NULL, "RESET %s t=%llu\n", line_cause_name(cause), (unsigned long long)bus->now_ms);
}

static void welcome(struct bus *bus, struct bus_client *c)
{
    say(bus, c, "CAPS %s%sslots=%u\n", bus->caps, bus->lockstep ? "lockstep " : "", bus->slots);
    for (unsigned pin = 0; pin < LINE_PINS; pin++)
        for (uint8_t slot = 0; slot < (line_pin_of_slot((enum line_pin)pin) ? bus->slots : 1); slot++)
            say_pin(bus, c, (enum line_pin)pin, slot);
    if (bus->standing)
        say(bus, c, "TICK %llu\n", (unsigned long long)bus->now_ms);
}

/* ---- taking ---- */

static void refuse(struct bus *bus, struct bus_client *c, const char *why, char *line)
{
    for (char *at = line; *at != '\0'; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
    say(bus, c, "ERR %s: %s\n", why, line);
}

static void grant(struct bus *bus, struct bus_client *c, int32_t ms)
{
    c->stepper = c->granted = true;
    c->until_ms = bus->now_ms + (uint64_t)ms;
}

/* False: no more is to be taken now, from anybody. */
static bool take_line(struct bus *bus, struct bus_client *c, char *line)
{
    struct line_said said;
    const char *why = line_said_parse(line, bus->slots, &said);
    if (why == NULL && said.word == LINE_GO && !bus->lockstep)
        why = "this board runs in real time";
    if (why == NULL && said.word == LINE_HANG && !bus->hang)
        why = "this board cannot be made to hang";
    if (why != NULL)
        refuse(bus, c, why, line);
    else if (said.word == LINE_GO)
        grant(bus, c, said.value);
    else
        return bus->said(bus->arg, &said);
    return true;
}

/* The next whole line out of what has come; a line that is too long is refused once, its rest dropped. */
static bool next_line(struct bus *bus, struct bus_client *c, char line[LINE_MAX])
{
    char *end = memchr(c->in, '\n', c->in_len);
    bool longer = end == NULL ? c->in_len >= LINE_MAX : end - c->in >= LINE_MAX;
    size_t len = end != NULL ? (size_t)(end - c->in) : longer ? c->in_len : 0;
    bool whole = end != NULL && !longer && !c->overlong;
    if (longer && !c->overlong)
        say(bus, c, "ERR a line has at most %d octets\n", LINE_MAX - 1);
    if (whole) {
        memcpy(line, c->in, len);
        line[len] = '\0';
        for (size_t i = 0; i < len; i++)
            line[i] = line[i] != '\0' ? line[i] : '?';
    }
    c->overlong = end == NULL && (longer || c->overlong);
    len += end != NULL;
    c->in_len -= len;
    memmove(c->in, c->in + len, c->in_len);
    return whole;
}

static bool has_line(const struct bus_client *c)
{
    return memchr(c->in, '\n', c->in_len) != NULL || c->in_len >= LINE_MAX;
}

/* False: nothing more has come, or the client is gone. */
static bool read_more(struct bus_client *c)
{
    ssize_t got = recv(c->fd, c->in + c->in_len, sizeof c->in - c->in_len, MSG_DONTWAIT);
    if (got > 0)
        c->in_len += (size_t)got;
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        drop(c);
    return got > 0;
}

static bool take(struct bus *bus, struct bus_client *c)
{
    char line[LINE_MAX];
    while (c->fd >= 0 && !c->granted) {
        if (!has_line(c)) {
            if (!read_more(c))
                return true;
        } else if (next_line(bus, c, line) && !take_line(bus, c, line)) {
            return false;
        }
    }
    return true;
}

static struct bus_client *free_place(struct bus *bus)
{
    for (size_t i = 0; i < BUS_CLIENTS; i++)
        if (bus->clients[i].fd < 0)
            return &bus->clients[i];
    return NULL;
}

static void take_clients(struct bus *bus)
{
    static const char full[] = "ERR too many clients\n";
    int fd;
    while ((fd = accept4(bus->listener, NULL, NULL, 0)) >= 0) {
        struct bus_client *c = free_place(bus);
        if (c == NULL) {
            (void)send(fd, full, sizeof full - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
            close(fd);
            continue;
        }
        c->fd = fd;
        welcome(bus, c);
    }
}

static bool serve_once(struct bus *bus)
{
    bool go_on = true;
    take_clients(bus);
    for (size_t i = 0; i < BUS_CLIENTS && go_on; i++)
        go_on = take(bus, &bus->clients[i]);
    for (size_t i = 0; i < BUS_CLIENTS; i++)
        if (bus->clients[i].fd >= 0)
            flush(&bus->clients[i], MSG_DONTWAIT);
    return go_on;
}

/* ---- waiting ---- */

static short events_of(const struct bus_client *c)
{
    return (short)((c->granted ? 0 : POLLIN) | (c->out_len > 0 ? POLLOUT : 0));
}

/* False: a signal came. A client that has granted and been told all is left alone: its end waits too. */
static bool wait_any(struct bus *bus, int wait_ms, int other_fd)
{
    struct pollfd fds[BUS_CLIENTS + 2] = {{bus->listener, POLLIN, 0}, {other_fd, POLLIN, 0}};
    for (size_t i = 0; i < BUS_CLIENTS; i++) {
        const struct bus_client *c = &bus->clients[i];
        short events = c->fd >= 0 ? events_of(c) : 0;
        fds[i + 2] = (struct pollfd){events != 0 ? c->fd : -1, events, 0};
    }
    return poll(fds, BUS_CLIENTS + 2, wait_ms) >= 0 || errno != EINTR;
}

bool bus_serve(struct bus *bus, int wait_ms, int other_fd)
{
    if (bus->lockstep)
        return true;
    for (size_t i = 0; i < BUS_CLIENTS; i++)
        if (bus->clients[i].fd >= 0)
            flush(&bus->clients[i], MSG_DONTWAIT);
    return wait_any(bus, wait_ms, other_fd) && serve_once(bus);
}

static void stand(struct bus *bus)
{
    say(bus, NULL, "TICK %llu\n", (unsigned long long)bus->now_ms);
    bus->standing = true;
    bus->changed = false;
    for (size_t i = 0; i < BUS_CLIENTS; i++)
        bus->clients[i].granted = false;
}

/* Every stepper has granted, and all have been told everything. */
static bool may_run(struct bus *bus)
{
    bool stepper = false;
    bus->until_ms = UINT64_MAX;
    for (size_t i = 0; i < BUS_CLIENTS; i++) {
        const struct bus_client *c = &bus->clients[i];
        if (c->fd < 0)
            continue;
        if (c->out_len > 0 || (c->stepper && !c->granted))
            return false;
        if (c->stepper && c->until_ms < bus->until_ms)
            bus->until_ms = c->until_ms;
        stepper = stepper || c->stepper;
    }
    return stepper;
}

bool bus_tick(struct bus *bus)
{
    if (!bus->standing && !bus->changed && bus->now_ms < bus->until_ms)
        return true;
    if (!bus->standing)
        stand(bus);
    for (;;) {
        if (!serve_once(bus))
            return false;
        if (may_run(bus))
            break;
        if (!wait_any(bus, -1, -1))
            return false;
    }
    bus->standing = false;
    return true;
}

/* ---- opening ---- */

/* A socket file that nobody listens to any more makes room. */
static int listen_at(struct bus *bus, const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0) {
        close(fd);
        return -EADDRINUSE;
    }
    if (fd >= 0)
        close(fd);
    (void)unlink(address->sun_path);
    fd = bus->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)address, sizeof *address) != 0 || listen(fd, 8) != 0)
        return -errno;
    return 0;
}

int bus_open(struct bus *bus, const char *path, const char *caps, uint8_t slots, bool lockstep)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path || strlen(caps) + 2 > BUS_CAPS)
        return -ENAMETOOLONG;
    memset(bus, 0, sizeof *bus);
    for (size_t i = 0; i < BUS_CLIENTS; i++)
        bus->clients[i].fd = -1;
    memcpy(address.sun_path, path, strlen(path) + 1);
    memcpy(bus->path, path, strlen(path) + 1);
    (void)snprintf(bus->caps, sizeof bus->caps, "%s%s", caps, caps[0] != '\0' ? " " : "");
    bus->hang = strstr(bus->caps, "hang ") != NULL;
    bus->slots = slots;
    bus->lockstep = lockstep;
    return listen_at(bus, &address);
}

void bus_bind(struct bus *bus, bool (*said)(void *arg, const struct line_said *), void *arg)
{
    bus->said = said;
    bus->arg = arg;
}

void bus_close(struct bus *bus)
{
    for (size_t i = 0; i < BUS_CLIENTS; i++)
        if (bus->clients[i].fd >= 0)
            drop(&bus->clients[i]);
    close(bus->listener);
    (void)unlink(bus->path);
}
