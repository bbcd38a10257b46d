/* sql/schema.sql is what all migrations make together; migrations are numbered, and each is all or nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/store/store_internal.h"
#include "sql/migrations.h"
#include "store_rig.h"

static sqlite3 *memory_database(void)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    return db;
}

static char *file_text(const char *path)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char *text = calloc(1, 1 << 18);
    assert_non_null(text);
    assert_in_range(fread(text, 1, (1 << 18) - 1, file), 1, (1 << 18) - 2);
    fclose(file);
    return text;
}

/* One line each: type, name and text of all that there is, without comments and with single spaces, none
 * before what ends a column: a column that a migration added stands as SQLite writes it. */
static void normal(const char *sql, char *out, size_t size)
{
    size_t len = 0;
    while (*sql != '\0' && len + 2 < size) {
        if (sql[0] == '-' && sql[1] == '-') {
            sql += strcspn(sql, "\n");
        } else if (strchr(" \n\t", *sql) != NULL) {
            if (len > 0 && out[len - 1] != ' ')
                out[len++] = ' ';
            sql++;
        } else {
            if (strchr(",)", *sql) != NULL && len > 0 && out[len - 1] == ' ')
                len--;
            out[len++] = *sql++;
        }
    }
    out[len] = '\0';
}

static char *schema_of(sqlite3 *db)
{
    static const char sql[] = "SELECT type, name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name";
    char *all = calloc(1, 1 << 18), text[1 << 14];
    size_t len = 0;
    sqlite3_stmt *stmt;
    assert_non_null(all);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        normal((const char *)sqlite3_column_text(stmt, 2), text, sizeof text);
        len += (size_t)snprintf(all + len, (1 << 18) - len, "%s %s: %s\n", sqlite3_column_text(stmt, 0),
                                sqlite3_column_text(stmt, 1), text);
    }
    sqlite3_finalize(stmt);
    return all;
}

static void test_schema_is_what_the_migrations_make(void **state)
{
    sqlite3 *head = memory_database(), *migrated = memory_database();
    char error[256];
    (void)state;
    char *text = file_text(TEST_DATA "/../sql/schema.sql");
    assert_int_equal(sqlite3_exec(head, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(store_migrate(migrated, "database", error), 0);
    char *expected = schema_of(head), *made = schema_of(migrated);
    assert_string_equal(made, expected);
    assert_non_null(strstr(made, "table account"));
    free(expected);
    free(made);
    free(text);
    sqlite3_close(head);
    sqlite3_close(migrated);
}

static void test_numbers_ascend(void **state)
{
    int last = 0;
    (void)state;
    for (const struct migration *m = migrations; m->number != 0; m++) {
        assert_true(m->number > last);
        last = m->number;
        assert_non_null(m->file);
        assert_true(m->text[0] != '\0');
    }
}

static void test_migrating_again_changes_nothing(void **state)
{
    sqlite3 *db = memory_database();
    char error[256];
    (void)state;
    assert_int_equal(store_migrate(db, "database", error), 0);
    int changes = sqlite3_total_changes(db);
    assert_int_equal(store_migrate(db, "database", error), 0);
    assert_int_equal(sqlite3_total_changes(db), changes);
    sqlite3_close(db);
}

/* Something of that name is there already: the migration fails, and leaves nothing of itself. */
static void test_a_migration_that_fails_leaves_nothing(void **state)
{
    sqlite3 *db = memory_database();
    char error[256];
    (void)state;
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE service_line (x)", NULL, NULL, NULL), SQLITE_OK);
    char *before = schema_of(db);
    assert_int_equal(store_migrate(db, "/data/cellpost.db", error), -EIO);
    assert_non_null(strstr(error, "/data/cellpost.db: migration 0001-first.sql"));
    assert_non_null(strstr(error, "service_line"));
    char *after = schema_of(db);
    assert_string_equal(before, after);
    sqlite3_stmt *stmt;
    sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &stmt, NULL);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(stmt, 0), 0);
    sqlite3_finalize(stmt);
    assert_true(sqlite3_get_autocommit(db));
    free(before);
    free(after);
    sqlite3_close(db);
}

static void test_every_statement_has_its_name_and_compiles(void **state)
{
    sqlite3 *db = memory_database();
    char error[256];
    (void)state;
    assert_int_equal(store_migrate(db, "database", error), 0);
    for (int query = 0; query < Q_COUNT; query++) {
        sqlite3_stmt *stmt = NULL;
        const char *tail = "";
        int code = sqlite3_prepare_v2(db, query_texts[query], -1, &stmt, &tail);
        if (code != SQLITE_OK)
            fail_msg("%s: %s", query_names[query], sqlite3_errmsg(db));
        if (tail[strspn(tail, " \n;")] != '\0')
            fail_msg("%s is more than one statement", query_names[query]);
        sqlite3_finalize(stmt);
    }
    sqlite3_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema_is_what_the_migrations_make),
        cmocka_unit_test(test_numbers_ascend),
        cmocka_unit_test(test_migrating_again_changes_nothing),
        cmocka_unit_test(test_a_migration_that_fails_leaves_nothing),
        cmocka_unit_test(test_every_statement_has_its_name_and_compiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
