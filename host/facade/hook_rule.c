/* Tables: an error of the HTTP client or a status -> Twilio's number and what may be done about it. */
#include "host/facade/hook_rule.h"

#include <stddef.h>

#include "host/facade/hook_url.h"

#define RETRY_FIRST_MS 1000
#define RETRY_MOST_MS  3600000

static const struct hook_failure by_error[] = {
    [HTTPC_BAD_URL] = {HOOK_URL_INVALID, false, 0, 0},
    [HTTPC_DNS] = {11210, true, HOOK_REPEAT_CT, 0},
    [HTTPC_REFUSED] = {11202, true, HOOK_REPEAT_CT, 0},
    [HTTPC_CONNECT_TIMEOUT] = {11201, true, HOOK_REPEAT_CT, 0},
    [HTTPC_TIMEOUT] = {11203, true, HOOK_REPEAT_RT, 0},
    [HTTPC_TLS] = {11220, true, HOOK_REPEAT_CT, 0},
    [HTTPC_TLS_NAME] = {11235, true, HOOK_REPEAT_CT, 0},
    [HTTPC_TLS_EXPIRED] = {11236, true, HOOK_REPEAT_CT, 0},
    [HTTPC_TLS_CHAIN] = {11237, true, HOOK_REPEAT_CT, 0},
    [HTTPC_PROTOCOL] = {11206, true, HOOK_REPEAT_OTHER, 0},
    [HTTPC_FORBIDDEN_ADDRESS] = {11321, false, 0, 0},
    [HTTPC_TOO_LARGE] = {11750, false, 0, 0},
    [HTTPC_NETWORK] = {11205, true, HOOK_REPEAT_OTHER, 0},
};

static const struct {
    int least, most;
    struct hook_failure failure;
} by_status[] = {
    {200, 299, {0, false, 0, 0}},
    {300, 399, {HOOK_REDIRECT_BAD, false, 0, 0}},
    {408, 408, {HOOK_STATUS_BAD, true, HOOK_REPEAT_4XX, 0}},
    {429, 429, {HOOK_STATUS_BAD, true, HOOK_REPEAT_4XX, 0}},
    {400, 499, {HOOK_STATUS_BAD, false, HOOK_REPEAT_4XX, 0}},
    {500, 599, {HOOK_STATUS_BAD, true, HOOK_REPEAT_5XX, 0}},
};

static struct hook_failure failure_of(const struct httpc_answer *answer, struct hook_failure failure)
{
    if (answer->status == 429 || answer->status == 503)
        failure.asked_s = answer->retry_after_s;
    return failure;
}

struct hook_failure hook_failure_of(const struct httpc_answer *answer)
{
    bool refused = answer->error == HTTPC_TOO_LARGE && answer->status >= 300; /* whatever it said of it */
    if (answer->error != HTTPC_OK && !refused)
        return by_error[answer->error];
    for (size_t i = 0; i < sizeof by_status / sizeof by_status[0]; i++)
        if (answer->status >= by_status[i].least && answer->status <= by_status[i].most)
            return failure_of(answer, by_status[i].failure);
    return by_error[HTTPC_PROTOCOL]; /* a status that HTTP does not have */
}

bool hook_is_redirect(int http_status)
{
    return (http_status >= 301 && http_status <= 303) || http_status == 307 || http_status == 308;
}

int64_t hook_delay_ms(int tries)
{
    int64_t delay_ms = RETRY_FIRST_MS;
    while (tries-- > 0 && delay_ms < RETRY_MOST_MS)
        delay_ms *= 2;
    return delay_ms < RETRY_MOST_MS ? delay_ms : RETRY_MOST_MS;
}

enum hook_verdict hook_failed(const struct hook *hook, bool transient, int asked_s, bool durable_retry,
                              bool clock_trusted, int64_t now_ms, int64_t *retry_at_ms)
{
    int64_t delay_ms = hook_delay_ms(hook->tries), left_ms = hook->give_up_ms - now_ms;
    int64_t asked_ms = (int64_t)asked_s * 1000;
    if (asked_ms > delay_ms)
        delay_ms = asked_ms < RETRY_MOST_MS ? asked_ms : RETRY_MOST_MS;
    if (!durable_retry || (clock_trusted && left_ms <= 0) || (!transient && hook->kind == HOOK_STATUS))
        return HOOK_DEAD;
    *retry_at_ms = now_ms + (clock_trusted && left_ms < delay_ms ? left_ms : delay_ms);
    return HOOK_RETRY;
}
