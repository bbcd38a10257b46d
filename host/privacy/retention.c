/* Retention; see privacy.h. A sweep goes through the accounts, and for each through passes: of one status,
 * redacted or not, what is older than its age is a walk of one index. The chores of all accounts follow. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/privacy/privacy_internal.h"

#define EVERY_MS     (600 * 1000LL)
#define FIRST_MS     (60 * 1000LL)       /* after the start, whose own work comes first */
#define PART_KEYS_MS (30 * CLOCK_DAY_MS) /* a service centre repeats no SMS later than that */
#define SERVICE_MS   CLOCK_DAY_MS        /* after its deletion */
#define LOOKS_A_STEP 64

const char *const keep_text[KEEP_COUNT] = {
    [KEEP_MESSAGES] = "messages",   [KEEP_BODIES] = "bodies",           [KEEP_SENT] = "sent",
    [KEEP_DELIVERED] = "delivered", [KEEP_UNDELIVERED] = "undelivered", [KEEP_FAILED] = "failed",
    [KEEP_CANCELED] = "canceled",   [KEEP_RECEIVED] = "received"};

static const struct {
    enum message_status status;
    enum keep keep;
} STATUSES[] = {{MESSAGE_SENT, KEEP_SENT},
                {MESSAGE_DELIVERED, KEEP_DELIVERED},
                {MESSAGE_UNDELIVERED, KEEP_UNDELIVERED},
                {MESSAGE_FAILED, KEEP_FAILED},
                {MESSAGE_CANCELED, KEEP_CANCELED},
                {MESSAGE_RECEIVED, KEEP_RECEIVED}};
#define STATUS_COUNT (sizeof STATUSES / sizeof STATUSES[0])

_Static_assert(MESSAGE_SENT == 5 && MESSAGE_RECEIVING == 10 && MESSAGE_RECEIVED == 11,
               "the index message_keep names these");

/* First what is to be deleted, redacted or not; then what is to be redacted. */
enum { PASS_DELETE, PASS_DELETE_REDACTED, PASS_REDACT, PASS_KINDS };
#define PASSES (PASS_KINDS * STATUS_COUNT)

/* ---- ages ---- */

static void own_words(struct privacy *privacy, int64_t account_id, int64_t keep_s[KEEP_COUNT])
{
    for (int what = 0; what < KEEP_COUNT; what++)
        keep_s[what] = KEEP_AS_FILE;
    sqlite3_stmt *stmt = store_read_stmt(privacy->store, Q_RETENTION_OF);
    store_bind_int(stmt, ":account", account_id);
    while (store_step(privacy->store, stmt) == SQLITE_ROW)
        for (int what = 0; what < KEEP_COUNT; what++)
            if (strcmp((const char *)sqlite3_column_text(stmt, 0), keep_text[what]) == 0)
                keep_s[what] = sqlite3_column_int64(stmt, 1);
    sqlite3_reset(stmt);
}

static int64_t resolve(const struct privacy *privacy, const int64_t own[KEEP_COUNT], enum keep what)
{
    bool status = what != KEEP_MESSAGES && what != KEEP_BODIES;
    if (status && own[what] > 0)
        return own[what];
    if (!status || own[KEEP_MESSAGES] >= 0) {
        enum keep plain = status ? KEEP_MESSAGES : what;
        return own[plain] >= 0 ? own[plain] : privacy->file_keep[plain];
    }
    return privacy->file_keep[what] > 0 ? privacy->file_keep[what] : privacy->file_keep[KEEP_MESSAGES];
}

static void keep_load(struct privacy *privacy, int64_t account_id, int64_t keep_s[KEEP_COUNT])
{
    int64_t own[KEEP_COUNT];
    own_words(privacy, account_id, own);
    for (int what = 0; what < KEEP_COUNT; what++)
        keep_s[what] = resolve(privacy, own, (enum keep)what);
}

int64_t privacy_keep(struct privacy *privacy, int64_t account_id, enum keep what)
{
    int64_t keep_s[KEEP_COUNT];
    keep_load(privacy, account_id, keep_s);
    return keep_s[what];
}

struct setting {
    struct store_op op; /* first */
    int64_t account_id;
    struct keep_change changes[KEEP_COUNT];
    size_t count;
    durable_fn *fn;
    void *arg;
};

static int setting_apply(struct store *store, struct store_op *op)
{
    const struct setting *s = (const struct setting *)op;
    int status = 0;
    for (size_t i = 0; status == 0 && i < s->count; i++) {
        bool unset = s->changes[i].keep_s == KEEP_AS_FILE;
        sqlite3_stmt *stmt = store_write_stmt(store, unset ? Q_RETENTION_UNSET : Q_RETENTION_SET);
        store_bind_int(stmt, ":account", s->account_id);
        store_bind_text(stmt, ":what", keep_text[s->changes[i].what]);
        if (!unset)
            store_bind_int(stmt, ":keep", s->changes[i].keep_s);
        status = store_errno(store_step(store, stmt));
        sqlite3_reset(stmt);
    }
    return status;
}

