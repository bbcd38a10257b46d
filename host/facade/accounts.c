/* Accounts: the one that asks and its subaccounts, or each for a trusted local peer. Fetching it is how
 * programs test their credentials; subaccounts are tenants, made and suspended over the API by the auth token
 * of their main account. Test credentials are the operator's to make and in no list.
 *
 * An account that is suspended or closed sends no more: what waits of it is ended (30002, or canceled), from
 * the moment that its status is on disk, and again after a restart. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/facade/api.h"
#include "host/facade/date.h"
#include "host/facade/listing.h"

#define SUBACCOUNTS_MAX 1000 /* of a main account; those that were closed do not count */
#define ERROR_SUSPENDED 30002

static const char *const STATUS[] = {
    [ACCOUNT_ACTIVE] = "active", [ACCOUNT_SUSPENDED] = "suspended", [ACCOUNT_CLOSED] = "closed"};

static json_t *subresources(const char *sid)
{
    static const char *const NAMES[][2] = {{"messages", "Messages"},
                                           {"incoming_phone_numbers", "IncomingPhoneNumbers"},
                                           {"keys", "Keys"},
                                           {"signing_keys", "SigningKeys"}};
    json_t *uris = json_object();
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        char uri[API_PATH_MAX];
        snprintf(uri, sizeof uri, API_ROOT "/%s/%s.json", sid, NAMES[i][1]);
        json_object_set_new(uris, NAMES[i][0], json_string(uri));
    }
    return uris;
}

/* The token goes to who has it already or could have a new one made: the account itself, its owner, or a peer
 * with the daemon's own rights. Never to a key. */
static json_t *account_json(const struct api_call *call, const struct account *a)
{
    char sid[SID_TEXT], owner[SID_TEXT], uri[API_PATH_MAX];
    const struct account *main = directory_account(call->rooms->directory, a->owner_id);
    sid_format(&a->sid, "AC", sid);
    sid_format(main != NULL ? &main->sid : &a->sid, "AC", owner);
    snprintf(uri, sizeof uri, API_ROOT "/%s.json", sid);
    return json_pack("{s:o, s:o, s:o, s:o, s:s, s:s, s:s, s:o, s:s, s:s}", "auth_token",
                     api_text(call->by_key ? NULL : a->token), "date_created", api_date(a->created_ms),
                     "date_updated", api_date(a->updated_ms), "friendly_name", api_text(a->friendly_name),
                     "owner_account_sid", owner, "sid", sid, "status", STATUS[a->status], "subresource_uris",
                     subresources(sid), "type", "Full", "uri", uri);
}

void accounts_fetch(struct api_call *call)
{
    api_json(call, 200, account_json(call, directory_account(call->rooms->directory, call->account_id)));
}

/* ---- list ---- */

static bool is_seen(const struct api_call *call, const struct account *a)
{
    return a->id == call->account_id ||
           (!a->test && (call->trusted || (a->owner_id == call->account_id && !call->by_key)));
}

static bool wanted(const struct api_call *call, const struct account *a)
{
    const char *name = form_get(&call->query, "FriendlyName"), *status = form_get(&call->query, "Status");
    return is_seen(call, a) &&
           (name == NULL || (a->friendly_name != NULL && strcmp(name, a->friendly_name) == 0)) &&
           (status == NULL || strcasecmp(status, STATUS[a->status]) == 0);
}

static const void *next_wanted(const struct api_call *call, size_t *n, int64_t *id)
{
    const struct account *a;
    do
        a = directory_account_at(call->rooms->directory, (*n)++);
    while (a != NULL && !wanted(call, a));
    *id = a != NULL ? a->id : 0;
    return a;
}

static json_t *row_json(const struct api_call *call, const void *row)
{
    return account_json(call, row);
}

void accounts_list(struct api_call *call)
{
    static const char *const FILTERS[] = {"FriendlyName", "Status", NULL};
    static const struct listing LIST = {"accounts", FILTERS, false, next_wanted, row_json};
    listing_answer(call, &LIST, API_ROOT ".json");
}

/* ---- create ---- */

static void on_created(void *arg, int status)
{
    struct api_call *call = arg;
    if (api_gone(call))
        return;
    const struct account *made = directory_account_by_sid(call->rooms->directory, &call->sid);
    if (status != 0 || made == NULL)
        api_broken(call);
    else
        api_json(call, 201, account_json(call, made));
}

static size_t subaccounts(struct directory *directory, int64_t owner_id)
{
    const struct account *a;
    size_t count = 0;
    for (size_t n = 0; (a = directory_account_at(directory, n)) != NULL; n++)
        count += a->owner_id == owner_id && !a->test && a->status != ACCOUNT_CLOSED;
    return count;
}

