/* A queue over a real SQLite file in a temporary folder, on a clock that the test drives. */
#ifndef CELLPOST_TESTS_QUEUE_WORLD_H
#define CELLPOST_TESTS_QUEUE_WORLD_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/queue/queue.h"

#define T0       INT64_C(1800000000000) /* 2027-01-15 */
#define VALIDITY INT64_C(3600000)
#define LINE     1
#define LINE_B   2
#define SERVICE  7
#define ACCOUNT  1
#define ALICE    "+41790000001"
#define BOB      "+41790000002"
#define CAROL    "+41790000003"

struct world {
    char dir[64];
    int files; /* database files so far: a crash goes on with a copy */
    const char *vfs;
    int checkpoint_pages; /* 0 = as the store chooses */
    struct loop *loop;
    struct store *store;
    struct queue *queue;
    int work_calls, hook_calls;
    char story[4096]; /* kinds of all events the observer saw */
};

struct answer {
    int calls, status;
};

static inline void on_answer(void *arg, int status)
{
    struct answer *answer = arg;
    answer->calls++;
    answer->status = status;
}

static inline void on_work_topic(void *arg)
{
    ((struct world *)arg)->work_calls++;
}

static inline void on_hook_topic(void *arg)
{
    ((struct world *)arg)->hook_calls++;
}

static inline void world_path(const struct world *world, char path[96])
{
    snprintf(path, 96, "%s/q%d.db", world->dir, world->files);
}

/* Turns until nothing asks for another: commits, callbacks, wake-ups, timers that are due. */
static inline void settle_down(struct world *world)
{
    for (int i = 0; i < 6; i++)
        loop_turn(world->loop, 0);
}

static inline void world_open(struct world *world)
{
    char path[96], error[256] = "";
    world_path(world, path);
    struct store_options options = {
        .path = path, .vfs = world->vfs, .checkpoint_pages = world->checkpoint_pages};
    if (store_open(&world->store, world->loop, &options, error) != 0)
        fail_msg("store_open: %s", error);
    assert_int_equal(queue_open(&world->queue, world->store, world->loop), 0);
    queue_watch(world->queue, QUEUE_WORK, on_work_topic, world);
    queue_watch(world->queue, QUEUE_HOOKS, on_hook_topic, world);
}

static inline void world_shut(struct world *world)
{
    queue_close(world->queue);
    store_close(world->store);
    world->queue = NULL;
    world->store = NULL;
}

/* A connection of the test's own. */
static inline sqlite3 *world_database(struct world *world)
{
    char path[96];
    sqlite3 *db;
    world_path(world, path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 2000);
    return db;
}

static inline void world_exec(struct world *world, const char *sql)
{
    char *error = NULL;
    sqlite3 *db = world_database(world);
    if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", sql, error);
    sqlite3_close(db);
}

/* One number of what is committed. */
static inline int64_t world_int(struct world *world, const char *sql)
{
    sqlite3_stmt *stmt = store_read_prepare(world->store, sql);
    int64_t value = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : -1;
    sqlite3_finalize(stmt);
    return value;
}

