/* Opening and closing; see store.h. The order matters: nothing is written before the file is known to be
 * Cellpost's and not newer. */
#include "host/store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/log.h"
#include "host/store/store_internal.h"

#define CHECKPOINT_PAGES 1000

#define WRITER_PRAGMAS                                                                                       \
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"                   \
    "PRAGMA foreign_keys = ON; PRAGMA cache_size = -1024; PRAGMA temp_store = MEMORY;"                       \
    "PRAGMA journal_size_limit = 16777216; PRAGMA secure_delete = ON;" /* erased is erased */
#define READER_PRAGMAS "PRAGMA cache_size = -512; PRAGMA temp_store = MEMORY; PRAGMA query_only = ON;"

static int conn_open(struct store *store, int which, const char *vfs, int flags, char error[256])
{
    int code = sqlite3_open_v2(store->path, &store->conn[which], flags, vfs);
    sqlite3 *db = store->conn[which];
    if (db == NULL)
        fatal("out of memory");
    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, BUSY_MS);
    /* until it is known to be ours: closing would move the WAL into the file */
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return code == SQLITE_OK ? 0 : store_refuse(db, store->path, error);
}

static int conn_pragmas(struct store *store, int which, const char *pragmas, char error[256])
{
    sqlite3 *db = store->conn[which];
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    return sqlite3_exec(db, pragmas, NULL, NULL, NULL) == SQLITE_OK ? 0
                                                                    : store_refuse(db, store->path, error);
}

/* A file system without shared memory keeps the old mode, and says no word. */
static int wal_check(struct store *store, char error[256])
{
    sqlite3_stmt *stmt = store_prepare(store->conn[CONN_WRITER], "PRAGMA journal_mode");
    bool wal =
        sqlite3_step(stmt) == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(stmt, 0), "wal") == 0;
    sqlite3_finalize(stmt);
    if (!wal)
        snprintf(error, 256, "%s: WAL mode does not work here: a network file system?", store->path);
    return wal ? 0 : -ENOTSUP;
}

static int writer_open(struct store *store, const char *vfs, char error[256])
{
    mode_t before = umask(0077);
    int status = conn_open(store, CONN_WRITER, vfs, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, error);
    sqlite3 *db = store->conn[CONN_WRITER];
    if (status == 0)
        status = store_check(db, store->path, error);
    if (status == 0)
        status = conn_pragmas(store, CONN_WRITER, WRITER_PRAGMAS, error);
    umask(before);
    if (status == 0)
        status = wal_check(store, error);
    return status != 0 ? status : store_migrate(db, store->path, error);
}

static int reader_open(struct store *store, const char *vfs, char error[256])
{
    int status = conn_open(store, CONN_READER, vfs, SQLITE_OPEN_READONLY, error);
    return status != 0 ? status : conn_pragmas(store, CONN_READER, READER_PRAGMAS, error);
}

/* A database that somebody has altered is noticed at the start, not in the midst of a message. */
static int statements_check(struct store *store, char error[256])
{
    sqlite3 *db = store->conn[CONN_WRITER];
    for (int query = 0; query < Q_COUNT; query++) {
        sqlite3_stmt *stmt = NULL;
        if (sqlite3_prepare_v2(db, query_texts[query], -1, &stmt, NULL) != SQLITE_OK) {
            snprintf(error, 256, "%s: its tables are not as they should be (%s: %s)", store->path,
                     query_names[query], sqlite3_errmsg(db));
            return -EUCLEAN;
        }
        sqlite3_finalize(stmt);
    }
    return 0;
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
    store->checkpoint_pages = options->checkpoint_pages > 0 ? options->checkpoint_pages : CHECKPOINT_PAGES;
    store->commit_every_us = options->commit_every_us;
    store->ops_end = &store->ops;
    return store;
}

static void store_free(struct store *store)
{
    sqlite3_stmt *own[] = {store->begin,       store->commit,     store->savepoint, store->release,
                           store->rollback_to, store->read_begin, store->read_end};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        sqlite3_finalize(own[i]);
    for (int conn = CONN_COUNT - 1; conn >= 0; conn--) { /* the writer last: it takes the WAL away */
        for (int query = 0; query < Q_COUNT; query++)
            sqlite3_finalize(store->stmts[conn][query]);
        if (sqlite3_close(store->conn[conn]) != SQLITE_OK)
            fatal("a statement outlives the store: %s",
                  sqlite3_sql(sqlite3_next_stmt(store->conn[conn], NULL)));
    }
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    free(store->path);
    free(store->ballast_path);
    free(store);
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
        status = statements_check(store, error);
    if (status == 0)
        status = reader_open(store, options->vfs, error);
    if (status != 0) {
        store_free(store);
        return status;
    }
    group_init(store);
    *out = store;
    return 0;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    group_fini(store);
    store_backup_abort(store);
    store_free(store);
}
