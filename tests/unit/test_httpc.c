/* The HTTP client against a server on the same loop: what it sends, what it makes of each answer and of none,
 * that rules hold for every connection, and that it leaves no trace when it is called off. */
#include "httpc_rig.h"

#include <signal.h>

/* ---- addresses ---- */

/* localhost is ::1 and 127.0.0.1, wherever libcurl runs; the server is on the second. */
static void test_one_address_of_a_name_is_refused(void **state)
{
    struct world *world = *state;
    struct got got;
    const char *url = url_of(world, "localhost", "/");
    configure(world, NULL, "::1/128");
    ask(world, url, &got);
    assert_int_equal(got.answer.error, HTTPC_OK);
    assert_int_equal(got.answer.status, 200);
    configure(world, NULL, "127.0.0.0/8"); /* the other one may be asked, and is not there */
    ask(world, url_of(world, "localhost", "/"), &got);
    assert_int_equal(got.answer.error, HTTPC_REFUSED);
    assert_null(strstr(got.error_text, "allow"));
    configure(world, NULL, "::/0"); /* IPv4 as well, in its mapped form */
    ask(world, url_of(world, "localhost", "/"), &got);
    assert_int_equal(got.answer.error, HTTPC_FORBIDDEN_ADDRESS);
    assert_non_null(strstr(got.error_text, "hooks.allow"));
    assert_int_equal(world->server.requests, 1);
}

/* What was connected to before the reload is not asked after it. */
static void test_kept_connection_obeys_new_rules(void **state)
{
    struct world *world = *state;
    static struct got got, many[4];
    struct httpc_request request = get_of(url_of(world, "127.0.0.1", "/"));
    ask(world, request.url, &got);
    assert_int_equal(got.answer.error, HTTPC_OK);
    configure(world, NULL, "127.0.0.1");
    ask(world, url_of(world, "127.0.0.1", "/"), &got);
    assert_int_equal(got.answer.error, HTTPC_FORBIDDEN_ADDRESS);
    assert_int_equal(got.answer.status, 0);
    assert_int_equal(world->server.requests, 1);
    configure(world, NULL, NULL);
    for (size_t i = 0; i < COUNT(many); i++)
        httpc_send(world->httpc, &request, on_answer, &many[i]);
    for (size_t i = 0; i < COUNT(many); i++)
        assert_true(wait_for(world, &many[i].there) && many[i].answer.status == 200);
    assert_true(world->server.connections > 2); /* kept, all of them */
    configure(world, NULL, "127.0.0.1");
    ask(world, request.url, &got);
    assert_int_equal(got.answer.error, HTTPC_FORBIDDEN_ADDRESS);
    assert_int_equal(world->server.requests, 1 + COUNT(many));
}

/* A reload at any moment of a connection's making: the request has left, or it never does, and that is told
 * as it is. */
static void test_new_rules_while_connecting(void **state)
{
    struct world *world = *state;
    int left = 0, kept = 0;
    for (int turns = 0; turns < 8; turns++) {
        static struct got got;
        struct httpc_request request = get_of(url_of(world, "127.0.0.1", "/"));
        const char *const fresh[] = {"Connection: close", NULL};
        request.headers = fresh;
        got = (struct got){0};
        configure(world, NULL, NULL);
        httpc_send(world->httpc, &request, on_answer, &got);
        for (int i = 0; i < turns; i++)
            loop_turn(world->loop, 0);
        if (turns == 7)
            await_requests(world, left + 1); /* the last one leaves */
        configure(world, NULL, "127.0.0.1");
        assert_true(wait_for(world, &got.there));
        left += got.answer.error == HTTPC_OK;
        kept += got.answer.error == HTTPC_FORBIDDEN_ADDRESS;
        assert_int_equal(world->server.requests, left);
        assert_int_equal(left + kept, turns + 1);
    }
    assert_true(kept > 0 && left > 0);
}

/* ---- the request ---- */

static bool seen(const struct world *world, const char *text)
{
    return strstr(world->server.seen, text) != NULL;
}

