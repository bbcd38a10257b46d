/* The fields that TPDUs share, over their whole range: addresses, times, validity, status, data coding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/sms/pdu.h"
#include "host/sms/utf8.h"
#include "vectors.h"

#define COUNT(rows) (sizeof rows / sizeof rows[0])

/* ---- micro.json ---- */

static bool is_accepted(json_t *record, const char *text)
{
    json_t *accept = json_object_get(record, "accept"), *one;
    size_t i;
    json_array_foreach(accept, i, one)
    {
        if (strcmp(json_string_value(one), text) == 0)
            return true;
    }
    return accept == NULL && strcmp(vector_text(record, "value"), text) == 0;
}

static void address_record(const char *id, json_t *record)
{
    bool as_smsc = strcmp(vector_text(record, "what"), "smsc-address") == 0;
    uint8_t octets[16], back[12];
    struct pdu_address address;
    size_t len = vector_hex(vector_text(record, "hex"), octets, sizeof octets), used, back_len;
    assert_int_equal(pdu_decode_address(octets, len, as_smsc, &address, &used), PDU_OK);
    assert_int_equal(used, len);
    if (!is_accepted(record, address.text))
        fail_msg("%s: got %s", id, address.text);
    if (strcmp(vector_text(record, "dir"), "both") != 0)
        return;
    assert_int_equal(pdu_encode_address(vector_text(record, "value"), as_smsc, back, &back_len), PDU_OK);
    if (octets[1] != 0x91) /* bare digits go out as unknown, whatever the type was */
        octets[1] = 0x81;
    assert_int_equal(back_len, len);
    assert_memory_equal(back, octets, len);
}

static void toa_record(const char *id, json_t *record)
{
    static const char *const tons[] = {[TON_UNKNOWN] = "unknown",
                                       [TON_INTERNATIONAL] = "international",
                                       [TON_ALPHANUMERIC] = "alphanumeric"};
    uint8_t octets[3] = {2, 0, 0x21};
    struct pdu_address address;
    size_t used;
    vector_hex(vector_text(record, "hex"), octets + 1, 1);
    assert_int_equal(pdu_decode_address(octets, 3, false, &address, &used), PDU_OK);
    assert_int_equal(address.toa, octets[1]);
    if (vector_text(record, "expect")[0] != '\0') { /* bit 7 clear: wrong, yet tolerated on receive */
        assert_string_equal(address.text, "12");
        return;
    }
    const char *ton = tons[octets[1] >> 4 & 7];
    if (strcmp(ton, vector_text(record, "ton")) != 0)
        fail_msg("%s: %s", id, ton);
    assert_int_equal(address.text[0] == '+', strcmp(ton, "international") == 0);
    assert_int_equal(octets[1] & 15, strcmp(vector_text(record, "npi"), "isdn") == 0 ? 1 : 0);
}

static void validity_record(const char *id, json_t *record)
{
    long long seconds = vector_int(record, "seconds"), octet = vector_int(record, "octet");
    if (pdu_vp_from_seconds(seconds) != octet)
        fail_msg("%s: got %d", id, pdu_vp_from_seconds(seconds));
    if (strcmp(vector_text(record, "dir"), "both") == 0)
        assert_int_equal(pdu_vp_to_seconds((uint8_t)octet), seconds);
}

static void time_record(const char *id, json_t *record)
{
    uint8_t raw[7];
    struct pdu_time time;
    int quarters;
    assert_int_equal(vector_hex(vector_text(record, "hex"), raw, sizeof raw), 7);
    pdu_decode_time(raw, &time);
    if (!time.valid || time.utc_s != vector_time(vector_text(record, "iso"), &quarters) ||
        time.tz_quarters != quarters)
        fail_msg("%s: got %lld", id, (long long)time.utc_s);
}

static void zone_record(const char *id, json_t *record)
{
    uint8_t raw[7] = {0x02, 0x10, 0x10, 0, 0, 0, 0};
    struct pdu_time time;
    vector_hex(vector_text(record, "hex"), raw + 6, 1);
    pdu_decode_time(raw, &time);
    if (!time.valid || time.tz_quarters * 15 != json_integer_value(json_object_get(record, "minutes")))
        fail_msg("%s: got %d quarters", id, time.tz_quarters);
}

