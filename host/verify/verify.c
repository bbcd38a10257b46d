/* A verification's life: start, check, end, expiry. See verify.h. Each step is one op of the store: what it
 * decides, it decides on the row as the writer has it, so two checks at once are two checks. */
#include "host/verify/verify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/store/change.h"
#include "host/verify/verify_internal.h"

#define SWEEP_ROWS    100
#define SWEEP_LONGEST 60000 /* ms: a clock that was set is noticed by then */

const char *verify_status_text(enum verify_status status)
{
    switch (status) {
    case VERIFY_PENDING: return "pending";
    case VERIFY_APPROVED: return "approved";
    case VERIFY_CANCELED: return "canceled";
    case VERIFY_EXHAUSTED: return "max_attempts_reached";
    case VERIFY_EXPIRED: return "expired";
    }
    fatal("a verification's status is %d", status);
}

/* ---- statements ---- */

static int run(struct store *store, sqlite3_stmt *stmt)
{
    int status = store_errno(store_step(store, stmt));
    sqlite3_reset(stmt);
    return status;
}

/* The verification that counts: pending, or exhausted and not expired. */
struct live {
    int64_t id, expires_ms;
    struct sid sid;
    enum verify_status status;
    uint8_t hash[CODE_HASH];
    int digits, checks, sends;
};

static void live_read(sqlite3_stmt *stmt, struct live *live)
{
    *live = (struct live){.id = sqlite3_column_int64(stmt, 0),
                          .status = (enum verify_status)sqlite3_column_int(stmt, 2),
                          .digits = sqlite3_column_int(stmt, 4),
                          .checks = sqlite3_column_int(stmt, 5),
                          .expires_ms = sqlite3_column_int64(stmt, 6),
                          .sends = sqlite3_column_int(stmt, 7)};
    memcpy(live->sid.b, sqlite3_column_blob(stmt, 1), sizeof live->sid.b);
    if (sqlite3_column_bytes(stmt, 3) == CODE_HASH)
        memcpy(live->hash, sqlite3_column_blob(stmt, 3), CODE_HASH);
}

/* 0, -ENOENT, or what the store says. */
static int live_find(struct store *store, int64_t service_id, const char *to, const struct sid *sid,
                     int64_t now_ms, struct live *live)
{
    sqlite3_stmt *stmt =
        store_write_stmt(store, sid != NULL ? Q_VERIFICATION_LIVE_BY_SID : Q_VERIFICATION_LIVE);
    store_bind_int(stmt, ":service_id", service_id);
    if (sid != NULL)
        store_bind_blob(stmt, ":sid", sid->b, sizeof sid->b);
    else
        store_bind_text(stmt, ":to", to);
    store_bind_int(stmt, ":now", now_ms);
    int code = store_step(store, stmt);
    if (code == SQLITE_ROW)
        live_read(stmt, live);
    sqlite3_reset(stmt);
    return code == SQLITE_ROW ? 0 : code == SQLITE_DONE ? -ENOENT : store_errno(code);
}

static int code_set(struct store *store, int64_t id, const uint8_t hash[CODE_HASH], int digits,
                    int64_t now_ms)
{
    sqlite3_stmt *stmt = store_write_stmt(store, Q_VERIFICATION_CODE_SET);
    store_bind_int(stmt, ":id", id);
    store_bind_blob(stmt, ":code", hash, CODE_HASH);
    store_bind_int(stmt, ":digits", digits);
    store_bind_int(stmt, ":now", now_ms);
    return run(store, stmt);
}

/* ---- start ---- */

struct start_op {
    struct store_op op; /* first */
    const struct code_key *key;
    int64_t service_id, now_ms;
    struct sid sid, message_sid;
    char to[NUMBER_MAX], custom[CODE_MAX + 1];
    int digits;
    struct verify_started out;
};

static int recent_count(struct store *store, const struct start_op *s, int64_t *count)
{
    sqlite3_stmt *stmt = store_write_stmt(store, Q_VERIFICATION_RECENT);
    store_bind_int(stmt, ":service_id", s->service_id);
    store_bind_text(stmt, ":to", s->to);
    store_bind_int(stmt, ":since", s->now_ms - VERIFY_LIFE_MS);
    int code = store_step(store, stmt);
    if (code == SQLITE_ROW)
        *count = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    return code == SQLITE_ROW ? 0 : store_errno(code);
}

