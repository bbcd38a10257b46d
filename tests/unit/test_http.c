/* The server with a handler of the test's own: order, deadlines, cap, errors in JSON, clients that leave. */
#include "http_client.h"

#include <signal.h>
#include <sys/stat.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/facade/http_internal.h"
#include <event2/event.h>

#define T0          INT64_C(1800000000000)
#define IDLE_MS     10000
#define REQUEST_MS  3000
#define CAP         3
#define PER_ADDRESS 3
#define SHAKE_MS    2000
#define HELD_MAX    8

static const struct http_options options = {.connections = CAP,
                                            .per_address = PER_ADDRESS,
                                            .idle_ms = IDLE_MS,
                                            .request_ms = REQUEST_MS,
                                            .handshake_ms = SHAKE_MS};

struct world {
    struct loop *loop;
    struct http *http;
    struct http_call *held[HELD_MAX]; /* calls that wait for the test */
    size_t held_count;
    int served;
    bool hold, trusted, stopped;
    size_t big; /* bytes of the answer's body, 0 = the usual */
};

static void answer(struct world *w, struct http_call *call)
{
    char body[256];
    const struct httpreq *r = http_request(call);
    char *large = NULL;
    snprintf(body, sizeof body, "{\"path\":\"%s\",\"body\":\"%.100s\"}", r->path,
             r->body != NULL ? r->body : "");
    if (w->big > 0) {
        large = malloc(w->big + 1);
        memset(large, ' ', w->big);
        large[w->big] = '\0';
    }
    http_answer(call, &(struct http_answer){
                          .status = 200, .headers = "X-Test: yes\r\n", .body = large != NULL ? large : body});
    free(large);
}

static void on_call(void *arg, struct http_call *call)
{
    struct world *w = arg;
    w->served++;
    w->trusted = http_trusted(call);
    if (w->hold)
        w->held[w->held_count++] = call;
    else
        answer(w, call);
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    char error[256] = "";
    clock_fake(T0, 1000);
    w->loop = loop_new();
    w->http = http_new(w->loop, &options, on_call, w);
    if (http_listen_tcp(w->http, "127.0.0.1:0", error) != 0)
        fail_msg("%s", error);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    http_free(w->http);
    loop_turn(w->loop, 0);
    loop_free(w->loop);
    free(w);
    return 0;
}

/* Until the server has so many connections. */
static void until_connected(struct world *w, int count)
{
    for (int64_t end = real_ms() + CLIENT_DEADLINE_MS; w->http->conn_count != count && real_ms() < end;)
        loop_turn(w->loop, 5);
    assert_int_equal(w->http->conn_count, count);
}

static void until_held(struct world *w, size_t count)
{
    for (int64_t end = real_ms() + CLIENT_DEADLINE_MS; w->held_count < count && real_ms() < end;)
        loop_turn(w->loop, 5);
    assert_int_equal(w->held_count, count);
}

static bool is_accepted(const struct world *w, int fd)
{
    struct sockaddr_in own, peer;
    struct conn *conn;
    socklen_t len = sizeof own;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &len), 0);
    TAILQ_FOREACH(conn, &w->http->conns, all)
    {
        len = sizeof peer;
        if (getpeername(bufferevent_getfd(conn->stream.bev), (struct sockaddr *)&peer, &len) == 0 &&
            peer.sin_family == AF_INET && peer.sin_port == own.sin_port)
            return true;
    }
    return false;
}

/* The server has it: from now on its deadline counts. */
static struct client client_at(struct world *w, int port)
{
    struct client c;
    client_connect(&c, w->loop, port);
    for (int64_t end = real_ms() + CLIENT_DEADLINE_MS; !is_accepted(w, c.fd) && real_ms() < end;)
        loop_turn(w->loop, 5);
    assert_true(is_accepted(w, c.fd));
    return c;
}

static struct client client_of(struct world *w)
{
    return client_at(w, http_port(w->http));
}

