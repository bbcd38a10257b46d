/* Hooks: HTTP calls owed, one row for each change the client may see, until it is answered.
 *
 * Promises: of each message only the first row has a due time, so that the calls go out in order and a dead
 * endpoint's backlog costs the others nothing; a settled row releases the next at once. Replies are stored
 * with DONE, or neither is. What was given up is kept apart for a while. Refuses: a hook that is settled
 * already or gone with its message (-ESTALE). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/base/secret.h"
#include "host/queue/queue_internal.h"

#define DEAD_STEP 1024 /* thrown away at once */

_Static_assert(MESSAGE_RECEIVED == 11 && MESSAGE_RECEIVED < 1 << HOOK_BITS, "a hook's id holds its status");

int hook_add(struct transition *t, int64_t message_id, enum message_status status, int error_code,
             int64_t done_ms)
{
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_HOOK_INSERT);
    store_bind_int(stmt, ":message", message_id);
    store_bind_int(stmt, ":status", status);
    store_bind_int(stmt, ":error", error_code);
    store_bind_int(stmt, ":done", done_ms);
    store_bind_int(stmt, ":now", t->now_ms);
    queue_raise(t, QUEUE_HOOKS);
    return sql_run(t->queue->store, stmt);
}

void queue_hook_sending(struct queue *queue, bool on)
{
    queue->hook_sending = on;
}

/* ---- what is due ---- */

/* RFC 4122 clause 4.3 in spirit: the same name gives the same UUID, so each try carries the same token
 * without a column for it. */
