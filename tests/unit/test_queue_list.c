/* Reading: what a list gives, page by page; and that neither a page nor a claim costs more as the tables
 * grow: by SQLite's own plan and by the steps its virtual machine takes. */
#include "host/queue/queue_internal.h"
#include "queue_world.h"

#define TO_SHAPE   1
#define FROM_SHAPE 2
#define SENT_SHAPE 4

/* Messages one a second, every fifth not sent. The first thousand hold all that is looked for: account 3, T3,
 * F3 and T1 with F0; of those after it each has at most a half. So an index too few costs a walk over them.
 */
static void fill(struct world *world, int from, int to)
{
    char sql[2048];
    snprintf(sql, sizeof sql,
             "WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
             "INSERT INTO message (sid, mm, account_id, direction, status, from_addr, to_addr, body, "
             "line_id, service_id, segments, "
             "error_code, unsure, priority, policy, created_ms, updated_ms, sent_ms, expires_ms, "
             "report_until_ms, status_report, "
             "discard_body, mask_to, reply_to, dcs) SELECT randomblob(16), 0, "
             "CASE WHEN i <= 1000 AND i %% 3 = 0 THEN 3 ELSE 1 END, 2, CASE i %% 5 WHEN 0 THEN 8 ELSE 6 END, "
             "CASE WHEN i <= 1000 THEN CASE i / 2 %% 2 WHEN 0 THEN 'F0' ELSE 'F3' END WHEN i %% 2 THEN 'Y' "
             "ELSE 'F0' END, "
             "CASE WHEN i <= 1000 THEN CASE i %% 2 WHEN 0 THEN 'T3' ELSE 'T1' END WHEN i %% 2 THEN 'T1' ELSE "
             "'Z' END, "
             "'x', 1, 0, 1, 0, 0, 5, 0, i * 1000, i * 1000, CASE i %% 5 WHEN 0 THEN NULL ELSE "
             "i / 2 * 2000 END, 0, 0, 0, 0, 0, 0, 0 FROM n",
             from, to);
    world_exec(world, sql);
}

static struct message_filter make_filter(int shape, size_t limit)
{
    struct message_filter filter = {.account_id = shape & (TO_SHAPE | FROM_SHAPE) ? ACCOUNT : 3,
                                    .limit = limit};
    if (shape & TO_SHAPE)
        filter.to = shape & FROM_SHAPE ? "T1" : "T3";
    if (shape & FROM_SHAPE)
        filter.from = shape & TO_SHAPE ? "F0" : "F3";
    if (shape & SENT_SHAPE) {
        filter.sent_from_ms = 100000;
        filter.sent_to_ms = 900000;
    }
    return filter;
}

struct page {
    int64_t ids[1200], sent[1200];
    size_t count;
};

static void on_message(void *arg, const struct message *message)
{
    struct page *page = arg;
    page->ids[page->count] = message->id;
    page->sent[page->count++] = message->sent_ms;
}

/* All pages of `limit` one after the other must be what one SELECT gives. */
static void check_pages(struct world *world, int shape, size_t limit)
{
    struct message_filter filter = make_filter(shape, limit);
    struct page all = {.count = 0};
    char sql[512];
    for (;;) {
        size_t before = all.count, got = queue_list(world->queue, &filter, on_message, &all);
        assert_int_equal(all.count - before, got);
        if (got < limit)
            break;
        filter.after_id = all.ids[all.count - 1];
        filter.after_sent_ms = all.sent[all.count - 1];
    }
    char to[32] = "", from[32] = "";
    if (filter.to != NULL)
        snprintf(to, sizeof to, "AND to_addr = '%s'", filter.to);
    if (filter.from != NULL)
        snprintf(from, sizeof from, "AND from_addr = '%s'", filter.from);
    snprintf(sql, sizeof sql, "SELECT id FROM message WHERE account_id = %d %s %s %s", (int)filter.account_id,
             to, from,
             shape & SENT_SHAPE ? "AND sent_ms BETWEEN 100000 AND 900000 ORDER BY +sent_ms DESC, id DESC"
                                : "ORDER BY +id DESC");
    sqlite3_stmt *stmt = store_read_prepare(world->store, sql);
    size_t n = 0;
    for (; sqlite3_step(stmt) == SQLITE_ROW; n++)
        assert_int_equal(sqlite3_column_int64(stmt, 0), all.ids[n]);
    sqlite3_finalize(stmt);
    assert_int_equal(n, all.count);
    assert_true(n > 50);
}

