/* A load generator for the API: one thread, keep-alive connections that each send the next request when the
 * last was answered. Prints one line of JSON: requests, seconds, requests/s, p50 and p99 in microseconds,
 * refusals.
 *
 *   load [-a ADDRESS] -p PORT [-c CONNECTIONS] [-n REQUESTS] [-X METHOD] [-u PATH] [-d BODY] [-b FIRST] [-H
 * "Name: value"]...
 *        [-T] through TLS (the certificate is not checked)  [-F] a new connection for each request
 *        [-R] with -T -F: sessions are resumed
 *
 * In BODY, the first "%n" becomes the request's number, from FIRST on: for bodies that must differ. Exit 1
 * when a connection fails. */
#include <arpa/inet.h>
#include <errno.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define IN_MAX      (256 * 1024)
#define REQUEST_MAX 16384

struct options {
    const char *address, *method, *path, *body;
    char headers[4096];
    int port, connections;
    long requests;
    bool tls, fresh, resume;
};

struct conn {
    int fd;
    bool shaken;
    mbedtls_ssl_context ssl;
    char out[REQUEST_MAX], *in;
    size_t out_len, out_at, in_len;
    int64_t began_us;
};

static struct options options = {"127.0.0.1", "GET", "/", "", "", 0, 64, 10000, false, false, false};
static mbedtls_ssl_config settings;
static mbedtls_ssl_session saved;
static bool has_saved;
static int epoll_fd;
static long first, sent, answered, refused;
static uint32_t *took_us;

static void die(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- octets ---- */

static int rng(void *arg, unsigned char *out, size_t len)
{
    (void)arg;
    return getrandom(out, len, 0) == (ssize_t)len ? 0 : -1;
}

static int wire_send(void *arg, const unsigned char *data, size_t len)
{
    ssize_t put = send(((struct conn *)arg)->fd, data, len, MSG_NOSIGNAL);
    return put >= 0 ? (int)put : errno == EAGAIN ? MBEDTLS_ERR_SSL_WANT_WRITE : MBEDTLS_ERR_NET_SEND_FAILED;
}

static int wire_receive(void *arg, unsigned char *data, size_t len)
{
    ssize_t got = recv(((struct conn *)arg)->fd, data, len, 0);
    return got >= 0 ? (int)got : errno == EAGAIN ? MBEDTLS_ERR_SSL_WANT_READ : MBEDTLS_ERR_NET_RECV_FAILED;
}

/* Octets, 0 = later; ends the program when the connection is gone. */
static size_t moved(int n)
{
    if (n > 0)
        return (size_t)n;
    if (n == MBEDTLS_ERR_SSL_WANT_READ || n == MBEDTLS_ERR_SSL_WANT_WRITE)
        return 0;
    errno = n == 0 ? ECONNRESET : EPROTO;
    die("connection");
    return 0;
}

static size_t conn_put(struct conn *c, const char *data, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)data;
    return moved(options.tls ? mbedtls_ssl_write(&c->ssl, bytes, len) : wire_send(c, bytes, len));
}

static size_t conn_get(struct conn *c, char *to, size_t len)
{
    unsigned char *bytes = (unsigned char *)to;
    return moved(options.tls ? mbedtls_ssl_read(&c->ssl, bytes, len) : wire_receive(c, bytes, len));
}

/* ---- connections ---- */

static void tls_begin(struct conn *c)
{
    mbedtls_ssl_init(&c->ssl);
    if (mbedtls_ssl_setup(&c->ssl, &settings) != 0)
        die("mbedtls_ssl_setup");
    if (options.resume && has_saved)
        mbedtls_ssl_set_session(&c->ssl, &saved);
    mbedtls_ssl_set_bio(&c->ssl, c, wire_send, wire_receive, NULL);
}

static void conn_open(struct conn *c)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port)};
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    inet_pton(AF_INET, options.address, &to.sin_addr);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0 || (connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS))
        die("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    c->shaken = !options.tls;
    if (options.tls)
        tls_begin(c);
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event) != 0)
        die("epoll_ctl");
}

static void conn_close(struct conn *c)
{
    if (options.tls)
        mbedtls_ssl_free(&c->ssl);
    close(c->fd);
    c->fd = -1;
}

/* ---- requests ---- */

static size_t body_write(char *out, size_t size, long number)
{
    const char *mark = strstr(options.body, "%n");
    int len = mark == NULL ? snprintf(out, size, "%s", options.body)
                           : snprintf(out, size, "%.*s%ld%s", (int)(mark - options.body), options.body,
                                      number, mark + 2);
    return (size_t)len;
}

