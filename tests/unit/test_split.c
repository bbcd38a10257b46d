/* From text to segments and back: the alphabet chosen, the counts, the headers, and where a segment may end.
 * Whatever is built is read again by the PDU decoder, so that each side proves the other. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/sms/pdu.h"
#include "host/sms/split.h"
#include "host/sms/utf8.h"
#include "vectors.h"

#define COUNT(rows) (sizeof rows / sizeof rows[0])

#define EMOJI  "\U0001F600"
#define FLAG   "\U0001F1E8\U0001F1ED"
#define FAMILY "\U0001F468\u200D\U0001F469\u200D\U0001F467\u200D\U0001F466" /* 11 UTF-16 units */

static char text[90000];

/* "head", then `piece` `times` times, then "tail". */
static size_t put(const char *head, const char *piece, size_t times, const char *tail)
{
    size_t piece_len = strlen(piece), len = strlen(head);
    assert_true(len + piece_len * times + strlen(tail) < sizeof text);
    memcpy(text, head, len);
    for (size_t i = 0; i < times; i++, len += piece_len)
        memcpy(text + len, piece, piece_len);
    memcpy(text + len, tail, strlen(tail) + 1);
    return len + strlen(tail);
}

static void decode_segment(const struct split_plan *plan, const struct split_segment *segment,
                           struct pdu *pdu)
{
    const struct pdu_submit submit = {.to = "+41791234567",
                                      .udhi = segment->udhi,
                                      .vp_relative = -1,
                                      .dcs = plan->dcs,
                                      .udl = segment->udl,
                                      .ud = segment->ud,
                                      .ud_len = segment->ud_len};
    char hex[PDU_HEX_MAX];
    size_t tpdu_len;
    assert_int_equal(pdu_encode_submit(&submit, hex, &tpdu_len), PDU_OK);
    assert_int_equal(pdu_decode_hex(hex, strlen(hex), true, true, pdu), PDU_OK);
    assert_int_equal(pdu->flags, 0);
    assert_int_equal(pdu->alphabet, plan->alphabet);
}

/* Segments follow each other without a gap, say who they are, and carry their piece of the text. */
static void check_segments(const char *what, size_t len, const struct split_options *options,
                           const struct split_plan *plan)
{
    size_t at = 0;
    unsigned mask = options->concat_bits == 16 ? 0xFFFF : 0xFF;
    for (unsigned i = 0; i < plan->count; i++) {
        struct split_segment segment;
        struct pdu pdu;
        assert_int_equal(split_build(what, len, options, plan, i, &segment), 0);
        assert_int_equal(segment.text_off, at);
        assert_true(segment.text_len > 0 || len == 0);
        at += segment.text_len;
        decode_segment(plan, &segment, &pdu);
        assert_int_equal(strlen(pdu.text), segment.text_len);
        assert_memory_equal(pdu.text, what + segment.text_off, segment.text_len);
        assert_int_equal(pdu.udh.has_concat, plan->count > 1);
        if (plan->count > 1) {
            assert_int_equal(pdu.udh.concat_bits, options->concat_bits);
            assert_int_equal(pdu.udh.ref, options->ref & mask);
            assert_int_equal(pdu.udh.total, plan->count);
            assert_int_equal(pdu.udh.seq, i + 1);
        }
        assert_int_equal(pdu.udh.has_ports, options->has_ports);
        assert_int_equal(pdu.udh.alphabet.locking, plan->national.locking);
        assert_int_equal(pdu.udh.alphabet.single, plan->national.single);
    }
    assert_int_equal(at, len);
    struct split_segment past;
    assert_int_equal(split_build(what, len, options, plan, plan->count, &past), -ERANGE);
}

static struct split_plan plan_of(size_t len, const struct split_options *options)
{
    struct split_plan plan;
    assert_int_equal(split_plan(text, len, options, &plan), 0);
    assert_int_equal(plan.dcs, plan.alphabet == PDU_UCS2 ? 0x08 : 0x00);
    check_segments(text, len, options, &plan);
    return plan;
}

