/* Rows for what the configuration names: lines here, services in seed_service.c. Of a line that is known,
 * number and SIM are the configuration's, which is the place to correct them; where its messages are
 * announced is the API's (IncomingPhoneNumbers), and an option that says otherwise is told, never silently
 * passed over.
 *
 * Nothing is written when all stands already: then a full disk does not keep the daemon from starting or
 * reloading. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/directory/directory_internal.h"

/* What the file gives a new line and the API owns afterwards. */
#define OWNED(member)                                                                                        \
    {                                                                                                        \
#member, ":" #member, offsetof(struct conf_line, member), offsetof(struct line, member)              \
    }
static const struct {
    const char *option, *value;
    size_t conf, row;
} owned[] = {OWNED(sms_url), OWNED(sms_method), OWNED(sms_fallback_url), OWNED(sms_fallback_method),
             OWNED(status_callback)};
#define OWNED_COUNT (sizeof owned / sizeof owned[0])

static char *const *text_at(const void *object, size_t offset)
{
    return (char *const *)(const void *)((const char *)object + offset);
}

static int line_insert(struct directory *directory, const struct conf_line *line, int64_t account_id)
{
    struct sid sid;
    if (!store_open_for_work(directory->store))
        return -ENOSPC;
    sid_new(&sid, clock_wall_ms());
    struct store_change *change = change_new(directory, TABLE_LINE, Q_LINE_INSERT, NULL, NULL);
    store_change_blob(change, ":sid", sid.b, sizeof sid.b);
    store_change_int(change, ":account_id", account_id);
    store_change_text(change, ":name", line->name);
    store_change_text(change, ":number", line->number);
    store_change_text(change, ":iccid", line->iccid);
    store_change_text(change, ":friendly_name", line->name);
    for (size_t i = 0; i < OWNED_COUNT; i++)
        store_change_text(change, owned[i].value, *text_at(line, owned[i].conf));
    store_change_int(change, ":now", clock_wall_ms());
    return store_change_submit(change);
}

/* An empty option says nothing of the row. */
static int line_correct(struct directory *directory, const struct conf_line *conf, const struct line *line)
{
    bool number_stands = conf->number[0] == '\0' || strcmp(conf->number, line->number) == 0;
    bool iccid_stands = conf->iccid[0] == '\0' || strcmp(conf->iccid, line->iccid) == 0;
    if (number_stands && iccid_stands)
        return 0;
    if (!store_open_for_work(directory->store))
        return -ENOSPC;
    struct store_change *change = change_new(directory, TABLE_LINE, Q_LINE_IDENTITY_SET, NULL, NULL);
    store_change_int(change, ":id", line->id);
    store_change_text(change, ":number", number_stands ? line->number : conf->number);
    store_change_text(change, ":iccid", iccid_stands ? line->iccid : conf->iccid);
    store_change_int(change, ":now", clock_wall_ms());
    log_event(LOG_WARN, "line.corrected", "line=%s number=%s iccid=%s", line->name,
              number_stands ? "kept" : "new", iccid_stands ? "kept" : "new");
    return store_change_submit(change);
}

/* Whose a [line] is: the first account's, or by SID, or by a name that only one has. NULL: nobody's. */
static const struct account *owner_of(struct directory *directory, const struct conf_line *conf)
{
    const struct account *found = NULL, *account;
    struct sid sid;
    if (conf->account[0] == '\0')
        return directory_account_first(directory);
    if (sid_parse(conf->account, "AC", &sid))
        found = directory_account_by_sid(directory, &sid);
    for (size_t n = 0; found == NULL && (account = directory_account_at(directory, n)) != NULL; n++)
        if (!account->test && strcmp(account->friendly_name, conf->account) == 0) {
            found = account;
            while ((account = directory_account_at(directory, ++n)) != NULL)
                if (!account->test && strcmp(account->friendly_name, conf->account) == 0)
                    return NULL;
        }
    return found != NULL && !found->test ? found : NULL;
}

static int lines_check(struct directory *directory, const struct conf *conf, char error[256])
{
    for (size_t i = 0; i < conf->line_count; i++) {
        const struct conf_line *line = &conf->lines[i];
        if (directory_line_by_name(directory, line->name) != NULL || owner_of(directory, line) != NULL)
            continue;
        snprintf(error, 256,
                 "%s:%d: [line %s]: account: there is not one account '%.64s': give its SID, as "
                 "cellpost account show lists it",
                 conf->file, conf_where(conf, &line->account), line->name, line->account);
        return -EINVAL;
    }
    return 0;
}

static int line_seed(struct directory *directory, const struct conf_line *conf)
{
    const struct line *line = directory_line_by_name(directory, conf->name);
    const struct account *owner = owner_of(directory, conf);
    return line == NULL ? line_insert(directory, conf, owner->id) : line_correct(directory, conf, line);
}

static void tell_ignored(const struct conf *conf, const struct conf_line *line, const char *option, int where)
{
    char file[256];
    log_event(LOG_WARN, "line.option_ignored",
              "file=%s line=%d section=%s option=%s "
              "message=\"only a new line takes it from here: change it over the API, IncomingPhoneNumbers\"",
              log_quote(conf->file, strlen(conf->file), file, sizeof file), where, line->name, option);
}

static void line_tell_ignored(struct directory *directory, const struct conf *conf,
                              const struct conf_line *line)
{
    const struct line *row = directory_line_by_name(directory, line->name);
    const struct account *owner = owner_of(directory, line);
    int given = conf_where(conf, &line->account);
    if (row != NULL && given > 0 && (owner == NULL || owner->id != row->account_id))
        tell_ignored(conf, line, "account", given);
    for (size_t i = 0; row != NULL && i < OWNED_COUNT; i++) {
        char *const *text = text_at(line, owned[i].conf);
        int where = conf_where(conf, text);
        if (where > 0 && strcmp(*text, *text_at(row, owned[i].row)) != 0)
            tell_ignored(conf, line, owned[i].option, where);
    }
}

void seed_tell_ignored(struct directory *directory, const struct conf *conf)
{
    for (size_t i = 0; i < conf->line_count; i++)
        line_tell_ignored(directory, conf, &conf->lines[i]);
}

static int seed_rows(struct directory *directory, const struct conf *conf)
{
    const struct account *first = directory->tables[TABLE_ACCOUNT].at[0];
    size_t pending = directory->pending;
    int status = 0;
    for (size_t i = 0; i < conf->line_count && status == 0; i++)
        status = line_seed(directory, &conf->lines[i]);
    for (size_t i = 0; i < conf->service_count && status == 0; i++)
        status = service_seed(directory, &conf->services[i], first->id);
    return status != 0 || directory->pending == pending ? status : store_flush(directory->store);
}

int seed(struct directory *directory, const struct conf *conf, char error[256])
{
    int status = services_check(directory, conf, error);
    if (status == 0)
        status = lines_check(directory, conf, error);
    if (status != 0)
        return status;
    status = seed_rows(directory, conf);
    if (status == -EINPROGRESS || status == -EIO) /* it waits in the store */
        status = -ENOSPC;
    if (status != 0)
        snprintf(error, 256, "database: lines and services cannot be stored: %s",
                 status == -ENOSPC ? "the disk takes no more" : strerror(-status));
    return status;
}