static void request_begin(struct conn *c)
{
    char body[REQUEST_MAX / 2];
    size_t body_len = body_write(body, sizeof body, first + sent);
    int len = snprintf(c->out, sizeof c->out, "%s %s HTTP/1.1\r\nHost: %s:%d\r\n%s", options.method,
                       options.path, options.address, options.port, options.headers);
    if (body_len > 0 || strcmp(options.method, "POST") == 0)
        len +=
            snprintf(c->out + len, sizeof c->out - (size_t)len,
                     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n", body_len);
    len += snprintf(c->out + len, sizeof c->out - (size_t)len, "\r\n%s", body_len > 0 ? body : "");
    if ((size_t)len >= sizeof c->out) {
        errno = E2BIG;
        die("request");
    }
    c->out_len = (size_t)len;
    c->out_at = c->in_len = 0;
    c->began_us = now_us();
    sent++;
}

/* Length of the whole answer at the front of `in`, 0 = not here yet. */
static size_t answer_len(const struct conn *c)
{
    const char *end = memmem(c->in, c->in_len, "\r\n\r\n", 4);
    if (end == NULL)
        return 0;
    const char *length = strcasestr(c->in, "\r\nContent-Length:");
    size_t head = (size_t)(end - c->in) + 4;
    size_t whole = head + (length != NULL && length < end ? strtoul(length + 17, NULL, 10) : 0);
    return c->in_len >= whole ? whole : 0;
}

static void answer_take(struct conn *c)
{
    took_us[answered++] = (uint32_t)(now_us() - c->began_us);
    refused += c->in[9] != '2'; /* "HTTP/1.1 2.." */
    if (options.resume && !has_saved)
        has_saved = mbedtls_ssl_get_session(&c->ssl, &saved) == 0;
    if (options.fresh) {
        conn_close(c);
        if (sent < options.requests) {
            request_begin(c);
            conn_open(c);
        }
    } else if (sent < options.requests) {
        request_begin(c);
    } else {
        c->out_len = c->out_at = 0;
    }
}

static bool conn_shake(struct conn *c)
{
    int status = c->shaken ? 0 : mbedtls_ssl_handshake(&c->ssl);
    if (status != 0 && status != MBEDTLS_ERR_SSL_WANT_READ && status != MBEDTLS_ERR_SSL_WANT_WRITE) {
        fprintf(stderr, "load: handshake: -0x%x\n", (unsigned)-status);
        exit(EXIT_FAILURE);
    }
    c->shaken = status == 0;
    return c->shaken;
}

/* As far as it goes without waiting. */
static void conn_go_on(struct conn *c)
{
    size_t n = 1;
    if (!conn_shake(c))
        return;
    while (n > 0 && c->fd >= 0) {
        if (c->out_at < c->out_len)
            c->out_at += n = conn_put(c, c->out + c->out_at, c->out_len - c->out_at);
        else if (c->out_len == 0)
            return;
        else
            c->in_len += n = conn_get(c, c->in + c->in_len, IN_MAX - 1 - c->in_len);
        c->in[c->in_len] = '\0';
        if (c->in_len > 0 && answer_len(c) > 0) {
            answer_take(c);
            if (options.fresh)
                return;
        }
    }
}

/* ---- the run ---- */

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void run(struct conn *conns)
{
    struct epoll_event events[256];
    for (int i = 0; i < options.connections && sent < options.requests; i++) {
        conns[i].in = malloc(IN_MAX);
        if (conns[i].in == NULL)
            die("memory");
        request_begin(&conns[i]);
        conn_open(&conns[i]);
    }
    while (answered < options.requests) {
        int count = epoll_wait(epoll_fd, events, 256, 30000);
        if (count <= 0) {
            errno = ETIMEDOUT;
            die("no answer");
        }
        for (int i = 0; i < count; i++)
            conn_go_on(events[i].data.ptr);
    }
}

static void tls_setup(void)
{
    mbedtls_ssl_config_init(&settings);
    mbedtls_ssl_session_init(&saved);
    if (mbedtls_ssl_config_defaults(&settings, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                    MBEDTLS_SSL_PRESET_DEFAULT) != 0)
        die("mbedtls_ssl_config_defaults");
    mbedtls_ssl_conf_authmode(&settings, MBEDTLS_SSL_VERIFY_NONE);
    mbedtls_ssl_conf_rng(&settings, rng, NULL);
}

static bool option_take(int option)
{
    size_t len = strlen(options.headers);
    switch (option) {
    case 'a': options.address = optarg; return true;
    case 'p': options.port = (int)strtol(optarg, NULL, 10); return true;
    case 'c': options.connections = (int)strtol(optarg, NULL, 10); return true;
    case 'n': options.requests = strtol(optarg, NULL, 10); return true;
    case 'X': options.method = optarg; return true;
    case 'u': options.path = optarg; return true;
    case 'd': options.body = optarg; return true;
    case 'H': snprintf(options.headers + len, sizeof options.headers - len, "%s\r\n", optarg); return true;
    case 'T': options.tls = true; return true;
    case 'b': first = strtol(optarg, NULL, 10); return true;
    case 'F': options.fresh = true; return true;
    case 'R': options.resume = true; return true;
    default: return false;
    }
}

int main(int argc, char **argv)
{
    int option;
    while ((option = getopt(argc, argv, "a:b:p:c:n:X:u:d:H:TFR")) != -1)
        if (!option_take(option))
            return 2;
    if (options.port <= 0 || options.connections <= 0 || options.requests <= 0) {
        fputs("load: -p, -c and -n are numbers from 1\n", stderr);
        return 2;
    }
    struct conn *conns = calloc((size_t)options.connections, sizeof *conns);
    took_us = calloc((size_t)options.requests + 1, sizeof *took_us);
    epoll_fd = epoll_create1(0);
    if (conns == NULL || took_us == NULL || epoll_fd < 0)
        die("memory");
    tls_setup();
    int64_t began_us = now_us();
    run(conns);
    double seconds = (double)(now_us() - began_us) / 1e6;
    qsort(took_us, (size_t)answered, sizeof *took_us, by_value);
    printf("{\"requests\": %ld, \"seconds\": %.3f, \"rate\": %.0f, \"p50_us\": %u, \"p99_us\": %u, "
           "\"refused\": %ld}\n",
           answered, seconds, (double)answered / seconds, took_us[answered / 2], took_us[answered * 99 / 100],
           refused);
    return EXIT_SUCCESS;
}
