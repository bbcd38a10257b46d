/* Accounts: the one that asks, or each for a trusted local peer. Fetching it is how programs test their
 * credentials. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "host/facade/api.h"

static const char *const STATUS[] = {
    [ACCOUNT_ACTIVE] = "active", [ACCOUNT_SUSPENDED] = "suspended", [ACCOUNT_CLOSED] = "closed"};

static json_t *subresources(const char *sid)
{
    static const char *const NAMES[][2] = {{"messages", "Messages"},
                                           {"incoming_phone_numbers", "IncomingPhoneNumbers"}};
    json_t *uris = json_object();
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        char uri[API_PATH_MAX];
        snprintf(uri, sizeof uri, API_ROOT "/%s/%s.json", sid, NAMES[i][1]);
        json_object_set_new(uris, NAMES[i][0], json_string(uri));
    }
    return uris;
}

/* The token goes to who has it already: the account itself, or a peer with the daemon's own rights. */
static json_t *account_json(const struct account *a)
{
    char sid[SID_TEXT], uri[API_PATH_MAX];
    sid_format(&a->sid, "AC", sid);
    snprintf(uri, sizeof uri, API_ROOT "/%s.json", sid);
    return json_pack("{s:s, s:o, s:o, s:o, s:s, s:s, s:s, s:o, s:s, s:s}", "auth_token", a->token,
                     "date_created", api_date(a->created_ms), "date_updated", api_date(a->updated_ms),
                     "friendly_name", api_text(a->friendly_name), "owner_account_sid", sid, "sid", sid,
                     "status", STATUS[a->status], "subresource_uris", subresources(sid), "type", "Full",
                     "uri", uri);
}

void accounts_fetch(struct api_call *call)
{
    api_json(call, 200, account_json(directory_account(call->rooms->directory, call->account_id)));
}

static bool wanted(const struct api_call *call, const struct account *a)
{
    const char *name = form_get(&call->query, "FriendlyName"), *status = form_get(&call->query, "Status");
    return (call->trusted || a->id == call->account_id) &&
           (name == NULL || (a->friendly_name != NULL && strcmp(name, a->friendly_name) == 0)) &&
           (status == NULL || strcasecmp(status, STATUS[a->status]) == 0);
}

static const struct account *next_wanted(const struct api_call *call, size_t *n)
{
    const struct account *a;
    do
        a = directory_account_at(call->rooms->directory, (*n)++);
    while (a != NULL && !wanted(call, a));
    return a;
}

void accounts_list(struct api_call *call)
{
    static const char *const FILTERS[] = {"FriendlyName", "Status", NULL};
    static const struct page_list LIST = {API_ROOT ".json", "accounts", FILTERS};
    struct page page;
    struct refusal refusal;
    if (!page_read(&call->query, &page, &refusal)) {
        api_refusal(call, &refusal);
        return;
    }
    struct page_walk walk = {.page = &page};
    json_t *array = json_array();
    const struct account *a;
    for (size_t n = 0; (a = next_wanted(call, &n)) != NULL;)
        page_count(&walk, a->id);
    for (size_t n = 0; (a = next_wanted(call, &n)) != NULL;)
        if (page_has(&walk, a->id))
            json_array_append_new(array, account_json(a));
    api_json(call, 200, page_envelope(&page, &LIST, &call->query, array, &walk.rows));
}
