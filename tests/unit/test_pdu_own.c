/* TPDUs made here: user data headers element by element, text at its edges, what is tolerated and marked,
 * what is refused, every length cut short. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/sms/pdu.h"
#include "host/sms/split.h"
#include "vectors.h"

#define COUNT(rows) (sizeof rows / sizeof rows[0])

#define UDHI 0x40

/* A DELIVER with an SMSC before it; `ud` is put as it is. */
static size_t deliver(uint8_t octets[256], unsigned first_octet, uint8_t dcs, uint8_t udl, const uint8_t *ud,
                      size_t ud_len)
{
    static const uint8_t smsc[] = {3, 0x91, 0x14, 0x97}, sender[] = {4, 0x91, 0x14, 0x97},
                         scts[] = {0x42, 0x20, 0x92, 0x32, 0x95, 0x95, 0x80};
    size_t len = 0;
    memcpy(octets, smsc, sizeof smsc);
    len += sizeof smsc;
    octets[len++] = (uint8_t)first_octet;
    memcpy(octets + len, sender, sizeof sender);
    len += sizeof sender;
    octets[len++] = 0;
    octets[len++] = dcs;
    memcpy(octets + len, scts, sizeof scts);
    len += sizeof scts;
    octets[len++] = udl;
    if (ud_len > 0)
        memcpy(octets + len, ud, ud_len);
    return len + ud_len;
}

static struct pdu decoded(unsigned first_octet, uint8_t dcs, uint8_t udl, const uint8_t *ud, size_t ud_len)
{
    uint8_t octets[256];
    struct pdu pdu;
    size_t len = deliver(octets, first_octet, dcs, udl, ud, ud_len);
    assert_int_equal(pdu_decode(octets, len, true, false, &pdu), PDU_OK);
    assert_string_equal(pdu.smsc.text, "+4179");
    assert_string_equal(pdu.address.text, "+4179");
    assert_int_equal(pdu.tpdu_len, len - 4);
    assert_int_equal(pdu.scts.utc_s, 1709243999);
    return pdu;
}

/* 8-bit data "hi" behind these elements. */
static struct pdu with_elements(const uint8_t *elements, size_t len)
{
    uint8_t ud[PDU_UD_MAX] = {(uint8_t)len};
    memcpy(ud + 1, elements, len);
    memcpy(ud + 1 + len, "hi", 2);
    return decoded(UDHI, 0x04, (uint8_t)(len + 3), ud, len + 3);
}

/* ---- micro.json ---- */

static void element_concat(json_t *value, const uint8_t *octets, size_t len, const struct pdu_udh *got)
{
    char text[800];
    struct split_segment segment;
    struct split_options options = {.concat_bits = (uint8_t)vector_int(value, "bits"),
                                    .ref = (uint16_t)vector_int(value, "ref")};
    const struct split_plan plan = {.alphabet = PDU_GSM7, .count = (unsigned)vector_int(value, "total")};
    assert_true(got->has_concat && !got->has_ports);
    assert_int_equal(got->concat_bits, options.concat_bits);
    assert_int_equal(got->ref, options.ref);
    assert_int_equal(got->total, plan.count);
    assert_int_equal(got->seq, vector_int(value, "seq"));
    memset(text, 'a', sizeof text);
    assert_int_equal(split_build(text, (plan.count - 1) * 153 + 1, &options, &plan, got->seq - 1u, &segment),
                     0);
    assert_memory_equal(segment.ud + 1, octets, len);
}

