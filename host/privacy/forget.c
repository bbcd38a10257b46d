/* Forgetting a number; see privacy.h. A caller's job first looks, step by step, for what is under way; then
 * its receipt is made, which is the job from there on. Receipts that only wait for what is under way do not
 * hold up the next. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/privacy/privacy_internal.h"

#define LOOK_ROWS 256
#define WAIT_MS   2000

const char *const forget_rows_text[FORGET_ROWS] = {[ROWS_MESSAGES] = "messages",
                                                   [ROWS_SEGMENTS] = "segments",
                                                   [ROWS_ATTEMPTS] = "attempts",
                                                   [ROWS_PARTS] = "parts",
                                                   [ROWS_EVENTS] = "events",
                                                   [ROWS_HOOKS] = "hooks",
                                                   [ROWS_NOTIFICATIONS] = "notifications",
                                                   [ROWS_FEEDBACK] = "feedback",
                                                   [ROWS_KEYS] = "idempotency_keys",
                                                   [FORGET_VERIFICATIONS] = "verifications",
                                                   [FORGET_STICKY] = "sticky_senders",
                                                   [FORGET_REPORTS] = "reports",
                                                   [FORGET_OPTOUTS] = "optouts_marked"};

struct forget_job {
    struct forget_job *next;
    char number[NUMBER_MAX];
    int64_t account_id;
    bool wait;
    forget_fn *fn;
    void *arg;
    int64_t look_account, look_after, moving; /* how far the look came */
    int look_form;
    int64_t receipt_id; /* 0 = not made yet */
};

struct forms {
    char text[FORMS][NUMBER_MAX + 4];
};

/* As the API keeps a number, and as a network may tell one of our own country. */
static void forms_of(const struct privacy *privacy, const char *number, struct forms *forms)
{
    size_t code = strlen(privacy->country);
    bool local = code > 0 && strncmp(number + 1, privacy->country, code) == 0;
    snprintf(forms->text[0], sizeof forms->text[0], "%s", number);
    snprintf(forms->text[1], sizeof forms->text[1], "%s", number + 1);
    if (local)
        snprintf(forms->text[2], sizeof forms->text[2], "%s%s", privacy->trunk, number + 1 + code);
    else
        snprintf(forms->text[2], sizeof forms->text[2], "%s", number);
}

static void bind_forms(sqlite3_stmt *stmt, const struct forms *forms)
{
    static const char *const names[FORMS] = {":a", ":b", ":c"};
    for (int i = 0; i < FORMS; i++)
        store_bind_text(stmt, names[i], forms->text[i]);
}

static int run(struct store *store, sqlite3_stmt *stmt)
{
    int code = store_step(store, stmt);
    sqlite3_reset(stmt);
    return store_errno(code);
}

/* ---- receipts ---- */

static void read_rows(struct privacy *privacy, struct forget_receipt *receipt)
{
    sqlite3_stmt *stmt = store_read_stmt(privacy->store, Q_FORGET_COUNTS);
    store_bind_int(stmt, ":receipt", receipt->id);
    while (store_step(privacy->store, stmt) == SQLITE_ROW)
        for (int kind = 0; kind < FORGET_ROWS; kind++)
            if (strcmp((const char *)sqlite3_column_text(stmt, 0), forget_rows_text[kind]) == 0)
                receipt->rows[kind] = sqlite3_column_int64(stmt, 1);
    sqlite3_reset(stmt);
}

size_t privacy_receipts(struct privacy *privacy, const char *number, int64_t before_id, size_t limit,
                        receipt_fn *fn, void *arg)
{
    char mark[MARK_TEXT];
    size_t count = 0;
    sqlite3_stmt *stmt =
        store_read_stmt(privacy->store, number != NULL ? Q_FORGET_RECEIPTS_OF : Q_FORGET_RECEIPTS);
    if (number != NULL) {
        mark_number(&privacy->key, number, mark);
        store_bind_text(stmt, ":mark", mark);
    }
    store_bind_int(stmt, ":before", before_id != 0 ? before_id : INT64_MAX);
    store_bind_int(stmt, ":limit", (int64_t)limit);
    for (; store_step(privacy->store, stmt) == SQLITE_ROW; count++) {
        struct forget_receipt receipt = {.id = sqlite3_column_int64(stmt, 0),
                                         .account_id = sqlite3_column_int64(stmt, 1),
                                         .asked_ms = sqlite3_column_int64(stmt, 3),
                                         .done_ms = sqlite3_column_int64(stmt, 4)};
        snprintf(receipt.mark, sizeof receipt.mark, "%s", (const char *)sqlite3_column_text(stmt, 2));
        read_rows(privacy, &receipt);
        fn(arg, &receipt);
    }
    sqlite3_reset(stmt);
    return count;
}

