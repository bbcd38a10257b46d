/* See compose.h. The checks are a table in the order of docs/twilio-compat.md: the first that refuses
 * decides, so a request with several faults always gets the same answer. */
#include "host/facade/compose.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/base/log.h"
#include "host/base/url.h"
#include "host/facade/date.h"
#include "host/sms/utf8.h"

#define BODY_UNITS        1600 /* UTF-16 code units */
#define MEDIA_COUNT       10
#define TAGS_MAX          2048
#define KEY_MAX           255
#define VALIDITY_MAX_S    36000
#define SCHEDULE_LEAST_MS (300 * 1000LL)
#define SCHEDULE_MOST_MS  (35 * 24 * 3600 * 1000LL)

struct work {
    struct directory *directory;
    const struct conf *conf;
    const struct compose_request *request;
    const char *from, *service_sid; /* NULL = not given; From=MG... counts as the service */
    enum number_kind from_kind;
    const struct line *line;
    const struct service *service;
    const struct conf_class *class;
    bool smart;
    int64_t now_ms, validity_s; /* 0 = not given */
    struct composed *out;
    struct refusal *refusal;
};

static bool given(const char *text)
{
    return text != NULL && *text != '\0';
}

/* ---- presence ---- */

static bool to_present(struct work *w)
{
    return given(w->request->to) || refuse(w->refusal, 400, 21604, "A 'To' phone number is required.");
}

static bool body_present(struct work *w)
{
    const struct compose_request *r = w->request;
    if (r->media_count > 0 || given(r->content_sid) || r->body_len > 0)
        return true;
    if (r->body == NULL)
        return refuse(w->refusal, 400, 21619, "A text message body or media urls must be specified.");
    return refuse(w->refusal, 400, 21602, "Message body is required.");
}

/* Scheduling clients give the service's SID as From. An alphanumeric sender has 11 characters at most. */
static bool sender_present(struct work *w)
{
    w->from = given(w->request->from) ? w->request->from : NULL;
    w->service_sid = given(w->request->service_sid) ? w->request->service_sid : NULL;
    if (w->from != NULL && strncmp(w->from, "MG", 2) == 0 && strlen(w->from) > 11) {
        if (w->service_sid == NULL)
            w->service_sid = w->from;
        w->from = NULL;
    }
    return w->from != NULL || w->service_sid != NULL ||
           refuse(w->refusal, 400, 21603, "A 'From' phone number is required.");
}

/* ---- numbers ---- */

static enum number_kind parse_number(const struct work *w, const char *text, char out[NUMBER_MAX])
{
    const struct number_plan plan = {w->conf->daemon.country, w->conf->daemon.trunk};
    return number_parse(text, given(plan.country) ? &plan : NULL, out);
}

static bool to_valid(struct work *w)
{
    switch (parse_number(w, w->request->to, w->out->to)) {
    case NUMBER_E164: return true;
    case NUMBER_SHORT:
        return refuse(w->refusal, 400, 21265, "'To' number cannot be a Short Code: %.48s", w->request->to);
    case NUMBER_ALPHA:
    case NUMBER_INVALID: break;
    }
    return refuse(w->refusal, 400, 21211, "The 'To' number %.48s is not a valid phone number.",
                  w->request->to);
}

