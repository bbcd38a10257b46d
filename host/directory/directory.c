/* Opening, and the look-ups of a few rows in memory. */
#include "host/directory/directory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"
#include "host/directory/directory_internal.h"

static bool is_configured(const struct conf *conf, const char *name)
{
    for (size_t i = 0; i < conf->line_count; i++)
        if (strcmp(conf->lines[i].name, name) == 0)
            return true;
    return false;
}

int directory_reload(struct directory *directory, const struct conf *conf, char error[256])
{
    int status = seed(directory, conf, error);
    if (status != 0)
        return status;
    const struct rows *lines = &directory->tables[TABLE_LINE];
    for (size_t i = 0; i < lines->count; i++) {
        struct line *line = lines->at[i];
        line->configured = is_configured(conf, line->name);
    }
    const struct rows *services = &directory->tables[TABLE_SERVICE];
    for (size_t i = 0; i < services->count; i++) {
        struct service *service = services->at[i];
        service->configured = conf_has_service(conf, service->name);
        service_judge(service);
    }
    seed_tell_ignored(directory, conf);
    services_told(directory);
    return 0;
}

static int load_all(struct directory *directory, char error[256])
{
    int status = rows_load(directory, TABLE_LINE);
    if (status == 0)
        status = rows_load(directory, TABLE_SERVICE);
    if (status == 0)
        status = rows_load(directory, TABLE_APPLICATION);
    if (status != 0)
        snprintf(error, 256, "database: lines and services cannot be read: %s", strerror(-status));
    return status;
}

int directory_open(struct directory **out, struct store *store, const struct conf *conf, char error[256])
{
    struct directory *directory = calloc(1, sizeof *directory);
    if (directory == NULL)
        fatal("out of memory");
    directory->store = store;
    int status = first_open(directory, conf, error);
    if (status == 0)
        status = load_all(directory, error);
    if (status == 0)
        status = directory_reload(directory, conf, error);
    if (status != 0) {
        directory_close(directory);
        return status;
    }
    *out = directory;
    return 0;
}

void directory_free(struct directory *directory)
{
    rows_fini(directory);
    explicit_bzero(&directory->key, sizeof directory->key);
    free(directory);
}

void directory_close(struct directory *directory)
{
    if (directory == NULL)
        return;
    directory->closed = true;
    if (directory->pending == 0)
        directory_free(directory);
}

/* ---- look-ups ---- */

const struct account *directory_account(struct directory *directory, int64_t id)
{
    return rows_by_id(&directory->tables[TABLE_ACCOUNT], id);
}

const struct account *directory_account_by_sid(struct directory *directory, const struct sid *sid)
{
    return rows_by_sid(&directory->tables[TABLE_ACCOUNT], sid);
}

enum account_status directory_account_standing(struct directory *directory, const struct account *account)
{
    const struct account *owner =
        account->owner_id != 0 ? directory_account(directory, account->owner_id) : NULL;
    return owner != NULL && owner->status > account->status ? owner->status : account->status;
}

const struct secret_key *directory_secret(struct directory *directory)
{
    return &directory->key;
}

const struct account *directory_account_first(struct directory *directory)
{
    return directory->tables[TABLE_ACCOUNT].at[0];
}

const struct account *directory_account_test(struct directory *directory, int64_t owner_id)
{
    const struct rows *accounts = &directory->tables[TABLE_ACCOUNT];
    for (size_t i = 0; i < accounts->count; i++) {
        const struct account *account = accounts->at[i];
        if (account->test && account->owner_id == owner_id)
            return account;
    }
    return NULL;
}

const struct line *directory_line(struct directory *directory, int64_t id)
{
    return rows_by_id(&directory->tables[TABLE_LINE], id);
}

const struct line *directory_line_by_sid(struct directory *directory, const struct sid *sid)
{
    return rows_by_sid(&directory->tables[TABLE_LINE], sid);
}

const struct line *directory_line_by_name(struct directory *directory, const char *name)
{
    const struct rows *lines = &directory->tables[TABLE_LINE];
    for (size_t i = 0; i < lines->count; i++)
        if (strcmp(((const struct line *)lines->at[i])->name, name) == 0)
            return lines->at[i];
    return NULL;
}

/* A number may have moved from a line that is history to a configured one. */
const struct line *directory_line_by_number(struct directory *directory, const char *number)
{
    const struct rows *lines = &directory->tables[TABLE_LINE];
    const struct line *found = NULL;
    for (size_t i = 0; i < lines->count && number[0] != '\0'; i++) {
        const struct line *line = lines->at[i];
        if (strcmp(line->number, number) == 0 && (found == NULL || (line->configured && !found->configured)))
            found = line;
    }
    return found;
}

const struct service *directory_service(struct directory *directory, int64_t id)
{
    return rows_by_id(&directory->tables[TABLE_SERVICE], id);
}

const struct service *directory_service_by_sid(struct directory *directory, const struct sid *sid)
{
    const struct service *service = rows_by_sid(&directory->tables[TABLE_SERVICE], sid);
    return service != NULL && service->live ? service : NULL;
}

bool pool_has(const struct service *service, int64_t line_id)
{
    for (size_t n = 0; n < service->line_count; n++)
        if (service->line_ids[n] == line_id)
            return true;
    return false;
}

const struct service *directory_service_of_line(struct directory *directory, int64_t line_id)
{
    const struct rows *services = &directory->tables[TABLE_SERVICE];
    const struct service *found = NULL;
    for (size_t i = 0; i < services->count; i++) {
        const struct service *service = services->at[i];
        bool better = found == NULL || (service->name[0] == '\0' && found->name[0] != '\0');
        if (service->live && better && pool_has(service, line_id))
            found = service;
    }
    return found;
}

/* ---- lists, newest first ---- */

const struct line *directory_line_at(struct directory *directory, int64_t account_id, size_t n)
{
    const struct rows *lines = &directory->tables[TABLE_LINE];
    for (size_t i = lines->count; i-- > 0;) {
        const struct line *line = lines->at[i];
        if ((account_id == 0 || line->account_id == account_id) && n-- == 0)
            return line;
    }
    return NULL;
}

const struct service *directory_service_at(struct directory *directory, int64_t account_id, size_t n)
{
    const struct rows *services = &directory->tables[TABLE_SERVICE];
    for (size_t i = services->count; i-- > 0;) {
        const struct service *service = services->at[i];
        if ((account_id == 0 || service->account_id == account_id) && n-- == 0)
            return service;
    }
    return NULL;
}

const struct account *directory_account_at(struct directory *directory, size_t n)
{
    const struct rows *accounts = &directory->tables[TABLE_ACCOUNT];
    return n < accounts->count ? accounts->at[accounts->count - 1 - n] : NULL;
}
