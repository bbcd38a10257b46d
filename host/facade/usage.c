/* Usage records: what an account, and unless told otherwise its subaccounts, sent and received. `count`
 * counts messages, `usage` their segments, which is what a network charges for; the price is always nothing.
 *
 * A record is about one category and one stretch of days: the whole range that was asked for, or each day,
 * month or year of it, newest first. A range begins with the account and ends today, unless StartDate and
 * EndDate say otherwise ("2027-01-15", or "-30days" from today); UTC. Other dates: 400/20001. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "host/base/clock.h"
#include "host/facade/api.h"
#include "host/facade/date.h"

#define DATE_YMD 11

/* What a category adds up; nothing of calls and media, which programs ask for as well. */
enum direction { NONE, IN, OUT, BOTH };
static const struct category {
    const char *name, *description;
    enum direction direction;
    bool listed; /* also when nobody names it */
} CATEGORIES[] = {
    {"sms", "SMS", BOTH, true},
    {"sms-inbound", "Inbound SMS", IN, true},
    {"sms-inbound-longcode", "Inbound Long Code SMS", IN, true},
    {"sms-inbound-shortcode", "Short Code Inbound SMS", NONE, false},
    {"sms-outbound", "Outbound SMS", OUT, true},
    {"sms-outbound-longcode", "Outbound Long Code SMS", OUT, true},
    {"sms-outbound-shortcode", "Short Code Outbound SMS", NONE, false},
    {"mms", "MMS", NONE, false},
    {"mms-inbound", "Inbound MMS", NONE, false},
    {"mms-outbound", "Outbound MMS", NONE, false},
    {"calls", "Voice Minutes", NONE, false},
    {"calls-inbound", "Inbound Voice Minutes", NONE, false},
    {"calls-outbound", "Outbound Voice Minutes", NONE, false},
    {"totalprice", "Total Price", NONE, true},
};
#define CATEGORY_COUNT (sizeof CATEGORIES / sizeof CATEGORIES[0])

/* ---- days ---- */

struct range {
    int64_t from, to; /* days since 1970, both in it */
};

static struct tm civil(int64_t day)
{
    struct tm tm = {0};
    time_t seconds = (time_t)(day * (CLOCK_DAY_MS / 1000));
    gmtime_r(&seconds, &tm);
    return tm;
}

/* The first of a month. */
static int64_t day_of(int year, int month)
{
    struct tm tm = {.tm_year = year, .tm_mon = month, .tm_mday = 1};
    return (int64_t)timegm(&tm) / (CLOCK_DAY_MS / 1000);
}

static void write_day(int64_t day, char out[DATE_YMD])
{
    char text[DATE_TEXT];
    date_iso(day * CLOCK_DAY_MS, text);
    snprintf(out, DATE_YMD, "%.10s", text);
}

static int64_t month_begin(int64_t day)
{
    const struct tm tm = civil(day);
    return day_of(tm.tm_year, tm.tm_mon);
}

static int64_t year_begin(int64_t day)
{
    return day_of(civil(day).tm_year, 0);
}

static int64_t day_begin(int64_t day)
{
    return day;
}

/* ---- views ---- */

/* A view with a step has a record for each step of the range; one with fixed ends looks at no dates. */
struct view {
    const char *name;
    int64_t (*step)(int64_t day); /* the first day of the one that the day is in */
    struct range (*fixed)(int64_t today);
};

static struct range today_only(int64_t today)
{
    return (struct range){today, today};
}

static struct range yesterday_only(int64_t today)
{
    return (struct range){today - 1, today - 1};
}

static struct range this_month(int64_t today)
{
    return (struct range){month_begin(today), today};
}

static struct range last_month(int64_t today)
{
    return (struct range){month_begin(month_begin(today) - 1), month_begin(today) - 1};
}

static const struct view VIEWS[] = {
    {"", NULL, NULL},
    {"AllTime", NULL, NULL},
    {"Daily", day_begin, NULL},
    {"LastMonth", NULL, last_month},
    {"Monthly", month_begin, NULL},
    {"ThisMonth", NULL, this_month},
    {"Today", NULL, today_only},
    {"Yearly", year_begin, NULL},
    {"Yesterday", NULL, yesterday_only},
};

