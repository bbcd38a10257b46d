/* See optout.h. */
#include "host/optout/optout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/store/change.h"

struct optout {
    struct store *store;
    struct mark_key key;
};

struct optout *optout_open(struct store *store, const struct mark_key *key)
{
    struct optout *optout = calloc(1, sizeof *optout);
    if (optout == NULL)
        fatal("out of memory");
    optout->store = store;
    optout->key = *key;
    return optout;
}

void optout_close(struct optout *optout)
{
    free(optout);
}

/* ---- changes ---- */

static struct store_change *change_new(struct optout *optout, enum query query, optout_fn *fn, void *arg)
{
    struct store_change *change = store_change_new(optout->store, query, fn, arg);
    store_change_none_means(change, 0);
    return change;
}

static struct store_change *change_of(struct optout *optout, enum query query,
                                      const struct optout_sender *sender, const char *number, optout_fn *fn,
                                      void *arg)
{
    char mark[MARK_TEXT];
    struct store_change *change = change_new(optout, query, fn, arg);
    mark_number(&optout->key, number, mark);
    store_change_text(change, ":number", number);
    store_change_text(change, ":mark", mark);
    store_change_int(change, ":service", sender->service_id);
    store_change_int(change, ":line", sender->line_id);
    return change;
}

void optout_add(struct optout *optout, const struct optout_sender *sender, const char *number,
                const char *source, optout_fn *fn, void *arg)
{
    struct sid sid;
    int64_t now_ms = clock_wall_ms();
    struct store_change *change = change_of(optout, Q_OPTOUT_ADD, sender, number, fn, arg);
    sid_new(&sid, now_ms);
    store_change_blob(change, ":sid", sid.b, sizeof sid.b);
    store_change_int(change, ":account", sender->account_id);
    store_change_text(change, ":source", source);
    store_change_int(change, ":now", now_ms);
    store_change_submit(change);
}

void optout_remove(struct optout *optout, const struct optout_sender *sender, const char *number,
                   optout_fn *fn, void *arg)
{
    store_change_submit(change_of(optout, Q_OPTOUT_REMOVE, sender, number, fn, arg));
}

void optout_clear(struct optout *optout, int64_t service_id, int64_t line_id, const char *number,
                  optout_fn *fn, void *arg)
{
    const struct optout_sender sender = {.service_id = service_id, .line_id = line_id};
    store_change_submit(change_of(optout, Q_OPTOUT_CLEAR, &sender, number, fn, arg));
}

void optout_see(struct optout *optout, int64_t message_id, optout_fn *fn, void *arg)
{
    struct store_change *change = change_new(optout, Q_OPTOUT_SEE, fn, arg);
    store_change_int(change, ":message", message_id);
    store_change_submit(change);
}

/* ---- reading: committed rows ---- */

static void bind_number(struct optout *optout, sqlite3_stmt *stmt, const char *number)
{
    char mark[MARK_TEXT];
    mark_number(&optout->key, number, mark);
    store_bind_text(stmt, ":number", number);
    store_bind_text(stmt, ":mark", mark);
}

static sqlite3_stmt *pair_stmt(struct optout *optout, enum query query, int64_t service_id, int64_t line_id,
                               const char *number)
{
    sqlite3_stmt *stmt = store_read_stmt(optout->store, query);
    bind_number(optout, stmt, number);
    store_bind_int(stmt, ":service", service_id);
    store_bind_int(stmt, ":line", line_id);
    return stmt;
}

bool optout_blocks(struct optout *optout, int64_t service_id, int64_t line_id, const char *number)
{
    sqlite3_stmt *stmt = pair_stmt(optout, Q_OPTOUT_BLOCKS, service_id, line_id, number);
    bool blocked = store_step(optout->store, stmt) == SQLITE_ROW;
    sqlite3_reset(stmt);
    return blocked;
}

static void copy_text(sqlite3_stmt *stmt, int column, char *out, size_t size)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);
    snprintf(out, size, "%s", text != NULL ? (const char *)text : "");
}