static void element_ports(json_t *value, const uint8_t *octets, size_t len, const struct pdu_udh *got)
{
    struct split_segment segment;
    struct split_options options = {.concat_bits = 8,
                                    .has_ports = true,
                                    .port_dest = (uint16_t)vector_int(value, "dst"),
                                    .port_source = (uint16_t)vector_int(value, "src")};
    const struct split_plan plan = {.alphabet = PDU_GSM7, .count = 1};
    assert_true(got->has_ports && !got->has_concat);
    assert_int_equal(got->port_bits, vector_int(value, "bits"));
    assert_int_equal(got->port_dest, options.port_dest);
    assert_int_equal(got->port_source, options.port_source);
    if (got->port_bits == 8) /* 16 bits are written always */
        return;
    assert_int_equal(split_build("a", 1, &options, &plan, 0, &segment), 0);
    assert_memory_equal(segment.ud + 1, octets, len);
}

static void element_record(json_t *record)
{
    uint8_t octets[16];
    size_t len = vector_hex(vector_text(record, "hex"), octets, sizeof octets);
    json_t *value = json_object_get(record, "value");
    const struct pdu pdu = with_elements(octets, len);
    assert_int_equal(pdu.flags, 0);
    if (json_object_get(value, "concat") != NULL)
        element_concat(json_object_get(value, "concat"), octets, len, &pdu.udh);
    else
        element_ports(json_object_get(value, "ports"), octets, len, &pdu.udh);
}

/* Segment seq of 2; the other one is filled. */
static void user_data_record(json_t *record)
{
    static const struct split_options options = {.concat_bits = 8, .ref = 0x6F};
    uint8_t ud[PDU_UD_MAX];
    char text[400];
    struct split_plan plan;
    struct split_segment segment;
    size_t len = vector_hex(vector_text(record, "ud"), ud, sizeof ud);
    const struct pdu pdu = decoded(UDHI, 0x00, (uint8_t)vector_int(record, "udl"), ud, len);
    assert_string_equal(pdu.text, vector_text(record, "text"));
    assert_int_equal(pdu.flags, 0);
    memset(text, 'x', 153);
    if (pdu.udh.seq == 1)
        snprintf(text, sizeof text, "%s%060d", pdu.text, 0);
    else
        snprintf(text + 153, sizeof text - 153, "%s", pdu.text);
    assert_int_equal(split_plan(text, strlen(text), &options, &plan), 0);
    assert_int_equal(split_build(text, strlen(text), &options, &plan, pdu.udh.seq - 1u, &segment), 0);
    assert_int_equal(segment.udl, vector_int(record, "udl"));
    assert_int_equal(segment.ud_len, len);
    assert_memory_equal(segment.ud, ud, len);
}

static void micro_record(const char *id, json_t *record)
{
    (void)id;
    if (!vector_is_mine(record, "pdu_own"))
        return;
    if (strcmp(vector_text(record, "what"), "udh-ie") == 0)
        element_record(record);
    else
        user_data_record(record);
}

static void test_vectors(void **state)
{
    (void)state;
    vectors_each("micro.json", micro_record);
}

/* ---- user data header ---- */

static void test_last_element_wins(void **state)
{
    static const uint8_t twice[] = {0x00, 3, 7, 2, 1, 0x00, 3, 8, 3, 2},
                         wider[] = {0x00, 3, 7, 2, 1, 0x08, 4, 1, 2, 4, 3},
                         then_bad[] = {0x00, 3, 7, 2, 1, 0x00, 3, 8, 0, 2},
                         ports[] = {0x04, 2, 9, 8, 0x05, 4, 1, 2, 3, 4};
    (void)state;
    struct pdu pdu = with_elements(twice, sizeof twice);
    assert_true(pdu.udh.ref == 8 && pdu.udh.total == 3 && pdu.udh.seq == 2 && pdu.flags == 0);
    pdu = with_elements(wider, sizeof wider);
    assert_true(pdu.udh.concat_bits == 16 && pdu.udh.ref == 0x0102 && pdu.udh.total == 4 && pdu.udh.seq == 3);
    pdu = with_elements(then_bad, sizeof then_bad); /* ignored as a whole: the one before stands */
    assert_true(pdu.udh.has_concat && pdu.udh.ref == 7 && pdu.udh.total == 2 && pdu.udh.seq == 1);
    assert_int_equal(pdu.flags, PDU_FLAG_BAD_CONCAT);
    pdu = with_elements(ports, sizeof ports);
    assert_true(pdu.udh.port_bits == 16 && pdu.udh.port_dest == 0x0102 && pdu.udh.port_source == 0x0304);
}

