/* See facade.h. */
#include "host/facade/facade.h"

#include <stdlib.h>

#include "host/base/log.h"
#include "host/facade/api.h"
#include "host/facade/http.h"

struct facade {
    struct api *api;
    struct http *http;
};

static struct http_options options_of(const struct conf *conf)
{
    return (struct http_options){.connections = conf->http.connections,
                                 .per_address = conf->http.per_address,
                                 .handshake_ms = conf->tls.handshake_ms,
                                 .idle_ms = conf->http.idle_ms,
                                 .request_ms = conf->http.request_ms};
}

static int listen_all(struct facade *f, const struct conf_http *conf, char error[256])
{
    int status = conf->listen[0] != '\0' ? http_listen_tcp(f->http, conf->listen, error) : 0;
    if (status == 0 && conf->unix_socket[0] != '\0')
        status = http_listen_unix(f->http, conf->unix_socket, error);
    return status;
}

int facade_open(struct facade **out, const struct facade_rooms *rooms, char error[256])
{
    struct facade *f = calloc(1, sizeof *f);
    if (f == NULL)
        fatal("out of memory");
    struct http_options options = options_of(rooms->conf);
    f->api = api_new(rooms);
    f->http = http_new(rooms->loop, &options, api_serve, f->api);
    int status = listen_all(f, &rooms->conf->http, error);
    if (status != 0) {
        facade_close(f);
        return status;
    }
    accounts_resume(rooms);
    log_event(LOG_INFO, "http.listening", "port=%d socket=%s", facade_port(f), rooms->conf->http.unix_socket);
    *out = f;
    return 0;
}

void facade_reload(struct facade *f, const struct conf *conf)
{
    struct http_options options = options_of(conf);
    http_configure(f->http, &options);
    api_configure(f->api, conf);
}

void facade_stop(struct facade *f, void (*fn)(void *arg), void *arg)
{
    http_stop(f->http, fn, arg);
}

void facade_close(struct facade *f)
{
    if (f == NULL)
        return;
    http_free(f->http);
    api_free(f->api);
    free(f);
}

int facade_port(const struct facade *f)
{
    return http_port(f->http);
}

int facade_listen_tls(struct facade *f, struct tls *tls, char *const *addresses, char error[256])
{
    int status = 0;
    for (; *addresses != NULL && status == 0; addresses++)
        status = http_listen_tls(f->http, *addresses, tls, error);
    if (status == 0 && facade_tls_port(f, 0) != 0)
        log_event(LOG_INFO, "http.listening", "tls_port=%d", facade_tls_port(f, 0));
    return status;
}

int facade_tls_port(const struct facade *f, int n)
{
    return http_tls_port(f->http, n);
}

void facade_gate_counts(const struct facade *f, struct gate_counts *counts)
{
    api_gate_counts(f->api, counts);
}