static void test_pages_of_each_shape(void **state)
{
    struct world *world = *state;
    fill(world, 1, 1000);
    for (int shape = 0; shape < 8; shape++)
        for (size_t limit = 1; limit <= 1000; limit = limit * 7 + 3)
            check_pages(world, shape, limit);
}

/* At each row the list falls in two: what is older than it, and it with all newer, nearest first. */
static void test_each_row_cuts_the_list_in_two(void **state)
{
    struct world *world = *state;
    struct page all, older, newer;
    fill(world, 1, 1000);
    for (int shape = 0; shape < 8; shape++) {
        struct message_filter filter = make_filter(shape, 1200);
        all.count = 0;
        size_t total = queue_list(world->queue, &filter, on_message, &all);
        assert_true(total > 50);
        for (size_t at = 0; at < total; at += 1 + at / 9) {
            struct message_filter after = filter, since = filter;
            after.after_id = since.since_id = all.ids[at];
            after.after_sent_ms = since.since_sent_ms = all.sent[at];
            older.count = newer.count = 0;
            assert_int_equal(queue_list(world->queue, &after, on_message, &older), total - at - 1);
            assert_int_equal(queue_list(world->queue, &since, on_message, &newer), at + 1);
            assert_memory_equal(older.ids, all.ids + at + 1, older.count * sizeof *all.ids);
            for (size_t i = 0; i <= at; i++)
                assert_int_equal(newer.ids[i], all.ids[at - i]);
            since.limit = 2;
            newer.count = 0;
            assert_int_equal(queue_list(world->queue, &since, on_message, &newer), at > 0 ? 2 : 1);
            assert_int_equal(newer.ids[0], all.ids[at]);
        }
    }
}

static void test_open_intervals(void **state)
{
    static const struct {
        int64_t from_ms, to_ms;
        int64_t count;
    } rows[] = {{0, 99999, 80}, {100000, 0, 720},    {100000, 100000, 2},
                {1, 0, 799},    {0, INT64_MAX, 800}, {2000000, 0, 0}};
    struct world *world = *state;
    fill(world, 1, 1000);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct page page = {.count = 0};
        char sql[256];
        struct message_filter filter = {
            .sent_from_ms = rows[i].from_ms, .sent_to_ms = rows[i].to_ms, .limit = 1100};
        queue_list(world->queue, &filter, on_message, &page);
        snprintf(sql, sizeof sql, "SELECT count(*) FROM message WHERE sent_ms >= %lld AND sent_ms <= %lld",
                 (long long)rows[i].from_ms, (long long)(rows[i].to_ms != 0 ? rows[i].to_ms : INT64_MAX));
        assert_int_equal(page.count, world_int(world, sql));
        assert_true(llabs((long long)page.count - rows[i].count) <= 2);
    }
}

/* A page key of another list: what the filter says still holds. */
static void test_page_key_outside_the_interval(void **state)
{
    struct world *world = *state;
    struct page page = {.count = 0};
    fill(world, 1, 1000);
    struct message_filter filter = {
        .account_id = ACCOUNT, .sent_to_ms = 502000, .after_id = 900, .after_sent_ms = 900000, .limit = 10};
    assert_int_equal(queue_list(world->queue, &filter, on_message, &page), 10);
    assert_int_equal(page.sent[0], 502000);
    assert_int_equal(page.ids[0], 503);
    filter.after_id = 100;
    page.count = 0;
    assert_int_equal(queue_list(world->queue, &filter, on_message, &page), 10);
    assert_int_equal(page.ids[0], 503);
    filter = (struct message_filter){
        .account_id = ACCOUNT, .sent_from_ms = 502000, .since_id = 900, .since_sent_ms = 3000, .limit = 10};
    page.count = 0;
    assert_int_equal(queue_list(world->queue, &filter, on_message, &page), 10);
    assert_int_equal(page.sent[0], 502000);
    assert_int_equal(page.ids[0], 502);
    filter.since_sent_ms = 2000000;
    assert_int_equal(queue_list(world->queue, &filter, on_message, &page), 0);
}