static const struct view *view_find(const char *name)
{
    for (size_t i = 0; i < sizeof VIEWS / sizeof VIEWS[0]; i++)
        if (strcmp(VIEWS[i].name, name) == 0)
            return &VIEWS[i];
    return NULL;
}

/* ---- what is asked ---- */

struct asked {
    const struct view *view;
    const char *category; /* NULL = the listed ones */
    struct range range;
    bool subaccounts;
};

/* "-30days", "+0days" */
static bool read_offset(const char *text, int64_t today, int64_t *day)
{
    char *end;
    if ((text[0] != '-' && text[0] != '+') || !isdigit((unsigned char)text[1]) || strlen(text) > 10)
        return false;
    long days = strtol(text, &end, 10);
    *day = today + days;
    return strcmp(end, "days") == 0 || strcmp(end, "day") == 0;
}

static bool read_day(const struct form *query, const char *name, int64_t today, int64_t *day,
                     struct refusal *refusal)
{
    const char *text = form_get(query, name);
    struct date date;
    if (text == NULL || *text == '\0' || read_offset(text, today, day))
        return true;
    if (!date_parse(text, &date))
        return refuse(refusal, 400, 20001, "%s must be a date such as 2027-01-15 or -30days: %.64s", name,
                      text);
    *day = date.ms / CLOCK_DAY_MS;
    return true;
}

static bool read_asked(const struct api_call *call, struct asked *asked, struct refusal *refusal)
{
    const int64_t today = clock_wall_ms() / CLOCK_DAY_MS;
    const struct account *account = directory_account(call->rooms->directory, call->account_id);
    const char *subaccounts = form_get(&call->query, "IncludeSubaccounts");
    asked->category = form_get(&call->query, "Category");
    asked->subaccounts = subaccounts == NULL || strcasecmp(subaccounts, "false") != 0;
    const struct range born = {account->created_ms / CLOCK_DAY_MS, today};
    asked->range = asked->view->fixed != NULL ? asked->view->fixed(today) : born;
    if (asked->view->fixed != NULL)
        return true;
    if (!read_day(&call->query, "StartDate", today, &asked->range.from, refusal) ||
        !read_day(&call->query, "EndDate", today, &asked->range.to, refusal))
        return false;
    if (asked->range.from > asked->range.to)
        return refuse(refusal, 400, 20001, "StartDate is after EndDate.");
    if (asked->view->step != NULL) { /* days before the account and days to come have no record */
        asked->range.from = asked->range.from > born.from ? asked->range.from : born.from;
        asked->range.to = asked->range.to < born.to ? asked->range.to : born.to;
    }
    return true;
}

/* ---- records ---- */

static struct usage measure(const struct api_call *call, const struct asked *asked, struct range range)
{
    struct usage usage = {0};
    const struct account *a;
    for (size_t n = 0; (a = directory_account_at(call->rooms->directory, n)) != NULL; n++)
        if (a->id == call->account_id || (asked->subaccounts && a->owner_id == call->account_id))
            queue_usage(call->rooms->queue, a->id, range.from, range.to, &usage);
    return usage;
}

static json_t *number_text(int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    return json_string(text);
}

static json_t *subresources(const struct api_call *call, const char *category)
{
    static const char *const KEYS[] = {"all_time", "daily",  "last_month", "monthly", "this_month",
                                       "today",    "yearly", "yesterday"}; /* as VIEWS behind the first */
    json_t *uris = json_object();
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++) {
        char uri[API_PATH_MAX];
        api_uri(call, uri, "/Usage/Records/%s.json?Category=%s", VIEWS[i + 1].name, category);
        json_object_set_new(uris, KEYS[i], json_string(uri));
    }
    return uris;
}