static void micro_record(const char *id, json_t *record)
{
    static const struct vector_kind kinds[] = {
        {"address", address_record},      {"smsc-address", address_record}, {"type-of-address", toa_record},
        {"relative-vp", validity_record}, {"timestamp", time_record},       {"timezone-octet", zone_record},
    };
    if (vector_is_mine(record, "pdu_field"))
        vector_drive(kinds, COUNT(kinds), id, record);
}

static void test_vectors(void **state)
{
    (void)state;
    vectors_each("micro.json", micro_record);
}

/* ---- addresses ---- */

static void test_addresses_there_and_back(void **state)
{
    static const char digits[] = "01234567890123456789";
    char text[24];
    (void)state;
    for (int plus = 0; plus <= 1; plus++)
        for (int as_smsc = 0; as_smsc <= 1; as_smsc++)
            for (int count = 1; count <= 20; count++) {
                uint8_t octets[12];
                size_t len, used;
                struct pdu_address address;
                snprintf(text, sizeof text, "%s%.*s", plus ? "+" : "", count, digits);
                assert_int_equal(pdu_encode_address(text, as_smsc, octets, &len), PDU_OK);
                assert_int_equal(len, 2 + (count + 1) / 2);
                assert_int_equal(octets[0], as_smsc ? (int)len - 1 : count);
                assert_int_equal(pdu_decode_address(octets, len, as_smsc, &address, &used), PDU_OK);
                assert_int_equal(used, len);
                assert_string_equal(address.text, text);
                assert_int_equal(address.toa, plus ? 0x91 : 0x81);
                for (size_t cut = 0; cut < len; cut++)
                    assert_int_equal(pdu_decode_address(octets, cut, as_smsc, &address, &used),
                                     PDU_TRUNCATED);
            }
}

static void test_addresses_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "+",
                                        "123456789012345678901",
                                        "+123456789012345678901",
                                        "++",
                                        "+41 79",
                                        "12d",
                                        "Alice",
                                        "1-",
                                        "\xC3\xA9",
                                        "0123456789+"};
    static const uint8_t long_number[14] = {21, 0x91}, long_name[14] = {23, 0xD0};
    static const uint8_t long_smsc[14] = {12, 0x91};
    uint8_t octets[12];
    struct pdu_address address;
    size_t len;
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_int_equal(pdu_encode_address(texts[i], false, octets, &len), PDU_BAD_ADDRESS);
        assert_int_equal(pdu_encode_address(texts[i], true, octets, &len), PDU_BAD_ADDRESS);
    }
    assert_int_equal(pdu_decode_address(long_number, 14, false, &address, &len), PDU_BAD_ADDRESS);
    assert_int_equal(pdu_decode_address(long_name, 14, false, &address, &len), PDU_BAD_ADDRESS);
    assert_int_equal(pdu_decode_address(long_smsc, 14, true, &address, &len), PDU_BAD_ADDRESS);
}

static void test_addresses_decoded(void **state)
{
    static const struct {
        uint8_t octets[12];
        bool as_smsc;
        const char *text;
        size_t used;
    } rows[] = {
        {{0}, true, "", 1},                                        /* the SIM's own */
        {{1, 0x91}, true, "", 2},                                  /* no digits, so no '+' */
        {{0, 0x81}, false, "", 2},                                 /* an empty number */
        {{4, 0x91, 0x2F, 0x19}, false, "", 4},                     /* fill only */
        {{0, 0xD0}, false, "", 2},                                 /* an empty name */
        {{10, 0xA1, 0x10, 0xBA, 0xDC, 0xFE}, false, "01*#abc", 7}, /* then fill before the end */
        {{4, 0xD0, 0xC1, 0x20}, false, "AA", 4},                   /* two septets, 14 bits */
        {{13, 0xD0, 0x4F, 0x78, 0xD9, 0x2D, 0x9C, 0x0E, 0x01}, false, "OpenBSC", 9}, /* seven septets */
        {{14, 0xD0, 0x4F, 0x78, 0xD9, 0x2D, 0x9C, 0x0E, 0x01}, false, "OpenBSC", 9}, /* eight: '@' away */
        {{14, 0xD0, 0x4F, 0x78, 0xD9, 0x2D, 0x9C, 0x0E, 0x83}, false, "OpenBSCA", 9},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct pdu_address address;
        size_t used;
        assert_int_equal(pdu_decode_address(rows[i].octets, 12, rows[i].as_smsc, &address, &used), PDU_OK);
        assert_int_equal(used, rows[i].used);
        assert_string_equal(address.text, rows[i].text);
    }
}

