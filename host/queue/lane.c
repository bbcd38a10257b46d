/* Lanes: what must keep its order. A lane is a line (or a service) and a recipient. Its head is ready to be
 * claimed, waits out a back-off, or is busy; all others are behind it; held ones stand aside and block
 * nobody.
 *
 * Promises: one head in each lane that has work (the schema's unique index work_head refuses a second); the
 * order is rank, then id. A better ranked newcomer takes the head's place unless that is busy. Looking for
 * work never steps over a blocked row, so its cost does not depend on how many there are. */
#include <errno.h>
#include <string.h>

#include "host/queue/queue_internal.h"

_Static_assert(WORK_READY == 1 && WORK_BACKOFF == 2 && WORK_BUSY == 3 && WORK_BEHIND == 4 && WORK_HELD == 5,
               "sql/schema.sql and sql/queries/queue.sql name these");

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void work_enter_state(struct work *work, enum work_state state, int64_t now_ms)
{
    work->state = state;
    switch (state) {
    case WORK_READY:
    case WORK_BEHIND: work->due_ms = work->expires_ms; return;
    case WORK_BACKOFF: work->due_ms = work->retry_ms; return; /* within the validity, if that can be told */
    case WORK_BUSY: work->due_ms = later(work->expires_ms, now_ms) + BUSY_GRACE_MS; return;
    case WORK_HELD: work->due_ms = later(work->expires_ms, now_ms) + REPORT_SLACK_MS; return;
    }
}

static enum work_state head_state(const struct work *work, int64_t now_ms)
{
    return work->retry_ms > now_ms ? WORK_BACKOFF : WORK_READY;
}

void work_columns(sqlite3_stmt *stmt, struct work *work)
{
    memset(work, 0, sizeof *work);
    work->exists = true;
    work->message_id = sqlite3_column_int64(stmt, 0);
    work->account_id = sqlite3_column_int64(stmt, 1);
    work->lane = sqlite3_column_int64(stmt, 2);
    sql_text(stmt, 3, work->to, sizeof work->to);
    work->picker = sqlite3_column_int64(stmt, 4);
    work->rank = sqlite3_column_int(stmt, 5);
    work->state = (enum work_state)sqlite3_column_int(stmt, 6);
    work->due_ms = sqlite3_column_int64(stmt, 7);
    work->retry_ms = sqlite3_column_int64(stmt, 8);
    work->expires_ms = sqlite3_column_int64(stmt, 9);
    work->tries = sqlite3_column_int(stmt, 10);
    work->attempts = sqlite3_column_int(stmt, 11);
    work->last_error = sqlite3_column_int(stmt, 12);
    work->begun = sqlite3_column_int(stmt, 13) != 0;
    work->unsure = sqlite3_column_int(stmt, 14);
}

int work_load(struct transition *t, int64_t message_id, struct work *work)
{
    struct store *store = t->queue->store;
    sqlite3_stmt *stmt = store_write_stmt(store, Q_WORK_GET);
    store_bind_int(stmt, ":message", message_id);
    int status = sql_next(store, stmt);
    memset(work, 0, sizeof *work);
    if (status <= 0)
        return status;
    work_columns(stmt, work);
    sqlite3_reset(stmt);
    return 0;
}

int life_and_work_load(struct transition *t, int64_t message_id, struct life *life, struct work *work)
{
    int status = life_load(t, message_id, life);
    return status != 0 ? status : work_load(t, message_id, work);
}

static void bind_changing(sqlite3_stmt *stmt, const struct work *work)
{
    store_bind_int(stmt, ":message", work->message_id);
    store_bind_int(stmt, ":picker", work->picker);
    store_bind_int(stmt, ":state", work->state);
    store_bind_int(stmt, ":due", work->due_ms);
    store_bind_int(stmt, ":retry", work->retry_ms);
    store_bind_int(stmt, ":tries", work->tries);
    store_bind_int(stmt, ":attempts", work->attempts);
    store_bind_int(stmt, ":last_error", work->last_error);
    store_bind_int(stmt, ":unsure", work->unsure);
}

int work_store(struct transition *t, const struct work *work)
{
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_WORK_UPDATE);
    bind_changing(stmt, work);
    return sql_run(t->queue->store, stmt);
}

static int work_insert(struct transition *t, const struct work *work)
{
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_WORK_INSERT);
    bind_changing(stmt, work);
    store_bind_int(stmt, ":account", work->account_id);
    store_bind_int(stmt, ":lane", work->lane);
    store_bind_text(stmt, ":to", work->to);
    store_bind_int(stmt, ":rank", work->rank);
    store_bind_int(stmt, ":expires", work->expires_ms);
    store_bind_int(stmt, ":begun", work->begun);
    return sql_run(t->queue->store, stmt);
}