static void keep_receipt(void *arg, const struct forget_receipt *receipt)
{
    *(struct forget_receipt *)arg = *receipt;
}

/* ---- a caller's job ---- */

static void job_end(struct privacy *privacy, struct forget_job *job, int status,
                    const struct forget_receipt *receipt)
{
    struct forget_job **at = &privacy->forgetting.jobs;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    job->fn(job->arg, status, job->moving, receipt);
    free(job);
}

/* One step of the look; true when it is over. */
static bool job_look(struct privacy *privacy, struct forget_job *job)
{
    struct forms forms;
    size_t seen = 0;
    if (job->wait)
        return true;
    if (job->look_account == 0)
        job->look_account = job->account_id != 0 ? job->account_id : account_after(privacy, 0);
    forms_of(privacy, job->number, &forms);
    sqlite3_stmt *stmt = store_read_stmt(privacy->store, Q_FORGET_MOVING);
    store_bind_int(stmt, ":account", job->look_account);
    store_bind_text(stmt, ":to", forms.text[job->look_form]);
    store_bind_int(stmt, ":after", job->look_after);
    store_bind_int(stmt, ":limit", LOOK_ROWS);
    for (; store_step(privacy->store, stmt) == SQLITE_ROW; seen++) {
        job->look_after = sqlite3_column_int64(stmt, 0);
        job->moving += sqlite3_column_int(stmt, 1);
    }
    sqlite3_reset(stmt);
    if (seen == LOOK_ROWS)
        return false;
    job->look_after = 0;
    job->look_form = (job->look_form + 1) % FORMS;
    while (job->look_form == 2 && strcmp(forms.text[2], forms.text[0]) == 0)
        job->look_form = 0;
    if (job->look_form == 0)
        job->look_account = job->account_id != 0 ? 0 : account_after(privacy, job->look_account);
    return job->look_account == 0;
}

struct begin {
    struct store_op op; /* first */
    struct privacy *privacy;
    struct forget_job *job;
    char mark[MARK_TEXT];
    int64_t now_ms, receipt_id;
};

static int begin_apply(struct store *store, struct store_op *op)
{
    struct begin *b = (struct begin *)op;
    sqlite3_stmt *stmt = store_write_stmt(store, Q_FORGET_LAST_MESSAGE);
    int code = store_step(store, stmt);
    int64_t before = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    if (code != SQLITE_ROW)
        return store_errno(code);
    stmt = store_write_stmt(store, Q_FORGET_INSERT);
    store_bind_int(stmt, ":account", b->job->account_id);
    store_bind_text(stmt, ":mark", b->mark);
    store_bind_text(stmt, ":number", b->job->number);
    store_bind_int(stmt, ":before", before);
    store_bind_int(stmt, ":now", b->now_ms);
    int status = run(store, stmt);
    b->receipt_id = store_last_id(store);
    return status;
}

static void step_later(struct privacy *privacy, int64_t delay_ms)
{
    privacy->forgetting.busy = false;
    if (!privacy->stopped)
        timer_set(&privacy->forgetting.timer, delay_ms);
}

static void begin_done(struct store_op *op, int status)
{
    struct begin *b = (struct begin *)op;
    b->job->receipt_id = b->receipt_id;
    if (status != 0)
        job_end(b->privacy, b->job, status, NULL);
    step_later(b->privacy, 0);
    free(b);
}

static void job_begin(struct privacy *privacy, struct forget_job *job)
{
    struct begin *b = calloc(1, sizeof *b);
    if (b == NULL)
        fatal("out of memory");
    *b = (struct begin){.op = {.apply = begin_apply, .done = begin_done},
                        .privacy = privacy,
                        .job = job,
                        .now_ms = clock_wall_ms()};
    mark_number(&privacy->key, job->number, b->mark);
    privacy->forgetting.busy = true;
    store_submit(privacy->store, &b->op);
}

