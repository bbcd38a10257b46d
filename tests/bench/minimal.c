/* The least that can send SMS through N modems: one epoll loop, per modem "AT+CMGS=n", prompt, PDU and
 * Ctrl-Z, OK, again. No database, no API, no error handling beyond stopping. It is the yardstick: Cellpost's
 * rate is given as a ratio of this program's in the same run.
 *
 *   minimal COUNT PDUHEX TPDULEN PORT...     sends COUNT messages through each port, prints seconds from
 * first byte to last OK */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PORTS_MAX 256

struct port {
    int fd;
    int left;
    char seen[512];
    size_t len;
    int in_pdu;
};

static char command[32], pdu[400];
static size_t command_len, pdu_len;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int port_open(const char *path)
{
    int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
    struct termios mode;
    if (fd < 0 || tcgetattr(fd, &mode) != 0)
        die(path);
    cfmakeraw(&mode);
    if (tcsetattr(fd, TCSANOW, &mode) != 0)
        die(path);
    return fd;
}

static void send_all(int fd, const char *data, size_t len)
{
    if (write(fd, data, len) != (ssize_t)len)
        die("write");
}

/* Drops what was seen up to the mark; false when it has not come yet. */
static int port_saw(struct port *port, const char *mark)
{
    char *at = memmem(port->seen, port->len, mark, strlen(mark));
    if (at != NULL)
        port->len = 0;
    return at != NULL;
}

/* 1 when this port is done. */
static int port_step(struct port *port)
{
    ssize_t got = read(port->fd, port->seen + port->len, sizeof port->seen - port->len);
    if (got <= 0)
        return 0;
    port->len += (size_t)got;
    if (!port->in_pdu && port_saw(port, "> ")) {
        send_all(port->fd, pdu, pdu_len);
        port->in_pdu = 1;
    } else if (port->in_pdu && port_saw(port, "\r\nOK\r\n")) {
        port->in_pdu = 0;
        if (--port->left == 0)
            return 1;
        send_all(port->fd, command, command_len);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static struct port ports[PORTS_MAX];
    struct timespec began, ended;
    int count = argc - 4, open_ports = count, loop = epoll_create1(0);
    if (argc < 5 || count > PORTS_MAX || loop < 0)
        return 2;
    command_len = (size_t)snprintf(command, sizeof command, "AT+CMGS=%s\r", argv[3]);
    pdu_len = (size_t)snprintf(pdu, sizeof pdu, "%s\x1a", argv[2]);
    for (int i = 0; i < count; i++) {
        ports[i].fd = port_open(argv[4 + i]);
        ports[i].left = (int)strtol(argv[1], NULL, 10);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &ports[i]};
        if (epoll_ctl(loop, EPOLL_CTL_ADD, ports[i].fd, &event) != 0)
            die("epoll_ctl");
    }
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (int i = 0; i < count; i++)
        send_all(ports[i].fd, command, command_len);
    while (open_ports > 0) {
        struct epoll_event events[64];
        int ready = epoll_wait(loop, events, 64, 10000);
        if (ready <= 0)
            die("no answer");
        for (int i = 0; i < ready; i++)
            open_ports -= port_step(events[i].data.ptr);
    }
    clock_gettime(CLOCK_MONOTONIC, &ended);
    printf("%.6f\n", (double)(ended.tv_sec - began.tv_sec) + (double)(ended.tv_nsec - began.tv_nsec) / 1e9);
    return 0;
}
