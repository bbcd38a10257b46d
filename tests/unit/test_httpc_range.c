/* Where the HTTP client does not go: ranges as they are configured, addresses in all their forms, and hosts
 * in all their spellings, which libcurl and the resolver have to bring down to those addresses. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/base/httpc.h"
#include "host/base/httpc_internal.h"
#include "host/base/log.h"
#include "host/base/loop.h"

#define COUNT(a)    (sizeof(a) / sizeof(a)[0])
#define DEADLINE_MS 8000

/* ---- ranges ---- */

static void test_range_parse(void **state)
{
    static const struct {
        const char *text;
        bool good;
        uint8_t bits; /* of the address as IPv6 */
    } rows[] = {
        {"192.168.0.0/16", true, 112},
        {"192.168.0.0/0", true, 96},
        {"192.168.0.1", true, 128},
        {"192.168.0.1/32", true, 128},
        {"fe80::/10", true, 10},
        {"::/0", true, 0},
        {"::1", true, 128},
        {"::1/128", true, 128},
        {"::ffff:10.0.0.0/104", true, 104},
        {"", false, 0},
        {"/8", false, 0},
        {"10.0.0.0/", false, 0},
        {"10.0.0.0/33", false, 0},
        {"10.0.0.0/-1", false, 0},
        {"10.0.0.0/+8", false, 0},
        {"10.0.0.0/ 8", false, 0},
        {"10.0.0.0/8 ", false, 0},
        {" 10.0.0.0/8", false, 0},
        {"10.0.0.0/8/8", false, 0},
        {"10.0.0.0/0x8", false, 0},
        {"10.0.0.0/18446744073709551624", false, 0},
        {"10.0.0.0/255.0.0.0", false, 0},
        {"10.0.0/8", false, 0},
        {"10/8", false, 0},
        {"010.0.0.0/8", false, 0},
        {"0xa.0.0.0/8", false, 0},
        {"256.0.0.0/8", false, 0},
        {"fe80::/129", false, 0},
        {"fe80::%eth0/10", false, 0},
        {"[fe80::]/10", false, 0},
        {"localhost", false, 0},
        {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd:eeee/16", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct httpc_range range;
        if (httpc_range_parse(rows[i].text, &range) != rows[i].good)
            fail_msg("%s", rows[i].text);
        if (rows[i].good)
            assert_int_equal(range.bits, rows[i].bits);
    }
}

/* ---- addresses ---- */

static bool allows(const struct httpc_policy *policy, const char *address)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
        return httpc_policy_allows(policy, (const struct sockaddr *)&v4);
    assert_int_equal(inet_pton(AF_INET6, address, &v6.sin6_addr), 1);
    return httpc_policy_allows(policy, (const struct sockaddr *)&v6);
}

static void test_refused_by_default(void **state)
{
    static const char *const refused[] = {
        "0.0.0.0", "0.1.2.3", "169.254.0.0", "169.254.169.254", "169.254.255.255", "100.100.100.200",
        "224.0.0.1", "239.255.255.255", "255.255.255.255", "::", "fe80::1", "febf:ffff::1", "fec0::1",
        "ff02::1", "ffff::1", "fd00:ec2::254",
        /* the same, as IPv6 */
        "::ffff:169.254.169.254", "::ffff:0.0.0.0", "::ffff:255.255.255.255", "::ffff:224.0.0.1",
        "64:ff9b::169.254.169.254", "64:ff9b::0.0.0.0", "2002:a9fe:a9fe::", "2002:a9fe:a9fe:1::1",
        "2002:e000:1::1", "::169.254.169.254", "::224.0.0.1"};
    static const char *const allowed[] = {"1.0.0.0",          "127.0.0.1",
                                          "10.0.0.1",         "172.16.0.1",
                                          "192.168.1.1",      "169.253.255.255",
                                          "169.255.0.0",      "100.100.100.199",
                                          "100.100.100.201",  "223.255.255.255",
                                          "240.0.0.1",        "255.255.255.254",
                                          "8.8.8.8",          "::1",
                                          "fe7f:ffff::1",     "fd00:ec2::253",
                                          "fd00:ec2::255",    "fc00::1",
                                          "2001:db8::1",      "::ffff:127.0.0.1",
                                          "::ffff:10.0.0.1",  "64:ff9b::8.8.8.8",
                                          "2002:808:808::1",  "64:ff9b:1::169.254.169.254",
                                          "2003:a9fe:a9fe::1"};
    static const struct httpc_policy policy;
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++)
        if (allows(&policy, refused[i]))
            fail_msg("%s is allowed", refused[i]);
    for (size_t i = 0; i < COUNT(allowed); i++)
        if (!allows(&policy, allowed[i]))
            fail_msg("%s is refused", allowed[i]);
}

