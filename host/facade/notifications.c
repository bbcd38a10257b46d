/* Notifications: the debugger of an account, api v2010. What went wrong with its webhooks, newest first by
 * the latest time it happened. There are no calls, so no call has any. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/facade/date.h"
#include "host/facade/notifications_internal.h"

#define DAY_MS (24 * 3600 * 1000LL)

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
                     "more_info", more, "request_method", api_text(n->method[0] != '\0' ? n->method : NULL),
                     "request_url", n->url, "sid", sid, "uri", uri);
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

struct listing {
    const struct api_call *call;
    const struct page *page;
    notification_render *render;
    json_t *array;
    struct page_rows rows;
};

static void add_row(void *arg, const struct notification *n)
{
    struct listing *l = arg;
    bool since = l->page->since, is_first = json_array_size(l->array) == 0;
    if (json_array_size(l->array) == (size_t)l->page->size) {
        *(since ? &l->rows.newer : &l->rows.older) = true;
        return;
    }
    struct page_key key = {n->id, n->at_ms};
    if (since || is_first)
        l->rows.first = key;
    if (!since || is_first)
        l->rows.last = key;
    json_array_insert_new(l->array, since ? 0 : json_array_size(l->array), l->render(l->call, n));
}

static void see_row(void *arg, const struct notification *n)
{
    (void)n;
    *(bool *)arg = true;
}

static void read_page(struct listing *l, struct notification_filter *filter)
{
    struct queue *queue = l->call->rooms->queue;
    const struct page *page = l->page;
    struct notification_filter other = *filter;
    *(page->since ? &filter->since_id : &filter->after_id) = page->key.id;
    *(page->since ? &filter->since_ms : &filter->after_ms) = page->key.sent_ms;
    filter->limit = (size_t)page->size + 1;
    queue_notifications(queue, filter, add_row, l);
    if (page->key.id == 0)
        return;
    *(page->since ? &other.after_id : &other.since_id) = page->key.id; /* is there anything beyond the cut? */
    *(page->since ? &other.after_ms : &other.since_ms) = page->key.sent_ms;
    other.limit = 1;
    queue_notifications(queue, &other, see_row, page->since ? &l->rows.older : &l->rows.newer);
}

json_t *notifications_page(const struct api_call *call, const struct page *page,
                           struct notification_filter *filter, notification_render *render,
                           struct page_rows *rows)
{
    struct listing l = {.call = call, .page = page, .render = render, .array = json_array()};
    read_page(&l, filter);
    *rows = l.rows;
    return l.array;
}

static bool read_day(const struct form *query, int key, int64_t *first_ms, int64_t *last_ms, bool *present,
                     struct refusal *refusal)
{
    const char *text = form_get(query, FILTERS[key]);
    struct date date;
    *present = text != NULL && *text != '\0';
    if (!*present)
        return true;
    if (!date_parse(text, &date))
        return refuse(refusal, 400, 20001, "%s must be a date such as 2030-01-02: %.48s", FILTERS[key], text);
    *first_ms = date.ms - date.ms % DAY_MS;
    *last_ms = *first_ms + DAY_MS - 1;
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
    struct page_rows rows;
    json_t *array = notifications_page(call, &page, &filter, brief_json, &rows);
    api_uri(call, path, "/Notifications.json");
    const struct page_list list = {path, "notifications", FILTERS};
    api_json(call, 200, page_envelope(&page, &list, &call->query, array, &rows));
}
