/* Comma separated values (RFC 4180), read row by row. Pure but for the heap.
 *
 * Rows end with CRLF or LF, the last one need not; a BOM before the first is skipped, and so are empty lines.
 * A field in quotes may hold commas, line breaks and doubled quotes. Refused, with the line where it begins:
 * a quote inside a field that is not quoted, anything between a closing quote and the next comma, a quote
 * that is not closed, a CR without LF outside quotes, NUL, more than CSV_FIELDS_MAX fields. */
#ifndef CELLPOST_CTL_CSV_H
#define CELLPOST_CTL_CSV_H

#include <stdbool.h>
#include <stddef.h>

#define CSV_FIELDS_MAX 64

struct csv {
    const char *at, *end; /* borrowed */
    size_t line;          /* of `at`, 1-based */
    const char *error;    /* after csv_next returned -EINVAL */
};
/* Zeroed before its first use; used again by each csv_next, whose texts live until the next one. */
struct csv_row {
    size_t line; /* where it begins */
    size_t count;
    char *fields[CSV_FIELDS_MAX]; /* each NUL-terminated */
    char *text;                   /* heap: what they point into */
    size_t size;
};

void csv_begin(struct csv *, const char *text, size_t len);
/* 1 and *row; 0 at the end; -EINVAL: csv->error says why, row->line where. */
int csv_next(struct csv *, struct csv_row *);
void csv_row_fini(struct csv_row *);

#endif
