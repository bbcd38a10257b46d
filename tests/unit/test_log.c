/* The log: a line is a line, a value is a value, and a number is nobody's who should not know it. Every line
 * is read back from the descriptor, as journald would get it. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/base/clock.h"
#include "host/base/log.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define STAMP    "ts=2027-01-15T08:00:00.123Z "

static int ends[2];

static void listen_from(enum log_level least, bool mask)
{
    log_open(least, mask, ends[1]);
}

static int setup(void **state)
{
    (void)state;
    clock_fake(INT64_C(1800000000123), 0);
    assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    listen_from(LOG_DEBUG, true);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    log_open(LOG_INFO, true, STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    clock_real();
    return 0;
}

/* What was written since; "" for nothing. */
static const char *written(void)
{
    static char text[8192];
    ssize_t len = read(ends[0], text, sizeof text - 1);
    text[len > 0 ? len : 0] = '\0';
    return text;
}

/* ---- lines ---- */

static void test_line(void **state)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    char want[128];
    (void)state;
    for (enum log_level level = LOG_DEBUG; level <= LOG_ERROR; level++) {
        log_event(level, "modem.ready", "modem=%s signal_dbm=%d", "m1", -71);
        snprintf(want, sizeof want, STAMP "level=%s event=modem.ready modem=m1 signal_dbm=-71\n",
                 names[level]);
        assert_string_equal(written(), want);
    }
    log_event(LOG_INFO, "daemon.stop", "%s", "");
    assert_string_equal(written(), STAMP "level=info event=daemon.stop\n"); /* no space at the end */
}

static void test_levels(void **state)
{
    (void)state;
    for (int least = LOG_DEBUG; least <= LOG_ERROR + 1; least++) {
        listen_from((enum log_level)least, true);
        for (int level = LOG_DEBUG; level <= LOG_ERROR; level++) {
            log_event((enum log_level)level, "x", "n=1");
            assert_int_equal(written()[0] != '\0', level >= least);
            assert_int_equal(log_enabled((enum log_level)level), level >= least);
        }
    }
}

/* Whatever an unquoted value holds: one line, no octet that a terminal or journald would take amiss. */
static void test_no_value_makes_a_line(void **state)
{
    char value[600], *at = value;
    (void)state;
    for (int c = 1; c < 256; c++) { /* each octet alone, and before a line's begin */
        *at++ = (char)c;
        if (c % 64 == 0)
            at += snprintf(at, 64, "\r\nts=2027 level=error event=forged ");
    }
    *at = '\0';
    log_event(LOG_INFO, "x", "v=%s", value);
    const char *line = written();
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    for (const char *c = line; c[1] != '\0'; c++)
        assert_true(*c >= ' ' && *c <= '~'); /* no two of the octets make a UTF-8 character */
    assert_null(strstr(line, " ts="));
    assert_non_null(strstr(line, "??ts=2027"));
}

static void test_utf8_stays(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x91\x8d", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x91\x8d"},
        {"\xc2\x9b"
         "31m",
         "??31m"},                /* C1 CSI */
        {"\xc2\xa0", "\xc2\xa0"}, /* the first behind the controls */
        {"\xc0\x8a"
         "x",
         "??x"},                      /* overlong newline */
        {"\xe0\x80\x8a", "???"},      /* the same, longer */
        {"\xf0\x80\x80\x8a", "????"}, /* and longer */
        {"\xed\xa0\x80", "???"},      /* a surrogate */
        {"\xf4\x90\x80\x80", "????"}, /* beyond the last plane */
        {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
        {"a\xe2\x82", "a??"}, /* cut off */
        {"\xe2\x82"
         "b",
         "??b"},
        {"\x7f\x1b[2J", "??[2J"},
    };
    char want[256];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        log_event(LOG_INFO, "x", "v=%s", rows[i].in);
        snprintf(want, sizeof want, STAMP "level=info event=x v=%s\n", rows[i].out);
        assert_string_equal(written(), want);
    }
}

/* Cut, still one line, and not within a character. */
static void test_long_lines_are_cut(void **state)
{
    static char value[5000];
    (void)state;
    memset(value, 'a', sizeof value - 1);
    log_event(LOG_INFO, "x", "v=%s", value);
    size_t len = strlen(written());
    assert_in_range(len, 2000, 2047);
    for (int shift = 0; shift < 3; shift++) {
        for (size_t i = (size_t)shift; i + 3 < sizeof value; i += 3)
            memcpy(value + i, "\xe2\x82\xac", 3);
        log_event(LOG_INFO, "x", "v=%s", value);
        const char *line = written();
        assert_int_equal(strlen(line), len);
        assert_ptr_equal(strchr(line, '\n'), line + len - 1);
        assert_true(strstr(line, "?") == NULL || strspn(strstr(line, "?"), "?") <= 2);
    }
    memset(value, 'a', 300);
    value[300] = '\0';
    log_event(LOG_INFO, value, "v=1"); /* no event has such a name; it does no harm */
    assert_non_null(strstr(written(), "aaaa v=1\n"));
}

static void test_errno_stays_and_a_broken_log_harms_nobody(void **state)
{
    (void)state;
    errno = EXDEV;
    log_event(LOG_INFO, "x", "n=1");
    assert_int_equal(errno, EXDEV);
    log_open(LOG_DEBUG, true, -1);
    log_event(LOG_INFO, "x", "n=1");
    assert_int_equal(errno, EXDEV);
}

