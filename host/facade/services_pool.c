/* The pools of /v1/Services: PhoneNumbers are lines, ShortCodes and ChannelSenders there are none. A line is
 * in one service of the API at most, as with Twilio (21710 this one, 21712 another); those of the
 * configuration do not count, as their file may share a line. Lines that are out of the configuration are in
 * no list, like in IncomingPhoneNumbers. */
#include <errno.h>

#include "host/facade/listing.h"
#include "host/facade/services_internal.h"
#include "host/numbering/numbering.h"

static bool is_shown(const struct line *line)
{
    return line != NULL && line->configured && line->number[0] != '\0';
}

/* Where the line stands in the pool, or line_count. */
static size_t place_of(const struct service *s, int64_t line_id)
{
    size_t at = 0;
    while (at < s->line_count && s->line_ids[at] != line_id)
        at++;
    return at;
}

bool services_has_room(struct api_call *call, const struct service *s)
{
    if (s->line_count + s->alpha_count < POOL_MAX)
        return true;
    api_refuse(call, 400, 21714, "The pool of this Messaging Service is full: it holds at most %d senders.",
               POOL_MAX);
    return false;
}

static json_t *number_json(const struct api_call *call, const struct service *s, size_t at)
{
    char sid[SID_TEXT], service[SID_TEXT], url[API_URL_MAX];
    const struct line *line = directory_line(call->rooms->directory, s->line_ids[at]);
    const char *country = numbering_country(line->number);
    sid_format(&line->sid, "PN", sid);
    sid_format(&s->sid, "MG", service);
    api_url(call, url, SERVICES_ROOT "/%s/PhoneNumbers/%s", service, sid);
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:o, s:[s], s:s}", "sid", sid, "account_sid",
                     call->account, "service_sid", service, "date_created", api_date_iso(s->joined_ms[at]),
                     "date_updated", api_date_iso(s->joined_ms[at]), "phone_number", line->number,
                     "country_code", api_some(country), "capabilities", "SMS", "url", url);
}

/* ---- PhoneNumbers ---- */

/* A row is its place in the pool. */
static const void *next_shown(const struct api_call *call, size_t *n, int64_t *id)
{
    const struct service *s = call->of;
    while (*n < s->line_count) {
        const int64_t *line_id = &s->line_ids[s->line_count - 1 - (*n)++];
        *id = *line_id;
        if (is_shown(directory_line(call->rooms->directory, *line_id)))
            return line_id;
    }
    return NULL;
}

static json_t *row_json(const struct api_call *call, const void *row)
{
    const struct service *s = call->of;
    return number_json(call, s, (size_t)((const int64_t *)row - s->line_ids));
}

void service_numbers_list(struct api_call *call)
{
    static const struct listing LIST = {"phone_numbers", NULL, true, next_shown, row_json};
    const struct service *s = services_find(call, &call->sid);
    if (s == NULL)
        return;
    call->of = s;
    services_answer_list(call, &LIST, "PhoneNumbers");
}

/* The path names service and number: owner and sid. True: it is in the pool, at *at. */
static bool find_number(struct api_call *call, const struct service *s, size_t *at)
{
    const struct line *line = directory_line_by_sid(call->rooms->directory, &call->sid);
    *at = line != NULL ? place_of(s, line->id) : s->line_count;
    if (*at < s->line_count)
        return true;
    api_not_found(call);
    return false;
}

void service_numbers_fetch(struct api_call *call)
{
    size_t at;
    const struct service *s = services_find(call, &call->owner);
    if (s == NULL || !find_number(call, s, &at))
        return;
    if (is_shown(directory_line(call->rooms->directory, s->line_ids[at])))
        api_json(call, 200, number_json(call, s, at));
    else
        api_not_found(call);
}

void service_numbers_delete(struct api_call *call)
{
    size_t at;
    const struct service *s = services_find_own(call, &call->owner);
    if (s != NULL && find_number(call, s, &at))
        directory_sender_remove(call->rooms->directory, s->id, s->line_ids[at], api_deleted, call);
}

static void refuse_twice(struct api_call *call)
{
    api_refuse(call, 409, 21710, "Phone Number or Short Code is already in the Messaging Service.");
}

static void refuse_taken(struct api_call *call)
{
    api_refuse(call, 409, 21712, "Phone Number or Short Code is associated with another Messaging Service.");
}

/* False: the call was answered. */
static bool is_free(struct api_call *call, const struct service *s, int64_t line_id)
{
    const struct service *other;
    if (place_of(s, line_id) < s->line_count) {
        refuse_twice(call);
        return false;
    }
    for (size_t n = 0; (other = directory_service_at(call->rooms->directory, 0, n)) != NULL; n++)
        if (other->live && other->name[0] == '\0' && place_of(other, line_id) < other->line_count) {
            refuse_taken(call);
            return false;
        }
    return true;
}

/* The row is the line's. What memory could not know when the request came, the statement has refused: two
 * requests for the same line. */
static void on_added(void *arg, int status)
{
    struct api_call *call = arg;
    if (call->api != NULL && status == -EEXIST) {
        refuse_twice(call);
        return;
    }
    if (call->api != NULL && status == -ENOENT &&
        directory_service_by_sid(call->rooms->directory, &call->sid) != NULL) {
        refuse_taken(call);
        return;
    }
    if (!api_stands(call, status))
        return;
    const struct service *s = directory_service_by_sid(call->rooms->directory, &call->sid);
    size_t at = s != NULL ? place_of(s, call->row) : 0;
    if (s == NULL || at == s->line_count) /* added, and taken away in the same commit */
        api_not_found(call);
    else
        api_json(call, 201, number_json(call, s, at));
}

void service_numbers_add(struct api_call *call)
{
    struct sid sid;
    const struct service *s = services_find_own(call, &call->sid);
    const char *text = s != NULL ? services_wanted(call, "PhoneNumberSid") : NULL;
    if (text == NULL)
        return;
    const struct line *line =
        sid_parse(text, "PN", &sid) ? directory_line_by_sid(call->rooms->directory, &sid) : NULL;
    if (!is_shown(line) || line->account_id != call->account_id) {
        api_refuse(call, 400, 21421, "PhoneNumberSid %.48s is not a phone number of this account.", text);
        return;
    }
    if (!is_free(call, s, line->id) || !services_has_room(call, s))
        return;
    call->row = line->id;
    directory_sender_add(call->rooms->directory, s->id, line->id, on_added, call);
}

/* ---- what no SIM is ---- */

void service_codes_list(struct api_call *call)
{
    services_list_none(call, "ShortCodes", "short_codes");
}

void service_channels_list(struct api_call *call)
{
    services_list_none(call, "ChannelSenders", "senders");
}

/* As for the SID of something that the account does not have. */
static void refuse_add(struct api_call *call, const char *parameter, const char *what)
{
    const char *text = services_find_own(call, &call->sid) != NULL ? services_wanted(call, parameter) : NULL;
    if (text != NULL)
        api_refuse(call, 404, 20404, "%s %.48s was not found: this gateway has no %ss.", parameter, text,
                   what);
}

void service_codes_add(struct api_call *call)
{
    refuse_add(call, "ShortCodeSid", "short code");
}

void service_channels_add(struct api_call *call)
{
    refuse_add(call, "Sid", "channel sender");
}

void service_senders_none(struct api_call *call)
{
    api_not_found(call);
}