static void test_post(void **state)
{
    struct world *world = *state;
    struct got got = {0};
    char body[] = "a=1&b=%00&c", header[] = "X-One: 1", url[128];
    const char *headers[] = {header, "Content-Type: text/x", NULL};
    snprintf(url, sizeof url, "%s", url_of(world, "127.0.0.1", "/a/../b%2f?x=y"));
    struct httpc_request request = get_of(url);
    request.method = "POST";
    request.headers = headers;
    request.body = body;
    request.body_len = 9; /* of 11 */
    httpc_send(world->httpc, &request, on_answer, &got);
    memset(body, '#', sizeof body); /* all of it was copied */
    memset(header, '#', sizeof header);
    memset(url, '#', sizeof url);
    assert_true(wait_for(world, &got.there));
    assert_memory_equal(world->server.seen, "POST /a/../b%2f?x=y HTTP/1.1\r\n", 30);
    assert_true(seen(world, "\r\nX-One: 1\r\n") && seen(world, "\r\nContent-Type: text/x\r\n"));
    assert_true(seen(world, "\r\nContent-Length: 9\r\n") && seen(world, "\r\n\r\na=1&b=%00"));
    assert_false(seen(world, "Expect") || seen(world, "Authorization"));
    assert_string_equal(strstr(world->server.seen, "\r\n\r\n") + 4, "a=1&b=%00");
}

static void test_get(void **state)
{
    struct world *world = *state;
    struct got got;
    ask(world, url_of(world, "127.0.0.1", ""), &got);
    assert_memory_equal(world->server.seen, "GET / HTTP/1.1\r\n", 16);
    assert_false(seen(world, "Content-Length") || seen(world, "Content-Type"));
    assert_true(seen(world, "\r\nHost: 127.0.0.1:"));
}

static void test_user_info_is_basic_auth(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *host, *header;
    } rows[] = {{"ann:p%40w@127.0.0.1", "\r\nAuthorization: Basic YW5uOnBAdw==\r\n"},
                {"ann@127.0.0.1", "\r\nAuthorization: Basic YW5uOg==\r\n"},
                {"127.0.0.1", NULL}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct got got;
        ask(world, url_of(world, rows[i].host, "/"), &got);
        assert_int_equal(got.answer.status, 200);
        assert_int_equal(seen(world, "Authorization"), rows[i].header != NULL);
        assert_true(rows[i].header == NULL || seen(world, rows[i].header));
        assert_false(seen(world, "ann") || seen(world, "p%40w"));
    }
}

static void test_header_with_a_line_break_does_not_leave(void **state)
{
    struct world *world = *state;
    static const char *const headers[] = {"X: 1\r\nY: 2", NULL};
    struct got got;
    struct httpc_request request = get_of(url_of(world, "127.0.0.1", "/"));
    request.headers = headers;
    ask_with(world, &request, &got);
    assert_int_equal(got.answer.error, HTTPC_PROTOCOL);
    assert_int_equal(world->server.connections, 0);
}

static void test_no_proxy(void **state)
{
    struct world *world = *state;
    struct got got;
    static const char *const names[] = {"http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"};
    unsetenv("no_proxy");
    unsetenv("NO_PROXY");
    for (size_t i = 0; i < COUNT(names); i++)
        setenv(names[i], "http://127.0.0.1:1", 1);
    ask(world, url_of(world, "127.0.0.1", "/direct"), &got);
    for (size_t i = 0; i < COUNT(names); i++)
        unsetenv(names[i]);
    assert_int_equal(got.answer.status, 200);
    assert_memory_equal(world->server.seen, "GET /direct ", 12);
}

static void test_connection_is_kept(void **state)
{
    struct world *world = *state;
    struct got got;
    for (int i = 0; i < 3; i++) {
        ask(world, url_of(world, "127.0.0.1", "/"), &got);
        assert_int_equal(got.answer.status, 200);
    }
    assert_int_equal(world->server.requests, 3);
    assert_int_equal(world->server.connections, 1);
    server_close(&world->server, world->server.open[0]); /* the server had enough of it */
    ask(world, url_of(world, "127.0.0.1", "/"), &got);
    assert_int_equal(got.answer.status, 200);
    assert_int_equal(world->server.connections, 2);
}

/* ---- answers ---- */

