/* Group commit, statements and their errors; see store.h. */
#include "host/store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/store/store_internal.h"

#define RETRY_MS       1000
#define BUSY_MS        2000
#define ROUNDS_MAX     16    /* commits in one end of a turn, while durable callbacks ask for more */
#define WAL_PAGES_IDLE 1000  /* checkpoint when nothing else is to do */
#define WAL_PAGES_MOST 16000 /* checkpoint in any case */

/* ---- errors ---- */

int store_errno(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return 0;
    case SQLITE_CONSTRAINT: return -EEXIST;
    case SQLITE_FULL: return -ENOSPC;
    default: return -EIO;
    }
}

/* Nothing can be trusted any more, and nothing was said yet. Every other trouble passes: the group waits for
 * it. */
static void check_damage(sqlite3 *db, int code)
{
    if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
        fatal("database damaged: %s", sqlite3_errmsg(db));
    if ((code & 0xff) == SQLITE_MISUSE || (code & 0xff) == SQLITE_ERROR)
        fatal("statement refused: %s", sqlite3_errmsg(db));
}

int store_step(struct store *store, sqlite3_stmt *stmt)
{
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW || code == SQLITE_DONE || (code & 0xff) == SQLITE_CONSTRAINT)
        return code;
    sqlite3 *db = sqlite3_db_handle(stmt);
    check_damage(db, code);
    if (db == store->conn[CONN_WRITER] && store->trouble == 0) {
        store->trouble = code;
        log_event(LOG_ERROR, "store.trouble", "code=%d message=\"%s\"", code, sqlite3_errmsg(db));
    }
    return code;
}

/* ---- statements ---- */

static sqlite3_stmt *prepare(sqlite3 *db, const char *text)
{
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v3(db, text, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) != SQLITE_OK)
        fatal("cannot prepare \"%s\": %s", text, sqlite3_errmsg(db));
    return stmt;
}

static sqlite3_stmt *stmt_of(struct store *store, int conn, enum query query)
{
    sqlite3_stmt **stmt = &store->stmts[conn][query];
    if (*stmt == NULL)
        *stmt = prepare(store->conn[conn], query_texts[query]);
    sqlite3_reset(*stmt);
    sqlite3_clear_bindings(*stmt);
    return *stmt;
}

sqlite3_stmt *store_write_stmt(struct store *store, enum query query)
{
    return stmt_of(store, CONN_WRITER, query);
}

sqlite3_stmt *store_read_stmt(struct store *store, enum query query)
{
    return stmt_of(store, CONN_READER, query);
}

sqlite3_stmt *store_read_prepare(struct store *store, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(store->conn[CONN_READER], sql, -1, &stmt, NULL) != SQLITE_OK)
        fatal("cannot prepare \"%s\": %s", sql, sqlite3_errmsg(store->conn[CONN_READER]));
    return stmt;
}

int64_t store_last_id(struct store *store)
{
    return sqlite3_last_insert_rowid(store->conn[CONN_WRITER]);
}

int store_changes(struct store *store)
{
    return sqlite3_changes(store->conn[CONN_WRITER]);
}

static int bind_index(sqlite3_stmt *stmt, const char *name)
{
    int index = sqlite3_bind_parameter_index(stmt, name);
    if (index == 0)
        fatal("no parameter %s in \"%s\"", name, sqlite3_sql(stmt));
    return index;
}

void store_bind_int(sqlite3_stmt *stmt, const char *name, int64_t value)
{
    sqlite3_bind_int64(stmt, bind_index(stmt, name), value);
}

void store_bind_text(sqlite3_stmt *stmt, const char *name, const char *value)
{
    sqlite3_bind_text(stmt, bind_index(stmt, name), value, -1, SQLITE_TRANSIENT);
}

void store_bind_blob(sqlite3_stmt *stmt, const char *name, const void *value, size_t len)
{
    sqlite3_bind_blob(stmt, bind_index(stmt, name), value, (int)len, SQLITE_TRANSIENT);
}

void store_bind_null(sqlite3_stmt *stmt, const char *name)
{
    sqlite3_bind_null(stmt, bind_index(stmt, name));
}

char *store_column_text(sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    char *copy = text != NULL ? strdup(text) : NULL;
    if (text != NULL && copy == NULL)
        fatal("out of memory");
    return copy;
}

