/* From what a client asked for to a submission: number, sender, body, limits. One validation path for POST
 * Messages and for TwiML replies. Pure but for the directory's rows and the heap. */
#ifndef CELLPOST_FACADE_COMPOSE_H
#define CELLPOST_FACADE_COMPOSE_H

#include "host/base/form.h"
#include "host/facade/error.h"
#include "host/facade/facade.h"
#include "host/queue/queue.h"

/* NULL = parameter absent. Texts as the client sent them. */
struct compose_request {
    const struct account *account;
    enum message_direction direction;
    const char *to, *from, *service_sid, *body;
    size_t body_len;
    const char *status_callback, *validity_period, *smart_encoded, *content_retention, *address_retention,
        *tags, *max_price;
    const char *application_sid;
    const char *schedule_type, *send_at, *content_sid, *content_variables;
    size_t media_count;
    const char *const *media;
    const struct form *all; /* for what has no effect and must have a shape; NULL = none of it */
    const char *idempotency_key;
    int64_t request_hash; /* of what the key stands for */
    int64_t reply_to;
    bool to_opted_out; /* the answer to a STOP: goes although it was said */
};

#define COMPOSE_MEDIA_MAX 11 /* one more than allowed, so that compose can say so */

/* The form of POST Messages as a request, which is lent its texts and `media`. */
void compose_form(const struct form *, const struct account *, const char *media[COMPOSE_MEDIA_MAX],
                  struct compose_request *);

/* Owns the texts that the submission points to; compose_fini frees them. */
struct composed {
    struct submission submission;
    char to[NUMBER_MAX], from[NUMBER_MAX];
    char *body, *callback, *tags, *content;
};

/* True and *out, or false and *refusal, in the order of checks of docs/twilio-compat.md. now_ms is the wall
 * clock. */
bool compose(const struct facade_rooms *, const struct compose_request *, int64_t now_ms,
             struct composed *out, struct refusal *refusal);
void compose_fini(struct composed *);

/* The class that compose chose for this message. Its row holds what the class means, not its name: so it is
 * the first of those that compose had to choose from (the tag's, the line's, "default") which still means the
 * same. NULL when the configuration has none such any more. */
const char *compose_class(const struct facade_rooms *, const struct message *);

#endif
