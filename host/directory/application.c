/* Applications: rows that the API makes, changes and deletes. They refuse to be more than APPLICATIONS_MAX
 * for an account (-ENOSPC); what a caller gives is checked by the caller. */
#include <errno.h>

#include "host/base/clock.h"
#include "host/directory/directory_internal.h"

/* ---- look-ups ---- */

const struct application *directory_application(struct directory *directory, int64_t id)
{
    return rows_by_id(&directory->tables[TABLE_APPLICATION], id);
}

const struct application *directory_application_by_sid(struct directory *directory, const struct sid *sid)
{
    return rows_by_sid(&directory->tables[TABLE_APPLICATION], sid);
}

const struct application *directory_application_of_line(struct directory *directory, const struct line *line)
{
    const struct application *application =
        line->sms_application_id != 0 ? directory_application(directory, line->sms_application_id) : NULL;
    return application != NULL && application->account_id == line->account_id ? application : NULL;
}

const char *application_status_url(const struct application *application)
{
    if (application->message_status_callback[0] != '\0')
        return application->message_status_callback;
    return application->sms_status_callback[0] != '\0' ? application->sms_status_callback : NULL;
}

const struct application *directory_application_at(struct directory *directory, int64_t account_id, size_t n)
{
    const struct rows *rows = &directory->tables[TABLE_APPLICATION];
    for (size_t i = rows->count; i-- > 0;) {
        const struct application *application = rows->at[i];
        if ((account_id == 0 || application->account_id == account_id) && n-- == 0)
            return application;
    }
    return NULL;
}

/* ---- changes ---- */

#define TEXT(member)                                                                                         \
    {                                                                                                        \
        ":" #member, offsetof(struct application_update, member)                                             \
    }
static const struct change_member texts[] = {TEXT(friendly_name),
                                             TEXT(sms_url),
                                             TEXT(sms_method),
                                             TEXT(sms_fallback_url),
                                             TEXT(sms_fallback_method),
                                             TEXT(sms_status_callback),
                                             TEXT(message_status_callback),
                                             TEXT(status_callback),
                                             TEXT(status_callback_method),
                                             TEXT(voice_url),
                                             TEXT(voice_method),
                                             TEXT(voice_fallback_url),
                                             TEXT(voice_fallback_method)},
                                  flags[] = {TEXT(voice_caller_id_lookup),
                                             TEXT(public_application_connect_enabled)};

static void values(struct store_change *change, const struct application_update *update)
{
    change_texts(change, texts, sizeof texts / sizeof texts[0], update);
    change_flags(change, flags, sizeof flags / sizeof flags[0], update);
    store_change_int(change, ":now", clock_wall_ms());
}

int directory_application_create(struct directory *directory, int64_t account_id,
                                 const struct application_update *update, struct sid *sid, directory_fn *fn,
                                 void *arg)
{
    if (directory_application_at(directory, account_id, APPLICATIONS_MAX - 1) != NULL)
        return -ENOSPC;
    sid_new(sid, clock_wall_ms());
    struct store_change *change = change_new(directory, TABLE_APPLICATION, Q_APPLICATION_INSERT, fn, arg);
    store_change_blob(change, ":sid", sid->b, sizeof sid->b);
    store_change_int(change, ":account_id", account_id);
    values(change, update);
    store_change_submit(change);
    return 0;
}

void directory_application_update(struct directory *directory, int64_t id,
                                  const struct application_update *update, directory_fn *fn, void *arg)
{
    struct store_change *change = change_new(directory, TABLE_APPLICATION, Q_APPLICATION_UPDATE, fn, arg);
    store_change_int(change, ":id", id);
    values(change, update);
    store_change_submit(change);
}

/* Both changes are of one turn, so of one commit. The lines are asked first: the second answers for both, and
 * of the first "no such row" is well. */
void directory_application_delete(struct directory *directory, int64_t id, directory_fn *fn, void *arg)
{
    struct store_change *lines = change_new(directory, TABLE_LINE, Q_LINE_APPLICATION_CLEAR, NULL, NULL);
    store_change_int(lines, ":id", id);
    store_change_submit(lines);
    struct store_change *change = change_new(directory, TABLE_APPLICATION, Q_APPLICATION_DELETE, fn, arg);
    store_change_int(change, ":id", id);
    store_change_submit(change);
}
