/* Services of Verify v2 (VA...): what their codes look like. Push, TOTP, WhatsApp and passkeys are not there:
 * null. What would change a code's meaning and is not done (PSD2, templates) is refused. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/facade/listing.h"
#include "host/facade/verify_common.h"
#include "host/sms/utf8.h"

#define NAME_UNITS  32
#define CODE_LENGTH 6
#define ROOT        "/v2/Services"
#define PATH        ROOT "/%s"

static const struct {
    const char *key, *parameter;
    unsigned flag;
} FLAGS[] = {
    {"lookup_enabled", "LookupEnabled", VERIFY_LOOKUP},
    {"skip_sms_to_landlines", "SkipSmsToLandlines", VERIFY_SKIP_LANDLINES},
    {"dtmf_input_required", "DtmfInputRequired", VERIFY_DTMF},
    {"do_not_share_warning_enabled", "DoNotShareWarningEnabled", VERIFY_WARN},
    {"custom_code_enabled", "CustomCodeEnabled", VERIFY_CUSTOM_CODE},
    {"verify_event_subscription_enabled", "VerifyEventSubscriptionEnabled", VERIFY_EVENTS},
};
#define FLAG_COUNT (sizeof FLAGS / sizeof FLAGS[0])

/* ---- the resource ---- */

static const char *const LINKS[][2] = {{"verification_checks", "VerificationCheck"},
                                       {"verifications", "Verifications"},
                                       {"rate_limits", "RateLimits"}};

static json_t *service_json(const struct api_call *call, const struct verify_service *s)
{
    char sid[SID_TEXT], url[API_URL_MAX];
    sid_format(&s->sid, "VA", sid);
    api_url(call, url, PATH, sid);
    json_t *resource =
        json_pack("{s:s, s:s, s:o, s:i, s:b, s:o, s:n, s:n, s:n, s:n, s:n, s:o, s:o, s:s, s:o}", "sid", sid,
                  "account_sid", call->account, "friendly_name", api_text(s->name), "code_length",
                  s->code_length, "psd2_enabled", 0, "tts_name", api_some(s->tts_name), "push", "totp",
                  "default_template_sid", "whatsapp", "passkeys", "date_created", api_date_iso(s->created_ms),
                  "date_updated", api_date_iso(s->updated_ms), "url", url, "links",
                  api_links(url, LINKS, sizeof LINKS / sizeof LINKS[0]));
    for (size_t i = 0; i < FLAG_COUNT; i++)
        json_object_set_new(resource, FLAGS[i].key, json_boolean((s->flags & FLAGS[i].flag) != 0));
    return resource;
}

bool verify_service_of(struct api_call *call, const struct sid *sid, struct verify_service *service)
{
    if (verify_service_find(call->rooms->verify, call->account_id, sid, service) == 0)
        return true;
    api_not_found(call);
    return false;
}

/* ---- list and fetch ---- */

static void walk(void *arg, const struct page_cut *cut)
{
    struct listing_rows *rows = arg;
    const struct api_call *call = rows->call;
    struct verify_service *services = calloc(cut->limit, sizeof *services);
    if (services == NULL)
        fatal("out of memory");
    int64_t before_id = cut->since.id != 0 ? 0 : cut->after.id != 0 ? cut->after.id : INT64_MAX;
    size_t count = verify_service_list(call->rooms->verify, call->account_id, before_id, cut->since.id,
                                       cut->limit, services);
    for (size_t i = 0; i < count; i++)
        if (page_takes(&rows->fill, &(struct page_key){.id = services[i].id}))
            page_put(&rows->fill, service_json(call, &services[i]));
    free(services);
}

void verify_services_list(struct api_call *call)
{
    static const struct listing LIST = {.key = "services", .meta = true};
    char url[API_URL_MAX];
    api_url(call, url, ROOT);
    listing_answer_rows(call, &LIST, url, walk);
}

static void answer_service(struct api_call *call, int status)
{
    struct verify_service service;
    if (verify_service_of(call, &call->sid, &service))
        api_json(call, status, service_json(call, &service));
}

void verify_services_fetch(struct api_call *call)
{
    answer_service(call, 200);
}

/* ---- create, update, delete ---- */

static bool read_name(const struct form *form, const char *name, int units, const char **value,
                      struct refusal *refusal)
{
    *value = form_get(form, name);
    return *value == NULL ||
           (utf8_utf16_len(*value, strlen(*value)) <= (size_t)units && strlen(*value) <= VERIFY_NAME_MAX) ||
           refuse(refusal, 400, 60200, "Invalid parameter: %s is longer than %d characters.", name, units);
}

