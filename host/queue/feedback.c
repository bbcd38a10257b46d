/* Feedback: what the recipient did with a message, as its sender's application tells it. The last word
 * counts.
 *
 * Refuses: an unknown message or an inbound one (-ENOENT). */
#include <errno.h>

#include "host/queue/queue_internal.h"

struct feedback_put {
    struct transition t;
    int64_t message_id;
    bool confirmed;
};

static int feedback_run(struct transition *t)
{
    struct feedback_put *op = (struct feedback_put *)t;
    struct life life;
    int status = life_load(t, op->message_id, &life);
    if (status == 0 && life.direction == MESSAGE_INBOUND)
        return -ENOENT;
    if (status != 0)
        return status;
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_FEEDBACK_PUT);
    store_bind_int(stmt, ":message", op->message_id);
    store_bind_int(stmt, ":confirmed", op->confirmed);
    store_bind_int(stmt, ":now", t->now_ms);
    status = sql_run(t->queue->store, stmt);
    if (status != 0)
        return status;
    return queue_note(t, op->message_id, "feedback", "%s", op->confirmed ? "confirmed" : "unconfirmed");
}

void queue_feedback(struct queue *queue, int64_t message_id, bool confirmed, durable_fn *fn, void *arg)
{
    struct feedback_put *op = transition_new(queue, sizeof *op, feedback_run, fn, arg);
    op->message_id = message_id;
    op->confirmed = confirmed;
    transition_submit(&op->t);
}

int queue_feedback_get(struct queue *queue, int64_t message_id, struct feedback *feedback)
{
    sqlite3_stmt *stmt = store_read_stmt(queue->store, Q_FEEDBACK_GET);
    store_bind_int(stmt, ":message", message_id);
    int status = sql_next(queue->store, stmt);
    if (status <= 0)
        return status == 0 ? -ENOENT : status;
    *feedback = (struct feedback){.confirmed = sqlite3_column_int(stmt, 0) != 0,
                                  .created_ms = sqlite3_column_int64(stmt, 1),
                                  .updated_ms = sqlite3_column_int64(stmt, 2)};
    sqlite3_reset(stmt);
    return 0;
}
