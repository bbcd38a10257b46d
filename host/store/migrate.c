/* Applies what user_version has not seen yet, each migration with its new number in one transaction. */
#include <errno.h>
#include <stdio.h>

#include "host/store/store_internal.h"
#include "sql/migrations.h"

int store_newest_version(void)
{
    int newest = 0;
    for (const struct migration *m = migrations; m->number != 0; m++)
        newest = m->number;
    return newest;
}

static int user_version(sqlite3 *db)
{
    sqlite3_stmt *stmt;
    int version = -1;
    if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        version = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return version;
}

static int migration_apply(sqlite3 *db, const struct migration *migration)
{
    char number[64];
    snprintf(number, sizeof number, "PRAGMA user_version = %d", migration->number);
    int code = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, migration->text, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, number, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    return code;
}

int store_migrate(sqlite3 *db, char error[256])
{
    int version = user_version(db);
    if (version < 0) {
        snprintf(error, 256, "database: %s", sqlite3_errmsg(db));
        return -EIO;
    }
    for (const struct migration *m = migrations; m->number != 0; m++) {
        if (m->number <= version)
            continue;
        if (migration_apply(db, m) != SQLITE_OK) {
            snprintf(error, 256, "database: migration %s: %s", m->file, sqlite3_errmsg(db));
            sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
            return -EIO;
        }
    }
    return 0;
}
