/* Hooks: the HTTP calls owed to applications. Rows of the queue become signed requests; answers become
 * settlements and, for TwiML, replies. At least once, with the same idempotency token; exactly once when a
 * 2xx was recorded. Per message in order. */
#ifndef CELLPOST_FACADE_HOOK_H
#define CELLPOST_FACADE_HOOK_H

#include "host/base/httpc.h"
#include "host/facade/facade.h"
#include "host/facade/hook_endpoint.h"

struct hooks;

struct hooks *hooks_new(const struct facade_rooms *); /* makes its own httpc from conf->hooks */
void hooks_reload(struct hooks *, const struct conf *);
/* No new calls; those under way get `grace_ms`, then they are dropped (their rows stay due). */
void hooks_stop(struct hooks *, int64_t grace_ms, void (*fn)(void *arg), void *arg);
void hooks_free(struct hooks *);

/* An operator's. Whose message a hook is about, and its endpoint ("host:port", "" = it has no URL now). */
void hooks_describe(struct hooks *, const struct hook *, char sid[SID_TEXT], char host[HOOK_HOST_MAX]);
void hooks_endpoints(struct hooks *, void (*fn)(void *arg, const struct endpoint *), void *arg);
/* Closes the breaker of that endpoint; NULL = of all. */
void hooks_trust(struct hooks *, const char *host);
/* Rows were changed behind its back: what only waits is read anew. */
void hooks_refresh(struct hooks *);

#endif
