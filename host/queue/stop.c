/* An account that sends no more, or a person who wants nothing more: what of it waits, or is scheduled, is
 * ended, step by step, so that a turn of the loop stays short whatever waits. What has begun to leave is its
 * carrier's to finish: half a message helps nobody.
 *
 * The walk is by message id over all that waits; what is accepted while it goes on is the caller's to refuse.
 * What waits for one person is in no such order: what was ended is gone, and each step begins anew. */
#include <stdio.h>
#include <string.h>

#include "host/queue/queue_internal.h"

#define STEP 256 /* rows looked at, of any account */

struct stop {
    struct transition t;
    int64_t account_id, after, last; /* last: of this step's rows */
    int64_t lane;                    /* of the person's messages; 0: everybody's, of the account */
    char to[ADDRESS_MAX];
    int64_t before; /* the person's: older than this message */
    int error_code;
    bool scheduled; /* first what is for later, so that none of it is released behind the walk */
    size_t seen;
    durable_fn *fn;
    void *arg;
};

static sqlite3_stmt *rows_of(const struct stop *op)
{
    struct store *store = op->t.queue->store;
    sqlite3_stmt *stmt;
    if (op->lane == 0) {
        stmt = store_write_stmt(store, op->scheduled ? Q_SCHEDULED_AFTER : Q_WORK_AFTER);
    } else {
        stmt = store_write_stmt(store, op->scheduled ? Q_SCHEDULED_TO : Q_WORK_TO);
        store_bind_int(stmt, ":lane", op->lane);
        store_bind_text(stmt, ":to", op->to);
        store_bind_int(stmt, ":before", op->before);
        if (op->scheduled)
            store_bind_int(stmt, ":account", op->account_id);
    }
    store_bind_int(stmt, ":after", op->after);
    store_bind_int(stmt, ":limit", STEP);
    return stmt;
}

/* Those of the account that nothing has left of, and how far the step came. */
static int collect(struct stop *op, int64_t ids[STEP], size_t *count)
{
    struct store *store = op->t.queue->store;
    int status;
    sqlite3_stmt *stmt = rows_of(op);
    op->seen = *count = 0;
    while ((status = sql_next(store, stmt)) > 0) {
        op->seen++;
        op->last = sqlite3_column_int64(stmt, 0);
        if (sqlite3_column_int64(stmt, 1) == op->account_id && sqlite3_column_int(stmt, 2) == 0)
            ids[(*count)++] = op->last;
    }
    return status;
}

static int stop_one(struct stop *op, int64_t message_id)
{
    struct life life;
    struct work work;
    int status = life_and_work_load(&op->t, message_id, &life, &work);
    if (status == 0 && op->scheduled)
        status = schedule_remove(&op->t, message_id, op->account_id);
    if (status != 0)
        return status;
    return life_end(&op->t, &life, &work, op->error_code != 0 ? MESSAGE_FAILED : MESSAGE_CANCELED,
                    op->error_code, 0);
}

static int stop_run(struct transition *t)
{
    struct stop *op = (struct stop *)t;
    int64_t ids[STEP];
    size_t count;
    int status = collect(op, ids, &count);
    for (size_t i = 0; status == 0 && i < count; i++)
        status = stop_one(op, ids[i]);
    return status;
}

static void stop_step(struct queue *queue, const struct stop *from, bool scheduled, int64_t after);

static void stop_done(struct transition *t, int status)
{
    struct stop *op = (struct stop *)t;
    bool more = op->seen == STEP;
    int64_t after = more && (op->lane == 0 || op->scheduled) ? op->last : 0;
    if (status == 0 && (more || op->scheduled) && !t->queue->closed)
        stop_step(t->queue, op, op->scheduled && more, after);
    else if (op->fn != NULL)
        op->fn(op->arg, status);
}

static void stop_step(struct queue *queue, const struct stop *from, bool scheduled, int64_t after)
{
    struct stop *op = transition_new(queue, sizeof *op, stop_run, NULL, NULL);
    op->t.done = stop_done;
    op->account_id = from->account_id;
    op->lane = from->lane;
    op->before = from->before;
    memcpy(op->to, from->to, sizeof op->to);
    op->error_code = from->error_code;
    op->fn = from->fn;
    op->arg = from->arg;
    op->scheduled = scheduled;
    op->after = after;
    transition_submit(&op->t);
}

void queue_account_stop(struct queue *queue, int64_t account_id, int error_code, durable_fn *fn, void *arg)
{
    const struct stop first = {.account_id = account_id, .error_code = error_code, .fn = fn, .arg = arg};
    stop_step(queue, &first, true, 0);
}

void queue_recipient_stop(struct queue *queue, int64_t account_id, int64_t line_id, int64_t service_id,
                          const char *to, int64_t before_id, int error_code)
{
    struct stop first = {.account_id = account_id,
                         .lane = line_id != 0 ? line_id : -service_id,
                         .before = before_id,
                         .error_code = error_code};
    snprintf(first.to, sizeof first.to, "%s", to);
    stop_step(queue, &first, true, 0);
}
