/* What a hook's URL becomes on the wire and under the signature, what its fragment overrides, and the rules
 * of retrying: all that is pure. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/base/signature.h"
#include "host/facade/hook_reply.h"
#include "host/facade/hook_rule.h"
#include "host/facade/hook_url.h"

#define COUNT(rows) (sizeof rows / sizeof rows[0])

/* NULL stands for a refusal. */
static void assert_text(char *got, const char *want, const char *about)
{
    if ((got == NULL) != (want == NULL) || (got != NULL && strcmp(got, want) != 0))
        fail_msg("%s: got %s, not %s", about, got != NULL ? got : "(null)", want != NULL ? want : "(null)");
    free(got);
}

static void test_wire_and_signed(void **state)
{
    static const struct {
        const char *configured, *wire, *signed_url;
    } rows[] = {
        {"http://10.0.0.7/in", "http://10.0.0.7/in", "http://10.0.0.7/in"},
        {"http://10.0.0.7:9000/in?b=2&a=1", "http://10.0.0.7:9000/in?b=2&a=1",
         "http://10.0.0.7:9000/in?b=2&a=1"},
        {"https://h.test:8443/in", "https://h.test:8443/in", "https://h.test/in"},
        {"http://ann:pw@h.test:81/in", "http://ann:pw@h.test:81/in", "http://h.test:81/in"},
        {"https://a%40b:p%3Aw@h.test/in", "https://a%40b:p%3Aw@h.test/in", "https://h.test/in"},
        {"https://h.test/in?x=1#rc=3&rp=all", "https://h.test/in?x=1", "https://h.test/in?x=1"},
        {"http://h.test", "http://h.test/", "http://h.test/"},
        {"http://h.test?x=1", "http://h.test/?x=1", "http://h.test/?x=1"},
        {"http://h.test#rc=1", "http://h.test/", "http://h.test/"},
        {"http://H.Test/A%2fb/%7e+c?d=%20e+f", "http://H.Test/A%2fb/%7e+c?d=%20e+f",
         "http://H.Test/A%2fb/%7e+c?d=%20e+f"},
        {"http://h.test/a/../b//c/./", "http://h.test/b//c/", "http://h.test/b//c/"},
        {"http://h.test/caf\xc3\xa9 x", "http://h.test/caf%C3%A9%20x", "http://h.test/caf%C3%A9%20x"},
        {"http://h.test/a\r\nX-Evil: 1", "http://h.test/a%0D%0AX-Evil:%201",
         "http://h.test/a%0D%0AX-Evil:%201"},
        {"http://[2001:db8::7]:8080/x", "http://[2001:db8::7]:8080/x", "http://[2001:db8::7]:8080/x"},
        {"HTTP://h.test:8080/in", "http://h.test:8080/in", "http://h.test:8080/in"},
        {"HttpS://h.test:08443/in", "https://h.test:8443/in", "https://h.test/in"},
        {"http://h.test:/in", "http://h.test/in", "http://h.test/in"},
        {"http://h.test/?u=http://ann:pw@x/", "http://h.test/?u=http://ann:pw@x/",
         "http://h.test/?u=http://ann:pw@x/"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_text(hook_url_wire(rows[i].configured), rows[i].wire, rows[i].configured);
        assert_text(signature_url(rows[i].wire), rows[i].signed_url, rows[i].wire);
    }
    static const char *const refused[] = {"",
                                          "h.test/x",
                                          "/x",
                                          "ftp://h/x",
                                          "mailto:a@b",
                                          "http:",
                                          "http://",
                                          "http:///x",
                                          "http:x",
                                          "http://@/x",
                                          "http://:80/x",
                                          "http://u@:80/",
                                          "javascript:alert(1)",
                                          "file:///etc/passwd",
                                          "http://u:p@q@h/x",
                                          "http://h:0/x",
                                          "http://m\xc3\xbcnchen.example/x",
                                          "#rc=1"};
    for (size_t i = 0; i < COUNT(refused); i++)
        assert_text(hook_url_wire(refused[i]), NULL, refused[i]);
}

/* From configured URL to header; the signatures were made by another implementation of HMAC-SHA1 (Python's).
 */
static void test_signatures(void **state)
{
    static const char *const report[] = {
        "MessageSid", "SM0123",       "MessageStatus",  "delivered",  "To",     "+41790000001",
        "From",       "+15005550006", "RawDlrDoneDate", "2701150802", "SmsSid", "SM0123",
        NULL};
    static const char *const text[] = {
        "Body", "na\xc3\xafve \xf0\x9f\x91\x8d & + %", "BodyX", "", "Body2", "z", NULL};
    static const char *const none[] = {NULL};
    static const struct {
        const char *configured;
        const char *const *params;
        const char *signature;
    } rows[] = {
        {"http://ann:pw@10.0.0.7:9000/in?b=2&a=1#rc=2", report, "iLiT1UgMuU5/hlFpY9FyV3lYgsw="},
        {"https://h.test:8443/in", report, "SP6K3/WE9oepF+yIMH6YljWdq38="},
        {"https://h.test:443/in#rp=all", report, "SP6K3/WE9oepF+yIMH6YljWdq38="},
        {"http://h.test", report, "x94K1JG9tj9cpQZMRRgMdW1K6T0="},
        {"http://h.test/caf\xc3\xa9 x", text, "E0X3SKmzSejI7XpJa4FCrJriks4="},
        {"http://h.test/cb?a=1&SmsSid=SM1&To=%2B41790000001", none, "eUFhMEll2Jtn13c9Wn5Z10h7H18="},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct form form = {0};
        char signature[SIGNATURE_LEN + 1];
        for (const char *const *pair = rows[i].params; *pair != NULL; pair += 2)
            form_add(&form, pair[0], pair[1]);
        char *wire = hook_url_wire(rows[i].configured), *url = signature_url(wire);
        signature_make("0123456789abcdef0123456789abcdef", url, &form, signature);
        assert_string_equal(signature, rows[i].signature);
        form_fini(&form);
        free(wire);
        free(url);
    }
}

/* RFC 3986 clause 5.4, without the fragments, which are never sent. */
static void test_resolve(void **state)
{
    static const struct {
        const char *reference, *result;
    } rows[] = {
        {"http://h/x", "http://h/x"},
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g/"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q"},
        {"g#s", "http://a/b/c/g"},
        {"g?y#s", "http://a/b/c/g?y"},
        {";x", "http://a/b/c/;x"},
        {"g;x", "http://a/b/c/g;x"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../", "http://a/"},
        {"../../g", "http://a/g"},
        {"../../../g", "http://a/g"},
        {"../../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {".g", "http://a/b/c/.g"},
        {"g..", "http://a/b/c/g.."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"g:h", NULL},
        {"mailto:x@y", NULL},
        {"https://h:1/x?y", "https://h:1/x?y"},
        {"//", NULL},
        {"http:g", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_text(hook_url_resolve("http://a/b/c/d;p?q", rows[i].reference), rows[i].result,
                    rows[i].reference);
    assert_text(hook_url_resolve("http://a/b", " \r\n/c d\t"), "http://a/c%20d", "spaces");
    assert_text(hook_url_resolve("http://a/b", "HTTPS://c/d"), "https://c/d", "scheme");
    assert_text(hook_url_resolve("http://a/b", "//\xe2\x80\x8bx/"), NULL, "host that is none");
    /* user info stays with its authority, and goes nowhere else */
    assert_text(hook_url_resolve("http://u:p@a/b", "c"), "http://u:p@a/c", "same");
    assert_text(hook_url_resolve("http://u:p@a/b", "//other/c"), "http://other/c", "other");
    assert_text(hook_url_resolve("http://u:p@a/b", "http://a/c"), "http://a/c", "spelled out");
}

static void test_views(void **state)
{
    static const struct {
        const char *wire, *host, *public, *brief;
    } rows[] = {
        {"http://u:p@H.Test/a?tok=1", "h.test:80", "http://H.Test/a?tok=1", "http://H.Test/a"},
        {"https://h.test/", "h.test:443", "https://h.test/", "https://h.test/"},
        {"https://h.test:444/", "h.test:444", "https://h.test:444/", "https://h.test:444/"},
        {"http://[::1]/", "[::1]:80", "http://[::1]/", "http://[::1]/"},
        {"http://[::1]:81/", "[::1]:81", "http://[::1]:81/", "http://[::1]:81/"},
    };
    char host[HOOK_HOST_MAX], brief[HOOK_BRIEF_MAX];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        hook_url_host(rows[i].wire, host);
        assert_string_equal(host, rows[i].host);
        assert_text(hook_url_public(rows[i].wire), rows[i].public, rows[i].wire);
        assert_string_equal(hook_url_brief(rows[i].wire, brief), rows[i].brief);
    }
    assert_string_equal(hook_url_brief("u:p@nowhere", brief), "");
    assert_text(hook_url_public("u:p@nowhere"), NULL, "public of none");
    hook_url_host("nowhere", host);
    assert_string_equal(host, "");
    assert_text(hook_url_add_query("http://h/", "a=1"), "http://h/?a=1", "none");
    assert_text(hook_url_add_query("http://h/?", "a=1"), "http://h/?a=1", "empty");
    assert_text(hook_url_add_query("http://h/?x", "a=1"), "http://h/?x&a=1", "some");
}

static void test_limits(void **state)
{
    static const struct conf_hooks conf = {.connect_ms = 5000, .read_ms = 15000, .total_ms = 14000};
    enum {
        CT = HOOK_REPEAT_CT,
        RT = HOOK_REPEAT_RT,
        C4 = HOOK_REPEAT_4XX,
        C5 = HOOK_REPEAT_5XX,
        ALL = CT | RT | C4 | C5 | HOOK_REPEAT_OTHER
    };
    static const struct {
        const char *url;
        int ct, rt, tt, rc;
        unsigned rp;
        const char *method;
    } rows[] = {
        {"http://h/", 5000, 15000, 14000, 1, CT, NULL},
        {"http://h/#", 5000, 15000, 14000, 1, CT, NULL},
        {"http://h/#ct=2000&rt=5000&tt=9000&rc=3&rp=4xx,5xx,ct,rt", 2000, 5000, 9000, 3, CT | RT | C4 | C5,
         NULL},
        {"http://h/#rc=2&rp=all", 5000, 15000, 14000, 2, ALL, NULL},
        {"http://h/#rc=0", 5000, 15000, 14000, 0, CT, NULL},
        {"http://h/#ct=1&rt=99&tt=0&rc=6", 100, 100, 100, 5, CT, NULL},
        {"http://h/#ct=10001&rt=15001&tt=99999999999999999999&rc=99", 10000, 15000, 15000, 5, CT, NULL},
        {"http://h/#ct=10000&rt=15000&tt=100&rc=5", 10000, 15000, 100, 5, CT, NULL},
        {"http://h/#ct=-5&rt=&tt=1e3&rc=two&rp=never&e=ashburn&sni=y&&=&x", 5000, 15000, 14000, 1, CT, NULL},
        {"http://h/#rp=5XX", 5000, 15000, 14000, 1, C5, NULL},
        {"http://h/#method=GET", 5000, 15000, 14000, 1, CT, "GET"},
        {"http://h/#method=POST&rc=4", 5000, 15000, 14000, 4, CT, "POST"},
        {"http://h/?rc=4&ct=100", 5000, 15000, 14000, 1, CT, NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct hook_limits limits;
        hook_limits_parse(rows[i].url, &conf, &limits);
        assert_int_equal(limits.connect_ms, rows[i].ct);
        assert_int_equal(limits.read_ms, rows[i].rt);
        assert_int_equal(limits.total_ms, rows[i].tt);
        assert_int_equal(limits.repeats, rows[i].rc);
        assert_int_equal(limits.repeat_on, rows[i].rp);
        assert_true((limits.method == NULL) == (rows[i].method == NULL));
        if (rows[i].method != NULL)
            assert_string_equal(limits.method, rows[i].method);
    }
}

/* ---- rules ---- */

static void test_delays(void **state)
{
    static const int64_t seconds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600, 3600};
    (void)state;
    for (size_t i = 0; i < COUNT(seconds); i++)
        assert_int_equal(hook_delay_ms((int)i), seconds[i] * 1000);
    assert_int_equal(hook_delay_ms(1000000), 3600000);
}

static void test_verdicts(void **state)
{
    enum { NOW = 1000000 };
    static const struct {
        enum hook_kind kind;
        int tries, asked_s;
        bool transient, durable, trusted;
        int64_t left_ms;
        enum hook_verdict verdict;
        int64_t wait_ms;
    } rows[] = {
        {HOOK_STATUS, 0, 0, true, true, true, 86400000, HOOK_RETRY, 1000},
        {HOOK_STATUS, 4, 0, true, true, true, 86400000, HOOK_RETRY, 16000},
        {HOOK_STATUS, 40, 0, true, true, true, 86400000, HOOK_RETRY, 3600000},
        {HOOK_STATUS, 0, 120, true, true, true, 86400000, HOOK_RETRY, 120000}, /* Retry-After */
        {HOOK_STATUS, 8, 120, true, true, true, 86400000, HOOK_RETRY, 256000},
        {HOOK_STATUS, 0, INT_MAX, true, true, true, 86400000, HOOK_RETRY, 3600000},
        {HOOK_INBOUND, 0, 120, true, true, true, 5000, HOOK_RETRY, 5000},
        {HOOK_STATUS, 0, 120, true, false, true, 86400000, HOOK_DEAD, 0},
        {HOOK_STATUS, 0, 0, false, true, true, 86400000, HOOK_DEAD, 0},
        {HOOK_INBOUND, 0, 0, false, true, true, 86400000, HOOK_RETRY, 1000},
        {HOOK_INBOUND, 0, 0, true, false, true, 86400000, HOOK_DEAD, 0},
        {HOOK_STATUS, 0, 0, true, false, true, 86400000, HOOK_DEAD, 0},
        {HOOK_STATUS, 20, 0, true, true, true, 5000, HOOK_RETRY, 5000}, /* the last try is at the end */
        {HOOK_STATUS, 20, 0, true, true, true, 0, HOOK_DEAD, 0},
        {HOOK_INBOUND, 20, 0, true, true, true, -1, HOOK_DEAD, 0},
        {HOOK_INBOUND, 20, 0, true, true, false, -1, HOOK_RETRY,
         3600000}, /* by a clock that nobody has set */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct hook hook = {
            .kind = rows[i].kind, .tries = rows[i].tries, .give_up_ms = NOW + rows[i].left_ms};
        int64_t at_ms = 0;
        assert_int_equal(hook_failed(&hook, rows[i].transient, rows[i].asked_s, rows[i].durable,
                                     rows[i].trusted, NOW, &at_ms),
                         rows[i].verdict);
        if (rows[i].verdict == HOOK_RETRY)
            assert_int_equal(at_ms, NOW + rows[i].wait_ms);
    }
}

static void test_failures(void **state)
{
    static const struct {
        enum httpc_error error;
        int status, code;
        bool transient;
        unsigned repeat;
    } rows[] = {
        {HTTPC_OK, 200, 0, false, 0},
        {HTTPC_OK, 204, 0, false, 0},
        {HTTPC_OK, 299, 0, false, 0},
        {HTTPC_OK, 302, 11216, false, 0},
        {HTTPC_OK, 400, 11217, false, HOOK_REPEAT_4XX},
        {HTTPC_OK, 404, 11217, false, HOOK_REPEAT_4XX},
        {HTTPC_OK, 408, 11217, true, HOOK_REPEAT_4XX},
        {HTTPC_OK, 429, 11217, true, HOOK_REPEAT_4XX},
        {HTTPC_OK, 500, 11217, true, HOOK_REPEAT_5XX},
        {HTTPC_OK, 599, 11217, true, HOOK_REPEAT_5XX},
        {HTTPC_OK, 101, 11206, true, HOOK_REPEAT_OTHER},
        {HTTPC_OK, 999, 11206, true, HOOK_REPEAT_OTHER},
        {HTTPC_BAD_URL, 0, 11100, false, 0},
        {HTTPC_DNS, 0, 11210, true, HOOK_REPEAT_CT},
        {HTTPC_REFUSED, 0, 11202, true, HOOK_REPEAT_CT},
        {HTTPC_CONNECT_TIMEOUT, 0, 11201, true, HOOK_REPEAT_CT},
        {HTTPC_TIMEOUT, 0, 11203, true, HOOK_REPEAT_RT},
        {HTTPC_TLS, 0, 11220, true, HOOK_REPEAT_CT},
        {HTTPC_TLS_NAME, 0, 11235, true, HOOK_REPEAT_CT},
        {HTTPC_TLS_EXPIRED, 0, 11236, true, HOOK_REPEAT_CT},
        {HTTPC_TLS_CHAIN, 0, 11237, true, HOOK_REPEAT_CT},
        {HTTPC_PROTOCOL, 0, 11206, true, HOOK_REPEAT_OTHER},
        {HTTPC_FORBIDDEN_ADDRESS, 0, 11321, false, 0},
        {HTTPC_TOO_LARGE, 0, 11750, false, 0},
        {HTTPC_NETWORK, 0, 11205, true, HOOK_REPEAT_OTHER},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct httpc_answer answer = {.error = rows[i].error, .status = rows[i].status};
        struct hook_failure failure = hook_failure_of(&answer);
        assert_int_equal(failure.code, rows[i].code);
        assert_int_equal(failure.transient, rows[i].transient);
        assert_int_equal(failure.repeat, rows[i].repeat);
    }
    for (int status = 100; status < 600; status++)
        assert_int_equal(hook_is_redirect(status),
                         status == 301 || status == 302 || status == 303 || status == 307 || status == 308);
}

/* 30 in 30 s between the same two, whoever writes; others do not count. */
static void test_loop_guard(void **state)
{
    struct hook_guard *guard = calloc(1, sizeof *guard);
    (void)state;
    assert_non_null(guard);
    for (int i = 0; i < GUARD_REPLIES; i++)
        assert_true(hook_guard_admit(guard, i % 2 ? "+1" : "+2", i % 2 ? "+2" : "+1", 1000 + i));
    assert_false(hook_guard_admit(guard, "+1", "+2", 30000));
    assert_false(hook_guard_admit(guard, "+2", "+1", 30999));
    assert_true(hook_guard_admit(guard, "+1", "+3", 30999));
    assert_true(hook_guard_admit(guard, "+1", "+2", 31000)); /* the first has left the window */
    assert_false(hook_guard_admit(guard, "+1", "+2", 31000));
    assert_true(hook_guard_admit(guard, "+1", "+2", 61000));
    for (int i = 0; i < 3 * GUARD_RING; i++)
        assert_true(hook_guard_admit(guard, "+4", "+5", 100000 + (int64_t)i * 2000));
    free(guard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wire_and_signed), cmocka_unit_test(test_signatures),
        cmocka_unit_test(test_resolve),         cmocka_unit_test(test_views),
        cmocka_unit_test(test_limits),          cmocka_unit_test(test_delays),
        cmocka_unit_test(test_verdicts),        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_loop_guard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