/* Every total and sequence number, 9.2.3.24.1. */
static void test_every_concat(void **state)
{
    (void)state;
    for (unsigned total = 0; total < 256; total++)
        for (unsigned seq = 0; seq < 256; seq++) {
            const uint8_t element[] = {0x00, 3, 0x2E, (uint8_t)total, (uint8_t)seq};
            const struct pdu pdu = with_elements(element, sizeof element);
            bool sane = seq >= 1 && seq <= total;
            if (pdu.udh.has_concat != sane || pdu.flags != (sane ? 0u : (unsigned)PDU_FLAG_BAD_CONCAT))
                fail_msg("%u of %u", seq, total);
        }
}

static void test_unknown_elements_are_stepped_over(void **state)
{
    static const uint8_t odd_len[] = {0x00, 4, 1, 2, 1, 0, 0x08, 3, 1, 2, 1, 0x05, 2, 1, 2, 0x24, 2, 1, 1};
    (void)state;
    for (unsigned id = 0; id < 256; id++) {
        const uint8_t elements[] = {(uint8_t)id, 0, 0x70, 2, 1, 2, 0x00, 3, 5, 2, 1};
        const struct pdu pdu = with_elements(elements, sizeof elements);
        assert_true(pdu.udh.has_concat && pdu.udh.ref == 5 && pdu.flags == 0);
        assert_int_equal(pdu.udh.len, sizeof elements);
        assert_memory_equal(pdu.ud + sizeof elements + 1, "hi", 3);
    }
    const struct pdu pdu = with_elements(odd_len, sizeof odd_len);
    assert_true(!pdu.udh.has_concat && !pdu.udh.has_ports && pdu.udh.alphabet.single == 0);
}

static void test_bad_headers(void **state)
{
    static const struct {
        uint8_t ud[8];
        size_t len;
    } rows[] = {
        {{4, 'a', 'b'}, 3},         /* UDHL past the end */
        {{1, 0x00, 'a'}, 3},        /* an element without a length */
        {{5, 0x00, 4, 1, 2, 1}, 6}, /* IEL past the header */
        {{3, 0x24, 1, 1, 'a'}, 5},  /* sound: see below */
        {{4, 0x24, 1, 1, 0x25}, 5}, /* one octet too many */
        {{0xFF, 0x00, 3, 1, 2, 1}, 6},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct pdu pdu = decoded(UDHI, 0x04, (uint8_t)rows[i].len, rows[i].ud, rows[i].len);
        assert_int_equal(pdu.flags, i == 3 ? 0 : PDU_FLAG_BAD_UDH);
        assert_int_equal(pdu.udh.len, i == 3 ? 3 : 0);
        assert_int_equal(pdu.udh.alphabet.single, i == 3 ? 1 : 0); /* nothing of a bad header counts */
        assert_int_equal(pdu.ud_len, rows[i].len);
        assert_memory_equal(pdu.ud, rows[i].ud, rows[i].len);
    }
    uint8_t octets[256];
    struct pdu pdu;
    size_t len = deliver(octets, UDHI, 0, 0, NULL, 0);
    assert_int_equal(pdu_decode(octets, len, true, false, &pdu), PDU_BAD_UDL);
}

