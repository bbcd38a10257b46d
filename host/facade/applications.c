/* Applications: named sets of URLs that lines (SmsApplicationSid) and messages (ApplicationSid) may share.
 * What they hold about calls is kept and shown, and has no effect. Refuses: more than an account may have
 * (20001), values that are no URL, method, name or flag (param.h). */
#include <stddef.h>
#include <string.h>

#include "host/facade/api.h"
#include "host/facade/listing.h"
#include "host/facade/param.h"

/* ---- the resource ---- */

static json_t *application_json(const struct api_call *call, const struct application *a)
{
    char sid[SID_TEXT], uri[API_PATH_MAX];
    sid_format(&a->sid, "AP", sid);
    api_uri(call, uri, "/Applications/%s.json", sid);
    return json_pack(
        "{s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:s, s:o, s:s, s:o, s:o, s:o, s:s, s:s, s:b, s:s, "
        "s:o, s:s, s:o, "
        "s:b}",
        "account_sid", call->account, "api_version", "2010-04-01", "date_created", api_date(a->created_ms),
        "date_updated", api_date(a->updated_ms), "friendly_name", api_text(a->friendly_name),
        "message_status_callback", api_some(a->message_status_callback), "sid", sid, "sms_fallback_method",
        a->sms_fallback_method, "sms_fallback_url", api_some(a->sms_fallback_url), "sms_method",
        a->sms_method, "sms_status_callback", api_some(a->sms_status_callback), "sms_url",
        api_some(a->sms_url), "status_callback", api_some(a->status_callback), "status_callback_method",
        a->status_callback_method, "uri", uri, "voice_caller_id_lookup", a->voice_caller_id_lookup,
        "voice_fallback_method", a->voice_fallback_method, "voice_fallback_url",
        api_some(a->voice_fallback_url), "voice_method", a->voice_method, "voice_url", api_some(a->voice_url),
        "public_application_connect_enabled", a->public_application_connect_enabled);
}

/* ---- list ---- */

static const void *next_wanted(const struct api_call *call, size_t *n, int64_t *id)
{
    const char *name = form_get(&call->query, "FriendlyName");
    const struct application *a;
    do
        a = directory_application_at(call->rooms->directory, call->account_id, (*n)++);
    while (a != NULL && name != NULL && strcmp(name, a->friendly_name) != 0);
    *id = a != NULL ? a->id : 0;
    return a;
}

static json_t *row_json(const struct api_call *call, const void *row)
{
    return application_json(call, row);
}

void applications_list(struct api_call *call)
{
    static const char *const FILTERS[] = {"FriendlyName", NULL};
    static const struct listing LIST = {"applications", FILTERS, false, next_wanted, row_json};
    char path[API_PATH_MAX];
    api_uri(call, path, "/Applications.json");
    listing_answer(call, &LIST, path);
}

/* ---- one ---- */

static const struct application *find(struct api_call *call)
{
    const struct application *a = directory_application_by_sid(call->rooms->directory, &call->sid);
    if (a != NULL && a->account_id == call->account_id)
        return a;
    api_not_found(call);
    return NULL;
}

void applications_fetch(struct api_call *call)
{
    const struct application *a = find(call);
    if (a != NULL)
        api_json(call, 200, application_json(call, a));
}

/* ---- changes ---- */

#define PARAM(parameter, member, check)                                                                      \
    {                                                                                                        \
        parameter, check, offsetof(struct application_update, member)                                        \
    }
static const struct param PARAMS[] = {
    PARAM("FriendlyName", friendly_name, param_name),
    PARAM("SmsUrl", sms_url, param_url),
    PARAM("SmsMethod", sms_method, param_method),
    PARAM("SmsFallbackUrl", sms_fallback_url, param_url),
    PARAM("SmsFallbackMethod", sms_fallback_method, param_method),
    PARAM("SmsStatusCallback", sms_status_callback, param_url),
    PARAM("MessageStatusCallback", message_status_callback, param_url),
    PARAM("StatusCallback", status_callback, param_url),
    PARAM("StatusCallbackMethod", status_callback_method, param_method),
    PARAM("VoiceUrl", voice_url, param_url),
    PARAM("VoiceMethod", voice_method, param_method),
    PARAM("VoiceFallbackUrl", voice_fallback_url, param_url),
    PARAM("VoiceFallbackMethod", voice_fallback_method, param_method),
    PARAM("VoiceCallerIdLookup", voice_caller_id_lookup, param_flag),
    PARAM("PublicApplicationConnectEnabled", public_application_connect_enabled, param_flag),
};

/* False: the call was answered. */
static bool read_update(struct api_call *call, struct application_update *update)
{
    struct refusal refusal;
    *update = (struct application_update){0};
    if (!param_read(&call->form, PARAMS, sizeof PARAMS / sizeof PARAMS[0], call->rooms->conf, update,
                    &refusal))
        api_refusal(call, &refusal);
    else
        return api_may_write(call);
    return false;
}

static void on_created(void *arg, int status)
{
    struct api_call *call = arg;
    if (api_stands(call, status))
        api_json(call, 201,
                 application_json(call, directory_application_by_sid(call->rooms->directory, &call->sid)));
}

void applications_create(struct api_call *call)
{
    struct application_update update;
    if (read_update(call, &update) &&
        directory_application_create(call->rooms->directory, call->account_id, &update, &call->sid,
                                     on_created, call) != 0)
        api_full(call, APPLICATIONS_MAX, "applications");
}

static void on_updated(void *arg, int status)
{
    struct api_call *call = arg;
    if (api_stands(call, status))
        applications_fetch(call);
}

void applications_update(struct api_call *call)
{
    struct application_update update;
    const struct application *a = find(call);
    if (a != NULL && read_update(call, &update))
        directory_application_update(call->rooms->directory, a->id, &update, on_updated, call);
}

void applications_delete(struct api_call *call)
{
    const struct application *a = find(call);
    if (a != NULL)
        directory_application_delete(call->rooms->directory, a->id, api_deleted, call);
}
