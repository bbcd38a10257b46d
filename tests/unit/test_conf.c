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

#define GOOD                                                                                                 \
    "[daemon]\ndata_dir = data\n[modem m]\nport = pty:/dev/x\n[line a]\nnumber = +41790000001\nmodem = m\n"

struct heard {
    int count, line;
    char text[512];
};

static void hear(void *arg, const char *file, int line, const char *message)
{
    struct heard *heard = arg;
    (void)file;
    heard->line = line;
    heard->count++;
    snprintf(heard->text, sizeof heard->text, "%s", message);
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

static void test_errors(void **state)
{
    static const struct {
        const char *text;
        int line;
        const char *says;
    } rows[] = {
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
        {"[http]\nidle = 5\n", 2, "a time like"},
        {"[http]\nidle = 1ms\n", 2, "from 100"},
        {"[hooks]\nretry = maybe\n", 2, "one of"},
        {"[hooks]\nallow = 10.0.0.0/33\n", 2, "address range"},
        {"[daemon]\nlog_level = loud\n", 2, "one of: debug"},
        {"[daemon]\nauth_token = xyz\n", 2, "32 hex"},
        {"[daemon]\naccount_sid = AC1\n", 2, "32 hex"},
        {"[daemon]\ncountry = CH\n", 0, "calling code"},
        {"[modem m]\n", 1, "needs port"},
        {"[modem m]\nport = ttyUSB0\n", 2, "serial:"},
        {"[modem m]\nport = pty:/x\nslot = gpio\n", 3, "sim:"},
        {"[modem m]\nport = pty:/x\n[modem n]\nport = pty:/x\n", 3, "same port"},
        {"[line a]\ncarrier = loopback\nnumber = 12\n", 3, "+41790000001"},
        {"[line a]\n", 1, "needs modem"},
        {"[line a]\nmodem = x\n", 1, "no [modem x]"},
        {"[line a]\ncarrier = loopback\nclass = x\n", 1, "no [class x]"},
        {"[line a]\ncarrier = loopback\nbackup = x\n", 3, "no option 'backup'"},
        {"[line a]\ncarrier = loopback\npin = 12\n", 1, "4 to 8 digits"},
        {"[line a]\ncarrier = loopback\nsms_url = here\n", 3, "absolute http"},
        {"[line a]\ncarrier = loopback\n[line a]\n", 3, "stands twice"},
        {"[line a]\ncarrier = loopback\nnumber = +41790000001\n[line b]\ncarrier = loopback\nnumber = "
         "+41790000001\n",
         4, "same number"},
        {"[service s]\n", 1, "needs lines"},
        {"[service s]\nlines = a\n", 1, "no [line a]"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct heard heard;
        struct conf *conf = parse(rows[i].text, &heard);
        if (conf != NULL || heard.line != rows[i].line || strstr(heard.text, rows[i].says) == NULL)
            fail_msg("row %zu \"%s\": line %d \"%s\"", i, rows[i].text, heard.line, heard.text);
    }
}

static void test_every_error_is_reported(void **state)
{
    struct heard heard;
    (void)state;
    assert_null(parse("[http]\nqueue_max = x\nidle = y\n[kitchen]\nfoo = 1\n[hooks]\nretry = z\n", &heard));
    assert_int_equal(heard.count, 4); /* an unknown section's options are not errors of their own */
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
    conf_free(before);
    conf_free(same);
    conf_free(other);
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
        cmocka_unit_test(test_a_whole_file),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_every_error_is_reported),
        cmocka_unit_test(test_nul_and_long_lines),
        cmocka_unit_test(test_restart_needed),
        cmocka_unit_test(test_manual_names_every_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
