/* Configuration: every default is valid, every kind of error names its line and what would be right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/conf.h"
#include "host/base/conf_internal.h"

#define GOOD_LINES "[modem m]\nport = pty:/dev/x\n[line a]\nnumber = +41790000001\nmodem = m\n"
#define GOOD       "[daemon]\ndata_dir = data\n" GOOD_LINES

#define TEN     "xxxxxxxxxx"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

struct heard {
    int count, line;
    char text[512], all[4096];
};

static void hear(void *arg, const char *file, int line, const char *message)
{
    struct heard *heard = arg;
    (void)file;
    heard->line = line;
    heard->count++;
    snprintf(heard->text, sizeof heard->text, "%s", message);
    size_t len = strlen(heard->all);
    snprintf(heard->all + len, sizeof heard->all - len, "%d: %s\n", line, message);
}

static struct conf *parse(const char *text, struct heard *heard)
{
    *heard = (struct heard){0};
    return conf_parse("etc/cellpost.ini", text, strlen(text), hear, heard);
}

static void test_defaults(void **state)
{
    struct heard heard;
    (void)state;
    struct conf *conf = parse("", &heard);
    assert_non_null(conf);
    assert_string_equal(conf->http.listen, "127.0.0.1:8080");
    assert_string_equal(conf->daemon.control_socket, "/var/lib/cellpost/control");
    assert_int_equal(conf->hooks.connect_ms, 5000);
    assert_true(conf->hooks.retry);
    assert_true(conf->daemon.log_mask);
    assert_int_equal(conf->class_count, 1);
    assert_int_equal(conf_find_class(conf, "default")->validity_s, 36000);
    assert_null(conf_find_class(conf, "alarm"));
    conf_free(conf);
}

/* The rate spares a SIM. */
static void test_rate_of_a_line(void **state)
{
    struct heard heard;
    (void)state;
    struct conf *conf =
        parse(GOOD_LINES "[line b]\ncarrier = loopback\n[line c]\ncarrier = loopback\nrate = 1\n", &heard);
    assert_non_null(conf);
    assert_int_equal(conf->lines[0].rate, 1);
    assert_int_equal(conf->lines[1].rate, 0);
    assert_int_equal(conf->lines[2].rate, 1);
    assert_int_equal(conf->lines[1].queue_max, 1000);
    conf_free(conf);
}

static void test_prefixes(void **state)
{
    struct heard heard;
    (void)state;
    struct conf *conf = parse("[http]\nto_allow = +41, +4930 +1\nmedia = append\n", &heard);
    assert_non_null(conf);
    assert_string_equal(conf->http.to_allow[1], "+4930");
    assert_null(conf->http.to_allow[3]);
    assert_null(conf->http.to_deny[0]);
    assert_int_equal(conf->http.media, CONF_MEDIA_APPEND);
    conf_free(conf);
}

static void test_a_whole_file(void **state)
{
    struct heard heard;
    (void)state;
    struct conf *conf = parse(
        GOOD "# comment\n; another\n\n[class alarm]\r\nunsure = resend\r\npriority=9\nvalidity = 30m\n"
             "[service s]\nlines = a\nsmart_encoding = yes\n[hooks]\nallow = 169.254.0.0/16, fe80::/10\n",
        &heard);
    if (conf == NULL)
        fail_msg("%d: %s", heard.line, heard.text);
    assert_string_equal(conf->daemon.data_dir, "etc/data"); /* relative to the file */
    assert_string_equal(conf->lines[0].modem, "m");
    assert_int_equal(conf->lines[0].line_no, 5);
    const struct conf_class *alarm = conf_find_class(conf, "alarm");
    assert_int_equal(alarm->unsure, CONF_RESEND);
    assert_int_equal(alarm->priority, 9);
    assert_int_equal(alarm->validity_s, 1800);
    assert_string_equal(conf->services[0].lines[0], "a");
    assert_null(conf->services[0].lines[1]);
    assert_string_equal(conf->hooks.allow[1], "fe80::/10");
    conf_free(conf);
}