static void test_answers(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *answer, *type, *location, *body;
        int status;
        bool closes;
    } rows[] = {
        {"HTTP/1.1 200 OK\r\ncontent-type:  text/xml; charset=utf-8 \r\nContent-Length: 4\r\n\r\n<R/>",
         "text/xml; charset=utf-8", "", "<R/>", 200, false},
        {"HTTP/1.1 204 None\r\n\r\n", "", "", "", 204, false},
        {"HTTP/1.0 200 OK\r\n\r\nuntil it closes", "", "", "until it closes", 200, true},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nT: 1\r\n\r\n", "",
         "", "abc", 200, false},
        {"HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n", "", "/next", "", 302, false},
        {"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno", "", "", "no", 404, false},
        {"HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=x\r\nContent-Length: 0\r\n\r\n", "", "", "", 401,
         false},
        {"HTTP/1.1 103 Early\r\nLocation: /early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", "",
         "", "x", 200, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct got got;
        world->server.answer = rows[i].answer;
        world->server.closes = rows[i].closes;
        world->server.requests = 0;
        ask(world, url_of(world, "127.0.0.1", "/"), &got);
        assert_int_equal(got.answer.error, HTTPC_OK);
        assert_int_equal(got.answer.status, rows[i].status);
        assert_string_equal(got.content_type, rows[i].type);
        assert_string_equal(got.location, rows[i].location);
        assert_string_equal(got.body, rows[i].body);
        assert_int_equal(got.answer.body_len, strlen(rows[i].body));
        settle(world);
        assert_int_equal(world->server.requests, 1); /* no redirect is followed, no challenge met */
    }
}

/* Of the real clock, as libcurl's times are: longer than a stall of the machine before the answer. */
#define SHORT_MS 500

#define HALF_HEAD "HTTP/1.1 200 OK\r\nX: "
#define HALF_BODY "HTTP/1.1 201 OK\r\nContent-Length: 9\r\nContent-Type: a/b\r\n\r\nabc"

static void test_errors(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *scheme, *answer;
        bool closes;
        int connect_ms, read_ms, total_ms;
        enum httpc_error error;
        int status;
    } rows[] = {
        {"http", "", false, 8000, SHORT_MS, 8000, HTTPC_TIMEOUT, 0},
        {"http", "", false, 8000, 8000, SHORT_MS, HTTPC_TIMEOUT, 0},
        {"http", HALF_HEAD, false, 8000, SHORT_MS, 8000, HTTPC_TIMEOUT, 0},
        {"http", HALF_BODY, false, 8000, SHORT_MS, 8000, HTTPC_TIMEOUT, 201},
        {"http", HALF_BODY, false, 8000, 8000, SHORT_MS, HTTPC_TIMEOUT, 201},
        {"http", "HTTP/1.1 100 Wait\r\n\r\n", false, 8000, SHORT_MS, 8000, HTTPC_TIMEOUT, 0},
        {"https", "", false, SHORT_MS, 8000, 8000, HTTPC_CONNECT_TIMEOUT, 0}, /* no handshake comes */
        {"https", "", false, 8000, 8000, SHORT_MS, HTTPC_CONNECT_TIMEOUT, 0},
        {"http", "", true, 8000, 8000, 8000, HTTPC_NETWORK, 0},
        {"http", HALF_HEAD, true, 8000, 8000, 8000, HTTPC_NETWORK, 0},
        {"http", HALF_BODY, true, 8000, 8000, 8000, HTTPC_NETWORK, 201},
        {"http", "\x16\x03garbage\r\n\r\n", true, 8000, 8000, 8000, HTTPC_PROTOCOL, 0},
        {"http", "HTTP/1.1 OK\r\n\r\n", true, 8000, 8000, 8000, HTTPC_PROTOCOL, 0},
        {"http", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", false, 8000, 8000, 8000, HTTPC_PROTOCOL, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct got got;
        char url[64];
        snprintf(url, sizeof url, "%s://127.0.0.1:%d/", rows[i].scheme, world->server.port);
        struct httpc_request request = get_of(url);
        request.connect_ms = rows[i].connect_ms;
        request.read_ms = rows[i].read_ms;
        request.total_ms = rows[i].total_ms;
        world->server.answer = rows[i].answer;
        world->server.closes = rows[i].closes;
        int64_t start_ms = clock_mono_ms();
        ask_with(world, &request, &got);
        assert_in_range(clock_mono_ms() - start_ms, 0, DEADLINE_MS - 1); /* by the short one of the times */
        if (got.answer.error != rows[i].error || got.answer.status != rows[i].status)
            fail_msg("row %zu: error %d (%s), status %d", i, (int)got.answer.error, got.error_text,
                     got.answer.status);
        assert_string_not_equal(got.error_text, "");
        assert_string_equal(got.body, ""); /* a part of it is not shown */
        assert_string_equal(got.content_type, rows[i].status == 201 ? "a/b" : "");
    }
}

static void test_nobody_there(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *url;
        enum httpc_error error;
    } rows[] = {{"http://a..b/", HTTPC_DNS}, {"http://", HTTPC_BAD_URL}, {"http://[::1/", HTTPC_BAD_URL}};
    struct got got;
    server_down(&world->server);
    ask(world, url_of(world, "127.0.0.1", "/"), &got);
    assert_int_equal(got.answer.error, HTTPC_REFUSED);
    for (size_t i = 0; i < COUNT(rows); i++) {
        ask(world, rows[i].url, &got);
        assert_int_equal(got.answer.error, rows[i].error);
    }
}

