/* What a client may ask for besides: body, media, callback, validity, tags ... See compose_internal.h. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/base/clock.h"
#include "host/base/url.h"
#include "host/base/urllist.h"
#include "host/facade/compose_internal.h"
#include "host/facade/date.h"
#include "host/sms/utf8.h"

#define BODY_UNITS        1600 /* UTF-16 code units */
#define MEDIA_COUNT       10
#define TAGS_MAX          2048
#define KEY_MAX           255
#define VALIDITY_MAX_S    36000
#define SCHEDULE_LEAST_MS (300 * 1000LL)
#define SCHEDULE_MOST_MS  (35 * CLOCK_DAY_MS)

static bool too_long(struct draft *w)
{
    return refuse(w->refusal, 400, 21617, "The concatenated message body exceeds the %d character limit.",
                  BODY_UNITS);
}

bool draft_body_fits(struct draft *w)
{
    const struct compose_request *r = w->request;
    if (r->body_len == 0)
        return true;
    if (memchr(r->body, '\0', r->body_len) != NULL || !utf8_valid(r->body, r->body_len))
        return refuse(w->refusal, 400, 21618,
                      "The message body holds a character that cannot be sent (U+0000).");
    return utf8_utf16_len(r->body, r->body_len) <= BODY_UNITS || too_long(w);
}

bool draft_appends_media(const struct draft *w)
{
    return w->rooms->conf->http.media == CONF_MEDIA_APPEND;
}

bool draft_media_fits(struct draft *w)
{
    const struct compose_request *r = w->request;
    size_t units = r->body_len > 0 ? utf8_utf16_len(r->body, r->body_len) : 0;
    if (r->media_count > MEDIA_COUNT)
        return refuse(w->refusal, 400, 21623, "Number of media files exceeds the limit of %d.", MEDIA_COUNT);
    for (size_t i = 0; i < r->media_count; i++) {
        size_t len = strlen(r->media[i]);
        if (!url_valid(r->media[i]) || !utf8_valid(r->media[i], len))
            return refuse(w->refusal, 400, 21620, "Invalid media URL: %.160s", r->media[i]);
        units += (units > 0) + utf8_utf16_len(r->media[i], len);
    }
    if (r->media_count > 0 && !draft_appends_media(w))
        return refuse(w->refusal, 400, 21621,
                      "The 'From' number has not been enabled for MMS: MediaUrl cannot be sent.");
    return units <= BODY_UNITS || too_long(w);
}

bool draft_callback_valid(struct draft *w)
{
    const char *url = w->request->status_callback;
    if (!draft_given(url))
        return true;
    if (strlen(url) > URL_MAX)
        return refuse(w->refusal, 400, 21658, "StatusCallback is longer than %d bytes.", URL_MAX);
    if (!url_valid(url))
        return refuse(w->refusal, 400, 21609, "The StatusCallback URL %.160s is not a valid URL.", url);
    return urllist_allows(w->rooms->conf->hooks.url_allow, url) ||
           refuse(w->refusal, 400, 21609,
                  "The StatusCallback URL %.160s is not one that this gateway may call.", url);
}

bool draft_application_owned(struct draft *w)
{
    const char *text = w->request->application_sid;
    struct sid sid;
    if (!draft_given(text))
        return true;
    if (sid_parse(text, "AP", &sid))
        w->application = directory_application_by_sid(w->rooms->directory, &sid);
    return (w->application != NULL && w->application->account_id == w->request->account->id) ||
           refuse(w->refusal, 400, 20001, "ApplicationSid: there is no application %.48s.", text);
}

bool draft_validity_valid(struct draft *w)
{
    const char *text = w->request->validity_period;
    if (!draft_given(text))
        return true;
    size_t digits = strspn(text, "0123456789");
    if (text[digits] == '\0' && digits <= 9)
        w->validity_s = strtol(text, NULL, 10);
    return (w->validity_s >= 1 && w->validity_s <= VALIDITY_MAX_S) ||
           refuse(w->refusal, 400, 21624,
                  "ValidityPeriod must be a whole number of seconds from 1 to %d: %.32s", VALIDITY_MAX_S,
                  text);
}

