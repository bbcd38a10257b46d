/* The writer against jansson's own, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/facade/json_text.h"

static void same_as_jansson(const json_t *value)
{
    char *expected = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY), *text = json_text(value);
    assert_non_null(expected);
    assert_string_equal(text, expected);
    free(expected);
    free(text);
}

static void test_values(void **state)
{
    static const char *const TEXTS[] = {
        "{}",
        "[]",
        "[[],{}]",
        "{\"a\":{}}",
        "null",
        "true",
        "false",
        "0",
        "-9223372036854775808",
        "9223372036854775807",
        "1.5",
        "-1e300",
        "[1,2,[3,[4]],null,true]",
        "{\"z\":1,\"a\":{\"y\":[],\"b\":\"c\"},\"\":null,\"q\\\"k\":2}",
        "\"\"",
        "\"plain\"",
        "\"q\\\" b\\\\ s/ bs\\b f\\f n\\n r\\r t\\t\"",
        "\"\\u0001\\u001f\\u007f\\u0080\\u00e9\\u20ac\\ud83d\\ude00 end\"",
    };
    (void)state;
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        json_t *value = json_loads(TEXTS[i], JSON_DECODE_ANY, NULL);
        assert_non_null(value);
        same_as_jansson(value);
        json_decref(value);
    }
}

static void test_each_octet(void **state)
{
    (void)state;
    for (int c = 0; c < 128; c++) {
        char text[] = {'a', (char)c, 'b', (char)c};
        json_t *value = json_stringn(text, sizeof text);
        same_as_jansson(value);
        json_decref(value);
    }
}

/* Longer than the first room, and nested, so that it grows in the midst of everything. */
static void test_long(void **state)
{
    json_t *array = json_array();
    (void)state;
    for (int i = 0; i < 5000; i++)
        json_array_append_new(array, json_pack("{s:i, s:[s, b, n]}", "number", i, "rest", "a\nb", i % 2));
    same_as_jansson(array);
    json_decref(array);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_each_octet),
        cmocka_unit_test(test_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
