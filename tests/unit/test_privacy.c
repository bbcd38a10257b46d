/* Forgetting a number and keeping nothing too long: over a real database, of which the files are read too. */
#include "queue_world.h"

#include "host/optout/optout.h"
#include "host/privacy/privacy.h"

#define DAY    86400000LL
#define OTHER  2
#define SECRET "zebra-crossing-at-noon"

static const struct mark_key KEY = {{7}};
static struct conf conf;
static struct privacy *privacy;

static void house_open(struct world *world)
{
    struct privacy_rooms rooms = {world->loop, world->store, world->queue, &conf, &KEY};
    privacy = privacy_open(&rooms);
}

static int setup(void **state)
{
    world_setup(state);
    conf = (struct conf){.daemon = {.country = "41", .trunk = "0"}};
    world_exec(*state, "INSERT INTO account (id, sid, token, friendly_name, created_ms, updated_ms) VALUES "
                       "(1, x'01', x'00', 'one', 0, 0), (2, x'02', x'00', 'two', 0, 0)");
    house_open(*state);
    return 0;
}

/* Both rooms away and, with the crash of the queue's world, both back. */
static void crash(struct world *world)
{
    privacy_stop(privacy);
    world_crash(world);
    privacy_close(privacy);
    house_open(world);
}

static int teardown(void **state)
{
    struct world *world = *state;
    settle_down(world);
    check_invariants(world);
    privacy_stop(privacy);
    world_shut(world);
    privacy_close(privacy);
    world_open(world);
    return world_drop(state);
}

/* Time in small pieces, so that each step's pause passes. */
static void run_for(struct world *world, int64_t ms, int64_t piece_ms)
{
    for (int64_t at = 0; at < ms; at += piece_ms)
        pass_time(world, piece_ms);
}

/* How often a text stands in the database's files. */
static int in_files(struct world *world, const char *text)
{
    static const char *const ends[] = {"", "-wal"};
    int count = 0;
    for (size_t i = 0; i < 2; i++) {
        char path[112];
        snprintf(path, sizeof path, "%s/q%d.db%s", world->dir, world->files, ends[i]);
        FILE *file = fopen(path, "rb");
        if (file == NULL)
            continue;
        fseek(file, 0, SEEK_END);
        size_t size = (size_t)ftell(file);
        char *bytes = malloc(size + 1);
        rewind(file);
        assert_int_equal(fread(bytes, 1, size, file), size);
        fclose(file);
        for (char *at = bytes; (at = memmem(at, size - (size_t)(at - bytes), text, strlen(text))) != NULL;
             at++)
            count++;
        free(bytes);
    }
    return count;
}

static int64_t delivered_to(struct world *world, const char *to, const char *body)
{
    int64_t id = send_to(world, to, body);
    assert_int_equal(pass(world, OUTCOME_SENT, 5), id);
    assert_int_equal(report_to(world, to, 5, 0, clock_wall_ms()), 0);
    assert_string_equal(status_of(world, id), "delivered");
    world_exec(world, "DELETE FROM hook"); /* answered */
    return id;
}

struct forgotten {
    int calls, status;
    int64_t moving;
    struct forget_receipt receipt;
};

static void on_forgotten(void *arg, int status, int64_t moving, const struct forget_receipt *receipt)
{
    struct forgotten *f = arg;
    f->calls++;
    f->status = status;
    f->moving = moving;
    if (receipt != NULL)
        f->receipt = *receipt;
}

static struct forgotten forget(struct world *world, const char *number, int64_t account_id)
{
    static struct forgotten f;
    f = (struct forgotten){0};
    privacy_forget(privacy, &(struct forget_request){number, account_id, false}, on_forgotten, &f);
    for (int i = 0; f.calls == 0 && i < 1000; i++)
        pass_time(world, 50);
    assert_int_equal(f.calls, 1);
    return f;
}

static void count_receipt(void *arg, const struct forget_receipt *receipt)
{
    *(struct forget_receipt *)arg = *receipt;
}

