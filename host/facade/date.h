/* Dates as the API writes and reads them, in the C locale whatever the process's is. Pure. Times are UTC
 * milliseconds since 1970. */
#ifndef CELLPOST_FACADE_DATE_H
#define CELLPOST_FACADE_DATE_H

#include <stdbool.h>
#include <stdint.h>

#define DATE_TEXT 32 /* "Thu, 24 Aug 2023 05:01:45 +0000" and NUL */

/* RFC 2822 as SDKs parse it: two-digit day, "+0000", right weekday. Years 1..9999; outside of them the
 * nearest end. */
void date_rfc2822(int64_t ms, char out[DATE_TEXT]);
/* The HTTP Date header (RFC 9110 clause 5.6.7): the same with "GMT". */
void date_http(int64_t ms, char out[DATE_TEXT]);

/* ISO 8601 in UTC and whole seconds, "2015-07-30T20:12:31Z": the v1 and v2 products. */
void date_iso(int64_t ms, char out[DATE_TEXT]);

struct date {
    int64_t ms;
    bool has_time; /* false: "2023-08-24" alone, ms is its first millisecond */
};
/* Reads ISO 8601 dates, date-times ('T' or a space, seconds and fraction optional; Z, an offset, or no zone =
 * UTC) and RFC 2822. False: none of these, or a day that does not exist. */
bool date_parse(const char *text, struct date *out);

#endif
