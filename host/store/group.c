/* Group commit: ops are applied as they come, committed at the end of the turn, and only then answered.
 *
 * Promises: done() runs once for each op, after its commit, in the order of submission. Fails: when the disk
 * takes no more, the group is rolled back, kept, and applied again each second, with the room of the ballast;
 * the store stays closed for new work until the ballast is back in its place, so that this room is there for
 * the outcomes of what is under way. */
#include <errno.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/store/store_internal.h"

#define RETRY_MS        1000
#define ROUNDS_MAX      16    /* commits in one end of a turn, while durable callbacks ask for more, */
#define ROUNDS_MOST_US  50000 /* and while the turn is short */
#define COMMITS_AT_ONCE 8
#define WAL_BUSY_FACTOR 4 /* how much longer the WAL may be while there is more to do */

static void state_set(struct store *store, enum store_state state)
{
    bool was_open = store->state == STORE_OPEN, is_open = state == STORE_OPEN;
    store->state = state;
    if (was_open == is_open)
        return;
    log_event(is_open ? LOG_WARN : LOG_ERROR, is_open ? "store.open" : "store.closed", "reason=\"%s\"",
              is_open ? "the disk takes again" : "the disk takes no more");
    if (store->state_fn != NULL)
        store->state_fn(store->state_arg, is_open);
}

/* ---- ops ---- */

/* False: refused, and what it had changed is still there. */
static bool op_run(struct store *store, struct store_op *op)
{
    sqlite3 *db = store->conn[CONN_WRITER];
    if (!store->in_transaction && !store_run(store, store->begin))
        return true;
    store->in_transaction = true;
    if (op->careful && !store_run(store, store->savepoint))
        return true;
    int changes = sqlite3_total_changes(db);
    op->status = op->apply(store, op);
    if (store->trouble != 0)
        return true;
    if (!op->careful)
        return op->status == 0 || sqlite3_total_changes(db) == changes;
    if (op->status != 0)
        store_run(store, store->rollback_to);
    store_run(store, store->release);
    return true;
}

/* The group up to and with this op, from its beginning; from here on with SAVEPOINTs, so that this happens
 * once in a group. */
static void group_again(struct store *store, struct store_op *last)
{
    sqlite3_exec(store->conn[CONN_WRITER], "ROLLBACK", NULL, NULL, NULL);
    store->in_transaction = false;
    store->careful = last->careful = true;
    for (struct store_op *op = store->ops; store->trouble == 0; op = op->next) {
        op_run(store, op);
        if (op == last)
            break;
    }
}

/* A SAVEPOINT copies each page that is changed under it. */
static void op_apply(struct store *store, struct store_op *op)
{
    op->careful = store->careful;
    if (!op_run(store, op))
        group_again(store, op);
    if (store->trouble != 0)
        return;
    store->stats.ops++;
    store->stats.refused += op->status != 0;
}

static void group_fail(struct store *store)
{
    sqlite3_exec(store->conn[CONN_WRITER], "ROLLBACK", NULL, NULL,
                 NULL); /* SQLite may have done it already */
    store->in_transaction = false;
    store->trouble = 0;
    store->stats.rollbacks++;
    store_ballast_release(store);
    timer_set(&store->retry, RETRY_MS);
    state_set(store, STORE_WAITING);
}

int store_submit(struct store *store, struct store_op *op)
{
    if (store->ops == NULL)
        store->patient_until_ms = clock_mono_ms() + STORE_PATIENCE_MS;
    op->next = NULL;
    op->status = -EINPROGRESS;
    *store->ops_end = op;
    store->ops_end = &op->next;
    if (store->state == STORE_WAITING)
        return -EINPROGRESS;
    op_apply(store, op);
    store->impatient += !op->patient;
    if (store->trouble == 0)
        return op->status;
    group_fail(store);
    return -EINPROGRESS;
}

/* ---- the group ---- */

static bool group_commit(struct store *store)
{
    store_statements_release(store);
    if (store->in_transaction && !store_run(store, store->commit)) {
        group_fail(store);
        return false;
    }
    store->in_transaction = false;
    store->stats.commits++;
    return true;
}

static void group_done(struct store *store)
{
    struct store_op *op = store->ops;
    store->ops = NULL;
    store->ops_end = &store->ops;
    store->last_impatient = store->impatient;
    store->impatient = 0;
    store->careful = false;
    store_read_begin(store); /* each callback looks at what became durable */
    while (op != NULL) {
        struct store_op *next = op->next;
        op->done(op, op->status);
        op = next;
    }
}

static void group_replay(struct store *store)
{
    for (struct store_op *op = store->ops; op != NULL && store->trouble == 0; op = op->next)
        op_apply(store, op);
    if (store->trouble != 0) {
        group_fail(store);
        return;
    }
    if (!group_commit(store))
        return;
    state_set(store, STORE_TIGHT);
    group_done(store);
}

static void on_retry(void *arg)
{
    struct store *store = arg;
    if (store->state == STORE_WAITING)
        group_replay(store);
    if (store->state != STORE_TIGHT) /* failed again, maybe in what done() submitted */
        return;
    if (store_ballast_make(store))
        state_set(store, STORE_OPEN);
    else
        timer_set(&store->retry, RETRY_MS);
}

int store_flush(struct store *store)
{
    while (store->ops != NULL && store->state != STORE_WAITING && group_commit(store))
        group_done(store);
    store_statements_release(store);
    return store->state == STORE_WAITING ? -EIO : 0;
}

/* ---- the turn ---- */

/* A commit costs a sync however small it is. Credit for a few of them builds up while little is to do: then
 * each comes at once. When it is used up, the group grows until the next is due; but not while one op came
 * alone and so did the one before it: then nothing is there to grow by. */
