/* The room's frame: opening with recovery, the machinery of a transition, wake-ups, observers, the depth of
 * accounts.
 *
 * Promises: a caller's callback, an event for the observer and a wake-up come after the commit that made them
 * true. Fails: a refused transition says why in its callback's status; memory is never short (fatal). */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/queue/queue_internal.h"

/* ---- statements ---- */

int sql_next(struct store *store, sqlite3_stmt *stmt)
{
    int code = store_step(store, stmt);
    if (code == SQLITE_ROW)
        return 1;
    sqlite3_reset(stmt);
    return store_errno(code);
}

int sql_run(struct store *store, sqlite3_stmt *stmt)
{
    int status = sql_next(store, stmt);
    if (status > 0) {
        sqlite3_reset(stmt);
        return 0;
    }
    return status;
}

int sql_guarded(struct store *store, sqlite3_stmt *stmt)
{
    int status = sql_run(store, stmt);
    return status != 0 ? status : store_changes(store) > 0;
}

void sql_text(sqlite3_stmt *stmt, int column, char *out, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    size_t len = text == NULL ? 0 : strnlen(text, size - 1);
    if (len > 0)
        memcpy(out, text, len);
    out[len] = '\0';
}

/* ---- inside run() ---- */

static void *grown(void *rows, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return rows;
    *cap = *cap == 0 ? 4 : *cap * 2;
    void *more = realloc(rows, *cap * size);
    if (more == NULL)
        fatal("out of memory");
    return more;
}

int queue_note(struct transition *t, int64_t message_id, const char *kind, const char *detail, ...)
{
    struct note note = {.message_id = message_id, .kind = kind};
    va_list args;
    va_start(args, detail);
    vsnprintf(note.detail, sizeof note.detail, detail, args);
    va_end(args);
    if (t->queue->on_event != NULL) {
        t->notes = grown(t->notes, t->note_count, &t->note_cap, sizeof *t->notes);
        t->notes[t->note_count++] = note;
    }
    sqlite3_stmt *stmt = store_write_stmt(t->queue->store, Q_EVENT_INSERT);
    store_bind_int(stmt, ":message", message_id);
    store_bind_int(stmt, ":at", t->now_ms);
    store_bind_text(stmt, ":kind", kind);
    store_bind_text(stmt, ":detail", note.detail);
    return sql_run(t->queue->store, stmt);
}

void queue_words(char *out, size_t size, const char *text)
{
    size_t len = 0;
    for (; text != NULL && text[len] != '\0' && len + 1 < size; len++)
        out[len] =
            text[len] < ' ' || text[len] > '~' || text[len] == '"' || text[len] == '\\' ? '?' : text[len];
    out[len] = '\0';
}

void queue_raise(struct transition *t, enum queue_topic topic)
{
    t->topics[topic] = true;
}

void queue_depth_change(struct transition *t, enum depth_of of, int64_t id, int64_t by)
{
    t->depths = grown(t->depths, t->depth_count, &t->depth_cap, sizeof *t->depths);
    t->depths[t->depth_count++] = (struct depth){of, id, by};
}

/* ---- a transition's life ---- */

static int transition_apply(struct store *store, struct store_op *op)
{
    struct transition *t = (struct transition *)op;
    (void)store;
    memset(t->topics, 0, sizeof t->topics);
    t->note_count = t->depth_count = 0;
    return t->run(t);
}

static void depth_add(struct queue *queue, const struct depth *change)
{
    for (size_t i = 0; i < queue->depth_count; i++)
        if (queue->depths[i].of == change->of && queue->depths[i].id == change->id) {
            queue->depths[i].count += change->count;
            return;
        }
    queue->depths = realloc(queue->depths, (queue->depth_count + 1) * sizeof *queue->depths);
    if (queue->depths == NULL)
        fatal("out of memory");
    queue->depths[queue->depth_count++] = *change;
}

/* One look at the row serves all notes of a message that follow each other. */
static void tell_observer(struct queue *queue, const struct transition *t)
{
    struct message brief = {0};
    bool known = false;
    for (size_t i = 0; i < t->note_count && queue->on_event != NULL; i++) {
        const struct note *note = &t->notes[i];
        if (i == 0 || brief.id != note->message_id) {
            message_fini(&brief);
            known = read_brief(queue, note->message_id, &brief);
        }
        if (known)
            queue->on_event(queue->on_event_arg, t->now_ms, &brief, note->kind, note->detail);
    }
    message_fini(&brief);
}

static void publish(struct queue *queue, const struct transition *t)
{
    for (size_t i = 0; i < t->depth_count; i++)
        depth_add(queue, &t->depths[i]);
    if (queue->closed)
        return;
    tell_observer(queue, t);
    for (int i = 0; i < QUEUE_TOPICS; i++)
        queue->watches[i].raised |= t->topics[i];
    if (!timer_armed(&queue->notice))
        timer_set(&queue->notice, 0);
}

static void queue_free(struct queue *queue)
{
    free(queue->depths);
    free(queue);
}

static void transition_done(struct store_op *op, int status)
{
    struct transition *t = (struct transition *)op;
    struct queue *queue = t->queue;
    if (status == 0)
        publish(queue, t);
    if (t->done != NULL)
        t->done(t, status);
    else if (t->fn != NULL)
        t->fn(t->arg, status);
    if (t->fini != NULL)
        t->fini(t);
    free(t->notes);
    free(t->depths);
    free(t);
    queue->pending--;
    if (queue->closed && queue->pending == 0)
        queue_free(queue);
}

