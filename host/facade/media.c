/* Media of a message: there is no MMS, so the list of every message is empty, in the form that SDKs read. */
#include "host/facade/api.h"

void media_list(struct api_call *call)
{
    static const char *const FILTERS[] = {"DateCreated", "DateCreated<", "DateCreated>", NULL};
    char path[API_PATH_MAX], sid[SID_TEXT];
    struct message m;
    struct page page;
    struct refusal refusal;
    if (queue_message_by_sid(call->rooms->queue, call->account_id, &call->sid, &m) != 0) {
        api_not_found(call);
        return;
    }
    sid_format(&m.sid, m.mm ? "MM" : "SM", sid);
    message_fini(&m);
    if (!page_read(&call->query, &page, &refusal)) {
        api_refusal(call, &refusal);
        return;
    }
    api_uri(call, path, "/Messages/%s/Media.json", sid);
    const struct page_list list = {path, "media_list", FILTERS};
    api_json(call, 200, page_envelope(&page, &list, &call->query, json_array(), &(struct page_rows){0}));
}
