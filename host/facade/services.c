/* /v1/Services: messaging services. Those of the configuration can be read and used, and are refused any
 * change (409/20409), as the file would undo it; those made here are the API's, last until they are deleted,
 * and no file touches them.
 *
 * A deleted service is 404 at once; what was accepted through it still leaves by its pool. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/facade/listing.h"
#include "host/facade/param.h"
#include "host/facade/services_internal.h"

/* ---- the resource ---- */

static const char *const LINKS[][2] = {
    {"phone_numbers", "PhoneNumbers"},        {"short_codes", "ShortCodes"},
    {"alpha_senders", "AlphaSenders"},        {"messages", "Messages"},
    {"us_app_to_person", "Compliance/Usa2p"}, {"us_app_to_person_usecases", "Compliance/Usa2p/Usecases"},
    {"channel_senders", "ChannelSenders"},    {"destination_alpha_senders", "DestinationAlphaSenders"}};

static json_t *service_json(const struct api_call *call, const struct service *s)
{
    char sid[SID_TEXT], url[API_URL_MAX];
    sid_format(&s->sid, "MG", sid);
    api_url(call, url, SERVICES_ROOT "/%s", sid);
    json_t *resource =
        json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:o, s:s, s:o, s:i, s:s, s:o}", "sid", sid,
                  "account_sid", call->account, "friendly_name", api_text(s->friendly_name), "date_created",
                  api_date_iso(s->created_ms), "date_updated", api_date_iso(s->updated_ms),
                  "inbound_request_url", api_some(s->inbound_request_url), "inbound_method",
                  s->inbound_method, "fallback_url", api_some(s->fallback_url), "fallback_method",
                  s->fallback_method, "status_callback", api_some(s->status_callback), "validity_period",
                  s->validity_s, "url", url, "links", api_links(url, LINKS, sizeof LINKS / sizeof LINKS[0]));
    json_t *rest = json_pack(
        "{s:b, s:b, s:b, s:s, s:b, s:b, s:b, s:s, s:b, s:b}", "sticky_sender", s->sticky_sender,
        "mms_converter", s->mms_converter, "smart_encoding", s->smart_encoding, "scan_message_content",
        s->scan_message_content, "fallback_to_long_code", s->fallback_to_long_code, "area_code_geomatch",
        s->area_code_geomatch, "synchronous_validation", s->synchronous_validation, "usecase", s->usecase,
        "us_app_to_person_registered", 0, "use_inbound_webhook_on_number", s->use_inbound_webhook_on_number);
    json_object_update(resource, rest);
    json_decref(rest);
    return resource;
}

/* ---- finding ---- */

const struct service *services_find(struct api_call *call, const struct sid *sid)
{
    const struct service *s = directory_service_by_sid(call->rooms->directory, sid);
    if (s != NULL && s->account_id == call->account_id)
        return s;
    api_not_found(call);
    return NULL;
}

const struct service *services_find_own(struct api_call *call, const struct sid *sid)
{
    const struct service *s = services_find(call, sid);
    if (s == NULL)
        return NULL;
    if (s->name[0] != '\0') {
        api_refuse(
            call, 409, 20409,
            "This service is [service %s] of the configuration: it is changed there, not over the API.",
            s->name);
        return NULL;
    }
    return api_may_write(call) ? s : NULL;
}

/* ---- list ---- */

static const void *next_live(const struct api_call *call, size_t *n, int64_t *id)
{
    const struct service *s;
    do
        s = directory_service_at(call->rooms->directory, call->account_id, (*n)++);
    while (s != NULL && !s->live);
    *id = s != NULL ? s->id : 0;
    return s;
}

static json_t *row_json(const struct api_call *call, const void *row)
{
    return service_json(call, row);
}

void services_list(struct api_call *call)
{
    static const struct listing LIST = {"services", NULL, true, next_live, row_json};
    char url[API_URL_MAX];
    api_url(call, url, SERVICES_ROOT);
    listing_answer(call, &LIST, url);
}

void services_answer_list(struct api_call *call, const struct listing *listing, const char *tail)
{
    char sid[SID_TEXT], url[API_URL_MAX];
    sid_format(&call->sid, "MG", sid);
    api_url(call, url, SERVICES_ROOT "/%s/%s", sid, tail);
    listing_answer(call, listing, url);
}

void services_list_none(struct api_call *call, const char *tail, const char *key)
{
    const struct listing list = {.key = key, .meta = true};
    if (services_find(call, &call->sid) != NULL)
        services_answer_list(call, &list, tail);
}

void services_fetch(struct api_call *call)
{
    const struct service *s = services_find(call, &call->sid);
    if (s != NULL)
        api_json(call, 200, service_json(call, s));
}

/* ---- parameters ---- */

static bool check_validity(const char *name, const char *value, struct refusal *refusal)
{
    size_t digits = strspn(value, "0123456789");
    long seconds = digits > 0 && digits <= 6 && value[digits] == '\0' ? strtol(value, NULL, 10) : 0;
    return (seconds >= 1 && seconds <= 36000) ||
           refuse(refusal, 400, 20001, "%s must be a whole number of seconds from 1 to 36000: %.32s", name,
                  value);
}

static const char *const SCANS[] = {"inherit", "enable", "disable", NULL};
static const char *const USECASES[] = {"notifications", "marketing", "verification", "discussion", "poll",
                                       "undeclared",    NULL};

