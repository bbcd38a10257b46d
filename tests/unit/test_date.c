/* Dates as SDKs read them, whatever the locale, and the forms in which they come. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "host/facade/date.h"

#define T 1692853305000LL /* 2023-08-24T05:01:45Z, a Thursday */

static void test_format(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {T, "Thu, 24 Aug 2023 05:01:45 +0000"},
        {T + 999, "Thu, 24 Aug 2023 05:01:45 +0000"},
        {0, "Thu, 01 Jan 1970 00:00:00 +0000"},
        {-1, "Wed, 31 Dec 1969 23:59:59 +0000"},
        {951782400000LL, "Tue, 29 Feb 2000 00:00:00 +0000"},
        {253402300799999LL, "Fri, 31 Dec 9999 23:59:59 +0000"},
        {INT64_MAX, "Fri, 31 Dec 9999 23:59:59 +0000"},
        {INT64_MIN, "Mon, 01 Jan 0001 00:00:00 +0000"},
    };
    char text[DATE_TEXT];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        date_rfc2822(rows[i].ms, text);
        assert_string_equal(text, rows[i].text);
    }
    date_http(T, text);
    assert_string_equal(text, "Thu, 24 Aug 2023 05:01:45 GMT");
    date_iso(T + 999, text);
    assert_string_equal(text, "2023-08-24T05:01:45Z");
}

static void test_parse(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* relative to T */
        bool has_time;
    } rows[] = {
        {"2023-08-24T05:01:45Z", 0, true},
        {"2023-08-24t05:01:45z", 0, true},
        {"2023-08-24T05:01:45", 0, true},
        {"2023-08-24T05:01:45.5Z", 500, true},
        {"2023-08-24T05:01:45.123456789Z", 123, true},
        {"2023-08-24T07:01:45+02:00", 0, true},
        {"2023-08-24T07:01:45+0200", 0, true},
        {"2023-08-24T07:01:45+02", 0, true},
        {"2023-08-23T23:31:45-05:30", 0, true},
        {"2023-08-24 05:01:45", 0, true},
        {"2023-08-24 05:01:45.250", 250, true},
        {"2023-08-24T05:01Z", -45000, true},
        {"2023-08-24", -(5 * 3600 + 60 + 45) * 1000, false},
        {"Thu, 24 Aug 2023 05:01:45 +0000", 0, true},
        {"Thu, 24 Aug 2023 05:01:45 GMT", 0, true},
        {"24 aug 2023 07:01:45 +0200", 0, true},
        {"Fri, 24 Aug 2023 05:01 UT", -45000, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct date d;
        if (!date_parse(rows[i].text, &d))
            fail_msg("%s", rows[i].text);
        if (d.ms != T + rows[i].ms)
            fail_msg("%s: %lld", rows[i].text, (long long)(d.ms - T));
        assert_int_equal(d.has_time, rows[i].has_time);
    }
}

static void test_refused(void **state)
{
    static const char *const rows[] = {"",
                                       "now",
                                       "2023",
                                       "2023-8-24",
                                       "2023-02-29",
                                       "2023-13-01",
                                       "2023-00-01",
                                       "2023-01-00",
                                       "0000-01-01",
                                       "2023-08-24T",
                                       "2023-08-24T5:01:45Z",
                                       "2023-08-24T24:00:00Z",
                                       "2023-08-24T05:60:00Z",
                                       "2023-08-24T05:01:60Z",
                                       "2023-08-24T05:01:45.Z",
                                       "2023-08-24T05:01:45.1234567890Z",
                                       "2023-08-24T05:01:45X",
                                       "2023-08-24T05:01:45+24:00",
                                       "2023-08-24T05:01:45+2",
                                       "2023-08-24T05:01:45+02:0",
                                       "2023-08-24T05:01:45Zx",
                                       "2023-08-24 ",
                                       " 2023-08-24",
                                       "08/24/2023 05:01:45 MST",
                                       "Thu, 24 Aug 2023",
                                       "Thu, 24 Aug 2023 05:01:45",
                                       "Thu 24 Aug 2023 05:01:45 GMT",
                                       "Thu, 24 Auf 2023 05:01:45 GMT",
                                       "Thu, 32 Aug 2023 05:01:45 GMT",
                                       "Thu, 24 Aug 2023 05:01:45 ",
                                       "-023-08-24",
                                       "2023-08-24T05:01:45+99:99"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct date d;
        if (date_parse(rows[i], &d))
            fail_msg("\"%s\" was taken", rows[i]);
    }
}

/* Every day of 400 years comes back, and its weekday is right. */
static void test_round_trip(void **state)
{
    (void)state;
    for (int64_t day = -146097 / 2; day < 146097 / 2; day += 13) {
        char text[DATE_TEXT];
        struct date d;
        time_t at = (time_t)(day * 86400);
        struct tm tm;
        date_rfc2822(day * 86400000, text);
        assert_true(date_parse(text, &d));
        assert_int_equal(d.ms, day * 86400000);
        assert_int_equal(strncmp(text, &"SunMonTueWedThuFriSat"[3 * gmtime_r(&at, &tm)->tm_wday], 3), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_round_trip),
    };
    setlocale(LC_ALL, "");
    setenv("TZ", "America/New_York", 1); /* local time must play no part */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
