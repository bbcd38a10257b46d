/* Outcomes: what a carrier's answer, or an operator's verdict, makes of an attempt, its segment and its
 * message.
 *
 * Refuses: an attempt that is not open any more (-ESTALE: settled, cancelled, forgotten), SENT or UNSURE for
 * one that was never marked in flight (-ESTALE), a verdict on a message that is not unsure (-EBUSY). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/queue/queue_internal.h"
#include "host/queue/retry.h"

struct settle {
    struct transition t;
    int64_t message_id;
    int n;
    struct settlement s;
    char reason[96];
};

/* What a settlement is decided by. */
struct scene {
    struct settle *op;
    struct attempt attempt;
    struct life life;
    struct work work;
};

static int attempt_load(struct settle *op, struct attempt *attempt)
{
    struct store *store = op->t.queue->store;
    sqlite3_stmt *stmt = store_write_stmt(store, Q_ATTEMPT_GET);
    store_bind_int(stmt, ":message", op->message_id);
    store_bind_int(stmt, ":n", op->n);
    int status = sql_next(store, stmt);
    if (status <= 0)
        return status == 0 ? -ESTALE : status;
    memset(attempt, 0, sizeof *attempt);
    attempt->message_id = op->message_id;
    attempt->n = op->n;
    attempt->seq = (unsigned)sqlite3_column_int(stmt, 0);
    attempt->line_id = sqlite3_column_int64(stmt, 1);
    attempt->state = (enum attempt_state)sqlite3_column_int(stmt, 2);
    attempt->started_ms = sqlite3_column_int64(stmt, 3);
    sqlite3_reset(stmt);
    return 0;
}

static int settle_sent(struct scene *scene, int mr)
{
    struct transition *t = &scene->op->t;
    struct attempt *attempt = &scene->attempt;
    int status = attempt_end(t, attempt, ATTEMPT_SENT, mr, scene->op->reason);
    if (status == 0)
        status = queue_note(t, attempt->message_id, "sent", "attempt=%d segment=%u/%u mr=%d", attempt->n,
                            attempt->seq, scene->life.segments, mr);
    if (status == 0)
        status = life_segment_sent(t, &scene->life, &scene->work, attempt->seq);
    return status == 0 ? report_settle_kept(t, attempt, mr) : status;
}

static int on_sent(struct scene *scene)
{
    return settle_sent(scene, scene->op->s.mr);
}

/* When the next try is due; RETRY_NEVER when none fits the validity. A try that is the carrier's fault is not
 * counted. */
static int64_t next_try(struct scene *scene)
{
    struct transition *t = &scene->op->t;
    const struct settlement *s = &scene->op->s;
    struct work *work = &scene->work;
    if (!s->carrier_fault) {
        work->tries++;
        work->last_error = s->error_code != 0 ? s->error_code : ERROR_UNKNOWN;
    }
    int64_t expires_ms = t->may_expire ? work->expires_ms : INT64_MAX;
    int tries = s->carrier_fault ? work->attempts : work->tries;
    return retry_at(tries, t->now_ms, expires_ms, s->retry_after_ms, s->carrier_fault);
}

static int on_retry(struct scene *scene)
{
    struct transition *t = &scene->op->t;
    struct work *work = &scene->work;
    struct attempt *attempt = &scene->attempt;
    bool wanted = work->exists;
    int status = attempt_end(t, attempt, ATTEMPT_RETRY, -1, scene->op->reason);
    if (status == 0)
        status =
            segment_state(t, attempt->message_id, attempt->seq, wanted ? SEGMENT_WAITING : SEGMENT_CANCELED);
    int64_t at_ms = wanted ? next_try(scene) : RETRY_NEVER;
    if (status == 0)
        status =
            queue_note(t, attempt->message_id, "retry", "attempt=%d in_ms=%lld reason=\"%s\"", attempt->n,
                       (long long)(at_ms == RETRY_NEVER ? -1 : at_ms - t->now_ms), scene->op->reason);
    if (status != 0 || !wanted)
        return status;
    if (at_ms == RETRY_NEVER) {
        int error = work->last_error != 0 ? work->last_error : ERROR_EXPIRED;
        return life_end(t, &scene->life, work, MESSAGE_FAILED, error, 0);
    }
    work->retry_ms = at_ms;
    return lane_back(t, work);
}

static int on_reject(struct scene *scene)
{
    struct transition *t = &scene->op->t;
    const struct settlement *s = &scene->op->s;
    struct attempt *attempt = &scene->attempt;
    int error = s->error_code != 0 ? s->error_code : ERROR_UNKNOWN;
    int status = attempt_end(t, attempt, ATTEMPT_REJECTED, -1, scene->op->reason);
    if (status == 0)
        status = segment_state(t, attempt->message_id, attempt->seq, SEGMENT_FAILED);
    if (status == 0)
        status = queue_note(t, attempt->message_id, "rejected", "attempt=%d reason=\"%s\"", attempt->n,
                            scene->op->reason);
    if (status != 0 || !scene->work.exists)
        return status;
    return life_end(t, &scene->life, &scene->work, MESSAGE_FAILED, error, 0);
}

