/* See sticky.h. A row that was used within the hour is not written again for the same line: its time need not
 * be finer to tell which are old. The number of rows is counted once at start, and then kept. */
#include "host/router/sticky.h"

#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"

#define FRESH_MS 3600000

struct sticky {
    struct store *store;
    size_t cap, count;
    size_t pending; /* ops not durable yet */
    bool closed;    /* freed with the last of them */
};

struct note {
    struct store_op op; /* first */
    struct sticky *sticky;
    int64_t message_id, line_id, now_ms;
    bool full;               /* an old row goes for a new one */
    int64_t service_id, was; /* found by apply */
    bool wanted, is_new;
};

static size_t count_rows(struct store *store)
{
    sqlite3_stmt *stmt = store_read_stmt(store, Q_STICKY_COUNT);
    size_t count = store_step(store, stmt) == SQLITE_ROW ? (size_t)sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    return count;
}

struct sticky *sticky_new(struct store *store, size_t cap)
{
    struct sticky *sticky = calloc(1, sizeof *sticky);
    if (sticky == NULL)
        fatal("out of memory");
    *sticky = (struct sticky){.store = store, .cap = cap, .count = count_rows(store)};
    return sticky;
}

void sticky_free(struct sticky *sticky)
{
    sticky->closed = true;
    if (sticky->pending == 0)
        free(sticky);
}

size_t sticky_known(const struct sticky *sticky)
{
    return sticky->count;
}

int64_t sticky_line(struct sticky *sticky, int64_t service_id, const char *to)
{
    sqlite3_stmt *stmt = store_write_stmt(sticky->store, Q_STICKY_GET);
    store_bind_int(stmt, ":service", service_id);
    store_bind_text(stmt, ":to", to);
    int64_t line_id = store_step(sticky->store, stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    return line_id;
}

/* ---- noting ---- */

static int drop_oldest(struct store *store)
{
    sqlite3_stmt *stmt = store_write_stmt(store, Q_STICKY_OLDEST);
    int code = store_step(store, stmt);
    if (code != SQLITE_ROW) {
        sqlite3_reset(stmt);
        return store_errno(code);
    }
    sqlite3_stmt *drop = store_write_stmt(store, Q_STICKY_DELETE);
    store_bind_int(drop, ":service", sqlite3_column_int64(stmt, 0));
    store_bind_text(drop, ":to", (const char *)sqlite3_column_text(stmt, 1));
    sqlite3_reset(stmt);
    code = store_step(store, drop);
    sqlite3_reset(drop);
    return store_errno(code);
}

static int put(struct store *store, const struct note *note, const char *to)
{
    sqlite3_stmt *stmt = store_write_stmt(store, Q_STICKY_PUT);
    store_bind_int(stmt, ":service", note->service_id);
    store_bind_text(stmt, ":to", to);
    store_bind_int(stmt, ":line", note->line_id);
    store_bind_int(stmt, ":now", note->now_ms);
    int code = store_step(store, stmt);
    sqlite3_reset(stmt);
    return store_errno(code);
}

static int note_apply(struct store *store, struct store_op *op)
{
    struct note *note = (struct note *)op;
    char to[64] = "";
    sqlite3_stmt *stmt = store_write_stmt(store, Q_STICKY_OF_MESSAGE);
    store_bind_int(stmt, ":message", note->message_id);
    int code = store_step(store, stmt);
    op->patient = true;
    note->wanted = code == SQLITE_ROW;
    int64_t used_ms = 0;
    if (note->wanted) {
        note->service_id = sqlite3_column_int64(stmt, 0);
        const char *text = (const char *)sqlite3_column_text(stmt, 1);
        size_t len = text != NULL ? strnlen(text, sizeof to - 1) : 0;
        memcpy(to, text != NULL ? text : "", len);
        note->was = sqlite3_column_int64(stmt, 2);
        used_ms = sqlite3_column_int64(stmt, 3);
    }
    sqlite3_reset(stmt);
    if (!note->wanted)
        return store_errno(code);
    if (note->was == note->line_id && used_ms <= note->now_ms && note->now_ms - used_ms < FRESH_MS)
        return 0;
    note->is_new = note->was == 0;
    int status = note->is_new && note->full ? drop_oldest(store) : 0;
    return status == 0 ? put(store, note, to) : status;
}

static void note_done(struct store_op *op, int status)
{
    struct note *note = (struct note *)op;
    struct sticky *sticky = note->sticky;
    if (status == 0 && note->wanted && note->was != 0 && note->was != note->line_id)
        log_event(LOG_INFO, "router.sticky_moved", "service_id=%lld message=%lld from_line=%lld to_line=%lld",
                  (long long)note->service_id, (long long)note->message_id, (long long)note->was,
                  (long long)note->line_id);
    if (status == 0 && note->is_new && !note->full)
        sticky->count++;
    free(note);
    sticky->pending--;
    if (sticky->closed && sticky->pending == 0)
        free(sticky);
}

void sticky_note(struct sticky *sticky, int64_t message_id, int64_t line_id)
{
    struct note *note = calloc(1, sizeof *note);
    if (note == NULL)
        fatal("out of memory");
    *note = (struct note){.op = {.apply = note_apply, .done = note_done},
                          .sticky = sticky,
                          .message_id = message_id,
                          .line_id = line_id,
                          .now_ms = clock_wall_ms(),
                          .full = sticky->count + sticky->pending >= sticky->cap};
    sticky->pending++;
    store_submit(sticky->store, &note->op);
}