static void job_step(struct privacy *privacy, struct forget_job *job)
{
    if (!job_look(privacy, job)) {
        step_later(privacy, 0);
    } else if (job->moving > 0) {
        job_end(privacy, job, -EBUSY, NULL);
        step_later(privacy, 0);
    } else {
        job_begin(privacy, job);
    }
}

/* ---- erasing ---- */

struct erase {
    struct store_op op; /* first */
    struct privacy *privacy;
    int64_t receipt_id, account_id, before_id, now_ms;
    char number[NUMBER_MAX], mark[MARK_TEXT];
    struct forms forms;
    /* what apply left */
    int64_t rows[FORGET_ROWS], left;
    size_t erased;
};

static sqlite3_stmt *erase_stmt(struct store *store, const struct erase *e, enum query query)
{
    sqlite3_stmt *stmt = store_write_stmt(store, query);
    bind_forms(stmt, &e->forms);
    store_bind_int(stmt, ":account", e->account_id);
    return stmt;
}

static int erase_messages(struct store *store, struct erase *e)
{
    int64_t ids[STEP_ROWS];
    int code, status = 0;
    sqlite3_stmt *stmt = erase_stmt(store, e, Q_FORGET_ROWS);
    store_bind_int(stmt, ":before", e->before_id);
    store_bind_int(stmt, ":limit", STEP_ROWS);
    while ((code = store_step(store, stmt)) == SQLITE_ROW)
        ids[e->erased++] = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    if (code != SQLITE_DONE)
        return store_errno(code);
    for (size_t i = 0; status == 0 && i < e->erased; i++)
        status = queue_erase(store, ids[i], e->rows);
    return status;
}

static int erase_left(struct store *store, struct erase *e)
{
    sqlite3_stmt *stmt = erase_stmt(store, e, Q_FORGET_LEFT);
    store_bind_int(stmt, ":before", e->before_id);
    int code = store_step(store, stmt);
    e->left = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    return store_errno(code);
}

/* What is no message: few rows of each kind. */
static int erase_rest(struct store *store, struct erase *e)
{
    static const struct {
        enum query query;
        enum forget_rows kind; /* FORGET_ROWS = not told */
        bool mark;
    } RESTS[] = {
        {Q_FORGET_SENDS, FORGET_ROWS, false},           {Q_FORGET_VERIFICATIONS, FORGET_VERIFICATIONS, false},
        {Q_FORGET_STICKY, FORGET_STICKY, false},        {Q_FORGET_REPORTS, FORGET_REPORTS, false},
        {Q_FORGET_OPTOUTS_TWICE, FORGET_OPTOUTS, true}, {Q_FORGET_OPTOUTS, FORGET_OPTOUTS, true}};
    int status = 0;
    for (size_t i = 0; status == 0 && i < sizeof RESTS / sizeof RESTS[0]; i++) {
        sqlite3_stmt *stmt = erase_stmt(store, e, RESTS[i].query);
        if (RESTS[i].mark)
            store_bind_text(stmt, ":mark", e->mark);
        status = run(store, stmt);
        if (status == 0 && RESTS[i].kind != FORGET_ROWS)
            e->rows[RESTS[i].kind] += store_changes(store);
    }
    sqlite3_stmt *stmt = store_write_stmt(store, Q_FORGET_DONE);
    store_bind_int(stmt, ":receipt", e->receipt_id);
    store_bind_int(stmt, ":now", e->now_ms);
    return status != 0 ? status : run(store, stmt);
}

static int erase_count(struct store *store, const struct erase *e)
{
    int status = 0;
    for (int kind = 0; status == 0 && kind < FORGET_ROWS; kind++) {
        if (e->rows[kind] == 0)
            continue;
        sqlite3_stmt *stmt = store_write_stmt(store, Q_FORGET_COUNT_ADD);
        store_bind_int(stmt, ":receipt", e->receipt_id);
        store_bind_text(stmt, ":what", forget_rows_text[kind]);
        store_bind_int(stmt, ":gone", e->rows[kind]);
        status = run(store, stmt);
    }
    return status;
}

static int erase_apply(struct store *store, struct store_op *op)
{
    struct erase *e = (struct erase *)op;
    memset(e->rows, 0, sizeof e->rows);
    e->erased = 0;
    e->left = 0;
    int status = erase_messages(store, e);
    if (status == 0 && e->erased == 0)
        status = erase_left(store, e);
    if (status == 0 && e->erased == 0 && e->left == 0)
        status = erase_rest(store, e);
    return status == 0 ? erase_count(store, e) : status;
}

