/* Power loss at every write, truncation, sync and deletion: what was answered is there afterwards, a group is
 * there as a whole or not at all, and the database is sound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "powerfail_vfs.h"
#include "store_rig.h"

#define GROUPS    24
#define GROUP_LEN 3
#define SEEDS     3 /* nothing, all, and an arbitrary part of what was not synced survives */

static struct rig rig;

/* Turns of the loop, of 1 to GROUP_LEN changes each; checkpoints and a WAL that begins anew are among them.
 */
static int group_of[GROUPS * GROUP_LEN], ops;

static void work(void)
{
    ops = 0;
    for (int group = 0; group < GROUPS && !powerfail_is_cut(); group++) {
        for (int i = 0; i <= group % GROUP_LEN; i++) {
            group_of[ops] = group;
            rig_add(&rig, ops++);
        }
        loop_turn(rig.loop, 0);
    }
}

static void check(long cut, unsigned seed)
{
    char text[128];
    rig.options.vfs = NULL;
    if (rig_open(&rig) != 0)
        fail_msg("cut %ld seed %u: %s", cut, seed, rig.error);
    sqlite3_stmt *stmt = store_read_prepare(rig.store, "PRAGMA integrity_check");
    assert_int_equal(store_step(rig.store, stmt), SQLITE_ROW);
    snprintf(text, sizeof text, "%s", (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    if (strcmp(text, "ok") != 0)
        fail_msg("cut %ld seed %u: %s", cut, seed, text);
    bool before = true;
    for (int n = 0; n < ops; n++) {
        bool has = rig_has(&rig, n);
        if (rig.status[n] == 0 && !has)
            fail_msg("cut %ld seed %u: %d was answered and is lost", cut, seed, n);
        if (has && !before)
            fail_msg("cut %ld seed %u: %d is there without its predecessor", cut, seed, n);
        if (n > 0 && group_of[n] == group_of[n - 1] && has != before)
            fail_msg("cut %ld seed %u: half of group %d", cut, seed, group_of[n]);
        before = has;
    }
}

static void open_and_work(void)
{
    rig.options.vfs = POWERFAIL_VFS;
    rig.options.checkpoint_pages = 12;
    if (rig_open(&rig) == 0)
        work();
    else
        ops = 0;
}

/* The number of things that can go wrong in it. */
static long events_of_a_whole_run(void)
{
    rig_init(&rig);
    powerfail_reset();
    open_and_work();
    assert_int_equal(rig.done_count, ops);
    rig_close(&rig);
    long events = powerfail_events();
    rig_fini(&rig);
    return events;
}

static void run_with_cut(long cut, unsigned seed)
{
    rig_init(&rig);
    powerfail_reset();
    powerfail_cut_at(cut);
    open_and_work();
    rig_close(&rig);
    assert_true(powerfail_is_cut());
    powerfail_return(seed);
    check(cut, seed);
    rig_fini(&rig);
}

static void test_power_fails_at_each_point(void **state)
{
    (void)state;
    long events = events_of_a_whole_run();
    assert_in_range(events, 100, 2000);
    for (long cut = 1; cut <= events; cut++)
        for (unsigned seed = 0; seed < SEEDS; seed++)
            run_with_cut(cut, seed < 2 ? seed : (unsigned)cut * SEEDS + seed);
}

/* The disk itself must be able to lose: without a sync nothing is sure. */
static void test_unsynced_writes_are_lost(void **state)
{
    sqlite3 *db;
    int rows = -1;
    (void)state;
    rig_init(&rig);
    powerfail_reset();
    assert_int_equal(
        sqlite3_open_v2(rig.path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, POWERFAIL_VFS), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE t (x);"
                     "PRAGMA wal_checkpoint; INSERT INTO t VALUES (1);",
                     NULL, NULL, NULL),
        SQLITE_OK);
    powerfail_cut_at(1);
    sqlite3_close(db);
    powerfail_return(0);
    assert_int_equal(sqlite3_open(rig.path, &db), SQLITE_OK);
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM t", -1, &stmt, NULL), SQLITE_OK);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        rows = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    assert_int_equal(rows, 0);
    rig_fini(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unsynced_writes_are_lost),
        cmocka_unit_test(test_power_fails_at_each_point),
    };
    powerfail_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