static void read_row(sqlite3_stmt *stmt, struct optout_row *row)
{
    *row = (struct optout_row){.id = sqlite3_column_int64(stmt, 0)};
    if (sqlite3_column_bytes(stmt, 1) == sizeof row->sid.b)
        memcpy(row->sid.b, sqlite3_column_blob(stmt, 1), sizeof row->sid.b);
    row->sender = (struct optout_sender){sqlite3_column_int64(stmt, 2), sqlite3_column_int64(stmt, 3),
                                         sqlite3_column_int64(stmt, 4)};
    copy_text(stmt, 5, row->number, sizeof row->number);
    copy_text(stmt, 6, row->source, sizeof row->source);
    row->created_ms = sqlite3_column_int64(stmt, 7);
}

static bool read_one(struct optout *optout, sqlite3_stmt *stmt, struct optout_row *row)
{
    bool found = store_step(optout->store, stmt) == SQLITE_ROW;
    if (found && row != NULL)
        read_row(stmt, row);
    sqlite3_reset(stmt);
    return found;
}

bool optout_find(struct optout *optout, const struct optout_sender *sender, const char *number,
                 struct optout_row *row)
{
    return read_one(optout, pair_stmt(optout, Q_OPTOUT_FIND, sender->service_id, sender->line_id, number),
                    row);
}

bool optout_find_sid(struct optout *optout, int64_t account_id, const struct sid *sid, struct optout_row *row)
{
    sqlite3_stmt *stmt = store_read_stmt(optout->store, Q_OPTOUT_FIND_SID);
    store_bind_blob(stmt, ":sid", sid->b, sizeof sid->b);
    return read_one(optout, stmt, row) && row->sender.account_id == account_id;
}

/* Which walk a filter is. */
static sqlite3_stmt *list_stmt(struct optout *optout, const struct optout_filter *filter)
{
    enum query query = filter->number != NULL    ? Q_OPTOUT_OF_NUMBER
                       : filter->account_id == 0 ? Q_OPTOUT_OLDER_ANY
                       : filter->since_id != 0   ? Q_OPTOUT_NEWER
                                                 : Q_OPTOUT_OLDER;
    sqlite3_stmt *stmt = store_read_stmt(optout->store, query);
    if (query == Q_OPTOUT_OF_NUMBER)
        bind_number(optout, stmt, filter->number);
    else
        store_bind_int(stmt, ":id",
                       filter->since_id != 0   ? filter->since_id
                       : filter->after_id != 0 ? filter->after_id
                                               : INT64_MAX);
    if (query != Q_OPTOUT_OLDER_ANY)
        store_bind_int(stmt, ":account", filter->account_id);
    store_bind_int(stmt, ":limit", (int64_t)filter->limit);
    return stmt;
}

size_t optout_list(struct optout *optout, const struct optout_filter *filter, optout_row_fn *fn, void *arg)
{
    size_t count = 0;
    sqlite3_stmt *stmt = list_stmt(optout, filter);
    while (store_step(optout->store, stmt) == SQLITE_ROW) {
        struct optout_row row;
        read_row(stmt, &row);
        fn(arg, &row);
        count++;
    }
    sqlite3_reset(stmt);
    return count;
}

int64_t optout_seen(struct optout *optout)
{
    sqlite3_stmt *stmt = store_read_stmt(optout->store, Q_OPTOUT_SEEN);
    int64_t id = store_step(optout->store, stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    return id;
}

size_t optout_unseen(struct optout *optout, int64_t message_id, int64_t *ids, size_t max)
{
    size_t count = 0;
    sqlite3_stmt *stmt = store_read_stmt(optout->store, Q_OPTOUT_UNSEEN);
    store_bind_int(stmt, ":after", message_id);
    store_bind_int(stmt, ":max", (int64_t)max);
    while (count < max && store_step(optout->store, stmt) == SQLITE_ROW)
        ids[count++] = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    return count;
}
