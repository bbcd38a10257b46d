/* Services that send codes: rows of the API's own. See verify.h. */
#include <errno.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/store/change.h"
#include "host/verify/verify_internal.h"

static struct store_change *change_of(struct verify *verify, enum query query, int64_t account_id,
                                      const struct sid *sid, verify_fn *fn, void *arg)
{
    struct store_change *change = store_change_new(verify->store, query, fn, arg);
    store_change_int(change, ":account_id", account_id);
    store_change_blob(change, ":sid", sid->b, sizeof sid->b);
    return change;
}

void verify_service_create(struct verify *verify, int64_t account_id, const struct sid *sid,
                           const struct verify_service_change *c, verify_fn *fn, void *arg)
{
    struct store_change *change = change_of(verify, Q_VERIFY_SERVICE_INSERT, account_id, sid, fn, arg);
    store_change_text(change, ":friendly_name", c->name);
    store_change_text(change, ":tts_name", c->tts_name != NULL ? c->tts_name : "");
    store_change_int(change, ":code_length", c->code_length);
    store_change_int(change, ":flags", c->flags & c->mask);
    store_change_int(change, ":now", clock_wall_ms());
    store_change_int(change, ":most", VERIFY_SERVICES_MAX);
    store_change_none_means(change, -EDQUOT);
    store_change_submit(change);
}

void verify_service_update(struct verify *verify, int64_t account_id, const struct sid *sid,
                           const struct verify_service_change *c, verify_fn *fn, void *arg)
{
    struct store_change *change = change_of(verify, Q_VERIFY_SERVICE_UPDATE, account_id, sid, fn, arg);
    store_change_text(change, ":friendly_name", c->name);
    store_change_text(change, ":tts_name", c->tts_name);
    store_change_int(change, ":code_length", c->code_length);
    store_change_int(change, ":mask", c->mask);
    store_change_int(change, ":flags", c->flags & c->mask);
    store_change_int(change, ":now", clock_wall_ms());
    store_change_submit(change);
}

void verify_service_delete(struct verify *verify, int64_t account_id, const struct sid *sid, verify_fn *fn,
                           void *arg)
{
    store_change_submit(change_of(verify, Q_VERIFY_SERVICE_DELETE, account_id, sid, fn, arg));
}

/* ---- reading ---- */

static void read_text(sqlite3_stmt *stmt, int column, char out[VERIFY_NAME_MAX + 1])
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    size_t len = text != NULL ? strnlen(text, VERIFY_NAME_MAX) : 0;
    if (len > 0)
        memcpy(out, text, len);
    out[len] = '\0';
}

static void read_service(sqlite3_stmt *stmt, struct verify_service *s)
{
    s->id = sqlite3_column_int64(stmt, 0);
    memcpy(s->sid.b, sqlite3_column_blob(stmt, 1), sizeof s->sid.b);
    s->account_id = sqlite3_column_int64(stmt, 2);
    read_text(stmt, 3, s->name);
    s->code_length = sqlite3_column_int(stmt, 4);
    read_text(stmt, 5, s->tts_name);
    s->flags = (unsigned)sqlite3_column_int(stmt, 6);
    s->created_ms = sqlite3_column_int64(stmt, 7);
    s->updated_ms = sqlite3_column_int64(stmt, 8);
}

int verify_service_find(struct verify *verify, int64_t account_id, const struct sid *sid,
                        struct verify_service *out)
{
    sqlite3_stmt *stmt = store_read_stmt(verify->store, Q_VERIFY_SERVICE_BY_SID);
    store_bind_blob(stmt, ":sid", sid->b, sizeof sid->b);
    store_bind_int(stmt, ":account_id", account_id);
    bool found = store_step(verify->store, stmt) == SQLITE_ROW;
    if (found)
        read_service(stmt, out);
    sqlite3_reset(stmt);
    return found ? 0 : -ENOENT;
}

size_t verify_service_list(struct verify *verify, int64_t account_id, int64_t before_id, int64_t since_id,
                           size_t limit, struct verify_service *out)
{
    size_t count = 0;
    sqlite3_stmt *stmt =
        store_read_stmt(verify->store, before_id != 0 ? Q_VERIFY_SERVICE_OLDER : Q_VERIFY_SERVICE_SINCE);
    store_bind_int(stmt, ":account_id", account_id);
    store_bind_int(stmt, ":id", before_id != 0 ? before_id : since_id);
    store_bind_int(stmt, ":limit", (int64_t)limit);
    while (count < limit && store_step(verify->store, stmt) == SQLITE_ROW)
        read_service(stmt, &out[count++]);
    sqlite3_reset(stmt);
    return count;
}
