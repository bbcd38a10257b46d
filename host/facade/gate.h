/* The door of the API: how much each client address and each account may ask, and how an address that keeps
 * failing to log in is slowed. What it remembers is in memory and of fixed size; a restart forgets it. A
 * local peer with the daemon's own rights passes always.
 *
 * Every refusal is 429/20429 and tells the whole seconds after which one more request is admitted. */
#ifndef CELLPOST_FACADE_GATE_H
#define CELLPOST_FACADE_GATE_H

#include "host/base/conf.h"
#include "host/facade/error.h"
#include "host/facade/http.h"

struct gate;
struct gate *gate_new(void);
void gate_free(struct gate *);

/* Each request, before anything is made of it. */
bool gate_enter(struct gate *, const struct conf_http *, const struct http_call *, struct refusal *);
/* Before credentials are looked at: not while the address pays for failures. */
bool gate_may_login(struct gate *, const struct http_call *, struct refusal *);
void gate_login(struct gate *, const struct conf_http *, const struct http_call *, bool good);
/* A request of an account that is who it says. */
bool gate_account(struct gate *, const struct conf_http *, const struct http_call *, int64_t account_id,
                  struct refusal *);

struct gate_counts { /* since the start */
    int64_t failed;  /* logins */
    int64_t slowed;  /* requests refused unheard after failed logins */
    int64_t limited; /* requests above a rate */
};
void gate_counts(const struct gate *, struct gate_counts *);

#endif