static void test_other_accounts_messages_are_not_there(void **state)
{
    struct world *world = *state;
    struct page page = {.count = 0};
    fill(world, 1, 100);
    struct message_filter filter = {.account_id = 4, .limit = 10};
    assert_int_equal(queue_list(world->queue, &filter, on_message, &page), 0);
    filter.account_id = 0;
    assert_int_equal(queue_list(world->queue, &filter, on_message, &page), 10);
    assert_int_equal(page.ids[0], 100);
}

/* ---- cost ---- */

enum { AFTER, SINCE };

static int64_t page_steps(struct world *world, int shape, int side, int64_t key)
{
    struct page page = {.count = 0};
    struct message_filter filter = make_filter(shape, 50);
    *(side == AFTER ? &filter.after_id : &filter.since_id) = key;
    *(side == AFTER ? &filter.after_sent_ms : &filter.since_sent_ms) = key * 1000;
    if (shape & SENT_SHAPE)
        filter.sent_to_ms = 0;
    assert_int_equal(queue_list(world->queue, &filter, on_message, &page), 50);
    int64_t steps = 0;
    sqlite3 *db = NULL;
    for (size_t i = 0; i < sizeof world->queue->reads / sizeof world->queue->reads[0] && db == NULL; i++)
        if (world->queue->reads[i] != NULL)
            db = sqlite3_db_handle(world->queue->reads[i]);
    for (sqlite3_stmt *stmt = NULL; (stmt = sqlite3_next_stmt(db, stmt)) != NULL;)
        steps += sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 1);
    return steps;
}

static void test_page_costs_the_same_at_any_size(void **state)
{
    struct world *world = *state;
    static const struct {
        int side;
        int64_t key[2]; /* in the small table, and in the large one */
    } pages[] = {{AFTER, {0, 0}}, {AFTER, {900, 50000}}, {SINCE, {300, 400}}};
    int64_t small[3][8];
    fill(world, 1, 1000);
    for (int i = 0; i < 6; i++) /* twice: prepared, and counted from there */
        for (int shape = 0; shape < 8; shape++)
            small[i % 3][shape] = page_steps(world, shape, pages[i % 3].side, pages[i % 3].key[0]);
    fill(world, 1001, 100000);
    for (int i = 0; i < 3; i++)
        for (int shape = 0; shape < 8; shape++) {
            int64_t steps = page_steps(world, shape, pages[i].side, pages[i].key[1]);
            assert_in_range(steps, small[i][shape] - 20, small[i][shape] + 20);
        }
}

static void check_plan(sqlite3 *db, const char *name, const char *sql)
{
    /* One look for the newest row; counts for a person; once at a start or at a jump of the clock; a few open
     * sets; what is held in memory (accounts and services: test_privacy looks at these plans). */
    static const char *const may[] = {"message_newest",
                                      "queue_counts",
                                      "attempt_claimed",
                                      "work_depths",
                                      "shift_message",
                                      "shift_work",
                                      "assembly_find",
                                      "account_list",
                                      "line_list",
                                      "service_list",
                                      "sticky_count",
                                      "application_list",
                                      "line_application_clear",
                                      "work_lanes",
                                      "scheduled_depths",
                                      "service_line_leave",
                                      "forget_rows",
                                      "forget_left",
                                      "retention_service",
                                      "forget_sticky",
                                      "forget_reports"};
    char text[2048];
    sqlite3_stmt *stmt;
    for (size_t i = 0; i < sizeof may / sizeof may[0]; i++)
        if (strcmp(name, may[i]) == 0)
            return;
    assert_true(snprintf(text, sizeof text, "EXPLAIN QUERY PLAN %s", sql) < (int)sizeof text);
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &stmt, NULL), SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        const char *line = (const char *)sqlite3_column_text(stmt, 3);
        if ((strncmp(line, "SCAN", 4) == 0 && strcmp(line, "SCAN CONSTANT ROW") != 0) ||
            strstr(line, "TEMP B-TREE") != NULL)
            fail_msg("%s: %s", name, line);
    }
    sqlite3_finalize(stmt);
}

