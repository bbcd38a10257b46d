/* The engine: which hooks are tried now, and what is written down afterwards.
 *
 * A hook that the queue calls due becomes a `work`: held while its endpoint is busy, trying, settling until
 * its outcome is on disk. All rows that are works are the `busy` list of the next question to the queue, so
 * that none is seen twice. Nothing else is kept in RAM: after a crash the row is still due, and goes out
 * again under the same token.
 *
 * Fairness: hook_endpoint.h. One whose breaker is open is left alone: its hooks wait, which costs them no
 * try; an inbound one with a fallback URL goes there at once. When one that is slow, or has more to do than
 * it can, fills the list, half of its works are put off as if tried, so that the list never stands in the
 * others' way.
 *
 * Fails: an outcome that cannot be stored is logged, and its hook rests until the next start: rather late
 * than again and again. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/facade/hook_internal.h"
#include "host/facade/hook_notice.h"
#include "host/facade/hook_params.h"
#include "host/facade/hook_reply.h"
#include "host/facade/hook_rule.h"
#include "host/facade/hook_url.h"
#include "host/facade/keyword.h"

#define WORKS_MAX    2048 /* known at once */
#define PAGE         64
#define SCAN_MS      100     /* between two questions to the queue while there is work enough */
#define SLOW_MS      2000    /* a try that takes so long makes its endpoint slow */
#define HELD_MS      5000    /* works of one endpoint that fill the list for so long are too many */
#define CLOSED_MS    1000    /* the disk is full: nothing could be written down */
#define AWAY_MOST_MS 3600000 /* a hook of an endpoint that is down is put off for so long at most */

/* ---- works ---- */

static struct work *work_new(struct hooks *hooks, const struct hook *hook)
{
    struct work *work = calloc(1, sizeof *work);
    if (work == NULL)
        fatal("hooks: out of memory");
    work->hooks = hooks;
    work->hook = *hook;
    work->known_ms = clock_mono_ms();
    *hooks->works_end = work;
    hooks->works_end = &work->next;
    hooks->work_count++;
    return work;
}

static void work_leave_endpoint(struct work *work)
{
    if (work->endpoint == NULL)
        return;
    work->endpoint->works--;
    work->endpoint = NULL;
    endpoints_trim(&work->hooks->endpoints);
}

void work_free(struct work *work)
{
    struct hooks *hooks = work->hooks;
    struct work **link = &hooks->works;
    while (*link != work)
        link = &(*link)->next;
    *link = work->next;
    if (hooks->works_end == &work->next)
        hooks->works_end = link;
    hooks->work_count--;
    work_leave_endpoint(work);
    hook_try_cancel(work->try);
    message_fini(&work->message);
    free(work);
}

static void tell_stopped(struct hooks *hooks)
{
    void (*fn)(void *arg) = hooks->stopped;
    hooks->stopped = NULL;
    timer_stop(&hooks->grace);
    if (fn != NULL)
        fn(hooks->stopped_arg);
}

static bool has_open_work(const struct hooks *hooks)
{
    for (const struct work *work = hooks->works; work != NULL; work = work->next)
        if (work->state == WORK_TRYING || work->state == WORK_SETTLING)
            return true;
    return false;
}

void hooks_look_soon(struct hooks *hooks)
{
    if (!hooks->stopping)
        timer_set(&hooks->soon, 0);
}

/* ---- settling ---- */

static void on_settled(void *arg, int status);

static void settle(struct work *work, const struct hook_settlement *settlement)
{
    static const char *const events[] = {[HOOK_DONE] = "hook.done",
                                         [HOOK_RETRY] = "hook.retry",
                                         [HOOK_DEAD] = "hook.dead",
                                         [HOOK_NO_URL] = "hook.no_url",
                                         [HOOK_WAIT] = "hook.wait"};
    struct hooks *hooks = work->hooks;
    char quoted[HOOK_DETAIL_MAX * 2], url[HOOK_BRIEF_MAX + 8];
    const char *detail = settlement->detail != NULL ? settlement->detail : "";
    static const enum log_level levels[] = {[HOOK_DONE] = LOG_INFO,
                                            [HOOK_RETRY] = LOG_INFO,
                                            [HOOK_DEAD] = LOG_ERROR,
                                            [HOOK_NO_URL] = LOG_DEBUG,
                                            [HOOK_WAIT] = LOG_DEBUG};
    enum log_level level = levels[settlement->verdict];
    int64_t wait_ms = settlement->retry_at_ms != 0 ? settlement->retry_at_ms - clock_wall_ms() : 0;
    log_event(level, events[settlement->verdict],
              "sid=%s status=%s url=%s tries=%d wait_ms=%lld replies=%zu detail=%s", work->sid,
              message_status_text(work->hook.status),
              log_quote(work->url, strlen(work->url), url, sizeof url), work->hook.tries + 1,
              (long long)wait_ms, settlement->reply_count,
              log_quote(detail, strlen(detail), quoted, sizeof quoted));
    work->state = WORK_SETTLING;
    work->replies = settlement->reply_count;
    work_leave_endpoint(work);
    queue_hook_settle(hooks->rooms.queue, work->hook.id, settlement, on_settled, work);
}

