#include "store_rig.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/clock.h"
#include "host/base/log.h"

struct add {
    struct store_op op;
    struct rig *rig;
    int n;
};

void rig_init(struct rig *rig)
{
    *rig = (struct rig){.name_len = 20};
    const char *tmp = getenv("TMPDIR");
    snprintf(rig->dir, sizeof rig->dir, "%s/cellpost-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(rig->dir) == NULL)
        abort();
    snprintf(rig->path, sizeof rig->path, "%s/cellpost.db", rig->dir);
    log_open(LOG_ERROR, true, STDERR_FILENO);
    clock_fake(1800000000000, 1000);
    rig->loop = loop_new();
    rig->options.path = rig->path;
    for (int n = 0; n < RIG_OPS; n++)
        rig->status[n] = RIG_PENDING;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void rig_close(struct rig *rig)
{
    store_close(rig->store);
    rig->store = NULL;
}

void rig_fini(struct rig *rig)
{
    rig_close(rig);
    loop_free(rig->loop);
    nftw(rig->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    clock_real();
}

int rig_open(struct rig *rig)
{
    rig->error[0] = '\0';
    return store_open(&rig->store, rig->loop, &rig->options, rig->error);
}

static void sid_of(int n, uint8_t sid[16])
{
    memset(sid, 0, 16);
    for (int i = 0; i < 4; i++)
        sid[12 + i] = (uint8_t)(n >> (24 - 8 * i));
}

static int add_apply(struct store *store, struct store_op *op)
{
    const struct add *add = (const struct add *)op;
    uint8_t sid[16];
    char name[512];
    snprintf(name, sizeof name, "%0*d", (int)add->rig->name_len, add->n);
    sid_of(add->n, sid);
    sqlite3_stmt *stmt = store_write_stmt(store, Q_ACCOUNT_INSERT);
    store_bind_blob(stmt, ":sid", sid, sizeof sid);
    store_bind_blob(stmt, ":token", "", 0);
    store_bind_text(stmt, ":friendly_name", name);
    store_bind_int(stmt, ":now", add->n);
    store_bind_int(stmt, ":owner_id", 0);
    store_bind_int(stmt, ":test", 0);
    return store_errno(store_step(store, stmt));
}

static void add_done(struct store_op *op, int status)
{
    struct add *add = (struct add *)op;
    struct rig *rig = add->rig;
    int n = add->n;
    if (rig->done_count < RIG_OPS)
        rig->order[rig->done_count++] = n;
    rig->status[n] = status;
    free(add);
    if (rig->on_done != NULL)
        rig->on_done(rig, n, status);
}

int rig_add(struct rig *rig, int n)
{
    struct add *add = calloc(1, sizeof *add);
    if (add == NULL)
        abort();
    add->op.apply = add_apply;
    add->op.done = add_done;
    add->rig = rig;
    add->n = n;
    add->op.patient = rig->patient;
    return store_submit(rig->store, &add->op);
}

int rig_query_int(struct rig *rig, const char *sql)
{
    sqlite3_stmt *stmt = store_read_prepare(rig->store, sql);
    int value = store_step(rig->store, stmt) == SQLITE_ROW ? sqlite3_column_int(stmt, 0) : -1;
    sqlite3_finalize(stmt);
    return value;
}

bool rig_has(struct rig *rig, int n)
{
    char sql[96];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM account WHERE sid = x'%032x'", (unsigned)n);
    return rig_query_int(rig, sql) == 1;
}

int rig_count(struct rig *rig)
{
    return rig_query_int(rig, "SELECT count(*) FROM account");
}

char *rig_path(struct rig *rig, const char *suffix, char out[160])
{
    snprintf(out, 160, "%s%s", rig->path, suffix);
    return out;
}

bool rig_exists(struct rig *rig, const char *suffix)
{
    char path[160];
    return access(rig_path(rig, suffix, path), F_OK) == 0;
}
