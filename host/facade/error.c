/* See error.h. */
#include "host/facade/error.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/base/log.h"
#include "host/sms/utf8.h"

/* The message may quote what the client sent, cut at a width that is counted in bytes: what is left of a
 * character goes, so that the message stays UTF-8. */
static void drop_broken(char *text)
{
    size_t len = strlen(text), kept = 0, used;
    for (size_t at = 0; at < len; at += used) {
        bool bad = false;
        utf8_next(text + at, len - at, &used, &bad);
        if (bad)
            continue;
        memmove(text + kept, text + at, used);
        kept += used;
    }
    text[kept] = '\0';
}

bool refuse(struct refusal *r, int http, int code, const char *fmt, ...)
{
    va_list args;
    r->http = http;
    r->code = code;
    r->retry_after_s = 0;
    va_start(args, fmt);
    vsnprintf(r->message, sizeof r->message, fmt, args);
    va_end(args);
    drop_broken(r->message);
    return false;
}

char *refusal_body(const struct refusal *r)
{
    char more_info[64];
    snprintf(more_info, sizeof more_info, "https://www.twilio.com/docs/errors/%d", r->code);
    json_t *body = json_pack("{s:i, s:s, s:s, s:i}", "code", r->code, "message", r->message, "more_info",
                             more_info, "status", r->http);
    char *text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    if (text == NULL)
        fatal("out of memory");
    return text;
}

int refusal_code(int http)
{
    return http == 400 ? 20001 : http == 401 ? 20003 : http == 405 ? 20004 : 20000 + http;
}

static const struct {
    int code;
    const char *title;
} TITLES[] = {
    {30001, "Queue overflow"},
    {21610, "Attempt to send to unsubscribed recipient"},
    {30002, "Account suspended"},
    {30003, "Unreachable destination handset"},
    {30004, "Message blocked"},
    {30005, "Unknown destination handset"},
    {30006, "Landline or unreachable carrier"},
    {30007, "Message filtered"},
    {30008, "Unknown error"},
    {30009, "Missing inbound segment"},
    {30011, "MMS not supported"},
    {30017, "Carrier network congestion"},
    {30019, "Content size exceeds carrier limit"},
    {30036, "Validity Period Expired"},
    {30039, "Message filtered to prevent message loops"},
    {30410, "Provider timeout"},
    {30500, "Internal error"},
};

const char *error_title(int code)
{
    for (size_t i = 0; i < sizeof TITLES / sizeof TITLES[0]; i++)
        if (TITLES[i].code == code)
            return TITLES[i].title;
    return NULL;
}
