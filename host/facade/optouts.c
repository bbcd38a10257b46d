/* OptOuts: who wants no messages from whom. Twilio keeps this list to itself; here it can be read, filled
 * from another system, and corrected.
 *
 *   GET    /2010-04-01/Accounts/{AC}/OptOuts          filter Number; pages
 *   POST   /2010-04-01/Accounts/{AC}/OptOuts          Number, and From or MessagingServiceSid
 *   GET, DELETE  .../OptOuts/{OO}
 *   POST   /v1/Consents/Bulk                          Items, as Twilio's consent API has them */
#include "host/facade/optouts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"
#include "host/facade/api.h"
#include "host/facade/listing.h"

#define CONSENTS_MAX 25 /* items of one request, as Twilio's */

/* ---- senders ---- */

static const struct line *line_of(struct directory *directory, const char *text)
{
    struct sid sid;
    return sid_parse(text, "PN", &sid) ? directory_line_by_sid(directory, &sid)
                                       : directory_line_by_number(directory, text);
}

bool optouts_sender(struct directory *directory, int64_t account_id, const char *text,
                    struct optout_sender *out)
{
    struct sid sid;
    *out = (struct optout_sender){0};
    if (sid_parse(text, "MG", &sid)) {
        const struct service *service = directory_service_by_sid(directory, &sid);
        if (service != NULL)
            *out = (struct optout_sender){service->account_id, service->id, 0};
    } else {
        const struct line *line = line_of(directory, text);
        if (line != NULL)
            *out = (struct optout_sender){line->account_id, 0, line->id};
    }
    return out->account_id != 0 && (account_id == 0 || account_id == out->account_id);
}

void optouts_sender_text(struct directory *directory, const struct optout_sender *sender, char out[64])
{
    const struct service *service =
        sender->service_id != 0 ? directory_service(directory, sender->service_id) : NULL;
    const struct line *line = sender->line_id != 0 ? directory_line(directory, sender->line_id) : NULL;
    out[0] = '\0';
    if (service != NULL)
        sid_format(&service->sid, "MG", out);
    else if (line != NULL)
        snprintf(out, 64, "%s", line->number);
}

/* ---- the resource ---- */

static json_t *optout_json(const struct api_call *call, const struct optout_row *row)
{
    char sid[SID_TEXT], uri[API_PATH_MAX], sender[64];
    bool service = row->sender.service_id != 0;
    sid_format(&row->sid, "OO", sid);
    api_uri(call, uri, "/OptOuts/%s.json", sid);
    optouts_sender_text(call->rooms->directory, &row->sender, sender);
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:s, s:o, s:s}", "sid", sid, "account_sid", call->account,
                     "number", api_text(row->number), "from", service ? json_null() : api_text(sender),
                     "messaging_service_sid", service ? api_text(sender) : json_null(), "source", row->source,
                     "date_created", api_date(row->created_ms), "uri", uri);
}

/* ---- list ---- */

static void add_row(void *arg, const struct optout_row *row)
{
    struct listing_rows *rows = arg;
    if (page_takes(&rows->fill, &(struct page_key){.id = row->id}))
        page_put(&rows->fill, optout_json(rows->call, row));
}

static void walk(void *arg, const struct page_cut *cut)
{
    struct listing_rows *rows = arg;
    const struct optout_filter filter = {.account_id = rows->call->account_id,
                                         .number = form_get(&rows->call->query, "Number"),
                                         .after_id = cut->after.id,
                                         .since_id = cut->since.id,
                                         .limit = cut->limit};
    optout_list(rows->call->rooms->optout, &filter, add_row, rows);
}

void optouts_list(struct api_call *call)
{
    static const char *const FILTERS[] = {"Number", NULL};
    static const struct listing LIST = {.key = "opt_outs", .filters = FILTERS};
    char path[API_PATH_MAX];
    api_uri(call, path, "/OptOuts.json");
    listing_answer_rows(call, &LIST, path, walk);
}

/* ---- one ---- */

void optouts_fetch(struct api_call *call)
{
    struct optout_row row;
    if (optout_find_sid(call->rooms->optout, call->account_id, &call->sid, &row))
        api_json(call, 200, optout_json(call, &row));
    else
        api_not_found(call);
}

void optouts_delete(struct api_call *call)
{
    struct optout_row row;
    if (!optout_find_sid(call->rooms->optout, call->account_id, &call->sid, &row))
        api_not_found(call);
    else if (api_may_write(call))
        optout_remove(call->rooms->optout, &row.sender, row.number, api_deleted, call);
}

/* ---- create ---- */

struct adding {
    struct api_call *call;
    struct optout_sender sender;
    char number[NUMBER_MAX];
};

static void on_added(void *arg, int status)
{
    struct adding *adding = arg;
    struct api_call *call = adding->call;
    struct optout_row row;
    if (api_gone(call)) {
        /* nobody waits */
    } else if (status == 0 && optout_find(call->rooms->optout, &adding->sender, adding->number, &row)) {
        api_json(call, 201, optout_json(call, &row));
    } else {
        api_broken(call);
    }
    free(adding);
}

