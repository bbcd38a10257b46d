/* Status reports: which attempt one belongs to, and what it makes of the message.
 *
 * TP-MR is 8 bits and wraps, recipients come back in national form, and a report may overtake its own +CMGS.
 * So a report is matched on line, MR, recipient and time; what matches nothing waits for an attempt in flight
 * to settle. The same report twice changes nothing. A final message is never changed back: a late report is
 * history only. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"
#include "host/queue/queue_internal.h"

#define MR_UNKNOWN      (-1) /* the modem said OK without a reference that could be read */
#define CANDIDATES_MR   64   /* of one MR on one line: 64 times 256 messages back */
#define CANDIDATES_OPEN 1024 /* of those in flight or unsure on one line */

/* A report as it is applied; id 0 = it was never kept. */
struct notice {
    int64_t id, line_id;
    int mr;
    char to[ADDRESS_MAX];
    uint8_t st;
    int64_t scts_ms, done_ms;
};

/* Twilio's code for a TP-ST that is final (9.2.3.15); what is not here is 30008. */
static const struct {
    uint8_t st;
    int error;
} st_errors[] = {
    {0x41, 30006}, /* incompatible destination */
    {0x42, 30004}, /* connection rejected by SME */
    {0x43, 30005}, /* not obtainable */
    {0x45, 30006}, /* no interworking available */
    {0x46, 30003}, /* SM validity period expired */
    {0x48, 30007}, /* deleted by SC administration */
    {0x60, 30017}, /* congestion */
    {0x61, 30003}, /* SME busy */
    {0x62, 30003}, /* no response from SME */
    {0x63, 30004}, /* service rejected */
};

static int st_error(uint8_t st)
{
    for (size_t i = 0; i < sizeof st_errors / sizeof st_errors[0]; i++)
        if (st_errors[i].st == st)
            return st_errors[i].error;
    return ERROR_UNKNOWN;
}

static int64_t latest_start(const struct notice *notice, int64_t now_ms)
{
    return (notice->scts_ms > 0 ? notice->scts_ms : now_ms) + CLOCK_SKEW_MS;
}

/* ---- applying ---- */

static int store_on_attempt(struct transition *t, const struct attempt *attempt, const struct notice *notice)
{
    bool was_unsure = attempt->state == ATTEMPT_UNSURE;
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_ATTEMPT_REPORT);
    store_bind_int(stmt, ":message", attempt->message_id);
    store_bind_int(stmt, ":n", attempt->n);
    store_bind_int(stmt, ":state", was_unsure ? ATTEMPT_SENT : attempt->state);
    store_bind_int(stmt, ":mr", notice->mr);
    store_bind_int(stmt, ":st", notice->st);
    store_bind_int(stmt, ":scts", notice->scts_ms);
    store_bind_int(stmt, ":done", notice->done_ms);
    int status = sql_run(t->queue->store, stmt);
    return status != 0 ? status
                       : queue_note(t, attempt->message_id, "report", "attempt=%d segment=%u mr=%d st=0x%02X",
                                    attempt->n, attempt->seq, notice->mr, notice->st);
}

static int segment_get(struct transition *t, const struct attempt *attempt, enum segment_state *state)
{
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_SEGMENT_GET_STATE);
    store_bind_int(stmt, ":message", attempt->message_id);
    store_bind_int(stmt, ":seq", attempt->seq);
    store_bind_int(stmt, ":n", attempt->n);
    int status = sql_next(t->queue->store, stmt);
    if (status <= 0)
        return status < 0 ? status : -EIO;
    *state = (enum segment_state)sqlite3_column_int(stmt, 0);
    bool another = sqlite3_column_int(stmt, 1) != 0;
    sqlite3_reset(stmt);
    return another || *state == SEGMENT_WAITING;
}

/* An attempt of unknown outcome was sent after all. Its segment may meanwhile wait for a resend, which is not
 * needed any more; or it is out again, or settled by hand: then the report only counts. */
