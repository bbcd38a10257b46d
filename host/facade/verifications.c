/* Verifications (VE...): a code on its way to a number. Row and message are one commit: the answer is 201
 * when both are on disk. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/facade/verify_common.h"
#include "host/sms/utf8.h"

#define NAME_UNITS    32
#define APP_HASH_LEN  11
#define ALPHABET_HASH "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/"

/* ---- the resource ---- */

/* An attempt's SID is that of its message with another prefix. */
static json_t *sends_json(const struct verification *v)
{
    json_t *array = json_array();
    for (size_t i = 0; i < v->send_count; i++) {
        char sid[SID_TEXT];
        sid_format(&v->sends[i].message, "VL", sid);
        json_array_append_new(array, json_pack("{s:o, s:s, s:s}", "time", api_date_iso(v->sends[i].at_ms),
                                               "channel", "SMS", "attempt_sid", sid));
    }
    return array;
}

static json_t *verification_json(const struct api_call *call, const struct verification *v)
{
    char sid[SID_TEXT], service[SID_TEXT], url[API_URL_MAX];
    sid_format(&v->sid, "VE", sid);
    sid_format(&call->sid, "VA", service);
    api_url(call, url, "/v2/Services/%s/Verifications/%s", service, sid);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:{s:n}, s:n, s:n, s:o, s:o, s:o, s:n, s:s}", "sid",
                     sid, "service_sid", service, "account_sid", call->account, "to", v->to, "channel", "sms",
                     "status", verify_status_text(v->status), "valid", v->status == VERIFY_APPROVED, "lookup",
                     "carrier", "amount", "payee", "send_code_attempts", sends_json(v), "date_created",
                     api_date_iso(v->created_ms), "date_updated", api_date_iso(v->updated_ms), "sna", "url",
                     url);
}

static void answer_row(struct api_call *call, int status)
{
    struct verification v;
    if (verify_find_row(call->rooms->verify, call->row, clock_wall_ms(), &v) != 0)
        api_not_found(call);
    else
        api_json(call, status, verification_json(call, &v));
}

/* ---- create: what is asked ---- */

struct asked {
    struct verify_message message;
    struct verify_service service;
    char to[NUMBER_MAX];
    const char *custom_code;
};

static bool check_channel(const struct form *form, struct refusal *refusal)
{
    static const char *const DISABLED[] = {"call", "email", "whatsapp", "sna", "rcs"};
    const char *channel = form_get(form, "Channel");
    if (channel == NULL || *channel == '\0')
        return refuse(refusal, 400, 60200, "Missing required parameter Channel in the post body");
    if (strcasecmp(channel, "sms") == 0 || strcasecmp(channel, "auto") == 0)
        return true;
    for (size_t i = 0; i < sizeof DISABLED / sizeof DISABLED[0]; i++)
        if (strcasecmp(channel, DISABLED[i]) == 0)
            return refuse(refusal, 400, 60223, "Delivery channel disabled: %s. This gateway sends sms.",
                          DISABLED[i]);
    return refuse(refusal, 400, 60200, "Invalid parameter `Channel`: %.32s", channel);
}

/* What is not done here and would be missed if it were ignored. */
static const struct {
    const char *parameter;
    int http, code;
    const char *why;
} NOT_DONE[] = {
    {"CustomMessage", 403, 60204, "Service does not support this feature"},
    {"Amount", 403, 60204, "Service does not support this feature"},
    {"Payee", 403, 60204, "Service does not support this feature"},
    {"TemplateSid", 400, 60200, "Invalid parameter: there are no templates of this SID"},
    {"TemplateCustomSubstitutions", 400, 60200, "Invalid parameter: there are no templates"},
    {"RateLimits", 400, 60200, "Invalid parameter: this service has no rate limits"},
};

