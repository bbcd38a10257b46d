/* An operator's part of the engine: what it shows, and what may be changed while it runs. Rows are not
 * changed here (queue_hook_hurry, queue_hook_drop): only what is in memory. Never fails. */
#include <stdlib.h>
#include <string.h>

#include "host/facade/hook_internal.h"

void hooks_describe(struct hooks *hooks, const struct hook *hook, char sid[SID_TEXT],
                    char host[HOOK_HOST_MAX])
{
    struct message message;
    struct hook_destination to;
    sid[0] = host[0] = '\0';
    if (queue_message(hooks->rooms.queue, hook->message_id, &message) != 0)
        return;
    sid_format(&message.sid, message.mm ? "MM" : "SM", sid);
    hook_destination(hooks->rooms.directory, hook, &message, &to);
    char *wire = to.url != NULL ? hook_url_wire(to.url) : NULL;
    if (wire != NULL)
        hook_url_host(wire, host);
    free(wire);
    message_fini(&message);
}

void hooks_endpoints(struct hooks *hooks, void (*fn)(void *arg, const struct endpoint *), void *arg)
{
    for (const struct endpoint *endpoint = hooks->endpoints; endpoint != NULL; endpoint = endpoint->next)
        fn(arg, endpoint);
}

void hooks_trust(struct hooks *hooks, const char *host)
{
    for (struct endpoint *endpoint = hooks->endpoints; endpoint != NULL; endpoint = endpoint->next)
        if (host == NULL || strcmp(endpoint->host, host) == 0)
            endpoint->breaker = (struct hook_breaker){0};
    hooks_look_soon(hooks);
}

void hooks_refresh(struct hooks *hooks)
{
    for (struct work *work = hooks->works, *next; work != NULL; work = next) {
        next = work->next;
        if (work->state == WORK_HELD)
            work_free(work);
    }
    hooks_look_soon(hooks);
}
