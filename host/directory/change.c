/* Changes of rows: once the disk has one, memory is read anew and the caller told. Refuses: what meets no row
 * (-ENOENT), what a constraint forbids (-EEXIST). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/e164.h"
#include "host/base/log.h"
#include "host/directory/directory_internal.h"

#define FRIENDLY_NAME_MAX 64

struct waiting {
    struct directory *directory;
    enum table table;
    directory_fn *fn;
    void *arg;
};

static void on_changed(void *arg, int status)
{
    struct waiting *waiting = arg;
    struct directory *directory = waiting->directory;
    enum table table = waiting->table;
    if (status == 0 && table != TABLE_NONE && rows_load(directory, table) != 0)
        log_event(LOG_ERROR, "directory.stale", "table=%d reason=\"cannot be read back\"", table);
    if (status == 0 && table == TABLE_SERVICE)
        services_told(directory);
    if (waiting->fn != NULL)
        waiting->fn(waiting->arg, status);
    free(waiting);
    directory->pending--;
    if (directory->closed && directory->pending == 0)
        directory_free(directory);
}

struct store_change *change_new(struct directory *directory, enum table table, enum query query,
                                directory_fn *fn, void *arg)
{
    struct waiting *waiting = malloc(sizeof *waiting);
    if (waiting == NULL)
        fatal("out of memory");
    *waiting = (struct waiting){directory, table, fn, arg};
    directory->pending++;
    return store_change_new(directory->store, query, on_changed, waiting);
}

static const void *member_of(const void *update, const struct change_member *member)
{
    const void *value;
    memcpy(&value, (const char *)update + member->offset, sizeof value);
    return value;
}

void change_texts(struct store_change *change, const struct change_member *members, size_t count,
                  const void *update)
{
    for (size_t i = 0; i < count; i++) {
        const char *text = member_of(update, &members[i]);
        if (text != NULL)
            store_change_text(change, members[i].name, text);
    }
}

void change_flags(struct store_change *change, const struct change_member *members, size_t count,
                  const void *update)
{
    for (size_t i = 0; i < count; i++) {
        const bool *flag = member_of(update, &members[i]);
        if (flag != NULL)
            store_change_int(change, members[i].name, *flag);
    }
}

/* ---- accounts ---- */

void token_make(char token[TOKEN_LEN + 1])
{
    uint8_t bytes[TOKEN_LEN / 2];
    secret_random(bytes, sizeof bytes);
    hex_encode(bytes, sizeof bytes, token);
}

struct store_change *account_change(struct directory *directory, enum query query, const struct sid *sid,
                                    const char *token, directory_fn *fn, void *arg)
{
    uint8_t sealed[TOKEN_LEN + SECRET_SEAL_OVERHEAD];
    struct store_change *change = change_new(directory, TABLE_ACCOUNT, query, fn, arg);
    secret_seal(&directory->key, token, TOKEN_LEN, sealed);
    store_change_blob(change, ":sid", sid->b, sizeof sid->b);
    store_change_blob(change, ":token", sealed, sizeof sealed);
    store_change_int(change, ":now", clock_wall_ms());
    return change;
}

/* Octets that begin a character of UTF-8. */
static size_t characters(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += (*text & 0xC0) != 0x80;
    return count;
}

bool name_fits(const char *name, size_t least)
{
    size_t count = characters(name);
    return count >= least && count <= FRIENDLY_NAME_MAX;
}

static void account_insert(struct directory *directory, int64_t owner_id, bool test,
                           const char *friendly_name, struct sid *sid, char token[33], directory_fn *fn,
                           void *arg)
{
    sid_new(sid, clock_wall_ms());
    token_make(token);
    struct store_change *change = account_change(directory, Q_ACCOUNT_INSERT, sid, token, fn, arg);
    store_change_text(change, ":friendly_name", friendly_name);
    store_change_int(change, ":owner_id", owner_id);
    store_change_int(change, ":test", test);
    store_change_submit(change);
}

int directory_account_create(struct directory *directory, const char *friendly_name, struct sid *sid,
                             char token[33], directory_fn *fn, void *arg)
{
    if (!name_fits(friendly_name, 1))
        return -EINVAL;
    account_insert(directory, 0, false, friendly_name, sid, token, fn, arg);
    return 0;
}