/* What must hold whenever a group is committed. Each row counts violations. */
static const struct {
    const char *what, *sql;
} invariants[] = {
    {"work for each outbound message that is not settled, and for no other",
     "SELECT (SELECT count(*) FROM message m WHERE direction > 1 AND status < 5 AND status != 2 AND NOT "
     "EXISTS (SELECT 1 "
     "FROM work WHERE "
     "message_id = m.id)) + (SELECT count(*) FROM work w WHERE NOT EXISTS (SELECT 1 FROM message m WHERE "
     "m.id = w.message_id "
     "AND status < 5 AND status != 2))"},
    {"a time for each scheduled message, and for no other",
     "SELECT (SELECT count(*) FROM message m WHERE status = 2 AND NOT EXISTS (SELECT 1 FROM scheduled WHERE "
     "message_id = m.id)) + (SELECT count(*) FROM scheduled s WHERE NOT EXISTS (SELECT 1 FROM message m "
     "WHERE m.id = s.message_id AND m.status = 2))"},
    {"a lane with somebody behind has a head",
     "SELECT count(*) FROM work b WHERE state = 4 AND NOT EXISTS (SELECT 1 FROM work h WHERE h.lane = "
     "b.lane AND h.to_addr = "
     "b.to_addr AND h.state <= 3)"},
    {"nobody behind should be before a head that is not busy",
     "SELECT count(*) FROM work b JOIN work h ON h.lane = b.lane AND h.to_addr = b.to_addr AND h.state "
     "<= 2 WHERE b.state = 4 "
     "AND (b.rank, b.message_id) < (h.rank, h.message_id)"},
    {"busy exactly while an attempt is open",
     "SELECT count(*) FROM work w WHERE (state = 3) != EXISTS (SELECT 1 FROM attempt a WHERE "
     "a.message_id = w.message_id AND "
     "a.state IN (1, 2))"},
    {"at most one open attempt of a message", "SELECT count(*) FROM (SELECT 1 FROM attempt WHERE state "
                                              "IN (1, 2) GROUP BY message_id HAVING count(*) > 1)"},
    {"a claimed attempt belongs to a busy row",
     "SELECT count(*) FROM attempt a WHERE state = 1 AND NOT EXISTS (SELECT 1 FROM work w WHERE "
     "w.message_id = a.message_id AND "
     "w.state = 3)"},
    {"a segment is out exactly while its attempt is open",
     "SELECT count(*) FROM segment s WHERE (state = 2) != EXISTS (SELECT 1 FROM attempt a WHERE "
     "a.message_id = s.message_id AND "
     "a.seq = s.seq AND a.state IN (1, 2))"},
    {"a row that may be claimed has a segment that waits, a held one has none",
     "SELECT count(*) FROM work w WHERE (state IN (1, 2, 4)) != (EXISTS (SELECT 1 FROM segment s WHERE "
     "s.message_id = "
     "w.message_id AND s.state = 1)) AND state != 3"},
    {"a held row has an unsure segment", "SELECT count(*) FROM work w WHERE unsure != (SELECT count(*) "
                                         "FROM segment s WHERE s.message_id = w.message_id AND s.state "
                                         "= 5) OR (state = 5 AND unsure = 0)"},
    {"the message's unsure flag tells so too", "SELECT count(*) FROM work w JOIN message m ON m.id = "
                                               "w.message_id WHERE m.unsure != (w.unsure > 0)"},
    {"a sent message has all its segments sent",
     "SELECT count(*) FROM message m WHERE direction > 1 AND status IN (5, 6) AND EXISTS (SELECT 1 FROM "
     "segment s WHERE "
     "s.message_id = m.id AND s.state != 3)"},
    {"of each message one hook is due",
     "SELECT count(*) FROM (SELECT sum(due_ms IS NOT NULL) AS due, min(status) AS first, min(CASE WHEN "
     "due_ms IS NOT NULL THEN "
     "status END) AS leads FROM hook GROUP BY message_id) WHERE due != 1 OR first != leads"},
    {"an assembly for each receiving message",
     "SELECT (SELECT count(*) FROM message WHERE status = 10) != (SELECT count(*) FROM assembly)"},
    {"no orphans of feedback",
     "SELECT count(*) FROM feedback WHERE message_id NOT IN (SELECT id FROM message)"},
    {"no orphans",
     "SELECT (SELECT count(*) FROM segment WHERE message_id NOT IN (SELECT id FROM message)) + (SELECT "
     "count(*) FROM attempt "
     "WHERE message_id NOT IN (SELECT id FROM message)) + (SELECT count(*) FROM hook WHERE message_id "
     "NOT IN (SELECT id FROM "
     "message)) + (SELECT count(*) FROM event WHERE message_id NOT IN (SELECT id FROM message))"},
};

static inline void check_invariants(struct world *world)
{
    for (size_t i = 0; i < sizeof invariants / sizeof invariants[0]; i++) {
        int64_t violations = world_int(world, invariants[i].sql);
        if (violations != 0)
            fail_msg("%s: %lld", invariants[i].what, (long long)violations);
    }
    assert_int_equal(queue_depth(world->queue, ACCOUNT),
                     world_int(world, "SELECT count(*) FROM work WHERE account_id = 1"));
    assert_int_equal(queue_lane_depth(world->queue, LINE),
                     world_int(world, "SELECT count(*) FROM work WHERE lane = 1"));
    assert_int_equal(queue_scheduled(world->queue, ACCOUNT),
                     world_int(world, "SELECT count(*) FROM scheduled WHERE account_id = 1"));
}

