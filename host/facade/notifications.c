/* Notifications: the debugger of an account, api v2010. What went wrong with its webhooks, newest first by
 * the latest time it happened. There are no calls, so no call has any. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/facade/filter.h"
#include "host/facade/notifications_internal.h"

static json_t *brief_json(const struct api_call *call, const struct notification *n)
{
    char sid[SID_TEXT], uri[API_PATH_MAX], more[64], code[16];
    sid_format(&n->sid, "NO", sid);
    api_uri(call, uri, "/Notifications/%s.json", sid);
    snprintf(more, sizeof more, NOTIFICATION_MORE_INFO, n->code);
    snprintf(code, sizeof code, "%d", n->code);
    return json_pack("{s:s, s:s, s:n, s:o, s:o, s:s, s:s, s:o, s:s, s:s, s:o, s:s, s:s, s:s}", "account_sid",
                     call->account, "api_version", "2010-04-01", "call_sid", "date_created",
                     api_date(n->created_ms), "date_updated", api_date(n->at_ms), "error_code", code, "log",
                     n->warning ? "1" : "0", "message_date", api_date(n->at_ms), "message_text", n->text,
                     "more_info", more, "request_method", api_some(n->method), "request_url", n->url, "sid",
                     sid, "uri", uri);
}

/* ---- one ---- */

static json_t *whole_json(const struct api_call *call, const struct notification *n)
{
    json_t *resource = brief_json(call, n);
    json_object_set_new(resource, "request_variables", api_text(n->variables));
    json_object_set_new(resource, "response_headers", api_text(n->headers));
    json_object_set_new(resource, "response_body", api_text(n->body));
    return resource;
}

struct fetched {
    const struct api_call *call;
    notification_render *render;
    json_t *resource;
};

static void take(void *arg, const struct notification *n)
{
    struct fetched *fetched = arg;
    fetched->resource = fetched->render(fetched->call, n);
}

json_t *notifications_one(struct api_call *call, notification_render *render)
{
    struct fetched fetched = {call, render, NULL};
    if (queue_notification(call->rooms->queue, call->account_id, &call->sid, take, &fetched) != 0)
        api_not_found(call);
    return fetched.resource;
}

void notifications_fetch(struct api_call *call)
{
    json_t *resource = notifications_one(call, whole_json);
    if (resource != NULL)
        api_json(call, 200, resource);
}

/* ---- list ---- */

enum { KEY_LOG, KEY_ON, KEY_BEFORE, KEY_AFTER };
static const char *const FILTERS[] = {[KEY_LOG] = "Log",
                                      [KEY_ON] = "MessageDate",
                                      [KEY_BEFORE] = "MessageDate<",
                                      [KEY_AFTER] = "MessageDate>",
                                      NULL};

struct reading {
    const struct api_call *call;
    struct notification_filter *filter;
    notification_render *render;
    struct page_fill *fill;
};

static void add_row(void *arg, const struct notification *n)
{
    struct reading *reading = arg;
    struct page_key key = {n->id, n->at_ms};
    if (page_takes(reading->fill, &key))
        page_put(reading->fill, reading->render(reading->call, n));
}

static void walk(void *arg, const struct page_cut *cut)
{
    struct reading *reading = arg;
    struct notification_filter *filter = reading->filter;
    filter->after_id = cut->after.id;
    filter->after_ms = cut->after.sent_ms;
    filter->since_id = cut->since.id;
    filter->since_ms = cut->since.sent_ms;
    filter->limit = cut->limit;
    queue_notifications(reading->call->rooms->queue, filter, add_row, reading);
}

void notifications_page(const struct api_call *call, struct notification_filter *filter,
                        notification_render *render, struct page_fill *fill)
{
    page_fill(fill, walk, &(struct reading){call, filter, render, fill});
}

static bool read_day(const struct form *query, int key, int64_t *first_ms, int64_t *last_ms, bool *present,
                     struct refusal *refusal)
{
    struct date date;
    if (!filter_date(query, FILTERS[key], present, &date, refusal))
        return false;
    if (!*present)
        return true;
    *first_ms = date.ms - date.ms % CLOCK_DAY_MS;
    *last_ms = *first_ms + CLOCK_DAY_MS - 1;
    return true;
}

static bool read_filter(const struct form *query, struct notification_filter *f, struct refusal *refusal)
{
    int64_t first_ms = 0, last_ms = 0;
    bool present;
    const char *log = form_get(query, FILTERS[KEY_LOG]);
    if (log != NULL && *log != '\0' && strcmp(log, "0") != 0 && strcmp(log, "1") != 0)
        return refuse(refusal, 400, 20001, "Log must be 0 (errors) or 1 (warnings): %.16s", log);
    f->log = log == NULL || *log == '\0' ? -1 : log[0] - '0';
    if (!read_day(query, KEY_ON, &f->from_ms, &f->to_ms, &present, refusal) ||
        !read_day(query, KEY_BEFORE, &first_ms, &last_ms, &present, refusal))
        return false;
    if (present && last_ms < f->to_ms)
        f->to_ms = last_ms;
    if (!read_day(query, KEY_AFTER, &first_ms, &last_ms, &present, refusal))
        return false;
    if (present && first_ms > f->from_ms)
        f->from_ms = first_ms;
    return true;
}

void notifications_list(struct api_call *call)
{
    char path[API_PATH_MAX];
    struct page page;
    struct refusal refusal;
    struct notification_filter filter = {.account_id = call->account_id, .to_ms = INT64_MAX};
    if (!page_read(&call->query, &page, &refusal) || !read_filter(&call->query, &filter, &refusal)) {
        api_refusal(call, &refusal);
        return;
    }
    struct page_fill fill = {.page = &page, .array = json_array()};
    notifications_page(call, &filter, brief_json, &fill);
    api_uri(call, path, "/Notifications.json");
    const struct page_list list = {path, "notifications", FILTERS};
    api_json(call, 200, page_envelope(&page, &list, &call->query, fill.array, &fill.rows));
}
