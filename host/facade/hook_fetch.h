/* One request to an application, signed, with what belongs to it at once: Twilio's immediate repeats ("rc",
 * "rp") and redirects, each URL signed anew. The answer comes through a callback, never inside the start. */
#ifndef CELLPOST_FACADE_HOOK_FETCH_H
#define CELLPOST_FACADE_HOOK_FETCH_H

#include "host/base/conf.h"
#include "host/base/form.h"
#include "host/base/httpc.h"
#include "host/facade/hook_rule.h"

struct hook_fetch;

struct hook_fetch_request {
    const char *url;               /* as configured: user info and fragment included; copied */
    const char *method;            /* "GET" or "POST"; the fragment's method= wins */
    const struct form *params;     /* lent until the answer */
    const char *auth_token;        /* lent */
    const char *idempotency_token; /* lent */
    bool wants_body;               /* else a 2xx ends it, whatever becomes of its body */
};
struct hook_fetch_result {
    struct hook_failure failure; /* code 0 = a 2xx */
    int status;                  /* HTTP, 0 = none */
    const char *url;             /* wire form, of the last request without the parameters of a GET */
    const char *text;            /* what went wrong, "" if nothing */
    const char *method;          /* of the last request */
    const char *head;            /* header lines of the answer, bounded; "" when there was none */
    const char *content_type, *body;
    size_t body_len;
};
/* The fetch is gone when this returns. */
typedef void hook_fetch_fn(void *arg, const struct hook_fetch_result *);

/* *conf may be replaced meanwhile (reload). A URL, or a redirect, that its hooks.url_allow does not hold is
 * not called: 11321. */
struct hook_fetch *hook_fetch_start(struct loop *, struct httpc *, const struct conf *const *conf,
                                    const struct hook_fetch_request *, hook_fetch_fn *, void *arg);
void hook_fetch_cancel(struct hook_fetch *); /* no callback; NULL is fine */

#endif