static void test_all_of_one(void **state)
{
    struct world *world = *state;
    char mark[MARK_TEXT];
    delivered_to(world, ALICE, SECRET);
    int64_t other = delivered_to(world, BOB, "stays");
    world_exec(world, "INSERT INTO sticky VALUES (7, '+41790000001', 1, 0), (7, '+41790000002', 1, 0)");
    world_exec(world, "INSERT INTO service (id, sid, account_id, friendly_name, created_ms, updated_ms) "
                      "VALUES (7, x'07', 1, 's', 0, 0)");
    world_exec(world, "INSERT INTO verification (id, sid, service_id, to_addr, status, code, digits, checks, "
                      "created_ms, updated_ms, expires_ms, due_ms) VALUES (1, x'01', 9, '+41790000001', 2, "
                      "x'', 6, 0, 0, 0, 0, 1)");
    world_exec(world, "INSERT INTO verification_send VALUES (1, 1, x'01', 0)");
    world_exec(world,
               "INSERT INTO notification (sid, account_id, message_id, log, code, text, method, url, "
               "variables, headers, body, created_ms, at_ms) VALUES (x'01', 1, 1, 0, 11200, '', 'POST', "
               "'http://a', 'To=+41790000001', '', '', 0, 0)");
    assert_true(in_files(world, SECRET) > 0);
    struct forgotten f = forget(world, ALICE, 0);
    settle_down(world);
    assert_int_equal(f.status, 0);
    assert_int_equal(f.receipt.rows[ROWS_MESSAGES], 1);
    assert_int_equal(f.receipt.rows[ROWS_SEGMENTS], 1);
    assert_int_equal(f.receipt.rows[ROWS_ATTEMPTS], 1);
    assert_int_equal(f.receipt.rows[ROWS_NOTIFICATIONS], 1);
    assert_int_equal(f.receipt.rows[FORGET_STICKY], 1);
    assert_int_equal(f.receipt.rows[FORGET_VERIFICATIONS], 1);
    assert_true(f.receipt.done_ms > 0);
    mark_number(&KEY, ALICE, mark);
    assert_string_equal(f.receipt.mark, mark);
    assert_int_equal(in_files(world, SECRET), 0);
    assert_int_equal(in_files(world, "90000001"), 0);
    assert_string_equal(status_of(world, other), "delivered");
    assert_int_equal(world_int(world, "SELECT count(*) FROM sticky"), 1);
    struct forget_receipt found;
    assert_int_equal(privacy_receipts(privacy, ALICE, 0, 10, count_receipt, &found), 1);
    assert_int_equal(found.id, f.receipt.id);
    assert_int_equal(privacy_receipts(privacy, BOB, 0, 10, count_receipt, &found), 0);
}

/* What a network told in the country's own way is the same person; another country's number is not. */
static void test_local_forms(void **state)
{
    struct world *world = *state;
    delivered_to(world, "0790000001", "a");
    delivered_to(world, "41790000001", "b");
    int64_t other = delivered_to(world, "+49790000001", "c");
    assert_int_equal(forget(world, ALICE, 0).receipt.rows[ROWS_MESSAGES], 2);
    assert_string_equal(status_of(world, other), "delivered");
}

static void test_one_account(void **state)
{
    struct world *world = *state;
    struct submission theirs = text_to(ALICE, "theirs");
    theirs.account_id = OTHER;
    int64_t kept = submit(world, &theirs);
    pass(world, OUTCOME_REJECT, -1);
    delivered_to(world, ALICE, "ours");
    struct forgotten f = forget(world, ALICE, ACCOUNT);
    assert_int_equal(f.status, 0);
    assert_int_equal(f.receipt.rows[ROWS_MESSAGES], 1);
    assert_int_equal(f.receipt.account_id, ACCOUNT);
    assert_string_equal(status_of(world, kept), "failed");
}

static void test_under_way(void **state)
{
    struct world *world = *state;
    struct forgotten f;
    int64_t old = delivered_to(world, ALICE, "old"), id = send_to(world, ALICE, "waits");
    f = forget(world, ALICE, 0);
    assert_int_equal(f.status, -EBUSY);
    assert_int_equal(f.moving, 1);
    assert_string_equal(status_of(world, old), "delivered");
    f = (struct forgotten){0};
    privacy_forget(privacy, &(struct forget_request){ALICE, 0, true}, on_forgotten, &f);
    run_for(world, 5000, 100);
    assert_int_equal(f.calls, 0);
    assert_string_equal(status_of(world, old), "gone");
    assert_string_equal(status_of(world, id), "queued");
    assert_int_equal(forget(world, BOB, 0).status, 0); /* not held up */
    assert_int_equal(pass(world, OUTCOME_SENT, 6), id);
    run_for(world, 5000, 100);
    assert_int_equal(f.calls, 1);
    assert_int_equal(f.status, 0);
    assert_int_equal(f.receipt.rows[ROWS_MESSAGES], 2);
    assert_string_equal(status_of(world, id), "gone");
}