static bool goes_before(int rank, int64_t message_id, const struct work *other)
{
    return rank != other->rank ? rank < other->rank : message_id < other->message_id;
}

/* The lane's head, but for the row itself: 1, 0, -errno. Fills id, rank and state. */
static int lane_head(struct transition *t, const struct work *of, struct work *head)
{
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_WORK_HEAD);
    store_bind_int(stmt, ":lane", of->lane);
    store_bind_text(stmt, ":to", of->to);
    int status = sql_next(t->queue->store, stmt);
    if (status <= 0)
        return status;
    head->message_id = sqlite3_column_int64(stmt, 0);
    head->rank = sqlite3_column_int(stmt, 1);
    head->state = (enum work_state)sqlite3_column_int(stmt, 2);
    sqlite3_reset(stmt);
    return head->message_id != of->message_id;
}

/* The first of those behind: 1, 0, -errno. */
static int lane_second(struct transition *t, const struct work *of, int64_t *message_id, int *rank)
{
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_WORK_SECOND);
    store_bind_int(stmt, ":lane", of->lane);
    store_bind_text(stmt, ":to", of->to);
    int status = sql_next(t->queue->store, stmt);
    if (status <= 0)
        return status;
    *message_id = sqlite3_column_int64(stmt, 0);
    *rank = sqlite3_column_int(stmt, 1);
    sqlite3_reset(stmt);
    return 1;
}

int lane_promote(struct transition *t, int64_t message_id)
{
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_WORK_PROMOTE);
    store_bind_int(stmt, ":message", message_id);
    store_bind_int(stmt, ":now", t->now_ms);
    queue_raise(t, QUEUE_WORK);
    return sql_run(t->queue->store, stmt);
}

static int lane_demote(struct transition *t, int64_t message_id)
{
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_WORK_DEMOTE);
    store_bind_int(stmt, ":message", message_id);
    return sql_run(t->queue->store, stmt);
}

static int lane_place(struct transition *t, struct work *work, bool is_new)
{
    struct work head = {0};
    int status = lane_head(t, work, &head);
    if (status < 0)
        return status;
    bool leads = status == 0 || (head.state != WORK_BUSY && goes_before(work->rank, work->message_id, &head));
    if (status > 0 && leads && (status = lane_demote(t, head.message_id)) != 0)
        return status;
    work_enter_state(work, leads ? head_state(work, t->now_ms) : WORK_BEHIND, t->now_ms);
    if (leads)
        queue_raise(t, QUEUE_WORK);
    return is_new ? work_insert(t, work) : work_store(t, work);
}

int lane_begin(struct transition *t, struct work *work)
{
    queue_depth_change(t, DEPTH_ACCOUNT, work->account_id, 1);
    queue_depth_change(t, DEPTH_LANE, work->lane, 1);
    return lane_place(t, work, true);
}

int lane_enter(struct transition *t, struct work *work)
{
    return lane_place(t, work, false);
}

int lane_back(struct transition *t, struct work *work)
{
    int64_t second = 0;
    int rank = 0;
    int status = lane_second(t, work, &second, &rank);
    if (status < 0)
        return status;
    bool overtaken = status > 0 && goes_before(rank, second, work);
    work_enter_state(work, overtaken ? WORK_BEHIND : head_state(work, t->now_ms), t->now_ms);
    queue_raise(t, QUEUE_WORK);
    status = work_store(t, work);
    return status == 0 && overtaken ? lane_promote(t, second) : status;
}

/* The row has left its lane's head: the next one leads. */
static int lane_next(struct transition *t, const struct work *work, enum work_state was)
{
    int64_t second = 0;
    int rank = 0;
    if (was > WORK_BUSY)
        return 0;
    int status = lane_second(t, work, &second, &rank);
    return status > 0 ? lane_promote(t, second) : status;
}

int lane_leave(struct transition *t, struct work *work)
{
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_WORK_DELETE);
    store_bind_int(stmt, ":message", work->message_id);
    int status = sql_run(t->queue->store, stmt);
    work->exists = false;
    queue_depth_change(t, DEPTH_ACCOUNT, work->account_id, -1);
    queue_depth_change(t, DEPTH_LANE, work->lane, -1);
    return status != 0 ? status : lane_next(t, work, work->state);
}

int lane_hold(struct transition *t, struct work *work)
{
    enum work_state was = work->state;
    work_enter_state(work, WORK_HELD, t->now_ms);
    int status = work_store(t, work);
    return status != 0 ? status : lane_next(t, work, was);
}

int lane_busy(struct transition *t, struct work *work)
{
    work_enter_state(work, WORK_BUSY, t->now_ms);
    return work_store(t, work);
}
