/* The API's updates of one message: cancel, redact, delete.
 *
 * Refuses: an unknown id (-ENOENT); cancel once a segment has been in flight, redact and delete before the
 * message is final (-EBUSY). A deleted message takes its pending hook with it; what its SMS are known by
 * (part rows) stays, so that a repeat is still a repeat. */
#include <errno.h>

#include "host/queue/queue_internal.h"

#define SCRUB_MS 10000 /* until what was erased is gone from the log of the database too */

struct update {
    struct transition t;
    int64_t message_id;
};

static int cancel_run(struct transition *t)
{
    struct update *op = (struct update *)t;
    struct life life;
    struct work work;
    int status = life_and_work_load(t, op->message_id, &life, &work);
    if (status != 0)
        return status;
    if (life.status == MESSAGE_SCHEDULED) {
        status = schedule_remove(t, life.id, life.account_id);
        return status != 0 ? status : life_end(t, &life, &work, MESSAGE_CANCELED, 0, 0);
    }
    if (!work.exists || work.begun)
        return -EBUSY;
    return life_end(t, &life, &work, MESSAGE_CANCELED, 0, 0);
}

static int require_final(struct update *op)
{
    struct life life;
    int status = life_load(&op->t, op->message_id, &life);
    if (status != 0)
        return status;
    return message_is_final(life.status, life.report_until_ms, op->t.now_ms) ? 0 : -EBUSY;
}

static int run_all(struct update *op, const enum query *queries, size_t count)
{
    int status = require_final(op);
    for (size_t i = 0; status == 0 && i < count; i++) {
        sqlite3_stmt *stmt = store_write_stmt(op->t.queue->store, queries[i]);
        store_bind_int(stmt, ":message", op->message_id);
        status = sql_run(op->t.queue->store, stmt);
    }
    return status;
}

static int redact_run(struct transition *t)
{
    static const enum query queries[] = {Q_MESSAGE_REDACT, Q_SEGMENT_CLEAR, Q_PART_REDACT,
                                         Q_NOTIFICATION_REDACT};
    struct update *op = (struct update *)t;
    int status = run_all(op, queries, sizeof queries / sizeof queries[0]);
    return status != 0 ? status : queue_note(t, op->message_id, "redacted", "%s", "");
}

static int delete_run(struct transition *t)
{
    struct update *op = (struct update *)t;
    int64_t rows[QUEUE_ROWS] = {0};
    int status = require_final(op);
    return status != 0 ? status : erase_rows(t->queue->store, op->message_id, ROWS_KEYS, rows);
}

static void update(struct queue *queue, int64_t message_id, int (*run)(struct transition *), durable_fn *fn,
                   void *arg)
{
    struct update *op = transition_new(queue, sizeof *op, run, fn, arg);
    op->message_id = message_id;
    transition_submit(&op->t);
    if (run != cancel_run)
        store_scrub(queue->store, SCRUB_MS);
}

void queue_cancel(struct queue *queue, int64_t message_id, durable_fn *fn, void *arg)
{
    update(queue, message_id, cancel_run, fn, arg);
}

void queue_redact(struct queue *queue, int64_t message_id, durable_fn *fn, void *arg)
{
    update(queue, message_id, redact_run, fn, arg);
}

void queue_delete(struct queue *queue, int64_t message_id, durable_fn *fn, void *arg)
{
    update(queue, message_id, delete_run, fn, arg);
}