static void test_crash_in_between(void **state)
{
    struct world *world = *state;
    struct forgotten f = {0};
    for (int i = 0; i < 100; i++)
        delivered_to(world, ALICE, "one of many");
    privacy_forget(privacy, &(struct forget_request){ALICE, 0, false}, on_forgotten, &f);
    for (int i = 0; world_int(world, "SELECT count(*) FROM message") == 100 && i < 100; i++)
        pass_time(world, 10);
    int64_t left = world_int(world, "SELECT count(*) FROM message");
    assert_in_range(left, 1, 99);
    crash(world);
    assert_int_equal(f.calls, 1);
    assert_int_equal(f.status, -ECANCELED);
    assert_int_equal(world_int(world, "SELECT number = '+41790000001' FROM forget_receipt"), 1);
    run_for(world, 2000, 50);
    assert_int_equal(world_int(world, "SELECT count(*) FROM message"), 0);
    assert_int_equal(world_int(world, "SELECT number = '' AND done_ms > 0 FROM forget_receipt"), 1);
    assert_int_equal(world_int(world, "SELECT gone FROM forget_count WHERE what = 'messages'"), 100);
    assert_int_equal(in_files(world, "90000001"), 0);
}

static void test_stop_is_remembered(void **state)
{
    struct world *world = *state;
    struct optout *optout = optout_open(world->store, &KEY);
    struct optout_sender sender = {ACCOUNT, 0, LINE};
    optout_add(optout, &sender, ALICE, "keyword", NULL, NULL);
    settle_down(world);
    struct forgotten f = forget(world, ALICE, 0);
    settle_down(world);
    assert_int_equal(f.receipt.rows[FORGET_OPTOUTS], 1);
    assert_int_equal(in_files(world, "90000001"), 0);
    assert_true(optout_blocks(optout, 0, LINE, ALICE));
    assert_false(optout_blocks(optout, 0, LINE, BOB));
    optout_add(optout, &sender, ALICE, "keyword", NULL, NULL); /* again: the mark is enough */
    settle_down(world);
    assert_int_equal(world_int(world, "SELECT count(*) FROM optout"), 1);
    optout_clear(optout, 0, LINE, ALICE, NULL, NULL); /* START */
    settle_down(world);
    assert_false(optout_blocks(optout, 0, LINE, ALICE));
    optout_close(optout);
}

/* ---- retention ---- */

static void on_kept(void *arg, int status)
{
    *(int *)arg = status;
}

static void keep(struct world *world, int64_t account_id, enum keep what, int64_t keep_s)
{
    int status = 1;
    privacy_keep_set(privacy, account_id, &(struct keep_change){what, keep_s}, 1, on_kept, &status);
    settle_down(world);
    assert_int_equal(status, 0);
}

static void use(struct conf_retention retention)
{
    conf.retention = retention;
    privacy_reload(privacy, &conf);
}

/* Days in pieces of the sweep's time, and then a sweep's steps. */
static void days(struct world *world, int count)
{
    run_for(world, count * DAY, 3600000);
    run_for(world, 700000, 5000);
    run_for(world, 4000, 50);
}

static void test_nothing_by_default(void **state)
{
    struct world *world = *state;
    int64_t id = delivered_to(world, ALICE, SECRET);
    days(world, 40);
    assert_string_equal(status_of(world, id), "delivered");
    assert_true(in_files(world, SECRET) > 0);
}

static void test_bodies_then_messages(void **state)
{
    struct world *world = *state;
    use((struct conf_retention){.messages_s = 10 * 86400, .bodies_s = 2 * 86400});
    int64_t id = delivered_to(world, ALICE, SECRET);
    days(world, 1);
    assert_int_equal(world_int(world, "SELECT redacted FROM message"), 0);
    days(world, 1);
    assert_string_equal(status_of(world, id), "delivered");
    assert_int_equal(world_int(world, "SELECT redacted AND body = '' FROM message"), 1);
    assert_int_equal(in_files(world, SECRET), 0);
    assert_true(in_files(world, "90000001") > 0);
    days(world, 8);
    assert_string_equal(status_of(world, id), "gone");
    assert_int_equal(in_files(world, "90000001"), 0);
    assert_int_equal(world_int(world, "SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM attempt)"),
                     0);
}