static void hook_token(const struct sid *sid, enum message_status status, char out[37])
{
    uint8_t name[sizeof sid->b + 1], hash[32];
    char hex[33];
    memcpy(name, sid->b, sizeof sid->b);
    name[sizeof sid->b] = (uint8_t)status;
    secret_sha256(name, sizeof name, hash);
    hash[6] = (uint8_t)((hash[6] & 0x0F) | 0x50);
    hash[8] = (uint8_t)((hash[8] & 0x3F) | 0x80);
    hex_encode(hash, 16, hex);
    snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

static void hook_columns(sqlite3_stmt *stmt, struct hook *hook)
{
    struct sid sid = {{0}};
    memset(hook, 0, sizeof *hook);
    hook->message_id = sqlite3_column_int64(stmt, 0);
    hook->status = (enum message_status)sqlite3_column_int(stmt, 1);
    hook->id = hook->message_id << HOOK_BITS | hook->status;
    hook->kind = hook->status == MESSAGE_RECEIVED ? HOOK_INBOUND : HOOK_STATUS;
    hook->error_code = sqlite3_column_int(stmt, 2);
    hook->report_done_ms = sqlite3_column_int64(stmt, 3);
    hook->tries = sqlite3_column_int(stmt, 4);
    hook->created_ms = sqlite3_column_int64(stmt, 5);
    hook->give_up_ms = hook->created_ms + (hook->kind == HOOK_INBOUND ? HOOK_INBOUND_MS : HOOK_STATUS_MS);
    if (sqlite3_column_bytes(stmt, 6) == sizeof sid.b)
        memcpy(sid.b, sqlite3_column_blob(stmt, 6), sizeof sid.b);
    hook_token(&sid, hook->status, hook->token);
}

static bool among(const int64_t *ids, size_t count, int64_t id)
{
    for (size_t i = 0; i < count; i++)
        if (ids[i] == id)
            return true;
    return false;
}

size_t queue_hooks_walk(struct queue *queue, bool dead, const struct hook *after, struct hook *hooks,
                        size_t max)
{
    size_t count = 0;
    sqlite3_stmt *stmt = store_read_stmt(queue->store, dead ? Q_DEAD_HOOK_WALK : Q_HOOK_WALK);
    store_bind_int(stmt, ":message", after != NULL ? after->message_id : 0);
    store_bind_int(stmt, ":status", after != NULL ? after->status : 0);
    store_bind_int(stmt, ":limit", (int64_t)max);
    while (count < max && sql_next(queue->store, stmt) > 0) {
        hook_columns(stmt, &hooks[count]);
        hooks[count++].due_ms = sqlite3_column_int64(stmt, 7);
    }
    sqlite3_reset(stmt);
    return count;
}

size_t queue_hooks_due(struct queue *queue, const int64_t *busy, size_t busy_count, struct hook *hooks,
                       size_t max, int64_t *next_ms)
{
    struct store *store = queue->store;
    int64_t now_ms = clock_wall_ms();
    size_t count = 0;
    sqlite3_stmt *stmt = store_read_stmt(store, Q_HOOK_DUE);
    store_bind_int(stmt, ":now", now_ms);
    store_bind_int(stmt, ":max", (int64_t)(max + busy_count));
    while (count < max && sql_next(store, stmt) > 0) {
        hook_columns(stmt, &hooks[count]);
        if (!among(busy, busy_count, hooks[count].id))
            count++;
    }
    sqlite3_reset(stmt);
    *next_ms = 0;
    stmt = store_read_stmt(store, Q_HOOK_NEXT);
    store_bind_int(stmt, ":now", now_ms);
    if (sql_next(store, stmt) > 0)
        *next_ms = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    return count;
}

/* ---- settlement ---- */

struct hook_settle {
    struct transition t;
    int64_t message_id;
    enum message_status status;
    enum hook_verdict verdict;
    int64_t retry_at_ms;
    char detail[96];
    bool dropped; /* by an operator */
    struct submission_copy *replies;
    size_t reply_count;
};

static int hook_put_off(struct hook_settle *op, int tries)
{
    struct store *store = op->t.queue->store;
    sqlite3_stmt *stmt = store_write_stmt(store, Q_HOOK_PUT_OFF);
    store_bind_int(stmt, ":tries", tries);
    store_bind_int(stmt, ":message", op->message_id);
    store_bind_int(stmt, ":status", op->status);
    store_bind_int(stmt, ":due", op->retry_at_ms);
    int status = sql_guarded(store, stmt);
    if (status <= 0)
        return status < 0 ? status : -ESTALE;
    queue_raise(&op->t, QUEUE_HOOKS);
    if (tries == 0)
        return 0;
    return queue_note(&op->t, op->message_id, "hook", "status=%s retry detail=\"%s\"",
                      message_status_text(op->status), op->detail);
}

/* A reply that cannot be split is told in the history and does not hold up the others. */
static int hook_replies(struct hook_settle *op)
{
    for (size_t i = 0; i < op->reply_count; i++) {
        int64_t id = 0;
        int status = op->replies[i].split_status;
        status = status != 0 ? queue_note(&op->t, op->message_id, "hook", "reply=%zu refused=%s", i + 1,
                                          strerror(-status))
                             : submission_store(&op->t, &op->replies[i], &id);
        if (status != 0)
            return status;
    }
    return 0;
}

/* The webhook has had its say: an inbound message counts as handed over, and the next hook may go. */
static int hook_release(struct hook_settle *op)
{
    static const enum query steps[] = {Q_HOOK_RELEASE, Q_MESSAGE_HANDED_OVER};
    struct store *store = op->t.queue->store;
    size_t count = op->status == MESSAGE_RECEIVED ? 2 : 1;
    int status = 0;
    for (size_t i = 0; status == 0 && i < count; i++) {
        sqlite3_stmt *stmt = store_write_stmt(store, steps[i]);
        store_bind_int(stmt, ":message", op->message_id);
        store_bind_int(stmt, ":now", op->t.now_ms);
        status = sql_run(store, stmt);
    }
    queue_raise(&op->t, QUEUE_HOOKS);
    return status;
}

static int hook_row(struct transition *t, enum query query, int64_t message_id, enum message_status status)
{
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, query);
    store_bind_int(stmt, ":message", message_id);
    store_bind_int(stmt, ":status", status);
    return sql_guarded(t->queue->store, stmt);
}

static int hook_bury(struct hook_settle *op)
{
    sqlite3_stmt *stmt = store_write_stmt(op->t.queue->store, Q_DEAD_HOOK_PUT);
    store_bind_int(stmt, ":message", op->message_id);
    store_bind_int(stmt, ":status", op->status);
    store_bind_int(stmt, ":now", op->t.now_ms);
    return sql_run(op->t.queue->store, stmt);
}

static int hook_settle_run(struct transition *t)
{
    static const char *const words[] = {[HOOK_DONE] = "done", [HOOK_DEAD] = "dead"};
    struct hook_settle *op = (struct hook_settle *)t;
    if (op->verdict == HOOK_RETRY || op->verdict == HOOK_WAIT)
        return hook_put_off(op, op->verdict == HOOK_RETRY);
    int status = op->verdict == HOOK_DEAD && !op->dropped ? hook_bury(op) : 0;
    if (status == 0 && (status = hook_row(t, Q_HOOK_DELETE, op->message_id, op->status)) == 0)
        status = op->dropped && hook_row(t, Q_DEAD_HOOK_TAKE, op->message_id, op->status) > 0 ? 1 : -ESTALE;
    if (status < 0)
        return status;
    status = op->verdict == HOOK_NO_URL
                 ? 0
                 : queue_note(t, op->message_id, "hook", "status=%s %s detail=\"%s\"",
                              message_status_text(op->status), words[op->verdict], op->detail);
    if (status == 0)
        status = hook_replies(op);
    return status != 0 ? status : hook_release(op);
}

