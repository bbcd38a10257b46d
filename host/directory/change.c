/* Changes of rows: the statement with its values is kept until the disk has it, then memory is read anew and
 * the caller told. Refuses: what meets no row (-ENOENT), what a constraint forbids (-EEXIST). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/e164.h"
#include "host/base/log.h"
#include "host/directory/directory_internal.h"

#define VALUES_MAX        24
#define FRIENDLY_NAME_MAX 64

enum value_kind { VALUE_INT, VALUE_TEXT, VALUE_BLOB };
struct value {
    enum value_kind kind;
    const char *name; /* a literal */
    int64_t number;   /* or the length of bytes */
    void *bytes;      /* heap, NULL = NULL */
};

struct change {
    struct store_op op; /* first */
    struct directory *directory;
    enum table table;
    enum query query;
    struct value values[VALUES_MAX];
    size_t count;
    int none; /* what it means when it met no row */
    directory_fn *fn;
    void *arg;
};

static int change_apply(struct store *store, struct store_op *op)
{
    const struct change *change = (const struct change *)op;
    sqlite3_stmt *stmt = store_write_stmt(store, change->query);
    for (size_t i = 0; i < change->count; i++) {
        const struct value *value = &change->values[i];
        switch (value->kind) {
        case VALUE_INT: store_bind_int(stmt, value->name, value->number); break;
        case VALUE_TEXT: store_bind_text(stmt, value->name, value->bytes); break;
        case VALUE_BLOB: store_bind_blob(stmt, value->name, value->bytes, (size_t)value->number); break;
        }
    }
    int status = store_errno(store_step(store, stmt));
    if (status == 0 && store_changes(store) == 0)
        status = change->none;
    sqlite3_reset(stmt);
    return status;
}

static void change_done(struct store_op *op, int status)
{
    struct change *change = (struct change *)op;
    struct directory *directory = change->directory;
    if (status == 0 && change->table != TABLE_NONE && rows_load(directory, change->table) != 0)
        log_event(LOG_ERROR, "directory.stale", "table=%d reason=\"cannot be read back\"", change->table);
    if (status == 0 && change->table == TABLE_SERVICE)
        services_told(directory);
    if (change->fn != NULL)
        change->fn(change->arg, status);
    for (size_t i = 0; i < change->count; i++)
        free(change->values[i].bytes);
    free(change);
    directory->pending--;
    if (directory->closed && directory->pending == 0)
        directory_free(directory);
}

struct change *change_new(struct directory *directory, enum table table, enum query query, directory_fn *fn,
                          void *arg)
{
    struct change *change = calloc(1, sizeof *change);
    if (change == NULL)
        fatal("out of memory");
    change->op.apply = change_apply;
    change->op.done = change_done;
    change->directory = directory;
    change->table = table;
    change->query = query;
    change->none = -ENOENT;
    change->fn = fn;
    change->arg = arg;
    return change;
}

static struct value *value_add(struct change *change, enum value_kind kind, const char *name)
{
    if (change->count == VALUES_MAX)
        fatal("more than %d values for %s", VALUES_MAX, query_names[change->query]);
    struct value *value = &change->values[change->count++];
    value->kind = kind;
    value->name = name;
    return value;
}

void change_int(struct change *change, const char *name, int64_t number)
{
    value_add(change, VALUE_INT, name)->number = number;
}

void change_text(struct change *change, const char *name, const char *text)
{
    struct value *value = value_add(change, VALUE_TEXT, name);
    if (text != NULL && (value->bytes = strdup(text)) == NULL)
        fatal("out of memory");
}

void change_blob(struct change *change, const char *name, const void *bytes, size_t len)
{
    struct value *value = value_add(change, VALUE_BLOB, name);
    if ((value->bytes = malloc(len)) == NULL)
        fatal("out of memory");
    memcpy(value->bytes, bytes, len);
    value->number = (int64_t)len;
}

void change_none_means(struct change *change, int status)
{
    change->none = status;
}

