/* Services of the configuration: their rows and pools are brought to what the file says, at each start and
 * reload. A row is found by the SID that the file gives, else by its name; so a section that is renamed keeps
 * its service when it gives the SID. A service that left the file keeps its row and its pool: what was
 * accepted through it still leaves, and old messages still show its SID.
 *
 * Refuses a SID that another service has, one of the API too (-EINVAL); all are looked at before the first
 * row is touched. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/directory/directory_internal.h"

#define TEXT(member)                                                                                         \
    {                                                                                                        \
        ":" #member, offsetof(struct conf_service, member), offsetof(struct service, member)                 \
    }
static const struct {
    const char *value;
    size_t conf, row;
} texts[] = {TEXT(inbound_request_url), TEXT(inbound_method), TEXT(fallback_url), TEXT(fallback_method),
             TEXT(status_callback)};
#define TEXTS (sizeof texts / sizeof texts[0])

#define FLAG(member)                                                                                         \
    {                                                                                                        \
        ":" #member, offsetof(struct conf_service, member), offsetof(struct service, member)                 \
    }
static const struct {
    const char *value;
    size_t conf, row;
} flags[] = {FLAG(sticky_sender), FLAG(area_code_geomatch), FLAG(smart_encoding),
             FLAG(use_inbound_webhook_on_number)};
#define FLAGS (sizeof flags / sizeof flags[0])

static const char *text_at(const void *object, size_t offset)
{
    return *(char *const *)(const void *)((const char *)object + offset);
}

static bool flag_at(const void *object, size_t offset)
{
    return *(const bool *)(const void *)((const char *)object + offset);
}

/* ---- which row ---- */

static const struct service *by_name(const struct directory *directory, const char *name)
{
    const struct rows *rows = &directory->tables[TABLE_SERVICE];
    for (size_t i = 0; i < rows->count; i++)
        if (strcmp(((const struct service *)rows->at[i])->name, name) == 0)
            return rows->at[i];
    return NULL;
}

static const struct service *by_sid(const struct directory *directory, const char *text)
{
    struct sid sid;
    return sid_parse(text, "MG", &sid) ? rows_by_sid(&directory->tables[TABLE_SERVICE], &sid) : NULL;
}

static const struct service *row_of(const struct directory *directory, const struct conf_service *conf)
{
    const struct service *row = by_sid(directory, conf->sid);
    return row != NULL ? row : by_name(directory, conf->name);
}

int services_check(const struct directory *directory, const struct conf *conf, char error[256])
{
    for (size_t i = 0; i < conf->service_count; i++) {
        const struct conf_service *service = &conf->services[i];
        const struct service *holder = by_sid(directory, service->sid);
        if (holder == NULL || strcmp(holder->name, service->name) == 0 ||
            (holder->name[0] != '\0' && by_name(directory, service->name) == NULL &&
             !conf_has_service(conf, holder->name)))
            continue;
        if (holder->name[0] == '\0') {
            snprintf(error, 256, "%s:%d: [service %s]: sid is that of a service made over the API",
                     conf->file, conf_where(conf, &service->sid), service->name);
            return -EINVAL;
        }
        snprintf(error, 256, "%s:%d: [service %s]: sid is another service's: that of [service %s]",
                 conf->file, conf_where(conf, &service->sid), service->name, holder->name);
        return -EINVAL;
    }
    return 0;
}

/* ---- what stands already ---- */

static bool row_stands(const struct service *row, const struct conf_service *conf, const struct sid *sid)
{
    for (size_t i = 0; i < TEXTS; i++)
        if (strcmp(text_at(conf, texts[i].conf), text_at(row, texts[i].row)) != 0)
            return false;
    for (size_t i = 0; i < FLAGS; i++)
        if (flag_at(conf, flags[i].conf) != flag_at(row, flags[i].row))
            return false;
    return memcmp(&row->sid, sid, sizeof *sid) == 0 && strcmp(row->name, conf->name) == 0 &&
           row->validity_s == conf->validity_s;
}

static bool is_listed(struct directory *directory, char **names, int64_t line_id)
{
    const struct line *line = directory_line(directory, line_id);
    for (; line != NULL && *names != NULL; names++)
        if (strcmp(*names, line->name) == 0)
            return true;
    return false;
}