static void receipt_done(struct privacy *privacy, const struct erase *e)
{
    struct forget_receipt receipt = {0};
    privacy_receipts(privacy, NULL, e->receipt_id + 1, 1, keep_receipt, &receipt);
    log_event(LOG_INFO, "privacy.forgotten", "receipt=%lld messages=%lld mark=%s", (long long)receipt.id,
              (long long)receipt.rows[ROWS_MESSAGES], receipt.mark);
    for (struct forget_job *job = privacy->forgetting.jobs; job != NULL; job = job->next)
        if (job->receipt_id == e->receipt_id) {
            job_end(privacy, job, 0, &receipt);
            break;
        }
}

static void erase_done(struct store_op *op, int status)
{
    struct erase *e = (struct erase *)op;
    struct privacy *privacy = e->privacy;
    bool waits = status == 0 && e->left > 0, done = status == 0 && e->erased == 0 && e->left == 0;
    if (status != 0)
        log_event(LOG_ERROR, "privacy.forget_failed", "receipt=%lld error=\"%s\"", (long long)e->receipt_id,
                  strerror(-status));
    if (done) {
        store_scrub(privacy->store, 0);
        receipt_done(privacy, e);
    }
    if (waits)
        privacy->forgetting.after = e->receipt_id;
    step_later(privacy, status != 0 ? WAIT_MS : done || waits ? 0 : STEP_PAUSE_MS);
    free(e);
}

/* The next receipt that is not done; false: none. */
static bool erase_next(struct privacy *privacy)
{
    sqlite3_stmt *stmt = store_read_stmt(privacy->store, Q_FORGET_NEXT);
    store_bind_int(stmt, ":after", privacy->forgetting.after);
    bool found = store_step(privacy->store, stmt) == SQLITE_ROW;
    struct erase *e = found ? calloc(1, sizeof *e) : NULL;
    if (found && e == NULL)
        fatal("out of memory");
    if (found) {
        *e = (struct erase){.op = {.apply = erase_apply, .done = erase_done},
                            .privacy = privacy,
                            .receipt_id = sqlite3_column_int64(stmt, 0),
                            .account_id = sqlite3_column_int64(stmt, 1),
                            .before_id = sqlite3_column_int64(stmt, 3),
                            .now_ms = clock_wall_ms()};
        snprintf(e->number, sizeof e->number, "%s", (const char *)sqlite3_column_text(stmt, 2));
    }
    sqlite3_reset(stmt);
    if (!found)
        return false;
    forms_of(privacy, e->number, &e->forms);
    mark_number(&privacy->key, e->number, e->mark);
    privacy->forgetting.busy = true;
    store_submit(privacy->store, &e->op);
    return true;
}

static void on_step(void *arg)
{
    struct privacy *privacy = arg;
    struct forgetting *f = &privacy->forgetting;
    if (f->busy)
        return;
    for (struct forget_job *job = f->jobs; job != NULL; job = job->next)
        if (job->receipt_id == 0) {
            job_step(privacy, job);
            return;
        }
    if (erase_next(privacy) || f->after == 0)
        return;
    f->after = 0; /* all that is left waits for what is under way */
    timer_set(&f->timer, WAIT_MS);
}

void privacy_forget(struct privacy *privacy, const struct forget_request *request, forget_fn *fn, void *arg)
{
    struct forget_job *job = calloc(1, sizeof *job), **end = &privacy->forgetting.jobs;
    if (job == NULL)
        fatal("out of memory");
    snprintf(job->number, sizeof job->number, "%s", request->number);
    job->account_id = request->account_id;
    job->wait = request->wait;
    job->fn = fn;
    job->arg = arg;
    while (*end != NULL)
        end = &(*end)->next;
    *end = job;
    if (!privacy->forgetting.busy)
        step_later(privacy, 0);
}

void forget_open(struct privacy *privacy)
{
    timer_init(&privacy->forgetting.timer, privacy->loop, on_step, privacy);
    timer_set(&privacy->forgetting.timer, 0);
}

void forget_close(struct privacy *privacy)
{
    while (privacy->forgetting.jobs != NULL)
        job_end(privacy, privacy->forgetting.jobs, -ECANCELED, NULL);
}