static inline int world_make(void **state, const char *vfs, int checkpoint_pages)
{
    struct world *world = calloc(1, sizeof *world);
    clock_fake(T0, 1000000);
    snprintf(world->dir, sizeof world->dir, "/tmp/cellpost-queue-XXXXXX");
    assert_non_null(mkdtemp(world->dir));
    world->loop = loop_new();
    world->vfs = vfs;
    world->checkpoint_pages = checkpoint_pages;
    world_open(world);
    settle_down(world);
    *state = world;
    return 0;
}

static inline int world_setup(void **state)
{
    log_open(LOG_ERROR, true, 2);
    return world_make(state, NULL, 0);
}

static inline void world_remove(const struct world *world, int file)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal", ".lock", ".ballast"};
    char path[112];
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(path, sizeof path, "%s/q%d.db%s", world->dir, file, ends[i]);
        unlink(path);
    }
}

/* For rows made by hand, which no invariant covers. */
static inline int world_drop(void **state)
{
    struct world *world = *state;
    world_shut(world);
    loop_free(world->loop);
    for (int file = 0; file <= world->files; file++)
        world_remove(world, file);
    rmdir(world->dir);
    free(world);
    return 0;
}

static inline int world_teardown(void **state)
{
    settle_down(*state);
    check_invariants(*state);
    return world_drop(state);
}

static inline void copy_file(const char *from, const char *to)
{
    char block[65536];
    FILE *in = fopen(from, "rb"), *out = in == NULL ? NULL : fopen(to, "wb");
    size_t got;
    if (in == NULL)
        return;
    assert_non_null(out);
    while ((got = fread(block, 1, sizeof block, in)) > 0)
        assert_int_equal(fwrite(block, 1, got, out), got);
    fclose(in);
    fclose(out);
}

/* The database as a reader of the disk would find it now. */
static inline void world_copy(const struct world *world, int file)
{
    static const char *const ends[] = {"", "-wal"};
    char from[112], to[112];
    for (size_t i = 0; i < 2; i++) {
        snprintf(from, sizeof from, "%s/q%d.db%s", world->dir, world->files, ends[i]);
        snprintf(to, sizeof to, "%s/q%d.db%s", world->dir, file, ends[i]);
        copy_file(from, to);
    }
}

/* The process dies here: what was committed is all that the next one finds. */
static inline void world_crash(struct world *world)
{
    world_copy(world, world->files + 1);
    world_shut(world);
    world->files++;
    world_open(world);
    settle_down(world);
}

/* ---- doing ---- */

static inline struct submission text_to(const char *to, const char *body)
{
    struct submission submission = {.account_id = ACCOUNT,
                                    .direction = MESSAGE_OUTBOUND_API,
                                    .from = "+41791111111",
                                    .to = to,
                                    .body = body,
                                    .body_len = strlen(body),
                                    .line_id = LINE,
                                    .priority = 5,
                                    .validity_ms = VALIDITY,
                                    .status_report = true};
    submission.split.concat_bits = 8;
    sid_new(&submission.sid, clock_wall_ms());
    return submission;
}

struct accepted {
    int calls, status;
    struct submitted result;
};

static inline void on_submitted(void *arg, int status, const struct submitted *result)
{
    struct accepted *accepted = arg;
    accepted->calls++;
    accepted->status = status;
    accepted->result = *result;
}

static inline int64_t submit(struct world *world, const struct submission *submission)
{
    struct accepted accepted = {0};
    assert_int_equal(queue_submit(world->queue, submission, on_submitted, &accepted), 0);
    settle_down(world);
    assert_int_equal(accepted.calls, 1);
    assert_int_equal(accepted.status, 0);
    return accepted.result.id;
}

static inline int64_t send_to(struct world *world, const char *to, const char *body)
{
    struct submission submission = text_to(to, body);
    return submit(world, &submission);
}

static inline int claim_on(struct world *world, int64_t line_id, struct job *job)
{
    int64_t service = SERVICE, next_ms;
    return queue_claim(world->queue, line_id, &service, 1, job, &next_ms);
}

