/* Rows from the database into memory. What differs between the tables is data: a list of columns each, in the
 * order of the statements account_list, line_list, service_list and application_list. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"
#include "host/directory/directory_internal.h"

/* How each row begins. */
struct row {
    int64_t id;
    struct sid sid;
};
_Static_assert(offsetof(struct account, sid) == offsetof(struct row, sid), "account begins as a row");
_Static_assert(offsetof(struct line, sid) == offsetof(struct row, sid), "line begins as a row");
_Static_assert(offsetof(struct service, sid) == offsetof(struct row, sid), "service begins as a row");
_Static_assert(offsetof(struct application, sid) == offsetof(struct row, sid), "application begins as a row");

enum column_kind {
    COLUMN_INT64,
    COLUMN_INT,
    COLUMN_BOOL,
    COLUMN_SID,
    COLUMN_TEXT,
    COLUMN_CHARS,
    COLUMN_TOKEN
};
struct column {
    enum column_kind kind;
    size_t offset;
    size_t size; /* of COLUMN_CHARS */
};

#define AT(type, member) offsetof(struct type, member), sizeof((struct type){0}.member)

static const struct column account_columns[] = {
    {COLUMN_INT64, AT(account, id)},         {COLUMN_SID, AT(account, sid)},
    {COLUMN_TOKEN, AT(account, token)},      {COLUMN_TEXT, AT(account, friendly_name)},
    {COLUMN_INT, AT(account, status)},       {COLUMN_INT64, AT(account, created_ms)},
    {COLUMN_INT64, AT(account, updated_ms)}, {COLUMN_INT64, AT(account, owner_id)},
    {COLUMN_BOOL, AT(account, test)},
};
static const struct column line_columns[] = {
    {COLUMN_INT64, AT(line, id)},
    {COLUMN_SID, AT(line, sid)},
    {COLUMN_INT64, AT(line, account_id)},
    {COLUMN_CHARS, AT(line, name)},
    {COLUMN_CHARS, AT(line, number)},
    {COLUMN_CHARS, AT(line, iccid)},
    {COLUMN_TEXT, AT(line, friendly_name)},
    {COLUMN_TEXT, AT(line, sms_url)},
    {COLUMN_TEXT, AT(line, sms_method)},
    {COLUMN_TEXT, AT(line, sms_fallback_url)},
    {COLUMN_TEXT, AT(line, sms_fallback_method)},
    {COLUMN_TEXT, AT(line, status_callback)},
    {COLUMN_TEXT, AT(line, status_callback_method)},
    {COLUMN_INT64, AT(line, created_ms)},
    {COLUMN_INT64, AT(line, updated_ms)},
    {COLUMN_INT64, AT(line, sms_application_id)},
};
static const struct column service_columns[] = {
    {COLUMN_INT64, AT(service, id)},
    {COLUMN_SID, AT(service, sid)},
    {COLUMN_INT64, AT(service, account_id)},
    {COLUMN_CHARS, AT(service, name)},
    {COLUMN_TEXT, AT(service, friendly_name)},
    {COLUMN_TEXT, AT(service, inbound_request_url)},
    {COLUMN_TEXT, AT(service, inbound_method)},
    {COLUMN_TEXT, AT(service, fallback_url)},
    {COLUMN_TEXT, AT(service, fallback_method)},
    {COLUMN_TEXT, AT(service, status_callback)},
    {COLUMN_BOOL, AT(service, sticky_sender)},
    {COLUMN_BOOL, AT(service, area_code_geomatch)},
    {COLUMN_BOOL, AT(service, smart_encoding)},
    {COLUMN_BOOL, AT(service, use_inbound_webhook_on_number)},
    {COLUMN_INT, AT(service, validity_s)},
    {COLUMN_BOOL, AT(service, mms_converter)},
    {COLUMN_BOOL, AT(service, fallback_to_long_code)},
    {COLUMN_BOOL, AT(service, synchronous_validation)},
    {COLUMN_TEXT, AT(service, scan_message_content)},
    {COLUMN_TEXT, AT(service, usecase)},
    {COLUMN_INT64, AT(service, created_ms)},
    {COLUMN_INT64, AT(service, updated_ms)},
    {COLUMN_INT64, AT(service, deleted_ms)},
};
static const struct column application_columns[] = {
    {COLUMN_INT64, AT(application, id)},
    {COLUMN_SID, AT(application, sid)},
    {COLUMN_INT64, AT(application, account_id)},
    {COLUMN_TEXT, AT(application, friendly_name)},
    {COLUMN_TEXT, AT(application, sms_url)},
    {COLUMN_TEXT, AT(application, sms_method)},
    {COLUMN_TEXT, AT(application, sms_fallback_url)},
    {COLUMN_TEXT, AT(application, sms_fallback_method)},
    {COLUMN_TEXT, AT(application, sms_status_callback)},
    {COLUMN_TEXT, AT(application, message_status_callback)},
    {COLUMN_TEXT, AT(application, status_callback)},
    {COLUMN_TEXT, AT(application, status_callback_method)},
    {COLUMN_TEXT, AT(application, voice_url)},
    {COLUMN_TEXT, AT(application, voice_method)},
    {COLUMN_TEXT, AT(application, voice_fallback_url)},
    {COLUMN_TEXT, AT(application, voice_fallback_method)},
    {COLUMN_BOOL, AT(application, voice_caller_id_lookup)},
    {COLUMN_BOOL, AT(application, public_application_connect_enabled)},
    {COLUMN_INT64, AT(application, created_ms)},
    {COLUMN_INT64, AT(application, updated_ms)},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct {
    enum query list;
    const struct column *columns;
    size_t column_count, row_size;
} shapes[TABLE_COUNT] = {
    [TABLE_ACCOUNT] = {Q_ACCOUNT_LIST, account_columns, COUNT(account_columns), sizeof(struct account)},
    [TABLE_LINE] = {Q_LINE_LIST, line_columns, COUNT(line_columns), sizeof(struct line)},
    [TABLE_SERVICE] = {Q_SERVICE_LIST, service_columns, COUNT(service_columns), sizeof(struct service)},
    [TABLE_APPLICATION] = {Q_APPLICATION_LIST, application_columns, COUNT(application_columns),
                           sizeof(struct application)},
};

/* ---- finding ---- */

void *rows_by_id(const struct rows *rows, int64_t id)
{
    for (size_t i = 0; i < rows->count; i++)
        if (((struct row *)rows->at[i])->id == id)
            return rows->at[i];
    return NULL;
}

void *rows_by_sid(const struct rows *rows, const struct sid *sid)
{
    for (size_t i = 0; i < rows->count; i++)
        if (memcmp(&((struct row *)rows->at[i])->sid, sid, sizeof *sid) == 0)
            return rows->at[i];
    return NULL;
}

/* ---- loading ---- */

static void read_text(char **field, sqlite3_stmt *stmt, int column)
{
    free(*field);
    *field = store_column_text(stmt, column);
}

static void read_chars(char *field, size_t size, sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    size_t len = text == NULL ? 0 : strnlen(text, size - 1);
    memcpy(field, text == NULL ? "" : text, len);
    field[len] = '\0';
}

static bool read_sid(struct sid *sid, sqlite3_stmt *stmt, int column)
{
    if (sqlite3_column_bytes(stmt, column) != (int)sizeof sid->b)
        return false;
    memcpy(sid->b, sqlite3_column_blob(stmt, column), sizeof sid->b);
    return true;
}

static bool read_token(const struct secret_key *key, char *token, sqlite3_stmt *stmt, int column)
{
    if (sqlite3_column_bytes(stmt, column) != TOKEN_LEN + SECRET_SEAL_OVERHEAD)
        return false;
    token[TOKEN_LEN] = '\0';
    return secret_open(key, sqlite3_column_blob(stmt, column), TOKEN_LEN + SECRET_SEAL_OVERHEAD,
                       (uint8_t *)token);
}

static bool column_read(const struct directory *directory, const struct column *column, void *row,
                        sqlite3_stmt *stmt, int index)
{
    char *field = (char *)row + column->offset;
    switch (column->kind) {
    case COLUMN_INT64: *(int64_t *)(void *)field = sqlite3_column_int64(stmt, index); return true;
    case COLUMN_INT: *(int *)(void *)field = sqlite3_column_int(stmt, index); return true;
    case COLUMN_BOOL: *(bool *)(void *)field = sqlite3_column_int(stmt, index) != 0; return true;
    case COLUMN_TEXT: read_text((char **)(void *)field, stmt, index); return true;
    case COLUMN_CHARS: read_chars(field, column->size, stmt, index); return true;
    case COLUMN_SID: return read_sid((struct sid *)(void *)field, stmt, index);
    case COLUMN_TOKEN: return read_token(&directory->key, field, stmt, index);
    }
    return false;
}

void line_judge(struct line *line)
{
    line->stopped = line->sim[0] != '\0' && line->iccid[0] != '\0' && strcmp(line->sim, line->iccid) != 0;
}

static void row_free(enum table table, void *row)
{
    for (size_t i = 0; i < shapes[table].column_count; i++)
        if (shapes[table].columns[i].kind == COLUMN_TEXT)
            free(*(char **)(void *)((char *)row + shapes[table].columns[i].offset));
    if (table == TABLE_SERVICE)
        service_fini(row);
    free(row);
}

/* ---- a table, row by row ---- */

static void row_drop(struct rows *rows, enum table table, size_t at)
{
    row_free(table, rows->at[at]);
    rows->count--;
    memmove(rows->at + at, rows->at + at + 1, (rows->count - at) * sizeof *rows->at);
}

/* The row of that id at this place, new where there was none. Those before it are not in the database any
 * more: ids ascend there as here. */
static void *row_take(struct rows *rows, enum table table, size_t at, int64_t id)
{
    while (at < rows->count && ((struct row *)rows->at[at])->id < id)
        row_drop(rows, table, at);
    if (at < rows->count && ((struct row *)rows->at[at])->id == id)
        return rows->at[at];
    void **grown = realloc(rows->at, (rows->count + 1) * sizeof *rows->at);
    void *row = calloc(1, shapes[table].row_size);
    if (grown == NULL || row == NULL)
        fatal("out of memory");
    rows->at = grown;
    memmove(rows->at + at + 1, rows->at + at, (rows->count - at) * sizeof *rows->at);
    rows->at[at] = row;
    rows->count++;
    return row;
}

static int row_load(struct directory *directory, enum table table, size_t at, sqlite3_stmt *stmt)
{
    void *row = row_take(&directory->tables[table], table, at, sqlite3_column_int64(stmt, 0));
    for (size_t i = 0; i < shapes[table].column_count; i++)
        if (!column_read(directory, &shapes[table].columns[i], row, stmt, (int)i))
            return -EBADMSG;
    if (table == TABLE_LINE)
        line_judge(row);
    if (table == TABLE_SERVICE)
        service_judge(row);
    return table == TABLE_SERVICE ? service_pool_load(directory, row) : 0;
}

int rows_load(struct directory *directory, enum table table)
{
    struct rows *rows = &directory->tables[table];
    sqlite3_stmt *stmt = store_read_stmt(directory->store, shapes[table].list);
    int code, status = 0;
    size_t at = 0;
    while (status == 0 && (code = store_step(directory->store, stmt)) != SQLITE_DONE)
        status = code == SQLITE_ROW ? row_load(directory, table, at++, stmt) : store_errno(code);
    sqlite3_reset(stmt);
    while (status == 0 && rows->count > at)
        row_drop(rows, table, rows->count - 1);
    return status;
}

void rows_fini(struct directory *directory)
{
    for (int table = 0; table < TABLE_COUNT; table++) {
        struct rows *rows = &directory->tables[table];
        for (size_t i = 0; i < rows->count; i++)
            row_free((enum table)table, rows->at[i]);
        free(rows->at);
    }
}
