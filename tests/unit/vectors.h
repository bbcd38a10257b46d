/* Test vectors: tests/vectors/<file> is {"count": n, "vectors": [...]}, each record with an "id". A walk
 * hands every record to its function and fails when one is missing, so that no record is skipped unseen.
 * Include after cmocka.h. */
#ifndef CELLPOST_TESTS_VECTORS_H
#define CELLPOST_TESTS_VECTORS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef void vector_fn(const char *id, json_t *record);

static inline void vectors_each(const char *file, vector_fn *fn)
{
    char path[512];
    json_error_t error;
    size_t i;
    json_t *record;
    snprintf(path, sizeof path, "%s/vectors/%s", TEST_DATA, file);
    json_t *root = json_load_file(path, 0, &error);
    if (root == NULL)
        fail_msg("%s:%d: %s", path, error.line, error.text);
    json_t *records = json_object_get(root, "vectors");
    assert_true(json_array_size(records) > 0);
    assert_int_equal(json_array_size(records), json_integer_value(json_object_get(root, "count")));
    json_array_foreach(records, i, record)
    {
        fn(json_string_value(json_object_get(record, "id")), record);
    }
    print_message("%s: %zu records driven\n", file, json_array_size(records));
    json_decref(root);
}

/* "" when it is absent or null */
static inline const char *vector_text(json_t *record, const char *key)
{
    const char *text = json_string_value(json_object_get(record, key));
    return text != NULL ? text : "";
}

/* -1 when it is absent or null */
static inline long long vector_int(json_t *record, const char *key)
{
    json_t *value = json_object_get(record, key);
    return json_is_integer(value) ? json_integer_value(value) : -1;
}

struct vector_kind {
    const char *what;
    vector_fn *fn;
};

/* By its "what"; one that no kind drives is a failure. */
static inline void vector_drive(const struct vector_kind *kinds, size_t count, const char *id, json_t *record)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(kinds[i].what, vector_text(record, "what")) == 0) {
            kinds[i].fn(id, record);
            return;
        }
    fail_msg("%s is not driven", id);
}

static inline bool vector_flag(json_t *record, const char *key)
{
    return json_is_true(json_object_get(record, key));
}

static inline size_t vector_hex(const char *hex, uint8_t *out, size_t room)
{
    size_t len = strlen(hex) / 2;
    assert_true(len <= room);
    for (size_t i = 0; i < len; i++) {
        const char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        out[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return len;
}

/* "2011-02-28T11:50:50-05:00" as UTC and quarter hours. */
static inline int64_t vector_time(const char *iso, int *quarters)
{
    struct tm tm = {0};
    int hours, minutes;
    char sign;
    assert_int_equal(sscanf(iso, "%d-%d-%dT%d:%d:%d%c%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
                            &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &sign, &hours, &minutes),
                     9);
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *quarters = (hours * 4 + minutes / 15) * (sign == '-' ? -1 : 1);
    return (int64_t)timegm(&tm) - *quarters * 900;
}

/* micro.json mixes kinds; each kind belongs to one test program, which walks the file and takes its own. */
static const struct {
    const char *what, *owner;
} vector_owners[] = {
    {"gsm7-pack", "gsm7"},        {"gsm7-decode", "gsm7"},       {"gsm7-cr-padding", "gsm7"},
    {"nls-table", "gsm7"},        {"nls-single-shift", "gsm7"},  {"behaviour", "gsm7"},
    {"address", "pdu_field"},     {"smsc-address", "pdu_field"}, {"type-of-address", "pdu_field"},
    {"relative-vp", "pdu_field"}, {"timestamp", "pdu_field"},    {"timezone-octet", "pdu_field"},
    {"udh-ie", "pdu_own"},        {"user-data", "pdu_own"},      {"status-report-matching", "number"},
};

/* Of a kind that nobody owns, a record fails the test. */
static inline bool vector_is_mine(json_t *record, const char *me)
{
    const char *what = vector_text(record, "what");
    for (size_t i = 0; i < sizeof vector_owners / sizeof vector_owners[0]; i++)
        if (strcmp(vector_owners[i].what, what) == 0)
            return strcmp(vector_owners[i].owner, me) == 0;
    fail_msg("nobody drives micro vectors of kind %s", what);
    return false;
}

#endif