static bool commit_due(struct store *store)
{
    int64_t patient_ms = store->impatient == 0 ? store->patient_until_ms - clock_mono_ms() : 0;
    if (patient_ms > 0) {
        timer_set(&store->pace, patient_ms);
        return false;
    }
    if (store->commit_every_us == 0 || (store->impatient == 1 && store->last_impatient == 1))
        return true;
    int64_t now_us = clock_mono_us(), most_us = store->commit_every_us * COMMITS_AT_ONCE;
    store->credit_us += now_us - store->credit_at_us;
    store->credit_at_us = now_us;
    if (store->credit_us > most_us)
        store->credit_us = most_us;
    if (store->credit_us < store->commit_every_us) {
        timer_set(&store->pace, 1);
        return false;
    }
    store->credit_us -= store->commit_every_us;
    return true;
}

/* Only wakes the loop: the commit is at the end of its turn. */
static void on_pace(void *arg)
{
    (void)arg;
}

/* Not SQLite's automatic one, which would come in the midst of a commit that somebody waits for. It moves no
 * more than the WAL holds. */
static void checkpoint(struct store *store, bool idle)
{
    if (store->wal_pages < store->checkpoint_pages * (idle ? 1 : WAL_BUSY_FACTOR))
        return;
    sqlite3 *db = store->conn[CONN_WRITER];
    int total = 0, moved = 0;
    int code = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, &total, &moved);
    store_check_damage(db, code);
    store->wal_pages = total > moved ? total - moved : 0;
    store->stats.checkpoints++;
}

/* A backup reads on its own connection: the WAL is cut after it. Somebody else's reader is not waited for. */
static void scrub(struct store *store)
{
    if (!store->scrub || store->backup != NULL)
        return;
    sqlite3 *db = store->conn[CONN_WRITER];
    sqlite3_busy_timeout(db, 0);
    int code = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(db, BUSY_MS);
    store_check_damage(db, code);
    store->scrub = code != SQLITE_OK;
    if (store->scrub)
        timer_set(&store->scrub_again, RETRY_MS);
    else
        store->wal_pages = 0;
    store->stats.checkpoints++;
}

void store_scrub(struct store *store, int64_t within_ms)
{
    if (!store->scrub || within_ms == 0)
        timer_set(&store->scrub_again, within_ms); /* so that there is a turn */
    store->scrub = true;
}

static bool store_turn(void *arg)
{
    struct store *store = arg;
    int64_t end_us = clock_mono_us() + ROUNDS_MOST_US;
    for (int round = 0; round < ROUNDS_MAX && store->ops != NULL && store->state != STORE_WAITING; round++) {
        if (!commit_due(store)) {
            store_statements_release(store);
            return false;
        }
        if (!group_commit(store))
            break;
        group_done(store);
        if (clock_mono_us() >= end_us)
            break;
    }
    store_statements_release(store);
    bool more = store->ops != NULL && store->state != STORE_WAITING;
    if (store->in_transaction)
        return more;
    checkpoint(store, !more);
    if (!more && !timer_armed(&store->scrub_again))
        scrub(store);
    return store_backup_step(store) || more;
}

static int on_wal(void *arg, sqlite3 *db, const char *name, int pages)
{
    struct store *store = arg;
    (void)db;
    (void)name;
    store->wal_pages = pages;
    return SQLITE_OK;
}

/* ---- state ---- */

bool store_open_for_work(const struct store *store)
{
    return store->state == STORE_OPEN;
}

void store_on_state(struct store *store, void (*fn)(void *arg, bool open), void *arg)
{
    store->state_fn = fn;
    store->state_arg = arg;
}

void store_stats(const struct store *store, struct store_stats *stats)
{
    *stats = store->stats;
}

void group_init(struct store *store)
{
    sqlite3 *db = store->conn[CONN_WRITER];
    store->begin = store_prepare(db, "BEGIN IMMEDIATE");
    store->commit = store_prepare(db, "COMMIT");
    store->savepoint = store_prepare(db, "SAVEPOINT op");
    store->release = store_prepare(db, "RELEASE op");
    store->read_begin = store_prepare(store->conn[CONN_READER], "BEGIN");
    store->read_end = store_prepare(store->conn[CONN_READER], "COMMIT");
    store->rollback_to = store_prepare(db, "ROLLBACK TO op");
    sqlite3_wal_hook(db, on_wal, store);
    timer_init(&store->retry, store->loop, on_retry, store);
    timer_init(&store->pace, store->loop, on_pace, store);
    timer_init(&store->scrub_again, store->loop, on_pace, store);
    loop_at_turn_end(store->loop, store_turn, store);
    if (store_ballast_make(store))
        return;
    state_set(store, STORE_TIGHT);
    timer_set(&store->retry, RETRY_MS);
}

/* -ENOSPC means to everyone what a refusal means: it is not on disk, so do not go on. */
static void group_drop(struct store *store)
{
    log_event(LOG_ERROR, "store.dropped", "reason=\"closed while the disk takes no more\"");
    for (struct store_op *op = store->ops; op != NULL; op = op->next)
        op->status = -ENOSPC;
    group_done(store);
}

void group_fini(struct store *store)
{
    store->state_fn = NULL;
    if (store->state == STORE_WAITING)
        group_replay(store);
    store_flush(store);
    while (store->ops != NULL)
        group_drop(store);
    loop_at_turn_end(store->loop, NULL, NULL);
    timer_stop(&store->retry);
    timer_stop(&store->pace);
    timer_stop(&store->scrub_again);
}
