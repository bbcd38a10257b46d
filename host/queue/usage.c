/* What each account sent and received, by the UTC day: counted in the transaction that makes a message sent
 * or received, which each becomes once; so the count is neither lost nor doubled, and outlives the message.
 */
#include "host/queue/queue_internal.h"

_Static_assert(MESSAGE_INBOUND == 1, "sql/queries/usage.sql names it");

int usage_count(struct transition *t, int64_t message_id)
{
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_USAGE_COUNT);
    store_bind_int(stmt, ":message", message_id);
    store_bind_int(stmt, ":day", t->now_ms / CLOCK_DAY_MS);
    return sql_run(t->queue->store, stmt);
}

int queue_usage(struct queue *queue, int64_t account_id, int64_t from_day, int64_t to_day, struct usage *out)
{
    sqlite3_stmt *stmt = store_read_stmt(queue->store, Q_USAGE_SUM);
    store_bind_int(stmt, ":account", account_id);
    store_bind_int(stmt, ":from", from_day);
    store_bind_int(stmt, ":to", to_day);
    int status = sql_next(queue->store, stmt);
    if (status <= 0)
        return status;
    out->out_messages += sqlite3_column_int64(stmt, 0);
    out->out_segments += sqlite3_column_int64(stmt, 1);
    out->in_messages += sqlite3_column_int64(stmt, 2);
    out->in_segments += sqlite3_column_int64(stmt, 3);
    sqlite3_reset(stmt);
    return 0;
}
