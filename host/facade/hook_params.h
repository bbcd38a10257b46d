/* What a hook says and to whom: the parameters (Twilio: "Track outbound message status", "Twilio's request to
 * your webhook") and the choice of URL. Pure but for the directory's rows and the heap. */
#ifndef CELLPOST_FACADE_HOOK_PARAMS_H
#define CELLPOST_FACADE_HOOK_PARAMS_H

#include "host/base/form.h"
#include "host/directory/directory.h"
#include "host/queue/queue.h"

/* Lent by the directory and the message: valid until the next turn. url NULL = there is none. method "GET" or
 * "POST". */
struct hook_destination {
    const char *url, *method;
    const char *fallback_url, *fallback_method; /* NULL = none */
    int down_code; /* not 0: url's endpoint is known to be down, by this error: the fallback is asked at once
                    */
};

/* Status: the message's own URL, fixed when it was created; else its service's; else that of the application
 * its line is given to; else the line's. Inbound: the URL of the service whose pool holds the line, unless
 * the service leaves it to the number or has none; else the application's; else, of a line without one, the
 * line's. */
void hook_destination(struct directory *, const struct hook *, const struct message *,
                      struct hook_destination *);

/* Zeroed form in, complete form out; no key twice (SDK validators cannot check that). */
void hook_params(struct directory *, const struct account *, const struct hook *, const struct message *,
                 struct form *);

#endif
