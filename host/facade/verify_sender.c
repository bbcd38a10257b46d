/* The message that carries a code: who sends it, and by which class. Like any other message it goes through
 * compose and the queue, but its text is never shown, and erased once sent (ContentRetention=discard). */
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/facade/verify_common.h"
#include "host/verify/text.h"

/* Without a [class otp]: before all others, and never twice when the outcome is unknown. */
#define OTP_CLASS    "otp"
#define OTP_PRIORITY 9

bool verify_number(const struct api_call *call, const char *text, char out[NUMBER_MAX],
                   struct refusal *refusal)
{
    const struct conf_daemon *conf = &call->rooms->conf->daemon;
    const struct number_plan plan = {conf->country, conf->trunk};
    return number_parse(text, &plan, out) == NUMBER_E164 ||
           refuse(refusal, 400, 60200, "Invalid parameter `To`: %.48s", text);
}

/* ---- who sends ---- */

static bool can_send(const struct api_call *call, const struct line *line)
{
    return line != NULL && line->account_id == call->account_id && line->configured &&
           line->number[0] != '\0';
}

static const struct line *first_line(const struct api_call *call)
{
    const struct line *line, *first = NULL; /* the list is newest first */
    for (size_t n = 0; (line = directory_line_at(call->rooms->directory, call->account_id, n)) != NULL; n++)
        if (can_send(call, line))
            first = line;
    return first;
}

/* What the configuration names, where it is this account's; else the account's first line. */
static bool sender_choose(const struct api_call *call, struct compose_request *request)
{
    struct directory *directory = call->rooms->directory;
    const char *from = call->rooms->conf->verify.from;
    struct sid sid;
    const struct service *service =
        sid_parse(from, "MG", &sid) ? directory_service_by_sid(directory, &sid) : NULL;
    const struct line *line = from[0] != '\0' ? directory_line_by_name(directory, from) : NULL;
    if (service != NULL && service->account_id == call->account_id) {
        request->service_sid = from;
        return true;
    }
    if (!can_send(call, line))
        line = first_line(call);
    if (line != NULL)
        request->from = line->number;
    return line != NULL;
}

/* ---- the message ---- */

/* Refusals about the recipient, in Verify's words. */
static bool refuse_as_verify(const struct verify_message *m, struct refusal *refusal)
{
    static const int ABOUT_TO[] = {21211, 21265, 21266, 21604, 21614};
    for (size_t i = 0; i < sizeof ABOUT_TO / sizeof ABOUT_TO[0]; i++)
        if (refusal->code == ABOUT_TO[i])
            return refuse(refusal, 400, 60200, "Invalid parameter `To`: %.48s", m->to);
    return false;
}

bool verify_compose(const struct api_call *call, const struct verify_message *m, const char *code,
                    int64_t validity_ms, struct composed *out, struct refusal *refusal)
{
    const struct conf_class *class = conf_find_class(call->rooms->conf, OTP_CLASS);
    const struct verify_text text = {.name = m->name,
                                     .code = code,
                                     .locale = m->locale,
                                     .to = m->to,
                                     .app_hash = m->app_hash,
                                     .warn = (m->service->flags & VERIFY_WARN) != 0};
    struct compose_request request = {.account = directory_account(call->rooms->directory, call->account_id),
                                      .direction = MESSAGE_OUTBOUND_API,
                                      .to = m->to,
                                      .content_retention = "discard",
                                      .tags = m->tags};
    if (m->tags == NULL && class != NULL)
        request.tags = "{\"class\":\"" OTP_CLASS "\"}";
    if (!sender_choose(call, &request))
        return refuse(refusal, 400, 60217,
                      "Invalid Service configuration: no line of this account can send.");
    char *body = verify_text(&text);
    request.body = body;
    request.body_len = strlen(body);
    bool good = compose(call->rooms, &request, clock_wall_ms(), out, refusal);
    free(body);
    if (!good)
        return refuse_as_verify(m, refusal);
    struct submission *s = &out->submission;
    s->priority = class != NULL ? class->priority : OTP_PRIORITY;
    s->policy = class != NULL && class->unsure == CONF_RESEND ? UNSURE_RESEND : UNSURE_HOLD;
    if (class != NULL && validity_ms > 1000LL * class->validity_s)
        validity_ms = 1000LL * class->validity_s;
    s->validity_ms = validity_ms;
    return true;
}