/* -ESTALE and -ENOENT: the message was deleted meanwhile, and its hooks with it. */
static void on_settled(void *arg, int status)
{
    struct work *work = arg;
    struct hooks *hooks = work->hooks;
    if (hooks == NULL) {
        message_fini(&work->message);
        free(work);
        return;
    }
    if (status == 0 || status == -ESTALE || status == -ENOENT) {
        work_free(work);
    } else if (work->replies > 0) {
        log_event(LOG_ERROR, "hook.replies_refused", "sid=%s status=%d", work->sid, status);
        settle(work,
               &(struct hook_settlement){.verdict = HOOK_DONE, .detail = "replies could not be stored"});
    } else {
        log_event(LOG_ERROR, "hook.settle_refused", "sid=%s status=%d", work->sid, status);
        work->state = WORK_PARKED;
    }
    hooks_look_soon(hooks);
    if (hooks->stopping && !has_open_work(hooks))
        tell_stopped(hooks);
}

static void settle_failed(struct work *work, bool transient, int asked_s, bool durable, const char *detail)
{
    struct hook_settlement settlement = {.detail = detail};
    settlement.verdict = hook_failed(&work->hook, transient, asked_s, durable, clock_trusted(),
                                     clock_wall_ms(), &settlement.retry_at_ms);
    settle(work, &settlement);
}

static void settle_done(struct work *work, const struct hook_try_result *result)
{
    struct facade_rooms *rooms = &work->hooks->rooms;
    struct hook_replies replies;
    struct submission submissions[TWIML_MESSAGES_MAX];
    char detail[HOOK_DETAIL_MAX + 32];
    hook_replies_compose(rooms, &work->hooks->guard, &work->message, result->replies, result->reply_count,
                         clock_wall_ms(), &replies);
    for (size_t i = 0; i < replies.count; i++)
        submissions[i] = replies.composed[i].submission;
    int len = snprintf(detail, sizeof detail, "%.60s", result->detail);
    if (replies.count + replies.refused > 0)
        len += snprintf(detail + len, sizeof detail - (size_t)len, ", replies %zu", replies.count);
    if (replies.without_media > 0)
        len +=
            snprintf(detail + len, sizeof detail - (size_t)len, ", without media %zu", replies.without_media);
    if (replies.refused > 0)
        snprintf(detail + len, sizeof detail - (size_t)len, ", refused %zu: %d", replies.refused,
                 replies.refused_code);
    settle(work,
           &(struct hook_settlement){
               .verdict = HOOK_DONE, .detail = detail, .replies = submissions, .reply_count = replies.count});
    hook_replies_fini(&replies);
}

/* ---- trying ---- */

static void forget_message(struct work *work)
{
    message_fini(&work->message);
    work->message = (struct message){0};
}

static void on_notice(void *arg, const struct hook_notice *notice)
{
    const struct work *work = arg;
    hook_notice_store(work->hooks->rooms.queue, work->message.account_id, &work->message, notice);
}

static void notify_open(const struct work *work)
{
    const struct endpoint *endpoint = work->endpoint;
    char text[128], url[HOOK_HOST_MAX + 16];
    snprintf(text, sizeof text, "%d failures in a row: its hooks wait until it answers again",
             endpoint->breaker.failures);
    snprintf(url, sizeof url, "%s://%s/", strncmp(work->url, "https:", 6) == 0 ? "https" : "http",
             endpoint->host);
    struct hook_notice notice = {
        .code = HOOK_UNREACHABLE, .text = text, .url = url, .method = "", .head = "", .body = ""};
    hook_notice_store(work->hooks->rooms.queue, work->message.account_id, NULL, &notice);
}