/* A header of any length: the text begins at a septet boundary (9.2.3.24). */
static void test_every_header_length(void **state)
{
    (void)state;
    for (unsigned udhl = 0; udhl <= 139; udhl++) {
        uint8_t ud[PDU_UD_MAX] = {(uint8_t)udhl}, septets[160];
        size_t header = udhl + 1u, header_septets = (header * 8 + 6) / 7, count = 160 - header_septets;
        if (udhl == 1) /* no element is that short */
            continue;
        if (udhl > 0) {
            ud[1] = 0x70;
            ud[2] = (uint8_t)(udhl - 2);
        }
        for (size_t i = 0; i < count; i++)
            septets[i] = (uint8_t)('a' + i % 26);
        gsm7_pack(septets, count, (unsigned)(header_septets * 7 - header * 8), ud + header);
        const struct pdu pdu = decoded(UDHI, 0x00, 160, ud, PDU_UD_MAX);
        assert_int_equal(pdu.flags, 0);
        assert_int_equal(strlen(pdu.text), count);
        assert_memory_equal(pdu.text, septets, count);
    }
}

static void test_national_elements(void **state)
{
    static const uint8_t ud[] = {6, 0x24, 1, 1, 0x25, 1, 14, 0x1B ^ 0x1B, 0, 0};
    uint8_t octets[PDU_UD_MAX], septets[] = {0x1B, 'G', 0x1B, 'e', 'a'};
    (void)state;
    memcpy(octets, ud, 7);
    gsm7_pack(septets, COUNT(septets), 0, octets + 7);
    const struct pdu pdu = decoded(UDHI, 0x00, 8 + COUNT(septets), octets, 12);
    assert_string_equal(pdu.text, "\u011e\u20aca"); /* locking shift 14 is none: the default */
}

/* ---- text ---- */

static void test_ucs2(void **state)
{
    static const struct {
        uint8_t ud[12];
        uint8_t len;
        const char *text;
        unsigned flags;
    } rows[] = {
        {{0x00, 0x41, 0x20, 0xAC}, 4, "A\u20ac", 0},
        {{0xD8, 0x3D, 0xDE, 0x00}, 4, "\U0001F600", 0},
        {{0xDB, 0xFF, 0xDF, 0xFF}, 4, "\U0010FFFF", 0},
        {{0xD8, 0x3D, 0x00, 0x41}, 4, "\uFFFDA", PDU_FLAG_LONE_SURROGATE},
        {{0xDE, 0x00, 0x00, 0x41}, 4, "\uFFFDA", PDU_FLAG_LONE_SURROGATE},
        {{0x00, 0x41, 0xD8, 0x3D}, 4, "A\uFFFD", PDU_FLAG_LONE_SURROGATE},
        {{0xDC, 0x00, 0xDE, 0x00}, 4, "\uFFFD\uFFFD", PDU_FLAG_LONE_SURROGATE},
        {{0xDE, 0x00, 0xD8, 0x3D}, 4, "\uFFFD\uFFFD", PDU_FLAG_LONE_SURROGATE},
        {{0xD8, 0x3D, 0xE0, 0x00}, 4, "\uFFFD\uE000", PDU_FLAG_LONE_SURROGATE}, /* past the low surrogates */
        {{0xDB, 0xFF, 0xFF, 0xFF}, 4, "\uFFFD\uFFFF", PDU_FLAG_LONE_SURROGATE},
        {{0xD8, 0x3D, 0xD8, 0x3D, 0xDE, 0x00}, 6, "\uFFFD\U0001F600", PDU_FLAG_LONE_SURROGATE},
        {{0xFE, 0xFF, 0x00, 0x41}, 4, "A", 0},                    /* byte order mark */
        {{0x00, 0x41, 0xFE, 0xFF}, 4, "A\uFEFF", 0},              /* none elsewhere */
        {{0x00, 0x41, 0x00, 0x00, 0x00, 0x42}, 6, "A\uFFFDB", 0}, /* nothing after it is lost */
        {{0x00, 0x41, 0x20}, 3, "A", PDU_FLAG_ODD_UCS2},
        {{0x00}, 0, "", 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct pdu pdu = decoded(0, 0x08, rows[i].len, rows[i].ud, rows[i].len);
        if (strcmp(pdu.text, rows[i].text) != 0 || pdu.flags != rows[i].flags)
            fail_msg("row %zu: \"%s\", flags %u", i, pdu.text, pdu.flags);
    }
}

/* UDL over what user data can be is cut to it; octets past the user data are a tail. */
static void test_lengths(void **state)
{
    static const struct {
        uint8_t dcs, udl;
        size_t len;
        unsigned flags;
        uint8_t ud_len;
    } rows[] = {
        {0x00, 160, 140, 0, 140},
        {0x00, 161, 140, PDU_FLAG_UDL_CLAMPED, 140},
        {0x00, 255, 140, PDU_FLAG_UDL_CLAMPED, 140},
        {0x00, 160, 141, PDU_FLAG_TAIL, 140},
        {0x04, 140, 140, 0, 140},
        {0x04, 141, 140, PDU_FLAG_UDL_CLAMPED, 140},
        {0x08, 140, 140, 0, 140},
        {0x08, 255, 150, PDU_FLAG_UDL_CLAMPED | PDU_FLAG_TAIL, 140},
        {0x20, 140, 140, PDU_FLAG_COMPRESSED, 140}, /* compressed: octets, no text */
        {0x28, 3, 3, PDU_FLAG_COMPRESSED, 3},
        {0x00, 0, 0, 0, 0},
        {0x00, 0, 1, PDU_FLAG_TAIL, 0},
    };
    uint8_t ud[200];
    (void)state;
    memset(ud, 0x41, sizeof ud);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct pdu pdu = decoded(0, rows[i].dcs, rows[i].udl, ud, rows[i].len);
        if (pdu.flags != rows[i].flags || pdu.ud_len != rows[i].ud_len || pdu.udl != rows[i].udl)
            fail_msg("row %zu: flags %u, %u octets, UDL %u", i, pdu.flags, pdu.ud_len, pdu.udl);
        assert_true(!(pdu.flags & PDU_FLAG_COMPRESSED) || pdu.text[0] == '\0');
    }
}