/* Letters and digits, but too many of them or no letter: meant as a name. */
static bool looks_like_name(const char *from)
{
    size_t len = strlen(from);
    bool letter = false;
    for (const char *p = from; *p != '\0'; p++)
        letter |= (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z');
    return letter && len > 11 &&
           strspn(from, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 &_-") == len;
}

static bool from_valid(struct work *w)
{
    if (w->from == NULL)
        return true;
    w->from_kind = parse_number(w, w->from, w->out->from);
    if (w->from_kind == NUMBER_INVALID && looks_like_name(w->from))
        return refuse(w->refusal, 400, 21657, "The sender ID %.48s is longer than 11 characters.", w->from);
    if (w->from_kind == NUMBER_INVALID)
        return refuse(
            w->refusal, 400, 21212,
            "The 'From' number %.48s is not a valid phone number, shortcode, or alphanumeric sender ID.",
            w->from);
    if (strcmp(w->out->from, w->out->to) == 0)
        return refuse(w->refusal, 400, 21266, "'To' and 'From' number cannot be the same: %s", w->out->to);
    return true;
}

/* ---- whose ---- */

static bool usable(const struct work *w, const struct line *line)
{
    return line != NULL && line->configured && line->account_id == w->request->account->id;
}

static bool in_pool(const struct service *service, int64_t line_id)
{
    for (size_t i = 0; i < service->line_count; i++)
        if (service->line_ids[i] == line_id)
            return true;
    return false;
}

static bool service_owned(struct work *w)
{
    struct sid sid;
    size_t senders = 0;
    if (w->service_sid == NULL)
        return true;
    if (!sid_parse(w->service_sid, "MG", &sid))
        return refuse(w->refusal, 400, 21705, "The Messaging Service SID %.48s is invalid.", w->service_sid);
    w->service = directory_service_by_sid(w->directory, &sid);
    if (w->service == NULL || w->service->account_id != w->request->account->id)
        return refuse(w->refusal, 400, 21701, "The Messaging Service %.48s does not exist.", w->service_sid);
    for (size_t i = 0; i < w->service->line_count; i++)
        senders += usable(w, directory_line(w->directory, w->service->line_ids[i]));
    return senders > 0 || refuse(w->refusal, 400, 21704,
                                 "The Messaging Service %.48s contains no phone numbers.", w->service_sid);
}

static bool sender_owned(struct work *w)
{
    if (w->from == NULL)
        return true;
    if (w->from_kind == NUMBER_ALPHA) /* every line is a SIM, and a SIM sends under its own number only */
        return refuse(w->refusal, 400, 21612,
                      "The 'To' phone number: %s, is not currently reachable using the 'From' phone number: "
                      "%s via SMS.",
                      w->out->to, w->out->from);
    w->line = directory_line_by_number(w->directory, w->out->from);
    if (!usable(w, w->line))
        return refuse(w->refusal, 400, 21606,
                      "The From phone number %.48s is not a valid, SMS-capable inbound phone number or short "
                      "code for your account.",
                      w->from);
    if (w->service != NULL && !in_pool(w->service, w->line->id))
        return refuse(w->refusal, 400, 21711,
                      "The 'From' number %s does not belong to the Messaging Service.", w->out->from);
    return true;
}

/* ---- limits ---- */

static bool body_fits(struct work *w)
{
    const struct compose_request *r = w->request;
    if (r->body_len == 0)
        return true;
    if (memchr(r->body, '\0', r->body_len) != NULL || !utf8_valid(r->body, r->body_len))
        return refuse(w->refusal, 400, 21618,
                      "The message body holds a character that cannot be sent (U+0000).");
    return utf8_utf16_len(r->body, r->body_len) <= BODY_UNITS ||
           refuse(w->refusal, 400, 21617, "The concatenated message body exceeds the %d character limit.",
                  BODY_UNITS);
}

static bool no_media(struct work *w)
{
    const struct compose_request *r = w->request;
    if (r->media_count > MEDIA_COUNT)
        return refuse(w->refusal, 400, 21623, "Number of media files exceeds the limit of %d.", MEDIA_COUNT);
    for (size_t i = 0; i < r->media_count; i++)
        if (!url_valid(r->media[i]))
            return refuse(w->refusal, 400, 21620, "Invalid media URL: %.160s", r->media[i]);
    return r->media_count == 0 ||
           refuse(w->refusal, 400, 21621,
                  "The 'From' number has not been enabled for MMS: MediaUrl cannot be sent.");
}

static bool no_content(struct work *w)
{
    if (given(w->request->content_sid))
        return refuse(w->refusal, 400, 21655,
                      "The ContentSid %.48s is invalid: there are no content templates here.",
                      w->request->content_sid);
    return !given(w->request->content_variables) ||
           refuse(w->refusal, 400, 21654, "ContentVariables needs a ContentSid.");
}

static bool callback_valid(struct work *w)
{
    const char *url = w->request->status_callback;
    if (!given(url))
        return true;
    if (strlen(url) > URL_MAX)
        return refuse(w->refusal, 400, 21658, "StatusCallback is longer than %d bytes.", URL_MAX);
    return url_valid(url) ||
           refuse(w->refusal, 400, 21609, "The StatusCallback URL %.160s is not a valid URL.", url);
}

static bool validity_valid(struct work *w)
{
    const char *text = w->request->validity_period;
    if (!given(text))
        return true;
    size_t digits = strspn(text, "0123456789");
    if (text[digits] == '\0' && digits <= 9)
        w->validity_s = strtol(text, NULL, 10);
    return (w->validity_s >= 1 && w->validity_s <= VALIDITY_MAX_S) ||
           refuse(w->refusal, 400, 21624,
                  "ValidityPeriod must be a whole number of seconds from 1 to %d: %.32s", VALIDITY_MAX_S,
                  text);
}

static bool price_valid(struct work *w)
{
    const char *text = w->request->max_price;
    if (!given(text))
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
    *chosen = given(text) && strcasecmp(text, other) == 0;
    return !given(text) || *chosen || strcasecmp(text, usual) == 0;
}

static bool retention_valid(struct work *w)
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

static bool smart_valid(struct work *w)
{
    bool asked;
    if (!choose(w->request->smart_encoded, "false", "true", &asked))
        return refuse(w->refusal, 400, 20001, "SmartEncoded must be true or false: %.32s",
                      w->request->smart_encoded);
    w->smart = given(w->request->smart_encoded) ? asked : w->service != NULL && w->service->smart_encoding;
    return true;
}

enum { CLASS_TAGGED, CLASS_OF_LINE, CLASS_DEFAULT, CLASS_RANKS };

/* The classes that a message may go by, the first that is there before the others: "class" may be the
 * client's tag for something else. */
static void rank_classes(const struct conf *conf, json_t *tags, const struct line *line,
                         const struct conf_class *ranks[CLASS_RANKS])
{
    const char *tagged = json_string_value(json_object_get(tags, "class"));
    ranks[CLASS_TAGGED] = tagged != NULL ? conf_find_class(conf, tagged) : NULL;
    ranks[CLASS_OF_LINE] = NULL;
    for (size_t i = 0; line != NULL && i < conf->line_count; i++)
        if (strcmp(conf->lines[i].name, line->name) == 0 && given(conf->lines[i].class_name))
            ranks[CLASS_OF_LINE] = conf_find_class(conf, conf->lines[i].class_name);
    ranks[CLASS_DEFAULT] = conf_find_class(conf, "default");
    if (ranks[CLASS_DEFAULT] == NULL)
        fatal("the configuration has no class \"default\"");
}

static const struct conf_class *class_of(const struct work *w, json_t *tags)
{
    const struct conf_class *ranks[CLASS_RANKS];
    size_t rank = 0;
    rank_classes(w->conf, tags, w->line, ranks);
    while (ranks[rank] == NULL)
        rank++;
    return ranks[rank];
}

static enum unsure_policy policy_of(const struct conf_class *class)
{
    return class->unsure == CONF_RESEND ? UNSURE_RESEND : UNSURE_HOLD;
}

static bool read_tags(struct work *w, json_t *tags)
{
    const char *key;
    json_t *value;
    json_object_foreach(tags, key, value)
    {
        if (!json_is_string(value))
            return refuse(w->refusal, 400, 20001, "Tags: the value of %.48s must be a string.", key);
    }
    w->class = class_of(w, tags);
    w->out->tags = json_object_size(tags) > 0 ? json_dumps(tags, JSON_COMPACT) : NULL;
    return true;
}

static bool tags_valid(struct work *w)
{
    const char *text = w->request->tags;
    w->class = class_of(w, NULL);
    if (!given(text))
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

static bool key_valid(struct work *w)
{
    const char *key = w->request->idempotency_key;
    return key == NULL || strlen(key) <= KEY_MAX ||
           refuse(w->refusal, 400, 20001, "The idempotency key is longer than %d bytes.", KEY_MAX);
}

/* Scheduling is not there yet; what is wrong with a request is still said in Twilio's order. */
static bool not_scheduled(struct work *w)
{
    const struct compose_request *r = w->request;
    struct date at;
    if (!given(r->schedule_type))
        return true; /* SendAt alone is ignored, as Twilio does */
    if (strcasecmp(r->schedule_type, "fixed") != 0)
        return refuse(w->refusal, 400, 35126, "ScheduleType can only be fixed: %.32s", r->schedule_type);
    if (w->service_sid == NULL)
        return refuse(w->refusal, 400, 35118, "MessagingServiceSid is required to schedule a message.");
    if (!given(r->send_at))
        return refuse(w->refusal, 400, 35111, "SendAt is required to schedule a message.");
    if (!date_parse(r->send_at, &at) || at.ms < w->now_ms + SCHEDULE_LEAST_MS ||
        at.ms > w->now_ms + SCHEDULE_MOST_MS)
        return refuse(w->refusal, 400, 35114,
                      "SendAt must be a date from 300 seconds to 35 days ahead: %.48s", r->send_at);
    return refuse(w->refusal, 400, 35126, "ScheduleType fixed is not supported by this gateway yet.");
}

static bool (*const CHECKS[])(struct work *) = {
    to_present,      body_present, sender_present, to_valid,   from_valid,     service_owned,
    sender_owned,    body_fits,    no_media,       no_content, callback_valid, price_valid,
    retention_valid, smart_valid,  validity_valid, tags_valid, key_valid,      not_scheduled,
};

/* ---- the submission ---- */

static char *copy(const char *text)
{
    char *s = given(text) ? strdup(text) : NULL;
    if (s == NULL && given(text))
        fatal("out of memory");
    return s;
}

static char *copy_body(const struct work *w, size_t *len)
{
    const struct compose_request *r = w->request;
    char *body = malloc(3 * r->body_len + 1);
    if (body == NULL)
        fatal("out of memory");
    *len = r->body_len;
    if (w->smart)
        *len = split_smart(r->body, r->body_len, body, 3 * r->body_len + 1);
    else if (r->body_len > 0)
        memcpy(body, r->body, r->body_len);
    body[*len] = '\0';
    return body;
}

/* Reports are asked for when the line, or any line of the pool, is set to. */
static bool wants_report(const struct work *w)
{
    for (size_t i = 0; i < w->conf->line_count; i++) {
        const struct conf_line *c = &w->conf->lines[i];
        const struct line *line = directory_line_by_name(w->directory, c->name);
        if (line != NULL && c->status_reports &&
            (w->line != NULL ? line == w->line : in_pool(w->service, line->id)))
            return true;
    }
    return false;
}

/* What the client asks for; else the shorter of class and service. */
static int64_t validity_of(const struct work *w)
{
    int64_t s = w->class->validity_s;
    if (w->service != NULL && w->service->validity_s > 0 && w->service->validity_s < s)
        s = w->service->validity_s;
    return 1000 * (w->validity_s > 0 ? w->validity_s : s);
}

static void fill(struct work *w)
{
    const struct compose_request *r = w->request;
    struct composed *c = w->out;
    struct submission *s = &c->submission;
    c->body = copy_body(w, &s->body_len);
    c->callback = copy(r->status_callback);
    sid_new(&s->sid, w->now_ms);
    s->account_id = r->account->id;
    s->direction = r->direction;
    s->from = c->from;
    s->to = c->to;
    s->body = c->body;
    s->split = (struct split_options){.encoding = SPLIT_AUTO, .concat_bits = 8};
    s->line_id = w->line != NULL ? w->line->id : 0;
    s->service_id = w->service != NULL ? w->service->id : 0;
    s->priority = w->class->priority;
    s->policy = policy_of(w->class);
    s->validity_ms = validity_of(w);
    s->status_report = wants_report(w);
    s->callback_url = c->callback;
    s->tags = c->tags;
    s->reply_to = r->reply_to;
    s->idempotency_key = r->idempotency_key;
}

bool compose(struct directory *directory, const struct conf *conf, const struct compose_request *request,
             int64_t now_ms, struct composed *out, struct refusal *refusal)
{
    struct work w = {.directory = directory,
                     .conf = conf,
                     .request = request,
                     .now_ms = now_ms,
                     .out = out,
                     .refusal = refusal};
    *out = (struct composed){0};
    *refusal = (struct refusal){0};
    for (size_t i = 0; i < sizeof CHECKS / sizeof CHECKS[0]; i++)
        if (!CHECKS[i](&w)) {
            compose_fini(out);
            return false;
        }
    fill(&w);
    return true;
}

const char *compose_class(struct directory *directory, const struct conf *conf, const struct message *m)
{
    const struct conf_class *ranks[CLASS_RANKS];
    json_t *tags = m->tags != NULL ? json_loads(m->tags, 0, NULL) : NULL;
    rank_classes(conf, tags, directory_line(directory, m->line_id), ranks);
    json_decref(tags);
    for (size_t rank = 0; rank < CLASS_RANKS; rank++)
        if (ranks[rank] != NULL && ranks[rank]->priority == m->priority &&
            policy_of(ranks[rank]) == m->policy)
            return ranks[rank]->name;
    return NULL;
}

void compose_fini(struct composed *c)
{
    free(c->body);
    free(c->callback);
    free(c->tags);
    *c = (struct composed){0};
}
