/* Smart encoding: a text becomes GSM 7-bit as a whole, or stays as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/sms/gsm7.h"
#include "host/sms/split.h"
#include "host/sms/utf8.h"

#define COUNT(rows) (sizeof rows / sizeof rows[0])

static void test_texts(void **state)
{
    static const struct {
        const char *in, *out; /* NULL: unchanged */
    } rows[] = {
        {"", NULL},
        {"plain", NULL},
        {"\u201cDon\u2019t\u201d \u2013 he said\u2026", "\"Don't\" - he said..."},
        {"10\u00a0000\u202f\u20ac", "10 000 \u20ac"},
        {"\uff21\uff22\uff23\uff01\uff3b\uff5e", "ABC![~"},
        {"zero\u200bwidth\ufeff", "zerowidth"},
        {"a\tb", "a b"},
        {"\u00abqu\u00e9\u00bb", "\"qu\u00e9\""},
        {"x \u2264 y \u2265 z", "x <= y >= z"},
        {"\u2028", "\n"},
        {"`code`", "'code'"},
        {"\u201c\u4f60\u597d\u201d", NULL}, /* needs UCS-2 anyway: untouched */
        {"\u2026\U0001F600", NULL},
        {"\u00e7a", NULL}, /* a letter is no look-alike */
        {"\u2019\xFF", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char out[256];
        const char *want = rows[i].out != NULL ? rows[i].out : rows[i].in;
        size_t len = strlen(rows[i].in);
        assert_true(3 * len + 1 <= sizeof out);
        memset(out, 'x', sizeof out);
        assert_int_equal(split_smart(rows[i].in, len, out, 3 * len + 1), strlen(want));
        assert_string_equal(out, want);
    }
}

/* Every character alone: what comes out can be encoded, or is what went in, and is never longer than said. */
static void test_every_character(void **state)
{
    unsigned replaced = 0;
    (void)state;
    for (uint32_t c = 1; c <= 0x10FFFF; c++) {
        char in[4], out[16];
        uint8_t septets[2];
        size_t in_len = utf8_put(c, in), used;
        size_t out_len = split_smart(in, in_len, out, 3 * in_len + 1);
        assert_true(out_len <= 3 * in_len && out[out_len] == '\0');
        if (out_len == in_len && memcmp(in, out, in_len) == 0)
            continue;
        replaced++;
        assert_int_equal(gsm7_encode_char((struct gsm7_alphabet){0, 0}, c, septets), 0);
        for (size_t at = 0; at < out_len; at += used)
            assert_true(gsm7_encode_char((struct gsm7_alphabet){0, 0},
                                         utf8_next(out + at, out_len - at, &used, NULL), septets) > 0);
    }
    assert_in_range(replaced, 93 + 60, 93 + 120); /* 93 full-width forms, and the rows */
}

/* Not enough room: cut, never past the end. */
static void test_small_rooms(void **state)
{
    static const char in[] = "\u201cabc\u201d\u2026";
    (void)state;
    for (size_t room = 0; room < sizeof in + 2; room++) {
        char out[32];
        memset(out, 'x', sizeof out);
        size_t len = split_smart(in, sizeof in - 1, out, room);
        assert_true(room == 0 ? len == 0 : len < room && out[len] == '\0');
        assert_int_equal(out[room], 'x');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_every_character),
        cmocka_unit_test(test_small_rooms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
