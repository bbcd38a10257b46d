/* From Message verbs to submissions, by the same door as POST Messages: compose(). */
#ifndef CELLPOST_FACADE_HOOK_REPLY_H
#define CELLPOST_FACADE_HOOK_REPLY_H

#include "host/facade/compose.h"
#include "host/facade/hook_try.h"

/* Two machines that answer each other: at most 30 replies between two numbers in 30 s (Twilio 14107). The
 * newest GUARD_RING replies are remembered; nothing is stored, a restart begins anew. */
#define GUARD_REPLIES   30
#define GUARD_WINDOW_MS 30000
#define GUARD_RING      4096
struct hook_guard {
    struct {
        uint64_t pair;
        int64_t at_ms; /* monotonic */
    } ring[GUARD_RING];
    size_t count; /* of all replies ever */
};
/* True, and counted, when one more may leave. Who is who of the two does not matter. */
bool hook_guard_admit(struct hook_guard *, const char *a, const char *b, int64_t mono_ms);

struct hook_replies {
    struct composed composed[TWIML_MESSAGES_MAX];
    size_t count;
    size_t refused;
    int refused_code;     /* of the first */
    size_t without_media; /* of count */
};
/* Replies to an inbound message. One that is refused, or goes without its media, is logged, a
 * notification, and counted; the others go. now_ms is the wall clock. */
void hook_replies_compose(const struct facade_rooms *, struct hook_guard *, const struct message *inbound,
                          const struct hook_reply *, size_t count, int64_t now_ms, struct hook_replies *out);
void hook_replies_fini(struct hook_replies *);

#endif