static const struct {
    const char *text;
    int line;
    const char *says;
} errors[] = {
    {"listen = x\n", 1, "before the first [section]"},
    {"[http]\nlisten\n", 2, "key = value"},
    {"[http]\nlisten = here\n", 2, "ADDRESS:PORT"},
    {"[http\n", 1, "[kind NAME]"},
    {"[kitchen]\n", 1, "unknown section"},
    {"[http x]\n", 1, "has no name"},
    {"[http]\n[http]\n", 2, "stands twice"},
    {"[line]\n", 1, "a name is 1 to 32"},
    {"[line a b]\n", 1, "a name is 1 to 32"},
    {"[http]\ncolour = red\n", 2, "no option 'colour'"},
    {"[http]\nqueue_max = 1\nqueue_max = 2\n", 3, "stands twice"},
    {"[http]\nqueue_max = many\n", 2, "is a number"},
    {"[http]\nqueue_max = 0\n", 2, "from 1 to"},
    {"[http]\nto_allow = 41\n", 2, "'41' does not begin a number"},
    {"[http]\nto_deny = +41 +0\n", 2, "'+0' does not begin"},
    {"[http]\nto_deny = +1234567890123456\n", 2, "does not begin"},
    {"[http]\nmedia = drop\n", 2, "one of"},
    {"[http]\nscheduled_max = -1\n", 2, "is a number"},
    {"[line a]\ncarrier = loopback\nrate = 1001\n", 3, "from 0 to"},
    {"[line a]\ncarrier = loopback\nqueue_max = 0\n", 3, "from 1 to"},
    {"[http]\nidle = 5\n", 2, "a time like"},
    {"[http]\nidle = 1ms\n", 2, "from 100"},
    {"[hooks]\nretry = maybe\n", 2, "one of"},
    {"[hooks]\nallow = 10.0.0.0/33\n", 2, "address range"},
    {"[hooks]\nurl_allow = app.example, ftp://x/\n", 2, "'ftp://x/' is neither"},
    {"[line a]\ncarrier = loopback\nsms_url = http://b.test/\n[hooks]\nurl_allow = a.test\n", 3,
     "[line a]: sms_url is not a URL that [hooks] url_allow"},
    {"[hooks]\nurl_allow = a.test\n[line a]\ncarrier = loopback\nsms_url = http://a.test/\n"
     "sms_fallback_url = http://x:y@b.test/\n",
     6, "sms_fallback_url is not"},
    {"[hooks]\nurl_allow = a.test\n[line a]\ncarrier = loopback\nstatus_callback = http://b.test/\n", 5,
     "status_callback is not"},
    {"[hooks]\nurl_allow = a.test\n[line a]\ncarrier = loopback\n[service s]\nlines = a\n"
     "inbound_request_url = http://b.test/\n",
     7, "[service s]: inbound_request_url is not"},
    {"[daemon]\nlog_level = loud\n", 2, "one of: debug"},
    {"[daemon]\nauth_token = xyz\n", 2, "32 hex"},
    {"[daemon]\naccount_sid = AC1\n", 2, "32 hex"},
    {"[daemon]\ncountry = CH\n", 2, "calling code"},
    {"[modem m]\n", 1, "needs port"},
    {"[modem m]\nport = ttyUSB0\n", 2, "serial:"},
    {"[modem m]\nport = pty:/x\nslot = gpio\n", 3, "sim:"},
    {"[modem m]\nport = pty:/x\n[modem n]\nport = pty:/x\n", 4, "same port"},
    {"[line a]\ncarrier = loopback\nnumber = 12\n", 3, "+41790000001"},
    {"[line a]\n", 1, "needs modem"},
    {"[line a]\nmodem = x\n", 1, "no [modem x]"},
    {"[line a]\ncarrier = loopback\nclass = x\n", 1, "no [class x]"},
    {"[line a]\ncarrier = simulator\nmodem = m\n", 1, "carrier = simulator and a modem"},
    {"[simulate r]\nline = x\n", 2, "no [line x]"},
    {"[modem m]\nport = pty:/x\n[line a]\nmodem = m\n[simulate r]\nline = a\n", 6, "[line a] has a modem"},
    {"[simulate r]\nto = alice\n", 2, "a number like +41790000001"},
    {"[simulate r]\noutcome = lost\n", 2, "sent reject retry unsure"},
    {"[simulate r]\nerror = 21211\n", 2, "from 30001 to 30999"},
    {"[simulate r]\nreceipt_error = 30010\n", 2, "30003 to 30008 or 30017"},
    {"[simulate r]\nafter = soon\n", 2, "a time like"},
    {"[line a]\ncarrier = loopback\nbackup = x\n", 3, "no option 'backup'"},
    {"[line a]\ncarrier = loopback\npin = 12\n", 3, "4 to 8 digits"},
    {"[line a]\ncarrier = loopback\nsms_url = here\n", 3, "absolute http"},
    {"[line a]\ncarrier = loopback\n[line a]\n", 3, "stands twice"},
    {"[line a]\ncarrier = loopback\nnumber = +41790000001\n[line b]\ncarrier = loopback\nnumber = "
     "+41790000001\n",
     6, "same number"},
    {"[verify]\nfrom = nobody\n", 2, "not 'nobody'"},
    {"[verify]\nfrom = MG0011\n", 2, "the SID of a messaging service"},
    {"[service s]\n", 1, "needs lines"},
    {"[service s]\nlines = a\n", 2, "no [line a]"},
    {"[modem m]\nport =\n", 1, "needs port"},
    {"[daemon]\ntrunk = zero\n", 2, "trunk is digits"},
    {"[daemon]\naccount_sid = AC00112233445566778899aabbccddeeff\n", 2, "together or not at all"},
    {"[daemon]\nauth_token = 00112233445566778899aabbccddeeff\n", 2, "together or not at all"},
    {"[daemon]\ndata_dir =\n", 2, "data_dir is a folder"},
    {"[daemon]\ndata_dir = \"/x\"\n", 2, "without quotes"},
    {"[daemon]\ndata_dir = '/x'\n", 2, "without quotes"},
    {"[daemon]\ndata_dir = /x # here\n", 2, "lines of their own"},
    {"[daemon]\ndata_dir = /x ; here\n", 2, "lines of their own"},
    {"[daemon]\ncontrol_socket = /" HUNDRED "1234567\n", 2, "control_socket /xxx"},
    {"[http]\nunix_socket = /" HUNDRED "1234567\n", 2, "longer than the 107 octets"},
    {"[daemon]\ndata_dir = /" HUNDRED "xx\ncontrol_socket = /c\n", 2, "longer than the 107 octets"},
    {"[daemon]\ncontrol_socket = /s\n[http]\nunix_socket = //./s\n", 4, "the same path"},
    {"[http]\nunix_socket = /var/lib/cellpost/control\n", 2, "the same path"},
    {"[daemon]\ndata_dir = /d/\ncontrol_socket = /d/cellpost.db\n", 3, "the daemon's own files"},
    {"[http]\nunix_socket = /var/lib/cellpost/key\n", 2, "the daemon's own files"},
    {"[http]\nlisten = 127.0.0.1:99999\n", 2, "[::]:8080"},
    {"[http]\nlisten = localhost:0\n", 2, "[::]:8080"},
    {"[http]\nlisten = ::1:80\n", 2, "[::]:8080"},
    {"[http]\nlisten = [127.0.0.1]:80\n", 2, "[::]:8080"},
    {"[http]\nlisten = 127.0.0.1\n", 2, "[::]:8080"},
    {"[http]\nlisten = []:80\n", 2, "[::]:8080"},
    {"[http]\nlisten = 0.0.0.0:80\n", 2, "plain_anywhere"},
    {"[http]\nlisten = [::]:80\n", 2, "plain_anywhere"},
    {"[tls]\nlisten = 0.0.0.0:443, host:443\n", 2, "'host:443'"},
    {"[tls]\ncert = a.pem\n", 2, "together"},
    {"[tls]\nkey = a.pem\n", 2, "together"},
    {"[tls]\ncert = a\nkey = b\nnames = x\n", 4, "has its own"},
    {"[tls]\nlisten = 127.0.0.1:1 127.0.0.1:2 127.0.0.1:3 127.0.0.1:4 127.0.0.1:5 127.0.0.1:6 127.0.0.1:7 "
     "127.0.0.1:8 127.0.0.1:9\n",
     2, "at most 8"},
    {"[line a]\ncarrier = loopback\niccid = 12\n", 3, "18 to 20 digits"},
    {"[line a]\ncarrier = loopback\niccid = 8941000000000000001F\n", 3, "without an F"},
    {"[line a]\ncarrier = loopback\niccid = 8941000000000000000a\n"
     "[line b]\ncarrier = loopback\niccid = 8941000000000000000A\n",
     6, "[line a] and [line b] have the same iccid"},
    {"[line a]\ncarrier = loopback\n[service s]\nlines = a\nsid = MG00112233445566778899aabbccddeeff\n"
     "[service t]\nlines = a\nsid = MG00112233445566778899AABBCCDDEEFF\n",
     8, "[service s] and [service t] have the same sid"},
    {"[modem m]\nport = pty:/x\nslot = sim:/s:\n", 3, "sim:/SOCKET:NAME"},
    {"[modem m]\nport = pty:/x\nslot = sim:/" HUNDRED "1234567:m\n", 3, "107"},
    {"[modem m]\nport = pty:/x\nslot = sim:/s:a\n[modem n]\nport = pty:/y\nslot = sim:/s:a\n", 6,
     "same slot"},
    {"[modem m]\nport = pty:/x\nslot = north:0\n", 3, "no [board north]"},
    {"[modem m]\nport = pty:/x\nslot = north:4\n", 3, "N from 0 to 3"},
    {"[modem m]\nport = pty:/x\nmodule = EC25\n", 3, "go with slot = BOARD:N"},
    {"[board north]\nbaud = 9600\n", 1, "needs port"},
    {"[board a]\nport = pty:/x\n[board b]\nport = pty:/x\n", 4, "same port"},
    {"[line default]\ncarrier = loopback\n[line default]\n", 3, "[line default] stands twice"},
    {"[modem default]\nport = pty:/x\n[modem default]\n", 3, "[modem default] stands twice"},
    {"[class default]\nunsure = hold\n[class default]\n", 3, "[class default] stands twice"},
};