/* Every TPDU cut at every octet is refused, and never read past its end: each copy is its exact size. */
static void test_every_cut(void **state)
{
    uint8_t whole[256], ud[PDU_UD_MAX];
    (void)state;
    memset(ud, 0x41, sizeof ud);
    size_t len = deliver(whole, 0, 0x04, 140, ud, 140);
    for (size_t cut = 0; cut < len; cut++) {
        struct pdu pdu;
        uint8_t *copy = malloc(cut > 0 ? cut : 1);
        assert_non_null(copy);
        memcpy(copy, whole, cut);
        enum pdu_error error = pdu_decode(copy, cut, true, false, &pdu);
        assert_int_equal(error, cut < len - 140 ? PDU_TRUNCATED : PDU_BAD_UDL);
        assert_int_equal(pdu.flags, PDU_FLAG_BROKEN); /* and what stands before the cut is there */
        assert_string_equal(pdu.smsc.text, cut < 4 ? "" : "+4179");
        assert_string_equal(pdu.address.text, cut < 9 ? "" : "+4179");
        assert_int_equal(pdu.address.toa, cut < 9 ? 0 : 0x91);
        assert_int_equal(pdu.dcs, cut < 11 ? 0 : 4);
        assert_int_equal(pdu.scts.valid, cut >= 18);
        assert_true(pdu.ud_len == 0 && pdu.text[0] == '\0');
        free(copy);
    }
}

/* ---- hex and direction ---- */