/* ---- values ---- */

static void test_quote(void **state)
{
    static const struct {
        const char *in;
        size_t len;
        const char *out;
    } rows[] = {
        {"plain", 5, "plain"},
        {"a,b;c:d/e'f#", 12, "a,b;c:d/e'f#"},
        {"", 0, "\"\""},
        {"two words", 9, "\"two words\""},
        {"key=value", 9, "\"key=value\""},
        {"say \"hi\"", 8, "\"say \\\"hi\\\"\""},
        {"back\\slash", 10, "\"back\\\\slash\""},
        {"\"", 1, "\"\\\"\""},
        {"a\nb", 3, "\"a\\nb\""},
        {"a\r\tb", 4, "\"a\\x0d\\x09b\""},
        {"a\0b", 3, "\"a\\x00b\""},
        {"\x1b[31m", 5, "\"\\x1b[31m\""},
        {"\x7f", 1, "\"\\x7f\""},
        {"caf\xc3\xa9", 5, "caf\xc3\xa9"},
        {"un caf\xc3\xa9", 8, "\"un caf\xc3\xa9\""},
        {"caf\xe9", 4, "\"caf\\xe9\""},
        {"\xc2\x9b", 2, "\"\\xc2\\x9b\""},
        {"\xe2\x82\xac", 2, "\"\\xe2\\x82\""}, /* the length says so: the third octet is not ours */
    };
    char out[64];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_ptr_equal(log_quote(rows[i].in, rows[i].len, out, sizeof out), out);
        assert_string_equal(out, rows[i].out);
    }
}

/* For every room: never beyond it, always closed, no escape and no character cut in two. */
static void test_quote_cut_to_fit(void **state)
{
    static const char value[] = "a b\n\x01\"\\\xe2\x82\xac=z";
    (void)state;
    for (size_t size = 3; size < 40; size++) {
        char *out = malloc(size); /* of its own, for the sanitizer */
        log_quote(value, sizeof value - 1, out, size);
        size_t len = strlen(out), i = 1;
        assert_true(len < size && len >= 2 && out[0] == '"' && out[len - 1] == '"');
        while (i < len - 1)
            i += out[i] == '\\' ? (out[i + 1] == 'x' ? 4 : 2) : out[i] == '\xe2' ? 3 : 1;
        assert_int_equal(i, len - 1);
        free(out);
    }
    char out[4];
    assert_string_equal(log_quote("abc", 3, out, sizeof out), "abc");
    assert_string_equal(log_quote("abcd", 4, out, sizeof out), "\"a\""); /* cut shows */
}

/* What was quoted can be read back, and the line holds no other key. */
static void test_quoted_value_stays_one_value(void **state)
{
    static const char evil[] = "x\" level=error event=\"forged\nts=1 \\";
    char quoted[128];
    (void)state;
    log_event(LOG_WARN, "hook.failed", "text=%s code=%d",
              log_quote(evil, sizeof evil - 1, quoted, sizeof quoted), 7);
    assert_string_equal(written(), STAMP "level=warn event=hook.failed text=\"x\\\" level=error "
                                         "event=\\\"forged\\nts=1 \\\\\" code=7\n");
}

static void test_number(void **state)
{
    static const struct {
        const char *in, *masked, *full;
    } rows[] = {
        {"+41791234567", "+4179*****67", "+41791234567"},
        {"+4179123456789012", "+4179**********12", "+4179123456789012"},
        {"12345678", "12345*78", "12345678"},
        {"1234567", "1234567", "1234567"},
        {"333", "333", "333"},
        {"", "\"\"", "\"\""},
        {"MyBank Ltd", "MyBan***td", "\"MyBank Ltd\""},
        {"a level=e", "\"a lev**=e\"", "\"a level=e\""},
        {"a\nb", "\"a\\nb\"", "\"a\\nb\""},
        {"Z\xc3\xbcrich", "Z\xc3\xbcrich", "Z\xc3\xbcrich"},
        {"Z\xc3\xbcricher", "Z\xc3\xbcri**er", "Z\xc3\xbcricher"},
        {"\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc", "\"\xc3\xbc\xc3\xbc\\xc3*\xc3\xbc\"",
         "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"},
    };
    char out[48];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        listen_from(LOG_DEBUG, true);
        assert_ptr_equal(log_number(rows[i].in, out), out);
        assert_string_equal(out, rows[i].masked);
        listen_from(LOG_DEBUG, false);
        assert_string_equal(log_number(rows[i].in, out), rows[i].full);
    }
    char longer[100];
    memset(longer, '9', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(strlen(log_number(longer, out)), 47);
}

/* ---- the end ---- */

static void test_fatal(void **state)
{
    int status;
    (void)state;
    listen_from((enum log_level)(LOG_ERROR + 1), true); /* it is said all the same */
    pid_t child = fork();
    if (child == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGABRT, SIG_DFL);
        fatal("slot %d\nis gone", 7);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_string_equal(written(), STAMP "level=error event=fatal slot 7?is gone\n");
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_line),
        CASE(test_levels),
        CASE(test_no_value_makes_a_line),
        CASE(test_utf8_stays),
        CASE(test_long_lines_are_cut),
        CASE(test_errno_stays_and_a_broken_log_harms_nobody),
        CASE(test_quote),
        CASE(test_quote_cut_to_fit),
        CASE(test_quoted_value_stays_one_value),
        CASE(test_number),
        CASE(test_fatal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
