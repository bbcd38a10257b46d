/* From what went wrong with a hook to its notification: bounded texts, and no secret in them (user info of
 * URLs, cookies and challenges of answers). */
#ifndef CELLPOST_FACADE_HOOK_NOTICE_H
#define CELLPOST_FACADE_HOOK_NOTICE_H

#include "host/facade/hook_try.h"
#include "host/queue/notification.h"

#define NOTICE_URL_MAX       2048
#define NOTICE_VARIABLES_MAX 4096
#define NOTICE_BODY_MAX      2048

/* message NULL: it is about an endpoint. */
void hook_notice_store(struct queue *, int64_t account_id, const struct message *,
                       const struct hook_notice *);

/* Its pieces: pure, heap. UTF-8 without control characters but line ends and tabs (a database and a JSON
 * answer shall hold it), at most `most` octets. */
char *hook_notice_readable(const char *data, size_t len, size_t most);
/* The header lines of an answer as a query string, at most NOTICE_VARIABLES_MAX octets; secrets are ***. */
char *hook_notice_headers(const char *head);

#endif
