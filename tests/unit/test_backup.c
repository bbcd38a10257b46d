/* Online backup: complete while the gateway writes, checked before it has its name, gone on error. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "store_rig.h"

#define PAGES_A_STEP 256 /* of the copy, in one turn at most */

static struct rig rig;
static struct {
    bool done;
    int status;
    char error[256];
} end;

static void on_end(void *arg, int status, const char *error)
{
    (void)arg;
    end.done = true;
    end.status = status;
    snprintf(end.error, sizeof end.error, "%s", error);
}

static int setup(void **state)
{
    (void)state;
    rig_init(&rig);
    rig.name_len = 500;
    memset(&end, 0, sizeof end);
    assert_int_equal(rig_open(&rig), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_fini(&rig);
    return 0;
}

static void add(int from, int to)
{
    for (int n = from; n < to; n++)
        rig_add(&rig, n);
    loop_turn(rig.loop, 0);
}

static char copy[160];

static int backup(void)
{
    return store_backup(rig.store, rig_path(&rig, ".copy", copy), on_end, NULL);
}

static int query_copy(const char *sql, char *text, size_t size)
{
    sqlite3 *db;
    sqlite3_stmt *stmt;
    int value = -1;
    assert_int_equal(sqlite3_open_v2(copy, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        value = sqlite3_column_int(stmt, 0);
        snprintf(text, size, "%s", (const char *)sqlite3_column_text(stmt, 0));
    }
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return value;
}

static void assert_nothing_left(void)
{
    assert_false(rig_exists(&rig, ".copy"));
    assert_false(rig_exists(&rig, ".copy.part"));
    assert_false(rig_exists(&rig, ".copy.part-journal"));
}

static void test_backup_while_writing(void **state)
{
    char text[64];
    struct stat st;
    (void)state;
    add(0, 2000);
    int steps = rig_query_int(&rig, "PRAGMA page_count") / PAGES_A_STEP, n = 2000;
    assert_true(steps >= 1);
    assert_int_equal(backup(), 0);
    assert_false(rig_exists(&rig, ".copy"));
    /* the copy takes its turns: one more change is durable after each of them, and it is not complete */
    for (; n < 2000 + steps; n++) {
        rig_add(&rig, n);
        loop_turn(rig.loop, 0);
        assert_int_equal(rig.status[n], 0);
        assert_false(end.done);
    }
    for (; !end.done && n < 3000; n++) {
        rig_add(&rig, n);
        loop_turn(rig.loop, 2);
    }
    assert_true(loop_until(rig.loop, &end.done, 60000));
    assert_int_equal(end.status, 0);
    assert_int_equal(stat(copy, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_in_range(query_copy("SELECT count(*) FROM account", text, sizeof text), 2000, 3000);
    query_copy("PRAGMA integrity_check", text, sizeof text);
    assert_string_equal(text, "ok");
    query_copy("PRAGMA journal_mode", text, sizeof text);
    assert_string_equal(text, "delete");
    assert_false(rig_exists(&rig, ".copy.part"));
    assert_int_equal(rig_count(&rig), n);
}

static void test_a_copy_can_be_opened_as_the_database(void **state)
{
    (void)state;
    add(0, 10);
    assert_int_equal(backup(), 0);
    assert_true(loop_until(rig.loop, &end.done, 60000));
    rig_close(&rig);
    rig.options.path = copy;
    assert_int_equal(rig_open(&rig), 0);
    assert_int_equal(rig_count(&rig), 10);
}

static void test_refusals(void **state)
{
    (void)state;
    assert_int_equal(backup(), 0);
    assert_int_equal(store_backup(rig.store, "/tmp/other", on_end, NULL), -EBUSY);
    assert_true(loop_until(rig.loop, &end.done, 60000));
    assert_int_equal(backup(), -EEXIST);
    assert_int_equal(store_backup(rig.store, "/nonexistent/copy", on_end, NULL), -ENOENT);
    assert_int_equal(store_backup(rig.store, rig.dir, on_end, NULL), -EEXIST);
}

static void test_a_left_over_part_is_replaced(void **state)
{
    char part[160];
    (void)state;
    FILE *file = fopen(rig_path(&rig, ".copy.part", part), "w");
    assert_non_null(file);
    fputs("of a backup that was cut off", file);
    fclose(file);
    assert_int_equal(backup(), 0);
    assert_true(loop_until(rig.loop, &end.done, 60000));
    assert_int_equal(end.status, 0);
}

static void test_closing_ends_it(void **state)
{
    (void)state;
    add(0, 2000);
    assert_int_equal(backup(), 0);
    loop_turn(rig.loop, 0);
    rig_close(&rig);
    assert_true(end.done);
    assert_int_equal(end.status, -ECANCELED);
    assert_nothing_left();
}

/* The copy is made, the child at work: it ends with the store. */
static void test_closing_ends_the_check(void **state)
{
    char text[64];
    (void)state;
    add(0, 100);
    assert_int_equal(backup(), 0);
    loop_turn(rig.loop, 0);
    rig_close(&rig);
    assert_true(end.done);
    if (end.status == 0)
        assert_int_equal(query_copy("SELECT count(*) FROM account", text, sizeof text), 100);
    else
        assert_nothing_left();
}

static void test_full_target(void **state)
{
    struct rlimit before, small;
    (void)state;
    add(0, 2000);
    add(2000, 2001);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    small = (struct rlimit){300000, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    int status = backup();
    bool done = loop_until(rig.loop, &end.done, 60000);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(status, 0);
    assert_true(done);
    assert_true(end.status == -EIO || end.status == -ENOSPC);
    assert_non_null(strstr(end.error, copy));
    assert_nothing_left();
}

/* Damage that nobody has met yet is found in the copy: better now than when it is needed. */
static void test_unsound_copy_is_not_kept(void **state)
{
    char junk[4096];
    (void)state;
    add(0, 2000);
    rig_close(&rig);
    memset(junk, 0x5A, sizeof junk);
    int fd = open(rig.path, O_RDWR);
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(pwrite(fd, junk, sizeof junk, st.st_size / 4096 / 2 * 4096), sizeof junk);
    close(fd);
    assert_int_equal(rig_open(&rig), 0);
    assert_int_equal(backup(), 0);
    assert_true(loop_until(rig.loop, &end.done, 60000));
    assert_int_equal(end.status, -EUCLEAN);
    assert_non_null(strstr(end.error, "not sound"));
    assert_nothing_left();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_backup_while_writing),
        TEST(test_a_copy_can_be_opened_as_the_database),
        TEST(test_refusals),
        TEST(test_a_left_over_part_is_replaced),
        TEST(test_closing_ends_it),
        TEST(test_closing_ends_the_check),
        TEST(test_full_target),
        TEST(test_unsound_copy_is_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