static size_t segment_len(size_t len, const struct split_options *options, unsigned index)
{
    struct split_segment segment;
    const struct split_plan plan = plan_of(len, options);
    assert_int_equal(split_build(text, len, options, &plan, index, &segment), 0);
    return segment.text_len;
}

/* ---- segments.json ---- */

static size_t spec_text(json_t *record)
{
    size_t i, len = put(vector_text(record, "text"), "", 0, "");
    json_t *spec;
    json_array_foreach(json_object_get(record, "text_spec"), i, spec)
    {
        const char *piece = vector_text(spec, "s");
        for (long long n = vector_int(spec, "repeat"); n > 0; n--, len += strlen(piece)) {
            assert_true(len + strlen(piece) < sizeof text);
            memcpy(text + len, piece, strlen(piece) + 1);
        }
    }
    return len;
}

static size_t char_count(const char *s, size_t len)
{
    size_t count = 0;
    for (size_t at = 0, used; at < len; at += used, count++)
        utf8_next(s + at, len - at, &used, NULL);
    return count;
}

/* These records know the single shift table only; a locking one may save more, so the plan is made as theirs.
 */
static void national_record(const char *id, json_t *record, size_t len)
{
    size_t i, septets = 0;
    json_t *chars;
    struct split_options options = {.concat_bits = 8, .national = 1 << 1};
    struct split_plan plan = plan_of(len, &options);
    assert_int_equal(plan.alphabet, PDU_GSM7);
    assert_in_range(plan.count, 1, vector_int(record, "expect_segments"));
    plan.national = (struct gsm7_alphabet){0, 1};
    plan.count = (unsigned)vector_int(record, "expect_segments");
    check_segments(text, len, &options, &plan);
    json_array_foreach(json_object_get(record, "expect_split_chars"), i, chars)
    {
        struct split_segment segment;
        assert_int_equal(split_build(text, len, &options, &plan, (unsigned)i, &segment), 0);
        if (char_count(text + segment.text_off, segment.text_len) != (size_t)json_integer_value(chars))
            fail_msg("%s: segment %zu", id, i + 1);
        septets += segment.udl - ((segment.ud[0] + 1u) * 8 + 6) / 7;
    }
    assert_int_equal(i, plan.count);
    assert_int_equal(septets, vector_int(record, "expect_septets"));
    options.national = 0;
    plan = plan_of(len, &options);
    assert_int_equal(plan.alphabet, PDU_UCS2);
    assert_int_equal(plan.count, vector_int(json_object_get(record, "fallback_without_nls"), "segments"));
}

static void segments_record(const char *id, json_t *record)
{
    struct split_plan plan;
    size_t len = spec_text(record);
    struct split_options options = {.concat_bits = vector_int(record, "concat_bits") == 16 ? 16 : 8,
                                    .ref = 0x1234};
    if (strchr(vector_text(record, "expect_encoding"), '+') != NULL) {
        national_record(id, record, len);
        return;
    }
    if (vector_text(record, "force_encoding")[0] != '\0')
        options.encoding = SPLIT_UCS2;
    int status = split_plan(text, len, &options, &plan);
    if (strcmp(vector_text(record, "expect"), "reject-too-long") == 0) {
        assert_int_equal(status, -EMSGSIZE);
        return;
    }
    if (status != 0 || plan.count != vector_int(record, "expect_segments"))
        fail_msg("%s: %d, %u segments", id, status, plan.count);
    bool ucs2 = strcmp(vector_text(record, "expect_encoding"), "ucs2") == 0;
    assert_int_equal(plan.alphabet, ucs2 ? PDU_UCS2 : PDU_GSM7);
    check_segments(text, len, &options, &plan);
}

static void test_vectors(void **state)
{
    (void)state;
    vectors_each("segments.json", segments_record);
}

/* ---- capacity ---- */

