/* The HTTP server of the façade with a handler that answers a constant: what the reader, the connections and
 * TLS cost by themselves. constant FOLDER: prints the plain and the TLS port, runs until its input ends. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/base/log.h"
#include "host/facade/http.h"

static void on_call(void *arg, struct http_call *call)
{
    (void)arg;
    http_answer(call, &(struct http_answer){.status = 200, .body = "{\"status\":\"ok\"}"});
}

static void on_input(evutil_socket_t fd, short what, void *arg)
{
    char octet;
    (void)what;
    if (read(fd, &octet, 1) <= 0)
        loop_stop(arg);
}

int main(int argc, char **argv)
{
    static char *none[] = {NULL};
    const struct http_options options = {.connections = 10000,
                                         .per_address = 10000,
                                         .idle_ms = 60000,
                                         .request_ms = 60000,
                                         .handshake_ms = 60000};
    char error[256] = "";
    struct tls *tls = NULL;
    if (argc != 2)
        return 2;
    log_open(LOG_WARN, true, STDERR_FILENO);
    struct tls_options secure = {.folder = argv[1], .cert = "", .key = "", .names = none};
    struct loop *loop = loop_new();
    struct http *http = http_new(loop, &options, on_call, NULL);
    if (http_listen_tcp(http, "127.0.0.1:0", error) != 0 || tls_open(&tls, loop, &secure, error) != 0 ||
        http_listen_tls(http, "127.0.0.1:0", tls, error) != 0) {
        fprintf(stderr, "constant: %s\n", error);
        return EXIT_FAILURE;
    }
    struct event *input = event_new(loop_base(loop), STDIN_FILENO, EV_READ | EV_PERSIST, on_input, loop);
    event_add(input, NULL);
    printf("%d %d\n", http_port(http), http_tls_port(http, 0));
    fflush(stdout);
    loop_run(loop);
    event_free(input);
    http_free(http);
    tls_close(tls);
    loop_free(loop);
    return EXIT_SUCCESS;
}
