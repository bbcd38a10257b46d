/* What time does by itself, on one timer: scheduled messages and retries fall due, waiting messages expire,
 * unsure ones are given up, parts and kept reports time out. And the wall clock's jumps: deadlines are stored
 * in wall time, so they move with it.
 *
 * Nothing expires by a clock that is not trusted (clock.h). */
#include <errno.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/queue/queue_internal.h"

#define DUE_BATCH     64            /* rows a turn, so that a turn stays short */
#define LOOK_MS       (60 * 1000LL) /* at least that often, to notice a jump */
#define JUMP_MS       (60 * 1000LL)
#define DEADLINE_MOST (96 * 3600 * 1000LL) /* no deadline is set further ahead than that */

/* ---- by state ---- */

static int end_with(struct transition *t, struct work *work, enum message_status ending, int error)
{
    struct life life;
    int status = life_load(t, work->message_id, &life);
    return status != 0 ? status : life_end(t, &life, work, ending, error, 0);
}

static int due_expired(struct transition *t, struct work *work)
{
    return end_with(t, work, MESSAGE_FAILED, work->last_error != 0 ? work->last_error : ERROR_EXPIRED);
}

static int due_backoff(struct transition *t, struct work *work)
{
    if (t->may_expire && work->expires_ms <= t->now_ms)
        return due_expired(t, work);
    return lane_promote(t, work->message_id);
}

/* Its carrier never settled: what it sent is not known. */
static int due_busy(struct transition *t, struct work *work)
{
    int status =
        queue_note(t, work->message_id, "unsure", "attempt=%d reason=\"never settled\"", work->attempts);
    if (status != 0)
        return status;
    return work->begun ? end_with(t, work, MESSAGE_UNDELIVERED, ERROR_UNKNOWN) : due_expired(t, work);
}

static int due_held(struct transition *t, struct work *work)
{
    return end_with(t, work, MESSAGE_UNDELIVERED, ERROR_UNKNOWN);
}

/* One row that is due: 1, 0 when there is none, -errno. While the clock is not trusted only back-offs end. */
static int due_work(struct transition *t)
{
    static int (*const actions[])(struct transition *, struct work *) = {[WORK_READY] = due_expired,
                                                                         [WORK_BACKOFF] = due_backoff,
                                                                         [WORK_BUSY] = due_busy,
                                                                         [WORK_BEHIND] = due_expired,
                                                                         [WORK_HELD] = due_held};
    struct store *store = t->queue->store;
    struct work work;
    sqlite3_stmt *stmt = store_write_stmt(store, t->may_expire ? Q_WORK_DUE : Q_WORK_DUE_RETRY);
    store_bind_int(stmt, ":now", t->now_ms);
    int status = sql_next(store, stmt);
    if (status <= 0)
        return status;
    work_columns(stmt, &work);
    sqlite3_reset(stmt);
    status = actions[work.state](t, &work);
    return status < 0 ? status : 1;
}

static int sweep_run(struct transition *t)
{
    int status = 1;
    for (int i = 0; status > 0 && i < DUE_BATCH; i++)
        status = due_work(t);
    if (status >= 0 && t->may_expire)
        status = schedule_sweep(t);
    if (status >= 0 && t->may_expire)
        status = parts_sweep(t);
    if (status >= 0 && t->may_expire)
        status = notification_sweep(t);
    if (status >= 0 && t->may_expire)
        status = hook_sweep(t);
    return status < 0 ? status : report_sweep(t);
}

/* ---- jumps ---- */

struct shift {
    struct transition t;
    int64_t by_ms;
};

/* Comes before the first transition that knows the new time, so that no row of the new time is moved.
 * Deadlines far ahead of the clock as it was were set by another, better clock: they stay. */
static int shift_run(struct transition *t)
{
    static const enum query queries[] = {Q_SHIFT_MESSAGE, Q_SHIFT_WORK, Q_SHIFT_ASSEMBLY,
                                         Q_SHIFT_REPORT,  Q_SHIFT_HOOK, Q_SHIFT_IDEMPOTENCY};
    struct shift *op = (struct shift *)t;
    int status = 0;
    for (size_t i = 0; status == 0 && i < sizeof queries / sizeof queries[0]; i++) {
        sqlite3_stmt *stmt = store_write_stmt(t->queue->store, queries[i]);
        store_bind_int(stmt, ":by", op->by_ms);
        store_bind_int(stmt, ":before", t->now_ms - op->by_ms + DEADLINE_MOST);
        status = sql_run(t->queue->store, stmt);
    }
    return status;
}

void due_follow_clock(struct queue *queue)
{
    int64_t offset_ms = clock_wall_ms() - clock_mono_ms();
    int64_t by_ms = offset_ms - queue->wall_to_mono_ms;
    if (by_ms > -JUMP_MS && by_ms < JUMP_MS)
        return;
    queue->wall_to_mono_ms = offset_ms;
    log_event(LOG_WARN, "queue.clock_jump", "by_ms=%lld", (long long)by_ms);
    struct shift *op = transition_new(queue, sizeof *op, shift_run, NULL, NULL);
    op->by_ms = by_ms;
    transition_submit(&op->t);
}

/* ---- the timer ---- */

static void on_due(void *arg)
{
    struct queue *queue = arg;
    struct transition *t = transition_new(queue, sizeof *t, sweep_run, NULL, NULL);
    transition_submit(t);
}

void due_init(struct queue *queue)
{
    timer_init(&queue->due, queue->loop, on_due, queue);
    queue->wall_to_mono_ms = clock_wall_ms() - clock_mono_ms();
}

/* From committed rows: what is not committed yet arms it again. */
void due_arm(struct queue *queue)
{
    int64_t wait_ms = LOOK_MS;
    sqlite3_stmt *stmt = store_read_stmt(queue->store, clock_trusted() ? Q_NEXT_DUE : Q_NEXT_DUE_RETRY);
    if (sql_next(queue->store, stmt) > 0 && sqlite3_column_type(stmt, 0) != SQLITE_NULL) {
        int64_t due_ms = sqlite3_column_int64(stmt, 0) - clock_wall_ms();
        wait_ms = due_ms < wait_ms ? due_ms : wait_ms;
    }
    sqlite3_reset(stmt);
    timer_set(&queue->due, wait_ms);
}
