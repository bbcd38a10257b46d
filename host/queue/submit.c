/* Acceptance: a submission becomes a message, its segments as they will be sent, a place in a lane, and the
 * first line of its history.
 *
 * Refuses: an idempotency key that was used before (key.c), a text that cannot be split (-EMSGSIZE, -EILSEQ).
 * A closed store is refused before anything is kept (-ENOSPC, no callback). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/queue/queue_internal.h"

static char *copy_text(const char *text)
{
    char *copy = text == NULL ? NULL : strdup(text);
    if (text != NULL && copy == NULL)
        fatal("out of memory");
    return copy;
}

void submission_copy(struct queue *queue, struct submission_copy *copy, const struct submission *from)
{
    copy->s = *from;
    copy->s.from = copy_text(from->from != NULL ? from->from : "");
    copy->s.to = copy_text(from->to);
    char *body = malloc(from->body_len + 1);
    if (body == NULL)
        fatal("out of memory");
    if (from->body_len > 0)
        memcpy(body, from->body, from->body_len);
    body[from->body_len] = '\0';
    copy->s.body = body;
    copy->s.callback_url = copy_text(from->callback_url);
    copy->s.tags = copy_text(from->tags);
    copy->s.idempotency_key = copy_text(from->idempotency_key);
    copy->split_status = split_plan(body, from->body_len, &copy->s.split, &copy->plan);
    int64_t now_ms = clock_wall_ms();
    queue->last_ms = now_ms > queue->last_ms ? now_ms : queue->last_ms;
    copy->created_ms = queue->last_ms;
    copy->expires_ms = (from->send_at_ms != 0 ? from->send_at_ms : now_ms) + from->validity_ms;
}

void submission_fini(struct submission_copy *copy)
{
    const char *texts[] = {copy->s.from,         copy->s.to,   copy->s.body,
                           copy->s.callback_url, copy->s.tags, copy->s.idempotency_key};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        free((char *)texts[i]);
}

/* The reference after the last one to this recipient: a handset that still has parts of the last message must
 * not mix them. */
static int next_ref(struct store *store, const struct submission_copy *copy, uint16_t *ref)
{
    sqlite3_stmt *stmt = store_write_stmt(store, Q_MESSAGE_LAST_REF);
    store_bind_text(stmt, ":to", copy->s.to);
    int status = sql_next(store, stmt);
    if (status < 0)
        return status;
    unsigned last = status > 0 ? (unsigned)sqlite3_column_int(stmt, 0) : 0;
    sqlite3_reset(stmt);
    *ref = (uint16_t)((last + 1) & (copy->s.split.concat_bits == 16 ? 0xFFFF : 0xFF));
    return 0;
}

static enum message_status first_status(const struct submission *s)
{
    if (s->send_at_ms != 0)
        return MESSAGE_SCHEDULED;
    return s->service_id != 0 ? MESSAGE_ACCEPTED : MESSAGE_QUEUED;
}

static int store_message(struct store *store, const struct submission_copy *copy, uint16_t ref)
{
    const struct submission *s = &copy->s;
    sqlite3_stmt *stmt = store_write_stmt(store, Q_MESSAGE_INSERT);
    store_bind_blob(stmt, ":sid", s->sid.b, sizeof s->sid.b);
    store_bind_int(stmt, ":account", s->account_id);
    store_bind_int(stmt, ":direction", s->direction);
    store_bind_int(stmt, ":status", first_status(s));
    store_bind_text(stmt, ":from", s->from);
    store_bind_text(stmt, ":to", s->to);
    store_bind_text(stmt, ":body", s->body);
    store_bind_int(stmt, ":line", s->line_id);
    store_bind_int(stmt, ":service", s->service_id);
    store_bind_int(stmt, ":segments", copy->plan.count);
    store_bind_int(stmt, ":priority", s->priority);
    store_bind_int(stmt, ":policy", s->policy);
    store_bind_int(stmt, ":created", copy->created_ms);
    store_bind_int(stmt, ":expires", copy->expires_ms);
    store_bind_text(stmt, ":callback", s->callback_url);
    store_bind_text(stmt, ":tags", s->tags);
    store_bind_int(stmt, ":status_report", s->status_report);
    store_bind_int(stmt, ":discard", s->discard_body);
    store_bind_int(stmt, ":mask", s->mask_to);
    store_bind_int(stmt, ":reply_to", s->reply_to);
    store_bind_int(stmt, ":dcs", copy->plan.dcs);
    if (copy->plan.count > 1)
        store_bind_int(stmt, ":ref", ref);
    return sql_run(store, stmt);
}

