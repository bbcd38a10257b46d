/* Templates: pieces, values, and what is no placeholder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/facade/template.h"

static const char *value(void *arg, const char *name)
{
    (void)arg;
    return strcmp(name, "1") == 0       ? "eins"
           : strcmp(name, "name") == 0  ? "{{1}}"
           : strcmp(name, "empty") == 0 ? ""
                                        : NULL;
}

static void test_expand(void **state)
{
    static const struct {
        const char *template, *wanted, *missing; /* wanted NULL: malformed, or missing */
    } ROWS[] = {
        {"", "", ""},
        {"plain", "plain", ""},
        {"{{1}}", "eins", ""},
        {"a{{1}}b{{1}}{{1}}c", "aeinsbeinseinsc", ""},
        {"{{name}}", "{{1}}", ""}, /* a value is not looked at */
        {"[{{empty}}]", "[]", ""},
        {"{1} }} {", "{1} }} {", ""},
        {"{{1}}}", "eins}", ""},
        {"Gr\xc3\xbc\xc3\x9f {{1}}", "Gr\xc3\xbc\xc3\x9f eins", ""},
        {"{{2}}", NULL, "2"},
        {"{{1}}{{abcdefghijklmnop}}", NULL, "abcdefghijklmnop"},
        {"{{abcdefghijklmnopq}}", NULL, ""},
        {"{{}}", NULL, ""},
        {"{{1}", NULL, ""},
        {"{{", NULL, ""},
        {"{{1 }}", NULL, ""},
        {"{{{1}}}", NULL, ""},
        {"{{a{{1}}", NULL, ""},
        {"{{\xc3\xa9}}", NULL, ""},
        {"{{a\n}}", NULL, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        char missing[TEMPLATE_NAME_MAX + 1] = "?";
        size_t len = 0;
        char *text = template_expand(ROWS[i].template, value, NULL, &len, missing);
        if ((text == NULL) != (ROWS[i].wanted == NULL) || strcmp(missing, ROWS[i].missing) != 0)
            fail_msg("%s: %s, missing %s", ROWS[i].template, text, missing);
        if (text != NULL) {
            assert_string_equal(text, ROWS[i].wanted);
            assert_int_equal(len, strlen(ROWS[i].wanted));
        }
        free(text);
    }
}

static void test_where_it_is_malformed(void **state)
{
    const char *template = "Hi {{1}}, {{id name}}", *at = template;
    struct template_piece piece;
    (void)state;
    assert_int_equal(template_next(&at, &piece), TEMPLATE_PIECE);
    assert_int_equal(template_next(&at, &piece), TEMPLATE_PIECE);
    assert_true(piece.is_variable && piece.len == 1 && *piece.text == '1');
    assert_int_equal(template_next(&at, &piece), TEMPLATE_PIECE);
    assert_int_equal(template_next(&at, &piece), TEMPLATE_MALFORMED);
    assert_string_equal(at, "{{id name}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expand),
        cmocka_unit_test(test_where_it_is_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