static int prove_sent(struct transition *t, const struct attempt *attempt, enum segment_state was,
                      struct life *life, struct work *work)
{
    int status = 0;
    if (!work->exists || (was != SEGMENT_UNSURE && was != SEGMENT_WAITING))
        return 0;
    if (was == SEGMENT_UNSURE)
        status = life_set_unsure(t, life, work, work->unsure - 1);
    return status != 0 ? status : life_segment_sent(t, life, work, attempt->seq);
}

/* 1 when this is news, 0 when delivered or failed was said before. */
static int segment_reported(struct transition *t, const struct attempt *attempt, enum segment_report report)
{
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_SEGMENT_REPORT);
    store_bind_int(stmt, ":message", attempt->message_id);
    store_bind_int(stmt, ":seq", attempt->seq);
    store_bind_int(stmt, ":report", report);
    return sql_guarded(t->queue->store, stmt);
}

/* What a report does to the message of its attempt, whose segment was in that state. */
static int report_counts(struct transition *t, const struct attempt *attempt, const struct notice *notice,
                         enum segment_report report, enum segment_state was, struct life *life)
{
    struct work work;
    int news = report == REPORTED_NOT ? 0 : segment_reported(t, attempt, report);
    int status = news < 0 ? news : work_load(t, attempt->message_id, &work);
    if (status == 0 && attempt->state == ATTEMPT_UNSURE)
        status = prove_sent(t, attempt, was, life, &work);
    if (status != 0 || news == 0 || life_is_settled(life))
        return status;
    if (report == REPORTED_FAILED)
        return life_end(t, life, &work, MESSAGE_UNDELIVERED, st_error(notice->st), notice->done_ms);
    return life->status == MESSAGE_SENT ? life_reports(t, life) : 0;
}

static int report_apply(struct transition *t, const struct attempt *attempt, const struct notice *notice)
{
    static const enum segment_report reports[] = {[ST_DELIVERED] = REPORTED_DELIVERED,
                                                  [ST_ACCEPTED] = REPORTED_ACCEPTED,
                                                  [ST_TRYING] = REPORTED_NOT,
                                                  [ST_FAILED] = REPORTED_FAILED};
    enum segment_report report = reports[pdu_st_class(notice->st)];
    enum segment_state was;
    struct life life;
    int status = store_on_attempt(t, attempt, notice);
    if (status == 0)
        status = life_load(t, attempt->message_id, &life);
    if (status != 0 || life_is_settled(&life))
        return status;
    int copy = segment_get(t, attempt, &was);
    if (copy < 0 || (copy > 0 && report == REPORTED_FAILED))
        return copy < 0 ? copy : 0; /* another copy goes, or has gone: that one decides */
    return report_counts(t, attempt, notice, report, was, &life);
}

/* ---- matching ---- */

static void candidate_columns(sqlite3_stmt *stmt, int64_t line_id, struct attempt *attempt)
{
    memset(attempt, 0, sizeof *attempt);
    attempt->line_id = line_id;
    attempt->message_id = sqlite3_column_int64(stmt, 0);
    attempt->n = sqlite3_column_int(stmt, 1);
    attempt->seq = (unsigned)sqlite3_column_int(stmt, 2);
    attempt->state = (enum attempt_state)sqlite3_column_int(stmt, 3);
    attempt->started_ms = sqlite3_column_int64(stmt, 4);
    attempt->st = sqlite3_column_int(stmt, 5);
    attempt->report_scts_ms = sqlite3_column_int64(stmt, 6);
    attempt->report_done_ms = sqlite3_column_int64(stmt, 7);
    sql_text(stmt, 8, attempt->to, sizeof attempt->to);
}

/* The newest attempt SENT with this MR to this recipient, not started after the report: 1, 0, -errno. */
static int match_sent(struct transition *t, const struct notice *notice, int mr, struct attempt *found)
{
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_ATTEMPT_BY_MR);
    store_bind_int(stmt, ":line", notice->line_id);
    store_bind_int(stmt, ":mr", mr);
    store_bind_int(stmt, ":latest", latest_start(notice, t->now_ms));
    store_bind_int(stmt, ":max", CANDIDATES_MR);
    int status;
    while ((status = sql_next(t->queue->store, stmt)) > 0) {
        candidate_columns(stmt, notice->line_id, found);
        if (number_match(found->to, notice->to, 0)) {
            sqlite3_reset(stmt);
            return 1;
        }
    }
    return status;
}