static void test_by_status(void **state)
{
    struct world *world = *state;
    use((struct conf_retention){.messages_s = 5 * 86400, .delivered_s = 86400, .failed_s = 9 * 86400});
    int64_t good = delivered_to(world, ALICE, "a"), bad = send_to(world, BOB, "b");
    pass(world, OUTCOME_REJECT, -1);
    world_exec(world, "DELETE FROM hook");
    int64_t canceled = send_to(world, CAROL, "c");
    queue_cancel(world->queue, canceled, NULL, NULL);
    settle_down(world);
    world_exec(world, "DELETE FROM hook");
    days(world, 1);
    assert_string_equal(status_of(world, good), "gone");
    days(world, 3);
    assert_string_equal(status_of(world, canceled), "canceled");
    days(world, 1);
    assert_string_equal(status_of(world, canceled), "gone");
    assert_string_equal(status_of(world, bad), "failed");
    days(world, 4);
    assert_string_equal(status_of(world, bad), "gone");
}

static void test_own_word(void **state)
{
    struct world *world = *state;
    use((struct conf_retention){.messages_s = 86400, .delivered_s = 2 * 86400});
    assert_int_equal(privacy_keep(privacy, ACCOUNT, KEEP_DELIVERED), 2 * 86400);
    keep(world, ACCOUNT, KEEP_MESSAGES, 0);
    assert_int_equal(privacy_keep(privacy, ACCOUNT, KEEP_DELIVERED), 0);
    assert_int_equal(privacy_keep(privacy, OTHER, KEEP_DELIVERED), 2 * 86400);
    assert_int_equal(privacy_keep(privacy, OTHER, KEEP_FAILED), 86400);
    keep(world, ACCOUNT, KEEP_DELIVERED, 60);
    assert_int_equal(privacy_keep(privacy, ACCOUNT, KEEP_DELIVERED), 60);
    assert_int_equal(privacy_keep(privacy, ACCOUNT, KEEP_FAILED), 0);
    keep(world, ACCOUNT, KEEP_DELIVERED, KEEP_AS_FILE);
    int64_t id = delivered_to(world, ALICE, "a");
    days(world, 3);
    assert_string_equal(status_of(world, id), "delivered");
    keep(world, ACCOUNT, KEEP_MESSAGES, KEEP_AS_FILE);
    days(world, 1);
    assert_string_equal(status_of(world, id), "gone");
}

static void test_not_final(void **state)
{
    struct world *world = *state;
    use((struct conf_retention){.messages_s = 60, .bodies_s = 60});
    struct submission later = text_to(BOB, SECRET);
    later.send_at_ms = clock_wall_ms() + 5 * DAY;
    int64_t scheduled = submit(world, &later), owed = delivered_to(world, ALICE, "x");
    world_exec(world, "INSERT INTO hook VALUES (2, 6, 0, 0, 0, 0, 9000000000000)");
    days(world, 3);
    assert_string_equal(status_of(world, scheduled), "scheduled");
    assert_true(in_files(world, SECRET) > 0);
    assert_string_equal(status_of(world, owed), "delivered");
    world_exec(world, "DELETE FROM hook");
    days(world, 1);
    assert_string_equal(status_of(world, owed), "gone");
}

/* The API's redaction empties all that holds the text, also what came in. */
static void test_redaction(void **state)
{
    struct world *world = *state;
    int64_t id = delivered_to(world, ALICE, SECRET);
    world_exec(world, "INSERT INTO part (message_id, line_id, seq, hash, scts_ms, memory, slot, present, "
                      "received_ms, text, ucs2, hex) VALUES (1, 1, 1, 1, 1, '', 0, 0, 0, '" SECRET
                      "', CAST('" SECRET "' AS BLOB), '" SECRET "')");
    world_exec(world,
               "INSERT INTO notification (sid, account_id, message_id, log, code, text, method, url, "
               "variables, headers, body, created_ms, at_ms) VALUES (x'01', 1, 1, 0, 11200, '', 'POST', "
               "'http://a', 'Body=" SECRET "', '', '" SECRET "', 0, 0)");
    queue_redact(world->queue, id, NULL, NULL);
    settle_down(world);
    pass_time(world, 10000);
    assert_int_equal(in_files(world, SECRET), 0);
    assert_int_equal(world_int(world, "SELECT sum(length(ud)) FROM segment"), 0);
    assert_true(in_files(world, "90000001") > 0);
}

