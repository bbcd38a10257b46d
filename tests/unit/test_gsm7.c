/* The 7-bit alphabets: every septet of every table there and back, packing at every length and fill. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/sms/gsm7.h"
#include "host/sms/gsm7_tables.h"
#include "host/sms/utf8.h"
#include "vectors.h"

#define COUNT(rows) (sizeof rows / sizeof rows[0])

static const struct gsm7_alphabet basic = {0, 0};

static size_t encode(struct gsm7_alphabet alphabet, const char *text, uint8_t *septets)
{
    size_t count = 0, len = strlen(text);
    for (size_t at = 0, used; at < len; at += used) {
        int cost = gsm7_encode_char(alphabet, utf8_next(text + at, len - at, &used, NULL), septets + count);
        assert_true(cost > 0);
        count += (size_t)cost;
    }
    return count;
}

/* ---- vectors ---- */

static void pack_record(const char *id, json_t *record)
{
    uint8_t septets[160], packed[160], want[160], back[160];
    char text[481];
    unsigned fill = (unsigned)vector_int(record, "fill_bits");
    size_t len = vector_hex(vector_text(record, "packed"), want, sizeof want);
    size_t count = encode(basic, vector_text(record, "text"), septets);
    assert_int_equal(count, vector_int(record, "septets"));
    assert_int_equal(gsm7_pack(septets, count, fill, packed), len);
    if (memcmp(packed, want, len) != 0)
        fail_msg("%s: packed otherwise", id);
    assert_int_equal(gsm7_unpack(want, len, fill, count, back), count);
    gsm7_decode(basic, back, count, text, sizeof text);
    assert_string_equal(text, vector_text(record, "text"));
}

static void decode_record(const char *id, json_t *record)
{
    struct gsm7_alphabet alphabet = {(uint8_t)vector_int(record, "locking"),
                                     (uint8_t)vector_int(record, "single")};
    size_t count = (size_t)vector_int(record, "septets");
    uint8_t packed[160], septets[160];
    char text[481];
    size_t len = vector_hex(vector_text(record, "packed"), packed, sizeof packed);
    assert_int_equal(gsm7_unpack(packed, len, 0, count, septets), count);
    gsm7_decode(alphabet, septets, count, text, sizeof text);
    if (strcmp(text, vector_text(record, "text")) != 0)
        fail_msg("%s: got %s", id, text);
}

/* The padding is USSD's (TS 23.038 6.1.2.3.1): SMS leaves seven spare bits zero, and reads as many septets as
 * UDL says. */
static void cr_record(const char *id, json_t *record)
{
    uint8_t septets[160], packed[160], want[160];
    char text[481];
    size_t count = encode(basic, vector_text(record, "text"), septets);
    size_t len = vector_hex(vector_text(record, "packed"), want, sizeof want);
    size_t got = gsm7_unpack(want, len, 0, count, septets);
    assert_int_equal(got, count);
    gsm7_decode(basic, septets, count, text, sizeof text);
    assert_string_equal(text, vector_text(record, "text"));
    assert_int_equal(gsm7_pack(septets, count, 0, packed), len);
    if (count * 7 % 8 == 1) { /* seven spare bits */
        assert_int_equal(want[len - 1] >> 1, '\r');
        assert_int_equal(packed[len - 1] >> 1, 0);
        want[len - 1] &= 1;
    }
    if (memcmp(packed, want, len) != 0)
        fail_msg("%s: packed otherwise", id);
}

static void table_record(const char *id, json_t *record)
{
    struct gsm7_alphabet alphabet = {(uint8_t)vector_int(record, "locking"), 0};
    const char *table = vector_text(record, "table_128");
    size_t len = strlen(table), at = 0, used;
    for (uint8_t septet = 0; septet < 128; septet++, at += used) {
        uint32_t want = utf8_next(table + at, len - at, &used, NULL);
        const uint8_t one[1] = {septet};
        size_t taken;
        if (septet != GSM7_ESC && gsm7_decode_char(alphabet, one, 1, &taken) != want)
            fail_msg("%s: septet %02X", id, septet);
    }
    assert_int_equal(at, len);
}

