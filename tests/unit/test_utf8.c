/* UTF-8: every code point there and back, every way to be malformed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/sms/utf8.h"

#define COUNT(rows) (sizeof rows / sizeof rows[0])

static void test_every_code_point(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        char text[4];
        size_t used, len = utf8_put(c, text);
        bool bad = false, surrogate = c >= 0xD800 && c <= 0xDFFF;
        size_t want_len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        if (len != want_len)
            fail_msg("U+%04X takes %zu bytes", c, len);
        uint32_t got = utf8_next(text, len, &used, &bad);
        if (bad != surrogate || got != (surrogate ? UTF8_REPLACEMENT : c) || used != (surrogate ? 1 : len))
            fail_msg("U+%04X comes back as U+%04X", c, got);
        if (utf8_utf16_len(text, len) != (surrogate ? 3u : c > 0xFFFF ? 2u : 1u))
            fail_msg("U+%04X: UTF-16 length", c);
        for (size_t cut = 1; cut < len; cut++)
            if (utf8_valid(text, cut))
                fail_msg("U+%04X: valid when cut to %zu", c, cut);
    }
}

static void test_malformed(void **state)
{
    static const struct {
        const char *text;
        size_t len, bad;
    } rows[] = {
        {"\x80", 1, 1},             /* continuation alone */
        {"\xBF\x80", 2, 2},         /* two of them */
        {"\xC0\x80", 2, 2},         /* overlong NUL */
        {"\xC1\xBF", 2, 2},         /* overlong U+007F */
        {"\xE0\x9F\xBF", 3, 3},     /* overlong U+07FF */
        {"\xF0\x8F\xBF\xBF", 4, 4}, /* overlong U+FFFF */
        {"\xED\xA0\x80", 3, 3},     /* U+D800 */
        {"\xED\xBF\xBF", 3, 3},     /* U+DFFF */
        {"\xF4\x90\x80\x80", 4, 4}, /* U+110000 */
        {"\xF5\x80\x80\x80", 4, 4},
        {"\xF8\x88\x80\x80\x80", 5, 5},     /* five bytes */
        {"\xFC\x84\x80\x80\x80\x80", 6, 6}, /* six bytes */
        {"\xFE", 1, 1},
        {"\xFF", 1, 1},
        {"a\xC3", 2, 1},    /* ends inside */
        {"\xC3(", 2, 1},    /* the byte after is itself again */
        {"\xE2\x82", 2, 2}, /* ends inside */
        {"\xE2\x82(", 3, 2},
        {"\xF0\x9F\x98", 3, 3},
        {"\xC3\xA9\xFF\xC3\xA9", 5, 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t bad_count = 0;
        assert_false(utf8_valid(rows[i].text, rows[i].len));
        for (size_t at = 0, used; at < rows[i].len; at += used) {
            bool bad = false;
            uint32_t c = utf8_next(rows[i].text + at, rows[i].len - at, &used, &bad);
            if (bad) {
                assert_int_equal(c, UTF8_REPLACEMENT);
                assert_int_equal(used, 1);
            }
            bad_count += bad;
        }
        if (bad_count != rows[i].bad)
            fail_msg("row %zu: %zu bad bytes", i, bad_count);
    }
}

static void test_flag_is_only_raised(void **state)
{
    size_t used;
    bool bad = true;
    (void)state;
    utf8_next("a", 1, &used, &bad);
    assert_true(bad);
    assert_int_equal(utf8_next("\xFF", 1, &used, NULL), UTF8_REPLACEMENT);
}

static void test_valid(void **state)
{
    static const char nul[] = {'a', '\0', 'b'};
    (void)state;
    assert_true(utf8_valid("", 0));
    assert_true(utf8_valid(nul, sizeof nul));
    assert_true(utf8_valid("\xEF\xBF\xBD", 3)); /* U+FFFD itself is no error */
    assert_int_equal(utf8_utf16_len("", 0), 0);
    assert_int_equal(utf8_utf16_len("a\u00e9\u20ac\U0001F600", 10), 5);
}

static void test_from_utf16(void **state)
{
    static const struct {
        uint8_t octets[8];
        uint8_t len;
        const char *text;
        bool lone;
    } rows[] = {
        {{0}, 0, "", false},
        {{0x00}, 1, "", false}, /* half a unit */
        {{0x00, 0x41, 0x20}, 3, "A", false},
        {{0xD7, 0xFF, 0xE0, 0x00}, 4, "\uD7FF\uE000", false},
        {{0xD8, 0x00, 0xDC, 0x00}, 4, "\U00010000", false},
        {{0xDB, 0xFF, 0xDF, 0xFF}, 4, "\U0010FFFF", false},
        {{0xDB, 0xFF, 0xE0, 0x00}, 4, "\uFFFD\uE000", true}, /* just past the low ones */
        {{0xDB, 0xFF, 0xFF, 0xFF}, 4, "\uFFFD\uFFFF", true},
        {{0xDB, 0xFF, 0xDB, 0xFF}, 4, "\uFFFD\uFFFD", true},
        {{0xDC, 0x00, 0xD8, 0x00}, 4, "\uFFFD\uFFFD", true},
        {{0xDB, 0xFF, 0xDC}, 3, "\uFFFD", true}, /* half of the second half */
        {{0x00, 0x41, 0x00, 0x00, 0x00, 0x42}, 6, "A\uFFFDB", false},
        {{0xFE, 0xFF, 0x00, 0x41}, 4, "\uFEFFA", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[13];
        bool lone = false;
        memset(out, '#', sizeof out);
        size_t len = utf8_from_utf16(rows[i].octets, rows[i].len, out, &lone);
        if (len != strlen(rows[i].text) || memcmp(out, rows[i].text, len) != 0 || lone != rows[i].lone)
            fail_msg("row %zu: %.*s", i, (int)len, out);
        assert_int_equal(out[len], '#');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code_point),    cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_flag_is_only_raised), cmocka_unit_test(test_valid),
        cmocka_unit_test(test_from_utf16),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