/* Rather twice than never, but at most once more: 1 when the segment waits again. */
static int resend(struct scene *scene)
{
    struct transition *t = &scene->op->t;
    if (scene->life.policy != UNSURE_RESEND || (t->may_expire && scene->work.expires_ms <= t->now_ms))
        return 0;
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_SEGMENT_RESEND);
    store_bind_int(stmt, ":message", scene->attempt.message_id);
    store_bind_int(stmt, ":seq", scene->attempt.seq);
    int status = sql_guarded(t->queue->store, stmt);
    if (status <= 0)
        return status;
    status =
        queue_note(t, scene->attempt.message_id, "resend", "segment=%u risk=duplicate", scene->attempt.seq);
    return status < 0 ? status : 1;
}

static int unsure_hold(struct scene *scene)
{
    struct transition *t = &scene->op->t;
    int status = segment_state(t, scene->attempt.message_id, scene->attempt.seq, SEGMENT_UNSURE);
    if (status == 0)
        status = life_set_unsure(t, &scene->life, &scene->work, scene->work.unsure + 1);
    return status != 0 ? status : life_continue(t, &scene->life, &scene->work);
}

static int on_unsure(struct scene *scene)
{
    struct transition *t = &scene->op->t;
    struct attempt *attempt = &scene->attempt;
    struct work *work = &scene->work;
    int mr = -1;
    int status = report_proves(t, attempt, &mr);
    if (status != 0)
        return status < 0 ? status : settle_sent(scene, mr);
    status = attempt_end(t, attempt, work->exists ? ATTEMPT_UNSURE : ATTEMPT_LAPSED, -1, scene->op->reason);
    if (status == 0)
        status = queue_note(t, attempt->message_id, "unsure", "attempt=%d segment=%u/%u reason=\"%s\"",
                            attempt->n, attempt->seq, scene->life.segments, scene->op->reason);
    if (status != 0)
        return status;
    if (!work->exists)
        return segment_state(t, attempt->message_id, attempt->seq, SEGMENT_UNSURE);
    work->picker = attempt->line_id;
    work->retry_ms = 0;
    if ((status = resend(scene)) != 0)
        return status < 0 ? status : lane_back(t, work);
    return unsure_hold(scene);
}

static int settle_run(struct transition *t)
{
    static int (*const outcomes[])(struct scene *) = {[OUTCOME_SENT] = on_sent,
                                                      [OUTCOME_RETRY] = on_retry,
                                                      [OUTCOME_REJECT] = on_reject,
                                                      [OUTCOME_UNSURE] = on_unsure};
    struct scene scene = {.op = (struct settle *)t};
    enum outcome outcome = scene.op->s.outcome;
    bool left = outcome == OUTCOME_SENT || outcome == OUTCOME_UNSURE;
    int status = attempt_load(scene.op, &scene.attempt);
    if (status != 0)
        return status;
    if (scene.attempt.state != ATTEMPT_IN_FLIGHT && (left || scene.attempt.state != ATTEMPT_CLAIMED))
        return -ESTALE;
    if ((status = life_load(t, scene.op->message_id, &scene.life)) != 0)
        return status;
    memcpy(scene.attempt.to, scene.life.to, sizeof scene.attempt.to);
    status = work_load(t, scene.op->message_id, &scene.work);
    return status != 0 ? status : outcomes[outcome](&scene);
}

void queue_settle(struct queue *queue, int64_t id, const struct settlement *settlement, durable_fn *fn,
                  void *arg)
{
    struct settle *op = transition_new(queue, sizeof *op, settle_run, fn, arg);
    op->message_id = id >> ATTEMPT_BITS;
    op->n = (int)(id & ((1 << ATTEMPT_BITS) - 1));
    op->s = *settlement;
    op->s.reason = NULL;
    queue_words(op->reason, sizeof op->reason, settlement->reason);
    transition_submit(&op->t);
}

/* ---- an operator's verdict ---- */

struct verdict {
    struct transition t;
    int64_t message_id;
    enum queue_verdict verdict;
};

/* The attempts stay open for reports: one may still tell that it was delivered. */
static int verdict_segments(struct verdict *op, struct life *life, struct work *work, enum query query)
{
    sqlite3_stmt *stmt = store_write_stmt(op->t.queue->store, query);
    store_bind_int(stmt, ":message", op->message_id);
    int status = sql_run(op->t.queue->store, stmt);
    if (status == 0)
        status = life_set_unsure(&op->t, life, work, 0);
    return status != 0 ? status : life_continue(&op->t, life, work);
}

static int verdict_run(struct transition *t)
{
    static const char *const words[] = {"sent", "failed", "resend"};
    struct verdict *op = (struct verdict *)t;
    struct life life;
    struct work work;
    int status = life_and_work_load(t, op->message_id, &life, &work);
    if (status != 0)
        return status;
    if (!work.exists || work.unsure == 0)
        return -EBUSY;
    if ((status = queue_note(t, op->message_id, "verdict", "%s", words[op->verdict])) != 0)
        return status;
    switch (op->verdict) {
    case VERDICT_SENT: return verdict_segments(op, &life, &work, Q_SEGMENT_UNSURE_SENT);
    case VERDICT_RESEND: return verdict_segments(op, &life, &work, Q_SEGMENT_UNSURE_RESEND);
    case VERDICT_FAILED: return life_end(t, &life, &work, MESSAGE_FAILED, ERROR_UNKNOWN, 0);
    }
    return -EINVAL;
}

void queue_verdict(struct queue *queue, int64_t message_id, enum queue_verdict verdict, durable_fn *fn,
                   void *arg)
{
    struct verdict *op = transition_new(queue, sizeof *op, verdict_run, fn, arg);
    op->message_id = message_id;
    op->verdict = verdict;
    transition_submit(&op->t);
}