/* A listener whose queue is full: the kernel drops what would connect, as a dead host's network does. */
static void test_connection_that_does_not_come_about(void **state)
{
    struct world *world = *state;
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    struct got got;
    int waiting[4], fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char url[64];
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 0), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    for (size_t i = 0; i < COUNT(waiting); i++) {
        waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        assert_true(connect(waiting[i], (struct sockaddr *)&address, len) == 0 || errno == EINPROGRESS);
    }
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", ntohs(address.sin_port));
    for (int total = 0; total < 2; total++) {
        struct httpc_request request = get_of(url);
        *(total ? &request.total_ms : &request.connect_ms) = 80;
        int64_t start_ms = clock_mono_ms();
        ask_with(world, &request, &got);
        assert_in_range(clock_mono_ms() - start_ms, 0, DEADLINE_MS - 1);
        assert_int_equal(got.answer.error, HTTPC_CONNECT_TIMEOUT);
        assert_int_equal(got.answer.status, 0);
    }
    for (size_t i = 0; i < COUNT(waiting); i++)
        close(waiting[i]);
    close(fd);
}

/* Each octet begins the read time anew, those of the head too. */
static void test_slow_but_alive(void **state)
{
    struct world *world = *state;
    static const char *const pieces[] = {"X: 1\r\n", "\r\n", "ab", "c"};
    struct got got = {0};
    struct httpc_request request = get_of(url_of(world, "127.0.0.1", "/"));
    fake_clock(world, INT64_C(1800000000000));
    request.read_ms = 100000; /* of the fake clock; libcurl's own is the real one */
    world->server.answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n";
    httpc_send(world->httpc, &request, on_answer, &got);
    await_requests(world, 1);
    await_delivery(world, world->server.open[0]);
    for (size_t i = 0; i < COUNT(pieces); i++) {
        assert_false(got.there);
        clock_advance(90000);
        bufferevent_write(world->server.open[0], pieces[i], strlen(pieces[i]));
        await_delivery(world, world->server.open[0]);
    }
    assert_true(wait_for(world, &got.there));
    assert_int_equal(got.answer.error, HTTPC_OK);
    assert_string_equal(got.body, "abc");
}

static void test_too_large(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *answer;
        enum httpc_error error;
        int status;
    } rows[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", HTTPC_OK, 200},
        {"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n0123456789x", HTTPC_TOO_LARGE, 200},
        {"HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n6\r\n012345\r\n",
         HTTPC_TOO_LARGE, 503},
        {"HTTP/1.1 307 Go\r\nLocation: /next\r\nContent-Length: 99\r\n\r\n0123456789x", HTTPC_TOO_LARGE, 307},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct got got;
        struct httpc_request request = get_of(url_of(world, "127.0.0.1", "/"));
        request.body_max = 10;
        world->server.answer = rows[i].answer;
        ask_with(world, &request, &got);
        assert_int_equal(got.answer.error, rows[i].error);
        assert_int_equal(got.answer.status, rows[i].status);
        assert_string_equal(got.body, rows[i].error == HTTPC_OK ? "0123456789" : "");
        assert_string_equal(got.location, rows[i].status == 307 ? "/next" : "");
    }
}

static void test_head_too_large(void **state)
{
    struct world *world = *state;
    static char answer[80000];
    struct got got;
    size_t len = (size_t)snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\n");
    while (len < 70000)
        len += (size_t)snprintf(answer + len, sizeof answer - len, "X-Header: %0500d\r\n", 1);
    snprintf(answer + len, sizeof answer - len, "\r\n");
    world->server.answer = answer;
    ask(world, url_of(world, "127.0.0.1", "/"), &got);
    assert_int_equal(got.answer.error, HTTPC_PROTOCOL);
    assert_int_equal(got.answer.status, 0);
}

