/* HTTP client: libcurl's multi-socket interface on the loop. One request, one answer; no redirects followed
 * (the caller signs each URL anew), no proxy from the environment, certificates verified, DNS without
 * blocking the loop. The address policy is applied to the resolved address, just before connect: a name
 * cannot lead around it. Connections are kept for the next request; the policy is asked again before it.
 *
 * Refuses: an answer's head over 64 kB (HTTPC_PROTOCOL), one that ends within its head (HTTPC_NETWORK), a
 * control character in a header of the request (HTTPC_PROTOCOL). */
#ifndef CELLPOST_BASE_HTTPC_H
#define CELLPOST_BASE_HTTPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/loop.h"

struct httpc;

/* An address range, "192.168.0.0/16" or "fe80::/10". */
struct httpc_range {
    uint8_t addr[16];
    uint8_t bits;
    bool v6;
};
bool httpc_range_parse(const char *text, struct httpc_range *);

/* Refused unless a range of `allow` holds the address: link-local (169.254/16, fe80::/10), the metadata
 * addresses (169.254.169.254, fd00:ec2::254, 100.100.100.200), multicast, 0/8, ::, broadcast, site-local
 * (fec0::/10), and the IPv6 forms of these (mapped, compatible, NAT64, 6to4). Loopback and private ranges are
 * allowed: an on-premise product talks to the LAN. `deny` adds ranges, and is stronger than `allow`. */
struct httpc_options {
    const char *ca_file; /* instead of the system's; NULL: those */
    const struct httpc_range *allow, *deny;
    size_t allow_count, deny_count;
};
/* Copies the options. A ca_file that cannot be read is logged, and the system's are used. */
struct httpc *httpc_new(struct loop *, const struct httpc_options *);
/* Reload: for what is sent from now on. -errno, and nothing has changed: ca_file cannot be read. */
int httpc_configure(struct httpc *, const struct httpc_options *);
void httpc_free(struct httpc *); /* cancels what runs; no callbacks. Not within a callback */

enum httpc_error { /* Twilio's numbers for it in facade/hook.c */
                   HTTPC_OK,
                   HTTPC_BAD_URL,
                   HTTPC_DNS,
                   HTTPC_REFUSED,
                   HTTPC_CONNECT_TIMEOUT,
                   HTTPC_TIMEOUT,
                   HTTPC_TLS,
                   HTTPC_TLS_NAME,
                   HTTPC_TLS_EXPIRED, /* or not valid yet */
                   HTTPC_TLS_CHAIN,   /* no way from the certificate to an authority that is trusted */
                   HTTPC_PROTOCOL,
                   HTTPC_FORBIDDEN_ADDRESS,
                   HTTPC_TOO_LARGE,
                   HTTPC_NETWORK
};

struct httpc_answer {
    enum httpc_error error;
    const char *error_text;   /* never NULL */
    int status;               /* 0 until the whole head was read; with TOO_LARGE, TIMEOUT ... as well */
    const char *content_type; /* "" when absent */
    const char *location;     /* "" when absent */
    int retry_after_s;        /* Retry-After, from now; 0 when absent, past or not understood */
    const char *head;         /* its lines as they came, without the status line, cut to HTTPC_HEAD_KEPT */
    const char *body;         /* NUL-terminated too; "" with an error */
    size_t body_len;
};
#define HTTPC_HEAD_KEPT         2048
#define HTTPC_RETRY_AFTER_MAX_S 86400 /* longer ones are cut to this */

typedef void httpc_fn(void *arg, const struct httpc_answer *); /* answer is lent until return */

struct httpc_request {
    const char *method; /* "GET", "POST" ... */
    const char *url;    /* http or https, sent as it is; user info becomes Basic auth */
    /* NULL-terminated "Name: value"; Host, Content-Length and Authorization come by themselves */
    const char *const *headers;
    const char *body; /* NULL = none; copied */
    size_t body_len;
    /* All > 0. connect: name, TCP and TLS. read: no octet of the answer for that long after it */
    int connect_ms, read_ms, total_ms;
    size_t body_max; /* larger answers: HTTPC_TOO_LARGE */
};
struct httpc_call;
/* The callback comes later, never inside. */
struct httpc_call *httpc_send(struct httpc *, const struct httpc_request *, httpc_fn *, void *arg);
void httpc_cancel(struct httpc_call *); /* no callback. Within the call's own one: nothing happens */

#endif
