/* `cellpost hooks`: what is owed to applications, what was given up, and an operator's word about it.
 *
 * Whose host a hook is depends on URLs that may have been changed since, so it is looked up for each. All
 * rows are walked in pages, one a turn of the loop, so that a long backlog holds up nobody; the answer comes
 * when every change is on disk. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/daemon.h"

#define PAGE       128
#define SHOWN_MOST 200

enum action { ACTION_LIST, ACTION_RETRY, ACTION_DROP };

struct walk {
    struct daemon *daemon;
    struct ctl_call *call;
    enum action action;
    char host[HOOK_HOST_MAX];             /* "" = all, or the message's */
    int64_t message_id;                   /* 0 = any */
    bool dead, ended;                     /* the pending come first */
    struct hook last;                     /* the walk goes on after it */
    size_t found[2], shown, open, failed; /* pending, dead; changes that are not on disk yet */
    struct timer next;
};

static void walk_finish(struct walk *walk)
{
    if (!walk->ended || walk->open > 0)
        return;
    if (walk->action == ACTION_LIST && walk->shown < walk->found[0] + walk->found[1])
        ctl_line(walk->call, "only the first %d are shown", SHOWN_MOST);
    if (walk->action != ACTION_LIST)
        hooks_refresh(walk->daemon->hooks);
    ctl_line(walk->call, "pending=%zu dead=%zu", walk->found[0], walk->found[1]);
    if (walk->failed > 0)
        ctl_err(walk->call, "%zu could not be changed: settled meanwhile", walk->failed);
    else
        ctl_ok(walk->call);
    timer_stop(&walk->next);
    free(walk);
}

static void on_changed(void *arg, int status)
{
    struct walk *walk = arg;
    walk->open--;
    walk->failed += status != 0;
    walk_finish(walk);
}

static void print_hook(struct walk *walk, const struct hook *hook, const char *sid, const char *host)
{
    char when[48], at[25], quoted[HOOK_HOST_MAX + 8];
    if (walk->shown == SHOWN_MOST)
        return;
    walk->shown++;
    if (walk->dead) {
        clock_format(hook->created_ms, at);
        snprintf(when, sizeof when, "dead=%s", at);
    } else if (hook->due_ms == 0) {
        snprintf(when, sizeof when, "waits_for=earlier");
    } else {
        int64_t wait_ms = hook->due_ms - clock_wall_ms();
        snprintf(when, sizeof when, "due_in_s=%" PRId64, wait_ms > 0 ? wait_ms / 1000 : 0);
    }
    ctl_line(walk->call, "%s status=%s host=%s tries=%d %s", sid, message_status_text(hook->status),
             log_quote(host, strlen(host), quoted, sizeof quoted), hook->tries, when);
}

static void act(struct walk *walk, const struct hook *hook)
{
    char sid[SID_TEXT], host[HOOK_HOST_MAX];
    if (walk->message_id != 0 && hook->message_id != walk->message_id)
        return;
    hooks_describe(walk->daemon->hooks, hook, sid, host);
    if (walk->host[0] != '\0' && strcmp(walk->host, host) != 0)
        return;
    walk->found[walk->dead]++;
    if (walk->action == ACTION_LIST) {
        print_hook(walk, hook, sid, host);
        return;
    }
    walk->open++;
    if (walk->action == ACTION_RETRY)
        queue_hook_hurry(walk->daemon->queue, hook->id, on_changed, walk);
    else
        queue_hook_drop(walk->daemon->queue, hook->id, on_changed, walk);
}

/* After this comes the first row; of one message its own. */
static void walk_from_start(struct walk *walk)
{
    walk->last = (struct hook){.message_id = walk->message_id};
}

static void on_page(void *arg)
{
    struct walk *walk = arg;
    struct hook hooks[PAGE];
    size_t count = queue_hooks_walk(walk->daemon->queue, walk->dead, &walk->last, hooks, PAGE);
    for (size_t i = 0; i < count; i++)
        act(walk, &hooks[i]);
    if (count > 0)
        walk->last = hooks[count - 1];
    bool all = count < PAGE || (walk->message_id != 0 && walk->last.message_id > walk->message_id);
    walk->ended = all && walk->dead;
    if (all && !walk->dead) {
        walk->dead = true;
        walk_from_start(walk);
    }
    if (!walk->ended)
        timer_set(&walk->next, 0);
    walk_finish(walk);
}

static void print_endpoint(void *arg, const struct endpoint *endpoint)
{
    struct walk *walk = arg;
    char quoted[HOOK_HOST_MAX + 8];
    if (walk->host[0] != '\0' && strcmp(walk->host, endpoint->host) != 0)
        return;
    int64_t probe_ms =
        endpoint->breaker.state == BREAKER_OPEN ? endpoint->breaker.probe_ms - clock_mono_ms() : 0;
    ctl_line(walk->call,
             "endpoint=%s breaker=%s failures=%d probe_in_s=%" PRId64 " running=%zu held=%zu slow=%s",
             log_quote(endpoint->host, strlen(endpoint->host), quoted, sizeof quoted),
             hook_breaker_text(endpoint->breaker.state), endpoint->breaker.failures,
             probe_ms > 0 ? (probe_ms + 999) / 1000 : 0, endpoint->running,
             endpoint->works - endpoint->running, endpoint->slow ? "yes" : "no");
}

/* False: answered already. */
static bool read_target(struct walk *walk, const char *target)
{
    struct sid sid;
    struct message message;
    bool is_sid = sid_parse(target, "SM", &sid) || sid_parse(target, "MM", &sid);
    if (is_sid && queue_message_by_sid(walk->daemon->queue, 0, &sid, &message) != 0) {
        ctl_err(walk->call, "no message %s", target);
        return false;
    }
    if (is_sid) {
        walk->message_id = message.id;
        message_fini(&message);
    } else if (strcmp(target, "all") != 0 && strchr(target, ':') == NULL) {
        ctl_err(walk->call, "give a SID, HOST:PORT as `cellpost hooks list` shows it, or all, not '%s'",
                target);
        return false;
    } else if (strcmp(target, "all") != 0) {
        snprintf(walk->host, sizeof walk->host, "%s", target);
    }
    return true;
}

void verb_hooks(void *arg, struct ctl_call *call, int argc, char **argv)
{
    static const char *const words[] = {
        [ACTION_LIST] = "list", [ACTION_RETRY] = "retry", [ACTION_DROP] = "drop"};
    size_t action = 0;
    while (action < 3 && strcmp(argv[1], words[action]) != 0)
        action++;
    bool everything = argc < 3 || strcmp(argv[2], "all") == 0;
    if (action == 3 || (action == ACTION_RETRY && argc < 3) || (action == ACTION_DROP && everything)) {
        ctl_err(call, "usage: hooks list [SID|HOST:PORT] | retry SID|HOST:PORT|all | drop SID|HOST:PORT");
        return;
    }
    struct walk *walk = calloc(1, sizeof *walk);
    if (walk == NULL)
        fatal("out of memory");
    walk->daemon = arg;
    walk->call = call;
    walk->action = (enum action)action;
    if (argc == 3 && !read_target(walk, argv[2])) {
        free(walk);
        return;
    }
    walk_from_start(walk);
    ctl_hold(call);
    if (action == ACTION_LIST)
        hooks_endpoints(walk->daemon->hooks, print_endpoint, walk);
    if (action == ACTION_RETRY)
        hooks_trust(walk->daemon->hooks, walk->host[0] != '\0' ? walk->host : NULL);
    timer_init(&walk->next, walk->daemon->loop, on_page, walk);
    timer_set(&walk->next, 0);
}