/* What the try tells of its endpoint. */
static void judge(struct work *work, const struct hook_try_result *result)
{
    struct endpoint *endpoint = work->endpoint;
    if (result->endpoint == BREAKER_DOWN)
        endpoint->last_code = result->code;
    if (!hook_breaker_end(&endpoint->breaker, work->probe, result->endpoint, clock_mono_ms()))
        return;
    char quoted[HOOK_HOST_MAX + 8];
    log_event(endpoint->breaker.state == BREAKER_OPEN ? LOG_WARN : LOG_INFO, "hook.breaker",
              "host=%s state=%s failures=%d code=%d",
              log_quote(endpoint->host, strlen(endpoint->host), quoted, sizeof quoted),
              hook_breaker_text(endpoint->breaker.state), endpoint->breaker.failures, endpoint->last_code);
    if (endpoint->breaker.state == BREAKER_OPEN)
        notify_open(work);
}

static void on_tried(void *arg, const struct hook_try_result *result)
{
    struct work *work = arg;
    struct hooks *hooks = work->hooks;
    work->try = NULL;
    hooks->running--;
    work->endpoint->running--;
    judge(work, result);
    work->endpoint->slow = result->slow || clock_mono_ms() - work->started_ms >= SLOW_MS;
    if (result->done)
        settle_done(work, result);
    else
        settle_failed(work, result->transient, result->asked_s, hooks->rooms.conf->hooks.retry,
                      result->detail);
    forget_message(work);
    hooks_look_soon(hooks);
}

/* Reads what the hook is about. False when it was settled at once: its message is gone, or nobody wants to
 * know. */
static bool work_resolve(struct work *work, const struct account **account, struct hook_destination *to)
{
    struct facade_rooms *rooms = &work->hooks->rooms;
    forget_message(work);
    if (queue_message(rooms->queue, work->hook.message_id, &work->message) != 0) {
        settle(work, &(struct hook_settlement){.verdict = HOOK_NO_URL, .detail = "message deleted"});
        return false;
    }
    sid_format(&work->message.sid, work->message.mm ? "MM" : "SM", work->sid);
    *account = directory_account(rooms->directory, work->message.account_id);
    hook_destination(rooms->directory, &work->hook, &work->message, to);
    if (to->url == NULL || *account == NULL) {
        settle(work, &(struct hook_settlement){.verdict = HOOK_NO_URL,
                                               .detail = to->url == NULL ? "no url" : "no account"});
        return false;
    }
    if (work->hook.kind == HOOK_INBOUND &&
        directory_account_standing(rooms->directory, *account) != ACCOUNT_ACTIVE) {
        settle(work, &(struct hook_settlement){.verdict = HOOK_NO_URL, .detail = "account not active"});
        return false;
    }
    return true;
}

static void work_enter_endpoint(struct work *work, const char *url)
{
    char host[HOOK_HOST_MAX] = "";
    char *wire = hook_url_wire(url);
    if (wire != NULL)
        hook_url_host(wire, host);
    free(wire);
    hook_url_brief(url, work->url);
    work_leave_endpoint(work);
    work->endpoint = endpoint_of(&work->hooks->endpoints, host);
    work->endpoint->works++;
}

static size_t parallel(const struct hooks *hooks)
{
    return (size_t)hooks->rooms.conf->hooks.parallel;
}

static bool endpoint_admits(const struct hooks *hooks, const struct endpoint *endpoint)
{
    return !hooks->rooms.conf->hooks.breaker || hook_breaker_admits(&endpoint->breaker, clock_mono_ms());
}

static bool may_start(const struct work *work)
{
    const struct hooks *hooks = work->hooks;
    return endpoint_has_place(work->endpoint, hooks->running, parallel(hooks)) &&
           (work->has_fallback || endpoint_admits(hooks, work->endpoint));
}

static void work_try(struct work *work, const struct account *account, const struct hook_destination *to)
{
    struct hooks *hooks = work->hooks;
    struct facade_rooms *rooms = &hooks->rooms;
    struct form params = {0};
    hook_params(rooms->directory, account, &work->hook, &work->message, &params);
    const char *type = work->hook.kind == HOOK_INBOUND ? keyword_type(rooms, &work->message) : NULL;
    if (type != NULL)
        form_add(&params, "OptOutType", type);
    work->state = WORK_TRYING;
    work->started_ms = clock_mono_ms();
    work->probe = to->down_code == 0 && hook_breaker_start(&work->endpoint->breaker, work->started_ms);
    work->endpoint->running++;
    hooks->running++;
    work->try = hook_try_start(rooms->loop, hooks->httpc, &rooms->conf, &work->hook, to, account->token,
                               &params, on_notice, on_tried, work);
}