static int start_insert(struct store *store, struct start_op *s, const uint8_t hash[CODE_HASH])
{
    sqlite3_stmt *stmt = store_write_stmt(store, Q_VERIFICATION_INSERT);
    store_bind_blob(stmt, ":sid", s->sid.b, sizeof s->sid.b);
    store_bind_int(stmt, ":service_id", s->service_id);
    store_bind_text(stmt, ":to", s->to);
    store_bind_blob(stmt, ":code", hash, CODE_HASH);
    store_bind_int(stmt, ":digits", s->custom[0] != '\0' ? 0 : s->digits);
    store_bind_int(stmt, ":now", s->now_ms);
    store_bind_int(stmt, ":expires", s->now_ms + VERIFY_LIFE_MS);
    int status = run(store, stmt);
    s->out.id = store_last_id(store);
    s->out.expires_ms = s->now_ms + VERIFY_LIFE_MS;
    return status;
}

static int send_insert(struct store *store, const struct start_op *s, int n)
{
    sqlite3_stmt *stmt = store_write_stmt(store, Q_VERIFICATION_SEND_INSERT);
    store_bind_int(stmt, ":id", s->out.id);
    store_bind_int(stmt, ":n", n);
    store_bind_blob(stmt, ":sid", s->message_sid.b, sizeof s->message_sid.b);
    store_bind_int(stmt, ":now", s->now_ms);
    return run(store, stmt);
}

/* What goes out: the client's own, else the one that this verification always has. */
static void code_choose(struct start_op *s, int digits, uint8_t hash[CODE_HASH])
{
    if (s->custom[0] != '\0')
        memcpy(s->out.code, s->custom, sizeof s->custom);
    else
        code_make(s->key, &s->out.sid, digits, s->out.code);
    code_hash(s->key, &s->out.sid, s->out.code, hash);
}

static int start_anew(struct store *store, struct start_op *s)
{
    uint8_t hash[CODE_HASH];
    int64_t count = 0;
    int status = recent_count(store, s, &count);
    if (status != 0)
        return status;
    if (count >= VERIFY_STARTS)
        return -EUSERS;
    s->out.sid = s->sid;
    code_choose(s, s->digits, hash);
    status = start_insert(store, s, hash);
    return status != 0 ? status : send_insert(store, s, 1);
}

static int start_again(struct store *store, struct start_op *s, const struct live *live)
{
    uint8_t hash[CODE_HASH];
    if (live->status == VERIFY_EXHAUSTED)
        return -EBUSY;
    if (live->sends >= VERIFY_SENDS)
        return -EDQUOT;
    s->out.id = live->id;
    s->out.sid = live->sid;
    s->out.expires_ms = live->expires_ms;
    int digits = live->digits != 0 ? live->digits : s->digits;
    code_choose(s, digits, hash);
    int status = code_set(store, live->id, hash, s->custom[0] != '\0' ? 0 : digits, s->now_ms);
    return status != 0 ? status : send_insert(store, s, live->sends + 1);
}

static int start_apply(struct store *store, struct store_op *op)
{
    struct start_op *s = (struct start_op *)op;
    struct live live;
    int status = live_find(store, s->service_id, s->to, NULL, s->now_ms, &live);
    if (status == -ENOENT)
        return start_anew(store, s);
    return status != 0 ? status : start_again(store, s, &live);
}

static void start_done(struct store_op *op, int status)
{
    struct start_op *s = (struct start_op *)op;
    (void)status;
    memset(s->out.code, 0, sizeof s->out.code);
    free(s);
}

static void sweep_arm(struct verify *, int64_t due_ms);