static void single_record(const char *id, json_t *record)
{
    struct gsm7_alphabet alphabet = {0, (uint8_t)vector_int(record, "single")};
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(record, "map"), key, value)
    {
        const char *text = json_string_value(value);
        const uint8_t septets[2] = {GSM7_ESC, (uint8_t)strtoul(key, NULL, 16)};
        uint8_t back[2];
        size_t used;
        uint32_t want = utf8_next(text, strlen(text), &used, NULL);
        if (gsm7_decode_char(alphabet, septets, 2, &used) != want || used != 2)
            fail_msg("%s: ESC %s", id, key);
        int cost = gsm7_encode_char(alphabet, want, back);
        if (cost == 2) /* one, where the default table has the character too */
            assert_memory_equal(back, septets, 2);
        else
            assert_int_equal(cost, 1);
    }
}

static void fallback_record(const char *id, json_t *record)
{
    static const uint8_t unknown[] = {GSM7_ESC, 'A'}, escapes[] = {GSM7_ESC, GSM7_ESC};
    size_t used;
    (void)record;
    assert_string_equal(id, "an-ext-fallback");
    assert_int_equal(gsm7_decode_char(basic, unknown, 2, &used), 'A');
    assert_int_equal(used, 2);
    assert_int_equal(gsm7_decode_char(basic, escapes, 2, &used), ' ');
    assert_int_equal(used, 2);
}

static void micro_record(const char *id, json_t *record)
{
    static const struct vector_kind kinds[] = {
        {"gsm7-pack", pack_record},  {"gsm7-decode", decode_record},      {"gsm7-cr-padding", cr_record},
        {"nls-table", table_record}, {"nls-single-shift", single_record}, {"behaviour", fallback_record},
    };
    if (vector_is_mine(record, "gsm7"))
        vector_drive(kinds, COUNT(kinds), id, record);
}

static void test_vectors(void **state)
{
    (void)state;
    vectors_each("micro.json", micro_record);
}

/* ---- tables ---- */

/* A character may stand twice in a table: then the way back may end at the other septet, not elsewhere. */
static void assert_round_trip(struct gsm7_alphabet alphabet, const uint8_t *septets, size_t count)
{
    uint8_t back[2];
    size_t used;
    uint32_t c = gsm7_decode_char(alphabet, septets, count, &used);
    assert_int_equal(used, count);
    assert_true(c != UINT32_MAX && c != 0);
    int cost = gsm7_encode_char(alphabet, c, back);
    assert_in_range(cost, 1, 2);
    assert_int_equal(gsm7_decode_char(alphabet, back, (size_t)cost, &used), c);
    assert_int_equal(used, cost);
    if (cost == 1)
        assert_int_not_equal(back[0], GSM7_ESC);
}

static void test_every_septet(void **state)
{
    (void)state;
    for (unsigned locking = 0; locking <= GSM7_LANG_MAX + 2; locking++)
        for (unsigned single = 0; single <= GSM7_LANG_MAX + 2; single++)
            for (unsigned septet = 0; septet < 128; septet++) {
                const struct gsm7_alphabet alphabet = {(uint8_t)locking, (uint8_t)single};
                const uint8_t pair[2] = {GSM7_ESC, (uint8_t)septet};
                if (septet != GSM7_ESC)
                    assert_round_trip(alphabet, pair + 1, 1);
                assert_round_trip(alphabet, pair, 2);
            }
}

static bool is_listed(const struct gsm7_shift *row, uint8_t septet)
{
    for (; row->code_point != 0; row++)
        if (row->septet == septet)
            return true;
    return false;
}

/* Clause 6.2.1.1 and annex A.2: the page break and the second escape are reserved, CR2 is not to be used. */
static void test_table_shape(void **state)
{
    (void)state;
    for (unsigned id = 0; id <= GSM7_LANG_MAX; id++) {
        unsigned pairs = 0;
        for (const struct gsm7_shift *row = gsm7_single[id]; row->code_point != 0; row++, pairs++)
            assert_true(row->septet < 128 && !is_listed(row + 1, row->septet));
        assert_in_range(pairs, 10, GSM7_SINGLE_MAX - 1);
        assert_false(is_listed(gsm7_single[id], GSM7_ESC));
        assert_false(is_listed(gsm7_single[id], '\r'));
        assert_true(is_listed(gsm7_single[id], '\n')); /* form feed */
        assert_int_equal(gsm7_locking[id][GSM7_ESC], 0);
    }
    for (unsigned septet = 0; septet < 128; septet++)
        assert_int_equal(gsm7_locking[2][septet], 0); /* Spanish has no locking table */
}