static void setting_done(struct store_op *op, int status)
{
    struct setting *s = (struct setting *)op;
    s->fn(s->arg, status);
    free(s);
}

void privacy_keep_set(struct privacy *privacy, int64_t account_id, const struct keep_change *changes,
                      size_t count, durable_fn *fn, void *arg)
{
    struct setting *s = calloc(1, sizeof *s);
    if (s == NULL || count > KEEP_COUNT)
        fatal("out of memory");
    *s = (struct setting){.op = {.apply = setting_apply, .done = setting_done},
                          .account_id = account_id,
                          .count = count,
                          .fn = fn,
                          .arg = arg};
    memcpy(s->changes, changes, count * sizeof *changes);
    store_submit(privacy->store, &s->op);
}

/* ---- messages ---- */

static void step_after(struct privacy *privacy, int64_t delay_ms)
{
    if (!privacy->stopped)
        timer_set(&privacy->sweep.timer, delay_ms);
}

static void on_gone(void *arg, int status)
{
    struct privacy *privacy = arg;
    (void)status; /* it changed meanwhile, or the disk is full: the next sweep looks again */
    if (--privacy->sweep.waiting == 0)
        step_after(privacy, STEP_PAUSE_MS);
}

static int64_t pass_age_s(const struct sweep *sweep)
{
    bool redact = sweep->pass / STATUS_COUNT == PASS_REDACT;
    return sweep->keep_s[redact ? KEEP_BODIES : STATUSES[sweep->pass % STATUS_COUNT].keep];
}

static void pass_next(struct sweep *sweep)
{
    sweep->pass++;
    sweep->after_ms = sweep->after = 0;
}

/* Looks at the next rows of the pass; those that may go. */
static size_t pass_rows(struct privacy *privacy, int64_t now_ms, int64_t ids[STEP_ROWS])
{
    struct sweep *sweep = &privacy->sweep;
    size_t seen = 0, count = 0;
    sqlite3_stmt *stmt = store_read_stmt(privacy->store, Q_RETENTION_OLD);
    store_bind_int(stmt, ":account", sweep->account_id);
    store_bind_int(stmt, ":redacted", sweep->pass / STATUS_COUNT == PASS_DELETE_REDACTED);
    store_bind_int(stmt, ":status", STATUSES[sweep->pass % STATUS_COUNT].status);
    store_bind_int(stmt, ":after_ms", sweep->after_ms);
    store_bind_int(stmt, ":after", sweep->after);
    store_bind_int(stmt, ":before", now_ms - pass_age_s(sweep) * 1000);
    store_bind_int(stmt, ":now", now_ms);
    store_bind_int(stmt, ":limit", STEP_ROWS);
    for (; store_step(privacy->store, stmt) == SQLITE_ROW; seen++) {
        sweep->after = sqlite3_column_int64(stmt, 0);
        sweep->after_ms = sqlite3_column_int64(stmt, 1);
        if (sqlite3_column_int(stmt, 2) != 0)
            ids[count++] = sweep->after;
    }
    sqlite3_reset(stmt);
    if (seen < STEP_ROWS)
        pass_next(sweep);
    return count;
}

/* True when changes were begun. */
static bool pass_step(struct privacy *privacy)
{
    struct sweep *sweep = &privacy->sweep;
    bool redact = sweep->pass / STATUS_COUNT == PASS_REDACT;
    int64_t ids[STEP_ROWS];
    if (pass_age_s(sweep) == 0) {
        pass_next(sweep);
        return false;
    }
    size_t count = pass_rows(privacy, clock_wall_ms(), ids);
    sweep->waiting = count;
    *(redact ? &sweep->redacted : &sweep->deleted) += (int64_t)count;
    for (size_t i = 0; i < count; i++)
        (redact ? queue_redact : queue_delete)(privacy->queue, ids[i], on_gone, privacy);
    return count > 0;
}

/* ---- chores ---- */

struct chore {
    struct store_op op; /* first */
    struct privacy *privacy;
    unsigned which;
    int64_t before_ms, gone; /* gone: left by apply */
};

static int rows_chore(struct store *store, struct chore *chore, enum query query)
{
    sqlite3_stmt *stmt = store_write_stmt(store, query);
    store_bind_int(stmt, ":before", chore->before_ms);
    store_bind_int(stmt, ":limit", STEP_ROWS);
    int code = store_step(store, stmt);
    sqlite3_reset(stmt);
    chore->gone = store_changes(store);
    return store_errno(code);
}

static int part_keys(struct store *store, struct chore *chore)
{
    return rows_chore(store, chore, Q_RETENTION_PARTS);
}

