/* The room's frame; see privacy.h. */
#include "host/privacy/privacy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"
#include "host/privacy/privacy_internal.h"

static void read_conf(struct privacy *privacy, const struct conf *conf)
{
    const struct conf_retention *file = &conf->retention;
    const int keep[KEEP_COUNT] = {[KEEP_MESSAGES] = file->messages_s,
                                  [KEEP_BODIES] = file->bodies_s,
                                  [KEEP_SENT] = file->sent_s,
                                  [KEEP_DELIVERED] = file->delivered_s,
                                  [KEEP_UNDELIVERED] = file->undelivered_s,
                                  [KEEP_FAILED] = file->failed_s,
                                  [KEEP_CANCELED] = file->canceled_s,
                                  [KEEP_RECEIVED] = file->received_s};
    memcpy(privacy->file_keep, keep, sizeof keep);
    snprintf(privacy->country, sizeof privacy->country, "%s", conf->daemon.country);
    snprintf(privacy->trunk, sizeof privacy->trunk, "%s", conf->daemon.trunk);
}

struct privacy *privacy_open(const struct privacy_rooms *rooms)
{
    struct privacy *privacy = calloc(1, sizeof *privacy);
    if (privacy == NULL)
        fatal("out of memory");
    privacy->loop = rooms->loop;
    privacy->store = rooms->store;
    privacy->queue = rooms->queue;
    privacy->key = *rooms->key;
    read_conf(privacy, rooms->conf);
    forget_open(privacy);
    sweep_open(privacy);
    return privacy;
}

void privacy_reload(struct privacy *privacy, const struct conf *conf)
{
    read_conf(privacy, conf);
}

void privacy_stop(struct privacy *privacy)
{
    if (privacy == NULL)
        return;
    privacy->stopped = true;
    timer_stop(&privacy->forgetting.timer);
    timer_stop(&privacy->sweep.timer);
}

void privacy_close(struct privacy *privacy)
{
    if (privacy == NULL)
        return;
    forget_close(privacy);
    free(privacy);
}

int64_t account_after(struct privacy *privacy, int64_t account_id)
{
    sqlite3_stmt *stmt = store_read_stmt(privacy->store, Q_ACCOUNT_NEXT);
    store_bind_int(stmt, ":after", account_id);
    int64_t id = store_step(privacy->store, stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    return id;
}
