/* Which line of a pool: a service's message that is ready may be put to one line of its pool, and taken from
 * it again. Until then any line of the pool may claim it; afterwards that one only.
 *
 * Promises: what a message is bound to (a segment SENT or UNSURE, or being sent) is left alone; the order
 * within a lane stays. A replay puts where the first run did, whatever the chooser would say by then. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/queue/queue_internal.h"

struct move {
    int64_t message_id, line_id;
};
struct prefer {
    struct transition t;
    int64_t line_id, service_id;
    choose_line_fn *choose; /* NULL once it has been asked */
    void *arg;
    bool abandoned;
    struct move moves[PREFER_MOST];
    size_t count;
};

static int move_run(struct prefer *op, const struct move *move)
{
    sqlite3_stmt *stmt = store_write_stmt(op->t.queue->store, Q_WORK_PREFER);
    store_bind_int(stmt, ":message", move->message_id);
    store_bind_int(stmt, ":line", move->line_id);
    store_bind_int(stmt, ":service", -op->service_id);
    return sql_run(op->t.queue->store, stmt);
}

/* The first that is ready: 1, 0, -errno. */
static int first_ready(struct prefer *op, struct work *work)
{
    sqlite3_stmt *stmt = store_write_stmt(op->t.queue->store, Q_WORK_PICK);
    store_bind_int(stmt, ":picker", -op->service_id);
    int status = sql_next(op->t.queue->store, stmt);
    if (status <= 0)
        return status;
    work_columns(stmt, work);
    sqlite3_reset(stmt);
    return 1;
}

static int wake(struct prefer *op)
{
    sqlite3_stmt *stmt = store_write_stmt(op->t.queue->store, Q_WORK_WAKE);
    store_bind_int(stmt, ":picker", -op->service_id);
    store_bind_int(stmt, ":now", op->t.now_ms);
    return sql_run(op->t.queue->store, stmt);
}

static int choose_run(struct prefer *op)
{
    struct work work;
    int status = wake(op);
    while (status == 0 && op->count < PREFER_MOST && (status = first_ready(op, &work)) > 0) {
        int64_t line_id = op->choose(op->arg, op->service_id, work.to);
        if (line_id == 0 || line_id == op->line_id)
            return 0;
        op->moves[op->count] = (struct move){work.message_id, line_id};
        status = move_run(op, &op->moves[op->count++]);
    }
    return status < 0 ? status : 0;
}

static int prefer_run(struct transition *t)
{
    struct prefer *op = (struct prefer *)t;
    t->op.patient = true; /* the claim that follows brings the commit */
    if (op->abandoned)
        return -ECANCELED;
    if (op->choose != NULL) {
        int status = choose_run(op);
        op->choose = NULL;
        return status;
    }
    int status = wake(op);
    for (size_t i = 0; i < op->count && status == 0; i++)
        status = move_run(op, &op->moves[i]);
    return status;
}

int queue_prefer(struct queue *queue, int64_t line_id, int64_t service_id, choose_line_fn *choose, void *arg)
{
    if (!store_open_for_work(queue->store))
        return -ENOSPC;
    struct prefer *op = transition_new(queue, sizeof *op, prefer_run, NULL, NULL);
    op->line_id = line_id;
    op->service_id = service_id;
    op->choose = choose;
    op->arg = arg;
    int status = transition_submit(&op->t);
    if (status == 0)
        return (int)op->count;
    op->abandoned = true;
    return status == -EINPROGRESS ? -ENOSPC : status;
}

/* ---- and back ---- */

struct release {
    struct transition t;
    int64_t service_id, line_id;
};

static int release_run(struct transition *t)
{
    static const enum query queries[] = {Q_WORK_RELEASE_HEADS, Q_WORK_RELEASE_BEHIND};
    struct release *op = (struct release *)t;
    int status = 0;
    for (size_t i = 0; i < sizeof queries / sizeof queries[0] && status == 0; i++) {
        sqlite3_stmt *stmt = store_write_stmt(t->queue->store, queries[i]);
        store_bind_int(stmt, ":lane", -op->service_id);
        store_bind_int(stmt, ":line", op->line_id);
        status = sql_run(t->queue->store, stmt);
    }
    if (status == 0)
        queue_raise(t, QUEUE_WORK);
    return status;
}

void queue_release(struct queue *queue, int64_t service_id, int64_t line_id)
{
    struct release *op = transition_new(queue, sizeof *op, release_run, NULL, NULL);
    op->service_id = service_id;
    op->line_id = line_id;
    transition_submit(&op->t);
}
