/* Calls: there is no voice here. Only test credentials can pretend to call, so that a program that also calls
 * can be tested; for others the path is not there. */
#include <string.h>

#include "host/base/clock.h"
#include "host/base/url.h"
#include "host/facade/magic.h"
#include "host/sms/number.h"

static bool given(const char *text)
{
    return text != NULL && *text != '\0';
}

/* Where the call's TwiML would come from. */
static bool check_instructions(const struct form *f, struct refusal *refusal)
{
    const char *url = form_get(f, "Url");
    if (given(form_get(f, "Twiml")) || given(form_get(f, "ApplicationSid")))
        return true;
    return (given(url) && url_valid(url)) ||
           refuse(refusal, 400, 21205, "Url is required and must be an absolute http or https URL: %.128s",
                  url != NULL ? url : "");
}

static bool check_call(const struct api_call *call, char to[NUMBER_MAX], char from[NUMBER_MAX],
                       struct refusal *refusal)
{
    const struct conf_daemon *conf = &call->rooms->conf->daemon;
    const struct number_plan plan = {conf->country, conf->trunk};
    const struct form *f = &call->form;
    if (!given(form_get(f, "To")))
        return refuse(refusal, 400, 21201, "No 'To' number is specified.");
    if (!given(form_get(f, "From")))
        return refuse(refusal, 400, 21213, "No 'From' number is specified.");
    if (number_parse(form_get(f, "To"), &plan, to) != NUMBER_E164)
        return refuse(refusal, 400, 21211, "Invalid 'To' Phone Number: %.48s", form_get(f, "To"));
    if (number_parse(form_get(f, "From"), &plan, from) != NUMBER_E164)
        return refuse(refusal, 400, 21212, "Invalid 'From' Phone Number: %.48s", form_get(f, "From"));
    return magic_call(to, from, refusal) && check_instructions(f, refusal);
}

static json_t *call_json(const struct api_call *call, const char *to, const char *from)
{
    static const char *const below[] = {"Notifications", "Recordings", "Payments",      "Events",
                                        "Siprec",        "Streams",    "Transcriptions"};
    static const char *const keys[] = {"notifications", "recordings", "payments",      "events",
                                       "siprec",        "streams",    "transcriptions"};
    char sid_text[SID_TEXT], uri[API_PATH_MAX];
    struct sid sid;
    int64_t now_ms = clock_wall_ms();
    sid_new(&sid, now_ms);
    sid_format(&sid, "CA", sid_text);
    api_uri(call, uri, "/Calls/%s.json", sid_text);
    json_t *resource =
        json_pack("{s:s, s:o, s:o, s:n, s:s, s:s, s:s, s:s, s:s, s:n, s:s, s:n, s:n, s:n, s:n, s:s, s:s, "
                  "s:n, s:s, s:n, "
                  "s:n, s:n, s:s, s:n, s:s, s:{}}",
                  "sid", sid_text, "date_created", api_date(now_ms), "date_updated", api_date(now_ms),
                  "parent_call_sid", "account_sid", call->account, "to", to, "to_formatted", to, "from", from,
                  "from_formatted", from, "phone_number_sid", "status", "queued", "start_time", "end_time",
                  "duration", "price", "price_unit", "USD", "direction", "outbound-api", "answered_by",
                  "api_version", "2010-04-01", "forwarded_from", "group_sid", "caller_name", "queue_time",
                  "0", "trunk_sid", "uri", uri, "subresource_uris");
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++) {
        api_uri(call, uri, "/Calls/%s/%s.json", sid_text, below[i]);
        json_object_set_new(json_object_get(resource, "subresource_uris"), keys[i], json_string(uri));
    }
    return resource;
}

void calls_create(struct api_call *call)
{
    char to[NUMBER_MAX], from[NUMBER_MAX];
    struct refusal refusal;
    if (!directory_account(call->rooms->directory, call->account_id)->test)
        api_not_found(call);
    else if (!check_call(call, to, from, &refusal))
        api_refusal(call, &refusal);
    else
        api_json(call, 201, call_json(call, to, from));
}
