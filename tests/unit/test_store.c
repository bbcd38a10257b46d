/* Opening (and refusing), group commit, refusals within a group, a disk that is full or fails. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/base/clock.h"
#include "powerfail_vfs.h"
#include "store_rig.h"

static struct rig rig;

static int setup(void **state)
{
    (void)state;
    powerfail_reset();
    rig_init(&rig);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    powerfail_full(false);
    powerfail_sync_fails(false);
    rig_fini(&rig);
    return 0;
}

static void turn(void)
{
    loop_turn(rig.loop, 0);
}

static void second_passes(void)
{
    clock_advance(1001);
    turn();
}

/* ---- opening ---- */

static void test_new_database(void **state)
{
    char path[160];
    struct stat st;
    (void)state;
    assert_int_equal(rig_open(&rig), 0);
    static const char *const files[] = {"", "-wal", "-shm", ".lock"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        assert_int_equal(stat(rig_path(&rig, files[i], path), &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    assert_int_equal(rig_query_int(&rig, "PRAGMA application_id"), 0x43504F53);
    assert_true(rig_query_int(&rig, "PRAGMA user_version") >= 1);
    assert_int_equal(rig_count(&rig), 0);
}

static void test_reopened_database_keeps_its_rows(void **state)
{
    (void)state;
    assert_int_equal(rig_open(&rig), 0);
    rig_add(&rig, 1);
    rig_close(&rig); /* the last commit is the close's */
    assert_int_equal(rig.status[1], 0);
    assert_false(rig_exists(&rig, "-wal"));
    assert_int_equal(rig_open(&rig), 0);
    assert_true(rig_has(&rig, 1));
}

static void write_file(const char *path, const void *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
}

static size_t read_file(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY);
    ssize_t got = fd < 0 ? 0 : read(fd, out, size);
    if (fd >= 0)
        close(fd);
    return got > 0 ? (size_t)got : 0;
}

/* It is refused with that status and words, and the file stays as it was. */
static void assert_refused(int status, const char *words)
{
    static char before[1 << 20], after[1 << 20];
    size_t len = read_file(rig.path, before, sizeof before);
    assert_int_equal(rig_open(&rig), status);
    assert_null(rig.store);
    assert_non_null(strstr(rig.error, rig.path));
    if (strstr(rig.error, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", rig.error, words);
    assert_int_equal(read_file(rig.path, after, sizeof after), len);
    assert_memory_equal(before, after, len);
}

static void sql_on_file(const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(rig.path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void test_garbage_is_refused(void **state)
{
    static char garbage[20000];
    (void)state;
    for (size_t i = 0; i < sizeof garbage; i++)
        garbage[i] = (char)(i * 7 + i / 251);
    static const size_t lengths[] = {1, 16, 99, 100, 4096, sizeof garbage};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        write_file(rig.path, garbage, lengths[i]);
        assert_refused(-EUCLEAN, "is no SQLite database");
    }
}

static void test_cut_file_is_refused(void **state)
{
    struct stat st;
    (void)state;
    assert_int_equal(rig_open(&rig), 0);
    rig_close(&rig);
    stat(rig.path, &st);
    assert_int_equal(truncate(rig.path, st.st_size - 4096), 0);
    assert_refused(-EUCLEAN, "is cut short");
    assert_int_equal(truncate(rig.path, 0), 0);
    assert_int_equal(rig_open(&rig), 0); /* nothing at all is a new database */
}

static void test_lost_database_beside_a_wal_is_refused(void **state)
{
    char wal[160];
    (void)state;
    write_file(rig_path(&rig, "-wal", wal), "something", 9);
    assert_refused(-EUCLEAN, "is missing, but its WAL is there");
    write_file(rig.path, "", 0);
    assert_refused(-EUCLEAN, "is empty, but its WAL is not");
    assert_true(rig_exists(&rig, "-wal"));
}

static void test_damaged_schema_is_refused(void **state)
{
    static char bytes[1 << 20];
    (void)state;
    assert_int_equal(rig_open(&rig), 0);
    rig_close(&rig);
    size_t len = read_file(rig.path, bytes, sizeof bytes);
    memset(bytes + 100, 0xA5, 3000); /* of page 1, after the header */
    write_file(rig.path, bytes, len);
    assert_refused(-EUCLEAN, "is damaged");
}

static void test_altered_schema_is_refused(void **state)
{
    (void)state;
    assert_int_equal(rig_open(&rig), 0);
    rig_close(&rig);
    sql_on_file("DROP TABLE service_line");
    assert_refused(-EUCLEAN, "service_line");
}

static void test_another_programs_database_is_refused(void **state)
{
    (void)state;
    sql_on_file("CREATE TABLE t (x)");
    assert_refused(-EUCLEAN, "is a database of another program");
    sql_on_file("PRAGMA journal_mode = WAL; PRAGMA application_id = 7");
    assert_refused(-EUCLEAN, "is a database of another program");
}

static void test_newer_database_is_refused(void **state)
{
    (void)state;
    assert_int_equal(rig_open(&rig), 0);
    rig_close(&rig);
    sql_on_file("PRAGMA user_version = 9999");
    assert_refused(-EPROTONOSUPPORT, "was written by a newer Cellpost (schema 9999");
}

static void test_missing_folder_is_refused(void **state)
{
    (void)state;
    rig.options.path = "/nonexistent/folder/cellpost.db";
    assert_int_equal(rig_open(&rig), -ENOENT);
    assert_non_null(strstr(rig.error, "/nonexistent/folder/cellpost.db: its folder"));
}

static void test_second_daemon_is_refused(void **state)
{
    struct store *second;
    char error[256];
    (void)state;
    assert_int_equal(rig_open(&rig), 0);
    assert_int_equal(store_open(&second, rig.loop, &rig.options, error), -EBUSY);
    assert_non_null(strstr(error, "another cellpostd"));
    rig_add(&rig, 1);
    turn();
    assert_true(rig_has(&rig, 1)); /* the first is not disturbed */
}

/* Root may write everything: the test becomes somebody else meanwhile. */
static void test_read_only_file_is_refused(void **state)
{
    (void)state;
    assert_int_equal(rig_open(&rig), 0);
    rig_close(&rig);
    bool root = geteuid() == 0;
    assert_int_equal(chmod(rig.path, 0400), 0);
    if (root)
        assert_int_equal(chown(rig.dir, 65534, 65534) | chown(rig.path, 65534, 65534) | seteuid(65534), 0);
    char lock[160];
    int status = root ? 0 : unlink(rig_path(&rig, ".lock", lock));
    assert_int_equal(status, 0);
    if (root)
        unlink(rig_path(&rig, ".lock", lock));
    int opened = rig_open(&rig);
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(opened, -EACCES);
    assert_non_null(strstr(rig.error, "cannot be opened for writing"));
}

static void test_full_disk_at_the_first_start(void **state)
{
    (void)state;
    rig.options.vfs = POWERFAIL_VFS;
    powerfail_full(true);
    assert_int_equal(rig_open(&rig), -ENOSPC);
    assert_non_null(strstr(rig.error, "the disk is full"));
    powerfail_full(false);
    assert_int_equal(rig_open(&rig), 0); /* what was begun is no hindrance */
}

/* ---- groups ---- */

static void test_nothing_is_done_before_the_commit(void **state)
{
    (void)state;
    assert_int_equal(rig_open(&rig), 0);
    assert_int_equal(rig_add(&rig, 1), 0);
    assert_int_equal(rig.status[1], RIG_PENDING);
    assert_false(rig_has(&rig, 1)); /* the reader sees what is committed */
    turn();
    assert_int_equal(rig.status[1], 0);
    assert_true(rig_has(&rig, 1));
}

static void test_one_turn_is_one_commit(void **state)
{
    struct store_stats before, after;
    (void)state;
    assert_int_equal(rig_open(&rig), 0);
    store_stats(rig.store, &before);
    for (int n = 0; n < 50; n++)
        rig_add(&rig, n);
    turn();
    store_stats(rig.store, &after);
    assert_int_equal(after.commits - before.commits, 1);
    assert_int_equal(after.ops - before.ops, 50);
    for (int n = 0; n < 50; n++)
        assert_int_equal(rig.order[n], n);
    turn();
    store_stats(rig.store, &before);
    assert_int_equal(before.commits, after.commits); /* an idle turn writes nothing */
}

static void test_patient_ops_wait_for_company(void **state)
{
    struct store_stats before, after;
    (void)state;
    assert_int_equal(rig_open(&rig), 0);
    store_stats(rig.store, &before);
    rig.patient = true;
    rig_add(&rig, 1);
    turn();
    assert_int_equal(rig.status[1], RIG_PENDING);
    rig.patient = false;
    rig_add(&rig, 2);
    turn();
    assert_true(rig.status[1] == 0 && rig.status[2] == 0);
    store_stats(rig.store, &after);
    assert_int_equal(after.commits - before.commits, 1);
}

static void test_patience_ends(void **state)
{
    (void)state;
    assert_int_equal(rig_open(&rig), 0);
    rig.patient = true;
    rig_add(&rig, 1);
    turn();
    clock_advance(STORE_PATIENCE_MS - 1);
    rig_add(&rig, 2); /* does not make the first one wait longer */
    turn();
    assert_int_equal(rig.status[1], RIG_PENDING);
    clock_advance(1);
    turn();
    assert_true(rig.status[1] == 0 && rig.status[2] == 0);
}

static void test_refused_op_leaves_its_neighbours(void **state)
{
    struct store_stats stats;
    (void)state;
    assert_int_equal(rig_open(&rig), 0);
    assert_int_equal(rig_add(&rig, 1), 0);
    turn();
    assert_int_equal(rig_add(&rig, 2), 0);
    assert_int_equal(rig_add(&rig, 1), -EEXIST);
    assert_int_equal(rig_add(&rig, 3), 0);
    turn();
    assert_int_equal(rig.status[1], -EEXIST);
    assert_true(rig_has(&rig, 2) && rig_has(&rig, 3));
    assert_int_equal(rig_count(&rig), 3);
    store_stats(rig.store, &stats);
    assert_int_equal(stats.refused, 1);
}

/* Changes a row, then refuses: the row must be as before. */
static int half_apply(struct store *store, struct store_op *op)
{
    (void)op;
    sqlite3_stmt *stmt = store_write_stmt(store, Q_ACCOUNT_INSERT);
    store_bind_blob(stmt, ":sid", "0123456789abcdef", 16);
    store_bind_blob(stmt, ":token", "", 0);
    store_bind_text(stmt, ":friendly_name", "half");
    store_bind_int(stmt, ":now", 1);
    store_bind_int(stmt, ":owner_id", 0);
    store_bind_int(stmt, ":test", 0);
    assert_int_equal(store_step(store, stmt), SQLITE_DONE);
    assert_int_equal(store_changes(store), 1);
    assert_true(store_last_id(store) > 0);
    return -EPERM;
}

static int half_status;
static void half_done(struct store_op *op, int status)
{
    (void)op;
    half_status = status;
}

static void test_refused_op_leaves_no_trace(void **state)
{
    struct store_op op = {.apply = half_apply, .done = half_done};
    (void)state;
    assert_int_equal(rig_open(&rig), 0);
    rig_add(&rig, 1);
    assert_int_equal(store_submit(rig.store, &op), -EPERM);
    turn();
    assert_int_equal(half_status, -EPERM);
    assert_int_equal(rig_count(&rig), 1);
}

/* Neighbours before, between and after; those refused for what is there already (nothing changed), those
 * refused half way; each again in the next group. */
static void test_refusals_leave_their_neighbours(void **state)
{
    (void)state;
    assert_int_equal(rig_open(&rig), 0);
    for (int group = 0; group < 2; group++) {
        struct store_op ops[3];
        int n = 1 + 10 * group;
        for (int i = 0; i < 3; i++) {
            ops[i] = (struct store_op){.apply = half_apply, .done = half_done};
            assert_int_equal(rig_add(&rig, n + 2 * i), 0);
            assert_int_equal(rig_add(&rig, n), -EEXIST);
            assert_int_equal(store_submit(rig.store, &ops[i]), -EPERM);
            assert_int_equal(rig_add(&rig, n + 2 * i + 1), 0);
        }
        turn();
        assert_int_equal(rig.done_count, 9 * (group + 1));
        assert_int_equal(rig_count(&rig), 6 * (group + 1));
        for (int i = 0; i < 6; i++)
            assert_true(rig_has(&rig, n + i));
        assert_int_equal(rig_query_int(&rig, "SELECT count(*) FROM account WHERE friendly_name = 'half'"), 0);
    }
}

/* One at a time waits for nothing; several wait for the pace, so that more may join them. */
static void test_alone_is_committed_at_once(void **state)
{
    (void)state;
    rig.options.commit_every_us = 1000000;
    assert_int_equal(rig_open(&rig), 0);
    for (int n = 1; n <= 30; n++) {
        rig_add(&rig, n);
        turn();
        assert_int_equal(rig.done_count, n);
    }
    for (int n = 31; n <= 60; n++) {
        rig_add(&rig, 2 * n);
        rig_add(&rig, 2 * n + 1);
        turn();
    }
    assert_true(rig.done_count < 90);
}

static void chain(struct rig *r, int n, int status)
{
    assert_int_equal(status, 0);
    if (n < 5)
        rig_add(r, n + 1);
}

static void test_what_done_asks_for_is_committed_in_the_same_turn(void **state)
{
    (void)state;
    assert_int_equal(rig_open(&rig), 0);
    rig.on_done = chain;
    rig_add(&rig, 1);
    turn();
    assert_int_equal(rig.done_count, 5);
    assert_true(rig_has(&rig, 5));
}

static void chain_forever(struct rig *r, int n, int status)
{
    (void)status;
    rig_add(r, n + 1);
}

static void test_an_endless_chain_does_not_hold_the_turn(void **state)
{
    (void)state;
    assert_int_equal(rig_open(&rig), 0);
    rig.on_done = chain_forever;
    rig_add(&rig, 1);
    turn();
    int first = rig.done_count;
    assert_in_range(first, 1, 64);
    turn();
    assert_true(rig.done_count > first);
    rig.on_done = NULL;
}

static void test_reader_left_at_a_row_sees_the_next_turn(void **state)
{
    (void)state;
    assert_int_equal(rig_open(&rig), 0);
    rig_add(&rig, 1);
    rig_add(&rig, 2);
    turn();
    assert_int_equal(store_step(rig.store, store_read_stmt(rig.store, Q_ACCOUNT_LIST)), SQLITE_ROW);
    rig_add(&rig, 3);
    turn();
    assert_true(rig_has(&rig, 3));
}

static void test_wal_stays_short(void **state)
{
    char path[160];
    struct stat early, st;
    struct store_stats stats;
    (void)state;
    rig.options.checkpoint_pages = 20;
    rig.name_len = 500;
    assert_int_equal(rig_open(&rig), 0);
    for (int n = 0; n < 400; n++) {
        rig_add(&rig, n);
        turn();
        if (n == 50) /* the migrations, which made it longest, are in the file by now */
            stat(rig_path(&rig, "-wal", path), &early);
    }
    stat(rig_path(&rig, "-wal", path), &st);
    assert_in_range(st.st_size, 1, early.st_size + 20 * 4200);
    store_stats(rig.store, &stats);
    assert_in_range(stats.checkpoints, 10, 400);
    assert_int_equal(rig_count(&rig), 400);
}

/* ---- a disk that takes no more ---- */

static struct {
    int changes;
    bool open;
} seen;

static void on_state(void *arg, bool open)
{
    (void)arg;
    seen.changes++;
    seen.open = open;
}

static void open_on_bad_disk(size_t ballast_bytes)
{
    rig.options.vfs = POWERFAIL_VFS;
    rig.options.ballast_bytes = ballast_bytes;
    rig.name_len = 400;
    assert_int_equal(rig_open(&rig), 0);
    seen.changes = 0;
    store_on_state(rig.store, on_state, NULL);
}

static void test_full_disk_keeps_the_group_until_it_lands(void **state)
{
    (void)state;
    open_on_bad_disk(1 << 16);
    assert_true(rig_exists(&rig, ".ballast"));
    powerfail_full(true);
    for (int n = 0; n < 30; n++)
        assert_int_equal(rig_add(&rig, n), 0);
    turn();
    assert_int_equal(rig.done_count, 0);
    assert_false(store_open_for_work(rig.store));
    assert_int_equal(seen.changes, 1);
    assert_false(rig_exists(&rig, ".ballast"));
    assert_int_equal(rig_add(&rig, 30), -EINPROGRESS); /* waits behind the others */
    second_passes();
    assert_int_equal(rig.done_count, 0);
    powerfail_full(false);
    second_passes();
    assert_int_equal(rig.done_count, 31);
    for (int n = 0; n <= 30; n++)
        assert_true(rig.order[n] == n && rig.status[n] == 0 && rig_has(&rig, n));
    assert_true(store_open_for_work(rig.store));
    assert_true(seen.changes == 2 && seen.open);
    assert_true(rig_exists(&rig, ".ballast"));
}

static void test_refusals_are_found_again_in_the_replay(void **state)
{
    (void)state;
    open_on_bad_disk(0);
    rig_add(&rig, 1);
    turn();
    powerfail_full(true);
    rig_add(&rig, 2);
    assert_int_equal(rig_add(&rig, 1), -EEXIST);
    turn();
    powerfail_full(false);
    second_passes();
    assert_int_equal(rig.status[1], -EEXIST);
    assert_int_equal(rig.status[2], 0);
    assert_int_equal(rig_count(&rig), 2);
}

/* The ballast's room is for outcomes: they land, new work waits until it can be put back. */
static void test_without_room_for_ballast_only_outcomes_land(void **state)
{
    char ballast[160];
    (void)state;
    open_on_bad_disk(1 << 16);
    powerfail_full(true);
    rig_add(&rig, 1);
    turn();
    assert_int_equal(mkdir(rig_path(&rig, ".ballast", ballast), 0700),
                     0); /* in its place: it cannot be made */
    powerfail_full(false);
    second_passes();
    assert_int_equal(rig.status[1], 0);
    assert_false(store_open_for_work(rig.store));
    assert_int_equal(rig_add(&rig, 2), 0);
    turn();
    assert_int_equal(rig.status[2], 0);
    rmdir(ballast);
    second_passes();
    assert_true(store_open_for_work(rig.store));
    assert_int_equal(seen.changes, 2);
}

static void test_no_room_for_ballast_at_the_start(void **state)
{
    char ballast[160];
    (void)state;
    mkdir(rig_path(&rig, ".ballast", ballast), 0700);
    rig.options.ballast_bytes = 1 << 16;
    assert_int_equal(rig_open(&rig), 0);
    assert_false(store_open_for_work(rig.store));
    assert_int_equal(rig_add(&rig, 1), 0);
    rmdir(ballast);
    second_passes();
    assert_true(store_open_for_work(rig.store));
    assert_int_equal(rig.status[1], 0);
}

static void test_failing_sync_keeps_the_group(void **state)
{
    (void)state;
    open_on_bad_disk(0);
    powerfail_sync_fails(true);
    rig_add(&rig, 1);
    turn();
    assert_int_equal(rig.status[1], RIG_PENDING);
    assert_false(rig_has(&rig, 1));
    powerfail_sync_fails(false);
    second_passes();
    assert_int_equal(rig.status[1], 0);
    assert_true(rig_has(&rig, 1));
}

static void fill_disk(struct rig *r, int n, int status)
{
    assert_int_equal(status, 0);
    r->on_done = NULL;
    powerfail_full(true);
    for (int i = 1; i <= 20; i++)
        rig_add(r, n + i);
}

static void test_full_again_while_the_replay_is_answered(void **state)
{
    (void)state;
    open_on_bad_disk(0);
    powerfail_full(true);
    rig_add(&rig, 1);
    turn();
    powerfail_full(false);
    rig.on_done = fill_disk;
    second_passes();
    assert_int_equal(rig.status[1], 0);
    assert_int_equal(rig.status[21], RIG_PENDING);
    turn();
    assert_false(store_open_for_work(rig.store));
    powerfail_full(false);
    second_passes();
    assert_int_equal(rig.status[21], 0);
    assert_true(store_open_for_work(rig.store));
}

static void test_closed_on_a_full_disk_everyone_is_told(void **state)
{
    (void)state;
    open_on_bad_disk(0);
    powerfail_full(true);
    rig_add(&rig, 1);
    turn();
    rig_add(&rig, 2);
    rig_close(&rig);
    assert_int_equal(rig.status[1], -ENOSPC);
    assert_int_equal(rig.status[2], -ENOSPC);
    powerfail_full(false);
    assert_int_equal(rig_open(&rig), 0);
    assert_int_equal(rig_count(&rig), 0);
}

static void test_close_tries_once_more(void **state)
{
    (void)state;
    open_on_bad_disk(0);
    powerfail_full(true);
    rig_add(&rig, 1);
    turn();
    powerfail_full(false);
    rig_close(&rig);
    assert_int_equal(rig.status[1], 0);
}

/* ---- what nobody can go on from ---- */

static void assert_fatal(void (*fn)(void))
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL);
        fn();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void read_all(void)
{
    if (rig_open(&rig) == 0)
        rig_query_int(&rig, "SELECT sum(length(friendly_name)) FROM account");
}

static void test_damage_met_in_use_is_fatal(void **state)
{
    char junk[4096];
    struct stat st;
    (void)state;
    rig.name_len = 500;
    assert_int_equal(rig_open(&rig), 0);
    for (int n = 0; n < 500; n++)
        rig_add(&rig, n);
    rig_close(&rig);
    int fd = open(rig.path, O_RDWR);
    assert_int_equal(fstat(fd, &st), 0);
    memset(junk, 0x5A, sizeof junk);
    for (off_t at = st.st_size / 4 * 3 / 4096 * 4096; /* behind the schema's own pages */ at < st.st_size;
         at += 4096)
        assert_int_equal(pwrite(fd, junk, sizeof junk, at), sizeof junk);
    close(fd);
    assert_fatal(read_all);
}

static void bind_unknown(void)
{
    store_bind_int(store_read_stmt(rig.store, Q_SERVICE_LINE_LIST), ":nothing", 1);
}

static void prepare_nonsense(void)
{
    store_read_prepare(rig.store, "SELECT nothing FROM nowhere");
}

static void test_mistakes_of_the_program_are_fatal(void **state)
{
    (void)state;
    assert_int_equal(rig_open(&rig), 0);
    assert_fatal(bind_unknown);
    assert_fatal(prepare_nonsense);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_new_database),
        TEST(test_reopened_database_keeps_its_rows),
        TEST(test_garbage_is_refused),
        TEST(test_cut_file_is_refused),
        TEST(test_lost_database_beside_a_wal_is_refused),
        TEST(test_damaged_schema_is_refused),
        TEST(test_altered_schema_is_refused),
        TEST(test_another_programs_database_is_refused),
        TEST(test_newer_database_is_refused),
        TEST(test_missing_folder_is_refused),
        TEST(test_second_daemon_is_refused),
        TEST(test_read_only_file_is_refused),
        TEST(test_full_disk_at_the_first_start),
        TEST(test_nothing_is_done_before_the_commit),
        TEST(test_one_turn_is_one_commit),
        TEST(test_patient_ops_wait_for_company),
        TEST(test_patience_ends),
        TEST(test_refused_op_leaves_its_neighbours),
        TEST(test_refused_op_leaves_no_trace),
        TEST(test_refusals_leave_their_neighbours),
        TEST(test_alone_is_committed_at_once),
        TEST(test_what_done_asks_for_is_committed_in_the_same_turn),
        TEST(test_an_endless_chain_does_not_hold_the_turn),
        TEST(test_reader_left_at_a_row_sees_the_next_turn),
        TEST(test_wal_stays_short),
        TEST(test_full_disk_keeps_the_group_until_it_lands),
        TEST(test_refusals_are_found_again_in_the_replay),
        TEST(test_without_room_for_ballast_only_outcomes_land),
        TEST(test_no_room_for_ballast_at_the_start),
        TEST(test_failing_sync_keeps_the_group),
        TEST(test_full_again_while_the_replay_is_answered),
        TEST(test_closed_on_a_full_disk_everyone_is_told),
        TEST(test_close_tries_once_more),
        TEST(test_damage_met_in_use_is_fatal),
        TEST(test_mistakes_of_the_program_are_fatal),
    };
    powerfail_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