static bool check_not_done(const struct form *form, struct refusal *refusal)
{
    for (size_t i = 0; i < sizeof NOT_DONE / sizeof NOT_DONE[0]; i++) {
        const char *value = form_get(form, NOT_DONE[i].parameter);
        if (value != NULL && *value != '\0')
            return refuse(refusal, NOT_DONE[i].http, NOT_DONE[i].code, "%s: %s", NOT_DONE[i].why,
                          NOT_DONE[i].parameter);
    }
    return true;
}

static const char *given(const struct form *form, const char *name)
{
    const char *value = form_get(form, name);
    return value != NULL && *value != '\0' ? value : NULL;
}

static bool read_code(const struct form *form, struct asked *a, struct refusal *refusal)
{
    a->custom_code = given(form, "CustomCode");
    if (a->custom_code == NULL)
        return true;
    if ((a->service.flags & VERIFY_CUSTOM_CODE) == 0)
        return refuse(refusal, 403, 60204,
                      "Service does not support this feature: CustomCode needs "
                      "CustomCodeEnabled.");
    return code_valid(a->custom_code) ||
           refuse(refusal, 400, 60200, "Invalid parameter: CustomCode must be %d to %d letters and digits.",
                  CODE_MIN, CODE_MAX);
}

static bool read_message(const struct form *form, struct asked *a, struct refusal *refusal)
{
    struct verify_message *m = &a->message;
    const char *name = given(form, "CustomFriendlyName");
    *m = (struct verify_message){.service = &a->service,
                                 .to = a->to,
                                 .name = name != NULL ? name : a->service.name,
                                 .locale = given(form, "Locale"),
                                 .app_hash = given(form, "AppHash"),
                                 .tags = given(form, "Tags")};
    if (utf8_utf16_len(m->name, strlen(m->name)) > NAME_UNITS)
        return refuse(refusal, 400, 60200,
                      "Invalid parameter: CustomFriendlyName is longer than %d characters.", NAME_UNITS);
    return m->app_hash == NULL ||
           (strlen(m->app_hash) == APP_HASH_LEN && strspn(m->app_hash, ALPHABET_HASH) == APP_HASH_LEN) ||
           refuse(refusal, 400, 60200, "Invalid parameter: AppHash must be %d characters of base64: %.32s",
                  APP_HASH_LEN, m->app_hash);
}

static bool read_asked(const struct api_call *call, struct asked *a, struct refusal *refusal)
{
    const struct form *form = &call->form;
    const char *to = given(form, "To");
    if (to == NULL)
        return refuse(refusal, 400, 60200, "Missing required parameter To in the post body");
    return check_channel(form, refusal) && verify_number(call, to, a->to, refusal) &&
           check_not_done(form, refusal) && read_code(form, a, refusal) && read_message(form, a, refusal);
}

/* Whether such a message could go at all, before anything is changed: with a code of the same length. */
static bool could_send(const struct api_call *call, const struct asked *a, struct refusal *refusal)
{
    static const char ZEROS[] = "0000000000";
    struct composed composed;
    const char *code = a->custom_code != NULL ? a->custom_code : ZEROS + CODE_MAX - a->service.code_length;
    if (!verify_compose(call, &a->message, code, VERIFY_LIFE_MS, &composed, refusal))
        return false;
    compose_fini(&composed);
    return queue_depth(call->rooms->queue, call->account_id) < call->rooms->conf->http.queue_max ||
           refuse(refusal, 429, 20429, "Too Many Requests");
}

/* ---- create: start and send ---- */

static void refuse_start(struct api_call *call, int status)
{
    switch (status) {
    case -EBUSY: api_refuse(call, 429, 60202, "Max check attempts reached"); return;
    case -EDQUOT: api_refuse(call, 429, 60203, "Max send attempts reached"); return;
    case -EUSERS: api_refuse(call, 429, 60212, "Too many concurrent requests for phone number"); return;
    case -ENOSPC: api_closed(call); return;
    default:
        log_event(LOG_ERROR, "verification.not_stored", "why=\"%s\"", strerror(-status));
        api_broken(call);
    }
}

