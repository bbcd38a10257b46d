/* Many messages at once: `cellpost send -f FILE.csv`, and `cellpost messages --sids -`.
 *
 * The file has a header row that names its columns: to and body, and any of from, service, class,
 * status_callback, send_at, validity_period. All of it is read and checked first; with any fault nothing is
 * sent (exit status 2). Then a row of CSV for each row, in their order, on stdout: row,to,sid,status,error.
 *
 * Each row has an idempotency key made of the file's hash and the row's number: the same file again, after an
 * interruption, sends nothing twice and prints the same SIDs. For 24 hours; and a file that was changed is
 * another. */
#ifndef CELLPOST_CTL_BULK_H
#define CELLPOST_CTL_BULK_H

#include <limits.h>

struct bulk_where {
    const char *http;    /* the API's Unix socket */
    const char *account; /* AC... */
    const char *from;    /* sender of rows that name none: a number or MG...; "" = none */
};

/* "-" = stdin. 0: all were taken; 1: some were refused, or there was no answer; 2: nothing was sent. */
int bulk_send(const struct bulk_where *, const char *file);

/* A SID a line from stdin; a line "SID STATUS [ERROR]" each, "SID unknown" for what is no message. 0, 1. */
int bulk_statuses(const struct bulk_where *);

#endif
