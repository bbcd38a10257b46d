/* Messages: create, list, fetch, redact, cancel, delete. A create is answered once the message is on disk, by
 * reading it back; a failure after that is never a 5xx, because some clients would send it again. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/base/secret.h"
#include "host/facade/api.h"
#include "host/facade/backlog.h"
#include "host/facade/compose.h"
#include "host/facade/filter.h"

/* ---- the resource ---- */

static const char *sid_prefix(const struct message *m)
{
    return m->mm ? "MM" : "SM";
}

static json_t *service_sid(const struct api_call *call, int64_t service_id)
{
    char text[SID_TEXT];
    const struct service *service =
        service_id != 0 ? directory_service(call->rooms->directory, service_id) : NULL;
    if (service == NULL)
        return json_null();
    sid_format(&service->sid, "MG", text);
    return json_string(text);
}

/* AddressRetention=obfuscate: the last four digits do not leave the gateway. */
static json_t *address_to(const struct message *m)
{
    char to[NUMBER_MAX * 2];
    message_shown_to(m, to);
    return api_text(to);
}

/* Keys beside Twilio's: what the client gave as Tags, and an outcome that Twilio has no word for. */
static void add_extras(const struct api_call *call, json_t *resource, const struct message *m)
{
    const struct facade_rooms *rooms = call->rooms;
    json_t *tags = m->tags != NULL ? json_loads(m->tags, 0, NULL) : NULL;
    if (m->unsure)
        json_object_set_new(
            resource, "cellpost",
            json_pack("{s:s, s:o}", "outcome", "unsure", "class", api_text(compose_class(rooms, m))));
    if (tags != NULL)
        json_object_set_new(resource, "tags", tags);
}

/* Every key is there: SDKs make "now" of a date_sent that is missing. Counts are strings. */
static json_t *message_json(const struct api_call *call, const struct message *m)
{
    char sid[SID_TEXT], media[API_PATH_MAX], feedback[API_PATH_MAX], uri[API_PATH_MAX], segments[16];
    bool no_sender = m->from[0] == '\0';
    sid_format(&m->sid, sid_prefix(m), sid);
    api_uri(call, media, "/Messages/%s/Media.json", sid);
    api_uri(call, feedback, "/Messages/%s/Feedback.json", sid);
    api_uri(call, uri, "/Messages/%s.json", sid);
    snprintf(segments, sizeof segments, "%u", no_sender ? 0 : m->segments);
    json_t *resource =
        json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:s, s:s, s:n, s:n, s:s, s:s, "
                  "s:{s:s, s:s}, s:o, s:s}",
                  "account_sid", call->account, "api_version", "2010-04-01", "body",
                  api_text(m->discard_body || m->body == NULL ? "" : m->body), "date_created",
                  api_date(m->created_ms), "date_sent", api_date(m->sent_ms), "date_updated",
                  api_date(m->updated_ms), "direction", message_direction_text(m->direction), "error_code",
                  m->error_code != 0 ? json_integer(m->error_code) : json_null(), "error_message",
                  m->error_code != 0 ? api_text(error_title(m->error_code)) : json_null(), "from",
                  no_sender ? json_null() : api_text(m->from), "messaging_service_sid",
                  service_sid(call, m->service_id), "num_media", "0", "num_segments", segments, "price",
                  "price_unit", "sid", sid, "status", message_status_text(m->status), "subresource_uris",
                  "media", media, "feedback", feedback, "to", address_to(m), "uri", uri);
    add_extras(call, resource, m);
    return resource;
}

/* Reads the row back and answers with it. */
static void answer_row(struct api_call *call, int status, int64_t id)
{
    struct message m;
    if (queue_message(call->rooms->queue, id, &m) != 0) {
        api_not_found(call); /* deleted meanwhile */
        return;
    }
    json_t *resource = message_json(call, &m);
    message_fini(&m);
    api_json(call, status, resource);
}