/* The message was refused, and what the verification has of it is undone. */
static void on_unsent(void *arg, int status)
{
    struct api_call *call = arg;
    (void)status;
    if (!api_gone(call))
        api_broken(call);
}

static void on_sent(void *arg, int status, const struct submitted *submitted)
{
    struct api_call *call = arg;
    (void)submitted;
    if (status != 0)
        log_event(LOG_ERROR, "verification.not_sent", "why=\"%s\"", strerror(-status));
    if (api_gone(call))
        return;
    if (status == 0)
        answer_row(call, 201);
    else
        verify_unsend(call->rooms->verify, call->row, &call->owner, on_unsent, call);
}

static void send_code(struct api_call *call, const struct asked *a, const struct sid *message,
                      const struct verify_started *started, int64_t now_ms)
{
    struct composed composed;
    struct refusal refusal;
    bool good =
        verify_compose(call, &a->message, started->code, started->expires_ms - now_ms, &composed, &refusal);
    if (good)
        composed.submission.sid = *message;
    if (!good || queue_submit(call->rooms->queue, &composed.submission, on_sent, call) != 0)
        verify_unsend(call->rooms->verify, call->row, message, on_unsent, call);
    if (good)
        compose_fini(&composed);
}

void verifications_create(struct api_call *call)
{
    struct asked a;
    struct refusal refusal;
    struct verify_started started;
    int64_t now_ms = clock_wall_ms();
    if (!verify_service_of(call, &call->sid, &a.service))
        return;
    if (!read_asked(call, &a, &refusal) || !could_send(call, &a, &refusal)) {
        api_refusal(call, &refusal);
        return;
    }
    struct verify_request request = {
        .service = &a.service, .to = a.to, .custom_code = a.custom_code, .now_ms = now_ms};
    sid_new(&request.sid, now_ms);
    sid_new(&request.message_sid, now_ms);
    int status = verify_start(call->rooms->verify, &request, &started);
    if (status != 0) {
        refuse_start(call, status);
        return;
    }
    call->row = started.id;
    call->owner = request.message_sid;
    send_code(call, &a, &request.message_sid, &started, now_ms);
    memset(&started, 0, sizeof started);
}

/* ---- fetch and update ---- */

/* The path names a verification by its SID or by its number. */
static bool find_verification(struct api_call *call, struct verification *v)
{
    struct verify *verify = call->rooms->verify;
    struct verify_service service;
    struct refusal refusal;
    struct sid sid;
    char to[NUMBER_MAX];
    int64_t now_ms = clock_wall_ms();
    if (!verify_service_of(call, &call->sid, &service))
        return false;
    int status = -ENOENT;
    if (sid_parse(call->text, "VE", &sid))
        status = verify_find(verify, service.id, &sid, now_ms, v);
    else if (verify_number(call, call->text, to, &refusal))
        status = verify_find_number(verify, service.id, to, now_ms, v);
    if (status != 0)
        api_not_found(call);
    return status == 0;
}

void verifications_fetch(struct api_call *call)
{
    struct verification v;
    if (find_verification(call, &v))
        api_json(call, 200, verification_json(call, &v));
}

static void on_ended(void *arg, int status)
{
    struct api_call *call = arg;
    if (api_stands(call, status))
        answer_row(call, 200);
}

void verifications_update(struct api_call *call)
{
    const char *status = form_get(&call->form, "Status");
    bool approved = status != NULL && strcmp(status, "approved") == 0;
    struct verification v;
    if (!find_verification(call, &v))
        return;
    call->row = v.id;
    if (!approved && (status == NULL || strcmp(status, "canceled") != 0))
        api_refuse(call, 400, 60200, "Invalid parameter `Status`: it can be set to canceled or approved.");
    else if (api_may_write(call))
        verify_end(call->rooms->verify, v.id, approved ? VERIFY_APPROVED : VERIFY_CANCELED, clock_wall_ms(),
                   on_ended, call);
}
