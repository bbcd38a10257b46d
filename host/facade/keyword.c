/* See keyword.h. */
#include "host/facade/keyword.h"

#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/facade/compose.h"
#include "host/facade/hook_reply.h"
#include "host/optout/optout.h"

#define PAGE         64
#define UNSUBSCRIBED 21610
#define CLOSED_MS    1000 /* until the store is asked again */

struct keywords {
    struct facade_rooms rooms;
    struct timer soon;
    struct hook_guard guard; /* two machines that answer each other */
    int64_t seen;
    bool seeing; /* what was done last is not on disk yet */
    bool closed; /* freed with it */
};

/* ---- which words ---- */

static const struct conf_optout *conf_set(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->optout_count; i++)
        if (strcmp(conf->optouts[i].name, name) == 0)
            return &conf->optouts[i];
    return NULL;
}

/* The configuration's set of that name, else the one built in; false: "off". */
static bool set_named(const struct conf *conf, const char *name, struct optout_set *out)
{
    const struct conf_optout *own = conf_set(conf, name);
    const struct optout_set *builtin = own == NULL ? optout_builtin(name) : NULL;
    if (own != NULL)
        *out = (struct optout_set){
            .name = own->name,
            .words = {[OPTOUT_STOP] = (const char *const *)own->stop,
                      [OPTOUT_START] = (const char *const *)own->start,
                      [OPTOUT_HELP] = (const char *const *)own->help},
            .replies = {[OPTOUT_STOP] = own->stop_reply,
                        [OPTOUT_START] = own->start_reply,
                        [OPTOUT_HELP] = own->help_reply},
        };
    else if (builtin != NULL)
        *out = *builtin;
    return own != NULL || builtin != NULL;
}

/* A service's list, where it has one, stands for its lines'. A service of the API has none. */
static char **sets_of(const struct conf *conf, const struct line *line, const struct service *service)
{
    for (size_t i = 0; service != NULL && i < conf->service_count; i++)
        if (strcmp(conf->services[i].name, service->name) == 0 && conf->services[i].optout[0] != NULL)
            return conf->services[i].optout;
    for (size_t i = 0; line != NULL && i < conf->line_count; i++)
        if (strcmp(conf->lines[i].name, line->name) == 0)
            return conf->lines[i].optout;
    return NULL;
}

enum optout_kind keyword_of(const struct conf *conf, const struct line *line, const struct service *service,
                            const char *body, const char **reply)
{
    char **names = sets_of(conf, line, service);
    *reply = NULL;
    for (; body != NULL && names != NULL && *names != NULL; names++) {
        struct optout_set set;
        enum optout_kind kind = set_named(conf, *names, &set) ? optout_match(&set, body) : OPTOUT_NONE;
        if (kind == OPTOUT_NONE)
            continue;
        *reply = set.replies[kind];
        return kind;
    }
    return OPTOUT_NONE;
}

static const struct service *service_of(const struct facade_rooms *rooms, const struct message *m)
{
    return m->service_id != 0 ? directory_service(rooms->directory, m->service_id)
                              : directory_service_of_line(rooms->directory, m->line_id);
}

const char *keyword_type(const struct facade_rooms *rooms, const struct message *m)
{
    const char *reply;
    if (m->segments != 1)
        return NULL;
    return optout_kind_text(keyword_of(rooms->conf, directory_line(rooms->directory, m->line_id),
                                       service_of(rooms, m), m->body, &reply));
}

/* ---- what is done about them ---- */

static void on_replied(void *arg, int status, const struct submitted *submitted)
{
    (void)arg;
    (void)submitted;
    if (status != 0)
        log_event(LOG_ERROR, "optout.reply_not_stored", "why=\"%s\"", strerror(-status));
}

static void confirm(struct keywords *k, const struct message *m, const char *text)
{
    const struct facade_rooms *rooms = &k->rooms;
    struct compose_request request = {
        .account = directory_account(rooms->directory, m->account_id),
        .direction = MESSAGE_OUTBOUND_REPLY,
        .to = m->from,
        .from = m->to,
        .body = text,
        .body_len = text != NULL ? strlen(text) : 0,
        .reply_to = m->id,
        .to_opted_out = true,
    };
    struct composed composed;
    struct refusal refusal = {0};
    if (request.body_len == 0 || request.account == NULL ||
        !hook_guard_admit(&k->guard, m->from, m->to, clock_mono_ms()))
        return;
    if (!compose(rooms, &request, clock_wall_ms(), &composed, &refusal)) {
        log_event(LOG_INFO, "optout.reply_refused", "code=%d", refusal.code);
        return;
    }
    queue_submit(rooms->queue, &composed.submission, on_replied, NULL);
    compose_fini(&composed);
}