static void test_other_families_are_refused(void **state)
{
    static const struct httpc_policy policy;
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    (void)state;
    assert_false(httpc_policy_allows(&policy, (const struct sockaddr *)&local));
}

static void test_allow_and_deny(void **state)
{
    static const struct {
        const char *allow, *deny, *address;
        bool allowed;
    } rows[] = {
        {"169.254.1.0/24", NULL, "169.254.1.77", true},
        {"169.254.1.0/24", NULL, "169.254.2.1", false},
        {"169.254.1.0/24", NULL, "::ffff:169.254.1.77", true}, /* one address, two spellings */
        {"fe80::/64", NULL, "fe80::1", true},
        {"fe80::/64", NULL, "fe80:0:0:1::1", false},
        {"0.0.0.0/0", NULL, "224.0.0.1", true},
        {"0.0.0.0/0", NULL, "fe80::1", false},
        {"::/0", NULL, "fe80::1", true},
        {"::/0", NULL, "224.0.0.1", true}, /* the mapped ones as well */
        {NULL, "10.0.0.0/8", "10.1.2.3", false},
        {NULL, "10.0.0.0/8", "11.0.0.1", true},
        {NULL, "10.0.0.0/8", "::ffff:10.1.2.3", false},
        {NULL, "10.0.0.0/8", "64:ff9b::10.1.2.3", false},
        {NULL, "10.0.0.0/8", "2002:a01:203::1", false},
        {NULL, "10.0.0.0/8", "::10.1.2.3", false},
        {NULL, "10.1.2.3/9", "10.127.0.1", false}, /* bits behind the prefix do not matter */
        {NULL, "10.1.2.3/9", "10.128.0.1", true},
        {NULL, "2001:db8::/33", "2001:db8:7fff::1", false},
        {NULL, "2001:db8::/33", "2001:db8:8000::1", true},
        {NULL, "::/0", "8.8.8.8", false},
        {NULL, "::1/128", "::1", false},
        {NULL, "127.0.0.0/8", "::1", true},
        {"10.0.0.0/8", "10.0.0.1/32", "10.0.0.1", false},
        {"10.0.0.1/32", "10.0.0.0/8", "10.0.0.1", false}, /* deny is stronger */
        {"169.254.0.0/16", "169.254.169.254/32", "169.254.169.254", false},
        {"169.254.0.0/16", "169.254.169.254/32", "169.254.169.253", true},
        {"64:ff9b::/96", NULL, "64:ff9b::169.254.169.254", false}, /* the inner one is not allowed */
        {"169.254.0.0/16", NULL, "64:ff9b::169.254.169.254", true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct httpc_range allow, deny;
        struct httpc_policy policy = {.allow = &allow, .deny = &deny};
        policy.allow_count = rows[i].allow != NULL && httpc_range_parse(rows[i].allow, &allow);
        policy.deny_count = rows[i].deny != NULL && httpc_range_parse(rows[i].deny, &deny);
        if (allows(&policy, rows[i].address) != rows[i].allowed)
            fail_msg("row %zu: %s", i, rows[i].address);
    }
}

/* ---- spellings of hosts ---- */

struct got {
    bool there;
    enum httpc_error error;
    char text[256];
};

static void on_answer(void *arg, const struct httpc_answer *answer)
{
    struct got *got = arg;
    got->there = true;
    got->error = answer->error;
    snprintf(got->text, sizeof got->text, "%s", answer->error_text);
}

static void ask(struct loop *loop, struct httpc *httpc, const char *host, int port, struct got *got)
{
    char url[512];
    struct httpc_request request = {.method = "GET",
                                    .url = url,
                                    .connect_ms = DEADLINE_MS,
                                    .read_ms = DEADLINE_MS,
                                    .total_ms = DEADLINE_MS,
                                    .body_max = 100};
    snprintf(url, sizeof url, "http://%s:%d/", host, port);
    *got = (struct got){0};
    assert_non_null(httpc_send(httpc, &request, on_answer, got));
    assert_true(loop_until(loop, &got->there, 60000));
}

static void assert_all_forbidden(const struct httpc_options *options, const char *const *hosts, size_t count)
{
    struct loop *loop = loop_new();
    struct httpc *httpc = httpc_new(loop, options);
    for (size_t i = 0; i < count; i++) {
        struct got got;
        ask(loop, httpc, hosts[i], 80, &got);
        if (got.error != HTTPC_FORBIDDEN_ADDRESS)
            fail_msg("%s: %d %s", hosts[i], (int)got.error, got.text);
        assert_non_null(strstr(got.text, "hooks.allow"));
    }
    httpc_free(httpc);
    loop_free(loop);
}

static void test_spellings_of_the_metadata_address(void **state)
{
    static const char *const hosts[] = {"169.254.169.254",

                                        "2852039166",
                                        "0xa9fea9fe",
                                        "0XA9FEA9FE",
                                        "025177524776",
                                        "0251.0376.0251.0376",
                                        "0xa9.0xfe.0xa9.0xfe",
                                        "169.254.43518",
                                        "169.16689662",
                                        "0xa9.254.0251.254",
                                        "user@169.254.169.254",
                                        "user:pw@2852039166",
                                        "169%2e254.169.254",
                                        "[::ffff:169.254.169.254]",
                                        "[::ffff:a9fe:a9fe]",
                                        "[0:0:0:0:0:ffff:a9fe:a9fe]",
                                        "[64:ff9b::169.254.169.254]",
                                        "[64:ff9b::a9fe:a9fe]",
                                        "[2002:a9fe:a9fe::1]",
                                        "[fd00:ec2::254]",
                                        "[::169.254.169.254]"};
    static const struct httpc_options none;
    (void)state;
    assert_all_forbidden(&none, hosts, COUNT(hosts));
}

static void test_other_hosts_refused_by_default(void **state)
{
    static const char *const hosts[] = {"0",
                                        "0.0.0.0",
                                        "0x0",
                                        "00",
                                        "[::]",
                                        "[fe80::1]",
                                        "[fe80::1%25lo]",
                                        "[fec0::1]",
                                        "[ff02::1]",
                                        "224.0.0.1",
                                        "255.255.255.255",
                                        "4294967295",
                                        "100.100.100.200"};
    static const struct httpc_options none;
    (void)state;
    assert_all_forbidden(&none, hosts, COUNT(hosts));
}

/* Names lead nowhere that addresses may not go. */
static void test_spellings_of_a_denied_loopback(void **state)
{
    static const char *const hosts[] = {
        "127.0.0.1", "127.1",     "2130706433",  "0x7f000001", "0177.0.0.1",         "127.255.255.254",
        "localhost", "LOCALHOST", "a.localhost", "[::1]",      "[::ffff:127.0.0.1]", "[0:0:0:0:0:0:0:1]"};
    struct httpc_range deny[2];
    struct httpc_options options = {.deny = deny, .deny_count = 2};
    (void)state;
    assert_true(httpc_range_parse("127.0.0.0/8", &deny[0]) && httpc_range_parse("::1", &deny[1]));
    assert_all_forbidden(&options, hosts, COUNT(hosts));
}

/* A port where nobody listens, and nobody can meanwhile: bound, not listening. */
static int port_without_listener(int *fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(*fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(*fd, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin_port);
}

/* The rules that were copied hold, though the file of certificates is not there; a reload that fails changes
 * nothing. */
static void test_rules_hold_without_the_ca_file(void **state)
{
    struct httpc_range deny;
    struct httpc_options options = {.ca_file = "/nonexistent/ca.pem", .deny = &deny, .deny_count = 1};
    struct httpc_options none = {.ca_file = "/nonexistent/ca.pem"};
    struct loop *loop = loop_new();
    struct got got;
    int fd, port = port_without_listener(&fd);
    (void)state;
    assert_true(httpc_range_parse("127.0.0.0/8", &deny));
    struct httpc *httpc = httpc_new(loop, &options);
    deny.bits = 128; /* a copy was taken */
    ask(loop, httpc, "127.0.0.1", port, &got);
    assert_int_equal(got.error, HTTPC_FORBIDDEN_ADDRESS);
    assert_true(httpc_configure(httpc, &none) < 0);
    ask(loop, httpc, "127.0.0.1", port, &got);
    assert_int_equal(got.error, HTTPC_FORBIDDEN_ADDRESS);
    none.ca_file = "";
    assert_int_equal(httpc_configure(httpc, &none), 0);
    ask(loop, httpc, "127.0.0.1", port, &got);
    assert_int_equal(got.error, HTTPC_REFUSED);
    httpc_free(httpc);
    loop_free(loop);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_range_parse),
        cmocka_unit_test(test_refused_by_default),
        cmocka_unit_test(test_other_families_are_refused),
        cmocka_unit_test(test_allow_and_deny),
        cmocka_unit_test(test_spellings_of_the_metadata_address),
        cmocka_unit_test(test_other_hosts_refused_by_default),
        cmocka_unit_test(test_spellings_of_a_denied_loopback),
        cmocka_unit_test(test_rules_hold_without_the_ca_file),
    };
    log_open((enum log_level)(LOG_ERROR + 1), true, STDERR_FILENO);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
