/* The database: one SQLite file in WAL mode with synchronous=FULL, two connections (the writer, and a
 * read-only reader that sees only what is committed), numbered migrations, named statements, and group
 * commit.
 *
 * A change is a `struct store_op`: a value that can be applied, and applied again. All ops of one turn of the
 * loop share one transaction, and one refusal never undoes its neighbours: what a refused op had changed is
 * taken back (which is rare, so it is the refusal that pays: the group is applied again, with SAVEPOINTs). At
 * the end of the turn the transaction is committed, then each op's done() runs, in the order of submission;
 * what done() submits joins the next commit (which follows at once, in the same end-of-turn phase, while
 * there is more to commit and the turn is short).
 *
 * A full or failing disk (SQLITE_FULL, IOERR, READONLY at commit) rolls the whole group back. The ops are
 * kept as values, the store is closed for new work (store_open_for_work() false), the ballast file is
 * released, and the group is applied again each second until it lands: done() is only late. The ballast's
 * room is for the outcomes of what is under way: the store opens for new work when the file could be put
 * back. CORRUPT and NOTADB are fatal(). */
#ifndef CELLPOST_STORE_STORE_H
#define CELLPOST_STORE_STORE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/loop.h"
#include "sql/queries.h" /* generated from sql/queries: enum query { Q_..., Q_COUNT } and query_texts[] */

struct store;

struct store_options {
    const char *path; /* "<data>/cellpost.db"; tests may give ":memory:"-like temp files, never :memory: (two
                         connections) */
    const char *vfs;  /* NULL = SQLite's own; tests of power loss give theirs */
    size_t ballast_bytes; /* 0 = none; the daemon uses 4 MiB, beside the database */
    int commit_every_us; /* under load, commits come no faster on average, so that each serves more; a few may
                            always come at once. 0 = each turn has its own */
    int checkpoint_pages; /* the WAL is moved into the file at the end of a turn once it is that long; 0 =
                             1000 */
};

/* 0, or -errno with a sentence in error: the folder is missing or may not be written, another daemon has it
 * (-EBUSY), the file is no database, another program's or damaged in its header or schema (-EUCLEAN), was
 * written by a newer Cellpost (-EPROTONOSUPPORT), is read-only (-EACCES, -EROFS), the disk is full (-ENOSPC).
 * Nothing is changed in those cases. Applies migrations, each in a transaction. A disk without room for the
 * ballast: opened, but closed for new work. */
int store_open(struct store **, struct loop *, const struct store_options *, char error[256]);
/* Commits what is pending, runs its done(), checkpoints, closes. What a full disk does not take:
 * done(-ENOSPC). */
void store_close(struct store *);

#define STORE_PATIENCE_MS 20

struct store_op {
    /* Applies the change on the writer: 0 or -errno (a refusal: what it changed is undone, the rest of the
     * group stands). Must give the same result when run again after a rollback: no clock, no random, no state
     * outside the op and the database. */
    int (*apply)(struct store *, struct store_op *);
    /* Runs once, after the commit. status = what apply returned (or see store_close). Frees the op. */
    void (*done)(struct store_op *, int status);
    /* apply may set it: nobody waits for this op, so it needs no commit of its own. It shares the next one,
     * at most STORE_PATIENCE_MS later. */
    bool patient;
    bool careful;          /* the store's: applied in a SAVEPOINT */
    struct store_op *next; /* the store's */
    int status;            /* the store's: result of the latest apply */
};

/* Applies now (so the caller may look at what apply left in the op) and commits with the turn. Takes the op
 * over. When the store is closed for work the op is kept and applied later. Returns the status of the apply,
 * or -EINPROGRESS when it could not be applied yet. */
int store_submit(struct store *, struct store_op *);

/* Commits at once and runs what became durable: for the start, before the loop runs. 0, or -EIO when the disk
 * refuses (the group waits). */
int store_flush(struct store *);

/* False while a group waits for disk space, and after that while there is no room for the ballast: refuse new
 * messages (503/20503), send nothing, delete nothing on modems. */
bool store_open_for_work(const struct store *);
/* Called on each change of that. One observer. */
void store_on_state(struct store *, void (*fn)(void *arg, bool open), void *arg);

/* A prepared statement, reset and with bindings cleared, owned by the store; valid until the next call for
 * the same query. Step errors other than constraint refusals are handled by store_step: it returns
 * SQLITE_ROW, SQLITE_DONE or, for the writer inside apply, an error that apply must turn into -EIO by
 * returning it through store_errno(). */
sqlite3_stmt *store_write_stmt(struct store *, enum query);
sqlite3_stmt *store_read_stmt(struct store *, enum query);
int store_step(struct store *, sqlite3_stmt *);
int store_errno(
    int sqlite_code); /* SQLITE_DONE/ROW/OK -> 0, CONSTRAINT -> -EEXIST, FULL -> -ENOSPC, else -EIO */
int64_t store_last_id(struct store *);
int store_changes(struct store *); /* rows changed by the last write statement */

/* Binding by name, whatever their order in the statement: store_bind_int(stmt, ":id", 5). fatal() on an
 * unknown name. */
void store_bind_int(sqlite3_stmt *, const char *name, int64_t value);
void store_bind_text(sqlite3_stmt *, const char *name, const char *value); /* NULL binds NULL; copied */
void store_bind_blob(sqlite3_stmt *, const char *name, const void *value, size_t len);
void store_bind_null(sqlite3_stmt *, const char *name);

/* Columns. Text is copied to the heap, NULL stays NULL. */
char *store_column_text(sqlite3_stmt *, int column);

/* A statement built at run time (list filters), on the reader; the caller finalises it. fatal() when it does
 * not compile. */
sqlite3_stmt *store_read_prepare(struct store *, const char *sql);

/* Online backup to a new file, in steps of the loop and a child process that checks and syncs the copy; its
 * end through fn (0, or -errno with a sentence). The file has its name only when it is complete and sound: a
 * plain SQLite file, 0600. -EBUSY when one is running, -EEXIST when the file is there, -errno when it cannot
 * be made: then fn is not called. */
int store_backup(struct store *, const char *path, void (*fn)(void *arg, int status, const char *error),
                 void *arg);

/* What was erased is gone from the files too, once the WAL was moved into the database and cut: that long
 * from now, or as soon as it can be after that. Erased pages are overwritten in any case (secure_delete). */
void store_scrub(struct store *, int64_t within_ms);

/* For tests and bench: counters. */
struct store_stats {
    uint64_t commits, ops, refused, rollbacks, checkpoints;
};
void store_stats(const struct store *, struct store_stats *);

#endif
