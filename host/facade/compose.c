/* See compose.h. The checks are a table in the order of docs/twilio-compat.md: the first that refuses
 * decides, so a request with several faults always gets the same answer. */
#include "host/facade/compose.h"

#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"
#include "host/facade/auth.h"
#include "host/facade/compose_internal.h"

bool draft_given(const char *text)
{
    return text != NULL && *text != '\0';
}

bool draft_in_pool(const struct service *service, int64_t line_id)
{
    for (size_t i = 0; i < service->line_count; i++)
        if (service->line_ids[i] == line_id)
            return true;
    return false;
}

/* clang-format off */
static draft_check *const CHECKS[] = {
    draft_to_present,
    draft_body_present,
    draft_sender_present,
    draft_to_valid,
    draft_from_valid,
    draft_magic,
    draft_service_owned,
    draft_sender_owned,
    draft_to_allowed,
    draft_content_expands,
    draft_body_fits,
    draft_media_fits,
    draft_callback_valid,
    draft_application_owned,
    draft_price_valid,
    draft_retention_valid,
    draft_smart_valid,
    draft_validity_valid,
    draft_shapes_valid,
    draft_tags_valid,
    draft_key_valid,
    draft_schedule_valid,
    draft_not_opted_out,
};
/* clang-format on */

/* ---- the submission ---- */

static char *copy(const char *text)
{
    char *s = draft_given(text) ? strdup(text) : NULL;
    if (s == NULL && draft_given(text))
        fatal("out of memory");
    return s;
}

/* Room for 3 octets an octet of the body, the most that split_smart makes of one, and for the URLs. */
static size_t body_room(const struct draft *w)
{
    size_t room = 3 * w->request->body_len + 1;
    for (size_t i = 0; draft_appends_media(w) && i < w->request->media_count; i++)
        room += 1 + strlen(w->request->media[i]);
    return room;
}

static void append_media(const struct draft *w, char *body, size_t *len)
{
    for (size_t i = 0; draft_appends_media(w) && i < w->request->media_count; i++) {
        size_t url_len = strlen(w->request->media[i]);
        if (*len > 0)
            body[(*len)++] = '\n';
        memcpy(body + *len, w->request->media[i], url_len);
        *len += url_len;
    }
}

/* What the message says for itself; the application's comes after the service's. */
static const char *callback_of(const struct draft *w)
{
    bool from_service = w->service != NULL && draft_given(w->service->status_callback);
    if (draft_given(w->request->status_callback) || w->application == NULL || from_service)
        return w->request->status_callback;
    return application_status_url(w->application);
}

static char *copy_body(const struct draft *w, size_t *len)
{
    const struct compose_request *r = w->request;
    char *body = malloc(body_room(w));
    if (body == NULL)
        fatal("out of memory");
    *len = r->body_len;
    if (w->smart)
        *len = split_smart(r->body, r->body_len, body, 3 * r->body_len + 1);
    else if (r->body_len > 0)
        memcpy(body, r->body, r->body_len);
    append_media(w, body, len);
    body[*len] = '\0';
    return body;
}

/* Reports are asked for when the line, or any line of the pool, is set to. */
static bool wants_report(const struct draft *w)
{
    if (w->line == NULL && w->service == NULL) /* test credentials: nothing is sent */
        return false;
    for (size_t i = 0; i < w->rooms->conf->line_count; i++) {
        const struct conf_line *c = &w->rooms->conf->lines[i];
        const struct line *line = directory_line_by_name(w->rooms->directory, c->name);
        if (line != NULL && c->status_reports &&
            (w->line != NULL ? line == w->line : draft_in_pool(w->service, line->id)))
            return true;
    }
    return false;
}

/* What the client asks for; else the shorter of class and service. */
static int64_t validity_of(const struct draft *w)
{
    int64_t s = w->class->validity_s;
    if (w->service != NULL && w->service->validity_s > 0 && w->service->validity_s < s)
        s = w->service->validity_s;
    return 1000 * (w->validity_s > 0 ? w->validity_s : s);
}

static void fill(struct draft *w)
{
    const struct compose_request *r = w->request;
    struct composed *c = w->out;
    struct submission *s = &c->submission;
    c->body = copy_body(w, &s->body_len);
    c->callback = copy(callback_of(w));
    sid_new(&s->sid, w->now_ms);
    s->account_id = r->account->id;
    s->direction = r->direction;
    s->from = c->from;
    s->to = c->to;
    s->body = c->body;
    s->split = (struct split_options){.encoding = SPLIT_AUTO, .concat_bits = 8};
    s->line_id = w->line != NULL ? w->line->id : 0;
    s->service_id = w->service != NULL ? w->service->id : 0;
    s->priority = w->class->priority;
    s->policy = class_policy(w->class);
    s->send_at_ms = w->send_at_ms;
    s->validity_ms = validity_of(w);
    s->status_report = wants_report(w);
    s->callback_url = c->callback;
    s->tags = c->tags;
    s->reply_to = r->reply_to;
    s->idempotency_key = r->idempotency_key;
    s->request = r->request_hash;
}

bool compose(const struct facade_rooms *rooms, const struct compose_request *request, int64_t now_ms,
             struct composed *out, struct refusal *refusal)
{
    struct draft w = {.rooms = rooms, .given = *request, .now_ms = now_ms, .out = out, .refusal = refusal};
    w.request = &w.given;
    *out = (struct composed){0};
    *refusal = (struct refusal){0};
    if (!auth_active(rooms->directory, request->account, refusal)) /* replies come without a request */
        return false;
    for (size_t i = 0; i < sizeof CHECKS / sizeof CHECKS[0]; i++)
        if (!CHECKS[i](&w)) {
            compose_fini(out);
            return false;
        }
    fill(&w);
    return true;
}

void compose_fini(struct composed *c)
{
    free(c->body);
    free(c->content);
    free(c->callback);
    free(c->tags);
    *c = (struct composed){0};
}
