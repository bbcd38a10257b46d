/* See filter.h. DateSent bounds are inclusive, to the resolution of what was given: a second, or a whole day.
 */
#include "host/facade/filter.h"

#include <stdio.h>
#include <string.h>

#include "host/base/clock.h"

#define SECOND_MS 1000LL

enum { KEY_TO, KEY_FROM, KEY_SENT, KEY_BEFORE, KEY_AFTER };
const char *const FILTER_KEYS[] = {[KEY_TO] = "To",           [KEY_FROM] = "From",
                                   [KEY_SENT] = "DateSent",   [KEY_BEFORE] = "DateSent<",
                                   [KEY_AFTER] = "DateSent>", NULL};

struct span {
    int64_t from_ms, to_ms; /* inclusive */
};

static int64_t floor_to(int64_t ms, int64_t unit)
{
    return ms - (ms % unit + unit) % unit;
}

bool filter_date(const struct form *query, const char *key, bool *present, struct date *date,
                 struct refusal *refusal)
{
    const char *text = form_get(query, key);
    *present = text != NULL && *text != '\0';
    return !*present || date_parse(text, date) ||
           refuse(refusal, 400, 20001, "%s must be a date such as 2030-01-02 or 2030-01-02T03:04:05Z: %.48s",
                  key, text);
}

/* SDKs turn a plain date into midnight UTC, so `whole_day` takes that for the day. Absent: true, *span
 * untouched. */
static bool read_span(const struct form *query, int key, bool whole_day, struct span *span, bool *present,
                      struct refusal *refusal)
{
    struct date date;
    if (!filter_date(query, FILTER_KEYS[key], present, &date, refusal))
        return false;
    if (!*present)
        return true;
    bool midnight = floor_to(date.ms, CLOCK_DAY_MS) == date.ms;
    span->from_ms = floor_to(date.ms, SECOND_MS);
    span->to_ms = span->from_ms + (!date.has_time || (whole_day && midnight) ? CLOCK_DAY_MS : SECOND_MS) - 1;
    return true;
}

static bool read_dates(const struct form *query, struct filter *f, struct refusal *refusal)
{
    struct span on = {0}, before = {0}, after = {0}, all = {1, INT64_MAX};
    bool has_on, has_before, has_after;
    if (!read_span(query, KEY_SENT, true, &on, &has_on, refusal) ||
        !read_span(query, KEY_BEFORE, false, &before, &has_before, refusal) ||
        !read_span(query, KEY_AFTER, false, &after, &has_after, refusal))
        return false;
    f->by_date = has_on || has_before || has_after;
    if (!f->by_date)
        return true;
    if (has_on)
        all = on;
    if (has_before && before.to_ms < all.to_ms)
        all.to_ms = before.to_ms;
    if (has_after && after.from_ms > all.from_ms)
        all.from_ms = after.from_ms;
    all.from_ms = all.from_ms < 1 ? 1 : all.from_ms; /* 0 would be "open" */
    f->nothing |= all.from_ms > all.to_ms;
    f->queue.sent_from_ms = all.from_ms;
    f->queue.sent_to_ms = all.to_ms;
    return true;
}

/* Who sent an SMS is kept as the network said it, which need not be a number: "Info.ch", "600 600". */
static const char *read_number(const struct form *query, int key, const struct number_plan *plan,
                               char out[FILTER_ADDRESS], bool *nothing)
{
    const char *text = form_get(query, FILTER_KEYS[key]);
    if (text == NULL || *text == '\0')
        return NULL;
    if (number_parse(text, plan, out) == NUMBER_E164)
        return out;
    size_t len = strlen(text);
    if (len >= FILTER_ADDRESS)
        *nothing = true; /* no address is so long */
    else
        memcpy(out, text, len + 1);
    return out;
}

bool filter_read(const struct form *query, const struct number_plan *plan, struct filter *f,
                 struct refusal *refusal)
{
    *f = (struct filter){0};
    f->queue.to = read_number(query, KEY_TO, plan, f->to, &f->nothing);
    f->queue.from = read_number(query, KEY_FROM, plan, f->from, &f->nothing);
    return read_dates(query, f, refusal);
}
