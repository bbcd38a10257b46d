/* Paths and their templates; URLs that may be called back; the error body. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "host/facade/error.h"
#include "host/facade/path.h"

#define AC "AC0123456789abcdef0123456789abcdef"
#define SM "SM0123456789abcdef0123456789ABCDEF"

static void test_match(void **state)
{
    static const struct {
        const char *path, *template;
        bool match;
    } rows[] = {
        {"/A/" AC "/Messages.json", "/A/{AC}/Messages", true},
        {"/A/" AC "/Messages", "/A/{AC}/Messages", true},
        {"/A/" AC "/%4Dessages", "/A/{AC}/Messages", true},
        {"/A/" AC "/Messages/" SM ".json", "/A/{AC}/Messages/{SM}", true},
        {"/A/" AC "/Messages/MM0123456789abcdef0123456789abcdef", "/A/{AC}/Messages/{SM}", true},
        {"/A/" AC "/Messages/PN0123456789abcdef0123456789abcdef", "/A/{AC}/Messages/{SM}", false},
        {"/A/" AC "/Messages/SM0123456789abcdef0123456789abcde", "/A/{AC}/Messages/{SM}", false},
        {"/A/" AC "/Messages/SM0123456789abcdef0123456789abcdef0", "/A/{AC}/Messages/{SM}", false},
        {"/A/" AC "/Messages/SM0123456789abcdef0123456789abcdeg", "/A/{AC}/Messages/{SM}", false},
        {"/A/" AC "/Messages/", "/A/{AC}/Messages", false},
        {"/A/" AC "/Messages.xml", "/A/{AC}/Messages", false},
        {"/A/" AC "/Messages.csv", "/A/{AC}/Messages", false},
        {"/A/" AC "/Messages.json.json", "/A/{AC}/Messages", false},
        {"/A/" AC ".json/Messages", "/A/{AC}/Messages", false},
        {"/A/" AC "/messages", "/A/{AC}/Messages", false},
        {"/A/" AC, "/A/{AC}/Messages", false},
        {"/A/" AC "/Messages/x", "/A/{AC}/Messages", false},
        {"/A//Messages", "/A/{AC}/Messages", false},
        {"/A/" AC "/x", "/A/{AC}/{*}", true},
        {"/A/" AC "/", "/A/{AC}/{*}", false},
        {"/A/" AC, "/A/{AC}/{*}", false},
        {"/.json", "/", false},
        {"//", "/", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct path path;
        struct path_ids ids;
        bool match = path_split(rows[i].path, &path) && path_match(&path, rows[i].template, &ids);
        if (match != rows[i].match)
            fail_msg("%s against %s", rows[i].path, rows[i].template);
    }
}

static void test_ids(void **state)
{
    struct path path;
    struct path_ids ids;
    char text[SID_TEXT];
    (void)state;
    assert_true(path_split("/A/" AC "/M/" SM, &path));
    assert_true(path_match(&path, "/A/{AC}/M/{SM}", &ids));
    assert_true(ids.has_account);
    sid_format(&ids.account, "AC", text);
    assert_string_equal(text, AC);
    sid_format(&ids.sid, "SM", text);
    assert_string_equal(text, "SM0123456789abcdef0123456789abcdef");
    assert_null(ids.text);
}

static void test_owner_and_text(void **state)
{
    struct path path;
    struct path_ids ids;
    char text[SID_TEXT];
    (void)state;
    assert_true(path_split("/S/VA0123456789abcdef0123456789abcdef/P/+41%20x/" SM, &path));
    assert_true(path_match(&path, "/S/{VA}/P/{*}/{SM}", &ids));
    assert_false(ids.has_account);
    sid_format(&ids.owner, "VA", text);
    assert_string_equal(text, "VA0123456789abcdef0123456789abcdef");
    assert_string_equal(ids.text, "+41 x");
}

static void test_refused_paths(void **state)
{
    static const char *const rows[] = {"", "x", "*", "/%", "/%4", "/%zz", "/a%00b", "/1/2/3/4/5/6/7/8/9"};
    char longest[PATH_MAX_LEN + 1];
    struct path path;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (path_split(rows[i], &path))
            fail_msg("\"%s\" was taken", rows[i]);
    memset(longest, 'a', sizeof longest);
    longest[0] = '/';
    longest[PATH_MAX_LEN] = '\0';
    assert_false(path_split(longest, &path));
    longest[PATH_MAX_LEN - 1] = '\0';
    assert_true(path_split(longest, &path));
}

static void test_plus_stays(void **state)
{
    struct path path;
    (void)state;
    assert_true(path_split("/v2/PhoneNumbers/+1415%2B", &path));
    assert_string_equal(path.segments[2], "+1415+");
}

static void test_error_body(void **state)
{
    struct refusal r;
    (void)state;
    assert_false(refuse(&r, 400, 21211, "The 'To' number %s", "\"x\""));
    char *text = refusal_body(&r);
    json_t *body = json_loads(text, 0, NULL);
    assert_int_equal(json_object_size(body), 4);
    assert_int_equal(json_integer_value(json_object_get(body, "code")), 21211);
    assert_int_equal(json_integer_value(json_object_get(body, "status")), 400);
    assert_string_equal(json_string_value(json_object_get(body, "message")), "The 'To' number \"x\"");
    assert_string_equal(json_string_value(json_object_get(body, "more_info")),
                        "https://www.twilio.com/docs/errors/21211");
    json_decref(body);
    free(text);
}

/* A quoted text that is cut must not end inside a character: the body would not be JSON. */
static void test_cut_stays_utf8(void **state)
{
    char long_text[601];
    (void)state;
    for (size_t i = 0; i < 600; i += 3)
        memcpy(long_text + i, "\xe2\x82\xac", 3);
    long_text[600] = '\0';
    for (int lead = 0; lead < 4; lead++) {
        struct refusal r;
        refuse(&r, 400, 20001, "%.*s%s", lead, "xyz", long_text);
        char *text = refusal_body(&r);
        json_t *body = json_loads(text, 0, NULL);
        assert_true(strlen(json_string_value(json_object_get(body, "message"))) > 250);
        json_decref(body);
        free(text);
    }
}

static void test_titles(void **state)
{
    (void)state;
    assert_string_equal(error_title(30003), "Unreachable destination handset");
    assert_null(error_title(12345));
    assert_int_equal(refusal_code(400), 20001);
    assert_int_equal(refusal_code(404), 20404);
    assert_int_equal(refusal_code(413), 20413);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match),          cmocka_unit_test(test_ids),
        cmocka_unit_test(test_owner_and_text), cmocka_unit_test(test_refused_paths),
        cmocka_unit_test(test_plus_stays),     cmocka_unit_test(test_error_body),
        cmocka_unit_test(test_cut_stays_utf8), cmocka_unit_test(test_titles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
