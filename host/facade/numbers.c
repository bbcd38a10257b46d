/* IncomingPhoneNumbers: the lines as API clients see them. They come from the configuration and go with it:
 * one that is out of it is 404 and in no list, as nothing can be sent from it. The API sets their URLs and
 * their name. A line whose number is not known yet has none to show and is left out too. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "host/base/clock.h"
#include "host/facade/auth.h"
#include "host/facade/listing.h"
#include "host/facade/magic.h"
#include "host/facade/param.h"

/* ---- the resource ---- */

static void application_sid(const struct api_call *call, const struct line *l, char out[SID_TEXT])
{
    const struct application *a = directory_application_of_line(call->rooms->directory, l);
    out[0] = '\0';
    if (a != NULL)
        sid_format(&a->sid, "AP", out);
}

static json_t *line_json(const struct api_call *call, const struct line *l)
{
    char application[SID_TEXT], sid[SID_TEXT], uri[API_PATH_MAX];
    sid_format(&l->sid, "PN", sid);
    application_sid(call, l, application);
    api_uri(call, uri, "/IncomingPhoneNumbers/%s.json", sid);
    json_t *resource = json_pack(
        "{s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:s, s:s, s:s, s:{s:b, "
        "s:b, s:b, s:b}}",
        "sid", sid, "phone_number", api_text(l->number), "friendly_name", api_text(l->friendly_name),
        "date_created", api_date(l->created_ms), "account_sid", call->account, "date_updated",
        api_date(l->updated_ms), "sms_url", api_text(l->sms_url), "sms_method", api_text(l->sms_method),
        "sms_fallback_url", api_text(l->sms_fallback_url), "sms_fallback_method",
        api_text(l->sms_fallback_method), "status_callback", api_text(l->status_callback),
        "status_callback_method", api_text(l->status_callback_method), "bundle_sid", json_null(),
        "sms_application_sid", application, "api_version", "2010-04-01", "uri", uri, "status", "in-use",
        "type", "mobile", "capabilities", "voice", 0, "sms", 1, "mms", 0, "fax", 0);
    json_t *fixed = json_pack(
        "{s:n, s:s, s:b, s:n, s:s, s:s, s:n, s:s, s:n, s:n, s:b, s:s, s:n, s:s, s:s, s:n}", "address_sid",
        "address_requirements", "none", "beta", 0, "emergency_address_sid", "emergency_address_status",
        "unregistered", "emergency_status", "Inactive", "identity_sid", "origin", "hosted", "trunk_sid",
        "voice_application_sid", "voice_caller_id_lookup", 0, "voice_fallback_method", "POST",
        "voice_fallback_url", "voice_method", "POST", "voice_receive_mode", "voice", "voice_url");
    json_object_update_missing(resource, fixed);
    json_decref(fixed);
    return resource;
}

static bool is_shown(const struct line *l)
{
    return l->configured && l->number[0] != '\0';
}

/* ---- list ---- */

/* '*' stands for any digit; a part of a number is enough. Formatting characters do not count. */
static bool number_contains(const char *number, const char *pattern)
{
    char p[32];
    size_t len = 0;
    for (; *pattern != '\0' && len < sizeof p - 1; pattern++)
        if (strchr(" -.()", *pattern) == NULL)
            p[len++] = *pattern;
    p[len] = '\0';
    for (; strlen(number) >= len; number++) {
        size_t same = 0;
        while (same < len && (p[same] == '*' || p[same] == number[same]))
            same++;
        if (same == len)
            return true;
    }
    return false;
}

static bool wanted(const struct form *query, const struct line *l)
{
    const char *number = form_get(query, "PhoneNumber"), *name = form_get(query, "FriendlyName");
    return is_shown(l) && (number == NULL || number_contains(l->number, number)) &&
           (name == NULL || strcmp(name, l->friendly_name) == 0);
}

static const void *next_wanted(const struct api_call *call, size_t *n, int64_t *id)
{
    const struct line *l;
    do
        l = directory_line_at(call->rooms->directory, call->account_id, (*n)++);
    while (l != NULL && !wanted(&call->query, l));
    *id = l != NULL ? l->id : 0;
    return l;
}