/* ---- create ---- */

/* The 201 shows the message as it was accepted: by now a line may have begun with it, and a client is
 * promised queued or accepted. A sender that the service has yet to choose, and the segments that depend on
 * it, are told later. */
static void answer_created(struct api_call *call, int64_t id)
{
    struct message m;
    if (queue_message(call->rooms->queue, id, &m) != 0) {
        api_not_found(call);
        return;
    }
    if (m.status != MESSAGE_SCHEDULED)
        m.status = m.service_id != 0 ? MESSAGE_ACCEPTED : MESSAGE_QUEUED;
    m.sent_ms = 0;
    m.updated_ms = m.created_ms;
    m.error_code = 0;
    if (call->sender_later) {
        m.from[0] = '\0';
        m.segments = 0;
    }
    json_t *resource = message_json(call, &m);
    message_fini(&m);
    json_object_del(json_object_get(resource, "subresource_uris"), "feedback"); /* as Twilio's 201 */
    api_json(call, 201, resource);
}

/* What the queue says of a key that was used before. The first message is the answer to its repeat too; one
 * that was deleted is not sent again. */
static void answer_repeat(struct api_call *call, int status, int64_t id)
{
    if (status == -EALREADY)
        answer_row(call, 201, id);
    else if (status == -ESTALE)
        api_refuse(call, 409, 20409,
                   "The message of this idempotency key was deleted; it is not sent again.");
    else
        api_refuse(call, 409, 20409,
                   "This idempotency key was used for another request: To, From, MessagingServiceSid or Body "
                   "differ.");
}

static void on_submitted(void *arg, int status, const struct submitted *submitted)
{
    struct api_call *call = arg;
    if (api_gone(call))
        return;
    switch (status) {
    case 0: answer_created(call, submitted->id); return;
    case -EALREADY:
    case -ESTALE:
    case -EEXIST: answer_repeat(call, status, submitted->id); return;
    case -EMSGSIZE:
        api_refuse(call, 400, 21617, "The concatenated message body exceeds the 1600 character limit.");
        return;
    case -EILSEQ:
        api_refuse(call, 400, 21618, "The message body holds a character that cannot be sent.");
        return;
    default: log_event(LOG_ERROR, "message.not_stored", "why=\"%s\"", strerror(-status)); api_broken(call);
    }
}

static const char *idempotency_key(const struct api_call *call)
{
    const struct httpreq *request = http_request(call->http);
    const char *key = httpreq_header(request, "Idempotency-Key");
    if (key == NULL)
        key = httpreq_header(request, "I-Twilio-Idempotency-Token");
    return key != NULL && *key != '\0' ? key : NULL;
}

/* What a key stands for: an 8-byte hash, never 0. Raw texts, each with its length before it. */
static int64_t request_hash(const struct compose_request *r)
{
    const char *const texts[] = {r->to,   r->from,        r->service_sid,
                                 r->body, r->content_sid, r->content_variables};
    uint8_t hash[32];
    char *data = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&data, &size);
    if (out == NULL)
        fatal("out of memory");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        size_t len = texts[i] == NULL ? 0 : i == 3 ? r->body_len : strlen(texts[i]);
        fprintf(out, "%zu:", len);
        fwrite(texts[i] != NULL ? texts[i] : "", 1, len, out);
    }
    if (fclose(out) != 0)
        fatal("out of memory");
    secret_sha256(data, size, hash);
    free(data);
    int64_t value;
    memcpy(&value, hash, sizeof value);
    return value != 0 ? value : 1;
}

static void read_create(const struct api_call *call, const char **media, struct compose_request *r)
{
    compose_form(&call->form, directory_account(call->rooms->directory, call->account_id), media, r);
    r->idempotency_key = idempotency_key(call);
    if (r->idempotency_key != NULL)
        r->request_hash = request_hash(r);
}