int change_submit(struct change *change)
{
    change->directory->pending++;
    return store_submit(change->directory->store, &change->op);
}

/* ---- accounts ---- */

void token_make(char token[TOKEN_LEN + 1])
{
    uint8_t bytes[TOKEN_LEN / 2];
    secret_random(bytes, sizeof bytes);
    hex_encode(bytes, sizeof bytes, token);
}

struct change *account_change(struct directory *directory, enum query query, const struct sid *sid,
                              const char *token, directory_fn *fn, void *arg)
{
    uint8_t sealed[TOKEN_LEN + SECRET_SEAL_OVERHEAD];
    struct change *change = change_new(directory, TABLE_ACCOUNT, query, fn, arg);
    secret_seal(&directory->key, token, TOKEN_LEN, sealed);
    change_blob(change, ":sid", sid->b, sizeof sid->b);
    change_blob(change, ":token", sealed, sizeof sealed);
    change_int(change, ":now", clock_wall_ms());
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
    struct change *change = account_change(directory, Q_ACCOUNT_INSERT, sid, token, fn, arg);
    change_text(change, ":friendly_name", friendly_name);
    change_int(change, ":owner_id", owner_id);
    change_int(change, ":test", test);
    change_submit(change);
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
    change_submit(account_change(directory, Q_ACCOUNT_TOKEN_SET, sid, token, fn, arg));
    return 0;
}

int directory_account_update(struct directory *directory, int64_t id, const char *friendly_name,
                             enum account_status status, directory_fn *fn, void *arg)
{
    if (directory_account(directory, id) == NULL)
        return -ENOENT;
    if (friendly_name != NULL && !name_fits(friendly_name, 1))
        return -EINVAL;
    struct change *change = change_new(directory, TABLE_ACCOUNT, Q_ACCOUNT_UPDATE, fn, arg);
    change_int(change, ":id", id);
    change_text(change, ":friendly_name", friendly_name);
    change_int(change, ":status", status);
    change_int(change, ":now", clock_wall_ms());
    change_none_means(change, -EPERM);
    change_submit(change);
    return 0;
}

/* ---- lines ---- */

/* In the same commit as the move. */
static void pools_leave(struct directory *directory, int64_t line_id, int64_t account_id)
{
    struct change *change = change_new(directory, TABLE_SERVICE, Q_SERVICE_LINE_LEAVE, NULL, NULL);
    change_int(change, ":line_id", line_id);
    change_int(change, ":account_id", account_id);
    change_submit(change);
}

void directory_line_update(struct directory *directory, int64_t line_id, const struct line_update *update,
                           directory_fn *fn, void *arg)
{
    if (update->account_id != 0)
        pools_leave(directory, line_id, update->account_id);
    struct change *change = change_new(directory, TABLE_LINE, Q_LINE_UPDATE, fn, arg);
    change_int(change, ":id", line_id);
    change_int(change, ":account_id", update->account_id);
    change_text(change, ":friendly_name", update->friendly_name);
    change_text(change, ":sms_url", update->sms_url);
    change_text(change, ":sms_method", update->sms_method);
    change_text(change, ":sms_fallback_url", update->sms_fallback_url);
    change_text(change, ":sms_fallback_method", update->sms_fallback_method);
    change_text(change, ":status_callback", update->status_callback);
    change_text(change, ":status_callback_method", update->status_callback_method);
    if (update->sms_application_id != NULL)
        change_int(change, ":sms_application_id", *update->sms_application_id);
    change_int(change, ":now", clock_wall_ms());
    change_submit(change);
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
    struct change *change = change_new(directory, TABLE_LINE, Q_LINE_IDENTITY_SET, NULL, NULL);
    change_int(change, ":id", line_id);
    change_text(change, ":iccid", line->iccid);
    change_text(change, ":number", line->number);
    change_int(change, ":now", clock_wall_ms());
    change_submit(change);
    return 0;
}
