/* Attempts: claim and the in-flight mark, and what a carrier finds in flight after a restart.
 *
 * Promises: a segment has at most one open attempt, a message too; an attempt is a row that is never used
 * twice. A claim that could not be applied at once claims nothing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"
#include "host/queue/queue_internal.h"

#define FAIL_MOST     16 /* expired or unwanted messages that one claim ends on its way */
#define PICKERS_MOST  65 /* the line, and services */
#define ATTEMPTS_MOST ((1 << ATTEMPT_BITS) - 1)

_Static_assert(ATTEMPT_CLAIMED == 1 && ATTEMPT_IN_FLIGHT == 2 && ATTEMPT_UNSURE == 3 && ATTEMPT_LAPSED == 4 &&
                   ATTEMPT_SENT == 5 && ATTEMPT_VOID == 8,
               "sql/schema.sql and sql/queries/queue.sql name these");

int64_t attempt_id(int64_t message_id, int n)
{
    return message_id << ATTEMPT_BITS | n;
}

int attempt_end(struct transition *t, const struct attempt *attempt, enum attempt_state state, int mr,
                const char *reason)
{
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_ATTEMPT_END);
    store_bind_int(stmt, ":message", attempt->message_id);
    store_bind_int(stmt, ":n", attempt->n);
    store_bind_int(stmt, ":state", state);
    store_bind_int(stmt, ":mr", mr);
    store_bind_int(stmt, ":now", t->now_ms);
    store_bind_text(stmt, ":reason", reason);
    return sql_run(t->queue->store, stmt);
}

/* ---- claim ---- */

struct claim {
    struct transition t;
    int64_t line_id;
    int64_t pickers[PICKERS_MOST];
    size_t picker_count;
    struct job job;
    bool accepted;    /* its message is not queued yet */
    int64_t promised; /* attempt id handed out: a replay must come to the same */
    bool abandoned;   /* nobody waits for the answer any more */
    int64_t next_ms;
};

/* Retries of this picker that have fallen due are ready. */
static int claim_wake(struct claim *op, int64_t picker)
{
    sqlite3_stmt *stmt = store_write_stmt(op->t.queue->store, Q_WORK_WAKE);
    store_bind_int(stmt, ":picker", picker);
    store_bind_int(stmt, ":now", op->t.now_ms);
    return sql_run(op->t.queue->store, stmt);
}

/* The best ready row of all pickers: 1, 0, -errno. */
static int claim_pick(struct claim *op, struct work *best)
{
    struct store *store = op->t.queue->store;
    int found = 0;
    for (size_t i = 0; i < op->picker_count; i++) {
        int status = claim_wake(op, op->pickers[i]);
        if (status != 0)
            return status;
        sqlite3_stmt *stmt = store_write_stmt(store, Q_WORK_PICK);
        store_bind_int(stmt, ":picker", op->pickers[i]);
        if ((status = sql_next(store, stmt)) < 0)
            return status;
        if (status == 0)
            continue;
        struct work work;
        work_columns(stmt, &work);
        sqlite3_reset(stmt);
        if (!found || work.rank < best->rank ||
            (work.rank == best->rank && work.message_id < best->message_id))
            *best = work;
        found = 1;
    }
    return found;
}

static int claim_next_ms(struct claim *op)
{
    struct store *store = op->t.queue->store;
    for (size_t i = 0; i < op->picker_count; i++) {
        sqlite3_stmt *stmt = store_write_stmt(store, Q_WORK_NEXT_RETRY);
        store_bind_int(stmt, ":picker", op->pickers[i]);
        int status = sql_next(store, stmt);
        if (status < 0)
            return status;
        if (status == 0)
            continue;
        int64_t due_ms = sqlite3_column_int64(stmt, 0);
        sqlite3_reset(stmt);
        if (op->next_ms == 0 || due_ms < op->next_ms)
            op->next_ms = due_ms;
    }
    return 0;
}

static void job_segment(struct job *job, sqlite3_stmt *stmt)
{
    memcpy(job->sid.b, sqlite3_column_blob(stmt, 0), sizeof job->sid.b);
    job->dcs = (uint8_t)sqlite3_column_int(stmt, 1);
    job->status_report = sqlite3_column_int(stmt, 2) != 0;
    job->total = (unsigned)sqlite3_column_int(stmt, 3);
    sql_text(stmt, 4, job->to, sizeof job->to);
    job->expires_ms = sqlite3_column_int64(stmt, 5);
    job->seq = (unsigned)sqlite3_column_int(stmt, 6);
    job->udhi = sqlite3_column_int(stmt, 7) != 0;
    job->udl = (uint8_t)sqlite3_column_int(stmt, 8);
    int len = sqlite3_column_bytes(stmt, 9);
    job->ud_len = (uint8_t)(len > PDU_UD_MAX ? PDU_UD_MAX : len);
    if (job->ud_len > 0)
        memcpy(job->ud, sqlite3_column_blob(stmt, 9), job->ud_len);
}