static bool pool_stands(struct directory *directory, const struct service *row, char **names)
{
    for (size_t i = 0; i < row->line_count; i++)
        if (!is_listed(directory, names, row->line_ids[i]))
            return false;
    for (; *names != NULL; names++) {
        const struct line *line = directory_line_by_name(directory, *names);
        if (line == NULL) /* a new line has no row in memory yet */
            return false;
        if (line->account_id == row->account_id && !pool_has(row, line->id)) /* another account's stays out */
            return false;
    }
    return true;
}

/* ---- writing ---- */

static struct store_change *service_change(struct directory *directory, enum query query,
                                           const struct conf_service *conf, const struct sid *sid)
{
    struct store_change *change = change_new(directory, TABLE_SERVICE, query, NULL, NULL);
    store_change_blob(change, ":sid", sid->b, sizeof sid->b);
    store_change_text(change, ":name", conf->name);
    store_change_text(change, ":friendly_name", conf->name);
    for (size_t i = 0; i < TEXTS; i++)
        store_change_text(change, texts[i].value, text_at(conf, texts[i].conf));
    for (size_t i = 0; i < FLAGS; i++)
        store_change_int(change, flags[i].value, flag_at(conf, flags[i].conf));
    store_change_int(change, ":validity_s", conf->validity_s);
    store_change_int(change, ":now", clock_wall_ms());
    return change;
}

static int pool_clear(struct directory *directory, int64_t service_id)
{
    struct store_change *change = change_new(directory, TABLE_SERVICE, Q_SERVICE_LINE_CLEAR, NULL, NULL);
    store_change_int(change, ":service_id", service_id);
    int status = store_change_submit(change);
    return status == -ENOENT ? 0 : status; /* it was empty */
}

static int pool_insert(struct directory *directory, const struct sid *sid, char **lines)
{
    for (; *lines != NULL; lines++) {
        struct store_change *change = change_new(directory, TABLE_SERVICE, Q_SERVICE_LINE_INSERT, NULL, NULL);
        store_change_blob(change, ":sid", sid->b, sizeof sid->b);
        store_change_text(change, ":line", *lines);
        store_change_int(change, ":now", clock_wall_ms());
        int status = store_change_submit(change);
        if (status != 0 && status != -EEXIST) /* named twice */
            return status;
    }
    return 0;
}

static int service_update(struct directory *directory, const struct conf_service *conf,
                          const struct service *row, const struct sid *sid)
{
    bool stands = row_stands(row, conf, sid), pool = pool_stands(directory, row, conf->lines);
    if (stands && pool)
        return 0;
    if (!store_open_for_work(directory->store))
        return -ENOSPC;
    log_event(LOG_INFO, "service.changed", "service=%s options=%s pool=%s", conf->name,
              stands ? "kept" : "new", pool ? "kept" : "new");
    struct store_change *change = service_change(directory, Q_SERVICE_UPDATE, conf, sid);
    store_change_int(change, ":id", row->id);
    int status = store_change_submit(change);
    if (status == 0 && !pool)
        status = pool_clear(directory, row->id);
    return status != 0 || pool ? status : pool_insert(directory, sid, conf->lines);
}

int service_seed(struct directory *directory, const struct conf_service *conf, int64_t account_id)
{
    struct sid sid;
    const struct service *row = row_of(directory, conf);
    if (!sid_parse(conf->sid, "MG", &sid)) {
        if (row != NULL)
            sid = row->sid;
        else
            sid_new(&sid, clock_wall_ms());
    }
    if (row != NULL)
        return service_update(directory, conf, row, &sid);
    if (!store_open_for_work(directory->store))
        return -ENOSPC;
    struct store_change *change = service_change(directory, Q_SERVICE_INSERT, conf, &sid);
    store_change_int(change, ":account_id", account_id);
    int status = store_change_submit(change);
    return status != 0 ? status : pool_insert(directory, &sid, conf->lines);
}

bool conf_has_service(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->service_count; i++)
        if (strcmp(conf->services[i].name, name) == 0)
            return true;
    return false;
}