static json_t *row_json(const struct api_call *call, const void *row)
{
    return line_json(call, row);
}

static void list(struct api_call *call, const char *kind, bool has_lines)
{
    static const char *const FILTERS[] = {"Beta", "FriendlyName", "PhoneNumber", "Origin", NULL};
    const struct listing list_of = {"incoming_phone_numbers", FILTERS, false, has_lines ? next_wanted : NULL,
                                    row_json};
    char path[API_PATH_MAX];
    api_uri(call, path, "/IncomingPhoneNumbers%s.json", kind);
    listing_answer(call, &list_of, path);
}

void numbers_list(struct api_call *call)
{
    list(call, "", true);
}

void numbers_list_mobile(struct api_call *call)
{
    list(call, "/Mobile", true);
}

/* Local and TollFree: a SIM is neither. */
void numbers_list_none(struct api_call *call)
{
    list(call, strstr(http_request(call->http)->path, "/TollFree") != NULL ? "/TollFree" : "/Local", false);
}

/* ---- one ---- */

static const struct line *find_line(struct api_call *call)
{
    const struct line *l = directory_line_by_sid(call->rooms->directory, &call->sid);
    if (l != NULL && l->account_id == call->account_id && is_shown(l))
        return l;
    api_not_found(call);
    return NULL;
}

void numbers_fetch(struct api_call *call)
{
    const struct line *l = find_line(call);
    if (l != NULL)
        api_json(call, 200, line_json(call, l));
}

void numbers_delete(struct api_call *call)
{
    if (find_line(call) != NULL)
        api_refuse(call, 400, 20001, "A number goes with its SIM: remove its [line] from the configuration.");
}

/* ---- update ---- */

#define PARAM(parameter, member, check)                                                                      \
    {                                                                                                        \
        parameter, check, offsetof(struct line_update, member)                                               \
    }
static const struct param PARAMS[] = {
    PARAM("FriendlyName", friendly_name, param_name),
    PARAM("SmsUrl", sms_url, param_url),
    PARAM("SmsMethod", sms_method, param_method),
    PARAM("SmsFallbackUrl", sms_fallback_url, param_url),
    PARAM("SmsFallbackMethod", sms_fallback_method, param_method),
    PARAM("StatusCallback", status_callback, param_url),
    PARAM("StatusCallbackMethod", status_callback_method, param_method),
};

/* SmsApplicationSid: an application of the account; empty takes the line's away. */
static bool read_application(const struct api_call *call, int64_t *id, struct line_update *u,
                             struct refusal *refusal)
{
    const char *text = form_get(&call->form, "SmsApplicationSid");
    struct sid sid;
    if (text == NULL)
        return true;
    *id = 0;
    u->sms_application_id = id;
    if (*text == '\0')
        return true;
    const struct application *a =
        sid_parse(text, "AP", &sid) ? directory_application_by_sid(call->rooms->directory, &sid) : NULL;
    if (a == NULL || a->account_id != call->account_id)
        return refuse(refusal, 400, 21218, "SmsApplicationSid is no application of this account: %.64s",
                      text);
    *id = a->id;
    return true;
}

/* A line goes to another account of the family: only the main account's token moves it. What does not exist
 * and what is another's are told alike. */
static bool read_account(const struct api_call *call, const struct line *l, struct line_update *u,
                         struct refusal *refusal)
{
    struct directory *directory = call->rooms->directory;
    const char *text = form_get(&call->form, "AccountSid");
    struct sid sid;
    if (text == NULL || *text == '\0')
        return true;
    const struct account *to = sid_parse(text, "AC", &sid) ? directory_account_by_sid(directory, &sid) : NULL;
    if (to != NULL && to->id == l->account_id)
        return true;
    if (call->by_key)
        return refuse(refusal, 403, 20006, "Access Denied");
    bool own = to != NULL && !to->test && (to->id == call->asks_id || to->owner_id == call->asks_id);
    if (!own && !(call->trusted && to != NULL && !to->test))
        return refuse(refusal, 400, 20001,
                      "AccountSid is not the SID of this account or of one of its subaccounts.");
    u->account_id = to->id;
    return auth_active(directory, to, refusal);
}

