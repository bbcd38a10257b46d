/* Reading: committed rows only, on the store's second connection.
 *
 * A list is one walk of one index from its page key on, so a page costs the same at a thousand messages and
 * at ten million. Each of the shapes of filter has an index of its own in sql/schema.sql, which is walked
 * either way; without an account, to and from are filtered while walking all (an operator's look, not the
 * API's). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/queue/queue_internal.h"

#define COLUMNS                                                                                              \
    "id, sid, mm, account_id, direction, status, from_addr, to_addr, line_id, service_id, segments, "        \
    "error_code, "                                                                                           \
    "unsure, priority, policy, created_ms, updated_ms, sent_ms, expires_ms, report_until_ms, discard_body, " \
    "mask_to, "                                                                                              \
    "reply_to, body, callback_url, tags"

enum {
    SHAPE_ACCOUNT = 1,
    SHAPE_TO = 2,
    SHAPE_FROM = 4,
    SHAPE_SENT = 8,
    SHAPE_SINCE = 16,
    READ_BY_ID = 32,
    READ_BY_SID,
    READS
};
_Static_assert(READS <= sizeof(((struct queue *)0)->reads) / sizeof(sqlite3_stmt *),
               "struct queue holds them");

static void message_columns(sqlite3_stmt *stmt, struct message *m)
{
    memset(m, 0, sizeof *m);
    m->id = sqlite3_column_int64(stmt, 0);
    if (sqlite3_column_bytes(stmt, 1) == sizeof m->sid.b)
        memcpy(m->sid.b, sqlite3_column_blob(stmt, 1), sizeof m->sid.b);
    m->mm = sqlite3_column_int(stmt, 2) != 0;
    m->account_id = sqlite3_column_int64(stmt, 3);
    m->direction = (enum message_direction)sqlite3_column_int(stmt, 4);
    m->status = (enum message_status)sqlite3_column_int(stmt, 5);
    sql_text(stmt, 6, m->from, sizeof m->from);
    sql_text(stmt, 7, m->to, sizeof m->to);
    m->line_id = sqlite3_column_int64(stmt, 8);
    m->service_id = sqlite3_column_int64(stmt, 9);
    m->segments = (unsigned)sqlite3_column_int(stmt, 10);
    m->error_code = sqlite3_column_int(stmt, 11);
    m->unsure = sqlite3_column_int(stmt, 12) != 0;
    m->priority = sqlite3_column_int(stmt, 13);
    m->policy = (enum unsure_policy)sqlite3_column_int(stmt, 14);
    m->created_ms = sqlite3_column_int64(stmt, 15);
    m->updated_ms = sqlite3_column_int64(stmt, 16);
    m->sent_ms = sqlite3_column_int64(stmt, 17);
    m->expires_ms = sqlite3_column_int64(stmt, 18);
    m->report_until_ms = sqlite3_column_int64(stmt, 19);
    m->discard_body = sqlite3_column_int(stmt, 20) != 0;
    m->mask_to = sqlite3_column_int(stmt, 21) != 0;
    m->reply_to = sqlite3_column_int64(stmt, 22);
    m->body = store_column_text(stmt, 23);
    m->callback_url = store_column_text(stmt, 24);
    m->tags = store_column_text(stmt, 25);
}

static sqlite3_stmt *prepared(struct queue *queue, int read, const char *sql)
{
    if (queue->reads[read] == NULL)
        queue->reads[read] = store_read_prepare(queue->store, sql);
    return queue->reads[read];
}

void read_close(struct queue *queue)
{
    for (int i = 0; i < READS; i++) {
        sqlite3_finalize(queue->reads[i]);
        queue->reads[i] = NULL;
    }
}

static int read_one(struct queue *queue, sqlite3_stmt *stmt, struct message *message)
{
    int status = sql_next(queue->store, stmt);
    if (status <= 0)
        return status == 0 ? -ENOENT : status;
    message_columns(stmt, message);
    sqlite3_reset(stmt);
    return 0;
}

int queue_message(struct queue *queue, int64_t id, struct message *message)
{
    sqlite3_stmt *stmt = prepared(queue, READ_BY_ID, "SELECT " COLUMNS " FROM message WHERE id = :id");
    store_bind_int(stmt, ":id", id);
    return read_one(queue, stmt, message);
}

int queue_message_by_sid(struct queue *queue, int64_t account_id, const struct sid *sid,
                         struct message *message)
{
    sqlite3_stmt *stmt = prepared(queue, READ_BY_SID,
                                  "SELECT " COLUMNS " FROM message WHERE sid = :sid "
                                  "AND (:account = 0 OR account_id = :account)");
    store_bind_blob(stmt, ":sid", sid->b, sizeof sid->b);
    store_bind_int(stmt, ":account", account_id);
    return read_one(queue, stmt, message);
}

bool read_brief(struct queue *queue, int64_t message_id, struct message *message)
{
    return queue_message(queue, message_id, message) == 0;
}

/* ---- lists ---- */

