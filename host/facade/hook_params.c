/* The parameters are one table for each kind of hook; a row with a condition is left out where it has nothing
 * to say. */
#include "host/facade/hook_params.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "host/base/sid.h"
#include "host/numbering/numbering.h"
#include "host/sms/number.h"

/* The service an inbound message belongs to may have been made after the message came. */
static const struct service *service_of(struct directory *directory, const struct hook *hook,
                                        const struct message *message)
{
    if (message->service_id != 0)
        return directory_service(directory, message->service_id);
    return hook->kind == HOOK_INBOUND ? directory_service_of_line(directory, message->line_id) : NULL;
}

/* ---- where ---- */

static const char *some(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : NULL;
}

static const char *method_or_post(const char *method)
{
    return method != NULL && strcasecmp(method, "GET") == 0 ? "GET" : "POST";
}

static bool to_service(const struct service *service, struct hook_destination *out)
{
    if (service == NULL || service->use_inbound_webhook_on_number || !some(service->inbound_request_url))
        return false;
    *out = (struct hook_destination){
        .url = service->inbound_request_url,
        .method = method_or_post(service->inbound_method),
        .fallback_url = some(service->fallback_url),
        .fallback_method = method_or_post(service->fallback_method),
    };
    return true;
}

/* A line that was given to an application has left its own URLs behind, also where the application has none.
 */
static bool to_application(const struct application *application, struct hook_destination *out)
{
    if (application == NULL)
        return false;
    if (some(application->sms_url))
        *out = (struct hook_destination){
            .url = application->sms_url,
            .method = method_or_post(application->sms_method),
            .fallback_url = some(application->sms_fallback_url),
            .fallback_method = method_or_post(application->sms_fallback_method),
        };
    return true;
}

static void inbound_destination(const struct service *service, const struct application *application,
                                const struct line *line, struct hook_destination *out)
{
    if (to_service(service, out) || to_application(application, out) || line == NULL || !some(line->sms_url))
        return;
    *out = (struct hook_destination){
        .url = line->sms_url,
        .method = method_or_post(line->sms_method),
        .fallback_url = some(line->sms_fallback_url),
        .fallback_method = method_or_post(line->sms_fallback_method),
    };
}

static void status_destination(const struct message *message, const struct service *service,
                               const struct application *application, const struct line *line,
                               struct hook_destination *out)
{
    out->method = "POST";
    out->url = some(message->callback_url);
    if (out->url == NULL && service != NULL)
        out->url = some(service->status_callback);
    if (out->url == NULL && application != NULL)
        out->url = application_status_url(application);
    if (out->url == NULL && line != NULL && (out->url = some(line->status_callback)) != NULL)
        out->method = method_or_post(line->status_callback_method);
}

void hook_destination(struct directory *directory, const struct hook *hook, const struct message *message,
                      struct hook_destination *out)
{
    const struct service *service = service_of(directory, hook, message);
    const struct line *line = message->line_id != 0 ? directory_line(directory, message->line_id) : NULL;
    const struct application *application =
        line != NULL ? directory_application_of_line(directory, line) : NULL;
    *out = (struct hook_destination){0};
    if (service != NULL && !service->live) /* its URLs have left with it */
        service = NULL;
    switch (hook->kind) {
    case HOOK_STATUS: status_destination(message, service, application, line, out); break;
    case HOOK_INBOUND: inbound_destination(service, application, line, out); break;
    }
}

/* ---- what ---- */

struct facts {
    char sid[SID_TEXT], account[SID_TEXT], service[SID_TEXT]; /* service "" = none */
    char error[16], done[16], segments[16];                   /* "" = none */
    const struct hook *hook;
    const struct message *message;
};

/* YYMMDDhhmm as in a report's done date. */
static void done_date(int64_t ms, char out[16])
{
    struct tm tm;
    time_t seconds = (time_t)(ms / 1000);
    if (ms != 0 && gmtime_r(&seconds, &tm) != NULL)
        snprintf(out, 16, "%02d%02d%02d%02d%02d", tm.tm_year % 100, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                 tm.tm_min);
}

static void facts_init(struct facts *facts, const struct account *account, const struct service *service,
                       const struct hook *hook, const struct message *message)
{
    bool failed = hook->status == MESSAGE_FAILED || hook->status == MESSAGE_UNDELIVERED;
    bool reported = hook->status == MESSAGE_DELIVERED || hook->status == MESSAGE_UNDELIVERED;
    *facts = (struct facts){.hook = hook, .message = message};
    sid_format(&message->sid, message->mm ? "MM" : "SM", facts->sid);
    sid_format(&account->sid, "AC", facts->account);
    if (service != NULL)
        sid_format(&service->sid, "MG", facts->service);
    if (failed && hook->error_code != 0)
        snprintf(facts->error, sizeof facts->error, "%d", hook->error_code);
    if (reported)
        done_date(hook->report_done_ms, facts->done);
    snprintf(facts->segments, sizeof facts->segments, "%u", message->segments);
}

static void add_some(struct form *form, const char *key, const char *value)
{
    if (value[0] != '\0')
        form_add(form, key, value);
}

static void status_params(const struct facts *facts, struct form *form)
{
    const char *status = message_status_text(facts->hook->status);
    char to[NUMBER_MAX * 2];
    message_shown_to(facts->message, to);
    form_add(form, "SmsSid", facts->sid);
    form_add(form, "SmsStatus", status);
    form_add(form, "MessageStatus", status);
    form_add(form, "To", to);
    form_add(form, "MessageSid", facts->sid);
    form_add(form, "AccountSid", facts->account);
    form_add(form, "From", facts->message->from);
    form_add(form, "ApiVersion", "2010-04-01");
    add_some(form, "MessagingServiceSid", facts->service);
    add_some(form, "ErrorCode", facts->error);
    add_some(form, "RawDlrDoneDate", facts->done);
}

static void inbound_params(const struct facts *facts, struct form *form)
{
    const struct message *message = facts->message;
    const struct {
        const char *key, *value;
    } rows[] = {
        {"ToCountry", numbering_country(message->to)},
        {"ToState", ""},
        {"SmsMessageSid", facts->sid},
        {"NumMedia", "0"},
        {"ToCity", ""},
        {"FromZip", ""},
        {"SmsSid", facts->sid},
        {"FromState", ""},
        {"SmsStatus", "received"},
        {"FromCity", ""},
        {"Body", message->body != NULL ? message->body : ""},
        {"FromCountry", numbering_country(message->from)},
        {"To", message->to},
        {"ToZip", ""},
        {"NumSegments", facts->segments},
        {"MessageSid", facts->sid},
        {"AccountSid", facts->account},
        {"From", message->from},
        {"ApiVersion", "2010-04-01"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        form_add(form, rows[i].key, rows[i].value);
    add_some(form, "MessagingServiceSid", facts->service);
}

void hook_params(struct directory *directory, const struct account *account, const struct hook *hook,
                 const struct message *message, struct form *form)
{
    struct facts facts;
    facts_init(&facts, account, service_of(directory, hook, message), hook, message);
    switch (hook->kind) {
    case HOOK_STATUS: status_params(&facts, form); break;
    case HOOK_INBOUND: inbound_params(&facts, form); break;
    }
}