/* Before all other checks: what was right once is a repeat now, though the queue is full, the disk too, or
 * its SendAt too near. */
static bool is_repeat(struct api_call *call, const struct compose_request *r)
{
    struct submitted first = {0};
    if (r->idempotency_key == NULL)
        return false;
    int status = queue_key(call->rooms->queue, call->account_id, r->idempotency_key, r->request_hash, &first);
    if (status != -EALREADY && status != -ESTALE && status != -EEXIST)
        return false;
    answer_repeat(call, status, first.id);
    return true;
}

static void submit(struct api_call *call, const struct submission *s)
{
    struct refusal refusal;
    call->sender_later = s->line_id == 0;
    if (!backlog_admits(call->rooms, s, &refusal))
        api_refusal(call, &refusal);
    else if (queue_submit(call->rooms->queue, s, on_submitted, call) != 0)
        api_closed(call);
}

/* Test credentials: the resource as it would be, of which nothing is kept. */
static void answer_pretended(struct api_call *call, const struct submission *s)
{
    struct split_plan plan;
    int status = split_plan(s->body, s->body_len, &s->split, &plan);
    if (status != 0) {
        on_submitted(call, status, NULL);
        return;
    }
    struct message m = {.sid = s->sid,
                        .account_id = s->account_id,
                        .direction = s->direction,
                        .status = MESSAGE_QUEUED,
                        .segments = plan.count,
                        .discard_body = s->discard_body,
                        .mask_to = s->mask_to};
    m.created_ms = m.updated_ms = clock_wall_ms();
    snprintf(m.from, sizeof m.from, "%s", s->from);
    snprintf(m.to, sizeof m.to, "%s", s->to);
    m.body = strndup(s->body, s->body_len);
    m.tags = s->tags != NULL ? strdup(s->tags) : NULL;
    json_t *resource = message_json(call, &m);
    message_fini(&m);
    json_object_del(json_object_get(resource, "subresource_uris"), "feedback");
    api_json(call, 201, resource);
}

void messages_create(struct api_call *call)
{
    const char *media[COMPOSE_MEDIA_MAX];
    struct compose_request request;
    struct composed composed;
    struct refusal refusal;
    read_create(call, media, &request);
    if (is_repeat(call, &request))
        return;
    if (form_find(&call->form, "To", 1) != NULL) {
        api_refuse(call, 400, 21653, "Only one 'To' number can be given.");
    } else if (!compose(call->rooms, &request, clock_wall_ms(), &composed, &refusal)) {
        api_refusal(call, &refusal);
    } else {
        if (request.account->test)
            answer_pretended(call, &composed.submission);
        else
            submit(call, &composed.submission);
        compose_fini(&composed);
    }
}

/* ---- list and fetch ---- */

struct reading {
    const struct api_call *call;
    struct message_filter *filter;
    bool by_date;
    struct page_fill fill;
};

static void add_row(void *arg, const struct message *m)
{
    struct reading *reading = arg;
    struct page_key key = {m->id, reading->by_date ? m->sent_ms : 0};
    if (page_takes(&reading->fill, &key))
        page_put(&reading->fill, message_json(reading->call, m));
}

static void walk(void *arg, const struct page_cut *cut)
{
    struct reading *reading = arg;
    struct message_filter *filter = reading->filter;
    filter->after_id = cut->after.id;
    filter->after_sent_ms = cut->after.sent_ms;
    filter->since_id = cut->since.id;
    filter->since_sent_ms = cut->since.sent_ms;
    filter->limit = cut->limit;
    queue_list(reading->call->rooms->queue, filter, add_row, reading);
}

