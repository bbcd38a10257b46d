/* What store's own files share. */
#ifndef CELLPOST_STORE_STORE_INTERNAL_H
#define CELLPOST_STORE_STORE_INTERNAL_H

#include "host/store/store.h"

enum { CONN_WRITER, CONN_READER, CONN_COUNT };

struct store {
    struct loop *loop;
    char *path, *ballast_path;
    size_t ballast_bytes;
    int lock_fd;
    sqlite3 *conn[CONN_COUNT];
    sqlite3_stmt *stmts[CONN_COUNT][Q_COUNT];
    sqlite3_stmt *begin, *commit, *savepoint, *release, *rollback_to;
    struct store_op *ops, **ops_end; /* the group: applied, not yet durable */
    bool in_transaction;
    bool closed; /* the group waits for the disk */
    int trouble; /* SQLite's code of what went wrong in this group */
    struct timer retry;
    int wal_pages;
    void (*state_fn)(void *arg, bool open);
    void *state_arg;
    struct store_backup_job *backup;
    struct store_stats stats;
};

/* file.c: what can be told of the database before SQLite touches it; the lock; the ballast. */
int store_file_check(const char *path, char error[256]);
int store_file_lock(struct store *, char error[256]);
void store_ballast_make(struct store *);
void store_ballast_release(struct store *);

/* migrate.c */
#define STORE_APPLICATION_ID 0x43504F53 /* "CPOS" */
int store_newest_version(void);
int store_migrate(sqlite3 *, char error[256]);

/* backup.c: one bounded step, when no transaction is open; true when it wants another turn. */
bool store_backup_step(struct store *);
void store_backup_abort(struct store *);

#endif