bool draft_price_valid(struct draft *w)
{
    const char *text = w->request->max_price;
    if (!draft_given(text))
        return true;
    size_t whole = strspn(text, "0123456789"), fraction = 0;
    const char *rest = text + whole;
    if (*rest == '.') {
        fraction = strspn(rest + 1, "0123456789");
        rest += 1 + fraction;
    }
    return (whole + fraction > 0 && *rest == '\0') ||
           refuse(w->refusal, 400, 21627, "MaxPrice must be a positive number: %.32s", text);
}

/* One of two words, the first of which is the default. */
static bool choose(const char *text, const char *usual, const char *other, bool *chosen)
{
    *chosen = draft_given(text) && strcasecmp(text, other) == 0;
    return !draft_given(text) || *chosen || strcasecmp(text, usual) == 0;
}

bool draft_retention_valid(struct draft *w)
{
    const struct compose_request *r = w->request;
    struct submission *s = &w->out->submission;
    if (!choose(r->content_retention, "retain", "discard", &s->discard_body))
        return refuse(w->refusal, 400, 30029, "ContentRetention must be retain or discard: %.32s",
                      r->content_retention);
    return choose(r->address_retention, "retain", "obfuscate", &s->mask_to) ||
           refuse(w->refusal, 400, 30030, "AddressRetention must be retain or obfuscate: %.32s",
                  r->address_retention);
}

bool draft_smart_valid(struct draft *w)
{
    bool asked;
    if (!choose(w->request->smart_encoded, "false", "true", &asked))
        return refuse(w->refusal, 400, 20001, "SmartEncoded must be true or false: %.32s",
                      w->request->smart_encoded);
    w->smart =
        draft_given(w->request->smart_encoded) ? asked : w->service != NULL && w->service->smart_encoding;
    return true;
}

static bool read_tags(struct draft *w, json_t *tags)
{
    const char *key;
    json_t *value;
    json_object_foreach(tags, key, value)
    {
        if (!json_is_string(value))
            return refuse(w->refusal, 400, 20001, "Tags: the value of %.48s must be a string.", key);
    }
    w->class = class_choose(w, tags);
    w->out->tags = json_object_size(tags) > 0 ? json_dumps(tags, JSON_COMPACT) : NULL;
    return true;
}

bool draft_tags_valid(struct draft *w)
{
    const char *text = w->request->tags;
    w->class = class_choose(w, NULL);
    if (!draft_given(text))
        return true;
    if (strlen(text) > TAGS_MAX)
        return refuse(w->refusal, 400, 21658, "Tags is longer than %d bytes.", TAGS_MAX);
    json_t *tags = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    bool ok = json_is_object(tags) ? read_tags(w, tags)
                                   : refuse(w->refusal, 400, 20001,
                                            "Tags must be a JSON object of strings, {\"key\":\"value\"}.");
    json_decref(tags);
    return ok;
}

bool draft_key_valid(struct draft *w)
{
    const char *key = w->request->idempotency_key;
    return key == NULL || strlen(key) <= KEY_MAX ||
           refuse(w->refusal, 400, 20001, "The idempotency key is longer than %d bytes.", KEY_MAX);
}

/* In Twilio's order. */
bool draft_schedule_valid(struct draft *w)
{
    const struct compose_request *r = w->request;
    const struct conf_http *conf = &w->rooms->conf->http;
    struct date at;
    if (!draft_given(r->schedule_type))
        return true; /* SendAt alone is ignored, as Twilio does */
    if (strcasecmp(r->schedule_type, "fixed") != 0)
        return refuse(w->refusal, 400, 35126, "ScheduleType can only be fixed: %.32s", r->schedule_type);
    if (w->service_sid == NULL && !conf->schedule_without_service)
        return refuse(w->refusal, 400, 35118, "MessagingServiceSid is required to schedule a message.");
    if (!draft_given(r->send_at))
        return refuse(w->refusal, 400, 35111, "SendAt is required to schedule a message.");
    if (!date_parse(r->send_at, &at) || at.ms < w->now_ms + SCHEDULE_LEAST_MS ||
        at.ms > w->now_ms + SCHEDULE_MOST_MS)
        return refuse(w->refusal, 400, 35114,
                      "SendAt must be a date from 300 seconds to 35 days ahead: %.48s", r->send_at);
    if (queue_scheduled(w->rooms->queue, r->account->id) >= conf->scheduled_max)
        return refuse(w->refusal, 400, 35125, "The account has %d scheduled messages, and may have no more.",
                      conf->scheduled_max);
    w->send_at_ms = at.ms;
    return true;
}