static void test_hex(void **state)
{
    static const char good[] = "0001000B914316565811f9000004E8373b0C";
    char bad[sizeof good], *huge = malloc(5000);
    struct pdu pdu;
    (void)state;
    assert_int_equal(pdu_decode_hex(good, sizeof good - 1, true, true, &pdu), PDU_OK);
    assert_string_equal(pdu.text, "hola");
    assert_int_equal(pdu_decode_hex(good, sizeof good - 2, true, true, &pdu), PDU_BAD_HEX);
    assert_int_equal(pdu_decode_hex("", 0, true, true, &pdu), PDU_TRUNCATED);
    assert_int_equal(pdu_decode_hex("", 0, false, true, &pdu), PDU_TRUNCATED);
    for (int c = 1; c < 256; c++) {
        memcpy(bad, good, sizeof good);
        bad[8] = (char)c;
        bool digit = strchr("0123456789abcdefABCDEF", c) != NULL;
        assert_int_equal(pdu_decode_hex(bad, sizeof good - 1, true, true, &pdu) == PDU_BAD_HEX, !digit);
    }
    assert_non_null(huge);
    memset(huge, '0', 5000);
    memcpy(huge, good, sizeof good - 1);
    assert_int_equal(pdu_decode_hex(huge, 5000, true, true, &pdu), PDU_OK);
    assert_int_equal(pdu.flags, PDU_FLAG_TAIL);
    assert_int_equal(pdu.tpdu_len, 255);
    free(huge);
}

