/* See hook_endpoint.h. A list: what is in use is at its head. */
#include "host/facade/hook_endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"

#define ENDPOINTS 256 /* remembered while idle */

void endpoints_trim(struct endpoint **list)
{
    size_t kept = 0;
    for (struct endpoint **link = list; *link != NULL;) {
        struct endpoint *endpoint = *link;
        if (endpoint->works > 0 || ++kept <= ENDPOINTS) {
            link = &endpoint->next;
            continue;
        }
        *link = endpoint->next;
        free(endpoint);
    }
}

void endpoints_free(struct endpoint **list)
{
    while (*list != NULL) {
        struct endpoint *next = (*list)->next;
        free(*list);
        *list = next;
    }
}

struct endpoint *endpoint_find(struct endpoint *list, const char *host)
{
    while (list != NULL && strcmp(list->host, host) != 0)
        list = list->next;
    return list;
}

struct endpoint *endpoint_of(struct endpoint **list, const char *host)
{
    struct endpoint **link = list, *endpoint;
    while (*link != NULL && strcmp((*link)->host, host) != 0)
        link = &(*link)->next;
    if ((endpoint = *link) != NULL) {
        *link = endpoint->next;
    } else {
        endpoint = calloc(1, sizeof *endpoint);
        if (endpoint == NULL)
            fatal("hooks: out of memory");
        snprintf(endpoint->host, sizeof endpoint->host, "%s", host);
    }
    endpoint->next = *list;
    *list = endpoint;
    return endpoint;
}

bool endpoint_has_place(const struct endpoint *endpoint, size_t running_in_all, size_t parallel)
{
    size_t most = endpoint->slow || parallel < 8 ? 1 : parallel / 4;
    return running_in_all < parallel && endpoint->running < most;
}

int64_t endpoints_probe_ms(const struct endpoint *list)
{
    int64_t first_ms = 0;
    for (; list != NULL; list = list->next)
        if (list->works > 0 && list->breaker.state == BREAKER_OPEN &&
            (first_ms == 0 || list->breaker.probe_ms < first_ms))
            first_ms = list->breaker.probe_ms;
    return first_ms;
}
