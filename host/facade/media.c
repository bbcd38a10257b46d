/* Media of a message: there is no MMS, so the list of every message is empty, in the form that SDKs read, and
 * no single medium exists. */
#include "host/facade/api.h"
#include "host/facade/filter.h"
#include "host/facade/listing.h"

static const char *const FILTERS[] = {"DateCreated", "DateCreated<", "DateCreated>", NULL};

/* They filter nothing, but a wrong one is told like that of any other list. */
static bool filters_valid(const struct form *query, struct refusal *refusal)
{
    for (const char *const *key = FILTERS; *key != NULL; key++) {
        struct date date;
        bool present;
        if (!filter_date(query, *key, &present, &date, refusal))
            return false;
    }
    return true;
}

void media_list(struct api_call *call)
{
    static const struct listing LIST = {.key = "media_list", .filters = FILTERS};
    char path[API_PATH_MAX], sid[SID_TEXT];
    struct message m;
    struct refusal refusal;
    if (queue_message_by_sid(call->rooms->queue, call->account_id, &call->sid, &m) != 0) {
        api_not_found(call);
        return;
    }
    sid_format(&m.sid, m.mm ? "MM" : "SM", sid);
    message_fini(&m);
    if (!filters_valid(&call->query, &refusal)) {
        api_refusal(call, &refusal);
        return;
    }
    api_uri(call, path, "/Messages/%s/Media.json", sid);
    listing_answer(call, &LIST, path);
}

/* Fetch and delete alike: there is none. */
void media_fetch(struct api_call *call)
{
    api_not_found(call);
}