static void expect_path(struct client *c, const char *path)
{
    struct response r;
    client_receive(c, &r);
    assert_int_equal(r.status, 200);
    assert_string_equal(json_string_value(json_object_get(r.json, "path")), path);
    response_fini(&r);
}

/* An error that every SDK can read. */
static void expect_error(struct client *c, int status, int code)
{
    struct response r;
    char type[64];
    client_receive(c, &r);
    assert_int_equal(r.status, status);
    assert_true(response_header(&r, "Content-Type", type, sizeof type));
    assert_string_equal(type, "application/json; charset=utf-8");
    assert_int_equal(json_integer_value(json_object_get(r.json, "code")), code);
    assert_int_equal(json_integer_value(json_object_get(r.json, "status")), status);
    assert_true(json_is_string(json_object_get(r.json, "message")));
    assert_null(json_object_get(r.json, "type"));
    response_fini(&r);
}

static void turns(struct world *w, int count)
{
    for (int i = 0; i < count; i++)
        loop_turn(w->loop, 2);
}

static void test_keep_alive_and_headers(void **state)
{
    struct world *w = *state;
    struct client c = client_of(w);
    struct response r;
    char value[64];
    client_send(&c, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    client_receive(&c, &r);
    assert_true(response_header(&r, "Twilio-Request-Id", value, sizeof value));
    assert_int_equal(strlen(value), 34);
    assert_memory_equal(value, "RQ", 2);
    assert_true(response_header(&r, "Twilio-Request-Duration", value, sizeof value));
    assert_string_equal(value, "0.000");
    assert_true(response_header(&r, "Cache-Control", value, sizeof value));
    assert_string_equal(value, "no-store");
    assert_true(response_header(&r, "Date", value, sizeof value));
    assert_string_equal(value, "Fri, 15 Jan 2027 08:00:00 GMT");
    assert_true(response_header(&r, "Connection", value, sizeof value));
    assert_string_equal(value, "keep-alive");
    assert_true(response_header(&r, "X-Test", value, sizeof value));
    response_fini(&r);
    client_send(&c, "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
    expect_path(&c, "/b");
    assert_int_equal(w->served, 2);
    client_close(&c);
}

static void test_close_when_asked(void **state)
{
    struct world *w = *state;
    struct client c = client_of(w);
    client_send(&c, "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    expect_path(&c, "/a");
    assert_true(client_closed(&c));
    client_close(&c);
    c = client_of(w);
    client_send(&c, "GET /old HTTP/1.0\r\n\r\n");
    expect_path(&c, "/old");
    assert_true(client_closed(&c));
    client_close(&c);
}

static void test_pipelined_in_order(void **state)
{
    struct world *w = *state;
    struct client c = client_of(w);
    w->hold = true;
    client_send(&c, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\nGET /3 "
                    "HTTP/1.1\r\nHost: x\r\n\r\n");
    until_held(w, 1);
    turns(w, 3);
    assert_int_equal(w->held_count, 1); /* the second begins when the first is answered */
    w->hold = false;
    answer(w, w->held[0]);
    expect_path(&c, "/1");
    expect_path(&c, "/2");
    expect_path(&c, "/3");
    client_close(&c);
}

static void test_head(void **state)
{
    struct world *w = *state;
    struct client c = client_of(w);
    struct response r;
    char length[16];
    client_send(&c, "HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
    client_receive_as(&c, &r, true);
    assert_int_equal(r.status, 200);
    assert_true(response_header(&r, "Content-Length", length, sizeof length));
    assert_string_equal(length, "23");
    response_fini(&r);
    client_send(&c, "GET /b HTTP/1.1\r\nHost: x\r\n\r\n"); /* nothing of the body was on the way */
    expect_path(&c, "/b");
    client_close(&c);
}

static void test_continue(void **state)
{
    struct world *w = *state;
    struct client c = client_of(w);
    client_send(&c, "POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    client_hears(&c, 25);
    assert_string_equal(c.in, "HTTP/1.1 100 Continue\r\n\r\n"); /* PHP knows only this form */
    c.len = 0;
    client_send(&c, "hi");
    expect_path(&c, "/a");
    /* the body is there already: nothing to invite */
    client_send(&c, "POST /b HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi");
    expect_path(&c, "/b");
    client_close(&c);
}

static void test_bad_requests_are_json_and_close(void **state)
{
    static const struct {
        const char *text;
        int status, code;
    } rows[] = {
        {"rubbish\r\n\r\n", 400, 20001},
        {"GET / HTTP/1.1\r\n\r\n", 400, 20001},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400, 20001},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\nxxxxxxxxxxxxxxxx", 413, 20413},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501, 20501},
        {"GET / HTTP/3.0\r\n\r\n", 505, 20505},
        {"\x16\x03\x01\x02\x01\x01\n", 400, 20001}, /* TLS to a plain port */
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct client c = client_of(w);
        client_send(&c, rows[i].text);
        expect_error(&c, rows[i].status, rows[i].code);
        shutdown(c.fd, SHUT_WR);
        assert_true(client_closed(&c));
        assert_int_equal(c.len, 0);
        client_close(&c);
    }
    assert_int_equal(w->served, 0);
}

/* The answer must reach a client that is still sending: no reset. */
static void test_too_large_body_still_hears_why(void **state)
{
    struct world *w = *state;
    struct client c = client_of(w);
    char *body = malloc(300000);
    memset(body, 'x', 300000);
    client_send(&c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n");
    client_write(&c, body, 300000);
    expect_error(&c, 413, 20413);
    free(body);
    clock_advance(5000); /* and a client that never ends is left alone soon */
    assert_true(client_closed(&c));
    client_close(&c);
}

static void test_request_deadline(void **state)
{
    struct world *w = *state;
    struct client c = client_of(w);
    client_send(&c, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n");
    client_arrives(&c);
    for (int i = 0; i < 5; i++) { /* a byte now and then does not move the deadline */
        clock_advance(REQUEST_MS / 6);
        client_send(&c, "x");
        client_arrives(&c);
    }
    assert_false(c.eof);
    clock_advance(REQUEST_MS / 6 + 1);
    expect_error(&c, 408, 20408);
    client_close(&c);
    assert_int_equal(w->served, 0);
}

static void test_idle_deadline(void **state)
{
    struct world *w = *state;
    struct client c = client_of(w);
    client_send(&c, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_path(&c, "/a");
    turns(w, 2);
    clock_advance(IDLE_MS - 1);
    turns(w, 2);
    client_send(&c, "GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_path(&c, "/b");
    turns(w, 2);
    clock_advance(IDLE_MS + 1);
    assert_true(client_closed(&c));
    assert_int_equal(c.len, 0);
    client_close(&c);
}

static void test_silent_newcomer(void **state)
{
    struct world *w = *state;
    struct client c = client_of(w);
    clock_advance(REQUEST_MS + 1);
    assert_true(client_closed(&c));
    client_close(&c);
}

static void test_handler_may_take_long(void **state)
{
    struct world *w = *state;
    struct client c = client_of(w);
    w->hold = true;
    client_send(&c, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    until_held(w, 1);
    clock_advance(100 * IDLE_MS);
    turns(w, 3);
    answer(w, w->held[0]);
    expect_path(&c, "/a");
    client_close(&c);
}

/* Nobody takes the answer: the connection ends, its memory with it. */
static void test_slow_reader(void **state)
{
    struct world *w = *state;
    struct client c;
    client_connect(&c, w->loop, http_port(w->http));
    w->big = 48u << 20; /* more than the kernel keeps for both ends */
    client_send(&c, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    client_arrives(&c);
    clock_advance(REQUEST_MS + 1);
    turns(w, 3);
    assert_true(client_closed(&c));
    assert_true(c.len < w->big);
    client_close(&c);
}

static void test_client_leaves_before_the_answer(void **state)
{
    struct world *w = *state;
    struct client c = client_of(w);
    struct linger hard = {1, 0};
    w->hold = true;
    client_send(&c, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
    until_held(w, 1);
    setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    client_close(&c); /* a reset */
    turns(w, 3);
    assert_string_equal(http_request(w->held[0])->body, "hi"); /* the request outlives its connection */
    answer(w, w->held[0]);
}

static void test_half_closed_client_is_answered(void **state)
{
    struct world *w = *state;
    struct client c = client_of(w);
    w->hold = true;
    client_send(&c, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    shutdown(c.fd, SHUT_WR);
    until_held(w, 1);
    answer(w, w->held[0]);
    expect_path(&c, "/a");
    assert_true(client_closed(&c));
    client_close(&c);
}

static void test_half_a_request_then_gone(void **state)
{
    struct world *w = *state;
    struct client c = client_of(w);
    client_send(&c, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhi");
    shutdown(c.fd, SHUT_WR);
    assert_true(client_closed(&c));
    assert_int_equal(c.len, 0);
    assert_int_equal(w->served, 0);
    client_close(&c);
}

static void test_cap(void **state)
{
    struct world *w = *state;
    struct client busy[CAP], late;
    w->hold = true;
    for (int i = 0; i < CAP; i++) {
        busy[i] = client_of(w);
        client_send(&busy[i], "GET /busy HTTP/1.1\r\nHost: x\r\n\r\n");
        until_held(w, (size_t)i + 1);
    }
    client_connect(&late, w->loop, http_port(w->http)); /* waits in the backlog */
    client_send(&late, "GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
    turns(w, 5);
    assert_int_equal(w->served, CAP);
    assert_false(late.eof);
    w->hold = false;
    answer(w, w->held[0]); /* that connection is idle now: it gives its place */
    expect_path(&busy[0], "/busy");
    expect_path(&late, "/late");
    assert_true(client_closed(&busy[0]));
    answer(w, w->held[1]);
    answer(w, w->held[2]);
    expect_path(&busy[1], "/busy");
    expect_path(&busy[2], "/busy");
    for (int i = 0; i < CAP; i++)
        client_close(&busy[i]);
    client_close(&late);
}

/* Newcomers that say nothing cannot be pushed out, but only for the time of a request. */
static void test_cap_of_newcomers(void **state)
{
    struct world *w = *state;
    struct client silent[CAP], late;
    for (int i = 0; i < CAP; i++)
        silent[i] = client_of(w);
    client_connect(&late, w->loop, http_port(w->http));
    client_send(&late, "GET /late HTTP/1.1\r\nHost: x\r\n\r\n");
    turns(w, 5);
    assert_int_equal(w->served, 0);
    clock_advance(REQUEST_MS + 1);
    expect_path(&late, "/late");
    for (int i = 0; i < CAP; i++)
        client_close(&silent[i]);
    client_close(&late);
}

static void on_stopped(void *arg)
{
    ((struct world *)arg)->stopped = true;
}

static void test_stop(void **state)
{
    struct world *w = *state;
    struct client idle = client_of(w), busy = client_of(w), next;
    int port = http_port(w->http);
    client_send(&idle, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_path(&idle, "/a");
    turns(w, 2);
    w->hold = true;
    client_send(&busy, "GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
    until_held(w, 1);
    http_stop(w->http, on_stopped, w);
    assert_true(client_closed(&idle));
    assert_false(w->stopped);
    next.fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(0x7f000001)};
    assert_int_equal(connect(next.fd, (struct sockaddr *)&to, sizeof to), -1);
    close(next.fd);
    answer(w, w->held[0]);
    expect_path(&busy, "/b");
    assert_true(client_closed(&busy));
    client_close(&busy);
    client_close(&idle);
    assert_true(loop_until(w->loop, &w->stopped, CLIENT_DEADLINE_MS));
}

static void test_stop_waits_for_no_straggler(void **state)
{
    struct world *w = *state;
    struct client half = client_of(w);
    client_send(&half, "P");
    client_arrives(&half);
    http_stop(w->http, on_stopped, w);
    turns(w, 3);
    assert_false(w->stopped);
    clock_advance(1001);
    expect_error(&half, 503, 20503);
    clock_advance(2001); /* it neither reads nor closes */
    assert_true(loop_until(w->loop, &w->stopped, CLIENT_DEADLINE_MS));
    assert_int_equal(w->served, 0);
    client_close(&half);
}

static void test_stop_without_connections(void **state)
{
    struct world *w = *state;
    http_stop(w->http, on_stopped, w);
    assert_true(loop_until(w->loop, &w->stopped, CLIENT_DEADLINE_MS));
}

static void test_unix_socket(void **state)
{
    struct world *w = *state;
    char dir[] = "/tmp/cellpost-http-XXXXXX", path[64], error[256];
    struct stat st;
    struct client c;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/http", dir);
    assert_int_equal(http_listen_unix(w->http, path, error), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    client_connect_unix(&c, w->loop, path);
    client_send(&c, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_path(&c, "/a");
    assert_true(w->trusted);
    client_close(&c);
    c = client_of(w);
    client_send(&c, "GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_path(&c, "/b");
    assert_false(w->trusted);
    client_close(&c);
    http_stop(w->http, NULL, NULL);
    assert_int_equal(stat(path, &st), -1);
    rmdir(dir);
}

static void test_unix_socket_of_others(void **state)
{
    struct world *w = *state;
    char dir[] = "/tmp/cellpost-http-XXXXXX", path[64], error[256];
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/http", dir);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(http_listen_unix(w->http, path, error), -EADDRINUSE); /* somebody lives there */
    assert_non_null(strstr(error, path));
    close(fd);
    assert_int_equal(http_listen_unix(w->http, path, error), 0); /* dead: replaced */
    http_stop(w->http, NULL, NULL);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    close(fd);
    assert_int_not_equal(http_listen_unix(w->http, path, error), 0); /* a file is not ours to remove */
    assert_int_equal(unlink(path), 0);
    rmdir(dir);
}

static void test_listen_errors(void **state)
{
    struct world *w = *state;
    char error[256], address[64], long_path[200];
    struct http *other = http_new(w->loop, &options, on_call, w);
    snprintf(address, sizeof address, "127.0.0.1:%d", http_port(w->http));
    assert_int_equal(http_listen_tcp(other, address, error), -EADDRINUSE);
    assert_non_null(strstr(error, address));
    assert_int_equal(http_listen_tcp(other, "nonsense", error), -EINVAL);
    assert_non_null(strstr(error, "nonsense"));
    memset(long_path, 'a', sizeof long_path);
    long_path[sizeof long_path - 1] = '\0';
    assert_int_equal(http_listen_unix(other, long_path, error), -ENAMETOOLONG);
    http_free(other);
}

static void test_answer_after_the_server_is_gone(void **state)
{
    struct world *w = *state;
    struct client c[2] = {client_of(w), client_of(w)};
    w->hold = true;
    for (int i = 0; i < 2; i++)
        client_send(&c[i], "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    until_held(w, 2);
    http_free(w->http);
    w->http = NULL;
    answer(w, w->held[0]);
    answer(w, w->held[1]);
    for (int i = 0; i < 2; i++)
        client_close(&c[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* ---- a client address's share ---- */

static struct client client_from(struct world *w, const char *address)
{
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET};
    struct client c;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    inet_pton(AF_INET, address, &from.sin_addr);
    to.sin_port = htons((uint16_t)http_port(w->http));
    to.sin_addr.s_addr = htonl(0x7f000001);
    assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    client_use(&c, w->loop, fd);
    turns(w, 3);
    return c;
}

static void test_one_address_has_its_share(void **state)
{
    struct world *w = *state;
    struct http_options few = options;
    few.per_address = 1;
    http_configure(w->http, &few);
    struct client first = client_from(w, "127.0.0.2"), second = client_from(w, "127.0.0.2");
    assert_true(client_closed(&second)); /* the first has said nothing yet: it keeps its place */
    struct client other = client_from(w, "127.0.0.3");
    client_send(&other, "GET /other HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_path(&other, "/other");
    client_send(&first, "GET /first HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_path(&first, "/first");
    struct client third =
        client_from(w, "127.0.0.2"); /* the first is idle now: that one gives way, not the other */
    client_send(&third, "GET /third HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_path(&third, "/third");
    assert_true(client_closed(&first));
    client_send(&other, "GET /again HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_path(&other, "/again");
    struct client *all[] = {&first, &second, &third, &other};
    for (size_t i = 0; i < 4; i++)
        client_close(all[i]);
}

/* Pipelined beyond what is read ahead, while the first is not answered: the loop sleeps. */
static void test_input_that_waits_costs_nothing(void **state)
{
    struct world *w = *state;
    struct client c = client_of(w);
    char more[40000];
    memset(more, ' ', sizeof more);
    memcpy(more, "GET /b HTTP/1.1\r\nHost: x\r\nX-Pad: y", 34);
    w->hold = true;
    client_send(&c, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    until_held(w, 1);
    client_write(&c, more, sizeof more);
    turns(w, 5);
    assert_int_equal(event_base_get_num_events(loop_base(w->loop), EVENT_BASE_COUNT_ACTIVE), 0);
    w->hold = false;
    answer(w, w->held[0]);
    expect_path(&c, "/a");
    expect_error(&c, 431, 20431); /* what waited is read */
    client_close(&c);
}

/* ---- TLS ---- */

struct secure {
    char folder[64];
    struct tls *tls;
};

static void secure_open(struct secure *s, struct world *w)
{
    static char *none[] = {NULL};
    char error[256] = "";
    snprintf(s->folder, sizeof s->folder, "/tmp/test-http-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    struct tls_options tls = {.folder = s->folder, .cert = "", .key = "", .names = none};
    if (tls_open(&s->tls, w->loop, &tls, error) != 0 ||
        http_listen_tls(w->http, "127.0.0.1:0", s->tls, error) != 0)
        fail_msg("%s", error);
}

static void secure_close(struct secure *s, struct world *w)
{
    static const char *const names[] = {"ca.key", "ca.pem", "server.pem"};
    char path[128];
    http_free(w->http);
    w->http = NULL;
    tls_close(s->tls);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", s->folder, names[i]);
        unlink(path);
    }
    rmdir(s->folder);
}

static struct client secure_client(struct world *w)
{
    return client_at(w, http_tls_port(w->http, 0));
}

static void test_plain_http_to_the_tls_port(void **state)
{
    struct world *w = *state;
    struct secure s;
    secure_open(&s, w);
    struct client c = secure_client(w);
    client_send(&c, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    expect_error(&c, 400, 20001);
    shutdown(c.fd, SHUT_WR);
    assert_true(client_closed(&c));
    assert_int_equal(w->served, 0);
    client_close(&c);
    secure_close(&s, w);
}

/* The middle of a record may look like a method: a hello in several segments is still a hello. */
static void test_hello_in_pieces_is_not_taken_for_http(void **state)
{
    struct world *w = *state;
    struct secure s;
    secure_open(&s, w);
    struct client c = secure_client(w);
    client_write(&c, "\x16\x03\x01\x02\x00\x01", 6);
    turns(w, 3);
    client_write(&c, "GET / HTTP/1.1\r\n", 16);
    for (int i = 0; i < 5; i++)
        client_poll(&c);
    assert_int_equal(c.len, 0);
    assert_false(c.eof);
    client_close(&c);
    secure_close(&s, w);
}

static void test_handshake_deadline(void **state)
{
    struct world *w = *state;
    struct secure s;
    secure_open(&s, w);
    struct client silent = secure_client(w), slow = secure_client(w);
    clock_advance(SHAKE_MS - 1);
    client_write(&slow, "\x16\x03\x01\x02\x00\x01", 6); /* the head of a hello: no reprieve */
    turns(w, 3);
    assert_false(silent.eof || slow.eof);
    clock_advance(2);
    assert_true(client_closed(&silent));
    assert_true(client_closed(&slow));
    client_close(&silent);
    client_close(&slow);
    secure_close(&s, w);
}

static void test_garbage_to_the_tls_port(void **state)
{
    struct world *w = *state;
    struct secure s;
    secure_open(&s, w);
    struct client c = secure_client(w);
    static const char garbage[] = "\x16\x03\x01\x00\x05hello, this is no hello";
    client_write(&c, garbage, sizeof garbage - 1);
    shutdown(c.fd, SHUT_WR);
    assert_true(client_closed(&c));
    assert_true(c.len == 0 || c.in[0] == 0x15); /* an alert at most */
    client_close(&c);
    secure_close(&s, w);
}

static void alert_and_reset(struct client *c)
{
    assert_int_equal(send(c->fd, "\x15\x03\x03\x00\x02\x02\x30", 7, 0), 7); /* without a turn of the loop */
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
    client_close(c);
}

/* A client that does not trust us sends its alert, closes with bytes of ours unread, and so resets: alert and
 * reset wait in the socket together, and the step of the handshake for its turn. Each is heard all the same.
 */
static void test_last_words_before_a_reset_are_heard(void **state)
{
    enum { CLIENTS = 20 };
    static const struct http_options wide = {
        .connections = CLIENTS, .per_address = CLIENTS, .handshake_ms = SHAKE_MS};
    struct world *w = *state;
    struct secure s;
    struct client clients[CLIENTS];
    char text[1024] = "";
    FILE *log = tmpfile();
    http_free(w->http);
    w->http = http_new(w->loop, &wide, on_call, w);
    secure_open(&s, w);
    log_open(LOG_INFO, true, fileno(log));
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = secure_client(w);
    for (int i = 0; i < CLIENTS - 1; i++)
        alert_and_reset(&clients[i]);
    until_connected(w, 1);
    clock_advance(1001); /* one a second is told, and how many others there were */
    alert_and_reset(&clients[CLIENTS - 1]);
    until_connected(w, 0);
    log_open(LOG_ERROR, true, STDERR_FILENO);
    rewind(log);
    assert_true(fread(text, 1, sizeof text - 1, log) > 0);
    assert_non_null(strstr(text, "others=18"));
    fclose(log);
    secure_close(&s, w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_keep_alive_and_headers),
        TEST(test_close_when_asked),
        TEST(test_pipelined_in_order),
        TEST(test_head),
        TEST(test_continue),
        TEST(test_bad_requests_are_json_and_close),
        TEST(test_too_large_body_still_hears_why),
        TEST(test_request_deadline),
        TEST(test_idle_deadline),
        TEST(test_silent_newcomer),
        TEST(test_handler_may_take_long),
        TEST(test_slow_reader),
        TEST(test_client_leaves_before_the_answer),
        TEST(test_half_closed_client_is_answered),
        TEST(test_half_a_request_then_gone),
        TEST(test_cap),
        TEST(test_cap_of_newcomers),
        TEST(test_one_address_has_its_share),
        TEST(test_input_that_waits_costs_nothing),
        TEST(test_plain_http_to_the_tls_port),
        TEST(test_hello_in_pieces_is_not_taken_for_http),
        TEST(test_handshake_deadline),
        TEST(test_garbage_to_the_tls_port),
        TEST(test_last_words_before_a_reset_are_heard),
        TEST(test_stop),
        TEST(test_stop_waits_for_no_straggler),
        TEST(test_stop_without_connections),
        TEST(test_unix_socket),
        TEST(test_unix_socket_of_others),
        TEST(test_listen_errors),
        TEST(test_answer_after_the_server_is_gone),
    };
    signal(SIGPIPE, SIG_IGN);
    log_open(LOG_ERROR, true, STDERR_FILENO);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