/* 22 semi-octets of names: the longest text is of three-byte characters. */
static void test_longest_name(void **state)
{
    uint8_t octets[13] = {22, 0xD0};
    static const uint8_t euros[] = {0x1B, 0x65, 0x1B, 0x65, 0x1B, 0x65, 0x1B, 0x65, 0x1B, 0x65, 0x1B, 0x65};
    struct pdu_address address;
    size_t used;
    (void)state;
    gsm7_pack(euros, COUNT(euros), 0, octets + 2);
    assert_int_equal(pdu_decode_address(octets, sizeof octets, false, &address, &used), PDU_OK);
    assert_string_equal(address.text, "\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac");
    for (unsigned fill = 0; fill < 256; fill++) {
        memset(octets + 2, (int)fill, 11);
        assert_int_equal(pdu_decode_address(octets, sizeof octets, false, &address, &used), PDU_OK);
        assert_true(utf8_valid(address.text, strlen(address.text)));
    }
}

/* ---- times ---- */

static uint8_t swapped(int value)
{
    return (uint8_t)(value % 10 << 4 | value / 10);
}

static void put_time(uint8_t raw[7], const struct tm *tm, int quarters)
{
    raw[0] = swapped(tm->tm_year % 100);
    raw[1] = swapped(tm->tm_mon + 1);
    raw[2] = swapped(tm->tm_mday);
    raw[3] = swapped(tm->tm_hour);
    raw[4] = swapped(tm->tm_min);
    raw[5] = swapped(tm->tm_sec);
    raw[6] = (uint8_t)(swapped(quarters < 0 ? -quarters : quarters) | (quarters < 0 ? 8 : 0));
}

/* Every day from 1970 to 2069 at a time of day that wanders, in a zone that wanders. */
static void test_every_day(void **state)
{
    const time_t end = 3155760000; /* 2070-01-01 */
    int quarters = -79;
    (void)state;
    for (time_t t = 0; t < end; t += 86400 - 7) {
        uint8_t raw[7];
        struct tm tm;
        struct pdu_time time;
        assert_non_null(gmtime_r(&t, &tm));
        put_time(raw, &tm, quarters);
        pdu_decode_time(raw, &time);
        if (!time.valid || time.utc_s != (int64_t)t - quarters * 900 || time.tz_quarters != quarters)
            fail_msg("%lld: got %lld, zone %d", (long long)t, (long long)time.utc_s, time.tz_quarters);
        assert_memory_equal(time.raw, raw, 7);
        quarters = quarters == 79 ? -79 : quarters + 1;
    }
}

static void test_every_octet_of_a_time(void **state)
{
    static const uint8_t good[7] = {0x42, 0x20, 0x92, 0x32, 0x95, 0x95, 0x80}; /* 2024-02-29 23:59:59 +02 */
    static const struct {
        int first, last;
    } range[6] = {{0, 99}, {1, 12}, {1, 29}, {0, 23}, {0, 59}, {0, 59}};
    struct pdu_time time;
    (void)state;
    pdu_decode_time(good, &time);
    assert_true(time.valid);
    for (int field = 0; field < 7; field++)
        for (int octet = 0; octet < 256; octet++) {
            uint8_t raw[7];
            memcpy(raw, good, 7);
            raw[field] = (uint8_t)octet;
            int tens = octet & (field == 6 ? 7 : 15), ones = octet >> 4, value = tens * 10 + ones;
            bool want = tens <= 9 && ones <= 9;
            if (field < 6)
                want = want && value >= range[field].first && value <= range[field].last;
            if (field == 0) /* the day stands in leap years only */
                want = want && value % 4 == 0;
            pdu_decode_time(raw, &time);
            if (time.valid != want)
                fail_msg("field %d octet %02X: %svalid", field, octet, time.valid ? "" : "not ");
            assert_memory_equal(time.raw, raw, 7);
            if (!want)
                assert_true(time.utc_s == 0 && time.tz_quarters == 0);
        }
}

static void test_no_time(void **state)
{
    static const uint8_t rows[][7] = {
        {0, 0, 0, 0, 0, 0, 0},                      /* nothing */
        {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, /* erased */
        {0x12, 0x40, 0x13, 0, 0, 0, 0},             /* 31 April */
        {0x12, 0x20, 0x92, 0, 0, 0, 0},             /* 29 February 2021 */
        {0x42, 0x20, 0x03, 0, 0, 0, 0},             /* 30 February 2024 */
        {0x12, 0x40, 0x10, 0, 0, 0x06, 0},          /* second 60 */
        {0x12, 0x40, 0x10, 0x42, 0, 0, 0},          /* hour 24 */
    };
    struct pdu_time time;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        pdu_decode_time(rows[i], &time);
        assert_false(time.valid);
    }
}

