/* The one reader of URLs: what it takes apart, what it refuses, how it puts together again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/base/signature.h"
#include "host/base/url.h"

#define COUNT(rows) (sizeof rows / sizeof rows[0])

#define LABEL_50 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeee."
#define HOST_250 LABEL_50 LABEL_50 LABEL_50 LABEL_50 LABEL_50

static void assert_span(struct url_span span, const char *want, const char *about)
{
    if ((span.at == NULL) != (want == NULL) ||
        (want != NULL && (span.len != strlen(want) || memcmp(span.at, want, span.len) != 0)))
        fail_msg("%s: \"%.*s\", not \"%s\"", about, (int)span.len, span.at != NULL ? span.at : "",
                 want != NULL ? want : "(absent)");
}

static void test_parts(void **state)
{
    static const struct {
        const char *text;
        bool https;
        const char *userinfo, *host;
        int port;
        const char *path, *query, *fragment;
    } rows[] = {
        {"http://h", false, NULL, "h", 0, "", NULL, NULL},
        {"HtTpS://H.Test:8443/a/b?c=d#e=f", true, NULL, "H.Test", 8443, "/a/b", "c=d", "e=f"},
        {"http://ann:p%40w@h:81?#", false, "ann:p%40w", "h", 81, "", "", ""},
        {"http://@h/", false, "", "h", 0, "/", NULL, NULL},
        {"http://[2001:DB8::7]:8080/x", false, NULL, "[2001:DB8::7]", 8080, "/x", NULL, NULL},
        {"http://u@[::ffff:10.0.0.1]", false, "u", "[::ffff:10.0.0.1]", 0, "", NULL, NULL},
        {"http://h:/x", false, NULL, "h", 0, "/x", NULL, NULL},
        {"http://h:00080/", false, NULL, "h", 80, "/", NULL, NULL},
        {"http://my_app.local./?u=http://a@b:0/#?#", false, NULL, "my_app.local.", 0, "/", "u=http://a@b:0/",
         "?#"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct url url;
        if (!url_split(rows[i].text, &url))
            fail_msg("%s", rows[i].text);
        assert_int_equal(url.https, rows[i].https);
        assert_span(url.userinfo, rows[i].userinfo, rows[i].text);
        assert_span(url.host, rows[i].host, rows[i].text);
        assert_int_equal(url.port, rows[i].port);
        assert_span(url.path, rows[i].path, rows[i].text);
        assert_span(url.query, rows[i].query, rows[i].text);
        assert_span(url.fragment, rows[i].fragment, rows[i].text);
    }
}

static void test_printed(void **state)
{
    static const struct {
        const char *text, *printed, *signed_url;
    } rows[] = {
        {"HTTP://H.Test/A%2fb?%7e#f", "http://H.Test/A%2fb?%7e", "http://H.Test/A%2fb?%7e"},
        {"HTTPS://u:p@h:8443", "https://u:p@h:8443/", "https://h/"},
        {"http://@h:?x", "http://h/?x", "http://h/?x"},
        {"http://h:080/", "http://h:80/", "http://h:80/"},
        {"http://h/?", "http://h/?", "http://h/?"},
        {"http://h/caf\xc3\xa9 \r\nX: 1?\x7f", "http://h/caf%C3%A9%20%0D%0AX:%201?%7F",
         "http://h/caf%C3%A9%20%0D%0AX:%201?%7F"},
        {"http://[0:0:0:0:0:0:0:1]:81/", "http://[::1]:81/", "http://[::1]:81/"},
        {"https://[2001:DB8::7]", "https://[2001:db8::7]/", "https://[2001:db8::7]/"},
        {"http://b\xc3\xbc:p w@[::1]:1/", "http://b%C3%BC:p%20w@[::1]:1/", "http://[::1]:1/"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct url url;
        assert_true(url_split(rows[i].text, &url));
        char *printed = url_print(&url), *signed_url = signature_url(rows[i].text);
        assert_string_equal(printed, rows[i].printed);
        assert_string_equal(signed_url, rows[i].signed_url);
        free(printed);
        free(signed_url);
    }
}

/* Nobody can call these: no client may give one, and none is called or signed. */
static const char *const no_urls[] = {
    "",
    "h/x",
    "/x",
    "//h/x",
    "ftp://h/",
    "httpx://h/",
    " http://h/",
    "http",
    "http:",
    "http:h",
    "http:/h",
    "http://",
    "http:///x",
    "http://?x",
    "http://@/",
    "http://u@/x",
    "http://:80/",
    "http://u@:80/",
    "http://a:b@c@h/",
    "http://h:0/",
    "http://h:65536/",
    "http://h:4294967376/",
    "http://h:99999999999999999999/",
    "http://h:80:90/",
    "http://h:-1/",
    "http://h:+80/",
    "http://h:8o/",
    "http://h: 80/",
    "http://[::1/",
    "http://::1/",
    "http://[]/",
    "http://[::1]x/",
    "http://[::1]80/",
    "http://[::1]:0/",
    "http://[:::]/",
    "http://[1.2.3.4]/",
    "http://[fe80::1%25eth0]/",
    "http://[0000:0000:0000:0000:0000:0000:0000:0000:0000:0001]/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://127.0.0.0x1./",
    "http://127.0.0.01/",
    "http://1.2.3.256/",
    "http://h.1/",
    "http://.h/",
    "http://h..x/",
    "http://-h/",
    "http://h h/",
    "http://h\t/",
    "http://h%41/",
    "http://h\\x/",
    "http://<h>/",
    "http://h\xc3\xb6st/",
    "http://m\xc3\xbcnchen.example/",
    "http://\xe2\x80\x8bx/", /* begins with U+200B */
    "http://h\xff/",
    "http://" HOST_250 "abcd/",
    "javascript:alert(1)",
};

static void test_no_url(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(no_urls); i++) {
        struct url url;
        if (url_split(no_urls[i], &url) || url_valid(no_urls[i]) || signature_url(no_urls[i]) != NULL)
            fail_msg("%s", no_urls[i]);
    }
}

static void test_valid(void **state)
{
    static const struct {
        const char *url;
        bool valid;
    } rows[] = {
        {"http://a/", true},
        {"https://example.com", true},
        {"HTTP://Example.com:8080/x?y#ct=1", true},
        {"http://10.0.0.1:5000/sms", true},
        {"http://[::1]:80/x", true},
        {"http://[fe80::1]", true},
        {"http://u:p@host/x", true},
        {"http://host:/x", true},
        {"http://7f3a/", true},
        {"http://0xyz/", true},
        {"http://10.0.0.1.example/", true},
        {"http://10.0.0.1./", true},
        {"http://host?x=_", true},
        {"http://xn--mnchen-3ya.example/", true},
        {"http://host/caf\xc3\xa9", true},
        {"http://" HOST_250 "abc/", true},
        {"http://a_b/", false},
        {"http://a_b@h/", true},
        {"http://a/b c", false},
        {"http://a/\n", false},
        {"http://a/?\x7f", false},
        {"http://a/#\t", false},
        {"http://a b@h/", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (url_valid(rows[i].url) != rows[i].valid)
            fail_msg("%s", rows[i].url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_printed),
        cmocka_unit_test(test_no_url),
        cmocka_unit_test(test_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