void *transition_new(struct queue *queue, size_t size, int (*run)(struct transition *), durable_fn *fn,
                     void *arg)
{
    due_follow_clock(queue);
    struct transition *t = calloc(1, size);
    if (t == NULL)
        fatal("out of memory");
    t->op.apply = transition_apply;
    t->op.done = transition_done;
    t->queue = queue;
    t->run = run;
    t->fn = fn;
    t->arg = arg;
    t->now_ms = clock_wall_ms();
    t->may_expire = clock_trusted();
    return t;
}

int transition_submit(struct transition *t)
{
    t->queue->pending++;
    return store_submit(t->queue->store, &t->op);
}

/* ---- wake-ups ---- */

static void on_notice(void *arg)
{
    struct queue *queue = arg;
    due_arm(queue);
    for (int i = 0; i < QUEUE_TOPICS; i++) {
        bool raised = queue->watches[i].raised;
        queue->watches[i].raised = false;
        if (raised && queue->watches[i].fn != NULL)
            queue->watches[i].fn(queue->watches[i].arg);
    }
}

void queue_watch(struct queue *queue, enum queue_topic topic, void (*fn)(void *arg), void *arg)
{
    queue->watches[topic].fn = fn;
    queue->watches[topic].arg = arg;
}

void queue_on_event(struct queue *queue, queue_event_fn *fn, void *arg)
{
    queue->on_event = fn;
    queue->on_event_arg = arg;
}

static int64_t depth_sum(const struct queue *queue, enum depth_of of, int64_t id)
{
    int64_t sum = 0;
    for (size_t i = 0; i < queue->depth_count; i++)
        if (queue->depths[i].of == of && (id == 0 || queue->depths[i].id == id))
            sum += queue->depths[i].count;
    return sum;
}

int64_t queue_depth(struct queue *queue, int64_t account_id)
{
    return depth_sum(queue, DEPTH_ACCOUNT, account_id);
}

int64_t queue_lane_depth(struct queue *queue, int64_t lane)
{
    return depth_sum(queue, DEPTH_LANE, lane);
}

int64_t queue_scheduled(struct queue *queue, int64_t account_id)
{
    return depth_sum(queue, DEPTH_SCHEDULED, account_id);
}

/* ---- opening ---- */

/* A claim that never reached its carrier's in-flight mark: nothing left. */
static int recover_one(struct transition *t, int64_t message_id, int n, unsigned seq)
{
    struct work work;
    struct attempt attempt = {.message_id = message_id, .n = n};
    int status = attempt_end(t, &attempt, ATTEMPT_VOID, -1, "restart");
    if (status == 0)
        status = segment_state(t, message_id, seq, SEGMENT_WAITING);
    if (status == 0)
        status = queue_note(t, message_id, "recovered", "attempt=%d claim=forgotten", n);
    if (status == 0)
        status = work_load(t, message_id, &work);
    if (status == 0 && work.exists)
        status = lane_back(t, &work);
    return status;
}

static int recover_run(struct transition *t)
{
    struct store *store = t->queue->store;
    for (;;) {
        sqlite3_stmt *stmt = store_write_stmt(store, Q_ATTEMPT_CLAIMED);
        int status = sql_next(store, stmt);
        if (status <= 0)
            return status;
        int64_t message_id = sqlite3_column_int64(stmt, 0);
        int n = sqlite3_column_int(stmt, 1);
        unsigned seq = (unsigned)sqlite3_column_int(stmt, 2);
        sqlite3_reset(stmt);
        if ((status = recover_one(t, message_id, n, seq)) != 0)
            return status;
    }
}

static void load_depths(struct queue *queue)
{
    static const enum query queries[] = {
        [DEPTH_ACCOUNT] = Q_WORK_DEPTHS, [DEPTH_LANE] = Q_WORK_LANES, [DEPTH_SCHEDULED] = Q_SCHEDULED_DEPTHS};
    for (int of = DEPTH_ACCOUNT; of <= DEPTH_SCHEDULED; of++) {
        sqlite3_stmt *stmt = store_read_stmt(queue->store, queries[of]);
        while (sql_next(queue->store, stmt) > 0) {
            struct depth depth = {of, sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1)};
            depth_add(queue, &depth);
        }
    }
}

static int64_t newest_created(struct queue *queue)
{
    int64_t created_ms = 0;
    sqlite3_stmt *stmt = store_read_stmt(queue->store, Q_MESSAGE_NEWEST);
    if (sql_next(queue->store, stmt) > 0)
        created_ms = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    return created_ms;
}

int queue_open(struct queue **out, struct store *store, struct loop *loop)
{
    struct queue *queue = calloc(1, sizeof *queue);
    if (queue == NULL)
        fatal("out of memory");
    queue->store = store;
    queue->loop = loop;
    timer_init(&queue->notice, loop, on_notice, queue);
    due_init(queue);
    queue->last_ms = newest_created(queue);
    load_depths(queue);
    struct transition *t = transition_new(queue, sizeof *t, recover_run, NULL, NULL);
    int status = transition_submit(t);
    if (status != 0 && status != -EINPROGRESS) {
        queue_close(queue);
        return status;
    }
    *out = queue;
    return 0;
}

/* What is not durable yet still runs its callbacks, from the store's last commit. */
void queue_close(struct queue *queue)
{
    if (queue == NULL)
        return;
    timer_stop(&queue->notice);
    timer_stop(&queue->due);
    read_close(queue);
    queue->closed = true;
    if (queue->pending == 0)
        queue_free(queue);
}
