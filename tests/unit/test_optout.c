/* Rows of opting out: who is blocked by whose, lists and their walks, what a restart keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "host/optout/optout.h"
#include "store_rig.h"

#define ALICE "+41791112233"
#define BOB   "+41791112244"

static struct rig rig;
static struct optout *optout;

/* Lines 1 and 2, service 1 with line 1; 0 = done. */
static int setup(void **state)
{
    (void)state;
    rig_init(&rig);
    assert_int_equal(rig_open(&rig), 0);
    optout = optout_open(rig.store, &(struct mark_key){{0}});
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_close(&rig);
    optout_close(optout);
    rig_fini(&rig);
    return 0;
}

static void on_done(void *arg, int status)
{
    *(int *)arg = status;
}

static void add(int64_t account, int64_t service, int64_t line, const char *number)
{
    int status = 1;
    optout_add(optout, &(struct optout_sender){account, service, line}, number, "api", on_done, &status);
    loop_turn(rig.loop, 0);
    assert_int_equal(status, 0);
}

static void pool(int64_t service, int64_t line)
{
    char sql[256];
    sqlite3 *db;
    snprintf(sql, sizeof sql, "INSERT INTO service_line (service_id, line_id, created_ms) VALUES (%d, %d, 0)",
             (int)service, (int)line);
    assert_int_equal(sqlite3_open(rig.path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void test_line(void **state)
{
    (void)state;
    add(1, 0, 1, ALICE);
    assert_true(optout_blocks(optout, 0, 1, ALICE));
    assert_false(optout_blocks(optout, 0, 2, ALICE));
    assert_false(optout_blocks(optout, 0, 1, BOB));
    assert_false(optout_blocks(optout, 7, 0, ALICE));
}

static void test_service_and_its_lines(void **state)
{
    (void)state;
    pool(7, 1);
    add(1, 7, 0, ALICE);
    add(1, 0, 1, BOB);
    assert_true(optout_blocks(optout, 7, 0, ALICE));
    assert_true(optout_blocks(optout, 0, 1, ALICE)); /* by the line alone too */
    assert_true(optout_blocks(optout, 7, 0, BOB));   /* by the service of the line too */
    assert_false(optout_blocks(optout, 8, 2, BOB));
    int status = 1;
    optout_clear(optout, 7, 1, BOB, on_done, &status);
    loop_turn(rig.loop, 0);
    assert_int_equal(status, 0);
    assert_false(optout_blocks(optout, 7, 0, BOB));
    assert_true(optout_blocks(optout, 7, 0, ALICE));
}

static void test_twice_and_never(void **state)
{
    struct optout_row first, again;
    struct optout_sender sender = {1, 0, 1};
    int status = 1;
    (void)state;
    add(1, 0, 1, ALICE);
    assert_true(optout_find(optout, &sender, ALICE, &first));
    add(1, 0, 1, ALICE);
    assert_true(optout_find(optout, &sender, ALICE, &again));
    assert_int_equal(first.id, again.id);
    assert_memory_equal(&first.sid, &again.sid, sizeof first.sid);
    assert_string_equal(again.source, "api");
    optout_remove(optout, &sender, BOB, on_done, &status);
    loop_turn(rig.loop, 0);
    assert_int_equal(status, 0);
    optout_remove(optout, &sender, ALICE, NULL, NULL);
    loop_turn(rig.loop, 0);
    assert_false(optout_find(optout, &sender, ALICE, NULL));
    assert_false(optout_find_sid(optout, 1, &first.sid, &again));
}

struct walk {
    int64_t ids[16];
    size_t count;
};

static void on_row(void *arg, const struct optout_row *row)
{
    struct walk *walk = arg;
    walk->ids[walk->count++] = row->id;
}

static void test_list(void **state)
{
    struct walk walk = {.count = 0};
    struct optout_filter filter = {.account_id = 1, .limit = 2};
    (void)state;
    add(1, 0, 1, ALICE);
    add(2, 0, 9, ALICE);
    add(1, 0, 2, ALICE);
    add(1, 0, 1, BOB);
    assert_int_equal(optout_list(optout, &filter, on_row, &walk), 2);
    assert_int_equal(walk.ids[0], 4);
    assert_int_equal(walk.ids[1], 3);
    filter.after_id = 3;
    assert_int_equal(optout_list(optout, &filter, on_row, &walk), 1);
    assert_int_equal(walk.ids[2], 1);
    filter = (struct optout_filter){.account_id = 1, .since_id = 2, .limit = 5};
    walk.count = 0;
    assert_int_equal(optout_list(optout, &filter, on_row, &walk), 2);
    assert_int_equal(walk.ids[0], 3); /* the nearest first */
    filter = (struct optout_filter){.account_id = 1, .number = ALICE, .limit = 5};
    walk.count = 0;
    assert_int_equal(optout_list(optout, &filter, on_row, &walk), 2);
    filter = (struct optout_filter){.limit = 5};
    walk.count = 0;
    assert_int_equal(optout_list(optout, &filter, on_row, &walk), 4);
}

static void test_seen_only_grows(void **state)
{
    (void)state;
    assert_int_equal(optout_seen(optout), 0);
    optout_see(optout, 5, NULL, NULL);
    optout_see(optout, 3, NULL, NULL);
    loop_turn(rig.loop, 0);
    assert_int_equal(optout_seen(optout), 5);
}

/* Blocking is asked at each create, lists at each page: an index each, no sort, no walk of the table. */
static void test_plans(void **state)
{
    static const enum query queries[] = {Q_OPTOUT_BLOCKS, Q_OPTOUT_FIND,      Q_OPTOUT_OLDER,
                                         Q_OPTOUT_NEWER,  Q_OPTOUT_OF_NUMBER, Q_OPTOUT_UNSEEN,
                                         Q_OPTOUT_CLEAR,  Q_OPTOUT_OF_WORK};
    (void)state;
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        char sql[1024];
        snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", query_texts[queries[i]]);
        sqlite3_stmt *stmt = store_read_prepare(rig.store, sql);
        while (sqlite3_step(stmt) == SQLITE_ROW) {
            const char *step = (const char *)sqlite3_column_text(stmt, 3);
            if (strncmp(step, "SCAN optout", 11) == 0 || strncmp(step, "SCAN message", 12) == 0)
                fail_msg("%s: %s", query_names[queries[i]], step);
        }
        sqlite3_finalize(stmt);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_line), TEST(test_service_and_its_lines), TEST(test_twice_and_never),
        TEST(test_list), TEST(test_seen_only_grows),       TEST(test_plans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
