/* Which URLs an operator's list lets pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/base/urllist.h"

static const struct {
    const char *pattern, *url;
    bool allowed;
} rows[] = {
    {"https://app.example", "https://app.example/any?x=1#rc=2", true},
    {"https://app.example/", "https://APP.example:443/any", true},
    {"https://app.example", "https://app.example.evil.test/", false},
    {"https://app.example", "https://app.example@evil.test/", false},
    {"https://app.example", "https://evil.test/?https://app.example", false},
    {"https://app.example", "http://app.example/", false},
    {"https://app.example", "https://app.example:8443/", false},
    {"https://app.example/hooks/", "https://app.example/hooks/sms", true},
    {"https://app.example/hooks/", "https://ann:pw@app.example/hooks/sms", true},
    {"https://app.example/hooks/", "https://app.example/hooks", false},
    {"https://app.example/hooks/", "https://app.example/hooks/../admin", false},
    {"https://app.example/hooks/", "https://app.example/hooks/%2E%2e/admin", false},
    {"https://app.example/hooks/", "https://app.example/hooks/..%2fadmin", false},
    {"https://app.example/hooks/", "https://app.example/hooks/..\\admin", false},
    {"https://app.example/hooks/", "https://app.example/hooks/..", false},
    {"https://app.example/hooks/", "https://app.example/hooks/a..b/.well-known/...", true},
    {"app.example", "http://app.example:8080/x", true},
    {"app.example", "https://APP.EXAMPLE/x", true},
    {"app.example", "https://sub.app.example/x", false},
    {"*.app.example", "https://sub.app.example/x", true},
    {"*.app.example", "https://a.b.app.example/x", true},
    {"*.app.example", "https://app.example/x", false},
    {"*.app.example", "https://evilapp.example/x", false},
    {"10.0.0.5:8080", "http://10.0.0.5:8080/x", true},
    {"10.0.0.5:8080", "http://10.0.0.5/x", false},
    {"10.0.0.5:443", "https://10.0.0.5/x", true},
    {"[::1]", "http://[::1]:9/x", true},
    {"app.example", "ftp://app.example/", false},
    {"app.example", "", false},
};

static void test_patterns(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *const list[] = {(char *)"other.test", (char *)rows[i].pattern, NULL};
        if (!urllist_valid(rows[i].pattern))
            fail_msg("%s is refused", rows[i].pattern);
        if (urllist_allows(list, rows[i].url) != rows[i].allowed)
            fail_msg("%s: %s", rows[i].pattern, rows[i].url);
    }
}

static void test_empty_list_allows_all(void **state)
{
    char *const none[] = {NULL};
    (void)state;
    assert_true(urllist_allows(none, "http://anything.test/"));
    assert_true(urllist_allows(NULL, "http://anything.test/"));
}

static void test_patterns_that_are_none(void **state)
{
    static const char *const bad[] = {"",
                                      "ftp://x/",
                                      "https://",
                                      "a b",
                                      "app.example/x",
                                      "*",
                                      "*.",
                                      "a.*.example",
                                      "a@b",
                                      "https://u:p@h",
                                      "https://@h/",
                                      "https://h/?x",
                                      "https://h/#x",
                                      "h:0",
                                      "h:99999",
                                      "https://h/a/../b"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (urllist_valid(bad[i]))
            fail_msg("%s passes", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_empty_list_allows_all),
        cmocka_unit_test(test_patterns_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
