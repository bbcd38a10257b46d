/* The rules of a hook's life: what an answer means, in Twilio's numbers, and when it is tried again. Pure. */
#ifndef CELLPOST_FACADE_HOOK_RULE_H
#define CELLPOST_FACADE_HOOK_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "host/base/httpc.h"
#include "host/queue/queue.h"

/* Twilio's numbers that are not an HTTP client's error. */
enum {
    HOOK_URL_INVALID = 11100,
    HOOK_UNREACHABLE = 11200,  /* an endpoint that fails again and again */
    HOOK_REDIRECTS = 11215,    /* more than HOOK_REDIRECTS_MAX */
    HOOK_REDIRECT_BAD = 11216, /* 3xx without a place to go to */
    HOOK_STATUS_BAD = 11217,   /* 4xx or 5xx */
    HOOK_DOCUMENTS = 14106,    /* more than HOOK_DOCUMENTS_MAX TwiML documents */
    HOOK_LOOP = 14107          /* too many replies between two numbers */
};
#define HOOK_REDIRECTS_MAX 10
#define HOOK_DOCUMENTS_MAX 10

struct hook_failure {
    int code;        /* Twilio's number, 0 = a 2xx */
    bool transient;  /* the same request may succeed later: 5xx, 408, 429, the network */
    unsigned repeat; /* enum hook_repeat: whether it may be repeated at once */
    int asked_s;     /* Retry-After of a 429 or 503, 0 = none */
};
/* A redirect (301, 302, 303, 307, 308) is a failure here: its caller follows it first. */
struct hook_failure hook_failure_of(const struct httpc_answer *);
bool hook_is_redirect(int http_status);

/* After `tries` earlier tries of this hook: 1, 2, 4, 8, 16 s and on to an hour. */
int64_t hook_delay_ms(int tries);

/* What becomes of a hook whose try has failed. *retry_at_ms is set with HOOK_RETRY: not before asked_s, but
 * never later than the longest delay. A status callback that was refused (4xx) is dead, an inbound message is
 * tried on: somebody may mend the application, and the text is in nobody else's hands. The last try is at
 * give_up_ms; by a clock that is not trusted nothing is given up. */
enum hook_verdict hook_failed(const struct hook *, bool transient, int asked_s, bool durable_retry,
                              bool clock_trusted, int64_t now_ms, int64_t *retry_at_ms);

#endif