static void test_no_statement_scans(void **state)
{
    struct world *world = *state;
    sqlite3 *db = world_database(world);
    for (int query = 0; query < Q_COUNT; query++)
        check_plan(db, query_names[query], query_texts[query]);
    for (int shape = 0; shape < 16; shape++) {
        struct page page = {.count = 0};
        struct message_filter filter = make_filter(shape % 8, 1);
        filter.since_id = shape / 8;
        queue_list(world->queue, &filter, on_message, &page);
    }
    for (size_t i = 0; i < sizeof world->queue->reads / sizeof world->queue->reads[0]; i++)
        if (world->queue->reads[i] != NULL)
            check_plan(db, "list", sqlite3_sql(world->queue->reads[i]));
    sqlite3_close(db);
}

/* Pending messages to many recipients; every third lane waits for a retry with `deep` more behind it. */
static void fill_work(struct world *world, int from, int to, int deep)
{
    for (int i = from; i < to; i++) {
        char number[24];
        snprintf(number, sizeof number, "+4178%07d", i);
        struct submission s = text_to(number, "x");
        s.validity_ms = 36000000;
        queue_submit(world->queue, &s, NULL, NULL);
        for (int n = 0; i % 3 == 0 && n < deep; n++) {
            sid_new(&s.sid, clock_wall_ms());
            queue_submit(world->queue, &s, NULL, NULL);
        }
        if (i % 500 == 0)
            settle_down(world);
    }
    settle_down(world);
    world_exec(
        world,
        "UPDATE work SET state = 2, retry_ms = 1800000900000, due_ms = 1800000900000 WHERE state = 1 AND "
        "substr(to_addr, 6) % 3 = 0");
}

static int64_t claim_steps(struct world *world)
{
    struct job job;
    sqlite3 *db = sqlite3_db_handle(store_write_stmt(world->store, Q_WORK_PICK));
    for (sqlite3_stmt *stmt = NULL; (stmt = sqlite3_next_stmt(db, stmt)) != NULL;)
        sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 1);
    assert_true(claim(world, &job) != 0);
    int64_t steps = 0;
    for (sqlite3_stmt *stmt = NULL; (stmt = sqlite3_next_stmt(db, stmt)) != NULL;)
        steps += sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 1);
    settle_down(world);
    assert_int_equal(mark(world, job.attempt_id), 0);
    assert_int_equal(settle_as(world, job.attempt_id, OUTCOME_SENT, 1), 0);
    return steps;
}

static void test_claim_costs_the_same_at_any_size(void **state)
{
    struct world *world = *state;
    fill(world, 1, 1000);
    fill_work(world, 1, 30, 1);
    claim_steps(world);
    int64_t small = claim_steps(world);
    fill(world, 1001, 100000);
    fill_work(world, 30, 3000, 9); /* 1,000 of them in back-off, with 9,000 behind */
    world_exec(world, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500000) "
                      "INSERT INTO scheduled SELECT 1000000 + i, 1, 1900000000000 + i FROM n");
    assert_true(world_int(world, "SELECT count(*) FROM work") > 10000);
    assert_in_range(claim_steps(world), small - 20, small + 20);
}

int main(void)
{
#define CASE(fn)   cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)
#define FILLED(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_drop)
    const struct CMUnitTest tests[] = {
        FILLED(test_pages_of_each_shape),
        FILLED(test_each_row_cuts_the_list_in_two),
        FILLED(test_open_intervals),
        FILLED(test_page_key_outside_the_interval),
        FILLED(test_other_accounts_messages_are_not_there),
        FILLED(test_page_costs_the_same_at_any_size),
        FILLED(test_claim_costs_the_same_at_any_size),
        CASE(test_no_statement_scans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
