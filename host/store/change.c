/* See change.h. */
#include "host/store/change.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"

enum value_kind { VALUE_INT, VALUE_TEXT, VALUE_BLOB };
struct value {
    enum value_kind kind;
    const char *name;
    int64_t number; /* or the length of bytes */
    void *bytes;    /* heap, NULL = NULL */
};

struct store_change {
    struct store_op op; /* first */
    struct store *store;
    enum query query;
    struct value values[STORE_CHANGE_VALUES];
    size_t count;
    int none; /* what it means when it met no row */
    store_change_fn *fn;
    void *arg;
};

static void value_bind(sqlite3_stmt *stmt, const struct value *value)
{
    switch (value->kind) {
    case VALUE_INT: store_bind_int(stmt, value->name, value->number); break;
    case VALUE_TEXT: store_bind_text(stmt, value->name, value->bytes); break;
    case VALUE_BLOB: store_bind_blob(stmt, value->name, value->bytes, (size_t)value->number); break;
    }
}

static int change_apply(struct store *store, struct store_op *op)
{
    const struct store_change *change = (const struct store_change *)op;
    sqlite3_stmt *stmt = store_write_stmt(store, change->query);
    for (size_t i = 0; i < change->count; i++)
        value_bind(stmt, &change->values[i]);
    int status = store_errno(store_step(store, stmt));
    if (status == 0 && store_changes(store) == 0)
        status = change->none;
    sqlite3_reset(stmt);
    return status;
}

static void change_done(struct store_op *op, int status)
{
    struct store_change *change = (struct store_change *)op;
    if (change->fn != NULL)
        change->fn(change->arg, status);
    for (size_t i = 0; i < change->count; i++)
        free(change->values[i].bytes);
    free(change);
}

struct store_change *store_change_new(struct store *store, enum query query, store_change_fn *fn, void *arg)
{
    struct store_change *change = calloc(1, sizeof *change);
    if (change == NULL)
        fatal("out of memory");
    change->op.apply = change_apply;
    change->op.done = change_done;
    change->store = store;
    change->query = query;
    change->none = -ENOENT;
    change->fn = fn;
    change->arg = arg;
    return change;
}

static struct value *value_add(struct store_change *change, enum value_kind kind, const char *name)
{
    if (change->count == STORE_CHANGE_VALUES)
        fatal("more than %d values for %s", STORE_CHANGE_VALUES, query_names[change->query]);
    struct value *value = &change->values[change->count++];
    value->kind = kind;
    value->name = name;
    return value;
}

void store_change_int(struct store_change *change, const char *name, int64_t number)
{
    value_add(change, VALUE_INT, name)->number = number;
}

void store_change_text(struct store_change *change, const char *name, const char *text)
{
    struct value *value = value_add(change, VALUE_TEXT, name);
    if (text != NULL && (value->bytes = strdup(text)) == NULL)
        fatal("out of memory");
}

void store_change_blob(struct store_change *change, const char *name, const void *bytes, size_t len)
{
    struct value *value = value_add(change, VALUE_BLOB, name);
    if ((value->bytes = malloc(len)) == NULL)
        fatal("out of memory");
    memcpy(value->bytes, bytes, len);
    value->number = (int64_t)len;
}

void store_change_none_means(struct store_change *change, int status)
{
    change->none = status;
}

int store_change_submit(struct store_change *change)
{
    return store_submit(change->store, &change->op);
}