static int idempotency_keys(struct store *store, struct chore *chore)
{
    return rows_chore(store, chore, Q_RETENTION_KEYS);
}

/* One service a step, with all that is said of it. */
static int services(struct store *store, struct chore *chore)
{
    static const enum query queries[] = {Q_RETENTION_SERVICE_LINES, Q_RETENTION_SERVICE_ALPHAS,
                                         Q_RETENTION_SERVICE_STICKY, Q_RETENTION_SERVICE_OPTOUTS,
                                         Q_RETENTION_SERVICE_ROW};
    sqlite3_stmt *stmt = store_write_stmt(store, Q_RETENTION_SERVICE);
    store_bind_int(stmt, ":before", chore->before_ms);
    int code = store_step(store, stmt);
    int64_t id = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    for (size_t i = 0; id != 0 && i < sizeof queries / sizeof queries[0]; i++) {
        stmt = store_write_stmt(store, queries[i]);
        store_bind_int(stmt, ":service", id);
        code = store_step(store, stmt);
        sqlite3_reset(stmt);
        if (store_errno(code) != 0)
            break;
    }
    chore->gone = id != 0;
    return store_errno(code);
}

static const struct {
    int (*apply)(struct store *, struct chore *);
    int64_t age_ms, full; /* that many rows: there may be more */
} CHORES[] = {
    {part_keys, PART_KEYS_MS, STEP_ROWS}, {idempotency_keys, 0, STEP_ROWS}, {services, SERVICE_MS, 1}};
#define CHORE_COUNT (sizeof CHORES / sizeof CHORES[0])

static int chore_apply(struct store *store, struct store_op *op)
{
    struct chore *chore = (struct chore *)op;
    chore->gone = 0;
    return CHORES[chore->which].apply(store, chore);
}

static void chore_done(struct store_op *op, int status)
{
    struct chore *chore = (struct chore *)op;
    struct privacy *privacy = chore->privacy;
    privacy->sweep.others += status == 0 ? chore->gone : 0;
    if (status != 0 || chore->gone < CHORES[chore->which].full)
        privacy->sweep.chore++;
    privacy->sweep.waiting = 0;
    step_after(privacy, STEP_PAUSE_MS);
    free(chore);
}

static void chore_step(struct privacy *privacy)
{
    struct chore *chore = calloc(1, sizeof *chore);
    if (chore == NULL)
        fatal("out of memory");
    *chore = (struct chore){.op = {.apply = chore_apply, .done = chore_done},
                            .privacy = privacy,
                            .which = privacy->sweep.chore,
                            .before_ms = clock_wall_ms() - CHORES[privacy->sweep.chore].age_ms};
    privacy->sweep.waiting = 1;
    store_submit(privacy->store, &chore->op);
}

/* ---- a sweep ---- */

static void account_begin(struct privacy *privacy, int64_t account_id)
{
    privacy->sweep.account_id = account_id;
    privacy->sweep.pass = 0;
    privacy->sweep.after_ms = privacy->sweep.after = 0;
    if (account_id != 0)
        keep_load(privacy, account_id, privacy->sweep.keep_s);
}

static void sweep_end(struct privacy *privacy)
{
    struct sweep *sweep = &privacy->sweep;
    if (sweep->deleted + sweep->redacted + sweep->others > 0) {
        store_scrub(privacy->store, 0);
        log_event(LOG_INFO, "privacy.retention", "deleted=%lld redacted=%lld others=%lld",
                  (long long)sweep->deleted, (long long)sweep->redacted, (long long)sweep->others);
    }
    sweep->under_way = false;
    sweep->deleted = sweep->redacted = sweep->others = 0;
    step_after(privacy, EVERY_MS);
}

static void on_sweep(void *arg)
{
    struct privacy *privacy = arg;
    struct sweep *sweep = &privacy->sweep;
    if (sweep->waiting > 0)
        return;
    if (!clock_trusted() || !store_open_for_work(privacy->store)) {
        step_after(privacy, FIRST_MS);
        return;
    }
    if (!sweep->under_way) {
        sweep->under_way = true;
        sweep->chore = 0;
        account_begin(privacy, account_after(privacy, 0));
    }
    for (int look = 0; sweep->account_id != 0 && look < LOOKS_A_STEP; look++) {
        if (sweep->pass == PASSES)
            account_begin(privacy, account_after(privacy, sweep->account_id));
        else if (pass_step(privacy))
            return;
    }
    if (sweep->account_id != 0)
        step_after(privacy, 0);
    else if (sweep->chore < CHORE_COUNT)
        chore_step(privacy);
    else
        sweep_end(privacy);
}

void sweep_open(struct privacy *privacy)
{
    timer_init(&privacy->sweep.timer, privacy->loop, on_sweep, privacy);
    timer_set(&privacy->sweep.timer, FIRST_MS);
}