static void hook_settle_fini(struct transition *t)
{
    struct hook_settle *op = (struct hook_settle *)t;
    for (size_t i = 0; i < op->reply_count; i++)
        submission_fini(&op->replies[i]);
    free(op->replies);
}

void queue_hook_settle(struct queue *queue, int64_t hook_id, const struct hook_settlement *settlement,
                       durable_fn *fn, void *arg)
{
    struct hook_settle *op = transition_new(queue, sizeof *op, hook_settle_run, fn, arg);
    op->t.fini = hook_settle_fini;
    op->message_id = hook_id >> HOOK_BITS;
    op->status = (enum message_status)(hook_id & ((1 << HOOK_BITS) - 1));
    op->verdict = settlement->verdict;
    op->retry_at_ms = settlement->retry_at_ms;
    queue_words(op->detail, sizeof op->detail, settlement->detail);
    if (settlement->verdict == HOOK_DONE && settlement->reply_count > 0) {
        op->replies = calloc(settlement->reply_count, sizeof *op->replies);
        if (op->replies == NULL)
            fatal("out of memory");
        for (size_t i = 0; i < settlement->reply_count; i++)
            submission_copy(queue, &op->replies[i], &settlement->replies[i]);
        op->reply_count = settlement->reply_count;
    }
    transition_submit(&op->t);
}

/* ---- an operator's ---- */

static int hook_hurry_run(struct transition *t)
{
    struct hook_settle *op = (struct hook_settle *)t;
    struct store *store = t->queue->store;
    sqlite3_stmt *stmt = store_write_stmt(store, Q_DEAD_HOOK_REVIVE);
    store_bind_int(stmt, ":message", op->message_id);
    store_bind_int(stmt, ":status", op->status);
    store_bind_int(stmt, ":now", t->now_ms);
    int status = sql_run(store, stmt);
    if (status == 0 && (status = hook_row(t, Q_DEAD_HOOK_TAKE, op->message_id, op->status)) > 0)
        status = queue_note(t, op->message_id, "hook", "status=%s owed again by operator",
                            message_status_text(op->status));
    if (status != 0)
        return status;
    stmt = store_write_stmt(store, Q_HOOK_HURRY);
    store_bind_int(stmt, ":message", op->message_id);
    store_bind_int(stmt, ":status", op->status);
    store_bind_int(stmt, ":now", t->now_ms);
    queue_raise(t, QUEUE_HOOKS);
    return sql_run(store, stmt);
}

static struct hook_settle *operator_new(struct queue *queue, int64_t hook_id, int (*run)(struct transition *),
                                        durable_fn *fn, void *arg)
{
    struct hook_settle *op = transition_new(queue, sizeof *op, run, fn, arg);
    op->message_id = hook_id >> HOOK_BITS;
    op->status = (enum message_status)(hook_id & ((1 << HOOK_BITS) - 1));
    return op;
}

void queue_hook_hurry(struct queue *queue, int64_t hook_id, durable_fn *fn, void *arg)
{
    transition_submit(&operator_new(queue, hook_id, hook_hurry_run, fn, arg)->t);
}

void queue_hook_drop(struct queue *queue, int64_t hook_id, durable_fn *fn, void *arg)
{
    struct hook_settle *op = operator_new(queue, hook_id, hook_settle_run, fn, arg);
    op->verdict = HOOK_DEAD;
    op->dropped = true;
    snprintf(op->detail, sizeof op->detail, "dropped by operator");
    transition_submit(&op->t);
}

/* ---- the dead, for a while ---- */

int hook_sweep(struct transition *t)
{
    struct store *store = t->queue->store;
    sqlite3_stmt *stmt = store_write_stmt(store, Q_DEAD_HOOK_AGE);
    store_bind_int(stmt, ":before", t->now_ms - HOOK_DEAD_DAYS * CLOCK_DAY_MS);
    store_bind_int(stmt, ":step", DEAD_STEP);
    int status = sql_run(store, stmt);
    if (status != 0)
        return status;
    stmt = store_write_stmt(store, Q_DEAD_HOOK_TRIM);
    store_bind_int(stmt, ":step", DEAD_STEP);
    store_bind_int(stmt, ":most", HOOK_DEAD_MOST);
    return sql_run(store, stmt);
}
