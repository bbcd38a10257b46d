/* Alerts of Monitor v1: the account's notifications in the newer form, read only. Twilio shows 30 days of
 * them, and so does the queue's room. */
#include <stdio.h>
#include <strings.h>

#include "host/base/clock.h"
#include "host/facade/filter.h"
#include "host/facade/notifications_internal.h"

#define ALERTS_ROOT "/v1/Alerts"

/* "" = it is about an endpoint, or its message is deleted. */
static void message_sid(const struct api_call *call, const struct notification *n, char out[SID_TEXT])
{
    struct message message;
    out[0] = '\0';
    if (n->message_id == 0 || queue_message(call->rooms->queue, n->message_id, &message) != 0)
        return;
    sid_format(&message.sid, message.mm ? "MM" : "SM", out);
    message_fini(&message);
}

/* As it stands in a list: without the request and the answer. */
static json_t *brief_json(const struct api_call *call, const struct notification *n)
{
    char sid[SID_TEXT], message[SID_TEXT], url[API_URL_MAX], more[64], code[16];
    sid_format(&n->sid, "NO", sid);
    message_sid(call, n, message);
    api_url(call, url, ALERTS_ROOT "/%s", sid);
    snprintf(more, sizeof more, NOTIFICATION_MORE_INFO, n->code);
    snprintf(code, sizeof code, "%d", n->code);
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:s, s:s, s:o, s:s, s:o, s:s, s:s, s:n}",
                     "account_sid", call->account, "alert_text", n->text, "api_version", "2010-04-01",
                     "date_created", api_date_iso(n->created_ms), "date_generated", api_date_iso(n->at_ms),
                     "date_updated", api_date_iso(n->at_ms), "error_code", code, "log_level",
                     n->warning ? "warning" : "error", "more_info", more, "request_method",
                     api_some(n->method), "request_url", n->url, "resource_sid", api_some(message), "sid",
                     sid, "url", url, "service_sid");
}

static json_t *whole_json(const struct api_call *call, const struct notification *n)
{
    json_t *resource = brief_json(call, n);
    json_object_set_new(resource, "request_variables", api_text(n->variables));
    json_object_set_new(resource, "response_headers", api_text(n->headers));
    json_object_set_new(resource, "response_body", api_text(n->body));
    json_object_set_new(resource, "request_headers", json_null());
    return resource;
}

void alerts_fetch(struct api_call *call)
{
    json_t *resource = notifications_one(call, whole_json);
    if (resource != NULL)
        api_json(call, 200, resource);
}

/* ---- list ---- */

enum { KEY_LEVEL, KEY_START, KEY_END };
static const char *const FILTERS[] = {
    [KEY_LEVEL] = "LogLevel", [KEY_START] = "StartDate", [KEY_END] = "EndDate", NULL};

/* The two other levels exist; no notification has one. */
static bool read_level(const struct form *query, struct notification_filter *f, struct refusal *refusal)
{
    static const struct {
        const char *word;
        int log;
    } levels[] = {{"", -1}, {"error", 0}, {"warning", 1}, {"notice", 2}, {"debug", 3}};
    const char *text = form_get(query, FILTERS[KEY_LEVEL]);
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        if (strcasecmp(text != NULL ? text : "", levels[i].word) == 0) {
            f->log = levels[i].log;
            return true;
        }
    return refuse(refusal, 400, 20001, "LogLevel must be error, warning, notice or debug: %.16s", text);
}

/* A day alone is all of it. */
static bool read_date(const struct form *query, int key, int64_t *out, struct refusal *refusal)
{
    struct date date;
    bool present;
    if (!filter_date(query, FILTERS[key], &present, &date, refusal))
        return false;
    if (!present)
        return true;
    *out = date.ms;
    if (key == KEY_END) /* to the end of that day, or of that second */
        *out += (date.has_time ? 1000 : CLOCK_DAY_MS) - 1;
    return true;
}

void alerts_list(struct api_call *call)
{
    char url[API_URL_MAX];
    struct page page;
    struct refusal refusal;
    struct notification_filter filter = {.account_id = call->account_id, .to_ms = INT64_MAX};
    if (!page_read(&call->query, &page, &refusal) || !read_level(&call->query, &filter, &refusal) ||
        !read_date(&call->query, KEY_START, &filter.from_ms, &refusal) ||
        !read_date(&call->query, KEY_END, &filter.to_ms, &refusal)) {
        api_refusal(call, &refusal);
        return;
    }
    struct page_fill fill = {.page = &page, .array = json_array()};
    notifications_page(call, &filter, brief_json, &fill);
    api_url(call, url, ALERTS_ROOT);
    const struct page_list list = {url, "alerts", FILTERS};
    api_json(call, 200, page_meta_envelope(&page, &list, &call->query, fill.array, &fill.rows));
}