static void test_capacity(void **state)
{
    static const struct {
        const char *piece;
        uint8_t concat_bits;
        bool has_ports;
        unsigned one, many;
    } rows[] = {
        {"a", 8, false, 160, 153},     {"a", 16, false, 160, 152},   {"a", 8, true, 152, 146},
        {"a", 16, true, 152, 145},     {"\u0416", 8, false, 70, 67}, {"\u0416", 16, false, 70, 66},
        {"\u0416", 8, true, 66, 64},   {"\u0416", 16, true, 66, 63}, {"\u20ac", 8, false, 80, 76},
        {"\u20ac", 16, false, 80, 76}, {EMOJI, 8, false, 35, 33},    {EMOJI, 16, false, 35, 33},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct split_options options = {.concat_bits = rows[i].concat_bits,
                                              .ref = 0xABCD,
                                              .has_ports = rows[i].has_ports,
                                              .port_dest = 2948,
                                              .port_source = 9200};
        assert_int_equal(plan_of(put("", rows[i].piece, rows[i].one, ""), &options).count, 1);
        assert_int_equal(plan_of(put("", rows[i].piece, rows[i].one + 1, ""), &options).count, 2);
        assert_int_equal(plan_of(put("", rows[i].piece, 2 * rows[i].many, ""), &options).count, 2);
        assert_int_equal(plan_of(put("", rows[i].piece, 2 * rows[i].many + 1, ""), &options).count, 3);
    }
}

static void test_limit(void **state)
{
    static const struct split_options options = {.concat_bits = 16};
    struct split_plan plan;
    (void)state;
    size_t len = put("", EMOJI, 255 * 33, "");
    assert_int_equal(split_plan(text, len, &options, &plan), 0);
    assert_int_equal(plan.count, 255);
    check_segments(text, len, &options, &plan);
    len = put("", EMOJI, 255 * 33, "a");
    assert_int_equal(split_plan(text, len, &options, &plan), -EMSGSIZE);
    /* 152 septets hold 76 pairs */
    len = put("", "[", 255 * 76, "");
    assert_int_equal(split_plan(text, len, &options, &plan), 0);
    assert_int_equal(plan.count, 255);
    len = put("", "[", 255 * 76, "a");
    assert_int_equal(split_plan(text, len, &options, &plan), -EMSGSIZE);
}

static void test_empty(void **state)
{
    static const struct split_options plain = {.concat_bits = 8},
                                      ports = {.concat_bits = 8, .has_ports = true},
                                      ucs2 = {.concat_bits = 8, .encoding = SPLIT_UCS2};
    struct split_segment segment;
    (void)state;
    put("", "", 0, "");
    struct split_plan plan = plan_of(0, &plain);
    assert_int_equal(plan.count, 1);
    assert_int_equal(split_build(text, 0, &plain, &plan, 0, &segment), 0);
    assert_true(!segment.udhi && segment.udl == 0 && segment.ud_len == 0);
    plan = plan_of(0, &ports);
    assert_int_equal(split_build(text, 0, &ports, &plan, 0, &segment), 0);
    assert_true(segment.udhi && segment.udl == 8 && segment.ud_len == 7);
    assert_int_equal(plan_of(0, &ucs2).alphabet, PDU_UCS2);
}

static void test_headers(void **state)
{
    static const struct {
        struct split_options options;
        uint8_t header[13];
    } rows[] = {
        {{.concat_bits = 8, .ref = 0x1288}, {5, 0x00, 3, 0x88, 2, 2}},
        {{.concat_bits = 16, .ref = 0x1288}, {6, 0x08, 4, 0x12, 0x88, 2, 2}},
        {{.concat_bits = 8, .ref = 1, .has_ports = true, .port_dest = 0x0B84, .port_source = 0x23F0},
         {11, 0x00, 3, 1, 2, 2, 0x05, 4, 0x0B, 0x84, 0x23, 0xF0}},
        {{.concat_bits = 16, .ref = 1, .has_ports = true, .port_dest = 0x0B84, .port_source = 0x23F0},
         {12, 0x08, 4, 0, 1, 2, 2, 0x05, 4, 0x0B, 0x84, 0x23, 0xF0}},
    };
    (void)state;
    size_t len = put("", "a", 200, "");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct split_segment segment;
        const struct split_plan plan = plan_of(len, &rows[i].options);
        assert_int_equal(split_build(text, len, &rows[i].options, &plan, 1, &segment), 0);
        assert_true(segment.udhi);
        assert_memory_equal(segment.ud, rows[i].header, rows[i].header[0] + 1u);
    }
}