/* An attempt in that state to this recipient: the newest begun before the report's time, else (clocks differ)
 * the one begun soonest after it. 1, 0, -errno. */
static int match_open(struct transition *t, const struct notice *notice, enum attempt_state state,
                      struct attempt *found)
{
    int64_t best_until = notice->scts_ms > 0 ? notice->scts_ms : t->now_ms;
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_ATTEMPT_BY_TIME);
    store_bind_int(stmt, ":line", notice->line_id);
    store_bind_int(stmt, ":latest", latest_start(notice, t->now_ms));
    store_bind_int(stmt, ":max", CANDIDATES_OPEN);
    int status, any = 0;
    while ((status = sql_next(t->queue->store, stmt)) > 0) {
        struct attempt attempt;
        candidate_columns(stmt, notice->line_id, &attempt);
        if (attempt.state != state || !number_match(attempt.to, notice->to, 0))
            continue;
        *found = attempt;
        any = 1;
        if (attempt.started_ms <= best_until)
            break;
    }
    sqlite3_reset(stmt);
    return status < 0 ? status : any;
}

/* Nothing a second report could add: delivered or failed has been said. */
static bool has_final_report(const struct attempt *attempt)
{
    if (attempt->st < 0)
        return false;
    enum pdu_st_class class = pdu_st_class((uint8_t)attempt->st);
    return class == ST_DELIVERED || class == ST_FAILED;
}

static bool is_repeat(const struct attempt *attempt, const struct notice *notice)
{
    return attempt->st == notice->st && attempt->report_scts_ms == notice->scts_ms &&
           attempt->report_done_ms == notice->done_ms;
}

/* ---- kept reports ---- */

static void notice_columns(sqlite3_stmt *stmt, struct notice *notice)
{
    memset(notice, 0, sizeof *notice);
    notice->id = sqlite3_column_int64(stmt, 0);
    notice->line_id = sqlite3_column_int64(stmt, 1);
    notice->mr = sqlite3_column_int(stmt, 2);
    sql_text(stmt, 3, notice->to, sizeof notice->to);
    notice->st = (uint8_t)sqlite3_column_int(stmt, 4);
    notice->scts_ms = sqlite3_column_int64(stmt, 5);
    notice->done_ms = sqlite3_column_int64(stmt, 6);
}

static int kept_delete(struct transition *t, int64_t id)
{
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_REPORT_DELETE);
    store_bind_int(stmt, ":id", id);
    return sql_run(t->queue->store, stmt);
}

/* The first kept report after `after_id` that may belong to the attempt; mr -1 = any. 1, 0, -errno. */
static int kept_find(struct transition *t, const struct attempt *attempt, int mr, int64_t after_id,
                     struct notice *found)
{
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_REPORT_OF_LINE);
    store_bind_int(stmt, ":line", attempt->line_id);
    store_bind_int(stmt, ":after", after_id);
    int status;
    while ((status = sql_next(t->queue->store, stmt)) > 0) {
        notice_columns(stmt, found);
        if ((mr < 0 || found->mr == mr) && number_match(attempt->to, found->to, 0) &&
            attempt->started_ms <= latest_start(found, t->now_ms)) {
            sqlite3_reset(stmt);
            return 1;
        }
    }
    return status;
}

int report_settle_kept(struct transition *t, struct attempt *attempt, int mr)
{
    struct notice notice = {0};
    int status;
    attempt->state = ATTEMPT_SENT;
    while ((status = kept_find(t, attempt, mr, notice.id, &notice)) > 0) {
        status = kept_delete(t, notice.id);
        if (status == 0)
            status = report_apply(t, attempt, &notice);
        if (status != 0)
            return status;
    }
    return status;
}

int report_proves(struct transition *t, const struct attempt *attempt, int *mr)
{
    struct notice notice;
    int status = kept_find(t, attempt, -1, 0, &notice);
    if (status > 0)
        *mr = notice.mr;
    return status;
}

