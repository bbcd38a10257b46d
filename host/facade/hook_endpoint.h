/* Endpoints of hooks (host and port): who has how many requests, who is slow, whose breaker is open.
 * Fairness: one endpoint has at most a quarter of the places, and one place once it has let us wait. */
#ifndef CELLPOST_FACADE_HOOK_ENDPOINT_H
#define CELLPOST_FACADE_HOOK_ENDPOINT_H

#include "host/facade/hook_breaker.h"
#include "host/facade/hook_url.h"

struct endpoint {
    struct endpoint *next;
    char host[HOOK_HOST_MAX];
    size_t running, works;
    bool slow;
    int last_code; /* of its latest failure */
    struct hook_breaker breaker;
};

/* Found or made; the latest used stands first. Heap: endpoints_free(). */
struct endpoint *endpoint_of(struct endpoint **list, const char *host);
struct endpoint *endpoint_find(struct endpoint *list, const char *host); /* NULL = not remembered */
void endpoints_trim(struct endpoint **list); /* forgets the idle ones that were used longest ago */
void endpoints_free(struct endpoint **list);

/* Is there a place for one more request, whatever its breaker says? */
bool endpoint_has_place(const struct endpoint *, size_t running_in_all, size_t parallel);

/* When the first breaker that holds works lets a probe through (monotonic); 0 = none does. */
int64_t endpoints_probe_ms(const struct endpoint *list);

#endif