int verify_start(struct verify *verify, const struct verify_request *r, struct verify_started *started)
{
    if (!store_open_for_work(verify->store))
        return -ENOSPC;
    struct start_op *s = calloc(1, sizeof *s);
    if (s == NULL)
        fatal("out of memory");
    *s = (struct start_op){.op = {.apply = start_apply, .done = start_done},
                           .key = &verify->key,
                           .service_id = r->service->id,
                           .now_ms = r->now_ms,
                           .sid = r->sid,
                           .message_sid = r->message_sid,
                           .digits = r->service->code_length};
    snprintf(s->to, sizeof s->to, "%s", r->to);
    snprintf(s->custom, sizeof s->custom, "%s", r->custom_code != NULL ? r->custom_code : "");
    int status = store_submit(verify->store, &s->op); /* done() comes with the commit: s is still there */
    if (status == 0) {
        *started = s->out;
        sweep_arm(verify, started->expires_ms);
    }
    return status == -EINPROGRESS ? -ENOSPC : status;
}

struct unsend_op {
    struct store_op op; /* first */
    int64_t id;
    struct sid message_sid;
    verify_fn *fn;
    void *arg;
};

static int unsend_apply(struct store *store, struct store_op *op)
{
    const struct unsend_op *u = (const struct unsend_op *)op;
    sqlite3_stmt *stmt = store_write_stmt(store, Q_VERIFICATION_SEND_DELETE);
    store_bind_int(stmt, ":id", u->id);
    store_bind_blob(stmt, ":sid", u->message_sid.b, sizeof u->message_sid.b);
    int status = run(store, stmt);
    stmt = store_write_stmt(store, Q_VERIFICATION_DELETE_UNSENT);
    store_bind_int(stmt, ":id", u->id);
    return status != 0 ? status : run(store, stmt);
}

static void unsend_done(struct store_op *op, int status)
{
    struct unsend_op *u = (struct unsend_op *)op;
    u->fn(u->arg, status);
    free(u);
}

void verify_unsend(struct verify *verify, int64_t id, const struct sid *message_sid, verify_fn *fn, void *arg)
{
    struct unsend_op *u = calloc(1, sizeof *u);
    if (u == NULL)
        fatal("out of memory");
    *u = (struct unsend_op){.op = {.apply = unsend_apply, .done = unsend_done},
                            .id = id,
                            .message_sid = *message_sid,
                            .fn = fn,
                            .arg = arg};
    store_submit(verify->store, &u->op);
}

/* ---- check and end ---- */

struct check_op {
    struct store_op op; /* first */
    const struct code_key *key;
    int64_t service_id, now_ms, id;
    char to[NUMBER_MAX], code[CODE_MAX + 1];
    struct sid sid;
    bool by_sid, approved;
    verify_check_fn *fn;
    void *arg;
};

static int end_row(struct store *store, int64_t id, enum verify_status status, int64_t expires_ms,
                   int64_t now_ms)
{
    sqlite3_stmt *stmt = store_write_stmt(store, Q_VERIFICATION_END);
    store_bind_int(stmt, ":id", id);
    store_bind_int(stmt, ":status", status);
    store_bind_int(stmt, ":now", now_ms);
    store_bind_int(stmt, ":due", expires_ms + VERIFY_KEEP_MS);
    int result = run(store, stmt);
    return result == 0 && store_changes(store) == 0 ? -ENOENT : result;
}

static int wrong(struct store *store, const struct live *live, int64_t now_ms)
{
    bool last = live->checks + 1 >= VERIFY_CHECKS;
    sqlite3_stmt *stmt = store_write_stmt(store, last ? Q_VERIFICATION_EXHAUST : Q_VERIFICATION_CHECK_COUNT);
    store_bind_int(stmt, ":id", live->id);
    store_bind_int(stmt, ":now", now_ms);
    return run(store, stmt);
}

static int check_apply(struct store *store, struct store_op *op)
{
    struct check_op *c = (struct check_op *)op;
    struct live live;
    int status = live_find(store, c->service_id, c->to, c->by_sid ? &c->sid : NULL, c->now_ms, &live);
    if (status != 0)
        return status;
    if (live.status == VERIFY_EXHAUSTED)
        return -EBUSY;
    c->id = live.id;
    c->approved = code_matches(c->key, &live.sid, c->code, live.hash);
    return c->approved ? end_row(store, live.id, VERIFY_APPROVED, live.expires_ms, c->now_ms)
                       : wrong(store, &live, c->now_ms);
}

