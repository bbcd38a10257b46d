/* One try of a hook: its URL, the documents that TwiML redirects lead to, then the fallback URL. Nothing is
 * stored here. */
#ifndef CELLPOST_FACADE_HOOK_TRY_H
#define CELLPOST_FACADE_HOOK_TRY_H

#include "host/base/conf.h"
#include "host/base/httpc.h"
#include "host/facade/hook_breaker.h"
#include "host/facade/hook_params.h"
#include "host/facade/hook_rule.h"
#include "host/facade/twiml.h"

#define HOOK_DETAIL_MAX 96

struct hook_try;

/* Something that its owner may want to know: told as it happens. */
struct hook_notice {
    bool warning;
    int code;
    const char *text;   /* a sentence */
    const char *url;    /* user info included */
    const char *method; /* "" = nothing was sent */
    const struct form *params;
    int status;              /* HTTP, 0 = none */
    const char *head, *body; /* of the answer */
    size_t body_len;
};
typedef void hook_notice_fn(void *arg, const struct hook_notice *);

/* A Message verb. callback is resolved against its document. */
struct hook_reply {
    struct twiml_message message;
    char *callback;                   /* NULL = none */
    const struct hook_notice *answer; /* that it stood in: without a code; lent, as all of the result */
};

struct hook_try_result {
    bool done;                     /* the application has had the event: a 2xx */
    bool transient;                /* not done, and it may work later */
    int asked_s;                   /* not before that, say the endpoint or its fallback: Retry-After */
    bool slow;                     /* the endpoint let us wait until a time-out */
    enum breaker_verdict endpoint; /* down: the URL's own first request had no answer, or a 5xx, 408 or 429 */
    int code;                      /* of that */
    const char *detail;
    const struct hook_reply *replies; /* done only */
    size_t reply_count;
};
/* The try is gone when this returns. */
typedef void hook_try_fn(void *arg, const struct hook_try_result *);

/* All texts are copied. conf is lent for the try: *conf may be replaced (reload). The callback comes later,
 * never inside. */
struct hook_try *hook_try_start(struct loop *, struct httpc *, const struct conf *const *conf,
                                const struct hook *, const struct hook_destination *, const char *auth_token,
                                struct form *params /* moved */, hook_notice_fn *, hook_try_fn *, void *arg);
void hook_try_cancel(struct hook_try *); /* no callback; NULL is fine */

#endif
