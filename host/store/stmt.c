/* Statements, their values and their errors; see store.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"
#include "host/store/store_internal.h"

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

static const struct {
    int code, status;
    const char *sentence;
} refusals[] = {
    {SQLITE_NOTADB, -EUCLEAN, "is no SQLite database"},
    {SQLITE_CORRUPT, -EUCLEAN, "is damaged: restore it from a backup"},
    {SQLITE_FULL, -ENOSPC, "the disk is full"},
    {SQLITE_READONLY, -EROFS, "is read-only"},
    {SQLITE_PERM, -EACCES, "may not be written"},
    {SQLITE_CANTOPEN, -EACCES, "cannot be opened: see the rights of the file and its folder"},
    {SQLITE_BUSY, -EBUSY, "another program holds it"},
};

int store_refuse(sqlite3 *db, const char *path, char error[256])
{
    int code = sqlite3_errcode(db) & 0xff;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        if (refusals[i].code == code) {
            snprintf(error, 256, "%s: %s", path, refusals[i].sentence);
            return refusals[i].status;
        }
    snprintf(error, 256, "%s: %s", path, sqlite3_errmsg(db));
    return -EIO;
}

/* Every other trouble passes: the group waits for it. */
void store_check_damage(sqlite3 *db, int code)
{
    switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: fatal("database damaged: %s", sqlite3_errmsg(db));
    case SQLITE_ERROR:
    case SQLITE_MISUSE: fatal("statement refused: %s", sqlite3_errmsg(db));
    default: return;
    }
}

int store_step(struct store *store, sqlite3_stmt *stmt)
{
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW || code == SQLITE_DONE || (code & 0xff) == SQLITE_CONSTRAINT)
        return code;
    sqlite3 *db = sqlite3_db_handle(stmt);
    store_check_damage(db, code);
    if (db != store->conn[CONN_WRITER] || store->trouble != 0)
        return code;
    store->trouble = code;
    if (store->state != STORE_WAITING)
        log_event(LOG_ERROR, "store.trouble", "code=%d message=\"%s\"", code, sqlite3_errmsg(db));
    return code;
}

/* ---- statements ---- */

sqlite3_stmt *store_prepare(sqlite3 *db, const char *text)
{
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v3(db, text, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) != SQLITE_OK)
        fatal("cannot prepare \"%s\": %s", text, sqlite3_errmsg(db));
    return stmt;
}

bool store_run(struct store *store, sqlite3_stmt *stmt)
{
    int code = store_step(store, stmt);
    sqlite3_reset(stmt);
    return code == SQLITE_DONE;
}

static sqlite3_stmt *stmt_of(struct store *store, int conn, enum query query)
{
    sqlite3_stmt **stmt = &store->stmts[conn][query];
    if (*stmt == NULL)
        *stmt = store_prepare(store->conn[conn], query_texts[query]);
    sqlite3_reset(*stmt);
    sqlite3_clear_bindings(*stmt);
    return *stmt;
}

sqlite3_stmt *store_write_stmt(struct store *store, enum query query)
{
    return stmt_of(store, CONN_WRITER, query);
}

void store_read_begin(struct store *store)
{
    if (!store->reading)
        store->reading = store_run(store, store->read_begin);
}

sqlite3_stmt *store_read_stmt(struct store *store, enum query query)
{
    store_read_begin(store);
    return stmt_of(store, CONN_READER, query);
}

sqlite3_stmt *store_read_prepare(struct store *store, const char *sql)
{
    return store_prepare(store->conn[CONN_READER], sql);
}

int64_t store_last_id(struct store *store)
{
    return sqlite3_last_insert_rowid(store->conn[CONN_WRITER]);
}

int store_changes(struct store *store)
{
    return sqlite3_changes(store->conn[CONN_WRITER]);
}

void store_statements_release(struct store *store)
{
    for (int conn = 0; conn < CONN_COUNT; conn++)
        for (sqlite3_stmt *stmt = NULL; (stmt = sqlite3_next_stmt(store->conn[conn], stmt)) != NULL;)
            if (sqlite3_stmt_busy(stmt))
                sqlite3_reset(stmt);
    if (store->reading)
        store_run(store, store->read_end);
    store->reading = false;
}

/* ---- values ---- */

/* Values mostly come in the statement's own order: the next parameter is asked for its name first. */
static int bind_index(sqlite3_stmt *stmt, const char *name)
{
    static struct {
        const sqlite3_stmt *stmt;
        int index;
    } last;
    int index = last.stmt == stmt ? last.index + 1 : 1;
    const char *next = sqlite3_bind_parameter_name(stmt, index);
    if (next == NULL || strcmp(next, name) != 0)
        index = sqlite3_bind_parameter_index(stmt, name);
    last.stmt = stmt;
    last.index = index;
    if (index == 0)
        fatal("no parameter %s in \"%s\"", name, sqlite3_sql(stmt));
    return index;
}

/* A value that did not arrive would be stored as NULL. */
static void bound(sqlite3_stmt *stmt, const char *name, int code)
{
    if (code != SQLITE_OK)
        fatal("cannot bind %s in \"%s\": %s", name, sqlite3_sql(stmt), sqlite3_errstr(code));
}

void store_bind_int(sqlite3_stmt *stmt, const char *name, int64_t value)
{
    bound(stmt, name, sqlite3_bind_int64(stmt, bind_index(stmt, name), value));
}

void store_bind_text(sqlite3_stmt *stmt, const char *name, const char *value)
{
    bound(stmt, name, sqlite3_bind_text(stmt, bind_index(stmt, name), value, -1, SQLITE_TRANSIENT));
}

void store_bind_blob(sqlite3_stmt *stmt, const char *name, const void *value, size_t len)
{
    bound(stmt, name, sqlite3_bind_blob64(stmt, bind_index(stmt, name), value, len, SQLITE_TRANSIENT));
}

void store_bind_null(sqlite3_stmt *stmt, const char *name)
{
    bound(stmt, name, sqlite3_bind_null(stmt, bind_index(stmt, name)));
}

char *store_column_text(sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    char *copy = text != NULL ? strdup(text) : NULL;
    if (text != NULL && copy == NULL)
        fatal("out of memory");
    return copy;
}
