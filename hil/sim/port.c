#include "port.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { TICK_NS = 4000000, IN_LIMIT = 4096, RETRY_US = 2000 };

static struct {
    struct watch watch;
    struct port *open_ports;
} notify;

static void client_came(struct port *p)
{
    p->clients++;
    p->on->opened(p->arg);
}

/* The last client's close leaves the tty as a serial driver would: unread input gone, exclusive use ended. */
static void client_went(struct port *p)
{
    if (p->clients > 0)
        p->clients--;
    if (p->clients == 0) {
        if (!p->keep_when_closed)
            tcflush(p->slave, TCIFLUSH);
        ioctl(p->slave, TIOCNXCL);
    }
    p->on->closed(p->arg);
}

static void notify_one(const struct inotify_event *ev)
{
    struct port *p = notify.open_ports;
    while (p != NULL && p->notify_id != ev->wd)
        p = p->next;
    if (p == NULL)
        return;
    if (ev->mask & IN_OPEN)
        client_came(p);
    if (ev->mask & (IN_CLOSE_WRITE | IN_CLOSE_NOWRITE))
        client_went(p);
}

static void notify_drain(void)
{
    char data[4096] __attribute__((aligned(8)));
    ssize_t n;
    while ((n = read(notify.watch.fd, data, sizeof data)) > 0)
        for (char *at = data; at < data + n;
             at += sizeof(struct inotify_event) + ((struct inotify_event *)at)->len)
            notify_one((struct inotify_event *)at);
}

static void on_notify(void *arg, uint32_t events)
{
    (void)arg;
    (void)events;
    notify_drain();
}

int port_init(void)
{
    notify.watch =
        (struct watch){.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), .events = EPOLLIN, .fn = on_notify};
    return notify.watch.fd < 0 ? -errno : watch_start(&notify.watch);
}

void port_fini(void)
{
    watch_stop(&notify.watch);
    close(notify.watch.fd);
}

bool port_is_open(const struct port *p)
{
    return p->master >= 0;
}

static int64_t byte_ns(const struct port *p)
{
    return 10000000000LL / p->baud; /* 8N1: ten bits a character */
}

/* How many of len bytes have passed a line that was free at *due, by now. */
static size_t passed(const struct port *p, int64_t due_ns, size_t len)
{
    int64_t n = p->baud ? (loop_now_ns() - due_ns) / byte_ns(p) : (int64_t)len;
    return n < 0 ? 0 : (size_t)n < len ? (size_t)n : len;
}

/* The next look: when a tick's worth of bytes has passed, or exactly when the last one has. */
static void look_again(const struct port *p, struct timer *t, int64_t due_ns, size_t left)
{
    int64_t per_tick = TICK_NS / byte_ns(p);
    int64_t n = (int64_t)left < per_tick ? (int64_t)left : per_tick > 0 ? per_tick : 1;
    timer_set_at(t, due_ns + n * byte_ns(p));
}

static void deliver_input(void *arg)
{
    struct port *p = arg;
    size_t n = passed(p, p->in_due_ns, p->in.len);
    int64_t step = p->baud ? byte_ns(p) : 0;
    while (n-- > 0 && p->in.len > 0) { /* a callback may empty or close the port */
        unsigned char byte = (unsigned char)p->in.data[0];
        buf_take(&p->in, 1);
        p->in_due_ns += step;
        p->on->byte(p->arg, byte);
    }
    if (!port_is_open(p))
        return;
    if (p->in.len > 0 && p->baud)
        look_again(p, &p->in_timer, p->in_due_ns, p->in.len);
    else if (p->in.len > 0)
        timer_set(&p->in_timer, 0);
    watch_change(&p->watch, p->in.len < IN_LIMIT ? EPOLLIN : 0);
}

static void on_readable(void *arg, uint32_t events)
{
    struct port *p = arg;
    char data[IN_LIMIT];
    (void)events;
    notify_drain(); /* a client's open is known before its first byte is */
    if (!port_is_open(p))
        return;
    ssize_t n = read(p->master, data, IN_LIMIT - (p->in.len < IN_LIMIT ? p->in.len : IN_LIMIT - 1));
    if (n <= 0)
        return;
    int64_t now = loop_now_ns();
    if (p->in.len == 0 && p->in_due_ns < now)
        p->in_due_ns = now;
    p->in_bytes += (uint64_t)n;
    buf_add(&p->in, data, (size_t)n);
    if (p->in_timer.slot == 0)
        deliver_input(p);
}