int directory_subaccount_create(struct directory *directory, int64_t owner_id, bool test,
                                const char *friendly_name, struct sid *sid, char token[33], directory_fn *fn,
                                void *arg)
{
    const struct account *owner = directory_account(directory, owner_id);
    if (!name_fits(friendly_name, 1))
        return -EINVAL;
    if (owner == NULL || owner->owner_id != 0)
        return -ENOENT;
    if (test && directory_account_test(directory, owner_id) != NULL)
        return -EEXIST;
    account_insert(directory, owner_id, test, friendly_name, sid, token, fn, arg);
    return 0;
}

int directory_account_rotate(struct directory *directory, const struct sid *sid, char token[33],
                             directory_fn *fn, void *arg)
{
    if (rows_by_sid(&directory->tables[TABLE_ACCOUNT], sid) == NULL)
        return -ENOENT;
    token_make(token);
    store_change_submit(account_change(directory, Q_ACCOUNT_TOKEN_SET, sid, token, fn, arg));
    return 0;
}

int directory_account_update(struct directory *directory, int64_t id, const char *friendly_name,
                             enum account_status status, directory_fn *fn, void *arg)
{
    if (directory_account(directory, id) == NULL)
        return -ENOENT;
    if (friendly_name != NULL && !name_fits(friendly_name, 1))
        return -EINVAL;
    struct store_change *change = change_new(directory, TABLE_ACCOUNT, Q_ACCOUNT_UPDATE, fn, arg);
    store_change_int(change, ":id", id);
    store_change_text(change, ":friendly_name", friendly_name);
    store_change_int(change, ":status", status);
    store_change_int(change, ":now", clock_wall_ms());
    store_change_none_means(change, -EPERM);
    store_change_submit(change);
    return 0;
}

/* ---- lines ---- */

/* In the same commit as the move. */
static void pools_leave(struct directory *directory, int64_t line_id, int64_t account_id)
{
    struct store_change *change = change_new(directory, TABLE_SERVICE, Q_SERVICE_LINE_LEAVE, NULL, NULL);
    store_change_int(change, ":line_id", line_id);
    store_change_int(change, ":account_id", account_id);
    store_change_submit(change);
}

void directory_line_update(struct directory *directory, int64_t line_id, const struct line_update *update,
                           directory_fn *fn, void *arg)
{
    if (update->account_id != 0)
        pools_leave(directory, line_id, update->account_id);
    struct store_change *change = change_new(directory, TABLE_LINE, Q_LINE_UPDATE, fn, arg);
    store_change_int(change, ":id", line_id);
    store_change_int(change, ":account_id", update->account_id);
    store_change_text(change, ":friendly_name", update->friendly_name);
    store_change_text(change, ":sms_url", update->sms_url);
    store_change_text(change, ":sms_method", update->sms_method);
    store_change_text(change, ":sms_fallback_url", update->sms_fallback_url);
    store_change_text(change, ":sms_fallback_method", update->sms_fallback_method);
    store_change_text(change, ":status_callback", update->status_callback);
    store_change_text(change, ":status_callback_method", update->status_callback_method);
    if (update->sms_application_id != NULL)
        store_change_int(change, ":sms_application_id", *update->sms_application_id);
    store_change_int(change, ":now", clock_wall_ms());
    store_change_submit(change);
}

static void chars_set(char *field, size_t size, const char *text)
{
    size_t len = strnlen(text, size - 1);
    memcpy(field, text, len);
    field[len] = '\0';
}

/* Memory has it at once, so that a second SIM is noticed before the first is on disk; after a crash the modem
 * tells both again. SIMs answer +CNUM with what somebody once typed into them: only E.164 is taken for an
 * identity. */
int directory_line_sim(struct directory *directory, int64_t line_id, const char *iccid, const char *number)
{
    struct line *line = rows_by_id(&directory->tables[TABLE_LINE], line_id);
    if (line == NULL)
        return -ENOENT;
    chars_set(line->sim, sizeof line->sim, iccid);
    line_judge(line);
    if (line->stopped)
        return -EPERM;
    bool new_sim = line->iccid[0] == '\0' && line->sim[0] != '\0';
    bool new_number = line->number[0] == '\0' && is_e164(number);
    if (!new_sim && !new_number)
        return 0;
    if (new_sim)
        chars_set(line->iccid, sizeof line->iccid, line->sim);
    if (new_number)
        chars_set(line->number, sizeof line->number, number);
    struct store_change *change = change_new(directory, TABLE_LINE, Q_LINE_IDENTITY_SET, NULL, NULL);
    store_change_int(change, ":id", line_id);
    store_change_text(change, ":iccid", line->iccid);
    store_change_text(change, ":number", line->number);
    store_change_int(change, ":now", clock_wall_ms());
    store_change_submit(change);
    return 0;
}