static bool read_length(const struct form *form, int *length, struct refusal *refusal)
{
    const char *text = form_get(form, "CodeLength");
    size_t digits = text != NULL ? strspn(text, "0123456789") : 0;
    if (text == NULL)
        return true;
    if (digits > 0 && digits <= 2 && text[digits] == '\0')
        *length = (int)strtol(text, NULL, 10);
    return (*length >= CODE_MIN && *length <= CODE_MAX) ||
           refuse(refusal, 400, 60200,
                  "Invalid parameter: CodeLength must be an integer from %d to %d: %.16s", CODE_MIN, CODE_MAX,
                  text);
}

static bool read_bool(const struct form *form, const char *name, int *value, struct refusal *refusal)
{
    const char *text = form_get(form, name);
    *value = -1;
    if (text == NULL || *text == '\0')
        return true;
    *value = strcasecmp(text, "true") == 0 ? 1 : strcasecmp(text, "false") == 0 ? 0 : -1;
    return *value >= 0 ||
           refuse(refusal, 400, 60200, "Invalid parameter: %s must be true or false: %.16s", name, text);
}

/* What would make a code mean something that this gateway does not do. */
static bool check_refused(const struct form *form, struct refusal *refusal)
{
    int psd2;
    const char *template = form_get(form, "DefaultTemplateSid");
    if (!read_bool(form, "Psd2Enabled", &psd2, refusal))
        return false;
    if (psd2 == 1)
        return refuse(refusal, 403, 60204, "Service does not support this feature: Psd2Enabled.");
    return template == NULL || *template == '\0' ||
           refuse(refusal, 400, 60200, "Invalid parameter: DefaultTemplateSid %.48s is not known here.",
                  template);
}

static bool read_change(const struct form *form, struct verify_service_change *c, struct refusal *refusal)
{
    *c = (struct verify_service_change){0};
    if (!read_name(form, "FriendlyName", NAME_UNITS, &c->name, refusal) ||
        !read_name(form, "TtsName", NAME_UNITS, &c->tts_name, refusal) ||
        !read_length(form, &c->code_length, refusal) || !check_refused(form, refusal))
        return false;
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        int value;
        if (!read_bool(form, FLAGS[i].parameter, &value, refusal))
            return false;
        c->mask |= value >= 0 ? FLAGS[i].flag : 0;
        c->flags |= value > 0 ? FLAGS[i].flag : 0;
    }
    return c->name == NULL || *c->name != '\0' ||
           refuse(refusal, 400, 60200, "Invalid parameter: FriendlyName is empty.");
}

static bool admitted(struct api_call *call, struct verify_service_change *change)
{
    struct refusal refusal;
    if (!read_change(&call->form, change, &refusal))
        api_refusal(call, &refusal);
    else
        return api_may_write(call);
    return false;
}

static void on_created(void *arg, int status)
{
    struct api_call *call = arg;
    if (api_fits(call, status, VERIFY_SERVICES_MAX, "Verify services"))
        answer_service(call, 201);
}

static void on_updated(void *arg, int status)
{
    struct api_call *call = arg;
    if (api_stands(call, status))
        answer_service(call, 200);
}

void verify_services_create(struct api_call *call)
{
    struct verify_service_change change;
    if (form_get(&call->form, "FriendlyName") == NULL) {
        api_refuse(call, 400, 60200, "Missing required parameter FriendlyName in the post body");
        return;
    }
    if (!admitted(call, &change))
        return;
    if (change.code_length == 0)
        change.code_length = CODE_LENGTH;
    sid_new(&call->sid, clock_wall_ms());
    verify_service_create(call->rooms->verify, call->account_id, &call->sid, &change, on_created, call);
}

void verify_services_update(struct api_call *call)
{
    struct verify_service_change change;
    struct verify_service service;
    if (verify_service_of(call, &call->sid, &service) && admitted(call, &change))
        verify_service_update(call->rooms->verify, call->account_id, &call->sid, &change, on_updated, call);
}

void verify_services_delete(struct api_call *call)
{
    if (api_may_write(call))
        verify_service_delete(call->rooms->verify, call->account_id, &call->sid, api_deleted, call);
}

/* ---- rate limits of the client's own: there are none ---- */

void verify_limits_list(struct api_call *call)
{
    static const struct listing LIST = {.key = "rate_limits", .meta = true};
    char url[API_URL_MAX], sid[SID_TEXT];
    struct verify_service service;
    if (!verify_service_of(call, &call->sid, &service))
        return;
    sid_format(&call->sid, "VA", sid);
    api_url(call, url, PATH "/RateLimits", sid);
    listing_answer(call, &LIST, url);
}

void verify_limits_create(struct api_call *call)
{
    struct verify_service service;
    if (verify_service_of(call, &call->sid, &service))
        api_refuse(call, 403, 60204, "Service does not support this feature: rate limits of its own.");
}