/* What waits for that person is not wanted either, by whatever door it was to leave. */
static void stop_waiting(const struct facade_rooms *rooms, const struct message *m,
                         const struct service *service)
{
    if (service != NULL)
        queue_recipient_stop(rooms->queue, m->account_id, 0, service->id, m->from, m->id, UNSUBSCRIBED);
    for (size_t i = 0; service != NULL && i < service->line_count; i++)
        if (service->line_ids[i] != m->line_id)
            queue_recipient_stop(rooms->queue, m->account_id, service->line_ids[i], 0, m->from, m->id,
                                 UNSUBSCRIBED);
    queue_recipient_stop(rooms->queue, m->account_id, m->line_id, 0, m->from, m->id, UNSUBSCRIBED);
}

/* True when something was done: the rest waits until it can be seen. */
static bool act(struct keywords *k, const struct message *m)
{
    const struct facade_rooms *rooms = &k->rooms;
    const struct line *line = directory_line(rooms->directory, m->line_id);
    const struct service *service = service_of(rooms, m);
    int64_t service_id = service != NULL ? service->id : 0;
    const struct optout_sender sender = {m->account_id, service_id, service_id != 0 ? 0 : m->line_id};
    const char *reply;
    enum optout_kind kind = keyword_of(rooms->conf, line, service, m->body, &reply);
    switch (kind) {
    case OPTOUT_STOP:
        if (optout_find(rooms->optout, &sender, m->from, NULL))
            return false;
        optout_add(rooms->optout, &sender, m->from, "keyword", NULL, NULL);
        stop_waiting(rooms, m, service);
        break;
    case OPTOUT_START:
        if (!optout_blocks(rooms->optout, service_id, m->line_id, m->from))
            return false;
        optout_clear(rooms->optout, service_id, m->line_id, m->from, NULL, NULL);
        break;
    case OPTOUT_HELP: break;
    case OPTOUT_NONE:
    case OPTOUT_KINDS: return false;
    }
    confirm(k, m, reply);
    return true;
}

static bool act_on(struct keywords *k, int64_t message_id)
{
    struct message m;
    if (queue_message(k->rooms.queue, message_id, &m) != 0)
        return false;
    bool acted = m.status == MESSAGE_RECEIVED && m.from[0] != '\0' && act(k, &m);
    if (acted) {
        char sid[SID_TEXT];
        sid_format(&m.sid, m.mm ? "MM" : "SM", sid);
        log_event(LOG_INFO, "optout.keyword", "sid=%s", sid);
    }
    message_fini(&m);
    return acted;
}

/* ---- which messages ---- */

static void on_seen(void *arg, int status)
{
    struct keywords *k = arg;
    (void)status;
    k->seeing = false;
    if (k->closed)
        free(k);
    else
        timer_set(&k->soon, 0);
}

static void look(void *arg)
{
    struct keywords *k = arg;
    int64_t ids[PAGE], before = k->seen;
    if (k->seeing)
        return;
    if (!store_open_for_work(k->rooms.store)) {
        timer_set(&k->soon, CLOSED_MS);
        return;
    }
    size_t count = optout_unseen(k->rooms.optout, k->seen, ids, PAGE);
    for (size_t i = 0; i < count; i++) {
        k->seen = ids[i];
        if (act_on(k, ids[i]))
            break;
    }
    if (k->seen == before)
        return;
    k->seeing = true;
    optout_see(k->rooms.optout, k->seen, on_seen, k);
}

static void look_soon(void *arg)
{
    struct keywords *k = arg;
    timer_set(&k->soon, 0);
}

/* ---- life ---- */

struct keywords *keywords_new(const struct facade_rooms *rooms)
{
    struct keywords *k = calloc(1, sizeof *k);
    if (k == NULL)
        fatal("out of memory");
    k->rooms = *rooms;
    k->seen = optout_seen(rooms->optout);
    timer_init(&k->soon, rooms->loop, look, k);
    queue_watch(rooms->queue, QUEUE_INBOUND, look_soon, k);
    look_soon(k); /* what an earlier run left */
    return k;
}

void keywords_reload(struct keywords *k, const struct conf *conf)
{
    k->rooms.conf = conf;
}

void keywords_free(struct keywords *k)
{
    if (k == NULL)
        return;
    queue_watch(k->rooms.queue, QUEUE_INBOUND, NULL, NULL);
    timer_stop(&k->soon);
    k->closed = true;
    if (!k->seeing)
        free(k);
}
