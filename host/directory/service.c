/* Services: pools in memory, and what the API does to its own ones. A deleted service keeps row and pool:
 * what was accepted through it leaves by them, and old messages show its SID.
 *
 * The rules stand in the statements as well (sql/queries/service.sql), because two requests may be under way
 * at once: memory shows neither to the other before both are on disk. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/directory/directory_internal.h"

void service_judge(struct service *service)
{
    service->live = service->name[0] != '\0' ? service->configured : service->deleted_ms == 0;
}

void services_told(struct directory *directory)
{
    if (directory->on_services != NULL)
        directory->on_services(directory->on_services_arg);
}

void directory_on_services(struct directory *directory, void (*fn)(void *arg), void *arg)
{
    directory->on_services = fn;
    directory->on_services_arg = arg;
}

/* ---- pools ---- */

static void *grown(void *array, size_t count, size_t size)
{
    array = reallocarray(array, count + 1, size);
    if (array == NULL)
        fatal("out of memory");
    return array;
}

static int lines_load(struct directory *directory, struct service *service)
{
    sqlite3_stmt *stmt = store_read_stmt(directory->store, Q_SERVICE_LINE_LIST);
    store_bind_int(stmt, ":service_id", service->id);
    service->line_count = 0;
    int code;
    while ((code = store_step(directory->store, stmt)) == SQLITE_ROW) {
        size_t n = service->line_count++;
        service->line_ids = grown(service->line_ids, n, sizeof *service->line_ids);
        service->joined_ms = grown(service->joined_ms, n, sizeof *service->joined_ms);
        service->line_ids[n] = sqlite3_column_int64(stmt, 0);
        service->joined_ms[n] = sqlite3_column_int64(stmt, 1);
    }
    sqlite3_reset(stmt);
    return store_errno(code);
}

static void column_chars(sqlite3_stmt *stmt, int column, char *out, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    size_t len = text != NULL ? strnlen(text, size - 1) : 0;
    memcpy(out, text != NULL ? text : "", len);
    out[len] = '\0';
}

static int alphas_load(struct directory *directory, struct service *service)
{
    sqlite3_stmt *stmt = store_read_stmt(directory->store, Q_SERVICE_ALPHA_LIST);
    store_bind_int(stmt, ":service_id", service->id);
    service->alpha_count = 0;
    int code;
    while ((code = store_step(directory->store, stmt)) == SQLITE_ROW) {
        size_t n = service->alpha_count++;
        service->alphas = grown(service->alphas, n, sizeof *service->alphas);
        struct service_alpha *alpha = &service->alphas[n];
        alpha->id = sqlite3_column_int64(stmt, 0);
        const void *sid = sqlite3_column_blob(stmt, 1);
        memset(&alpha->sid, 0, sizeof alpha->sid);
        if (sqlite3_column_bytes(stmt, 1) == (int)sizeof alpha->sid.b)
            memcpy(alpha->sid.b, sid, sizeof alpha->sid.b);
        column_chars(stmt, 2, alpha->sender, sizeof alpha->sender);
        column_chars(stmt, 3, alpha->country, sizeof alpha->country);
        alpha->created_ms = sqlite3_column_int64(stmt, 4);
    }
    sqlite3_reset(stmt);
    return store_errno(code);
}

int service_pool_load(struct directory *directory, struct service *service)
{
    int status = lines_load(directory, service);
    return status == 0 ? alphas_load(directory, service) : status;
}

void service_fini(struct service *service)
{
    free(service->line_ids);
    free(service->joined_ms);
    free(service->alphas);
}

/* ---- the API's own ---- */

#define VALUE(member)                                                                                        \
    {                                                                                                        \
        ":" #member, offsetof(struct service_update, member)                                                 \
    }
static const struct change_member texts[] = {VALUE(friendly_name),   VALUE(inbound_request_url),
                                             VALUE(inbound_method),  VALUE(fallback_url),
                                             VALUE(fallback_method), VALUE(status_callback),
                                             VALUE(validity),        VALUE(scan_message_content),
                                             VALUE(usecase)},
                                  flags[] = {
                                      VALUE(sticky_sender),         VALUE(area_code_geomatch),
                                      VALUE(smart_encoding),        VALUE(use_inbound_webhook_on_number),
                                      VALUE(mms_converter),         VALUE(fallback_to_long_code),
                                      VALUE(synchronous_validation)};

static struct store_change *service_change(struct directory *directory, enum query query, int64_t id,
                                           directory_fn *fn, void *arg)
{
    struct store_change *change = change_new(directory, TABLE_SERVICE, query, fn, arg);
    if (id != 0)
        store_change_int(change, ":id", id);
    return change;
}

static void service_values(struct store_change *change, const struct service_update *update)
{
    change_texts(change, texts, sizeof texts / sizeof texts[0], update);
    change_flags(change, flags, sizeof flags / sizeof flags[0], update);
    store_change_int(change, ":now", clock_wall_ms());
}

void directory_service_create(struct directory *directory, int64_t account_id,
                              const struct service_update *update, struct sid *sid, directory_fn *fn,
                              void *arg)
{
    struct store_change *change = service_change(directory, Q_SERVICE_CREATE, 0, fn, arg);
    sid_new(sid, clock_wall_ms());
    store_change_blob(change, ":sid", sid->b, sizeof sid->b);
    store_change_int(change, ":account_id", account_id);
    service_values(change, update);
    store_change_submit(change);
}

void directory_service_update(struct directory *directory, int64_t service_id,
                              const struct service_update *update, directory_fn *fn, void *arg)
{
    struct store_change *change = service_change(directory, Q_SERVICE_CHANGE, service_id, fn, arg);
    service_values(change, update);
    store_change_submit(change);
}

void directory_service_delete(struct directory *directory, int64_t service_id, directory_fn *fn, void *arg)
{
    struct store_change *change = service_change(directory, Q_SERVICE_DELETE, service_id, fn, arg);
    store_change_int(change, ":now", clock_wall_ms());
    store_change_submit(change);
}

void directory_sender_add(struct directory *directory, int64_t service_id, int64_t line_id, directory_fn *fn,
                          void *arg)
{
    struct store_change *change = service_change(directory, Q_SERVICE_SENDER_ADD, service_id, fn, arg);
    store_change_int(change, ":line", line_id);
    store_change_int(change, ":now", clock_wall_ms());
    store_change_submit(change);
}

void directory_sender_remove(struct directory *directory, int64_t service_id, int64_t line_id,
                             directory_fn *fn, void *arg)
{
    struct store_change *change = service_change(directory, Q_SERVICE_SENDER_REMOVE, service_id, fn, arg);
    store_change_int(change, ":line", line_id);
    store_change_submit(change);
}

void directory_alpha_add(struct directory *directory, int64_t service_id, const char *sender,
                         const char *country, struct sid *sid, directory_fn *fn, void *arg)
{
    struct store_change *change = service_change(directory, Q_SERVICE_ALPHA_ADD, service_id, fn, arg);
    sid_new(sid, clock_wall_ms());
    store_change_blob(change, ":sid", sid->b, sizeof sid->b);
    store_change_text(change, ":sender", sender);
    store_change_text(change, ":country", country);
    store_change_int(change, ":now", clock_wall_ms());
    store_change_submit(change);
}

void directory_alpha_remove(struct directory *directory, int64_t service_id, int64_t alpha_id,
                            directory_fn *fn, void *arg)
{
    struct store_change *change = service_change(directory, Q_SERVICE_ALPHA_REMOVE, service_id, fn, arg);
    store_change_int(change, ":alpha", alpha_id);
    store_change_submit(change);
}