/* ---- where a segment ends ---- */

/* The first segment of a text that takes several: how many of its bytes. */
static void test_ends(void **state)
{
    static const struct {
        const char *about, *fill;
        size_t times;
        const char *edge;
        size_t edge_taken; /* bytes of the edge that the first segment still has */
    } rows[] = {
        {"an escape pair stays whole", "a", 152, "[bcdefghijk", 0},
        {"and is taken where both septets fit", "a", 151, "[bcdefghijk", 1},
        {"the euro too", "a", 152, "\u20acbcdefghijk", 0},
        {"a surrogate pair stays whole", "\u0416", 66, EMOJI "abcdefgh", 0},
        {"and is taken where both units fit", "\u0416", 65, EMOJI "abcdefgh", 4},
        {"a combining mark stays with its letter", "\u0416", 66, "e\u0301abcdefgh", 0},
        {"two marks", "\u0416", 65, "e\u0301\u0323abcdefgh", 0},
        {"marks that fit", "\u0416", 64, "e\u0301\u0323abcdefgh", 5},
        {"a variation selector", "\u0416", 66, "\u2764\uFE0Fabcdefgh", 0},
        {"a skin tone", "\u0416", 64, "\U0001F44D\U0001F3FDabcdefgh", 0},
        {"a skin tone that fits", "\u0416", 63, "\U0001F44D\U0001F3FDabcdefgh", 8},
        {"a flag", "\u0416", 64, FLAG "abcdefgh", 0},
        {"a flag that fits, and the next", "\u0416", 63, FLAG FLAG "abcdefgh", 8},
        {"a family", "\u0416", 57, FAMILY "abcdefgh", 0},
        {"a family that fits", "\u0416", 56, FAMILY "abcdefgh", 25},
        {"Hangul of parts", "\u0416", 65, "\u1100\u1161\u11A8abcdefgh", 0},
        {"a line end in UCS-2", "\u0416", 66, "\r\nabcdefgh", 0},
        {"a line end in GSM 7-bit", "a", 152, "\r\nbcdefghijk", 0},
    };
    static const struct split_options options = {.concat_bits = 8};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t len = put("", rows[i].fill, rows[i].times, rows[i].edge);
        size_t want = rows[i].times * strlen(rows[i].fill) + rows[i].edge_taken;
        if (segment_len(len, &options, 0) != want)
            fail_msg("%s: %zu bytes, not %zu", rows[i].about, segment_len(len, &options, 0), want);
    }
}

/* A cluster that no segment can hold is cut between its characters. */
static void test_cluster_too_long(void **state)
{
    static const struct split_options options = {.concat_bits = 8};
    (void)state;
    size_t len = put("e", "\u0301", 200, "");
    assert_int_equal(segment_len(len, &options, 0), 1 + 66 * 2);
    assert_int_equal(segment_len(len, &options, 1), 67 * 2);
    len = put("abce", "\u0301", 200, ""); /* what is before it goes by itself */
    assert_int_equal(segment_len(len, &options, 0), 3);
    len = put("\U0001F468", "\u200D\U0001F468", 40, ""); /* pairs stay pairs even then */
    assert_int_equal(plan_of(len, &options).count, 2);
}

/* ---- the choice ---- */

