/* See csv.h. */
#include "host/ctl/csv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"

void csv_begin(struct csv *csv, const char *text, size_t len)
{
    *csv = (struct csv){.at = text, .end = text + len, .line = 1};
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        csv->at += 3;
}

/* The length of the line break here, 0 = none. */
static size_t at_break(const struct csv *csv)
{
    if (csv->at < csv->end && csv->at[0] == '\n')
        return 1;
    return csv->end - csv->at >= 2 && csv->at[0] == '\r' && csv->at[1] == '\n' ? 2 : 0;
}

static bool skip_break(struct csv *csv)
{
    size_t len = at_break(csv);
    csv->at += len;
    csv->line += len > 0;
    return len > 0;
}

static int fault(struct csv *csv, const char *why)
{
    csv->error = why;
    return -EINVAL;
}

static int read_quoted(struct csv *csv, char **out)
{
    for (csv->at++; csv->at < csv->end; csv->at++) {
        if (*csv->at == '\0')
            return fault(csv, "a NUL character");
        csv->line += *csv->at == '\n';
        if (*csv->at != '"') {
            *(*out)++ = *csv->at;
            continue;
        }
        csv->at++;
        bool over = csv->at == csv->end || *csv->at != '"';
        if (over && csv->at < csv->end && *csv->at != ',' && at_break(csv) == 0)
            return fault(csv, "text after a closing quote");
        if (over)
            return 0;
        *(*out)++ = '"';
    }
    return fault(csv, "a quote that is not closed");
}

static int read_plain(struct csv *csv, char **out)
{
    for (; csv->at < csv->end && *csv->at != ',' && at_break(csv) == 0; csv->at++) {
        if (*csv->at == '\0')
            return fault(csv, "a NUL character");
        if (*csv->at == '"')
            return fault(csv, "a quote inside a field that does not begin with one");
        if (*csv->at == '\r')
            return fault(csv, "a CR that no LF follows");
        *(*out)++ = *csv->at;
    }
    return 0;
}

/* The whole of what is left fits: the first row makes the room for all. */
static void make_room(const struct csv *csv, struct csv_row *row)
{
    size_t left = (size_t)(csv->end - csv->at);
    if (row->size >= left + 1)
        return;
    free(row->text);
    row->size = left + 1;
    row->text = malloc(row->size);
    if (row->text == NULL)
        fatal("out of memory");
}

int csv_next(struct csv *csv, struct csv_row *row)
{
    while (skip_break(csv))
        ;
    row->line = csv->line;
    row->count = 0;
    if (csv->at == csv->end)
        return 0;
    make_room(csv, row);
    char *out = row->text;
    for (;;) {
        if (row->count == CSV_FIELDS_MAX)
            return fault(csv, "too many fields");
        row->fields[row->count++] = out;
        bool quoted = csv->at < csv->end && *csv->at == '"';
        int status = quoted ? read_quoted(csv, &out) : read_plain(csv, &out);
        if (status != 0)
            return status;
        *out++ = '\0';
        if (csv->at == csv->end || *csv->at != ',')
            break;
        csv->at++;
    }
    skip_break(csv);
    return 1;
}

void csv_row_fini(struct csv_row *row)
{
    free(row->text);
    *row = (struct csv_row){0};
}