/* The first waiting segment of the message. */
static int claim_segment(struct claim *op, const struct work *work)
{
    struct store *store = op->t.queue->store;
    struct job *job = &op->job;
    memset(job, 0, sizeof *job);
    job->attempt_id = attempt_id(work->message_id, work->attempts + 1);
    job->message_id = work->message_id;
    job->line_id = op->line_id;
    job->started_ms = op->t.now_ms;
    sqlite3_stmt *stmt = store_write_stmt(store, Q_SEGMENT_NEXT);
    store_bind_int(stmt, ":message", work->message_id);
    int status = sql_next(store, stmt);
    if (status == 0)
        fatal("message %lld is ready to be claimed without a segment that waits",
              (long long)work->message_id);
    if (status < 0)
        return status;
    job_segment(job, stmt);
    op->accepted = sqlite3_column_int(stmt, 10) == MESSAGE_ACCEPTED;
    sqlite3_reset(stmt);
    return 0;
}

static int claim_store_attempt(struct claim *op, int n)
{
    struct store *store = op->t.queue->store;
    sqlite3_stmt *stmt = store_write_stmt(store, Q_ATTEMPT_INSERT);
    store_bind_int(stmt, ":message", op->job.message_id);
    store_bind_int(stmt, ":n", n);
    store_bind_int(stmt, ":seq", op->job.seq);
    store_bind_int(stmt, ":line", op->line_id);
    store_bind_int(stmt, ":now", op->t.now_ms);
    int status = sql_run(store, stmt);
    return status != 0 ? status : segment_state(&op->t, op->job.message_id, op->job.seq, SEGMENT_OUT);
}

/* A service's message takes the line that claims it, if it has none, and is queued from now on. */
static int claim_bind(struct claim *op, const struct work *work)
{
    struct store *store = op->t.queue->store;
    int status = 0;
    if (work->lane < 0) {
        sqlite3_stmt *stmt = store_write_stmt(store, Q_MESSAGE_BIND);
        store_bind_int(stmt, ":message", work->message_id);
        store_bind_int(stmt, ":line", op->line_id);
        store_bind_int(stmt, ":now", op->t.now_ms);
        status = sql_run(store, stmt);
    }
    if (status != 0 || !op->accepted)
        return status;
    op->t.op.patient = false; /* its client hears of it */
    sqlite3_stmt *stmt = store_write_stmt(store, Q_MESSAGE_QUEUED);
    store_bind_int(stmt, ":message", work->message_id);
    store_bind_int(stmt, ":now", op->t.now_ms);
    status = sql_run(store, stmt);
    return status != 0 ? status : hook_add(&op->t, work->message_id, MESSAGE_QUEUED, 0, 0);
}

static int claim_take(struct claim *op, struct work *work)
{
    int status = claim_segment(op, work);
    if (status == 0 && op->promised != 0 && op->promised != op->job.attempt_id)
        return -ESTALE; /* replayed over another state: nothing is claimed, and the mark will be refused */
    work->attempts++;
    if (status == 0)
        status = claim_store_attempt(op, work->attempts);
    if (status == 0)
        status = claim_bind(op, work);
    if (status == 0)
        status = lane_busy(&op->t, work);
    if (status == 0)
        status = queue_note(&op->t, work->message_id, "claimed", "attempt=%d segment=%u/%u line=%lld",
                            work->attempts, op->job.seq, op->job.total, (long long)op->line_id);
    return status;
}

static int claim_fail(struct claim *op, struct work *work, int error)
{
    struct life life;
    int status = life_load(&op->t, work->message_id, &life);
    return status != 0 ? status : life_end(&op->t, &life, work, MESSAGE_FAILED, error, 0);
}

/* Its recipient has opted out since it was accepted: 1, 0, -errno. Looked at here, the last door, because
 * rows come by several ways, and pools change. What has begun to leave goes on. */
static int claim_unwanted(struct claim *op, const struct work *work)
{
    struct store *store = op->t.queue->store;
    sqlite3_stmt *stmt = store_write_stmt(store, Q_OPTOUT_OF_WORK);
    store_bind_int(stmt, ":message", work->message_id);
    store_bind_int(stmt, ":line", op->line_id);
    int status = sql_next(store, stmt);
    sqlite3_reset(stmt);
    return status;
}

static bool claim_may_take(const struct claim *op, const struct work *work)
{
    return (!op->t.may_expire || work->expires_ms > op->t.now_ms) && work->attempts < ATTEMPTS_MOST;
}

