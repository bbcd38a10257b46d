/* Rates and failed logins as a client meets them. */
#include <signal.h>

#include "facade_calls.h"

#include "host/facade/gate.h"

#define RATES   "account_rate = 10\naccount_burst = 3\naddress_rate = 0\n"
#define ADDRESS "account_rate = 0\naddress_rate = 2\naddress_burst = 4\n"
#define PATH    API "/Messages.json?PageSize=1"

static int setup_rates(void **state)
{
    (void)state;
    return open_with(RATES);
}

static int setup_address(void **state)
{
    (void)state;
    return open_with(ADDRESS);
}

static struct response ask_with(const char *user, const char *password)
{
    char auth[256], path[128];
    basic_auth(user, password, auth);
    snprintf(path, sizeof path, "/2010-04-01/Accounts/%s/Messages.json", user);
    return rig_ask_as(&rig, "GET", strncmp(user, "AC", 2) == 0 ? path : PATH, auth, NULL);
}

static void assert_status(struct response r, int status)
{
    if (r.status != status)
        fail_msg("wanted %d, got %d %s", status, r.status, r.body);
    response_fini(&r);
}

static void assert_limited(struct response r, const char *retry_after)
{
    char header[16] = "";
    response_header(&r, "Retry-After", header, sizeof header);
    assert_string_equal(header, retry_after);
    assert_string_equal(text_of(&r, "message"), "Too Many Requests");
    assert_refused(&r, 429, 20429);
}

static struct gate_counts counts(void)
{
    struct gate_counts counts;
    facade_gate_counts(rig.facade, &counts);
    return counts;
}

static void test_rate_of_an_account(void **state)
{
    char secret[KEY_SECRET_LEN + 1], key[SID_TEXT];
    struct sid sid;
    int status = 1;
    (void)state;
    directory_key_create(rig.directory, directory_account_first(rig.directory)->id, "", &sid, secret, on_mark,
                         &status);
    for (int i = 0; i < 5 && status != 0; i++)
        loop_turn(rig.store.loop, 0);
    sid_format(&sid, "SK", key);
    assert_status(ask_with(AC, TOKEN), 200);
    assert_status(ask_with(key, secret), 200); /* the account's too */
    assert_status(get("/nowhere"), 404);
    assert_limited(ask_with(AC, TOKEN), "1");
    assert_limited(ask_with(key, secret), "1");
    assert_status(ask_with(rig.other_sid, rig.other_token), 200);
    assert_int_equal(counts().limited, 2);
    clock_advance(100);
    assert_status(ask_with(AC, TOKEN), 200);
    assert_limited(ask_with(AC, TOKEN), "1");
    configure("account_rate = 0\naddress_rate = 0\n", ""); /* a reload lifts it */
    for (int i = 0; i < 20; i++)
        assert_status(ask_with(AC, TOKEN), 200);
}

static void test_rate_of_an_address(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_status(rig_ask_as(&rig, i % 2 == 0 ? "GET" : "BREW", "/nowhere", "", NULL), 401);
    assert_limited(ask_with(AC, TOKEN), "1");
    assert_limited(rig_ask_as(&rig, "OPTIONS", PATH, "", NULL), "1");
    clock_advance(500);
    assert_status(ask_with(AC, TOKEN), 200);
    assert_limited(ask_with(AC, TOKEN), "1");
}

static void test_slow_rate_tells_its_seconds(void **state)
{
    (void)state;
    configure("account_rate = 1\naccount_burst = 1\naddress_rate = 0\n", "");
    assert_status(ask_with(AC, TOKEN), 200);
    assert_limited(ask_with(AC, TOKEN), "1");
    clock_advance(999);
    assert_limited(ask_with(AC, TOKEN), "1");
    clock_advance(1);
    assert_status(ask_with(AC, TOKEN), 200);
}

/* The next requests come from another address of this machine. */
static void come_from(const char *address)
{
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET};
    client_close(&rig.client);
    inet_pton(AF_INET, address, &from.sin_addr);
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    to.sin_port = htons((uint16_t)facade_port(rig.facade));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    client_use(&rig.client, rig.store.loop, fd);
}

static void fail_logins(int count)
{
    for (int i = 0; i < count; i++) {
        struct response r = ask_with(AC, "00000000000000000000000000000000");
        assert_refused(&r, 401, 20003);
    }
}

static void test_failed_logins_are_slowed(void **state)
{
    (void)state;
    fail_logins(5);
    assert_limited(ask_with(AC, "00000000000000000000000000000000"), "1");
    assert_limited(ask_with(AC, TOKEN), "1"); /* unheard */
    come_from("127.0.0.2");
    assert_status(ask_with(AC, TOKEN), 200); /* nobody else's fault */
    come_from("127.0.0.1");
    clock_advance(1000);
    fail_logins(1);
    assert_limited(ask_with(AC, TOKEN), "2");
    clock_advance(1999);
    assert_limited(ask_with(AC, TOKEN), "1");
    clock_advance(1);
    assert_status(ask_with(AC, TOKEN), 200); /* and all is forgiven */
    fail_logins(5);
    assert_limited(ask_with(AC, TOKEN), "1");
    assert_int_equal(counts().failed, 11);
    assert_int_equal(counts().slowed, 5);
}

/* Who brings none guesses nothing; one that is suspended knows its token. */
static void test_what_is_no_failure(void **state)
{
    struct sid sid;
    int status = 1;
    (void)state;
    for (int i = 0; i < 20; i++)
        assert_status(rig_ask_as(&rig, "GET", PATH, "", NULL), 401);
    assert_true(sid_parse(rig.other_sid, "AC", &sid));
    directory_account_update(rig.directory, directory_account_by_sid(rig.directory, &sid)->id, NULL,
                             ACCOUNT_SUSPENDED, on_mark, &status);
    for (int i = 0; i < 5 && status != 0; i++)
        loop_turn(rig.store.loop, 0);
    for (int i = 0; i < 20; i++)
        assert_status(ask_with(rig.other_sid, rig.other_token), 401);
    assert_status(ask_with(AC, TOKEN), 200);
    assert_int_equal(counts().failed, 0);
    configure("failed_logins = 0\n", "");
    fail_logins(20);
    assert_status(ask_with(AC, TOKEN), 200);
}

static int setup_local(void **state)
{
    (void)state; /* the socket is in the folder of the test's own data */
    return open_with("account_rate = 1\naccount_burst = 1\naddress_rate = 1\naddress_burst = 1\n");
}

static void test_local_peer_is_exempt(void **state)
{
    (void)state;
    client_close(&rig.client);
    client_connect_unix(&rig.client, rig.store.loop, rig.conf->http.unix_socket);
    for (int i = 0; i < 20; i++)
        assert_status(rig_ask_as(&rig, "GET", PATH, "", NULL), 200);
    for (int i = 0; i < 20; i++)
        assert_status(ask_with(AC, "00000000000000000000000000000000"), 401);
    assert_status(ask_with(AC, TOKEN), 200);
}

#define WITH(name, with) cmocka_unit_test_setup_teardown(name, with, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_rate_of_an_account, setup_rates),
        WITH(test_rate_of_an_address, setup_address),
        TEST(test_slow_rate_tells_its_seconds),
        TEST(test_failed_logins_are_slowed),
        TEST(test_what_is_no_failure),
        WITH(test_local_peer_is_exempt, setup_local),
    };
    signal(SIGPIPE, SIG_IGN);
    powerfail_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