/* Starts the try, or holds the work. The URL is looked up at each attempt to start: it may have been mended
 * meanwhile. */
static void work_start(struct work *work)
{
    const struct account *account;
    struct hook_destination to;
    if (!work_resolve(work, &account, &to))
        return;
    work_enter_endpoint(work, to.url);
    work->has_fallback = to.fallback_url != NULL;
    if (!may_start(work)) {
        forget_message(work);
        return;
    }
    if (!endpoint_admits(work->hooks, work->endpoint))
        to.down_code = work->endpoint->last_code;
    work_try(work, account, &to);
}

/* ---- which are tried now ---- */

/* Returns how many stay held. */
static size_t start_held(struct hooks *hooks)
{
    size_t held = 0;
    for (struct work *work = hooks->works; work != NULL; work = work->next) {
        if (work->state == WORK_HELD && may_start(work))
            work_start(work);
        held += work->state == WORK_HELD;
    }
    return held;
}

/* True when there may be more. */
static bool take_page(struct hooks *hooks, int64_t *next_ms)
{
    int64_t busy[WORKS_MAX];
    struct hook due[PAGE];
    size_t count = 0, max = WORKS_MAX - hooks->work_count < PAGE ? WORKS_MAX - hooks->work_count : PAGE;
    for (const struct work *work = hooks->works; work != NULL; work = work->next)
        busy[count++] = work->hook.id;
    size_t found = queue_hooks_due(hooks->rooms.queue, busy, count, due, max, next_ms);
    for (size_t i = 0; i < found; i++)
        work_start(work_new(hooks, &due[i]));
    return found == max;
}

/* An endpoint that is down is asked in vain: its hook comes back after as long as it has waited. */
static void put_off(struct work *work)
{
    int64_t now_ms = clock_wall_ms(), away_ms = now_ms - work->hook.created_ms;
    if (away_ms < BREAKER_REST_MS)
        away_ms = BREAKER_REST_MS;
    settle(work, &(struct hook_settlement){
                     .verdict = HOOK_WAIT,
                     .retry_at_ms = now_ms + (away_ms < AWAY_MOST_MS ? away_ms : AWAY_MOST_MS),
                     .detail = "the endpoint is down",
                 });
}

/* The list is full: puts off every second work that is held for the endpoint with the most of them. */
static void shed(struct hooks *hooks)
{
    const struct endpoint *most = hooks->endpoints;
    for (const struct endpoint *endpoint = most; endpoint != NULL; endpoint = endpoint->next)
        if (endpoint->works > most->works)
            most = endpoint;
    bool odd = false, down = most != NULL && !endpoint_admits(hooks, most),
         late = down || (most != NULL && most->slow);
    for (struct work *work = hooks->works; work != NULL; work = work->next) {
        if (work->state != WORK_HELD || work->endpoint != most)
            continue;
        late = late || clock_mono_ms() - work->known_ms >= HELD_MS; /* the first is the oldest */
        if (!late || !(odd = !odd))
            continue;
        if (down)
            put_off(work);
        else
            settle_failed(work, true, 0, true, "11205 the endpoint is busy: others first");
    }
}

static void scan(struct hooks *hooks)
{
    int64_t next_ms = 0;
    bool more = true;
    hooks->scanned_ms = clock_mono_ms();
    while (more && hooks->running < parallel(hooks) && hooks->work_count < WORKS_MAX)
        more = take_page(hooks, &next_ms);
    if (hooks->work_count == WORKS_MAX)
        shed(hooks);
    if (next_ms > 0)
        timer_set(&hooks->wake, next_ms - clock_wall_ms());
}

static void on_look(void *arg)
{
    struct hooks *hooks = arg;
    if (!store_open_for_work(hooks->rooms.store)) {
        timer_set(&hooks->wake, CLOSED_MS);
        return;
    }
    int64_t since_ms = clock_mono_ms() - hooks->scanned_ms;
    if (start_held(hooks) < PAGE || since_ms >= SCAN_MS)
        scan(hooks);
    else
        timer_set(&hooks->wake, SCAN_MS - since_ms);
    int64_t probe_ms = endpoints_probe_ms(hooks->endpoints), now_ms = clock_mono_ms();
    if (probe_ms > now_ms)
        timer_set(&hooks->probe, probe_ms - now_ms);
}