/* ---- validity ---- */

/* 9.2.3.12.1, as the clause says it. */
static int64_t validity_seconds(int vp)
{
    if (vp <= 143)
        return (vp + 1) * 300;
    if (vp <= 167)
        return 12 * 3600 + (vp - 143) * 1800;
    if (vp <= 196)
        return (vp - 166) * 86400;
    return (int64_t)(vp - 192) * 7 * 86400;
}

static void test_every_validity(void **state)
{
    (void)state;
    for (int vp = 0; vp < 256; vp++) {
        int64_t seconds = validity_seconds(vp);
        assert_int_equal(pdu_vp_to_seconds((uint8_t)vp), seconds);
        assert_int_equal(pdu_vp_from_seconds(seconds), vp);
        assert_int_equal(pdu_vp_from_seconds(seconds + 1), vp);
        assert_int_equal(pdu_vp_from_seconds(seconds - 1), vp > 0 ? vp - 1 : 0);
    }
    assert_int_equal(pdu_vp_from_seconds(0), 0);
    assert_int_equal(pdu_vp_from_seconds(INT64_MIN), 0);
    assert_int_equal(pdu_vp_from_seconds(INT64_MAX), 255);
}

/* ---- TP-ST, TP-DCS ---- */

static void test_every_status(void **state)
{
    (void)state;
    for (int st = 0; st < 256; st++) {
        enum pdu_st_class want = st == 0     ? ST_DELIVERED
                                 : st < 0x20 ? ST_ACCEPTED
                                 : st < 0x40 ? ST_TRYING
                                             : ST_FAILED;
        assert_int_equal(pdu_st_class((uint8_t)st), want);
    }
}

/* TS 23.038 clause 4, group by group. */
static void test_every_data_coding(void **state)
{
    static const struct {
        int first, last;
        const char *alphabets; /* by bits 3..2; one letter = for all */
        bool has_class;        /* bits 1..0 */
        bool compressed;
    } groups[] = {
        {0x00, 0x0F, "78u7", false, false}, {0x10, 0x1F, "78u7", true, false},
        {0x20, 0x2F, "78u7", false, true},  {0x30, 0x3F, "78u7", true, true},
        {0x40, 0x4F, "78u7", false, false}, {0x50, 0x5F, "78u7", true, false},
        {0x60, 0x6F, "78u7", false, true},  {0x70, 0x7F, "78u7", true, true},
        {0x80, 0xBF, "7", false, false}, /* reserved */
        {0xC0, 0xDF, "7", false, false}, /* message waiting */
        {0xE0, 0xEF, "u", false, false},    {0xF0, 0xFF, "7878", true, false},
    };
    int next = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(groups); i++)
        for (assert_int_equal(groups[i].first, next); next <= groups[i].last; next++) {
            const char *letters = groups[i].alphabets;
            char letter = letters[1] != '\0' ? letters[next >> 2 & 3] : letters[0];
            int8_t message_class = 99;
            bool compressed;
            enum pdu_alphabet got = pdu_dcs_alphabet((uint8_t)next, &message_class, &compressed);
            enum pdu_alphabet want = letter == '7' ? PDU_GSM7 : letter == '8' ? PDU_8BIT : PDU_UCS2;
            if (got != want || compressed != groups[i].compressed ||
                message_class != (groups[i].has_class ? (next & 3) : -1))
                fail_msg("DCS %02X: alphabet %d, class %d", next, got, message_class);
        }
    assert_int_equal(next, 256);
}

static void test_every_error_has_a_text(void **state)
{
    (void)state;
    for (int error = PDU_OK; error <= PDU_BAD_FIELD; error++)
        assert_true(strlen(pdu_error_text((enum pdu_error)error)) > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_addresses_there_and_back),
        cmocka_unit_test(test_addresses_refused),
        cmocka_unit_test(test_addresses_decoded),
        cmocka_unit_test(test_longest_name),
        cmocka_unit_test(test_every_day),
        cmocka_unit_test(test_every_octet_of_a_time),
        cmocka_unit_test(test_no_time),
        cmocka_unit_test(test_every_validity),
        cmocka_unit_test(test_every_status),
        cmocka_unit_test(test_every_data_coding),
        cmocka_unit_test(test_every_error_has_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
