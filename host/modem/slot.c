#include "host/modem/slot.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/base/log.h"

static void finish(struct slot *slot, int status)
{
    slot_fn *fn = slot->fn;
    slot_fini(slot);
    if (fn) {
        fn(slot->arg, status);
    }
}

static void on_deadline(void *arg)
{
    finish(arg, -ETIMEDOUT);
}

/* One line: "ok ..." or something else that says why not. */
static void on_answer(struct slot *slot)
{
    ssize_t n = read(slot->fd, slot->answer + slot->answer_len, sizeof slot->answer - slot->answer_len);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    slot->answer_len += n > 0 ? (size_t)n : 0;
    if (memchr(slot->answer, '\n', slot->answer_len) || slot->answer_len == sizeof slot->answer || n <= 0) {
        finish(slot, slot->answer_len >= 2 && strncasecmp(slot->answer, "ok", 2) == 0 ? 0 : -EIO);
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
    int len = snprintf(text, sizeof text, "power %s cycle\n", slot->modem);
    if (send(fd, text, (size_t)len, MSG_NOSIGNAL) != len) {
        finish(slot, -errno);
        return;
    }
    event_del(slot->event);
    event_assign(slot->event, loop_base(slot->loop), fd, EV_READ | EV_PERSIST, on_event, slot);
    event_add(slot->event, NULL);
}

void slot_fini(struct slot *slot)
{
    if (slot->event) {
        event_free(slot->event);
        slot->event = NULL;
    }
    if (slot->fd >= 0) {
        close(slot->fd);
        slot->fd = -1;
    }
    slot->fn = NULL;
    timer_stop(&slot->deadline);
}

int slot_init(struct slot *slot, struct loop *loop, const char *spec)
{
    memset(slot, 0, sizeof *slot);
    slot->loop = loop;
    slot->fd = -1;
    timer_init(&slot->deadline, loop, on_deadline, slot);
    if (spec[0] == '\0') {
        return 0;
    }
    const char *modem = strrchr(spec, ':');
    if (strncmp(spec, "sim:/", 5) != 0 || modem == spec + 3 || modem[1] == '\0') {
        return -EINVAL;
    }
    int path_len = (int)(modem - spec - 4);
    if (path_len >= (int)sizeof slot->path || strlen(modem + 1) >= sizeof slot->modem) {
        return -EINVAL;
    }
    snprintf(slot->path, sizeof slot->path, "%.*s", path_len, spec + 4);
    snprintf(slot->modem, sizeof slot->modem, "%s", modem + 1);
    return 0;
}

bool slot_present(const struct slot *slot)
{
    return slot->path[0] != '\0';
}

static int connect_begin(struct slot *slot)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", slot->path);
    slot->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (slot->fd < 0 || connect(slot->fd, (struct sockaddr *)&address, sizeof address) < 0) {
        return -errno; /* a Unix socket connects at once, or its listener's queue is full: EAGAIN */
    }
    slot->event = event_new(loop_base(slot->loop), slot->fd, EV_WRITE, on_event, slot);
    return slot->event && event_add(slot->event, NULL) == 0 ? 0 : -ENOMEM;
}

void slot_cycle(struct slot *slot, slot_fn *fn, void *arg)
{
    slot_fini(slot);
    slot->fn = fn;
    slot->arg = arg;
    slot->answer_len = 0;
    int status = connect_begin(slot);
    if (status < 0) {
        finish(slot, status);
    } else {
        timer_set(&slot->deadline, SLOT_DEADLINE_MS);
    }
}
