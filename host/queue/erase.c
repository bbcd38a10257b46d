/* What a message leaves when it goes: nothing but the keys that its SMS are known again by (part rows without
 * text) and, unless its recipient is forgotten, the idempotency key. Each row is counted. */
#include <errno.h>

#include "host/queue/queue_internal.h"

/* In the order of the kinds. */
static const struct {
    enum queue_rows kind;
    enum query query;
} ERASING[] = {
    {ROWS_MESSAGES, Q_MESSAGE_DELETE},
    {ROWS_SEGMENTS, Q_SEGMENT_DELETE},
    {ROWS_ATTEMPTS, Q_ATTEMPT_DELETE},
    {ROWS_PARTS, Q_ASSEMBLY_DELETE},
    {ROWS_PARTS, Q_PART_FORGET},
    {ROWS_EVENTS, Q_EVENT_DELETE},
    {ROWS_HOOKS, Q_HOOK_DELETE_ALL},
    {ROWS_HOOKS, Q_DEAD_HOOK_DELETE_ALL},
    {ROWS_NOTIFICATIONS, Q_NOTIFICATION_DELETE},
    {ROWS_FEEDBACK, Q_FEEDBACK_DELETE},
    {ROWS_KEYS, Q_IDEMPOTENCY_FORGET},
};

int erase_rows(struct store *store, int64_t message_id, enum queue_rows end, int64_t rows[QUEUE_ROWS])
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < sizeof ERASING / sizeof ERASING[0] && ERASING[i].kind < end; i++) {
        sqlite3_stmt *stmt = store_write_stmt(store, ERASING[i].query);
        store_bind_int(stmt, ":message", message_id);
        status = sql_run(store, stmt);
        if (status == 0)
            rows[ERASING[i].kind] += store_changes(store);
    }
    return status;
}

int queue_erase(struct store *store, int64_t message_id, int64_t rows[QUEUE_ROWS])
{
    sqlite3_stmt *stmt = store_write_stmt(store, Q_MESSAGE_MOVES);
    store_bind_int(stmt, ":message", message_id);
    int status = sql_next(store, stmt);
    bool moves = status > 0 && sqlite3_column_int(stmt, 0) != 0;
    sqlite3_reset(stmt);
    if (status < 0 || moves)
        return status < 0 ? status : -EBUSY;
    return erase_rows(store, message_id, QUEUE_ROWS, rows);
}
