/* A slot of the modem simulator: one line to its control socket, one line back. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/modem/slot_internal.h"

/* "ok ..." or something else that says why not. */
static void on_answer(struct slot *slot)
{
    struct slot_sim *sim = &slot->sim;
    ssize_t n = read(sim->fd, sim->answer + sim->answer_len, sizeof sim->answer - sim->answer_len);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    sim->answer_len += n > 0 ? (size_t)n : 0;
    if (memchr(sim->answer, '\n', sim->answer_len) || sim->answer_len == sizeof sim->answer || n <= 0) {
        slot_finish(slot, sim->answer_len >= 2 && strncasecmp(sim->answer, "ok", 2) == 0 ? 0 : -EIO);
    }
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
    struct slot *slot = arg;
    char text[64];
    if (what & EV_READ) {
        on_answer(slot);
        return;
    }
    int len = snprintf(text, sizeof text, "power %s cycle\n", slot->sim.modem);
    if (send(fd, text, (size_t)len, MSG_NOSIGNAL) != len) {
        slot_finish(slot, -errno);
        return;
    }
    event_del(slot->sim.event);
    event_assign(slot->sim.event, loop_base(slot->loop), fd, EV_READ | EV_PERSIST, on_event, slot);
    event_add(slot->sim.event, NULL);
}

void slot_sim_end(struct slot *slot)
{
    if (slot->sim.event) {
        event_free(slot->sim.event);
        slot->sim.event = NULL;
    }
    if (slot->sim.fd >= 0) {
        close(slot->sim.fd);
        slot->sim.fd = -1;
    }
}

int slot_sim_init(struct slot *slot, const char *spec)
{
    struct slot_sim *sim = &slot->sim;
    const char *modem = strrchr(spec, ':');
    if (modem == spec + 3 || modem[1] == '\0') {
        return -EINVAL;
    }
    int path_len = (int)(modem - spec - 4);
    if (path_len >= (int)sizeof sim->path || strlen(modem + 1) >= sizeof sim->modem) {
        return -EINVAL;
    }
    snprintf(sim->path, sizeof sim->path, "%.*s", path_len, spec + 4);
    snprintf(sim->modem, sizeof sim->modem, "%s", modem + 1);
    return 0;
}

static int connect_begin(struct slot *slot)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", slot->sim.path);
    slot->sim.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (slot->sim.fd < 0 || connect(slot->sim.fd, (struct sockaddr *)&address, sizeof address) < 0) {
        return -errno; /* a Unix socket connects at once, or its listener's queue is full: EAGAIN */
    }
    slot->sim.event = event_new(loop_base(slot->loop), slot->sim.fd, EV_WRITE, on_event, slot);
    return slot->sim.event && event_add(slot->sim.event, NULL) == 0 ? 0 : -ENOMEM;
}

void slot_sim_do(struct slot *slot)
{
    slot->sim.answer_len = 0;
    int status = connect_begin(slot);
    if (status < 0) {
        slot_finish(slot, status == -EAGAIN ? -EBUSY : status);
    } else {
        timer_set(&slot->deadline, SLOT_SIM_MS);
    }
}