static void test_types(void **state)
{
    static const struct {
        unsigned type;
        bool stored;
        enum pdu_error error;
        enum pdu_type got;
    } rows[] = {
        {0, false, PDU_OK, PDU_DELIVER}, {1, false, PDU_BAD_TYPE, 0},   {2, false, PDU_OK, PDU_STATUS_REPORT},
        {3, false, PDU_OK, PDU_DELIVER}, /* reserved, 9.2.3.1 */
        {0, true, PDU_BAD_TYPE, 0},      {1, true, PDU_OK, PDU_SUBMIT}, {2, true, PDU_BAD_TYPE, 0},
        {3, true, PDU_BAD_TYPE, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t octets[64] = {0, (uint8_t)rows[i].type};
        struct pdu pdu;
        assert_int_equal(pdu_decode(octets, sizeof octets, true, rows[i].stored, &pdu), rows[i].error);
        if (rows[i].error == PDU_OK)
            assert_int_equal(pdu.type, rows[i].got);
    }
}

/* After TP-ST: parameters as the indicator says; what is not sound is a tail, and the report stands. */
static void test_report_rest(void **state)
{
    static const char head[] = "0006040491149742209232959580422092329595800";
    static const struct {
        const char *rest; /* begins with the low digit of TP-ST */
        unsigned flags;
        const char *text;
        uint8_t pid;
    } rows[] = {
        {"0", 0, "", 0},
        {"000", 0, "", 0},
        {"0017F", 0, "", 0x7F},
        {"0040161", 0, "a", 0}, /* UDL 1 */
        {"00700000161", 0, "a", 0},
        {"00600040261", PDU_FLAG_TAIL, "", 0},
        {"0FF", PDU_FLAG_TAIL, "", 0},
        {"0FFFFFF", PDU_FLAG_TAIL, "", 0},
        {"007", PDU_FLAG_TAIL, "", 0},
        {"008", 0, "", 0},                    /* reserved bits are ignored, 9.2.3.27 */
        {"07D7F0161", 0, "a", 0x7F},          /* all of them */
        {"00C016142", PDU_FLAG_TAIL, "a", 0}, /* what they announce stands behind the user data */
        {"084000161", 0, "a", 0},             /* another indicator octet */
        {"085007F0161", 0, "a", 0x7F},
        {"08180007F7F", PDU_FLAG_TAIL, "", 0x7F}, /* and another */
        {"084", PDU_FLAG_TAIL, "", 0},
        {"00000", PDU_FLAG_TAIL, "", 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char hex[128];
        struct pdu pdu;
        snprintf(hex, sizeof hex, "%s%s", head, rows[i].rest);
        enum pdu_error error = pdu_decode_hex(hex, strlen(hex), true, false, &pdu);
        if (error != PDU_OK || pdu.flags != rows[i].flags || strcmp(pdu.text, rows[i].text) != 0 ||
            pdu.pid != rows[i].pid)
            fail_msg("%s: %s, flags %u, \"%s\"", hex, pdu_error_text(error), pdu.flags, pdu.text);
        assert_true(pdu.mr == 4 && pdu.st == 0 && pdu.discharge.valid);
    }
}

static void test_odd_number_is_marked(void **state)
{
    static const char *const rows[][2] = {
        {"000404911497000042209232959580"
         "00",
         "+4179"},
        {"0004049114BA000042209232959580"
         "00",
         "+41*#"},
        {"000404811 4BA000042209232959580"
         "00",
         NULL},
        {"0004048114BA000042209232959580"
         "00",
         "41*#"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct pdu pdu;
        enum pdu_error error = pdu_decode_hex(rows[i][0], strlen(rows[i][0]), true, false, &pdu);
        assert_int_equal(error, rows[i][1] != NULL ? PDU_OK : PDU_BAD_HEX);
        if (rows[i][1] == NULL)
            continue;
        assert_string_equal(pdu.address.text, rows[i][1]);
        assert_int_equal(pdu.flags, i == 1 ? PDU_FLAG_ODD_NUMBER : 0);
    }
}

/* ---- SUBMIT ---- */

/* Each format of the validity period, 9.2.3.3: none, enhanced, relative, absolute. */
static void test_stored_validity(void **state)
{
    static const struct {
        const char *hex, *text;
        uint8_t vpf, vp[7];
        enum pdu_error error;
    } rows[] = {
        {"0001000491149700000161", "a", 0, {0}, PDU_OK},
        {"000900049114970000010500000000000161", "a", 1, {1, 5}, PDU_OK}, /* enhanced: a relative one */
        {"000900049114970000431250000000000161", "a", 1, {0x43, 0x12, 0x50}, PDU_OK}, /* single shot, h m s */
        {"000900049114970000010500000000", "", 1, {1, 5}, PDU_TRUNCATED},
        {"001100049114970000FF0161", "a", 2, {0xFF}, PDU_OK},
        {"001900049114970000422092329595800161", "a", 3, {0x42, 0x20, 0x92, 0x32, 0x95, 0x95, 0x80}, PDU_OK},
        {"001900049114970000422092329595", "", 3, {0x42, 0x20, 0x92, 0x32, 0x95, 0x95}, PDU_TRUNCATED},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct pdu pdu;
        assert_int_equal(pdu_decode_hex(rows[i].hex, strlen(rows[i].hex), true, true, &pdu), rows[i].error);
        assert_int_equal(pdu.vpf, rows[i].vpf);
        assert_memory_equal(pdu.vp, rows[i].vp, 7);
        assert_string_equal(pdu.text, rows[i].text);
    }
}

static void test_submit_fields(void **state)
{
    (void)state;
    for (int bits = 0; bits < 16; bits++)
        for (int vp = -1; vp < 256; vp++) {
            const struct pdu_submit submit = {.smsc = bits & 1 ? "+41794999000" : "",
                                              .to = "+41791234567",
                                              .mr = (uint8_t)(vp + 1),
                                              .status_report = bits & 2,
                                              .reject_duplicates = bits & 4,
                                              .vp_relative = vp,
                                              .pid = 0x40,
                                              .dcs = 0x04,
                                              .udl = bits & 8 ? 2 : 0,
                                              .ud = (const uint8_t *)"hi",
                                              .ud_len = bits & 8 ? 2 : 0};
            char hex[PDU_HEX_MAX];
            size_t tpdu_len;
            struct pdu pdu;
            assert_int_equal(pdu_encode_submit(&submit, hex, &tpdu_len), PDU_OK);
            assert_int_equal(pdu_decode_hex(hex, strlen(hex), true, true, &pdu), PDU_OK);
            assert_string_equal(pdu.smsc.text, submit.smsc);
            assert_string_equal(pdu.address.text, submit.to);
            assert_int_equal(pdu.tpdu_len, tpdu_len);
            assert_int_equal(pdu.vpf, vp >= 0 ? 2 : 0);
            assert_int_equal(pdu.vp[0], vp >= 0 ? vp : 0);
            assert_int_equal(pdu.first_octet,
                             0x01 | (bits & 4 ? 4 : 0) | (vp >= 0 ? 0x10 : 0) | (bits & 2 ? 0x20 : 0));
            assert_true(pdu.mr == submit.mr && pdu.pid == 0x40 && pdu.dcs == 0x04);
            assert_int_equal(pdu.ud_len, submit.ud_len);
            assert_memory_equal(pdu.ud, bits & 8 ? "hi" : "\0", 2);
        }
}

static void test_submit_refused(void **state)
{
    static const uint8_t ud[PDU_UD_MAX + 1];
    static const struct {
        struct pdu_submit submit;
        enum pdu_error error;
    } rows[] = {
        {{.to = "+41791234567", .vp_relative = 256, .ud = ud}, PDU_BAD_FIELD},
        {{.to = "", .ud = ud}, PDU_BAD_ADDRESS},
        {{.to = "Cellpost", .ud = ud}, PDU_BAD_ADDRESS},
        {{.to = "+41791234567", .smsc = "nobody", .ud = ud}, PDU_BAD_ADDRESS},
        {{.to = "+41791234567", .smsc = "+", .ud = ud}, PDU_BAD_ADDRESS},
        {{.to = "+41791234567", .dcs = 4, .udl = 141, .ud = ud, .ud_len = 141}, PDU_TOO_LONG},
        {{.to = "+41791234567", .dcs = 4, .udl = 4, .ud = ud, .ud_len = 3}, PDU_BAD_UDL},
        {{.to = "+41791234567", .dcs = 0, .udl = 161, .ud = ud, .ud_len = 140}, PDU_BAD_UDL},
        {{.to = "+41791234567", .dcs = 0, .udl = 8, .ud = ud, .ud_len = 8}, PDU_BAD_UDL},
        {{.to = "+41791234567", .dcs = 0x20, .udl = 8, .ud = ud, .ud_len = 7}, PDU_BAD_UDL},
        {{.to = "+41791234567", .dcs = 0x20, .udl = 8, .ud = ud, .ud_len = 8}, PDU_OK}, /* octets */
        {{.to = "+41791234567", .dcs = 0, .udl = 8, .ud = ud, .ud_len = 7}, PDU_OK},
        {{.to = "12345678901234567890",
          .smsc = "+12345678901234567890",
          .vp_relative = 255,
          .dcs = 0,
          .udl = 160,
          .ud = ud,
          .ud_len = 140},
         PDU_OK}, /* the longest */
    };
    char hex[PDU_HEX_MAX];
    size_t tpdu_len;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (pdu_encode_submit(&rows[i].submit, hex, &tpdu_len) != rows[i].error)
            fail_msg("row %zu", i);
    assert_int_equal(tpdu_len, 1 + 1 + 12 + 4 + 140);
    assert_int_equal(strlen(hex), 2 * (12 + tpdu_len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_last_element_wins),
        cmocka_unit_test(test_every_concat),
        cmocka_unit_test(test_unknown_elements_are_stepped_over),
        cmocka_unit_test(test_bad_headers),
        cmocka_unit_test(test_every_header_length),
        cmocka_unit_test(test_national_elements),
        cmocka_unit_test(test_ucs2),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_report_rest),
        cmocka_unit_test(test_odd_number_is_marked),
        cmocka_unit_test(test_stored_validity),
        cmocka_unit_test(test_submit_fields),
        cmocka_unit_test(test_submit_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
