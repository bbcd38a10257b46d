/* See empties.h. Also what is gone for good (the Messages resource under /SMS), and the balance, which is
 * always nothing: nobody is charged here. */
#include "host/facade/empties.h"

#include <stdio.h>
#include <string.h>

#include "host/facade/api.h"
#include "host/facade/listing.h"
#include "host/facade/path.h"

#define ROW(path, key) {API_ROOT "/{AC}" path, key},
static const struct {
    const char *path, *key;
} LISTS[] = {ROW("/Calls", "calls") EMPTY_LISTS(ROW)};
#undef ROW

static const char *key_of(const char *request_path)
{
    struct path path;
    struct path_ids ids;
    for (size_t i = 0; path_split(request_path, &path) && i < sizeof LISTS / sizeof LISTS[0]; i++)
        if (path_match(&path, LISTS[i].path, &ids))
            return LISTS[i].key;
    return NULL;
}

/* The request's own, as its links begin: with ".json". */
static void own_path(const char *request_path, char out[API_PATH_MAX])
{
    size_t len = strlen(request_path);
    bool json = len > 5 && strcmp(request_path + len - 5, ".json") == 0;
    snprintf(out, API_PATH_MAX, "%s%s", request_path, json ? "" : ".json");
}

void empties_list(struct api_call *call)
{
    const char *request_path = http_request(call->http)->path, *key = key_of(request_path);
    char path[API_PATH_MAX];
    if (key == NULL || strlen(request_path) + sizeof ".json" > sizeof path) {
        api_not_found(call);
        return;
    }
    const struct listing list = {.key = key};
    own_path(request_path, path);
    listing_answer(call, &list, path);
}

void empties_refuse(struct api_call *call)
{
    api_refuse(call, 404, 20404, "This gateway carries text messages only: there is no %.120s",
               http_request(call->http)->path);
}

void old_messages(struct api_call *call)
{
    api_refuse(call, 410, 20410, "SMS/Messages is gone, use Messages");
}

void balance_fetch(struct api_call *call)
{
    api_json(
        call, 200,
        json_pack("{s:s, s:s, s:s}", "account_sid", call->account, "balance", "0.00", "currency", "USD"));
}