static void test_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        struct heard heard;
        struct conf *conf = parse(errors[i].text, &heard);
        if (conf != NULL || heard.line != errors[i].line || strstr(heard.text, errors[i].says) == NULL)
            fail_msg("row %zu \"%s\": line %d \"%s\"", i, errors[i].text, heard.line, heard.text);
    }
}

static void test_every_error_is_reported(void **state)
{
    struct heard heard;
    (void)state;
    assert_null(parse("[http]\nqueue_max = x\nidle = y\n[kitchen]\nfoo = 1\n[hooks]\nretry = z\n", &heard));
    assert_int_equal(heard.count, 4); /* an unknown section's options are not errors of their own */
}

static void test_a_missing_option_is_told_beside_other_errors(void **state)
{
    struct heard heard;
    (void)state;
    assert_null(parse("[http]\nidle = y\n[modem m]\n[modem n]\nport = tty\n", &heard));
    assert_string_equal(heard.all, "2: idle is a time like 500ms, 5s, 2m, 1h or 30d, not 'y'\n"
                                   "5: port is serial:/dev/... or pty:/..., not 'tty'\n"
                                   "3: [modem m] needs port = serial:/dev/... or pty:/...\n");
    assert_null(
        parse("[daemon]\naccount_sid = AC00112233445566778899aabbccddeeff\nauth_token = x\n", &heard));
    assert_int_equal(heard.count, 1); /* the token is there, however wrong */
    assert_null(parse("[line a]\ncarrier = loop\n", &heard));
    assert_int_equal(heard.count, 1);
}