static void check_done(struct store_op *op, int status)
{
    struct check_op *c = (struct check_op *)op;
    memset(c->code, 0, sizeof c->code);
    c->fn(c->arg, status, c->id, status == 0 && c->approved);
    free(c);
}

void verify_check(struct verify *verify, const struct verify_guess *g, verify_check_fn *fn, void *arg)
{
    struct check_op *c = calloc(1, sizeof *c);
    if (c == NULL)
        fatal("out of memory");
    *c = (struct check_op){.op = {.apply = check_apply, .done = check_done},
                           .key = &verify->key,
                           .service_id = g->service_id,
                           .now_ms = g->now_ms,
                           .by_sid = g->sid != NULL,
                           .fn = fn,
                           .arg = arg};
    if (g->sid != NULL)
        c->sid = *g->sid;
    else
        snprintf(c->to, sizeof c->to, "%s", g->to);
    snprintf(c->code, sizeof c->code, "%s", g->code);
    store_submit(verify->store, &c->op);
}

void verify_end(struct verify *verify, int64_t id, enum verify_status status, int64_t now_ms, verify_fn *fn,
                void *arg)
{
    struct verification v;
    if (verify_find_row(verify, id, now_ms, &v) != 0)
        v.expires_ms = now_ms; /* gone meanwhile: the statement meets no row */
    struct store_change *change = store_change_new(verify->store, Q_VERIFICATION_END, fn, arg);
    store_change_int(change, ":id", id);
    store_change_int(change, ":status", status);
    store_change_int(change, ":now", now_ms);
    store_change_int(change, ":due", v.expires_ms + VERIFY_KEEP_MS);
    store_change_submit(change);
}

/* ---- expiry ---- */

struct sweep_op {
    struct store_op op; /* first */
    struct verify *verify;
    int64_t now_ms;
};

static int sweep_run(struct store *store, enum query query, int64_t now_ms)
{
    sqlite3_stmt *stmt = store_write_stmt(store, query);
    store_bind_int(stmt, ":now", now_ms);
    store_bind_int(stmt, ":limit", SWEEP_ROWS);
    if (query == Q_VERIFICATION_EXPIRE)
        store_bind_int(stmt, ":keep", VERIFY_KEEP_MS);
    return run(store, stmt);
}

static int sweep_apply(struct store *store, struct store_op *op)
{
    static const enum query STEPS[] = {Q_VERIFICATION_PURGE_SENDS, Q_VERIFICATION_PURGE,
                                       Q_VERIFICATION_EXPIRE};
    const struct sweep_op *s = (const struct sweep_op *)op;
    int status = 0;
    for (size_t i = 0; i < sizeof STEPS / sizeof STEPS[0] && status == 0; i++)
        status = sweep_run(store, STEPS[i], s->now_ms);
    return status;
}

static void sweep_next(struct verify *verify)
{
    sqlite3_stmt *stmt = store_read_stmt(verify->store, Q_VERIFICATION_NEXT_DUE);
    bool some = store_step(verify->store, stmt) == SQLITE_ROW && sqlite3_column_type(stmt, 0) != SQLITE_NULL;
    int64_t due_ms = some ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    if (some)
        sweep_arm(verify, due_ms);
}

static void sweep_done(struct store_op *op, int status)
{
    struct sweep_op *s = (struct sweep_op *)op;
    if (status == 0)
        sweep_next(s->verify);
    else
        timer_set(&s->verify->sweep, SWEEP_LONGEST);
    free(s);
}

static void on_sweep(void *arg)
{
    struct verify *verify = arg;
    if (!clock_trusted() || !store_open_for_work(verify->store)) {
        timer_set(&verify->sweep, SWEEP_LONGEST);
        return;
    }
    struct sweep_op *s = calloc(1, sizeof *s);
    if (s == NULL)
        fatal("out of memory");
    *s = (struct sweep_op){
        {.apply = sweep_apply, .done = sweep_done, .patient = true}, verify, clock_wall_ms()};
    store_submit(verify->store, &s->op);
}

