/* See date.h. Own tables of names: strftime and strptime follow the locale. */
#include "host/facade/date.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static const char DAYS[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char MONTHS[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

#define FIRST_MS (-62135596800000LL) /* 0001-01-01 */
#define LAST_MS  253402300799999LL   /* 9999-12-31 */

static int64_t in_range(int64_t ms)
{
    return ms < FIRST_MS ? FIRST_MS : ms > LAST_MS ? LAST_MS : ms;
}

static struct tm broken_down(int64_t ms)
{
    ms = in_range(ms);
    time_t seconds = (time_t)((ms - (ms % 1000 + 1000) % 1000) / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    return tm;
}

/* An answer names the same second several times, and under load so do thousands of answers: the last one is
 * kept. */
static void format(int64_t ms, const char *zone, char out[DATE_TEXT])
{
    static char kept[DATE_TEXT];
    static int64_t kept_from_ms;
    ms = in_range(ms);
    if (kept[0] == '\0' || ms < kept_from_ms || ms >= kept_from_ms + 1000) {
        struct tm tm = broken_down(ms);
        snprintf(kept, sizeof kept, "%s, %02u %s %04u %02u:%02u:%02u ", DAYS[tm.tm_wday],
                 (unsigned)tm.tm_mday % 100u, MONTHS[tm.tm_mon], ((unsigned)tm.tm_year + 1900u) % 10000u,
                 (unsigned)tm.tm_hour % 100u, (unsigned)tm.tm_min % 100u, (unsigned)tm.tm_sec % 100u);
        kept_from_ms = ms - (ms % 1000 + 1000) % 1000;
    }
    snprintf(out, DATE_TEXT, "%s%s", kept, zone);
}

void date_rfc2822(int64_t ms, char out[DATE_TEXT])
{
    format(ms, "+0000", out);
}

void date_http(int64_t ms, char out[DATE_TEXT])
{
    format(ms, "GMT", out);
}

void date_iso(int64_t ms, char out[DATE_TEXT])
{
    struct tm tm = broken_down(ms);
    snprintf(out, DATE_TEXT, "%04u-%02u-%02uT%02u:%02u:%02uZ", ((unsigned)tm.tm_year + 1900u) % 10000u,
             ((unsigned)tm.tm_mon + 1u) % 100u, (unsigned)tm.tm_mday % 100u, (unsigned)tm.tm_hour % 100u,
             (unsigned)tm.tm_min % 100u, (unsigned)tm.tm_sec % 100u);
}

/* ---- reading: each step takes its part from *p, or fails ---- */

struct parts {
    int year, month, day, hour, minute, second, milli, zone_min;
    bool has_time;
};

static bool take_char(const char **p, const char *any_of)
{
    if (**p == '\0' || strchr(any_of, **p) == NULL)
        return false;
    (*p)++;
    return true;
}

static bool take_number(const char **p, int least, int most, int *out)
{
    int n = 0, digits = 0;
    for (; digits < most && **p >= '0' && **p <= '9'; digits++)
        n = n * 10 + (*(*p)++ - '0');
    *out = n;
    return digits >= least;
}

static bool take_fraction(const char **p, int *milli)
{
    int scale = 100, digits = 0;
    for (*milli = 0; **p >= '0' && **p <= '9'; (*p)++, digits++, scale /= 10)
        *milli += (**p - '0') * scale;
    return digits >= 1 && digits <= 9;
}

static bool take_clock(const char **p, struct parts *d)
{
    if (!take_number(p, 2, 2, &d->hour) || !take_char(p, ":") || !take_number(p, 2, 2, &d->minute))
        return false;
    d->has_time = true;
    if (!take_char(p, ":"))
        return true;
    if (!take_number(p, 2, 2, &d->second))
        return false;
    return !take_char(p, ".") || take_fraction(p, &d->milli);
}

/* "+02:00", "+0200", "+02" */
static bool take_offset(const char **p, struct parts *d)
{
    int sign = **p == '-' ? -1 : 1, hours, minutes = 0;
    if (!take_char(p, "+-") || !take_number(p, 2, 2, &hours))
        return false;
    if ((take_char(p, ":") || **p != '\0') && !take_number(p, 2, 2, &minutes))
        return false;
    d->zone_min = sign * (hours * 60 + minutes);
    return hours < 24 && minutes < 60;
}

static bool take_zone(const char **p, struct parts *d)
{
    static const char *const UTC[] = {"Z", "GMT", "UTC", "UT"};
    for (size_t i = 0; i < sizeof UTC / sizeof UTC[0]; i++)
        if (strcasecmp(*p, UTC[i]) == 0) {
            *p += strlen(UTC[i]);
            return true;
        }
    return **p == '\0' || take_offset(p, d);
}

static bool read_iso(const char *p, struct parts *d)
{
    if (!take_number(&p, 4, 4, &d->year) || !take_char(&p, "-") || !take_number(&p, 2, 2, &d->month) ||
        !take_char(&p, "-") || !take_number(&p, 2, 2, &d->day))
        return false;
    if (*p == '\0')
        return true;
    return take_char(&p, "Tt ") && take_clock(&p, d) && take_zone(&p, d) && *p == '\0';
}

static bool take_name(const char **p, const char (*names)[4], int count, int *index)
{
    for (*index = 0; *index < count; (*index)++)
        if (strncasecmp(*p, names[*index], 3) == 0) {
            *p += 3;
            return true;
        }
    return false;
}

/* RFC 2822 clause 3.3; the weekday is optional and not compared, as senders get it wrong. */
static bool read_rfc2822(const char *p, struct parts *d)
{
    int ignored;
    if (take_name(&p, DAYS, 7, &ignored) && !(take_char(&p, ",") && take_char(&p, " ")))
        return false;
    if (!take_number(&p, 1, 2, &d->day) || !take_char(&p, " ") || !take_name(&p, MONTHS, 12, &d->month))
        return false;
    d->month++;
    return take_char(&p, " ") && take_number(&p, 4, 4, &d->year) && take_char(&p, " ") && take_clock(&p, d) &&
           take_char(&p, " ") && *p != '\0' && take_zone(&p, d) && *p == '\0';
}

/* timegm normalises 31 February to March: what comes back different did not exist. */
static bool to_ms(const struct parts *d, int64_t *ms)
{
    struct tm tm = {.tm_year = d->year - 1900, .tm_mon = d->month - 1, .tm_mday = d->day};
    if (d->year < 1 || d->month < 1 || d->month > 12 || d->hour > 23 || d->minute > 59 || d->second > 59)
        return false;
    time_t midnight = timegm(&tm);
    if (tm.tm_mday != d->day || tm.tm_mon != d->month - 1)
        return false;
    int64_t seconds = (int64_t)midnight + d->hour * 3600 + (d->minute - d->zone_min) * 60 + d->second;
    *ms = seconds * 1000 + d->milli;
    return true;
}

bool date_parse(const char *text, struct date *out)
{
    struct parts d = {0};
    if (!read_iso(text, &d)) {
        d = (struct parts){0};
        if (!read_rfc2822(text, &d))
            return false;
    }
    out->has_time = d.has_time;
    return to_ms(&d, &out->ms);
}
