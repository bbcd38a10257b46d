/* Idempotency keys: what a client marked a request with, so that it can repeat it safely.
 *
 * Promises: a key that was used is known for 24 hours, over restarts, jumps of the clock and the end of its
 * message, and never sends a second time. Refuses (queue_key): a repeat, a key whose message was deleted, a
 * key that was used for another request. */
#include <errno.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/queue/queue_internal.h"

/* The statement is Q_IDEMPOTENCY_GET of either connection. */
static int key_look(struct store *store, sqlite3_stmt *stmt, int64_t request, struct submitted *found)
{
    int status = sql_next(store, stmt);
    if (status <= 0)
        return status;
    int64_t first = sqlite3_column_int64(stmt, 2);
    if (first != 0 && request != 0 && first != request) {
        status = -EEXIST;
    } else if (sqlite3_column_type(stmt, 0) == SQLITE_NULL) {
        status = -ESTALE;
    } else {
        status = -EALREADY;
        found->id = sqlite3_column_int64(stmt, 0);
        if (sqlite3_column_bytes(stmt, 1) == sizeof found->sid.b)
            memcpy(found->sid.b, sqlite3_column_blob(stmt, 1), sizeof found->sid.b);
    }
    sqlite3_reset(stmt);
    return status;
}

static void key_bind(sqlite3_stmt *stmt, int64_t account_id, const char *key, int64_t now_ms)
{
    store_bind_int(stmt, ":account", account_id);
    store_bind_text(stmt, ":key", key);
    store_bind_int(stmt, ":now", now_ms);
}

int key_find(struct transition *t, const struct submission *s, struct submitted *found)
{
    struct store *store = t->queue->store;
    sqlite3_stmt *stmt = store_write_stmt(store, Q_IDEMPOTENCY_GET);
    key_bind(stmt, s->account_id, s->idempotency_key, t->now_ms);
    return key_look(store, stmt, s->request, found);
}

int queue_key(struct queue *queue, int64_t account_id, const char *key, int64_t request,
              struct submitted *found)
{
    sqlite3_stmt *stmt = store_read_stmt(queue->store, Q_IDEMPOTENCY_GET);
    key_bind(stmt, account_id, key, clock_wall_ms());
    return key_look(queue->store, stmt, request, found);
}

int key_store(struct transition *t, const struct submission *s, int64_t message_id)
{
    struct store *store = t->queue->store;
    sqlite3_stmt *stmt = store_write_stmt(store, Q_IDEMPOTENCY_SWEEP);
    store_bind_int(stmt, ":now", t->now_ms);
    int status = sql_run(store, stmt);
    stmt = store_write_stmt(store, Q_IDEMPOTENCY_PUT);
    store_bind_int(stmt, ":account", s->account_id);
    store_bind_text(stmt, ":key", s->idempotency_key);
    store_bind_int(stmt, ":message", message_id);
    store_bind_int(stmt, ":until", t->now_ms + IDEMPOTENCY_MS);
    store_bind_int(stmt, ":request", s->request);
    return status != 0 ? status : sql_run(store, stmt);
}