/* While it is armed it comes soon enough, and then looks for itself. */
static void sweep_arm(struct verify *verify, int64_t due_ms)
{
    int64_t wait_ms = due_ms - clock_wall_ms();
    if (!timer_armed(&verify->sweep))
        timer_set(&verify->sweep, wait_ms < SWEEP_LONGEST ? wait_ms : SWEEP_LONGEST);
}

/* ---- reading ---- */

static void read_sends(struct verify *verify, struct verification *v)
{
    sqlite3_stmt *stmt = store_read_stmt(verify->store, Q_VERIFICATION_SENDS);
    store_bind_int(stmt, ":id", v->id);
    for (v->send_count = 0; v->send_count < VERIFY_SENDS && store_step(verify->store, stmt) == SQLITE_ROW;
         v->send_count++) {
        memcpy(v->sends[v->send_count].message.b, sqlite3_column_blob(stmt, 0), sizeof(struct sid));
        v->sends[v->send_count].at_ms = sqlite3_column_int64(stmt, 1);
    }
    sqlite3_reset(stmt);
}

static int read_one(struct verify *verify, sqlite3_stmt *stmt, int64_t now_ms, struct verification *v)
{
    bool found = store_step(verify->store, stmt) == SQLITE_ROW;
    if (found) {
        *v = (struct verification){.id = sqlite3_column_int64(stmt, 0),
                                   .service_id = sqlite3_column_int64(stmt, 2),
                                   .status = (enum verify_status)sqlite3_column_int(stmt, 4),
                                   .created_ms = sqlite3_column_int64(stmt, 5),
                                   .updated_ms = sqlite3_column_int64(stmt, 6),
                                   .expires_ms = sqlite3_column_int64(stmt, 7)};
        memcpy(v->sid.b, sqlite3_column_blob(stmt, 1), sizeof v->sid.b);
        snprintf(v->to, sizeof v->to, "%s", (const char *)sqlite3_column_text(stmt, 3));
    }
    sqlite3_reset(stmt);
    if (!found)
        return -ENOENT;
    if (v->status == VERIFY_PENDING && v->expires_ms <= now_ms)
        v->status = VERIFY_EXPIRED;
    read_sends(verify, v);
    return 0;
}

int verify_find(struct verify *verify, int64_t service_id, const struct sid *sid, int64_t now_ms,
                struct verification *v)
{
    sqlite3_stmt *stmt = store_read_stmt(verify->store, Q_VERIFICATION_BY_SID);
    store_bind_blob(stmt, ":sid", sid->b, sizeof sid->b);
    store_bind_int(stmt, ":service_id", service_id);
    return read_one(verify, stmt, now_ms, v);
}

int verify_find_row(struct verify *verify, int64_t id, int64_t now_ms, struct verification *v)
{
    sqlite3_stmt *stmt = store_read_stmt(verify->store, Q_VERIFICATION_BY_ID);
    store_bind_int(stmt, ":id", id);
    return read_one(verify, stmt, now_ms, v);
}

int verify_find_number(struct verify *verify, int64_t service_id, const char *to, int64_t now_ms,
                       struct verification *v)
{
    sqlite3_stmt *stmt = store_read_stmt(verify->store, Q_VERIFICATION_BY_NUMBER);
    store_bind_int(stmt, ":service_id", service_id);
    store_bind_text(stmt, ":to", to);
    store_bind_int(stmt, ":now", now_ms);
    return read_one(verify, stmt, now_ms, v);
}

/* ---- open and close ---- */

struct verify *verify_open(struct store *store, struct loop *loop, const struct secret_key *key)
{
    struct verify *verify = calloc(1, sizeof *verify);
    if (verify == NULL)
        fatal("out of memory");
    verify->store = store;
    code_key_init(&verify->key, key);
    timer_init(&verify->sweep, loop, on_sweep, verify);
    sweep_next(verify);
    return verify;
}

void verify_close(struct verify *verify)
{
    if (verify == NULL)
        return;
    timer_stop(&verify->sweep);
    free(verify);
}