static json_t *record_json(const struct api_call *call, const struct asked *asked,
                           const struct category *category, struct range range)
{
    const struct usage u = category->direction != NONE ? measure(call, asked, range) : (struct usage){0};
    const bool in = (category->direction & IN) != 0, out = (category->direction & OUT) != 0;
    char uri[API_PATH_MAX], from[DATE_YMD], to[DATE_YMD], now[DATE_TEXT], as_of[DATE_TEXT];
    write_day(range.from, from);
    write_day(range.to, to);
    date_iso(clock_wall_ms(), now);
    snprintf(as_of, sizeof as_of, "%.19s+00:00", now);
    api_uri(call, uri, "/Usage/Records%s%s.json?Category=%s&StartDate=%s&EndDate=%s",
            asked->view->name[0] != '\0' ? "/" : "", asked->view->name, category->name, from, to);
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:o, s:s}", "account_sid",
        call->account, "api_version", "2010-04-01", "as_of", as_of, "category", category->name, "count",
        number_text((in ? u.in_messages : 0) + (out ? u.out_messages : 0)), "count_unit", "messages",
        "description", category->description, "end_date", to, "price", "0", "price_unit", "usd", "start_date",
        from, "subresource_uris", subresources(call, category->name), "uri", uri, "usage",
        number_text((in ? u.in_segments : 0) + (out ? u.out_segments : 0)), "usage_unit", "segments");
}

/* ---- the list ---- */

/* Records in their order; each has a number of its own that does not change with the days to come. */
struct cursor {
    const struct asked *asked;
    struct range stretch;
    size_t category;
    int64_t id;
};

static void cursor_stretch(struct cursor *c, int64_t to)
{
    const struct asked *asked = c->asked;
    int64_t begin = asked->view->step != NULL ? asked->view->step(to) : asked->range.from;
    c->stretch = (struct range){begin > asked->range.from ? begin : asked->range.from, to};
    c->category = 0;
}

static bool is_wanted(const struct asked *asked, const struct category *category)
{
    return asked->category != NULL && asked->category[0] != '\0'
               ? strcmp(asked->category, category->name) == 0
               : category->listed;
}

/* The next record, or NULL. */
static const struct category *cursor_next(struct cursor *c)
{
    while (c->stretch.to >= c->asked->range.from) {
        while (c->category < CATEGORY_COUNT) {
            const struct category *category = &CATEGORIES[c->category++];
            c->id = (c->stretch.from + 1) * (int64_t)(CATEGORY_COUNT + 1) - (int64_t)c->category;
            if (is_wanted(c->asked, category))
                return category;
        }
        if (c->stretch.from <= c->asked->range.from)
            return NULL;
        cursor_stretch(c, c->stretch.from - 1);
    }
    return NULL;
}

static void list(struct api_call *call, const char *name)
{
    static const char *const FILTERS[] = {"Category", "StartDate", "EndDate", "IncludeSubaccounts", NULL};
    struct asked asked = {.view = view_find(name)};
    char path[API_PATH_MAX];
    struct page page;
    struct refusal refusal;
    if (asked.view == NULL) {
        api_not_found(call);
        return;
    }
    if (!page_read(&call->query, &page, &refusal) || !read_asked(call, &asked, &refusal)) {
        api_refusal(call, &refusal);
        return;
    }
    struct page_walk walk = {.page = &page};
    json_t *array = json_array();
    const struct category *category;
    struct cursor c = {.asked = &asked};
    for (cursor_stretch(&c, asked.range.to); cursor_next(&c) != NULL;)
        page_count(&walk, c.id);
    for (cursor_stretch(&c, asked.range.to); (category = cursor_next(&c)) != NULL;)
        if (page_has(&walk, c.id))
            json_array_append_new(array, record_json(call, &asked, category, c.stretch));
    api_uri(call, path, "/Usage/Records%s%s.json", name[0] != '\0' ? "/" : "", name);
    const struct page_list list_of = {path, "usage_records", FILTERS};
    api_json(call, 200, page_envelope(&page, &list_of, &call->query, array, &walk.rows));
}

void usage_list(struct api_call *call)
{
    list(call, "");
}

void usage_list_view(struct api_call *call)
{
    list(call, call->text);
}