static int claim_run(struct transition *t)
{
    struct claim *op = (struct claim *)t;
    op->job.attempt_id = 0;
    op->next_ms = 0;
    t->op.patient = true; /* the carrier has its job at once, and its in-flight mark brings the commit */
    if (op->abandoned)
        return -ECANCELED;
    for (int failed = 0; failed < FAIL_MOST; failed++) {
        struct work work;
        int status = claim_pick(op, &work);
        if (status < 0)
            return status;
        if (status == 0)
            return claim_next_ms(op);
        bool expired = !claim_may_take(op, &work);
        if (!expired && (status = claim_unwanted(op, &work)) < 0)
            return status;
        if (!expired && status == 0)
            return claim_take(op, &work);
        t->op.patient = false;
        int error = !expired ? ERROR_OPTED_OUT : work.last_error != 0 ? work.last_error : ERROR_EXPIRED;
        if ((status = claim_fail(op, &work, error)) != 0)
            return status;
    }
    op->next_ms = t->now_ms; /* there may be more behind those: come again */
    return 0;
}

int queue_claim(struct queue *queue, int64_t line_id, const int64_t *service_ids, size_t service_count,
                struct job *job, int64_t *next_ms)
{
    *next_ms = 0;
    if (!store_open_for_work(queue->store))
        return -ENOSPC;
    struct claim *op = transition_new(queue, sizeof *op, claim_run, NULL, NULL);
    op->line_id = line_id;
    op->pickers[op->picker_count++] = line_id;
    for (size_t i = 0; i < service_count && op->picker_count < PICKERS_MOST; i++)
        op->pickers[op->picker_count++] = -service_ids[i];
    int status = transition_submit(&op->t);
    if (status != 0) {
        op->abandoned = true;
        return status == -EINPROGRESS ? -ENOSPC : status;
    }
    op->promised = op->job.attempt_id;
    *next_ms = op->next_ms;
    if (op->promised == 0)
        return -EAGAIN;
    *job = op->job;
    return 0;
}

/* ---- in flight ---- */

struct in_flight {
    struct transition t;
    int64_t message_id;
    int n;
    char iccid[24];
    bool told; /* the change to `sending` becomes a hook */
};

static int in_flight_run(struct transition *t)
{
    struct in_flight *op = (struct in_flight *)t;
    struct store *store = t->queue->store;
    sqlite3_stmt *stmt = store_write_stmt(store, Q_ATTEMPT_IN_FLIGHT);
    store_bind_int(stmt, ":message", op->message_id);
    store_bind_int(stmt, ":n", op->n);
    store_bind_text(stmt, ":iccid", op->iccid);
    int status = sql_guarded(store, stmt);
    if (status <= 0)
        return status < 0 ? status : -ESTALE;
    stmt = store_write_stmt(store, Q_WORK_BEGIN);
    store_bind_int(stmt, ":message", op->message_id);
    if ((status = sql_guarded(store, stmt)) > 0) {
        stmt = store_write_stmt(store, Q_MESSAGE_SENDING);
        store_bind_int(stmt, ":message", op->message_id);
        store_bind_int(stmt, ":now", t->now_ms);
        status = sql_run(store, stmt);
        if (status == 0 && op->told)
            status = hook_add(t, op->message_id, MESSAGE_SENDING, 0, 0);
    }
    return status < 0 ? status : queue_note(t, op->message_id, "in_flight", "attempt=%d", op->n);
}

void queue_in_flight(struct queue *queue, int64_t id, const char *iccid, durable_fn *fn, void *arg)
{
    struct in_flight *op = transition_new(queue, sizeof *op, in_flight_run, fn, arg);
    op->message_id = id >> ATTEMPT_BITS;
    op->n = (int)(id & ((1 << ATTEMPT_BITS) - 1));
    op->told = queue->hook_sending;
    size_t len = iccid == NULL ? 0 : strnlen(iccid, sizeof op->iccid - 1);
    if (len > 0)
        memcpy(op->iccid, iccid, len);
    transition_submit(&op->t);
}

/* ---- after a restart ---- */

size_t queue_resumable(struct queue *queue, int64_t line_id, struct job *jobs, size_t max)
{
    size_t count = 0;
    sqlite3_stmt *stmt = store_read_stmt(queue->store, Q_ATTEMPT_RESUMABLE);
    store_bind_int(stmt, ":line", line_id);
    store_bind_int(stmt, ":max", (int64_t)max);
    while (count < max && sql_next(queue->store, stmt) > 0) {
        struct job *job = &jobs[count++];
        memset(job, 0, sizeof *job);
        job_segment(job, stmt);
        job->line_id = line_id;
        job->message_id = sqlite3_column_int64(stmt, 10);
        job->attempt_id = attempt_id(job->message_id, sqlite3_column_int(stmt, 11));
        job->started_ms = sqlite3_column_int64(stmt, 12);
    }
    sqlite3_reset(stmt);
    return count;
}
