/* The Content API: templates of messages (HX...). What is sent is their "twilio/text"; other types are kept
 * beside it and have no effect, as an SMS is text. A template is never changed: make another. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/facade/api.h"
#include "host/facade/content.h"
#include "host/facade/listing.h"
#include "host/facade/template.h"
#include "host/sms/utf8.h"
#include "host/store/change.h"

#define PATH         "/v1/Content"
#define NAME_UNITS   256
#define LANGUAGE_MAX 16

/* ---- rows ---- */

static json_t *column_json(sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    json_t *value = text != NULL ? json_loads(text, 0, NULL) : NULL;
    return value != NULL ? value : json_object();
}

static void read_row(sqlite3_stmt *stmt, struct content *c)
{
    *c = (struct content){.id = sqlite3_column_int64(stmt, 0),
                          .friendly_name = store_column_text(stmt, 2),
                          .language = store_column_text(stmt, 3),
                          .variables = column_json(stmt, 4),
                          .types = column_json(stmt, 5),
                          .created_ms = sqlite3_column_int64(stmt, 6)};
    memcpy(c->sid.b, sqlite3_column_blob(stmt, 1), sizeof c->sid.b);
}

void content_fini(struct content *c)
{
    free(c->friendly_name);
    free(c->language);
    json_decref(c->variables);
    json_decref(c->types);
}

int content_find(struct store *store, int64_t account_id, const struct sid *sid, struct content *c)
{
    sqlite3_stmt *stmt = store_read_stmt(store, Q_CONTENT_BY_SID);
    store_bind_blob(stmt, ":sid", sid->b, sizeof sid->b);
    store_bind_int(stmt, ":account_id", account_id);
    bool found = store_step(store, stmt) == SQLITE_ROW;
    if (found)
        read_row(stmt, c);
    sqlite3_reset(stmt);
    return found ? 0 : -ENOENT;
}

/* ---- the resource ---- */

static json_t *content_json(const struct api_call *call, const struct content *c)
{
    char sid[SID_TEXT], url[API_URL_MAX];
    sid_format(&c->sid, "HX", sid);
    api_url(call, url, PATH "/%s", sid);
    return json_pack("{s:o, s:o, s:s, s:s, s:o, s:o, s:O, s:O, s:s, s:{s:o, s:o}}", "date_created",
                     api_date_iso(c->created_ms), "date_updated", api_date_iso(c->created_ms), "sid", sid,
                     "account_sid", call->account, "friendly_name", api_text(c->friendly_name), "language",
                     api_text(c->language), "variables", c->variables, "types", c->types, "url", url, "links",
                     "approval_create", json_sprintf("%s/ApprovalRequests/whatsapp", url), "approval_fetch",
                     json_sprintf("%s/ApprovalRequests", url));
}

/* The call's own, into *c; else answers 404. */
static bool find_content(struct api_call *call, struct content *c)
{
    if (content_find(call->rooms->store, call->account_id, &call->sid, c) == 0)
        return true;
    api_not_found(call);
    return false;
}

static void answer_content(struct api_call *call, int status)
{
    struct content c;
    if (!find_content(call, &c))
        return;
    json_t *resource = content_json(call, &c);
    content_fini(&c);
    api_json(call, status, resource);
}

void contents_fetch(struct api_call *call)
{
    answer_content(call, 200);
}

/* Approval is WhatsApp's; there is none to ask here. */
void contents_approval(struct api_call *call)
{
    char sid[SID_TEXT], url[API_URL_MAX];
    struct content c;
    if (!find_content(call, &c))
        return;
    content_fini(&c);
    sid_format(&call->sid, "HX", sid);
    api_url(call, url, PATH "/%s/ApprovalRequests", sid);
    api_json(call, 200,
             json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s, s:b}, s:s}", "sid", sid, "account_sid",
                       call->account, "whatsapp", "type", "whatsapp", "name", "", "category", "",
                       "content_type", "twilio/text", "status", "unsubmitted", "rejection_reason", "",
                       "allow_category_change", 1, "url", url));
}

/* ---- list ---- */

static sqlite3_stmt *page_stmt(const struct api_call *call, const struct page_cut *cut)
{
    bool since = cut->since.id != 0;
    sqlite3_stmt *stmt = store_read_stmt(call->rooms->store, since ? Q_CONTENT_SINCE : Q_CONTENT_OLDER);
    store_bind_int(stmt, ":account_id", call->account_id);
    store_bind_int(stmt, ":id", since ? cut->since.id : cut->after.id != 0 ? cut->after.id : INT64_MAX);
    store_bind_int(stmt, ":limit", (int64_t)cut->limit);
    return stmt;
}

static void walk(void *arg, const struct page_cut *cut)
{
    struct listing_rows *rows = arg;
    sqlite3_stmt *stmt = page_stmt(rows->call, cut);
    while (store_step(rows->call->rooms->store, stmt) == SQLITE_ROW) {
        struct content c;
        read_row(stmt, &c);
        if (page_takes(&rows->fill, &(struct page_key){.id = c.id}))
            page_put(&rows->fill, content_json(rows->call, &c));
        content_fini(&c);
    }
    sqlite3_reset(stmt);
}

