/* Whose database it is, and what its user_version has not seen yet: each migration with its new number in one
 * transaction. The application_id comes with the first, so that a first start that was cut off is begun
 * again. */
#include <errno.h>
#include <stdio.h>

#include "host/store/store_internal.h"
#include "sql/migrations.h"

#define APPLICATION_ID 0x43504F53 /* "CPOS" */

static int newest_version(void)
{
    int newest = 0;
    for (const struct migration *m = migrations; m->number != 0; m++)
        newest = m->number;
    return newest;
}

static bool query_int(sqlite3 *db, const char *text, int *value)
{
    sqlite3_stmt *stmt;
    bool ok = sqlite3_prepare_v2(db, text, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW;
    if (ok)
        *value = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return ok;
}

int store_check(sqlite3 *db, const char *path, char error[256])
{
    int objects, application, version;
    if (!query_int(db, "SELECT count(*) FROM sqlite_schema", &objects) ||
        !query_int(db, "PRAGMA application_id", &application) ||
        !query_int(db, "PRAGMA user_version", &version))
        return store_refuse(db, path, error);
    if (sqlite3_db_readonly(db, "main") == 1) {
        snprintf(error, 256, "%s: is read-only", path);
        return -EROFS;
    }
    bool empty = objects == 0 && application == 0 && version == 0;
    if (!empty && application != APPLICATION_ID) {
        snprintf(error, 256, "%s: is a database of another program", path);
        return -EUCLEAN;
    }
    if (version > newest_version()) {
        snprintf(error, 256, "%s: was written by a newer Cellpost (schema %d, this one knows %d)", path,
                 version, newest_version());
        return -EPROTONOSUPPORT;
    }
    return 0;
}

static int migration_apply(sqlite3 *db, const struct migration *migration)
{
    char numbers[128];
    snprintf(numbers, sizeof numbers, "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID,
             migration->number);
    int code = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, migration->text, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, numbers, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    return code;
}

int store_migrate(sqlite3 *db, const char *path, char error[256])
{
    int version = 0;
    if (!query_int(db, "PRAGMA user_version", &version))
        return store_refuse(db, path, error);
    for (const struct migration *m = migrations; m->number != 0; m++) {
        if (m->number <= version || migration_apply(db, m) == SQLITE_OK)
            continue;
        char name[512];
        snprintf(name, sizeof name, "%s: migration %s", path, m->file);
        int status = store_refuse(db, name, error);
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
        return status;
    }
    return 0;
}
