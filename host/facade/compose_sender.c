/* Who sends to whom: the checks of numbers, senders and services. See compose_internal.h. */
#include <string.h>

#include "host/facade/compose_internal.h"
#include "host/facade/magic.h"
#include "host/optout/optout.h"

/* ---- presence ---- */

bool draft_to_present(struct draft *w)
{
    return draft_given(w->request->to) || refuse(w->refusal, 400, 21604, "A 'To' phone number is required.");
}

bool draft_body_present(struct draft *w)
{
    const struct compose_request *r = w->request;
    if (r->media_count > 0 || draft_given(r->content_sid) || r->body_len > 0)
        return true;
    if (r->body == NULL)
        return refuse(w->refusal, 400, 21619, "A text message body or media urls must be specified.");
    return refuse(w->refusal, 400, 21602, "Message body is required.");
}

/* Scheduling clients give the service's SID as From. An alphanumeric sender has 11 characters at most. */
bool draft_sender_present(struct draft *w)
{
    w->from = draft_given(w->request->from) ? w->request->from : NULL;
    w->service_sid = draft_given(w->request->service_sid) ? w->request->service_sid : NULL;
    if (w->from != NULL && strncmp(w->from, "MG", 2) == 0 && strlen(w->from) > 11) {
        if (w->service_sid == NULL)
            w->service_sid = w->from;
        w->from = NULL;
    }
    return w->from != NULL || w->service_sid != NULL ||
           refuse(w->refusal, 400, 21603, "A 'From' phone number is required.");
}

/* ---- numbers ---- */

static enum number_kind parse_number(const struct draft *w, const char *text, char out[NUMBER_MAX])
{
    const struct number_plan plan = {w->rooms->conf->daemon.country, w->rooms->conf->daemon.trunk};
    return number_parse(text, &plan, out);
}

bool draft_to_valid(struct draft *w)
{
    switch (parse_number(w, w->request->to, w->out->to)) {
    case NUMBER_E164: return true;
    case NUMBER_SHORT:
        return refuse(w->refusal, 400, 21265, "'To' number cannot be a Short Code: %.48s", w->request->to);
    case NUMBER_ALPHA:
    case NUMBER_INVALID: break;
    }
    return refuse(w->refusal, 400, 21211, "The 'To' number %.48s is not a valid phone number.",
                  w->request->to);
}

/* Letters and digits, but too many of them or no letter: meant as a name. */
static bool looks_like_name(const char *from)
{
    size_t len = strlen(from);
    bool letter = false;
    for (const char *p = from; *p != '\0'; p++)
        letter |= (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z');
    return letter && len > 11 &&
           strspn(from, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 &_-") == len;
}

bool draft_from_valid(struct draft *w)
{
    if (w->from == NULL)
        return true;
    w->from_kind = parse_number(w, w->from, w->out->from);
    if (w->from_kind == NUMBER_INVALID && looks_like_name(w->from))
        return refuse(w->refusal, 400, 21657, "The sender ID %.48s is longer than 11 characters.", w->from);
    if (w->from_kind == NUMBER_INVALID)
        return refuse(
            w->refusal, 400, 21212,
            "The 'From' number %.48s is not a valid phone number, shortcode, or alphanumeric sender ID.",
            w->from);
    if (strcmp(w->out->from, w->out->to) == 0)
        return refuse(w->refusal, 400, 21266, "'To' and 'From' number cannot be the same: %s", w->out->to);
    return true;
}

/* Test credentials have no lines: who may send to whom is by magic numbers. */
bool draft_magic(struct draft *w)
{
    return !w->request->account->test ||
           magic_message(w->out->to, w->from != NULL ? w->out->from : NULL, w->refusal);
}

/* ---- whose ---- */

static bool usable(const struct draft *w, const struct line *line)
{
    return line != NULL && line->configured && line->account_id == w->request->account->id;
}

bool draft_service_owned(struct draft *w)
{
    struct sid sid;
    size_t senders = 0;
    if (w->service_sid == NULL)
        return true;
    if (!sid_parse(w->service_sid, "MG", &sid))
        return refuse(w->refusal, 400, 21705, "The Messaging Service SID %.48s is invalid.", w->service_sid);
    w->service = directory_service_by_sid(w->rooms->directory, &sid);
    if (w->service == NULL || w->service->account_id != w->request->account->id)
        return refuse(w->refusal, 400, 21701, "The Messaging Service %.48s does not exist.", w->service_sid);
    for (size_t i = 0; i < w->service->line_count; i++)
        senders += usable(w, directory_line(w->rooms->directory, w->service->line_ids[i]));
    if (w->service->line_count + w->service->alpha_count == 0)
        return refuse(w->refusal, 400, 21704, "The Messaging Service %.48s contains no phone numbers.",
                      w->service_sid);
    return senders > 0 ||
           refuse(w->refusal, 400, 21703,
                  "The Messaging Service %.48s has no sender that can reach this recipient.", w->service_sid);
}

bool draft_sender_owned(struct draft *w)
{
    if (w->from == NULL || w->request->account->test) /* draft_magic has decided */
        return true;
    if (w->from_kind == NUMBER_ALPHA) /* every line is a SIM, and a SIM sends under its own number only */
        return refuse(w->refusal, 400, 21612,
                      "The 'To' phone number: %s, is not currently reachable using the 'From' phone number: "
                      "%s via SMS.",
                      w->out->to, w->out->from);
    w->line = directory_line_by_number(w->rooms->directory, w->out->from);
    if (!usable(w, w->line))
        return refuse(w->refusal, 400, 21606,
                      "The From phone number %.48s is not a valid, SMS-capable inbound phone number or short "
                      "code for your account.",
                      w->from);
    if (w->service != NULL && !draft_in_pool(w->service, w->line->id))
        return refuse(w->refusal, 400, 21711,
                      "The 'From' number %s does not belong to the Messaging Service.", w->out->from);
    return true;
}

/* ---- wanted ---- */

bool draft_not_opted_out(struct draft *w)
{
    return w->request->to_opted_out ||
           !optout_blocks(w->rooms->optout, w->service != NULL ? w->service->id : 0,
                          w->line != NULL ? w->line->id : 0, w->out->to) ||
           refuse(w->refusal, 400, 21610, "Attempt to send to unsubscribed recipient");
}

/* ---- where to ---- */

static size_t longest_prefix(char *const *prefixes, const char *number)
{
    size_t longest = 0;
    for (; *prefixes != NULL; prefixes++) {
        size_t len = strlen(*prefixes);
        if (len > longest && strncmp(number, *prefixes, len) == 0)
            longest = len;
    }
    return longest;
}

/* The longest prefix of either list decides, of two equal ones to_deny; without any match a number is allowed
 * where to_allow names none. */
bool draft_to_allowed(struct draft *w)
{
    const struct conf_http *conf = &w->rooms->conf->http;
    size_t allowed = longest_prefix(conf->to_allow, w->out->to);
    size_t denied = longest_prefix(conf->to_deny, w->out->to);
    if (denied > 0 ? allowed > denied : allowed > 0 || conf->to_allow[0] == NULL)
        return true;
    return refuse(
        w->refusal, 400, 21408,
        "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: "
        "%s.",
        w->out->to);
}