static bool check_word(const char *name, const char *value, const char *const *words, struct refusal *refusal)
{
    for (const char *const *word = words; *word != NULL; word++)
        if (strcmp(value, *word) == 0)
            return true;
    return refuse(refusal, 400, 20001, "%s must be one of Twilio's words, such as %s: %.32s", name, words[0],
                  value);
}

static bool check_scan(const char *name, const char *value, struct refusal *refusal)
{
    return check_word(name, value, SCANS, refusal);
}

static bool check_usecase(const char *name, const char *value, struct refusal *refusal)
{
    return check_word(name, value, USECASES, refusal);
}

static bool check_name(const char *name, const char *value, struct refusal *refusal)
{
    return value[0] != '\0' ? param_name(name, value, refusal)
                            : refuse(refusal, 400, 20002, "%s must not be empty.", name);
}

#define PARAM(parameter, member, check)                                                                      \
    {                                                                                                        \
        parameter, check, offsetof(struct service_update, member)                                            \
    }
static const struct param PARAMS[] = {
    PARAM("FriendlyName", friendly_name, check_name),
    PARAM("InboundRequestUrl", inbound_request_url, param_url),
    PARAM("InboundMethod", inbound_method, param_method),
    PARAM("FallbackUrl", fallback_url, param_url),
    PARAM("FallbackMethod", fallback_method, param_method),
    PARAM("StatusCallback", status_callback, param_url),
    PARAM("StickySender", sticky_sender, param_flag),
    PARAM("MmsConverter", mms_converter, param_flag),
    PARAM("SmartEncoding", smart_encoding, param_flag),
    PARAM("ScanMessageContent", scan_message_content, check_scan),
    PARAM("FallbackToLongCode", fallback_to_long_code, param_flag),
    PARAM("AreaCodeGeomatch", area_code_geomatch, param_flag),
    PARAM("ValidityPeriod", validity, check_validity),
    PARAM("SynchronousValidation", synchronous_validation, param_flag),
    PARAM("Usecase", usecase, check_usecase),
    PARAM("UseInboundWebhookOnNumber", use_inbound_webhook_on_number, param_flag),
};

/* False: the call was answered. */
static bool read_update(struct api_call *call, struct service_update *update)
{
    struct refusal refusal;
    *update = (struct service_update){0};
    if (param_read(&call->form, PARAMS, sizeof PARAMS / sizeof PARAMS[0], call->rooms->conf, update,
                   &refusal))
        return true;
    api_refusal(call, &refusal);
    return false;
}

const char *services_wanted(struct api_call *call, const char *parameter)
{
    const char *value = form_get(&call->form, parameter);
    if (value != NULL && value[0] != '\0')
        return value;
    api_refuse(call, 400, 20001, "%s is required.", parameter);
    return NULL;
}

/* ---- changes ---- */

static bool may_have_more(struct api_call *call)
{
    size_t count = 0;
    int64_t id;
    for (size_t n = 0; next_live(call, &n, &id) != NULL;)
        count++;
    if (count < SERVICES_LIVE_MAX)
        return true;
    api_full(call, SERVICES_LIVE_MAX, "services");
    return false;
}

static void on_created(void *arg, int status)
{
    struct api_call *call = arg;
    if (api_stands(call, status))
        api_json(call, 201, service_json(call, directory_service_by_sid(call->rooms->directory, &call->sid)));
}

void services_create(struct api_call *call)
{
    struct service_update update;
    if (services_wanted(call, "FriendlyName") != NULL && read_update(call, &update) && may_have_more(call) &&
        api_may_write(call))
        directory_service_create(call->rooms->directory, call->account_id, &update, &call->sid, on_created,
                                 call);
}

static void on_updated(void *arg, int status)
{
    struct api_call *call = arg;
    if (api_stands(call, status))
        services_fetch(call);
}

void services_update(struct api_call *call)
{
    struct service_update update;
    const struct service *s = services_find_own(call, &call->sid);
    if (s != NULL && read_update(call, &update))
        directory_service_update(call->rooms->directory, s->id, &update, on_updated, call);
}

void services_delete(struct api_call *call)
{
    const struct service *s = services_find_own(call, &call->sid);
    if (s != NULL)
        directory_service_delete(call->rooms->directory, s->id, api_deleted, call);
}

/* ---- use cases ---- */

static const char *const USECASE_TEXTS[][3] = {
    {"notifications", "Notices and alerts that follow from something a customer did or has to know.",
     "Notify my users."},
    {"marketing", "Offers and news, to those who agreed to them.", "Market my services."},
    {"verification", "One-time codes and confirmations.", "Verify my users' identity."},
    {"discussion", "Conversations between people, or with a person.", "Talk with my users."},
    {"poll", "Questions with a few answers to choose from.", "Ask my users."},
    {"undeclared", "Not said yet.", "Undeclared."},
};

void services_usecases(struct api_call *call)
{
    json_t *array = json_array();
    for (size_t i = 0; i < sizeof USECASE_TEXTS / sizeof USECASE_TEXTS[0]; i++)
        json_array_append_new(array,
                              json_pack("{s:s, s:s, s:s}", "usecase", USECASE_TEXTS[i][0], "description",
                                        USECASE_TEXTS[i][1], "purpose", USECASE_TEXTS[i][2]));
    api_json(call, 200, json_pack("{s:o}", "usecases", array));
}
