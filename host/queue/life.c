/* What becomes of a message: sent, delivered, or ended as failed, undelivered or canceled. Each change the
 * client may see updates the row, writes its hook and leaves the lanes in order. Guards are the callers'; a
 * final message is never changed back. */
#include <errno.h>
#include <string.h>

#include "host/queue/queue_internal.h"

_Static_assert(SEGMENT_WAITING == 1 && SEGMENT_OUT == 2 && SEGMENT_UNSURE == 5 && SEGMENT_CANCELED == 6,
               "sql/queries/queue.sql names these");
_Static_assert(REPORTED_DELIVERED == 1 && REPORTED_ACCEPTED == 2, "sql/queries/queue.sql names these");

int life_load(struct transition *t, int64_t message_id, struct life *life)
{
    struct store *store = t->queue->store;
    sqlite3_stmt *stmt = store_write_stmt(store, Q_LIFE_GET);
    store_bind_int(stmt, ":message", message_id);
    int status = sql_next(store, stmt);
    if (status <= 0)
        return status == 0 ? -ENOENT : status;
    memset(life, 0, sizeof *life);
    life->id = message_id;
    life->account_id = sqlite3_column_int64(stmt, 0);
    life->line_id = sqlite3_column_int64(stmt, 1);
    life->service_id = sqlite3_column_int64(stmt, 2);
    life->direction = (enum message_direction)sqlite3_column_int(stmt, 3);
    life->status = (enum message_status)sqlite3_column_int(stmt, 4);
    life->segments = (unsigned)sqlite3_column_int(stmt, 5);
    life->expires_ms = sqlite3_column_int64(stmt, 6);
    life->report_until_ms = sqlite3_column_int64(stmt, 7);
    life->unsure = sqlite3_column_int(stmt, 8) != 0;
    life->status_report = sqlite3_column_int(stmt, 9) != 0;
    life->discard_body = sqlite3_column_int(stmt, 10) != 0;
    life->policy = (enum unsure_policy)sqlite3_column_int(stmt, 11);
    sql_text(stmt, 12, life->to, sizeof life->to);
    sqlite3_reset(stmt);
    return 0;
}

int segment_state(struct transition *t, int64_t message_id, unsigned seq, enum segment_state state)
{
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_SEGMENT_STATE);
    store_bind_int(stmt, ":message", message_id);
    store_bind_int(stmt, ":seq", seq);
    store_bind_int(stmt, ":state", state);
    return sql_run(t->queue->store, stmt);
}

/* How many segments are not settled: waiting or out, and unsure. */
static int segment_open(struct transition *t, int64_t message_id, int *waiting, int *out, int *unsure)
{
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_SEGMENT_OPEN);
    store_bind_int(stmt, ":message", message_id);
    int status = sql_next(t->queue->store, stmt);
    if (status <= 0)
        return status;
    *waiting = sqlite3_column_int(stmt, 0);
    *out = sqlite3_column_int(stmt, 1);
    *unsure = sqlite3_column_int(stmt, 2);
    sqlite3_reset(stmt);
    return 0;
}

/* The message's new face. error_code and done_ms are what the hook repeats. */
static int life_become(struct transition *t, struct life *life, enum message_status status, int error_code,
                       int64_t done_ms)
{
    bool is_sent =
        status == MESSAGE_SENT; /* a statement of its own: only that one moves the sent_ms indexes */
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, is_sent ? Q_LIFE_SENT : Q_LIFE_BECOME);
    store_bind_int(stmt, ":message", life->id);
    if (!is_sent) {
        store_bind_int(stmt, ":status", status);
        store_bind_int(stmt, ":error", error_code);
    }
    store_bind_int(stmt, ":report_until", life->report_until_ms);
    store_bind_int(stmt, ":now", t->now_ms);
    int result = sql_run(t->queue->store, stmt);
    life->status = status;
    life->unsure = false;
    if (result == 0 && life->discard_body) {
        stmt = store_write_stmt(t->queue->store, Q_SEGMENT_CLEAR);
        store_bind_int(stmt, ":message", life->id);
        result = sql_run(t->queue->store, stmt);
    }
    return result != 0 ? result : hook_add(t, life->id, status, error_code, done_ms);
}

