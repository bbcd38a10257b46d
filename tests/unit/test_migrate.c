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

static void test_numbers_ascend_from_one(void **state)
{
    int last = 0;
    (void)state;
    for (const struct migration *m = migrations; m->number != 0; m++) {
        assert_int_equal(m->number, last + 1);
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

static const char FIRST_ROWS[] =
    "INSERT INTO account VALUES (1, x'01', x'0102', 'Main', 0, 10, 11);"
    "INSERT INTO line VALUES (1, x'0A', 1, 'a', '+41790000001', '8941', 'A', 'http://x/in', 'POST', '', "
    "'POST', "
    "'http://x/st', 'POST', 12, 13), (2, x'0B', 1, 'b', '+41790000002', '', 'B', '', 'POST', '', 'POST', '', "
    "'POST', "
    "12, 13);"
    "INSERT INTO service VALUES (5, x'0C', 1, 'pool', 'Pool', 'http://x/svc', 'GET', 'http://x/fb', 'GET', "
    "'http://x/cb', 1, 1, 600, 14, 15);"
    "INSERT INTO service_line VALUES (5, 2), (5, 1);"
    "INSERT INTO message (id, sid, mm, account_id, direction, status, from_addr, to_addr, body, line_id, "
    "service_id, "
    "segments, error_code, unsure, priority, policy, created_ms, updated_ms, expires_ms, report_until_ms, "
    "status_report, discard_body, mask_to, reply_to, dcs) VALUES (7, x'0D', 0, 1, 1, 11, '+41791112233', "
    "'+41790000001', 'STOP', 1, 0, 1, 0, 0, 0, 0, 16, 16, 0, 0, 0, 0, 0, 0, 0);"
    "INSERT INTO idempotency VALUES (1, 'key', 7, 99);";

static void expect_row(sqlite3 *db, const char *sql, const char *expected)
{
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(stmt, 0), expected);
    sqlite3_finalize(stmt);
}

/* Tables are made anew on the way: their rows, and what refers to them, are all there afterwards. */
static void test_rows_of_the_first_schema_are_kept(void **state)
{
    sqlite3 *db = memory_database();
    char error[256] = "";
    (void)state;
    sqlite3_exec(db, "PRAGMA foreign_keys = ON", NULL, NULL, NULL);
    assert_int_equal(sqlite3_exec(db, migrations[0].text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, FIRST_ROWS, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_exec(db, "PRAGMA user_version = 1", NULL, NULL, NULL);
    if (store_migrate(db, "database", error) != 0)
        fail_msg("%s", error);
    expect_row(db, "SELECT friendly_name || owner_id || test FROM account", "Main00");
    expect_row(db, "SELECT group_concat(name || sms_url || sms_application_id) FROM line",
               "ahttp://x/in0,b0");
    expect_row(
        db,
        "SELECT printf('%s %s %s %s %s %s %s %s %s %s %s %s %s %s %s %s', id, hex(sid), name, friendly_name, "
        "inbound_request_url, inbound_method, "
        "fallback_url, fallback_method, status_callback, smart_encoding, use_inbound_webhook_on_number, "
        "validity_s, created_ms, updated_ms, sticky_sender, deleted_ms) FROM service",
        "5 0C pool Pool http://x/svc GET http://x/fb GET http://x/cb 1 1 600 14 15 0 0");
    expect_row(db, "SELECT group_concat(service_id || line_id || created_ms) FROM service_line", "5114,5214");
    expect_row(db, "SELECT key || message_id || until_ms || request FROM idempotency", "key7990");
    expect_row(db, "SELECT message_id FROM optout_seen", "7"); /* a STOP of that time was nobody's word */
    expect_row(db, "SELECT count(*) FROM pragma_foreign_key_check", "0");
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
        cmocka_unit_test(test_numbers_ascend_from_one),
        cmocka_unit_test(test_migrating_again_changes_nothing),
        cmocka_unit_test(test_a_migration_that_fails_leaves_nothing),
        cmocka_unit_test(test_rows_of_the_first_schema_are_kept),
        cmocka_unit_test(test_every_statement_has_its_name_and_compiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
