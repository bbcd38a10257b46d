/* Feedback of a message: what its recipient did with it, as the application tells it. Twilio only takes it;
 * here it can be read back too. Refused: an inbound message, as an unknown one; an Outcome that is no
 * outcome. */
#include <strings.h>

#include "host/facade/api.h"

static json_t *feedback_json(const struct api_call *call, const struct feedback *feedback)
{
    char sid[SID_TEXT], uri[API_PATH_MAX];
    sid_format(&call->sid, "SM", sid);
    api_uri(call, uri, "/Messages/%s/Feedback.json", sid);
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:s}", "account_sid", call->account, "message_sid", sid,
                     "outcome", feedback->confirmed ? "confirmed" : "unconfirmed", "date_created",
                     api_date(feedback->created_ms), "date_updated", api_date(feedback->updated_ms), "uri",
                     uri);
}

static void answer_feedback(struct api_call *call)
{
    struct feedback feedback;
    if (queue_feedback_get(call->rooms->queue, call->row, &feedback) == 0)
        api_json(call, 200, feedback_json(call, &feedback));
    else
        api_not_found(call);
}

/* The message of the path into call->row; else answers 404. */
static bool find_message(struct api_call *call)
{
    struct message m;
    if (queue_message_by_sid(call->rooms->queue, call->account_id, &call->sid, &m) != 0) {
        api_not_found(call);
        return false;
    }
    call->row = m.id;
    message_fini(&m);
    return true;
}

void feedback_fetch(struct api_call *call)
{
    if (find_message(call))
        answer_feedback(call);
}

static void on_feedback(void *arg, int status)
{
    struct api_call *call = arg;
    if (api_stands(call, status))
        answer_feedback(call);
}

void feedback_create(struct api_call *call)
{
    const char *outcome = form_get(&call->form, "Outcome");
    bool given = outcome != NULL && *outcome != '\0';
    bool unconfirmed = given && strcasecmp(outcome, "unconfirmed") == 0;
    if (!find_message(call))
        return;
    if (given && !unconfirmed && strcasecmp(outcome, "confirmed") != 0)
        api_refuse(call, 400, 20001, "Outcome must be confirmed or unconfirmed: %.32s", outcome);
    else if (api_may_write(call))
        queue_feedback(call->rooms->queue, call->row, !unconfirmed, on_feedback, call);
}