static int kept_insert(struct transition *t, const struct notice *notice, const char *hex)
{
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_REPORT_INSERT);
    store_bind_int(stmt, ":line", notice->line_id);
    store_bind_int(stmt, ":mr", notice->mr);
    store_bind_text(stmt, ":to", notice->to);
    store_bind_int(stmt, ":st", notice->st);
    store_bind_int(stmt, ":scts", notice->scts_ms);
    store_bind_int(stmt, ":done", notice->done_ms);
    store_bind_text(stmt, ":hex", hex);
    store_bind_int(stmt, ":due", t->now_ms + REPORT_KEPT_MS);
    return sql_run(t->queue->store, stmt);
}

/* Nobody came for it; while an attempt to its recipient is still in flight it waits on. */
static int kept_overdue(struct transition *t, const struct notice *notice)
{
    struct attempt attempt;
    int status = match_open(t, notice, ATTEMPT_IN_FLIGHT, &attempt);
    if (status < 0)
        return status;
    if (status == 0) {
        log_event(LOG_WARN, "queue.report_unmatched", "line_id=%lld mr=%d st=0x%02X",
                  (long long)notice->line_id, notice->mr, notice->st);
        return kept_delete(t, notice->id);
    }
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_REPORT_DEFER);
    store_bind_int(stmt, ":id", notice->id);
    store_bind_int(stmt, ":due", t->now_ms + REPORT_KEPT_MS);
    return sql_run(t->queue->store, stmt);
}

int report_sweep(struct transition *t)
{
    for (;;) {
        struct notice notice;
        sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_REPORT_OVERDUE);
        store_bind_int(stmt, ":now", t->now_ms);
        int status = sql_next(t->queue->store, stmt);
        if (status <= 0)
            return status;
        notice_columns(stmt, &notice);
        sqlite3_reset(stmt);
        if ((status = kept_overdue(t, &notice)) != 0)
            return status;
    }
}

/* ---- the transition ---- */

struct report_op {
    struct transition t;
    struct notice notice;
    char *hex;
};

/* For the history only: what has been said stands. */
static int report_late(struct transition *t, const struct attempt *attempt, const struct notice *notice)
{
    return queue_note(t, attempt->message_id, "report", "attempt=%d mr=%d st=0x%02X late=1", attempt->n,
                      notice->mr, notice->st);
}

static int report_run(struct transition *t)
{
    struct report_op *op = (struct report_op *)t;
    const struct notice *notice = &op->notice;
    struct attempt sent, attempt;
    int said = match_sent(t, notice, notice->mr, &sent);
    if (said > 0 && is_repeat(&sent, notice))
        return 0;
    if (said != 0 && (said < 0 || !has_final_report(&sent)))
        return said < 0 ? said : report_apply(t, &sent, notice);
    int status = match_sent(t, notice, MR_UNKNOWN, &attempt);
    if (status == 0)
        status = match_open(t, notice, ATTEMPT_UNSURE, &attempt);
    if (status != 0)
        return status < 0 ? status : report_apply(t, &attempt, notice);
    if ((status = match_open(t, notice, ATTEMPT_IN_FLIGHT, &attempt)) != 0)
        return status < 0 ? status : kept_insert(t, notice, op->hex);
    if (said > 0)
        return report_late(t, &sent, notice);
    if ((status = match_open(t, notice, ATTEMPT_LAPSED, &attempt)) != 0)
        return status < 0 ? status : report_late(t, &attempt, notice);
    return kept_insert(t, notice, op->hex);
}

static void report_fini(struct transition *t)
{
    free(((struct report_op *)t)->hex);
}

void queue_report(struct queue *queue, const struct report *report, durable_fn *fn, void *arg)
{
    struct report_op *op = transition_new(queue, sizeof *op, report_run, fn, arg);
    op->t.fini = report_fini;
    op->notice = (struct notice){.line_id = report->line_id,
                                 .mr = report->mr,
                                 .st = report->st,
                                 .scts_ms = report->scts_ms,
                                 .done_ms = report->discharge_ms};
    memcpy(op->notice.to, report->to, sizeof op->notice.to);
    op->notice.to[sizeof op->notice.to - 1] = '\0';
    op->hex = strdup(report->hex != NULL ? report->hex : "");
    if (op->hex == NULL)
        fatal("out of memory");
    transition_submit(&op->t);
}
