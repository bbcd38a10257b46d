/* Keys and SigningKeys: the same keys under two names, as both are asked for by clients. An auth token makes
 * them, for its own account or a subaccount; a key makes none (403/20006). The secret is in the answer that
 * made it and nowhere after. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"
#include "host/facade/api.h"

static json_t *key_json(const struct api_key *key)
{
    char sid[SID_TEXT];
    sid_format(&key->sid, "SK", sid);
    return json_pack("{s:s, s:o, s:o, s:o}", "sid", sid, "friendly_name", api_text(key->friendly_name),
                     "date_created", api_date(key->created_ms), "date_updated", api_date(key->updated_ms));
}

/* ---- list ---- */

struct listing {
    struct page_walk walk;
    json_t *array;
};

static void on_count(void *arg, const struct api_key *key)
{
    struct listing *listing = arg;
    page_count(&listing->walk, key->id);
}

static void on_row(void *arg, const struct api_key *key)
{
    struct listing *listing = arg;
    if (page_has(&listing->walk, key->id))
        json_array_append_new(listing->array, key_json(key));
}

void keys_list(struct api_call *call)
{
    static const char *const FILTERS[] = {NULL};
    char path[API_PATH_MAX];
    struct page page;
    struct refusal refusal;
    if (!api_by_token(call))
        return;
    if (!page_read(&call->query, &page, &refusal)) {
        api_refusal(call, &refusal);
        return;
    }
    struct listing listing = {.walk = {.page = &page}, .array = json_array()};
    directory_keys(call->rooms->directory, call->account_id, on_count, &listing);
    directory_keys(call->rooms->directory, call->account_id, on_row, &listing);
    bool signing = strstr(http_request(call->http)->path, "/SigningKeys") != NULL;
    api_uri(call, path, signing ? "/SigningKeys.json" : "/Keys.json");
    const struct page_list list = {path, signing ? "signing_keys" : "keys", FILTERS};
    api_json(call, 200, page_envelope(&page, &list, &call->query, listing.array, &listing.walk.rows));
}

/* ---- one ---- */

static void show(struct api_call *call, int status, const char *secret)
{
    struct api_key key;
    if (directory_key(call->rooms->directory, call->account_id, &call->sid, &key) != 0) {
        api_not_found(call);
        return;
    }
    json_t *json = key_json(&key);
    if (secret != NULL)
        json_object_set_new(json, "secret", json_string(secret));
    api_key_fini(&key);
    api_json(call, status, json);
}

void keys_fetch(struct api_call *call)
{
    if (api_by_token(call))
        show(call, 200, NULL);
}

/* ---- changes ---- */

static void refuse_name(struct api_call *call)
{
    api_refuse(call, 400, 20002, "FriendlyName is longer than 64 characters.");
}

struct making {
    struct api_call *call;
    char secret[KEY_SECRET_LEN + 1];
};

static void on_created(void *arg, int status)
{
    struct making *making = arg;
    struct api_call *call = making->call;
    if (api_gone(call)) {
    } else if (status == -ENOSPC) {
        api_full(call, KEYS_MAX, "keys");
    } else if (status != 0) {
        api_broken(call);
    } else {
        show(call, 201, making->secret);
    }
    explicit_bzero(making, sizeof *making);
    free(making);
}

void keys_create(struct api_call *call)
{
    const char *name = form_get(&call->form, "FriendlyName");
    if (!api_by_token(call) || !api_may_write(call))
        return;
    struct making *making = calloc(1, sizeof *making);
    if (making == NULL)
        fatal("out of memory");
    making->call = call;
    if (directory_key_create(call->rooms->directory, call->account_id, name != NULL ? name : "", &call->sid,
                             making->secret, on_created, making) == 0)
        return;
    free(making);
    refuse_name(call);
}

static void on_renamed(void *arg, int status)
{
    struct api_call *call = arg;
    if (api_stands(call, status))
        show(call, 200, NULL);
}

void keys_update(struct api_call *call)
{
    const char *name = form_get(&call->form, "FriendlyName");
    if (!api_by_token(call) || !api_may_write(call))
        return;
    if (name == NULL)
        show(call, 200, NULL);
    else if (directory_key_rename(call->rooms->directory, call->account_id, &call->sid, name, on_renamed,
                                  call) != 0)
        refuse_name(call);
}

void keys_delete(struct api_call *call)
{
    if (api_by_token(call) && api_may_write(call))
        directory_key_delete(call->rooms->directory, call->account_id, &call->sid, api_deleted, call);
}