static void test_errors(void **state)
{
    static const struct split_options automatic = {.concat_bits = 8},
                                      forced = {.concat_bits = 8, .encoding = SPLIT_GSM7},
                                      national = {.concat_bits = 8, .encoding = SPLIT_GSM7, .national = 2};
    struct split_plan plan;
    (void)state;
    assert_int_equal(split_plan("a\xFF", 2, &automatic, &plan), -EILSEQ);
    assert_int_equal(split_plan("\xED\xA0\x80", 3, &automatic, &plan), -EILSEQ);
    assert_int_equal(split_plan("\u0416", 2, &forced, &plan), -EILSEQ);
    assert_int_equal(split_plan("\u011e", 2, &national, &plan), -EILSEQ);
    assert_int_equal(split_plan("\u20ac", 3, &forced, &plan), 0);
}

static void test_alphabet(void **state)
{
    static const struct split_options automatic = {.concat_bits = 8},
                                      ucs2 = {.concat_bits = 8, .encoding = SPLIT_UCS2, .national = 0x3FFE};
    (void)state;
    assert_int_equal(plan_of(put("plain @\u00a3\u20ac", "", 0, ""), &automatic).alphabet, PDU_GSM7);
    assert_int_equal(plan_of(put("caf\u00e9 \u00e7a", "", 0, ""), &automatic).alphabet, PDU_UCS2);
    assert_int_equal(plan_of(put("a\tb", "", 0, ""), &automatic).alphabet, PDU_UCS2);
    assert_int_equal(plan_of(put("plain", "", 0, ""), &ucs2).alphabet, PDU_UCS2);
    assert_int_equal(plan_of(put("\u011e", "\u011e", 100, ""), &ucs2).alphabet, PDU_UCS2);
}

/* A national table is used only where it is allowed and saves a segment. */
static void test_national(void **state)
{
    static const struct {
        const char *piece;
        size_t times;
        const char *tail;
        unsigned national; /* languages allowed, bits */
        uint8_t locking, single;
        unsigned count;
    } rows[] = {
        {"a", 200, "", 0x3FFE, 0, 0, 2},            /* the default does: no header for nothing */
        {"\u011e", 10, "", 1 << 1, 0, 0, 1},        /* UCS-2 takes one segment too */
        {"a", 100, "\u011e", 1 << 1, 0, 1, 1},      /* Turkish, seldom: single shift */
        {"a", 100, "\u011e", 1 << 2, 0, 0, 2},      /* another language does not help */
        {"a", 100, "\u011e", 0, 0, 0, 2},           /* not allowed */
        {"\u011e", 100, "", 1 << 1, 1, 0, 1},       /* Turkish, often: locking shift */
        {"\u00ed", 75, "", 1 << 2, 0, 2, 1},        /* Spanish has the single shift only */
        {"\u00ed", 90, "", 1 << 3, 3, 0, 1},        /* Portuguese has both */
        {"\u0939", 100, "", 1 << 6, 6, 0, 1},       /* Hindi */
        {"\u0939", 100, "\u0958", 1 << 6, 6, 6, 1}, /* and with both of its tables */
        {"\u0939", 100, "\u0958", 0x3FFE, 6, 6, 1}, /* found among all */
        {"\u0627", 100, "", 0x3FFE, 13, 0, 1},      /* Urdu */
        {"\u0939", 100, "\u0627", 0x3FFE, 0, 0, 2}, /* no table has both: UCS-2 */
        {"\u0939", 100, EMOJI, 0x3FFE, 0, 0, 2},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct split_options options = {.concat_bits = 8, .national = (uint16_t)rows[i].national};
        size_t len = put("", rows[i].piece, rows[i].times, rows[i].tail);
        const struct split_plan plan = plan_of(len, &options);
        if (plan.national.locking != rows[i].locking || plan.national.single != rows[i].single ||
            plan.count != rows[i].count)
            fail_msg("row %zu: locking %u, single %u, %u segments", i, plan.national.locking,
                     plan.national.single, plan.count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),  cmocka_unit_test(test_capacity),
        cmocka_unit_test(test_limit),    cmocka_unit_test(test_empty),
        cmocka_unit_test(test_headers),  cmocka_unit_test(test_ends),
        cmocka_unit_test(test_national), cmocka_unit_test(test_cluster_too_long),
        cmocka_unit_test(test_errors),   cmocka_unit_test(test_alphabet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
