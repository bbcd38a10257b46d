/* See notification.h. The oldest go in steps of TRIM_STEP: with every TRIM_EVERYth that is written, and when
 * the queue looks at its clock. */
#include "host/queue/notification.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/queue/queue_internal.h"

#define TRIM_EVERY 32
#define TRIM_STEP  64

enum { TEXT, METHOD, URL, VARIABLES, HEADERS, BODY, TEXTS };
static const char *const names[TEXTS] = {":text", ":method", ":url", ":variables", ":headers", ":body"};

struct notify {
    struct transition t;
    struct notification row; /* without its texts */
    char *texts[TEXTS];
    bool trim;
};

static int trim_account(struct transition *t, int64_t account_id)
{
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_NOTIFICATION_TRIM);
    store_bind_int(stmt, ":account", account_id);
    store_bind_int(stmt, ":step", TRIM_STEP);
    store_bind_int(stmt, ":most", NOTIFICATION_MOST);
    return sql_run(t->queue->store, stmt);
}

int notification_sweep(struct transition *t)
{
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_NOTIFICATION_AGE);
    store_bind_int(stmt, ":before", t->now_ms - NOTIFICATION_DAYS * CLOCK_DAY_MS);
    store_bind_int(stmt, ":step", TRIM_STEP);
    return sql_run(t->queue->store, stmt);
}

static int notify_run(struct transition *t)
{
    struct notify *op = (struct notify *)t;
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_NOTIFICATION_PUT);
    store_bind_blob(stmt, ":sid", op->row.sid.b, sizeof op->row.sid.b);
    store_bind_int(stmt, ":account", op->row.account_id);
    store_bind_int(stmt, ":message", op->row.message_id);
    store_bind_int(stmt, ":log", op->row.warning);
    store_bind_int(stmt, ":code", op->row.code);
    for (int i = 0; i < TEXTS; i++)
        store_bind_text(stmt, names[i], op->texts[i]);
    store_bind_int(stmt, ":now", t->now_ms);
    int status = sql_run(t->queue->store, stmt);
    if (status == 0 && op->trim)
        status = trim_account(t, op->row.account_id);
    return status == 0 && op->trim && t->may_expire ? notification_sweep(t) : status;
}

static void notify_fini(struct transition *t)
{
    struct notify *op = (struct notify *)t;
    for (int i = 0; i < TEXTS; i++)
        free(op->texts[i]);
}

void queue_notify(struct queue *queue, const struct notification *n)
{
    const char *const texts[TEXTS] = {n->text, n->method, n->url, n->variables, n->headers, n->body};
    struct notify *op = transition_new(queue, sizeof *op, notify_run, NULL, NULL);
    op->t.fini = notify_fini;
    op->t.op.patient = true;
    op->row = *n;
    op->trim = queue->notified++ % TRIM_EVERY == 0;
    sid_new(&op->row.sid, clock_wall_ms());
    for (int i = 0; i < TEXTS; i++)
        if ((op->texts[i] = strdup(texts[i])) == NULL)
            fatal("out of memory");
    transition_submit(&op->t);
}

/* ---- reading ---- */

static void give(sqlite3_stmt *stmt, notification_fn *fn, void *arg)
{
    struct notification n = {
        .id = sqlite3_column_int64(stmt, 0),
        .account_id = sqlite3_column_int64(stmt, 2),
        .message_id = sqlite3_column_int64(stmt, 3),
        .warning = sqlite3_column_int(stmt, 4) != 0,
        .code = sqlite3_column_int(stmt, 5),
        .text = (const char *)sqlite3_column_text(stmt, 6),
        .method = (const char *)sqlite3_column_text(stmt, 7),
        .url = (const char *)sqlite3_column_text(stmt, 8),
        .variables = (const char *)sqlite3_column_text(stmt, 9),
        .headers = (const char *)sqlite3_column_text(stmt, 10),
        .body = (const char *)sqlite3_column_text(stmt, 11),
        .created_ms = sqlite3_column_int64(stmt, 12),
        .at_ms = sqlite3_column_int64(stmt, 13),
    };
    if (sqlite3_column_bytes(stmt, 1) == sizeof n.sid.b)
        memcpy(n.sid.b, sqlite3_column_blob(stmt, 1), sizeof n.sid.b);
    fn(arg, &n);
}

/* What is older than NOTIFICATION_DAYS is not shown, though it may not be swept yet. */
static int64_t oldest_ms(int64_t from_ms)
{
    int64_t oldest = clock_trusted() ? clock_wall_ms() - NOTIFICATION_DAYS * CLOCK_DAY_MS : 0;
    return from_ms > oldest ? from_ms : oldest;
}

size_t queue_notifications(struct queue *queue, const struct notification_filter *f, notification_fn *fn,
                           void *arg)
{
    bool since = f->since_id != 0;
    int64_t from_ms = oldest_ms(f->from_ms), to_ms = f->to_ms, id = since ? f->since_id : INT64_MAX;
    if (since && f->since_ms > from_ms)
        from_ms = f->since_ms;
    if (f->after_id != 0 && f->after_ms <= to_ms) {
        to_ms = f->after_ms;
        id = f->after_id;
    }
    sqlite3_stmt *stmt = store_read_stmt(queue->store, since ? Q_NOTIFICATION_NEWER : Q_NOTIFICATION_OLDER);
    store_bind_int(stmt, ":account", f->account_id);
    store_bind_int(stmt, ":from", from_ms);
    store_bind_int(stmt, ":to", to_ms);
    store_bind_int(stmt, ":id", id);
    store_bind_int(stmt, ":log", f->log);
    store_bind_int(stmt, ":limit", (int64_t)f->limit);
    size_t count = 0;
    while (sql_next(queue->store, stmt) > 0) {
        give(stmt, fn, arg);
        count++;
    }
    sqlite3_reset(stmt);
    return count;
}

int queue_notification(struct queue *queue, int64_t account_id, const struct sid *sid, notification_fn *fn,
                       void *arg)
{
    sqlite3_stmt *stmt = store_read_stmt(queue->store, Q_NOTIFICATION_BY_SID);
    store_bind_blob(stmt, ":sid", sid->b, sizeof sid->b);
    store_bind_int(stmt, ":account", account_id);
    int status = sql_next(queue->store, stmt);
    if (status <= 0)
        return status == 0 ? -ENOENT : status;
    give(stmt, fn, arg);
    sqlite3_reset(stmt);
    return 0;
}