/* A SELECT left at a row holds its snapshot open: the next reader would see the past, and the WAL could not
 * shrink. */
static void statements_release(struct store *store)
{
    for (int conn = 0; conn < CONN_COUNT; conn++)
        for (sqlite3_stmt *stmt = NULL; (stmt = sqlite3_next_stmt(store->conn[conn], stmt)) != NULL;)
            if (sqlite3_stmt_busy(stmt))
                sqlite3_reset(stmt);
}

/* ---- the group ---- */

static bool run(struct store *store, sqlite3_stmt *stmt)
{
    int code = store_step(store, stmt);
    sqlite3_reset(stmt);
    return code == SQLITE_DONE;
}

static void op_apply(struct store *store, struct store_op *op)
{
    if (!store->in_transaction && !run(store, store->begin))
        return;
    store->in_transaction = true;
    if (!run(store, store->savepoint))
        return;
    op->status = op->apply(store, op);
    if (store->trouble != 0)
        return;
    store->stats.ops++;
    if (op->status != 0) {
        store->stats.refused++;
        run(store, store->rollback_to);
    }
    run(store, store->release);
}

/* The group could not be stored: it is kept, and applied again each second until the disk takes it. */
static void group_fail(struct store *store)
{
    sqlite3_exec(store->conn[CONN_WRITER], "ROLLBACK", NULL, NULL,
                 NULL); /* SQLite may have done it already */
    store->in_transaction = false;
    store->trouble = 0;
    store->stats.rollbacks++;
    timer_set(&store->retry, RETRY_MS);
    if (store->closed)
        return;
    store->closed = true;
    log_event(LOG_ERROR, "store.closed", "reason=\"the disk takes no more\"");
    store_ballast_release(store);
    if (store->state_fn != NULL)
        store->state_fn(store->state_arg, false);
}

int store_submit(struct store *store, struct store_op *op)
{
    op->next = NULL;
    op->status = -EINPROGRESS;
    *store->ops_end = op;
    store->ops_end = &op->next;
    if (store->closed)
        return -EINPROGRESS;
    op_apply(store, op);
    if (store->trouble == 0)
        return op->status;
    group_fail(store);
    return -EINPROGRESS;
}

