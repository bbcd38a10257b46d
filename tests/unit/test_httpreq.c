/* The request reader: what it takes, what it refuses and with which status, the same however the bytes are
 * cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/facade/httpreq.h"

/* Feeds in pieces of `step` bytes; returns how many were taken. */
static size_t feed(struct httpreq *r, const char *text, size_t len, size_t step)
{
    size_t at = 0;
    httpreq_init(r);
    while (at < len && r->state < HTTPREQ_DONE) {
        size_t piece = len - at < step ? len - at : step;
        size_t used = httpreq_feed(r, text + at, piece);
        at += used;
        if (used < piece)
            break;
    }
    return at;
}

static const struct {
    const char *text;
    int status; /* 0 = good */
    const char *method, *path, *query, *body;
    int keep_alive;
} CASES[] = {
    {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0, "GET", "/", "", NULL, 1},
    {"\r\n\r\nGET /x HTTP/1.1\r\nhost:a\r\n\r\n", 0, "GET", "/x", "", NULL, 1},
    {"GET /x?a=b&c=d?e HTTP/1.1\r\nHost: a\r\n\r\n", 0, "GET", "/x", "a=b&c=d?e", NULL, 1},
    {"GET /?DateSent<=2024-01-01 HTTP/1.1\r\nHost: a\r\n\r\n", 0, "GET", "/", "DateSent<=2024-01-01", NULL,
     1},
    {"GET http://gw:80/x?y HTTP/1.1\r\nHost: gw\r\n\r\n", 0, "GET", "/x", "y", NULL, 1},
    {"GET HTTP://gw HTTP/1.1\r\nHost: gw\r\n\r\n", 0, "GET", "/", "", NULL, 1},
    {"GET http://gw?y HTTP/1.1\r\nHost: gw\r\n\r\n", 0, "GET", "/", "y", NULL, 1},
    {"OPTIONS * HTTP/1.1\r\nHost: gw\r\n\r\n", 0, "OPTIONS", "*", "", NULL, 1},
    {"GET / HTTP/1.0\r\n\r\n", 0, "GET", "/", "", NULL, 0},
    {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 0, "GET", "/", "", NULL, 1},
    {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 0, "GET", "/", "", NULL, 1},
    {"GET / HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\n\r\n", 0, "GET", "/", "", NULL, 1},
    {"GET / HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n", 400, 0, 0, 0, 0, 0}, /* no JSON could name it */
    {"GET / HTTP/1.1\r\nHost: a\"b\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"GET / HTTP/1.1\r\nHost: evil/x?\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"GET / HTTP/1.1\r\nHost: user@evil\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: TE, Close\r\n\r\n", 0, "GET", "/", "", NULL, 0},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", 0, "GET", "/", "", NULL, 1},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 0, "POST", "/", "", "hello", 1},
    {"POST / HTTP/1.1\r\nHost: a\r\ncontent-length:0005 \r\n\r\nhello", 0, "POST", "/", "", "hello", 1},
    {"DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 0, "DELETE", "/", "", NULL, 1},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nhe\r\n003;x=y\r\nllo\r\n0\r\nT: "
     "x\r\n\r\n",
     0, "POST", "/", "", "hello", 1},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0, "POST", "/", "", "", 1},
    /* framing that two readers could read differently */
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400, 0, 0, 0, 0, 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400, 0, 0, 0, 0, 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello", 400, 0, 0, 0, 0, 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello", 400, 0, 0, 0, 0, 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello", 400, 0, 0, 0, 0, 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello", 400, 0, 0, 0, 0, 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\nhello", 400, 0, 0, 0, 0, 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, 0,
     0, 0, 0, 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400, 0,
     0, 0, 0, 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
     "chunked\r\n\r\n0\r\n\r\n",
     400, 0, 0, 0, 0, 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, 0, 0, 0, 0, 0},
    {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nX: y\r\n folded\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"GET / HTTP/1.1\nHost: a\n\n", 400, 0, 0, 0, 0, 0},
    {"GET / HTTP/1.1\r\nHost: a\n\r\n", 400, 0, 0, 0, 0, 0},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: a\x01"
     "b\r\n\r\n",
     400, 0, 0, 0, 0, 0},
    {"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"GET / HTTP/1.1\r\nHost: a\r\nnocolon\r\n\r\n", 400, 0, 0, 0, 0, 0},
    /* bad chunks */
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n", 400, 0, 0, 0, 0, 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\nhe\r\n", 400, 0, 0, 0, 0, 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n 2\r\nhe\r\n", 400, 0, 0, 0, 0, 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n", 413, 0, 0, 0, 0, 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", 413, 0, 0, 0,
     0, 0},
    /* request lines, Host, Expect */
    {"GET /\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"GET / a HTTP/1.1\r\nHost: a\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"GET /?To=\xff HTTP/1.1\r\nHost: a\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"GET /?To=\x7f HTTP/1.1\r\nHost: a\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"GET / http/1.1\r\nHost: a\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"PRI * HTTP/2.0\r\n\r\n", 505, 0, 0, 0, 0, 0},
    {"GET / HTTP/1.1\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: x\r\nAuthorization: y\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nIdempotency-Key: x\r\nidempotency-key: y\r\n\r\n", 400, 0, 0, 0, 0, 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nI-Twilio-Idempotency-Token: x\r\nI-Twilio-Idempotency-Token: x\r\n\r\n",
     400, 0, 0, 0, 0, 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\nx", 417, 0, 0, 0, 0, 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n", 413, 0, 0, 0, 0, 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n", 413, 0, 0, 0, 0, 0},
};

static void check_case(size_t i, size_t step)
{
    struct httpreq r;
    size_t used = feed(&r, CASES[i].text, strlen(CASES[i].text), step);
    if (CASES[i].status != 0) {
        if (r.state != HTTPREQ_BAD || r.status != CASES[i].status)
            fail_msg("case %zu step %zu: state %d status %d, wanted %d", i, step, r.state, r.status,
                     CASES[i].status);
        assert_non_null(r.why);
    } else {
        if (r.state != HTTPREQ_DONE)
            fail_msg("case %zu step %zu: state %d, %s", i, step, r.state, r.why != NULL ? r.why : "");
        assert_int_equal(used, strlen(CASES[i].text));
        assert_string_equal(r.method, CASES[i].method);
        assert_string_equal(r.path, CASES[i].path);
        assert_string_equal(r.query, CASES[i].query);
        assert_int_equal(r.keep_alive, CASES[i].keep_alive);
        if (CASES[i].body != NULL)
            assert_string_equal(r.body, CASES[i].body);
        else
            assert_null(r.body);
    }
    httpreq_fini(&r);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        for (size_t step = 1; step < 8; step++)
            check_case(i, step == 7 ? 100000 : step);
}

static void test_leaves_the_next_request_alone(void **state)
{
    static const char TWO[] =
        "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET /b HTTP/1.1\r\nHost: a\r\n\r\n";
    struct httpreq r;
    (void)state;
    size_t used = feed(&r, TWO, strlen(TWO), 1000);
    assert_string_equal(TWO + used, "GET /b HTTP/1.1\r\nHost: a\r\n\r\n");
    httpreq_fini(&r);
}

static void test_headers(void **state)
{
    static const char TEXT[] =
        "GET / HTTP/1.1\r\nHost: gw:80\r\nX-A: \t one two \t\r\nx-a: second\r\nEmpty:\r\n\r\n";
    struct httpreq r;
    (void)state;
    feed(&r, TEXT, strlen(TEXT), 3);
    assert_string_equal(httpreq_header(&r, "HOST"), "gw:80");
    assert_string_equal(httpreq_header(&r, "x-a"), "one two");
    assert_string_equal(httpreq_header(&r, "empty"), "");
    assert_null(httpreq_header(&r, "x"));
    httpreq_fini(&r);
}

static void test_expect(void **state)
{
    static const struct {
        const char *text;
        bool expected;
    } rows[] = {
        {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n", true},
        {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n", true},
        {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n", false},
        {"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct httpreq r;
        feed(&r, rows[i].text, strlen(rows[i].text), 100);
        assert_int_equal(r.expect_continue, rows[i].expected);
        httpreq_fini(&r);
    }
}

static int status_of(const char *text, size_t len)
{
    struct httpreq r;
    feed(&r, text, len, 777);
    int status = r.state == HTTPREQ_DONE ? 200 : r.status;
    httpreq_fini(&r);
    return status;
}

/* `start`, then 'a' up to `len` bytes in all of which `end` are the last, then `rest` */
static int status_of_padded(const char *start, size_t len, const char *end, const char *rest)
{
    char *text = malloc(len + strlen(rest));
    memset(text, 'a', len);
    memcpy(text, start, strlen(start));
    memcpy(text + len - strlen(end), end, strlen(end));
    memcpy(text + len, rest, strlen(rest));
    int status = status_of(text, len + strlen(rest));
    free(text);
    return status;
}

static int status_of_line(size_t len)
{
    return status_of_padded("GET /", len, " HTTP/1.1\r\n", "Host: a\r\n\r\n");
}

static int status_of_headers(size_t len)
{
    static const char START[] = "GET / HTTP/1.1\r\n";
    return status_of_padded("GET / HTTP/1.1\r\nHost: a\r\nX: ", strlen(START) + len, "\r\n\r\n", "");
}

static void test_limits(void **state)
{
    (void)state;
    assert_int_equal(status_of_line(HTTPREQ_LINE_MAX), 200);
    assert_int_equal(status_of_line(HTTPREQ_LINE_MAX + 1), 414);
    assert_int_equal(status_of_headers(HTTPREQ_HEAD_MAX), 200);
    assert_int_equal(status_of_headers(HTTPREQ_HEAD_MAX + 1), 431);
}

static int status_of_count(size_t headers)
{
    char text[4096];
    size_t len = (size_t)snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: a\r\n");
    for (size_t i = 1; i < headers; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "A: b\r\n");
    len += (size_t)snprintf(text + len, sizeof text - len, "\r\n");
    return status_of(text, len);
}

static void test_header_count(void **state)
{
    (void)state;
    assert_int_equal(status_of_count(HTTPREQ_HEADERS_MAX), 200);
    assert_int_equal(status_of_count(HTTPREQ_HEADERS_MAX + 1), 431);
}

/* head, `count` bytes of body, tail */
static int status_of_body(const char *head, size_t count, const char *tail)
{
    size_t len = strlen(head) + count + strlen(tail);
    char *text = malloc(len);
    memset(text, 'x', len);
    memcpy(text, head, strlen(head));
    memcpy(text + strlen(head) + count, tail, strlen(tail));
    struct httpreq r;
    feed(&r, text, len, 4000);
    int status = r.state == HTTPREQ_DONE && r.body_len == count ? 200 : r.status;
    httpreq_fini(&r);
    free(text);
    return status;
}

static void test_largest_bodies(void **state)
{
    static const char CHUNKED[] = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10000\r\n";
    (void)state;
    assert_int_equal(
        status_of_body("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\n", HTTPREQ_BODY_MAX, ""),
        200);
    assert_int_equal(status_of_body(CHUNKED, HTTPREQ_BODY_MAX, "\r\n0\r\n\r\n"), 200);
    assert_int_equal(status_of_body(CHUNKED, HTTPREQ_BODY_MAX, "\r\n1\r\nx\r\n0\r\n\r\n"), 413);
}

static void test_trailers_are_bounded(void **state)
{
    char text[2 * HTTPREQ_TRAILERS_MAX];
    (void)state;
    size_t len = (size_t)snprintf(text, sizeof text,
                                  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
    while (len < sizeof text - 10)
        len += (size_t)snprintf(text + len, sizeof text - len, "T: x\r\n");
    struct httpreq r;
    feed(&r, text, len, 777);
    assert_int_equal(r.status, 431);
    assert_string_equal(r.why, "The trailers are longer than 4096 bytes.");
    httpreq_fini(&r);
}

static void test_begun(void **state)
{
    struct httpreq r;
    (void)state;
    httpreq_init(&r);
    assert_false(httpreq_begun(&r));
    httpreq_feed(&r, "\r\n", 2);
    assert_false(httpreq_begun(&r));
    httpreq_feed(&r, "G", 1);
    assert_true(httpreq_begun(&r));
    httpreq_fini(&r);
}

static void test_nul_is_refused(void **state)
{
    static const char TEXT[] = "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n";
    struct httpreq r;
    (void)state;
    feed(&r, TEXT, sizeof TEXT - 1, 5);
    assert_int_equal(r.status, 400);
    httpreq_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),          cmocka_unit_test(test_leaves_the_next_request_alone),
        cmocka_unit_test(test_headers),        cmocka_unit_test(test_expect),
        cmocka_unit_test(test_limits),         cmocka_unit_test(test_header_count),
        cmocka_unit_test(test_largest_bodies), cmocka_unit_test(test_trailers_are_bounded),
        cmocka_unit_test(test_begun),          cmocka_unit_test(test_nul_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
