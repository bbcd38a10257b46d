/* RFC 4180, row by row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/ctl/csv.h"

/* All rows as "a|b/c|d", or "LINE: why". */
static const char *read_rows(const char *text, size_t len, char out[512])
{
    struct csv csv;
    struct csv_row row = {0};
    int status;
    out[0] = '\0';
    csv_begin(&csv, text, len);
    while ((status = csv_next(&csv, &row)) > 0)
        for (size_t i = 0; i < row.count; i++) {
            size_t at = strlen(out);
            snprintf(out + at, 512 - at, "%s%s", i > 0 ? "|" : at > 0 ? "/" : "", row.fields[i]);
        }
    if (status < 0)
        snprintf(out, 512, "%zu: %s", row.line, csv.error);
    csv_row_fini(&row);
    return out;
}

static const struct {
    const char *text, *rows;
} TABLE[] = {
    {"", ""},
    {"\n\r\n", ""},
    {"a", "a"},
    {"a,b\n", "a|b"},
    {"a,b\r\nc,d\r\n", "a|b/c|d"},
    {"\xEF\xBB\xBF"
     "a,b",
     "a|b"},
    {"a,,\n,", "a||/|"},
    {"\n\na\n\nb\n", "a/b"},
    {"\"a\",\"b,c\"\n", "a|b,c"},
    {"\"a \"\"b\"\" c\"", "a \"b\" c"},
    {"\"\",\"\"\"\"\n", "|\""},
    {"\"a\r\nb\",c\nd,e", "a\r\nb|c/d|e"},
    {" a , b ", " a | b "},
    {"a\"b", "1: a quote inside a field that does not begin with one"},
    {"a,b\n\"c\"d\n", "2: text after a closing quote"},
    {"\"a\n\nb", "1: a quote that is not closed"},
    {"\"a\nb\"\nc\rd", "3: a CR that no LF follows"},
    {"\"a\r\"", "a\r"},
    {"\"\"\"", "1: a quote that is not closed"},
};

static void test_table(void **state)
{
    char out[512];
    (void)state;
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++)
        assert_string_equal(read_rows(TABLE[i].text, strlen(TABLE[i].text), out), TABLE[i].rows);
}

static void test_nul_is_refused(void **state)
{
    char out[512];
    (void)state;
    assert_string_equal(read_rows("a\0b", 3, out), "1: a NUL character");
    assert_string_equal(read_rows("x\n\"a\0b\"", 7, out), "2: a NUL character");
}

static void test_many_fields(void **state)
{
    char text[CSV_FIELDS_MAX + 2], out[512];
    (void)state;
    memset(text, ',', sizeof text);
    assert_int_equal(strlen(read_rows(text, CSV_FIELDS_MAX - 1, out)), CSV_FIELDS_MAX - 1);
    assert_string_equal(read_rows(text, CSV_FIELDS_MAX, out), "1: too many fields");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_nul_is_refused),
        cmocka_unit_test(test_many_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
