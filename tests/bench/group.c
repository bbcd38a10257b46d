/* What the database alone can take: messages as the queue stores them (the same statements, schema and
 * pragmas), in groups of one commit each, with nothing around them. group DATABASE MESSAGES GROUP, on a
 * database that cellpostd made and nobody uses. Prints one line of JSON; exit 1 when SQLite refuses. */
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "sql/queries.h"

#define CHECKPOINT_PAGES 4000 /* as the store's, while it is busy */
#define BODY             "Your parcel arrives today between 14:00 and 16:00. Reply STOP to end these messages."

static const enum query QUERIES[] = {Q_MESSAGE_INSERT, Q_SEGMENT_INSERT, Q_EVENT_INSERT, Q_WORK_HEAD,
                                     Q_WORK_INSERT};
enum { STATEMENTS = sizeof QUERIES / sizeof QUERIES[0] };

static sqlite3 *db;
static int wal_pages;

static void must(int code, const char *what)
{
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE)
        return;
    fprintf(stderr, "group: %s: %s\n", what, sqlite3_errmsg(db));
    exit(EXIT_FAILURE);
}

static void run(const char *sql)
{
    must(sqlite3_exec(db, sql, NULL, NULL, NULL), sql);
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const struct {
    const char *name, *text; /* texts; all other parameters are numbers */
} TEXTS[] = {
    {":from", "+41790009999"}, {":body", BODY}, {":kind", "accepted"}, {":detail", "segments=1 priority=5"}};
static const struct {
    const char *name;
    int64_t value;
} NUMBERS[] = {{":account", 1},
               {":direction", 2},
               {":status", 3},
               {":line", 1},
               {":segments", 1},
               {":lane", 1},
               {":picker", 1},
               {":rank", 4},
               {":state", 1},
               {":priority", 5},
               {":seq", 1},
               {":udl", 84},
               {":at", 1800000000000},
               {":created", 1800000000000},
               {":expires", 1800000000000},
               {":due", 1800000000000}};

/* A parameter that no table names is 0, or NULL where the schema wants it so (:callback, :tags, :ref). */
static void bind_one(sqlite3_stmt *stmt, int i, int64_t message, const char *to)
{
    const char *name = sqlite3_bind_parameter_name(stmt, i);
    uint8_t octets[140] = {0};
    if (strcmp(name, ":callback") == 0 || strcmp(name, ":tags") == 0 || strcmp(name, ":ref") == 0)
        return;
    must(sqlite3_bind_int64(stmt, i, strcmp(name, ":message") == 0 ? message : 0), name);
    if (strcmp(name, ":to") == 0)
        must(sqlite3_bind_text(stmt, i, to, -1, SQLITE_TRANSIENT), name);
    if (strcmp(name, ":ud") == 0)
        must(sqlite3_bind_blob(stmt, i, octets, 74, SQLITE_TRANSIENT), name);
    if (strcmp(name, ":sid") == 0) { /* as base/sid: the time, then at random */
        int64_t ms = (int64_t)(now_s() * 1000);
        for (int n = 0; n < 6; n++)
            octets[n] = (uint8_t)(ms >> (40 - 8 * n));
        must(getrandom(octets + 6, 10, 0) == 10 ? SQLITE_OK : SQLITE_ERROR, "random");
        must(sqlite3_bind_blob(stmt, i, octets, 16, SQLITE_TRANSIENT), name);
    }
    for (size_t n = 0; n < sizeof TEXTS / sizeof TEXTS[0]; n++)
        if (strcmp(name, TEXTS[n].name) == 0)
            must(sqlite3_bind_text(stmt, i, TEXTS[n].text, -1, SQLITE_STATIC), name);
    for (size_t n = 0; n < sizeof NUMBERS / sizeof NUMBERS[0]; n++)
        if (strcmp(name, NUMBERS[n].name) == 0)
            must(sqlite3_bind_int64(stmt, i, NUMBERS[n].value), name);
}

static void store_message(sqlite3_stmt *const stmts[STATEMENTS], long number)
{
    char to[24];
    int64_t message = 0;
    snprintf(to, sizeof to, "+4178%07ld", number % 10000000);
    for (int s = 0; s < STATEMENTS; s++) {
        for (int i = 1; i <= sqlite3_bind_parameter_count(stmts[s]); i++)
            bind_one(stmts[s], i, message, to);
        must(sqlite3_step(stmts[s]), query_texts[QUERIES[s]]);
        must(sqlite3_reset(stmts[s]), query_texts[QUERIES[s]]);
        if (s == 0)
            message = sqlite3_last_insert_rowid(db);
    }
}

static int on_wal(void *arg, sqlite3 *which, const char *name, int pages)
{
    (void)arg, (void)which, (void)name;
    wal_pages = pages;
    return SQLITE_OK;
}

int main(int argc, char **argv)
{
    long messages = argc == 4 ? strtol(argv[2], NULL, 10) : 0,
         group = argc == 4 ? strtol(argv[3], NULL, 10) : 0;
    sqlite3_stmt *stmts[STATEMENTS];
    if (messages < 1 || group < 1) {
        fputs("group DATABASE MESSAGES GROUP\n", stderr);
        return 2;
    }
    must(sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE, NULL), argv[1]);
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;"
        "PRAGMA foreign_keys = ON; PRAGMA cache_size = -1024; PRAGMA temp_store = MEMORY;"
        "PRAGMA journal_size_limit = 16777216; PRAGMA secure_delete = ON");
    sqlite3_wal_hook(db, on_wal, NULL);
    for (int s = 0; s < STATEMENTS; s++)
        must(sqlite3_prepare_v3(db, query_texts[QUERIES[s]], -1, SQLITE_PREPARE_PERSISTENT, &stmts[s], NULL),
             query_texts[QUERIES[s]]);
    double began_s = now_s();
    for (long n = 0; n < messages;) {
        run("BEGIN IMMEDIATE");
        for (long end = n + group < messages ? n + group : messages; n < end; n++)
            store_message(stmts, n);
        run("COMMIT");
        if (wal_pages >= CHECKPOINT_PAGES)
            must(sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL), "checkpoint");
    }
    double seconds = now_s() - began_s;
    printf("{\"messages\": %ld, \"group\": %ld, \"seconds\": %.3f, \"rate\": %.0f}\n", messages, group,
           seconds, (double)messages / seconds);
    for (int s = 0; s < STATEMENTS; s++)
        sqlite3_finalize(stmts[s]);
    sqlite3_close(db);
    return EXIT_SUCCESS;
}
