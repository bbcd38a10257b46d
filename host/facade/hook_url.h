/* URLs of hooks: what goes on the wire, what a reference resolves to, what may be logged, and what a fragment
 * overrides (Twilio: "Webhook connection overrides"). Pure but for the heap; every char * returned is the
 * caller's to free. */
#ifndef CELLPOST_FACADE_HOOK_URL_H
#define CELLPOST_FACADE_HOOK_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "host/base/conf.h"

#define HOOK_HOST_MAX  264 /* "host:port" */
#define HOOK_BRIEF_MAX 160

/* As it is requested: user info kept (it becomes Basic auth), the fragment cut, dot segments taken out, the
 * rest as url_print() has it. NULL when url_split() refuses it. */
char *hook_url_wire(const char *configured);

/* RFC 3986 clause 5.2; base is a wire URL. NULL when the result is not http(s). User info goes along only
 * where the reference has no authority of its own. */
char *hook_url_resolve(const char *base, const char *reference);

/* Adds "key=value&..." to the query. */
char *hook_url_add_query(const char *wire, const char *query);

/* A wire URL without user info: what an application may be told. NULL when it is no URL. */
char *hook_url_public(const char *wire);

/* Lower-case "host:port" of a wire URL: whose turn it is. "" when it is no URL. */
void hook_url_host(const char *wire, char out[HOOK_HOST_MAX]);

/* For the log: without user info, query and fragment; cut to fit. "" when it is no URL. Returns out. */
const char *hook_url_brief(const char *url, char out[HOOK_BRIEF_MAX]);

/* After which failures the same request is repeated at once ("rp"). */
enum hook_repeat {
    HOOK_REPEAT_CT = 1, /* no connection: name, TCP or TLS */
    HOOK_REPEAT_RT = 2, /* connected, but no answer in time */
    HOOK_REPEAT_4XX = 4,
    HOOK_REPEAT_5XX = 8,
    HOOK_REPEAT_OTHER = 16 /* connection lost, not HTTP */
};
struct hook_limits {
    int connect_ms, read_ms, total_ms;
    int repeats; /* 0..5 */
    unsigned repeat_on;
    const char *method; /* "method=GET|POST" in the fragment, ours; NULL = not said */
};
/* Configuration first, then the fragment: ct 100..10000, rt and tt 100..15000, rc 0..5 (beyond: the nearest
 * bound), rp = 4xx,5xx,ct,rt,all. Without rc and rp: one repeat, on ct. What is not understood is ignored. */
void hook_limits_parse(const char *configured, const struct conf_hooks *, struct hook_limits *);

#endif