static bool read_update(const struct api_call *call, const struct line *l, struct line_update *u,
                        struct refusal *refusal)
{
    if (!param_read(&call->form, PARAMS, sizeof PARAMS / sizeof PARAMS[0], call->rooms->conf, u, refusal))
        return false;
    const char *url = u->sms_url != NULL ? u->sms_url : l->sms_url;
    const char *fallback = u->sms_fallback_url != NULL ? u->sms_fallback_url : l->sms_fallback_url;
    return *url != '\0' || *fallback == '\0' ||
           refuse(refusal, 400, 21406, "SmsFallbackUrl needs an SmsUrl.");
}

static void on_updated(void *arg, int status)
{
    struct api_call *call = arg;
    if (api_gone(call))
        return;
    if (status != 0) {
        api_broken(call);
        return;
    }
    const struct line *l = directory_line_by_sid(call->rooms->directory, &call->sid);
    const struct account *owner = directory_account(call->rooms->directory, l->account_id);
    call->account_id = owner->id; /* the line may have moved there */
    sid_format(&owner->sid, "AC", call->account);
    numbers_fetch(call);
}

void numbers_update(struct api_call *call)
{
    struct line_update update = {0};
    struct refusal refusal;
    int64_t application_id;
    const struct line *l = find_line(call);
    if (l == NULL)
        return;
    if (!read_account(call, l, &update, &refusal) || !read_update(call, l, &update, &refusal) ||
        !read_application(call, &application_id, &update, &refusal)) {
        api_refusal(call, &refusal);
        return;
    }
    if (update.account_id != 0) { /* the application stays with its account */
        application_id = 0;
        update.sms_application_id = &application_id;
    }
    if (api_may_write(call))
        directory_line_update(call->rooms->directory, l->id, &update, on_updated, call);
}

/* ---- create ---- */

/* Test credentials pretend to buy one. */
static json_t *bought_json(const struct api_call *call, const char *number, const struct line_update *u)
{
    static const char *const keys[] = {"friendly_name",
                                       "sms_url",
                                       "sms_method",
                                       "sms_fallback_url",
                                       "sms_fallback_method",
                                       "status_callback",
                                       "status_callback_method"};
    _Static_assert(sizeof keys / sizeof keys[0] == sizeof PARAMS / sizeof PARAMS[0],
                   "a key for each parameter");
    int64_t now_ms = clock_wall_ms();
    struct line l = {.friendly_name = "(500) 555-0006",
                     .sms_url = "",
                     .sms_method = "POST",
                     .sms_fallback_url = "",
                     .sms_fallback_method = "POST",
                     .status_callback = "",
                     .status_callback_method = "POST",
                     .created_ms = now_ms,
                     .updated_ms = now_ms};
    sid_new(&l.sid, now_ms);
    snprintf(l.number, sizeof l.number, "%s", number);
    json_t *resource = line_json(call, &l);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *value;
        memcpy(&value, (const char *)u + PARAMS[i].member, sizeof value);
        if (value != NULL)
            json_object_set_new(resource, keys[i], api_text(value));
    }
    return resource;
}

void numbers_create(struct api_call *call)
{
    const struct line nothing = {.sms_url = "", .sms_fallback_url = ""};
    struct line_update update = {0};
    struct refusal refusal;
    const char *number;
    if (!directory_account(call->rooms->directory, call->account_id)->test)
        api_refuse(call, 400, 21422,
                   "A number comes with a SIM: it is added by a [line] of the configuration, not bought.");
    else if (!magic_number(&call->form, &number, &refusal) || !read_update(call, &nothing, &update, &refusal))
        api_refusal(call, &refusal);
    else
        api_json(call, 201, bought_json(call, number, &update));
}