static void test_unknown_language_is_default(void **state)
{
    static const struct gsm7_alphabet strange = {14, 200}, spanish = {2, 0};
    uint8_t a[2], b[2];
    (void)state;
    for (uint32_t c = 0; c < 0x3000; c++) {
        int cost = gsm7_encode_char(basic, c, a);
        assert_int_equal(gsm7_encode_char(strange, c, b), cost);
        assert_memory_equal(a, b, (size_t)cost);
        assert_int_equal(gsm7_encode_char(spanish, c, b), cost);
    }
}

static void test_what_gsm7_lacks(void **state)
{
    static const uint32_t lacking[] = {0,      '\t',   0x1B,   '`',     0xE7,    0xC1,
                                       0x2019, 0x0130, 0xFFFD, 0x10041, 0x1F600, UINT32_MAX};
    uint8_t septets[2];
    unsigned have = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(lacking); i++)
        assert_int_equal(gsm7_encode_char(basic, lacking[i], septets), 0);
    for (uint32_t c = 0; c <= 0xFFFF; c++)
        have += gsm7_encode_char(basic, c, septets) > 0;
    assert_int_equal(have, 127 + 10);
}

/* ---- text ---- */

static void test_escape_at_the_end(void **state)
{
    static const uint8_t septets[] = {'a', GSM7_ESC};
    char text[16];
    size_t used;
    (void)state;
    assert_int_equal(gsm7_decode(basic, septets, 2, text, sizeof text), 1);
    assert_string_equal(text, "a");
    assert_true(gsm7_decode_char(basic, septets + 1, 1, &used) == UINT32_MAX);
    assert_int_equal(used, 1);
}

static void test_decode_ends_at_a_character(void **state)
{
    static const uint8_t septets[] = {'a', GSM7_ESC, 0x65, 0x05, 0x00}; /* a, euro, e acute, at */
    static const char *const want[] = {NULL, "", "a", "a", "a", "a\u20ac", "a\u20ac", "a\u20ac\u00e9"};
    char text[16];
    (void)state;
    memset(text, 'x', sizeof text);
    assert_int_equal(gsm7_decode(basic, septets, COUNT(septets), text, 0), 0);
    assert_int_equal(text[0], 'x');
    for (size_t size = 1; size < COUNT(want); size++) {
        memset(text, 'x', sizeof text);
        size_t len = gsm7_decode(basic, septets, COUNT(septets), text, size);
        assert_string_equal(text, want[size]);
        assert_int_equal(len, strlen(want[size]));
        assert_int_equal(text[size], 'x');
    }
    gsm7_decode(basic, septets, COUNT(septets), text, 8);
    assert_string_equal(text, "a\u20ac\u00e9@");
}

static void test_packing(void **state)
{
    uint8_t septets[160], packed[160], back[160];
    (void)state;
    for (size_t i = 0; i < sizeof septets; i++)
        septets[i] = (uint8_t)((i * 37 + 5) & 0x7F);
    for (unsigned fill = 0; fill < 7; fill++)
        for (size_t count = 0; count <= 160; count++) {
            size_t need = (count * 7 + fill + 7) / 8;
            if (need > 141)
                continue;
            memset(packed, 0xA5, sizeof packed);
            assert_int_equal(gsm7_pack(septets, count, fill, packed), need);
            assert_int_equal(packed[need], 0xA5);
            assert_int_equal(gsm7_unpack(packed, need, fill, count, back), count);
            assert_memory_equal(back, septets, count);
            /* one octet short: fewer septets, never an octet past the end */
            if (need > 0)
                assert_int_equal(gsm7_unpack(packed, need - 1, fill, count, back),
                                 (need - 1) * 8 < fill ? 0 : ((need - 1) * 8 - fill) / 7);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_every_septet),
        cmocka_unit_test(test_table_shape),
        cmocka_unit_test(test_unknown_language_is_default),
        cmocka_unit_test(test_what_gsm7_lacks),
        cmocka_unit_test(test_escape_at_the_end),
        cmocka_unit_test(test_decode_ends_at_a_character),
        cmocka_unit_test(test_packing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