static void test_secrets_are_not_told(void **state)
{
    struct heard heard;
    (void)state;
    assert_null(parse("[daemon]\nauth_token = 00112233445566778899aabbccddeef\n", &heard));
    assert_string_equal(heard.all, "2: auth_token is 32 hex digits\n");
    assert_null(parse("[line a]\ncarrier = loopback\npin = 1234o\n", &heard));
    assert_string_equal(heard.all, "3: pin is 4 to 8 digits\n");
    assert_null(parse("[line a]\ncarrier = loopback\npin = \"1234\"\n", &heard));
    assert_string_equal(heard.all, "3: pin is written without quotes\n");
}

static void test_where_an_option_stands(void **state)
{
    struct heard heard;
    (void)state;
    struct conf *conf =
        parse("[daemon]\nlog_level = warn\n" GOOD_LINES "[line b]\ncarrier = loopback\nsms_method = GET\n"
              "[class default]\npriority = 7\n",
              &heard);
    assert_non_null(conf);
    assert_int_equal(conf_where(conf, &conf->daemon.log_level), 2);
    assert_int_equal(conf_where(conf, &conf->daemon.data_dir), 0);
    assert_int_equal(conf_where(conf, &conf->lines[0].number), 6);
    assert_int_equal(conf_where(conf, &conf->lines[0].sms_method), 0);
    assert_int_equal(conf_where(conf, &conf->lines[1].sms_method), 10);
    assert_int_equal(conf_where(conf, &conf->classes[0].priority), 12);
    assert_int_equal(conf_find_class(conf, "default")->priority, 7);
    conf_free(conf);
}

