/* Messages for a later time. Each is a message row and one row that holds its time, and nothing else: so a
 * claim never meets them, whatever their number.
 *
 * Promises: released in the order of their time, by the wall clock and never before it, once, and at once
 * when the daemon was down at that time; the validity was counted from there, so what is late beyond it
 * expires. A time is the client's own: it does not move when the wall clock jumps. Refuses to release
 * anything by a clock that is not trusted. */
#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/queue/queue_internal.h"

#define RELEASE_BATCH 64 /* a turn, so that a turn stays short */

_Static_assert(MESSAGE_ACCEPTED == 1 && MESSAGE_SCHEDULED == 2 && MESSAGE_QUEUED == 3,
               "sql/queries/queue.sql names these");

int schedule_add(struct transition *t, int64_t message_id, int64_t account_id, int64_t send_ms)
{
    char at[25];
    clock_format(send_ms, at);
    queue_depth_change(t, DEPTH_SCHEDULED, account_id, 1);
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_SCHEDULED_INSERT);
    store_bind_int(stmt, ":message", message_id);
    store_bind_int(stmt, ":account", account_id);
    store_bind_int(stmt, ":send", send_ms);
    int status = sql_run(t->queue->store, stmt);
    return status != 0 ? status : queue_note(t, message_id, "scheduled", "send_at=%s", at);
}

int schedule_remove(struct transition *t, int64_t message_id, int64_t account_id)
{
    queue_depth_change(t, DEPTH_SCHEDULED, account_id, -1);
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_SCHEDULED_DELETE);
    store_bind_int(stmt, ":message", message_id);
    return sql_run(t->queue->store, stmt);
}

/* The place in the queue that it would have got as a new message. */
static int release_work(struct transition *t, int64_t message_id, struct work *work)
{
    struct store *store = t->queue->store;
    sqlite3_stmt *stmt = store_write_stmt(store, Q_SCHEDULED_WORK);
    store_bind_int(stmt, ":message", message_id);
    int status = sql_next(store, stmt);
    if (status == 0)
        fatal("message %lld is scheduled and does not exist", (long long)message_id);
    if (status < 0)
        return status;
    int64_t line_id = sqlite3_column_int64(stmt, 1), service_id = sqlite3_column_int64(stmt, 2);
    *work = (struct work){.message_id = message_id,
                          .account_id = sqlite3_column_int64(stmt, 0),
                          .lane = line_id != 0 ? line_id : -service_id,
                          .rank = 9 - sqlite3_column_int(stmt, 4),
                          .expires_ms = sqlite3_column_int64(stmt, 5),
                          .exists = true};
    work->picker = work->lane;
    sql_text(stmt, 3, work->to, sizeof work->to);
    sqlite3_reset(stmt);
    return service_id != 0 ? 0 : hook_add(t, message_id, MESSAGE_QUEUED, 0, 0);
}

static int release(struct transition *t, int64_t message_id)
{
    struct work work = {0};
    int status = release_work(t, message_id, &work);
    if (status != 0)
        return status;
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_MESSAGE_RELEASED);
    store_bind_int(stmt, ":message", message_id);
    store_bind_int(stmt, ":now", t->now_ms);
    status = sql_run(t->queue->store, stmt);
    if (status == 0)
        status = schedule_remove(t, message_id, work.account_id);
    if (status == 0)
        status = queue_note(t, message_id, "released", "%s", "");
    return status == 0 ? lane_begin(t, &work) : status;
}

int schedule_sweep(struct transition *t)
{
    for (int i = 0; i < RELEASE_BATCH; i++) {
        sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_SCHEDULED_DUE);
        store_bind_int(stmt, ":now", t->now_ms);
        int status = sql_next(t->queue->store, stmt);
        if (status <= 0)
            return status;
        int64_t message_id = sqlite3_column_int64(stmt, 0);
        sqlite3_reset(stmt);
        if ((status = release(t, message_id)) != 0)
            return status;
    }
    return 0;
}