static int filter_shape(const struct message_filter *filter)
{
    return (filter->account_id != 0 ? SHAPE_ACCOUNT : 0) | (filter->to != NULL ? SHAPE_TO : 0) |
           (filter->from != NULL ? SHAPE_FROM : 0) |
           (filter->sent_from_ms != 0 || filter->sent_to_ms != 0 ? SHAPE_SENT : 0) |
           (filter->since_id != 0 ? SHAPE_SINCE : 0);
}

static sqlite3_stmt *list_statement(struct queue *queue, int shape)
{
    static const char *const walks[] = {
        [0] = "id < :id ORDER BY id DESC",
        [SHAPE_SINCE] = "id >= :id ORDER BY id",
        [SHAPE_SENT] = "sent_ms >= :sent_from AND (sent_ms, id) < (:sent_to, :id) "
                       "ORDER BY sent_ms DESC, id DESC",
        [SHAPE_SENT | SHAPE_SINCE] = "sent_ms <= :sent_to AND (sent_ms, id) >= (:sent_from, :id) "
                                     "ORDER BY sent_ms, id",
    };
    char sql[1024];
    if (queue->reads[shape] != NULL)
        return queue->reads[shape];
    snprintf(sql, sizeof sql, "SELECT " COLUMNS " FROM message WHERE %s%s%s%s LIMIT :limit",
             shape & SHAPE_ACCOUNT ? "account_id = :account AND " : "",
             shape & SHAPE_TO ? "to_addr = :to AND " : "", shape & SHAPE_FROM ? "from_addr = :from AND " : "",
             walks[shape & (SHAPE_SENT | SHAPE_SINCE)]);
    return prepared(queue, shape, sql);
}

/* The bound where the walk begins is one key: the page key, or the end of the interval if that is nearer. */
static void bind_bounds(sqlite3_stmt *stmt, const struct message_filter *filter, int shape)
{
    int64_t sent_from = filter->sent_from_ms, id = INT64_MAX;
    int64_t sent_to = filter->sent_to_ms != 0 ? filter->sent_to_ms : INT64_MAX;
    if (shape & SHAPE_SINCE) {
        bool key_first = !(shape & SHAPE_SENT) || filter->since_sent_ms >= sent_from;
        id = key_first ? filter->since_id : 0;
        sent_from = key_first ? filter->since_sent_ms : sent_from;
    } else if (filter->after_id != 0 && (!(shape & SHAPE_SENT) || filter->after_sent_ms <= sent_to)) {
        id = filter->after_id;
        sent_to = filter->after_sent_ms;
    }
    if (shape & SHAPE_SENT) {
        store_bind_int(stmt, ":sent_from", sent_from);
        store_bind_int(stmt, ":sent_to", sent_to);
    }
    store_bind_int(stmt, ":id", id);
    store_bind_int(stmt, ":limit", (int64_t)filter->limit);
}

size_t queue_list(struct queue *queue, const struct message_filter *filter, message_fn *fn, void *arg)
{
    int shape = filter_shape(filter);
    sqlite3_stmt *stmt = list_statement(queue, shape);
    size_t count = 0;
    bind_bounds(stmt, filter, shape);
    if (shape & SHAPE_ACCOUNT)
        store_bind_int(stmt, ":account", filter->account_id);
    if (shape & SHAPE_TO)
        store_bind_text(stmt, ":to", filter->to);
    if (shape & SHAPE_FROM)
        store_bind_text(stmt, ":from", filter->from);
    while (sql_next(queue->store, stmt) > 0) {
        struct message message;
        message_columns(stmt, &message);
        fn(arg, &message);
        message_fini(&message);
        count++;
    }
    return count;
}

size_t queue_events(struct queue *queue, int64_t message_id, event_fn *fn, void *arg)
{
    size_t count = 0;
    sqlite3_stmt *stmt = store_read_stmt(queue->store, Q_EVENT_LIST);
    store_bind_int(stmt, ":message", message_id);
    while (sql_next(queue->store, stmt) > 0) {
        fn(arg, sqlite3_column_int64(stmt, 0), (const char *)sqlite3_column_text(stmt, 1),
           (const char *)sqlite3_column_text(stmt, 2));
        count++;
    }
    return count;
}

void queue_counts(struct queue *queue, struct queue_counts *counts)
{
    *counts = (struct queue_counts){.scheduled = queue_scheduled(queue, 0)};
    sqlite3_stmt *stmt = store_read_stmt(queue->store, Q_QUEUE_COUNTS);
    store_bind_int(stmt, ":now", clock_wall_ms());
    if (sql_next(queue->store, stmt) > 0) {
        counts->queued = sqlite3_column_int64(stmt, 0);
        counts->sending = sqlite3_column_int64(stmt, 1);
        counts->unsure = sqlite3_column_int64(stmt, 2);
        counts->hooks_due = sqlite3_column_int64(stmt, 3);
        counts->hooks_waiting = sqlite3_column_int64(stmt, 4);
        counts->accepted = sqlite3_column_int64(stmt, 5);
    }
    sqlite3_reset(stmt);
}