static void test_nul_and_long_lines(void **state)
{
    static const char nul[] = "[http]\nque\0ue_max = 1\n";
    struct heard heard = {0};
    char *text = malloc(20000);
    (void)state;
    assert_null(conf_parse("f", nul, sizeof nul - 1, hear, &heard));
    assert_int_equal(heard.line, 2);
    size_t len = (size_t)snprintf(text, 20000, "[hooks]\nallow = ");
    for (int i = 0; i < 800; i++)
        len += (size_t)snprintf(text + len, 20000 - len, "10.0.0.0/8, ");
    struct conf *conf = parse(text, &heard);
    assert_non_null(conf);
    size_t count = 0;
    while (conf->hooks.allow[count] != NULL)
        count++;
    assert_int_equal(count, 800);
    conf_free(conf);
    free(text);
}

static void test_restart_needed(void **state)
{
    struct heard heard;
    (void)state;
    struct conf *before = parse(GOOD, &heard);
    struct conf *same = parse(GOOD "[hooks]\nretry = no\n", &heard);
    struct conf *other = parse(GOOD "[http]\nlisten = 127.0.0.1:9\n", &heard);
    assert_int_equal(conf_restart_needed(before, same, hear, &heard), 0);
    assert_int_equal(conf_restart_needed(before, other, hear, &heard), 1);
    assert_non_null(strstr(heard.text, "http.listen"));
    assert_int_equal(heard.line, 9);
    conf_keep_until_restart(other, before);
    assert_string_equal(other->http.listen, "127.0.0.1:8080");
    assert_int_equal(conf_restart_needed(other, same, NULL, NULL), 0);
    conf_free(before);
    conf_free(same);
    conf_free(other);
}

static void test_retention(void **state)
{
    struct heard heard;
    (void)state;
    struct conf *conf = parse("[retention]\nmessages = 30d\nbodies = 0\nfailed = 12h\n", &heard);
    assert_non_null(conf);
    assert_int_equal(conf->retention.messages_s, 30 * 86400);
    assert_int_equal(conf->retention.bodies_s, 0);
    assert_int_equal(conf->retention.failed_s, 12 * 3600);
    assert_int_equal(conf->retention.delivered_s, 0);
    conf_free(conf);
    assert_null(parse("[retention]\nmessages = 30\n", &heard));
    assert_non_null(strstr(heard.text, "30d"));
}

static void test_manual_names_every_option(void **state)
{
    char *text = NULL;
    size_t size;
    (void)state;
    FILE *file = open_memstream(&text, &size);
    conf_manual(file);
    fclose(file);
    for (const struct conf_option *option = conf_options; option->key != NULL; option++) {
        char line[64];
        snprintf(line, sizeof line, "\n  %s ", option->key);
        assert_non_null(strstr(text, line));
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_rate_of_a_line),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_a_whole_file),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_every_error_is_reported),
        cmocka_unit_test(test_a_missing_option_is_told_beside_other_errors),
        cmocka_unit_test(test_secrets_are_not_told),
        cmocka_unit_test(test_where_an_option_stands),
        cmocka_unit_test(test_nul_and_long_lines),
        cmocka_unit_test(test_restart_needed),
        cmocka_unit_test(test_retention),
        cmocka_unit_test(test_manual_names_every_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