/* True when the output has nobody to go to and is lost. The client may just have come: look before saying so.
 */
static bool nobody_listens(struct port *p)
{
    if (p->clients > 0 || p->keep_when_closed)
        return false;
    notify_drain();
    return p->clients == 0;
}

static ssize_t put(struct port *p, size_t len)
{
    if (nobody_listens(p))
        return (ssize_t)len;
    ssize_t n = write(p->master, p->out.data, len);
    return n < 0 ? 0 : n;
}

static void send_output(void *arg)
{
    struct port *p = arg;
    size_t n = passed(p, p->out_due_ns, p->out.len);
    bool cut = p->fragment > 0 && n > (size_t)p->fragment;
    if (cut)
        n = (size_t)p->fragment;
    ssize_t sent = n > 0 ? put(p, n) : 0;
    if (!port_is_open(p))
        return;
    buf_take(&p->out, (size_t)sent);
    p->out_bytes += (uint64_t)sent;
    p->out_due_ns += p->baud ? sent * byte_ns(p) : 0;
    if (p->out.len == 0)
        return;
    if (cut)
        timer_set(&p->out_timer, p->fragment_gap_us);
    else if ((size_t)sent < n || p->baud == 0)
        timer_set(&p->out_timer, RETRY_US); /* the client does not read: its buffer is full */
    else
        look_again(p, &p->out_timer, p->out_due_ns, p->out.len);
}

void port_write(struct port *p, const char *data, size_t len)
{
    if (!port_is_open(p) || len == 0)
        return;
    int64_t now = loop_now_ns();
    if (p->out.len == 0 && p->out_due_ns < now)
        p->out_due_ns = now;
    buf_add(&p->out, data, len);
    if (p->out_timer.slot == 0)
        send_output(p);
}

bool port_quiet(const struct port *p)
{
    return p->in.len == 0 && p->out.len == 0;
}

void port_discard(struct port *p)
{
    buf_clear(&p->in);
    buf_clear(&p->out);
    timer_stop(&p->in_timer);
    timer_stop(&p->out_timer);
}

static int make_raw(int fd)
{
    struct termios tio;
    if (tcgetattr(fd, &tio) != 0)
        return -errno;
    cfmakeraw(&tio);
    return tcsetattr(fd, TCSANOW, &tio) == 0 ? 0 : -errno;
}

/* The symlink is replaced in one step: whoever resolves it sees the old device or the new one. */
static int point_link(const char *device, const char *link)
{
    char temp[512];
    snprintf(temp, sizeof temp, "%s.new", link);
    unlink(temp);
    if (symlink(device, temp) != 0 || rename(temp, link) != 0)
        return -errno;
    return 0;
}

static int open_pair(struct port *p)
{
    p->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (p->master < 0 || grantpt(p->master) != 0 || unlockpt(p->master) != 0 ||
        ptsname_r(p->master, p->device, sizeof p->device) != 0)
        return -errno;
    p->slave = open(p->device, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (p->slave < 0)
        return -errno;
    p->notify_id = inotify_add_watch(notify.watch.fd, p->device, IN_OPEN | IN_CLOSE);
    if (p->notify_id < 0)
        return -errno;
    p->next = notify.open_ports;
    notify.open_ports = p;
    return make_raw(p->slave);
}

int port_open(struct port *p)
{
    p->in_timer = (struct timer){.fn = deliver_input, .arg = p};
    p->out_timer = (struct timer){.fn = send_output, .arg = p};
    p->master = p->slave = p->notify_id = -1;
    p->clients = 0;
    int rc = open_pair(p);
    if (rc == 0)
        rc = point_link(p->device, p->link);
    p->watch = (struct watch){.fd = p->master, .events = EPOLLIN, .fn = on_readable, .arg = p};
    return rc == 0 ? watch_start(&p->watch) : rc;
}

static void forget(struct port *p)
{
    struct port **at = &notify.open_ports;
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
}

void port_close(struct port *p)
{
    if (!port_is_open(p))
        return;
    port_discard(p);
    watch_stop(&p->watch);
    unlink(p->link);
    forget(p);
    inotify_rm_watch(notify.watch.fd, p->notify_id);
    close(p->slave);
    close(p->master);
    p->master = p->slave = p->notify_id = -1;
    bool had_client = p->clients > 0;
    p->clients = 0;
    buf_fini(&p->in);
    buf_fini(&p->out);
    if (had_client)
        p->on->closed(p->arg);
}
