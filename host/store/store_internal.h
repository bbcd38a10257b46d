/* What store's own files share. */
#ifndef CELLPOST_STORE_STORE_INTERNAL_H
#define CELLPOST_STORE_STORE_INTERNAL_H

#include "host/store/store.h"

enum { CONN_WRITER, CONN_READER, CONN_COUNT };

enum store_state {
    STORE_OPEN,
    STORE_TIGHT,  /* changes land again, but the ballast could not be put back: no new work */
    STORE_WAITING /* the group is kept and applied again each second */
};

#define BUSY_MS 200 /* for another program's lock; the loop stands still meanwhile */

struct store {
    struct loop *loop;
    char *path, *ballast_path;
    size_t ballast_bytes;
    int lock_fd;
    sqlite3 *conn[CONN_COUNT];
    sqlite3_stmt *stmts[CONN_COUNT][Q_COUNT];
    sqlite3_stmt *begin, *commit, *savepoint, *release, *rollback_to;
    sqlite3_stmt *read_begin, *read_end;
    bool reading;                    /* one snapshot serves all reads between two commits */
    struct store_op *ops, **ops_end; /* the group: not yet durable; applied unless WAITING */
    unsigned impatient;              /* of them: somebody waits */
    unsigned last_impatient;         /* of the group before */
    int64_t patient_until_ms;        /* monotonic: the group is committed then in any case */
    bool in_transaction;
    bool careful; /* an op of this group was refused after it had changed something */
    enum store_state state;
    int trouble; /* SQLite's code of what went wrong in this group */
    struct timer retry, pace;
    int64_t commit_every_us, credit_us, credit_at_us;
    int checkpoint_pages, wal_pages;
    bool scrub; /* the WAL is to be cut */
    struct timer scrub_again;
    void (*state_fn)(void *arg, bool open);
    void *state_arg;
    struct store_backup_job *backup;
    struct store_stats stats;
};

/* file.c: what can be told of the database before SQLite touches it; the lock; the ballast. */
int store_file_check(const char *path, char error[256]);
int store_file_lock(struct store *, char error[256]);
bool store_ballast_make(struct store *); /* true too when none is wanted */
void store_ballast_release(struct store *);

/* migrate.c. The check reads only; -EUCLEAN: not Cellpost's, -EPROTONOSUPPORT: a newer one's. */
int store_check(sqlite3 *, const char *path, char error[256]);
int store_migrate(sqlite3 *, const char *path, char error[256]);

/* stmt.c */
sqlite3_stmt *store_prepare(sqlite3 *, const char *text); /* fatal() when it does not compile */
bool store_run(struct store *, sqlite3_stmt *);           /* to its end; false: store->trouble says why */
/* All reads until store_statements_release see one state, and take the WAL's locks once. */
void store_read_begin(struct store *);
/* A SELECT left at a row holds its snapshot open: the next reader would see the past, and the WAL could not
 * shrink. */
void store_statements_release(struct store *);
/* A sentence about the connection's latest error, and its -errno. */
int store_refuse(sqlite3 *, const char *path, char error[256]);
void store_check_damage(sqlite3 *, int code); /* fatal() when it shows that nothing can be trusted */

/* group.c */
void group_init(struct store *);
void group_fini(struct store *); /* a last commit; what cannot be stored is told -ENOSPC */

/* backup.c: one bounded step, when no transaction is open; true when it wants another turn. */
bool store_backup_step(struct store *);
void store_backup_abort(struct store *);

#endif