static bool group_commit(struct store *store)
{
    statements_release(store);
    if (store->in_transaction && !run(store, store->commit)) {
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
    while (op != NULL) {
        struct store_op *next = op->next;
        op->done(op, op->status);
        op = next;
    }
}

static void group_retry(void *arg)
{
    struct store *store = arg;
    for (struct store_op *op = store->ops; op != NULL && store->trouble == 0; op = op->next)
        op_apply(store, op);
    if (store->trouble != 0) {
        group_fail(store);
        return;
    }
    if (!group_commit(store))
        return;
    store->closed = false;
    log_event(LOG_WARN, "store.open", "reason=\"the disk takes again\"");
    group_done(store);
    store_ballast_make(store);
    if (store->state_fn != NULL)
        store->state_fn(store->state_arg, true);
}

static void checkpoint(struct store *store, bool idle)
{
    if (store->wal_pages < (idle ? WAL_PAGES_IDLE : WAL_PAGES_MOST))
        return;
    int left = 0, moved = 0;
    int code =
        sqlite3_wal_checkpoint_v2(store->conn[CONN_WRITER], NULL, SQLITE_CHECKPOINT_PASSIVE, &left, &moved);
    check_damage(store->conn[CONN_WRITER], code);
    store->wal_pages = left - moved > 0 ? left - moved : 0;
}

/* The end of a turn: commit, durable callbacks, and again while those asked for more. */
static bool store_turn(void *arg)
{
    struct store *store = arg;
    for (int round = 0; round < ROUNDS_MAX && store->ops != NULL && !store->closed; round++) {
        if (!group_commit(store))
            break;
        group_done(store);
    }
    statements_release(store);
    bool more = store->ops != NULL && !store->closed;
    if (!store->in_transaction) {
        checkpoint(store, !more);
        more = store_backup_step(store) || more;
    }
    return more;
}

int store_flush(struct store *store)
{
    while (store->ops != NULL && !store->closed && group_commit(store))
        group_done(store);
    return store->closed ? -EIO : 0;
}

bool store_open_for_work(const struct store *store)
{
    return !store->closed;
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

/* ---- open and close ---- */

static int on_wal(void *arg, sqlite3 *db, const char *name, int pages)
{
    struct store *store = arg;
    (void)db;
    (void)name;
    store->wal_pages = pages;
    return SQLITE_OK;
}

static int conn_open(struct store *store, int which, const char *vfs, int flags, const char *pragmas,
                     char error[256])
{
    int code = sqlite3_open_v2(store->path, &store->conn[which], flags, vfs);
    if (code == SQLITE_OK) {
        sqlite3_extended_result_codes(store->conn[which], 1);
        sqlite3_busy_timeout(store->conn[which], BUSY_MS);
        code = sqlite3_exec(store->conn[which], pragmas, NULL, NULL, NULL);
    }
    if (code == SQLITE_OK)
        return 0;
    snprintf(error, 256, "%s: %s", store->path, sqlite3_errmsg(store->conn[which]));
    return store_errno(code);
}

static int writer_open(struct store *store, const char *vfs, char error[256])
{
    mode_t before = umask(0077);
    int status =
        conn_open(store, CONN_WRITER, vfs, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                  "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
                  "PRAGMA foreign_keys = ON; PRAGMA cache_size = -1024; PRAGMA temp_store = MEMORY;"
                  "PRAGMA journal_size_limit = 16777216; PRAGMA application_id = 1129336659;",
                  error);
    umask(before);
    return status != 0 ? status : store_migrate(store->conn[CONN_WRITER], error);
}

static void store_statements(struct store *store)
{
    sqlite3 *db = store->conn[CONN_WRITER];
    store->begin = prepare(db, "BEGIN IMMEDIATE");
    store->commit = prepare(db, "COMMIT");
    store->savepoint = prepare(db, "SAVEPOINT op");
    store->release = prepare(db, "RELEASE op");
    store->rollback_to = prepare(db, "ROLLBACK TO op");
    sqlite3_wal_hook(db, on_wal, store);
}

static void store_free(struct store *store)
{
    sqlite3_stmt *own[] = {store->begin, store->commit, store->savepoint, store->release, store->rollback_to};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        sqlite3_finalize(own[i]);
    for (int conn = CONN_COUNT - 1; conn >= 0; conn--) { /* the writer last: it takes the WAL away */
        for (int query = 0; query < Q_COUNT; query++)
            sqlite3_finalize(store->stmts[conn][query]);
        sqlite3_close(store->conn[conn]);
    }
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    free(store->path);
    free(store->ballast_path);
    free(store);
}

static struct store *store_new(struct loop *loop, const struct store_options *options)
{
    struct store *store = calloc(1, sizeof *store);
    if (store == NULL || (store->path = strdup(options->path)) == NULL ||
        asprintf(&store->ballast_path, "%s.ballast", options->path) < 0)
        fatal("out of memory");
    store->loop = loop;
    store->lock_fd = -1;
    store->ballast_bytes = options->ballast_bytes;
    store->ops_end = &store->ops;
    timer_init(&store->retry, loop, group_retry, store);
    return store;
}

int store_open(struct store **out, struct loop *loop, const struct store_options *options, char error[256])
{
    struct store *store = store_new(loop, options);
    int status = store_file_lock(store, error);
    if (status == 0)
        status = store_file_check(store->path, error);
    if (status == 0)
        status = writer_open(store, options->vfs, error);
    if (status == 0)
        status = conn_open(store, CONN_READER, options->vfs, SQLITE_OPEN_READONLY,
                           "PRAGMA cache_size = -512; PRAGMA query_only = ON;", error);
    if (status != 0) {
        store_free(store);
        return status;
    }
    store_statements(store);
    store_ballast_make(store);
    loop_at_turn_end(loop, store_turn, store);
    *out = store;
    return 0;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    if (store_flush(store) != 0)
        log_event(LOG_ERROR, "store.lost", "reason=\"the disk is full: what was not yet said is dropped\"");
    store_backup_abort(store);
    loop_at_turn_end(store->loop, NULL, NULL);
    timer_stop(&store->retry);
    store_free(store);
}