/* The message whose segment comes next on LINE, 0 = none. */
static inline int64_t claim(struct world *world, struct job *job)
{
    return claim_on(world, LINE, job) == 0 ? job->message_id : 0;
}

static inline int mark(struct world *world, int64_t attempt_id)
{
    struct answer answer = {0};
    queue_in_flight(world->queue, attempt_id, "8941", on_answer, &answer);
    settle_down(world);
    assert_int_equal(answer.calls, 1);
    return answer.status;
}

static inline int settle(struct world *world, int64_t attempt_id, const struct settlement *settlement)
{
    struct answer answer = {0};
    queue_settle(world->queue, attempt_id, settlement, on_answer, &answer);
    settle_down(world);
    assert_int_equal(answer.calls, 1);
    return answer.status;
}

static inline int settle_as(struct world *world, int64_t attempt_id, enum outcome outcome, int mr)
{
    struct settlement settlement = {.outcome = outcome, .mr = mr, .reason = "test"};
    return settle(world, attempt_id, &settlement);
}

/* Claims, marks and settles the next segment of LINE. */
static inline int64_t pass(struct world *world, enum outcome outcome, int mr)
{
    struct job job;
    int64_t id = claim(world, &job);
    if (id == 0)
        return 0;
    assert_int_equal(mark(world, job.attempt_id), 0);
    assert_int_equal(settle_as(world, job.attempt_id, outcome, mr), 0);
    return id;
}

static inline int report_to(struct world *world, const char *to, int mr, uint8_t st, int64_t scts_ms)
{
    struct answer answer = {0};
    struct report report = {
        .line_id = LINE, .mr = mr, .st = st, .scts_ms = scts_ms, .discharge_ms = scts_ms + 1000, .hex = "00"};
    snprintf(report.to, sizeof report.to, "%s", to);
    queue_report(world->queue, &report, on_answer, &answer);
    settle_down(world);
    assert_int_equal(answer.calls, 1);
    return answer.status;
}

static inline void pass_time(struct world *world, int64_t ms)
{
    clock_advance(ms);
    settle_down(world);
}

/* ---- looking ---- */

static inline const char *status_of(struct world *world, int64_t id)
{
    struct message message;
    if (queue_message(world->queue, id, &message) != 0)
        return "gone";
    enum message_status status = message.status;
    message_fini(&message);
    return message_status_text(status);
}

static inline int error_of(struct world *world, int64_t id)
{
    struct message message;
    assert_int_equal(queue_message(world->queue, id, &message), 0);
    int error = message.error_code;
    message_fini(&message);
    return error;
}

static inline void add_kind(void *arg, int64_t at_ms, const char *kind, const char *detail)
{
    char *story = arg;
    (void)at_ms;
    (void)detail;
    snprintf(story + strlen(story), 1024 - strlen(story), "%s%s", story[0] == '\0' ? "" : " ", kind);
}

/* The kinds of its events, in order. */
static inline const char *story_of(struct world *world, int64_t id)
{
    static char story[1024];
    story[0] = '\0';
    queue_events(world->queue, id, add_kind, story);
    return story;
}

/* All hooks of the message, answered in order: "sent delivered:30008". */
static inline const char *hooks_of(struct world *world, int64_t id)
{
    static char words[512];
    struct hook hooks[64];
    int64_t next_ms;
    words[0] = '\0';
    for (bool found = true; found;) {
        size_t count = queue_hooks_due(world->queue, NULL, 0, hooks, 64, &next_ms);
        found = false;
        for (size_t i = 0; i < count; i++) {
            if (hooks[i].message_id != id)
                continue;
            size_t len = strlen(words);
            snprintf(words + len, sizeof words - len, "%s%s", len == 0 ? "" : " ",
                     message_status_text(hooks[i].status));
            len = strlen(words);
            if (hooks[i].error_code != 0)
                snprintf(words + len, sizeof words - len, ":%d", hooks[i].error_code);
            struct hook_settlement done = {.verdict = HOOK_DONE, .detail = "http 200"};
            struct answer answer = {0};
            queue_hook_settle(world->queue, hooks[i].id, &done, on_answer, &answer);
            settle_down(world);
            assert_int_equal(answer.status, 0);
            found = true;
        }
    }
    return words;
}

#endif