static void refuse_name(struct api_call *call)
{
    api_refuse(call, 400, 20002, "FriendlyName must have 1 to 64 characters.");
}

/* "SubAccount Created at 2026-01-31 09:05 pm", in UTC. */
static void name_by_time(char out[64])
{
    char at[DATE_TEXT];
    date_iso(clock_wall_ms(), at);
    int hour = (at[11] - '0') * 10 + at[12] - '0';
    snprintf(out, 64, "SubAccount Created at %.10s %02d:%.2s %s", at, (hour + 11) % 12 + 1, at + 14,
             hour < 12 ? "am" : "pm");
}

void accounts_create(struct api_call *call)
{
    struct directory *directory = call->rooms->directory;
    const struct account *asks = directory_account(directory, call->asks_id);
    const char *name = form_get(&call->form, "FriendlyName");
    char token[33], made_at[64];
    if (!api_by_token(call))
        return;
    if (asks->owner_id != 0) {
        api_refuse(call, 403, 20006, "Access Denied: only a main account has subaccounts.");
        return;
    }
    if (subaccounts(directory, asks->id) >= SUBACCOUNTS_MAX) {
        api_full(call, SUBACCOUNTS_MAX, "subaccounts that are not closed");
        return;
    }
    if (!api_may_write(call))
        return;
    name_by_time(made_at);
    if (directory_subaccount_create(directory, asks->id, false,
                                    name != NULL && *name != '\0' ? name : made_at, &call->sid, token,
                                    on_created, call) != 0)
        refuse_name(call);
    explicit_bzero(token, sizeof token);
}

/* ---- update ---- */

static void on_stopped(void *arg, int status)
{
    (void)arg;
    if (status != 0)
        log_event(LOG_ERROR, "account.stop_failed", "reason=\"%s\"", strerror(-status));
}

static void stop_sending(const struct facade_rooms *rooms, const struct account *account)
{
    enum account_status standing = directory_account_standing(rooms->directory, account);
    if (standing != ACCOUNT_ACTIVE)
        queue_account_stop(rooms->queue, account->id, standing == ACCOUNT_SUSPENDED ? ERROR_SUSPENDED : 0,
                           on_stopped, NULL);
}

void accounts_resume(const struct facade_rooms *rooms)
{
    const struct account *a;
    for (size_t n = 0; (a = directory_account_at(rooms->directory, n)) != NULL; n++)
        stop_sending(rooms, a);
}

static void on_updated(void *arg, int status)
{
    struct api_call *call = arg;
    if (api_gone(call))
        return;
    const struct account *account = directory_account(call->rooms->directory, call->account_id);
    if (status == -EPERM) {
        api_refuse(call, 409, 20409, "A closed account stays closed.");
    } else if (status != 0) {
        api_broken(call);
    } else {
        log_event(LOG_INFO, "account.updated", "sid=%s status=%s", call->account, STATUS[account->status]);
        stop_sending(call->rooms, account);
        accounts_fetch(call);
    }
}

static bool read_status(const char *text, enum account_status *status)
{
    for (size_t i = 0; i < sizeof STATUS / sizeof STATUS[0]; i++)
        if (strcmp(text, STATUS[i]) == 0) {
            *status = (enum account_status)i;
            return true;
        }
    return false;
}

static bool check_update(struct api_call *call, const struct account *account, enum account_status *status,
                         struct refusal *refusal)
{
    const char *text = form_get(&call->form, "Status");
    *status = account->status;
    if (account->status == ACCOUNT_CLOSED)
        return refuse(refusal, 409, 20409, "A closed account stays closed.");
    if (text != NULL && !read_status(text, status))
        return refuse(refusal, 400, 20001, "Status must be active, suspended or closed: %.32s", text);
    if (*status != account->status && (account->owner_id == 0 || account->id == call->asks_id))
        return refuse(refusal, 403, 20006,
                      "Access Denied: the status of a subaccount is its main account's to change, that of a "
                      "main account the operator's.");
    return true;
}

void accounts_update(struct api_call *call)
{
    struct directory *directory = call->rooms->directory;
    const struct account *account = directory_account(directory, call->account_id);
    enum account_status status;
    struct refusal refusal;
    if (!api_by_token(call))
        return;
    if (!check_update(call, account, &status, &refusal))
        api_refusal(call, &refusal);
    else if (api_may_write(call) &&
             directory_account_update(directory, account->id, form_get(&call->form, "FriendlyName"), status,
                                      on_updated, call) != 0)
        refuse_name(call);
}