void contents_list(struct api_call *call)
{
    static const struct listing LIST = {.key = "contents", .meta = true};
    char url[API_URL_MAX];
    api_url(call, url, PATH);
    listing_answer_rows(call, &LIST, url, walk);
}

/* ---- create ---- */

static bool check_body(const char *body, struct refusal *refusal)
{
    struct template_piece piece;
    enum template_step step;
    const char *at = body;
    if (*body == '\0' || utf8_utf16_len(body, strlen(body)) > CONTENT_BODY_UNITS)
        return refuse(refusal, 400, 20001, "types: the body of twilio/text has 1 to %d characters.",
                      CONTENT_BODY_UNITS);
    while ((step = template_next(&at, &piece)) == TEMPLATE_PIECE)
        ;
    return step == TEMPLATE_END ||
           refuse(
               refusal, 400, 20001,
               "types: \"%.24s\" in the body is no placeholder: that is {{name}}, 1 to %d letters, digits or "
               "underscores.",
               at, TEMPLATE_NAME_MAX);
}

static bool check_types(const json_t *types, struct refusal *refusal)
{
    const json_t *text = json_object_get(types, "twilio/text");
    if (!json_is_object(types))
        return refuse(refusal, 400, 20001,
                      "types is required: an object like {\"twilio/text\": {\"body\": \"Hi {{1}}\"}}.");
    if (text == NULL)
        return refuse(refusal, 400, 20001,
                      "types needs twilio/text: this gateway sends SMS, and no other type becomes one.");
    const char *body = json_string_value(json_object_get(text, "body"));
    return body != NULL ? check_body(body, refusal)
                        : refuse(refusal, 400, 20001, "types: twilio/text needs a body.");
}

static bool check_variables(json_t *variables, struct refusal *refusal)
{
    char why[160];
    if (variables == NULL || json_is_null(variables))
        return true;
    if (json_object_size(variables) > CONTENT_VARIABLES)
        return refuse(refusal, 400, 92002, "Invalid variables. The max amount of variables allowed is %d.",
                      CONTENT_VARIABLES);
    return content_variables_valid(variables, why) ||
           refuse(refusal, 400, 20001, "variables is not valid: %s.", why);
}

static bool check_language(const json_t *language, struct refusal *refusal)
{
    const char *text = json_string_value(language);
    size_t len = text != NULL ? strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-") : 0;
    return (len >= 2 && len <= LANGUAGE_MAX && text[len] == '\0') ||
           refuse(refusal, 400, 92004,
                  "Invalid language code: language is required, like \"en\" or \"pt_BR\".");
}

static bool check_name(const json_t *name, struct refusal *refusal)
{
    const char *text = json_string_value(name);
    return name == NULL || json_is_null(name) ||
           (text != NULL && utf8_utf16_len(text, strlen(text)) <= NAME_UNITS) ||
           refuse(refusal, 400, 20001, "friendly_name is a text of at most %d characters.", NAME_UNITS);
}

static bool check_create(const json_t *body, struct refusal *refusal)
{
    if (!json_is_object(body))
        return refuse(refusal, 400, 20001, "The body must be a JSON object with language and types.");
    return check_name(json_object_get(body, "friendly_name"), refusal) &&
           check_language(json_object_get(body, "language"), refusal) &&
           check_variables(json_object_get(body, "variables"), refusal) &&
           check_types(json_object_get(body, "types"), refusal);
}

static void change_json(struct store_change *change, const char *name, const json_t *value)
{
    char *text = json_is_object(value) ? json_dumps(value, JSON_COMPACT) : NULL;
    store_change_text(change, name, text != NULL ? text : "{}");
    free(text);
}

static void on_created(void *arg, int status)
{
    struct api_call *call = arg;
    if (api_fits(call, status, CONTENTS_MAX, "content templates"))
        answer_content(call, 201);
}

static struct store_change *change_of(struct api_call *call, enum query query, store_change_fn *fn)
{
    struct store_change *change = store_change_new(call->rooms->store, query, fn, call);
    store_change_blob(change, ":sid", call->sid.b, sizeof call->sid.b);
    store_change_int(change, ":account_id", call->account_id);
    return change;
}

static void insert(struct api_call *call)
{
    sid_new(&call->sid, clock_wall_ms());
    struct store_change *change = change_of(call, Q_CONTENT_INSERT, on_created);
    store_change_text(change, ":friendly_name",
                      json_string_value(json_object_get(call->json, "friendly_name")));
    store_change_text(change, ":language", json_string_value(json_object_get(call->json, "language")));
    change_json(change, ":variables", json_object_get(call->json, "variables"));
    change_json(change, ":types", json_object_get(call->json, "types"));
    store_change_int(change, ":now", clock_wall_ms());
    store_change_int(change, ":most", CONTENTS_MAX);
    store_change_none_means(change, -EDQUOT);
    store_change_submit(change);
}

void contents_create(struct api_call *call)
{
    struct refusal refusal;
    if (!check_create(call->json, &refusal))
        api_refusal(call, &refusal);
    else if (api_may_write(call))
        insert(call);
}

void contents_delete(struct api_call *call)
{
    if (api_may_write(call))
        store_change_submit(change_of(call, Q_CONTENT_DELETE, api_deleted));
}