void messages_list(struct api_call *call)
{
    const struct conf_daemon *conf = &call->rooms->conf->daemon;
    const struct number_plan plan = {conf->country, conf->trunk};
    char path[API_PATH_MAX];
    struct page page;
    struct filter filter;
    struct refusal refusal;
    if (!page_read(&call->query, &page, &refusal) || !filter_read(&call->query, &plan, &filter, &refusal)) {
        api_refusal(call, &refusal);
        return;
    }
    struct reading reading = {call, &filter.queue, filter.by_date, {.page = &page, .array = json_array()}};
    filter.queue.account_id = call->account_id;
    if (!filter.nothing)
        page_fill(&reading.fill, walk, &reading);
    api_uri(call, path, "/Messages.json");
    const struct page_list list = {path, "messages", FILTER_KEYS};
    api_json(call, 200, page_envelope(&page, &list, &call->query, reading.fill.array, &reading.fill.rows));
}

/* The message that the path names, into *m; else answers 404. */
static bool find_message(struct api_call *call, struct message *m)
{
    if (queue_message_by_sid(call->rooms->queue, call->account_id, &call->sid, m) == 0)
        return true;
    api_not_found(call);
    return false;
}

void messages_fetch(struct api_call *call)
{
    struct message m;
    if (!find_message(call, &m))
        return;
    json_t *resource = message_json(call, &m);
    message_fini(&m);
    api_json(call, 200, resource);
}

/* ---- update and delete ---- */

/* What an update is refused with when the state does not allow it. */
static const struct verb {
    void (*start)(struct queue *, int64_t id, durable_fn *, void *arg);
    durable_fn *done;
    int http, code;
    const char *why;
} CANCEL, REDACT, DELETE;

static void answer_verb(struct api_call *call, const struct verb *verb, int status)
{
    if (api_gone(call))
        return;
    if (status == -ENOENT)
        api_not_found(call);
    else if (status == -EBUSY)
        api_refuse(call, verb->http, verb->code, "%s", verb->why);
    else if (status != 0)
        api_broken(call);
    else if (verb == &DELETE)
        api_empty(call, 204);
    else
        answer_row(call, 200, call->row);
}

static void on_canceled(void *arg, int status)
{
    answer_verb(arg, &CANCEL, status);
}
static void on_redacted(void *arg, int status)
{
    answer_verb(arg, &REDACT, status);
}
static void on_deleted(void *arg, int status)
{
    answer_verb(arg, &DELETE, status);
}

static const struct verb CANCEL = {queue_cancel, on_canceled, 409, 30409,
                                   "Message cannot be canceled: it is being sent or final already."};
static const struct verb REDACT = {queue_redact, on_redacted, 400, 30400,
                                   "The body cannot be redacted before delivery has been completed."};
static const struct verb DELETE = {queue_delete, on_deleted, 409, 20009,
                                   "Cannot delete because delivery has not been completed."};

static void start_verb(struct api_call *call, const struct verb *verb)
{
    struct message m;
    if (!api_may_write(call) || !find_message(call, &m))
        return;
    bool unsure = m.unsure;
    call->row = m.id;
    message_fini(&m);
    if (unsure)
        api_refuse(call, 409, 30409,
                   "Whether the message was sent is not known yet; it cannot be changed until it is.");
    else
        verb->start(call->rooms->queue, call->row, verb->done, call);
}

void messages_update(struct api_call *call)
{
    const struct form_pair *body = form_find(&call->form, "Body", 0);
    const char *status = form_get(&call->form, "Status");
    struct message m;
    if (!find_message(call, &m)) /* before anything is said of the form */
        return;
    message_fini(&m);
    if ((body == NULL) == (status == NULL))
        api_refuse(call, 400, 30400, "Give either Body, empty, or Status=canceled.");
    else if (body != NULL && body->value_len > 0)
        api_refuse(call, 400, 30400, "Body can only be made empty.");
    else if (status != NULL && strcmp(status, "canceled") != 0)
        api_refuse(call, 400, 30400, "Status can only be set to canceled: %.32s", status);
    else
        start_verb(call, status != NULL ? &CANCEL : &REDACT);
}

void messages_delete(struct api_call *call)
{
    start_verb(call, &DELETE);
}
