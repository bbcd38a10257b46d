/* Notifications: what went wrong with hooks, as the account that owns them may read it. One row for each
 * message, error and URL, with the latest time; the newest NOTIFICATION_MOST of an account, for
 * NOTIFICATION_DAYS. Written and read by the queue's room. */
#ifndef CELLPOST_QUEUE_NOTIFICATION_H
#define CELLPOST_QUEUE_NOTIFICATION_H

#include "host/queue/queue.h"

#define NOTIFICATION_MOST 10000
#define NOTIFICATION_DAYS 30

struct notification {
    int64_t id;
    struct sid sid;
    int64_t account_id, message_id; /* message 0 = of an endpoint */
    bool warning;
    int code;
    const char *text, *method, *url;        /* never NULL; url without user info */
    const char *variables, *headers, *body; /* of the request; of the answer */
    int64_t created_ms, at_ms;              /* first and latest time */
};

/* Stored with the next commit; nobody waits. id, sid and the times are made here. Texts are copied. */
void queue_notify(struct queue *, const struct notification *);

struct notification_filter {
    int64_t account_id;
    int log;                    /* 0 errors, 1 warnings, -1 both */
    int64_t from_ms, to_ms;     /* inclusive; of the latest time */
    int64_t after_id, after_ms; /* page key, as in struct message_filter: strictly older than this row */
    int64_t since_id, since_ms; /* or this row and newer, the nearest first */
    size_t limit;
};
/* Newest first; texts are lent to fn. fn must not ask for notifications. Returns how many. */
typedef void notification_fn(void *arg, const struct notification *);
size_t queue_notifications(struct queue *, const struct notification_filter *, notification_fn *, void *arg);
/* Calls fn once, or returns -ENOENT. */
int queue_notification(struct queue *, int64_t account_id, const struct sid *, notification_fn *, void *arg);

#endif