static bool read_number(const struct api_call *call, const char *text, char out[NUMBER_MAX])
{
    const struct conf_daemon *conf = &call->rooms->conf->daemon;
    const struct number_plan plan = {conf->country, conf->trunk};
    return text != NULL && number_parse(text, &plan, out) == NUMBER_E164;
}

void optouts_create(struct api_call *call)
{
    const char *number = form_get(&call->form, "Number"), *from = form_get(&call->form, "From"),
               *service = form_get(&call->form, "MessagingServiceSid");
    const char *sender = from != NULL ? from : service;
    struct adding adding = {.call = call};
    if (!read_number(call, number, adding.number)) {
        api_refuse(call, 400, 21211, "Number must be a phone number in E.164 form: %.48s",
                   number != NULL ? number : "");
    } else if (sender == NULL || (from != NULL && service != NULL)) {
        api_refuse(call, 400, 21603, "Give either From or MessagingServiceSid.");
    } else if (!optouts_sender(call->rooms->directory, call->account_id, sender, &adding.sender)) {
        api_refuse(call, 400, from != NULL ? 21606 : 21701, "%.48s is no sender of this account.", sender);
    } else if (api_may_write(call)) {
        struct adding *later = malloc(sizeof *later);
        if (later == NULL)
            fatal("out of memory");
        *later = adding;
        optout_add(call->rooms->optout, &later->sender, later->number, "api", on_added, later);
    }
}

/* ---- many at once ---- */

struct bulk {
    struct api_call *call;
    json_t *items;
    size_t waiting;
    bool failed;
};

static void bulk_end(struct bulk *bulk)
{
    if (bulk->waiting > 0)
        return;
    if (!api_gone(bulk->call)) {
        if (bulk->failed)
            api_broken(bulk->call);
        else
            api_json(bulk->call, 201, json_pack("{s:O}", "items", bulk->items));
    }
    json_decref(bulk->items);
    free(bulk);
}

static void on_consented(void *arg, int status)
{
    struct bulk *bulk = arg;
    bulk->waiting--;
    bulk->failed |= status != 0;
    bulk_end(bulk);
}

/* NULL, or what is wrong with the item. */
static const char *consent(struct bulk *bulk, const json_t *item)
{
    const struct facade_rooms *rooms = bulk->call->rooms;
    const char *contact = json_string_value(json_object_get(item, "contact_id")),
               *sender_id = json_string_value(json_object_get(item, "sender_id")),
               *status = json_string_value(json_object_get(item, "status"));
    char number[NUMBER_MAX];
    struct optout_sender sender;
    bool out = status != NULL && strcmp(status, "opt-out") == 0;
    if (!read_number(bulk->call, contact, number))
        return "contact_id must be a phone number in E.164 form";
    if (sender_id == NULL || !optouts_sender(rooms->directory, bulk->call->account_id, sender_id, &sender))
        return "sender_id must be a number or a messaging service of this account";
    if (!out && (status == NULL || (strcmp(status, "opt-in") != 0 && strcmp(status, "re-opt-in") != 0)))
        return "status must be opt-in, opt-out or re-opt-in";
    bulk->waiting++;
    if (out)
        optout_add(rooms->optout, &sender, number, "api", on_consented, bulk);
    else
        optout_remove(rooms->optout, &sender, number, on_consented, bulk);
    return NULL;
}

static void take_item(struct bulk *bulk, const char *text)
{
    json_t *item = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    const char *error = json_is_object(item) ? consent(bulk, item) : "an item must be a JSON object";
    json_t *id = json_object_get(item, "correlation_id");
    json_t *messages = error != NULL ? json_pack("[s]", error) : json_array();
    json_array_append_new(bulk->items, json_pack("{s:O?, s:i, s:o}", "correlation_id", id, "error_code",
                                                 error != NULL ? 20001 : 0, "error_messages", messages));
    json_decref(item);
}

void consents_bulk(struct api_call *call)
{
    const struct form_pair *pair;
    size_t count = 0;
    while (form_find(&call->form, "Items", count) != NULL)
        count++;
    if (count == 0 || count > CONSENTS_MAX) {
        api_refuse(call, 400, 20001, "Items must be given 1 to %d times.", CONSENTS_MAX);
        return;
    }
    if (!api_may_write(call))
        return;
    struct bulk *bulk = calloc(1, sizeof *bulk);
    if (bulk == NULL)
        fatal("out of memory");
    *bulk = (struct bulk){.call = call, .items = json_array(), .waiting = 1};
    for (size_t i = 0; (pair = form_find(&call->form, "Items", i)) != NULL; i++)
        take_item(bulk, pair->value);
    bulk->waiting--;
    bulk_end(bulk);
}