/* Many go in one sweep, in steps. */
static void test_many(void **state)
{
    struct world *world = *state;
    use((struct conf_retention){.messages_s = 3600});
    for (int i = 0; i < 150; i++)
        delivered_to(world, i % 2 == 0 ? ALICE : BOB, "m");
    for (int i = 0; world_int(world, "SELECT count(*) FROM message") == 150 && i < 100; i++)
        pass_time(world, 300000);
    assert_in_range(world_int(world, "SELECT count(*) FROM message"), 1, 149);
    days(world, 1);
    assert_int_equal(world_int(world, "SELECT count(*) FROM message"), 0);
}

/* The keys of parts stay for a repeat, then go; so do keys that are over, and services that nothing needs. */
static void test_chores(void **state)
{
    struct world *world = *state;
    world_exec(world, "INSERT INTO part (message_id, line_id, seq, hash, scts_ms, memory, slot, present, "
                      "received_ms, text, hex) VALUES (0, 1, 1, 1, 1, '', 0, 0, 1800000000000, '', '')");
    world_exec(world, "INSERT INTO idempotency VALUES (1, 'k', 1, 1800000000000, 0)");
    world_exec(world,
               "INSERT INTO service (id, sid, account_id, friendly_name, created_ms, updated_ms, "
               "deleted_ms) VALUES (7, x'07', 1, 's', 0, 0, 1800000050000), (8, x'08', 1, 't', 0, 0, 0)");
    world_exec(world,
               "INSERT INTO service_alpha (sid, service_id, sender, created_ms) VALUES (x'01', 7, 'A', 0)");
    int64_t id = delivered_to(world, ALICE, "by 7");
    days(world, 2);
    assert_int_equal(world_int(world, "SELECT count(*) FROM idempotency"), 0);
    assert_int_equal(world_int(world, "SELECT count(*) FROM part"), 1);
    assert_int_equal(world_int(world, "SELECT count(*) FROM service"), 2); /* the message is older */
    queue_delete(world->queue, id, NULL, NULL);
    delivered_to(world, ALICE, "later");
    days(world, 30);
    assert_int_equal(world_int(world, "SELECT count(*) FROM part"), 0);
    assert_int_equal(world_int(world, "SELECT id FROM service"), 8);
    assert_int_equal(world_int(world, "SELECT count(*) FROM service_alpha"), 0);
}

/* Each look is a walk of one index. */
static void test_plans(void **state)
{
    static const struct {
        enum query query;
        const char *index;
    } rows[] = {{Q_RETENTION_OLD, "message_keep"},
                {Q_FORGET_MOVING, "message_to"},
                {Q_RETENTION_PARTS, "part_forgotten"},
                {Q_RETENTION_KEYS, "idempotency_until"},
                {Q_FORGET_VERIFICATIONS, "verification_number"},
                {Q_FORGET_ROWS, "message_from"},
                {Q_IDEMPOTENCY_FORGET, "idempotency_message"},
                {Q_FORGET_LEFT, "message_to"},
                {Q_RETENTION_SERVICE, "message_account"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char sql[2048], plan[2048] = "";
        snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", query_texts[rows[i].query]);
        sqlite3_stmt *stmt = store_read_prepare(((struct world *)*state)->store, sql);
        while (sqlite3_step(stmt) == SQLITE_ROW)
            snprintf(plan + strlen(plan), sizeof plan - strlen(plan), "%s\n", sqlite3_column_text(stmt, 3));
        sqlite3_finalize(stmt);
        if (strstr(plan, rows[i].index) == NULL || strstr(plan, "TEMP B-TREE") != NULL ||
            strstr(plan, "SCAN m") != NULL)
            fail_msg("%s:\n%s", query_names[rows[i].query], plan);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_all_of_one),
        TEST(test_local_forms),
        TEST(test_one_account),
        TEST(test_under_way),
        TEST(test_crash_in_between),
        TEST(test_stop_is_remembered),
        TEST(test_nothing_by_default),
        TEST(test_bodies_then_messages),
        TEST(test_by_status),
        TEST(test_own_word),
        TEST(test_not_final),
        TEST(test_redaction),
        TEST(test_many),
        TEST(test_chores),
        TEST(test_plans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