static void on_wake(void *arg)
{
    hooks_look_soon(arg);
}

/* ---- life ---- */

static size_t read_ranges(char *const *texts, struct httpc_range **out)
{
    size_t count = 0;
    while (texts != NULL && texts[count] != NULL)
        count++;
    struct httpc_range *ranges = calloc(count + 1, sizeof *ranges);
    if (ranges == NULL)
        fatal("hooks: out of memory");
    for (size_t i = 0; i < count; i++)
        if (!httpc_range_parse(texts[i], &ranges[i]))
            fatal("hooks: the configuration let the range %s pass", texts[i]);
    *out = ranges;
    return count;
}

static void httpc_apply(struct hooks *hooks)
{
    const struct conf_hooks *conf = &hooks->rooms.conf->hooks;
    struct httpc_range *allow, *deny;
    struct httpc_options options = {
        .ca_file = conf->ca_file != NULL && conf->ca_file[0] != '\0' ? conf->ca_file : NULL};
    options.allow_count = read_ranges(conf->allow, &allow);
    options.deny_count = read_ranges(conf->deny, &deny);
    options.allow = allow;
    options.deny = deny;
    if (hooks->httpc == NULL)
        hooks->httpc = httpc_new(hooks->rooms.loop, &options);
    else if (httpc_configure(hooks->httpc, &options) != 0)
        log_event(LOG_ERROR, "hooks.ca_file", "message=\"cannot be read: the rules before the reload stay\"");
    free(allow);
    free(deny);
}

static void conf_apply(struct hooks *hooks)
{
    httpc_apply(hooks);
    queue_hook_sending(hooks->rooms.queue, hooks->rooms.conf->hooks.sending);
}

static void on_grace_over(void *arg)
{
    struct hooks *hooks = arg;
    for (struct work *work = hooks->works, *next; work != NULL; work = next) {
        next = work->next;
        if (work->state != WORK_TRYING)
            continue;
        log_event(LOG_INFO, "hook.dropped", "sid=%s reason=\"stopping: due again at the next start\"",
                  work->sid);
        work_free(work);
    }
    tell_stopped(hooks); /* what settles is on disk with the store's last commit */
}

struct hooks *hooks_new(const struct facade_rooms *rooms)
{
    struct hooks *hooks = calloc(1, sizeof *hooks);
    if (hooks == NULL)
        fatal("hooks: out of memory");
    hooks->rooms = *rooms;
    hooks->works_end = &hooks->works;
    conf_apply(hooks);
    timer_init(&hooks->wake, rooms->loop, on_wake, hooks);
    timer_init(&hooks->soon, rooms->loop, on_look, hooks);
    timer_init(&hooks->probe, rooms->loop, on_wake, hooks);
    timer_init(&hooks->grace, rooms->loop, on_grace_over, hooks);
    queue_watch(rooms->queue, QUEUE_HOOKS, on_wake, hooks);
    hooks_look_soon(hooks); /* what an earlier run left */
    return hooks;
}

void hooks_reload(struct hooks *hooks, const struct conf *conf)
{
    hooks->rooms.conf = conf;
    conf_apply(hooks);
    hooks_look_soon(hooks);
}

void hooks_stop(struct hooks *hooks, int64_t grace_ms, void (*fn)(void *arg), void *arg)
{
    hooks->stopping = true;
    hooks->stopped = fn;
    hooks->stopped_arg = arg;
    timer_stop(&hooks->wake);
    timer_stop(&hooks->soon);
    timer_stop(&hooks->probe);
    timer_set(&hooks->grace, has_open_work(hooks) ? grace_ms : 0);
}

void hooks_free(struct hooks *hooks)
{
    if (hooks == NULL)
        return;
    queue_watch(hooks->rooms.queue, QUEUE_HOOKS, NULL, NULL);
    timer_stop(&hooks->wake);
    timer_stop(&hooks->soon);
    timer_stop(&hooks->probe);
    timer_stop(&hooks->grace);
    for (struct work *work = hooks->works, *next; work != NULL; work = next) {
        next = work->next;
        if (work->state == WORK_SETTLING)
            work->hooks = NULL; /* on_settled frees it */
        else
            work_free(work);
    }
    endpoints_free(&hooks->endpoints);
    httpc_free(hooks->httpc);
    free(hooks);
}