static void test_retry_after(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *value;
        int seconds;
    } rows[] = {
        {"120", 120},
        {"0", 0},
        {"-1", 0},
        {"soon", 0},
        {"", 0},
        {"99999999999999999999", HTTPC_RETRY_AFTER_MAX_S},
        {"Fri, 15 Jan 2027 08:10:00 GMT", 600},
        {"Friday, 15-Jan-27 08:10:00 GMT", 600},
        {"Fri Jan 15 08:10:00 2027", 600},
        {"Fri, 15 Jan 2027 07:59:00 GMT", 0},
        {"Sat, 15 Jan 2028 08:00:00 GMT", HTTPC_RETRY_AFTER_MAX_S},
    };
    char answer[256];
    struct got got;
    world->server.answer = answer;
    for (size_t i = 0; i < COUNT(rows); i++) {
        fake_clock(world, INT64_C(1800000000000)); /* 2027-01-15T08:00:00Z */
        snprintf(answer, sizeof answer, "HTTP/1.1 503 X\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n",
                 rows[i].value);
        ask(world, url_of(world, "127.0.0.1", "/"), &got);
        assert_int_equal(got.answer.retry_after_s, rows[i].seconds);
    }
    fake_clock(world, 0); /* a board without a clock: a date says nothing */
    ask(world, url_of(world, "127.0.0.1", "/"), &got);
    assert_int_equal(got.answer.retry_after_s, 0);
    world->server.answer = OK_EMPTY;
    ask(world, url_of(world, "127.0.0.1", "/"), &got);
    assert_int_equal(got.answer.retry_after_s, 0);
}

/* ---- called off ---- */

static void test_cancel_at_any_moment(void **state)
{
    struct world *world = *state;
    for (int turns = 0; turns < 12; turns++) {
        struct got got = {0};
        struct httpc_request request = get_of(url_of(world, "127.0.0.1", "/"));
        world->server.answer = turns < 6 ? "" : HALF_BODY;
        struct httpc_call *call = httpc_send(world->httpc, &request, on_answer, &got);
        for (int i = 0; i < turns % 6; i++)
            loop_turn(world->loop, 5);
        httpc_cancel(call);
        settle(world);
        assert_int_equal(got.count, 0);
        await_closed(world); /* nothing is left that waits */
    }
    assert_true(world->server.requests > 0);
}

struct pair {
    struct world *world;
    struct httpc_call *calls[2];
    int answers;
    bool there;
    struct got next;
};

/* Whichever is first calls off the other, then itself, and asks something else. */
static void on_one_of_two(void *arg, const struct httpc_answer *answer)
{
    struct pair *pair = arg;
    struct httpc_request request = get_of(url_of(pair->world, "127.0.0.1", "/next"));
    assert_int_equal(answer->status, 200);
    pair->answers++;
    httpc_cancel(pair->calls[0]);
    httpc_cancel(pair->calls[1]);
    assert_int_equal(answer->body_len, 0);
    httpc_send(pair->world->httpc, &request, on_answer, &pair->next);
    assert_int_equal(pair->next.count, 0);
}

static void test_cancel_within_a_callback(void **state)
{
    struct world *world = *state;
    struct pair pair = {.world = world};
    struct httpc_request request = get_of(url_of(world, "127.0.0.1", "/"));
    for (int i = 0; i < 2; i++)
        pair.calls[i] = httpc_send(world->httpc, &request, on_one_of_two, &pair);
    assert_true(wait_for(world, &pair.next.there));
    settle(world);
    assert_int_equal(pair.answers, 1);
    assert_int_equal(pair.next.count, 1);
    assert_int_equal(pair.next.answer.status, 200);
}

static void test_free_with_calls(void **state)
{
    struct world *world = *state;
    static const struct httpc_options none;
    struct got got = {0};
    struct httpc_request request = get_of(url_of(world, "127.0.0.1", "/"));
    world->server.answer = "";
    httpc_send(world->httpc, &request, on_answer, &got);
    await_requests(world, 1);
    httpc_send(world->httpc, &request, on_answer, &got);
    httpc_free(world->httpc);
    settle(world);
    assert_int_equal(world->server.requests, 1);
    assert_int_equal(got.count, 0);
    world->httpc = httpc_new(world->loop, &none);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        CASE(test_one_address_of_a_name_is_refused),
        CASE(test_kept_connection_obeys_new_rules),
        CASE(test_new_rules_while_connecting),
        CASE(test_post),
        CASE(test_get),
        CASE(test_user_info_is_basic_auth),
        CASE(test_header_with_a_line_break_does_not_leave),
        CASE(test_no_proxy),
        CASE(test_connection_is_kept),
        CASE(test_answers),
        CASE(test_errors),
        CASE(test_nobody_there),
        CASE(test_connection_that_does_not_come_about),
        CASE(test_slow_but_alive),
        CASE(test_too_large),
        CASE(test_head_too_large),
        CASE(test_retry_after),
        CASE(test_cancel_at_any_moment),
        CASE(test_cancel_within_a_callback),
        CASE(test_free_with_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
