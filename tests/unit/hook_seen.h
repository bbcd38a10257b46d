/* The notifications of a hook world's account, as they were written. */
#ifndef CELLPOST_TESTS_HOOK_SEEN_H
#define CELLPOST_TESTS_HOOK_SEEN_H

#include "hook_world.h"

#include "host/queue/notification.h"

static struct notification seen;
static char seen_text[8192], seen_url[4096], seen_variables[8192], seen_headers[8192], seen_body[8192];

static inline void keep(void *arg, const struct notification *n)
{
    ++*(int *)arg;
    seen = *n;
    snprintf(seen_text, sizeof seen_text, "%s", n->text);
    snprintf(seen_url, sizeof seen_url, "%s", n->url);
    snprintf(seen_variables, sizeof seen_variables, "%s", n->variables);
    snprintf(seen_headers, sizeof seen_headers, "%s", n->headers);
    snprintf(seen_body, sizeof seen_body, "%s", n->body);
}

/* How many there are; the oldest is in `seen`. */
static inline int look(struct world *world, int log)
{
    int count = 0;
    struct notification_filter filter = {.account_id = directory_account_at(world->directory, 0)->id,
                                         .log = log,
                                         .to_ms = INT64_MAX,
                                         .limit = 100};
    clock_advance(50); /* what nobody waits for shares a later commit */
    for (int i = 0; i < 5; i++)
        loop_turn(world->loop, 0);
    size_t found = queue_notifications(world->queue, &filter, keep, &count);
    assert_int_equal(found, count);
    return count;
}

#endif