int life_delivered(struct transition *t, struct life *life, int64_t done_ms)
{
    life->report_until_ms = 0;
    int status = life_become(t, life, MESSAGE_DELIVERED, 0, done_ms);
    return status != 0 ? status : queue_note(t, life->id, "delivered", "segments=%u", life->segments);
}

int life_reports(struct transition *t, struct life *life)
{
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_SEGMENT_REPORTS);
    store_bind_int(stmt, ":message", life->id);
    int status = sql_next(t->queue->store, stmt);
    if (status <= 0)
        return status;
    unsigned delivered = (unsigned)sqlite3_column_int(stmt, 0);
    unsigned accepted = (unsigned)sqlite3_column_int(stmt, 1);
    int64_t done_ms = sqlite3_column_int64(stmt, 2);
    sqlite3_reset(stmt);
    if (delivered == life->segments)
        return life_delivered(t, life, done_ms);
    if (delivered + accepted < life->segments)
        return 0;
    stmt = store_write_stmt(t->queue->store, Q_LIFE_NO_REPORT);
    store_bind_int(stmt, ":message", life->id);
    store_bind_int(stmt, ":now", t->now_ms);
    return sql_run(t->queue->store, stmt);
}

static int64_t report_until(const struct transition *t, const struct life *life)
{
    int64_t end_ms = life->expires_ms > t->now_ms ? life->expires_ms : t->now_ms;
    return life->status_report ? end_ms + REPORT_SLACK_MS : 0;
}

int life_sent(struct transition *t, struct life *life, struct work *work)
{
    life->report_until_ms = report_until(t, life);
    int status = life_become(t, life, MESSAGE_SENT, 0, 0);
    if (status == 0)
        status = usage_count(t, life->id);
    if (status == 0 && work->exists)
        status = lane_leave(t, work);
    bool reported = life->segments > 1 || work->attempts > 1; /* then one may have come before this */
    return status == 0 && reported ? life_reports(t, life) : status;
}

int life_end(struct transition *t, struct life *life, struct work *work, enum message_status status,
             int error_code, int64_t done_ms)
{
    static const enum query closing[] = {Q_SEGMENT_CANCEL, Q_ATTEMPT_CLOSE};
    life->report_until_ms = 0;
    int result = life_become(t, life, status, error_code, done_ms);
    for (size_t i = 0; result == 0 && i < sizeof closing / sizeof closing[0]; i++) {
        sqlite3_stmt *stmt = store_write_stmt(t->queue->store, closing[i]);
        store_bind_int(stmt, ":message", life->id);
        result = sql_run(t->queue->store, stmt);
    }
    if (result == 0)
        result = queue_note(t, life->id, message_status_text(status), "error=%d", error_code);
    return result == 0 && work->exists ? lane_leave(t, work) : result;
}

int life_set_unsure(struct transition *t, struct life *life, struct work *work, int unsure)
{
    work->unsure = unsure;
    if (life->unsure == (unsure > 0))
        return 0;
    life->unsure = unsure > 0;
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_LIFE_UNSURE);
    store_bind_int(stmt, ":message", life->id);
    store_bind_int(stmt, ":unsure", life->unsure);
    store_bind_int(stmt, ":now", t->now_ms);
    return sql_run(t->queue->store, stmt);
}

int life_continue(struct transition *t, struct life *life, struct work *work)
{
    int waiting = 0, out = 0, unsure = 0;
    int status = segment_open(t, life->id, &waiting, &out, &unsure);
    if (status != 0)
        return status;
    if (out == 0 && waiting == 0 && unsure == 0)
        return life_sent(t, life, work);
    if (out == 0 && waiting == 0)
        return work->state == WORK_HELD ? work_store(t, work) : lane_hold(t, work);
    if (out == 0 && work->state == WORK_BUSY)
        return lane_back(t, work);
    if (out == 0 && work->state == WORK_HELD)
        return lane_enter(t, work);
    return work_store(t, work);
}

int life_segment_sent(struct transition *t, struct life *life, struct work *work, unsigned seq)
{
    int status = segment_state(t, life->id, seq, SEGMENT_SENT);
    if (status != 0 || !work->exists)
        return status;
    if (life->segments == 1)
        return life_sent(t, life, work);
    work->picker = life->line_id;
    work->retry_ms = 0;
    return life_continue(t, life, work);
}