static int store_segments(struct store *store, const struct submission_copy *copy, int64_t message_id,
                          uint16_t ref)
{
    struct split_options options = copy->s.split;
    int status = 0;
    options.ref = ref;
    for (unsigned i = 0; status == 0 && i < copy->plan.count; i++) {
        struct split_segment segment;
        if ((status = split_build(copy->s.body, copy->s.body_len, &options, &copy->plan, i, &segment)) != 0)
            return status;
        sqlite3_stmt *stmt = store_write_stmt(store, Q_SEGMENT_INSERT);
        store_bind_int(stmt, ":message", message_id);
        store_bind_int(stmt, ":seq", i + 1);
        store_bind_int(stmt, ":udhi", segment.udhi);
        store_bind_int(stmt, ":udl", segment.udl);
        store_bind_blob(stmt, ":ud", segment.ud, segment.ud_len);
        status = sql_run(store, stmt);
    }
    return status;
}

static int enter_lane(struct transition *t, const struct submission_copy *copy, int64_t message_id)
{
    const struct submission *s = &copy->s;
    if (s->send_at_ms != 0)
        return schedule_add(t, message_id, s->account_id, s->send_at_ms);
    int64_t lane = s->line_id != 0 ? s->line_id : -s->service_id;
    struct work work = {.message_id = message_id,
                        .account_id = s->account_id,
                        .lane = lane,
                        .picker = lane,
                        .rank = 9 - s->priority,
                        .expires_ms = copy->expires_ms,
                        .exists = true};
    snprintf(work.to, sizeof work.to, "%s", s->to);
    return lane_begin(t, &work);
}

int submission_store(struct transition *t, const struct submission_copy *copy, int64_t *message_id)
{
    struct store *store = t->queue->store;
    uint16_t ref = 0;
    int status = copy->split_status;
    if (status == 0 && copy->plan.count > 1)
        status = next_ref(store, copy, &ref);
    if (status == 0)
        status = store_message(store, copy, ref);
    if (status != 0)
        return status;
    *message_id = store_last_id(store);
    status = store_segments(store, copy, *message_id, ref);
    if (status == 0)
        status = queue_note(t, *message_id, "accepted", "segments=%u priority=%d", copy->plan.count,
                            copy->s.priority);
    return status == 0 ? enter_lane(t, copy, *message_id) : status;
}

/* ---- the transition ---- */

struct submit {
    struct transition t;
    struct submission_copy copy;
    submitted_fn *fn;
    void *arg;
    struct submitted result;
};

static int submit_run(struct transition *t)
{
    struct submit *op = (struct submit *)t;
    bool keyed = op->copy.s.idempotency_key != NULL;
    int64_t message_id = 0;
    int status = keyed ? key_find(t, &op->copy.s, &op->result) : 0;
    if (status == 0)
        status = submission_store(t, &op->copy, &message_id);
    if (status == 0 && keyed)
        status = key_store(t, &op->copy.s, message_id);
    if (status == 0)
        op->result = (struct submitted){message_id, op->copy.s.sid};
    return status;
}

static void submit_done(struct transition *t, int status)
{
    struct submit *op = (struct submit *)t;
    if (op->fn != NULL)
        op->fn(op->arg, status, &op->result);
}

static void submit_fini(struct transition *t)
{
    submission_fini(&((struct submit *)t)->copy);
}

int queue_submit(struct queue *queue, const struct submission *submission, submitted_fn *fn, void *arg)
{
    if (!store_open_for_work(queue->store))
        return -ENOSPC;
    struct submit *op = transition_new(queue, sizeof *op, submit_run, NULL, NULL);
    op->fn = fn;
    op->arg = arg;
    op->t.done = submit_done;
    op->t.fini = submit_fini;
    submission_copy(queue, &op->copy, submission);
    transition_submit(&op->t);
    return 0;
}
