/* VerificationCheck: somebody gives back what was sent. Each check is counted before it is answered. */
#include <errno.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/facade/verify_common.h"

static json_t *check_json(const struct api_call *call, const struct verification *v)
{
    char sid[SID_TEXT], service[SID_TEXT];
    sid_format(&v->sid, "VE", sid);
    sid_format(&call->sid, "VA", service);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:n, s:n, s:o, s:o, s:[]}", "sid", sid,
                     "service_sid", service, "account_sid", call->account, "to", v->to, "channel", "sms",
                     "status", verify_status_text(v->status), "valid", v->status == VERIFY_APPROVED, "amount",
                     "payee", "date_created", api_date_iso(v->created_ms), "date_updated",
                     api_date_iso(v->updated_ms), "sna_attempts_error_codes");
}

static void on_checked(void *arg, int status, int64_t id, bool approved)
{
    struct api_call *call = arg;
    struct verification v;
    (void)approved; /* the row says so too */
    if (api_gone(call))
        return;
    if (status == -EBUSY)
        api_refuse(call, 429, 60202, "Max check attempts reached");
    else if (status != 0 && status != -ENOENT)
        api_broken(call);
    else if (status != 0 || verify_find_row(call->rooms->verify, id, clock_wall_ms(), &v) != 0)
        api_not_found(call);
    else
        api_json(call, 200, check_json(call, &v));
}

static const char *given(const struct api_call *call, const char *name)
{
    const char *value = form_get(&call->form, name);
    return value != NULL && *value != '\0' ? value : NULL;
}

static bool read_guess(const struct api_call *call, const char *to, char number[NUMBER_MAX],
                       struct refusal *refusal)
{
    const char *code = given(call, "Code");
    if (code == NULL)
        return refuse(refusal, 400, 60200, "Missing required parameter Code in the post body");
    if (!code_valid(code))
        return refuse(refusal, 400, 60200, "Invalid parameter: Code must be %d to %d letters and digits.",
                      CODE_MIN, CODE_MAX);
    if (to == NULL && given(call, "VerificationSid") == NULL)
        return refuse(refusal, 400, 60221, "No target verification specified: give To or VerificationSid.");
    return to == NULL || verify_number(call, to, number, refusal);
}

void verification_check_create(struct api_call *call)
{
    const char *text = given(call, "VerificationSid"), *to = text == NULL ? given(call, "To") : NULL;
    char number[NUMBER_MAX];
    struct verify_service service;
    struct refusal refusal;
    struct sid sid;
    if (!verify_service_of(call, &call->sid, &service))
        return;
    if (!read_guess(call, to, number, &refusal)) {
        api_refusal(call, &refusal);
    } else if (text != NULL && !sid_parse(text, "VE", &sid)) {
        api_not_found(call);
    } else if (api_may_write(call)) {
        const struct verify_guess guess = {.service_id = service.id,
                                           .to = number,
                                           .sid = text != NULL ? &sid : NULL,
                                           .code = given(call, "Code"),
                                           .now_ms = clock_wall_ms()};
        verify_check(call->rooms->verify, &guess, on_checked, call);
    }
}
