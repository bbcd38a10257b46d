/* Where a grapheme cluster may end: the rules of UAX #29, one by one, and the table that they walk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/sms/grapheme.h"
#include "host/sms/split.h"

#define COUNT(rows) (sizeof rows / sizeof rows[0])

static void test_rules(void **state)
{
    /* 0 ends a row; a string says where: '|' a boundary, '.' none, before each code point */
    static const struct {
        const char *rule, *boundaries;
        uint32_t text[10];
    } rows[] = {
        {"GB999", "|||", {'a', ' ', 'b'}},
        {"GB3", "|.|", {'\r', '\n', 'a'}},
        {"GB3", "||", {'\n', '\r'}},
        {"GB4", "|||", {'\n', 0x0301, 'a'}},
        {"GB4", "||", {0x200B, 0x0301}}, /* zero width space is a control */
        {"GB5", "||", {'a', '\n'}},
        {"GB5", "||", {0x0600, '\n'}},            /* even after Prepend */
        {"GB6", "|..", {0x1100, 0x1161, 0x11A8}}, /* L V T */
        {"GB6", "|..", {0x1100, 0x1100, 0xAC00}}, /* L L LV */
        {"GB6", "|.", {0x1100, 0xAC01}},          /* L LVT */
        {"GB7", "|..", {0xAC00, 0x1161, 0x11A8}}, /* LV V T */
        {"GB7", "||", {0x1161, 0x1100}},          /* V | L */
        {"GB8", "|..", {0xAC01, 0x11A8, 0x11A8}}, /* LVT T T */
        {"GB8", "||", {0xAC01, 0x1161}},          /* LVT | V */
        {"GB8", "||", {0xAC00, 0xAC00}},
        {"GB9", "|..|", {'e', 0x0301, 0x0323, 'e'}},
        {"GB9", "|..", {0x2764, 0xFE0F, 0x20E3}}, /* variation selector, keycap */
        {"GB9", "|.", {0x1F44D, 0x1F3FD}},        /* skin tone */
        {"GB9", "|.|", {'a', 0x200D, 'b'}},       /* ZWJ joins backward only */
        {"GB9", "|..", {'1', 0xFE0F, 0x20E3}},
        {"GB9a", "|.", {0x0915, 0x093E}}, /* spacing vowel sign */
        {"GB9b", "|.|", {0x0600, '1', '2'}},
        {"GB11", "|......", {0x1F468, 0x200D, 0x1F469, 0x200D, 0x1F467, 0x200D, 0x1F466}},
        {"GB11", "|....", {0x1F469, 0x1F3FD, 0x200D, 0x1F4BB, 0xFE0F}},
        {"GB11", "|.|", {'a', 0x200D, 0x1F4BB}},              /* not after a letter */
        {"GB11", "|..|", {0x1F469, 0x200D, 0x200D, 0x1F4BB}}, /* nor over two joiners */
        {"GB12", "|.|.|", {0x1F1E8, 0x1F1ED, 0x1F1E9, 0x1F1EA, 0x1F1E8}},
        {"GB13", "||.|", {'a', 0x1F1E8, 0x1F1ED, 0x1F1E8}},
        {"GB12", "|.||.", {0x1F1E8, 0x0301, 0x1F1ED, 'a', 0x0301}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct grapheme walk = {0, 0, 0};
        for (size_t n = 0; n < strlen(rows[i].boundaries); n++)
            if (grapheme_boundary(&walk, rows[i].text[n]) != (rows[i].boundaries[n] == '|'))
                fail_msg("row %zu, %s: before U+%04X", i, rows[i].rule, rows[i].text[n]);
    }
}

static void test_table_ascends(void **state)
{
    (void)state;
    assert_true(grapheme_range_count > 500);
    for (unsigned i = 0; i < grapheme_range_count; i++) {
        const struct grapheme_range *range = &grapheme_ranges[i];
        assert_true(range->first <= range->last && range->last <= 0x10FFFF);
        assert_true(i == 0 || range->first > grapheme_ranges[i - 1].last);
        assert_in_range(range->class, GRAPHEME_CONTROL, GRAPHEME_PICTOGRAPH);
        assert_true(range->class != GRAPHEME_LV && range->class != GRAPHEME_LVT); /* computed */
    }
}

/* Printable ASCII and the letters of Europe stand alone. */
static void test_plain_text_has_boundaries(void **state)
{
    struct grapheme walk = {0, 0, 0};
    (void)state;
    for (uint32_t c = 0x20; c < 0x0300; c++)
        assert_true(grapheme_boundary(&walk, c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_table_ascends),
        cmocka_unit_test(test_plain_text_has_boundaries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
