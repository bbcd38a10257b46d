/* TPDUs against the public vectors: what is decoded, what is refused, what is written. Its own cases are in
 * test_pdu_own.c. */
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

static enum pdu_error decode(json_t *record, struct pdu *pdu)
{
    const char *hex = vector_text(record, "pdu");
    bool stored = strcmp(vector_text(record, "direction"), "mo") == 0;
    return pdu_decode_hex(hex, strlen(hex), vector_flag(record, "has_smsc"), stored, pdu);
}

/* ---- pdu-decode.json ---- */

/* Compared where the vector has the field. */
static void check_int(const char *id, json_t *object, const char *key, long long got)
{
    json_t *want = json_object_get(object, key);
    if (json_is_integer(want) && json_integer_value(want) != got)
        fail_msg("%s: %s is %lld, not %lld", id, key, got, json_integer_value(want));
    if (json_is_boolean(want) && json_is_true(want) != (got != 0))
        fail_msg("%s: %s is %lld", id, key, got);
}

static void check_text(const char *id, json_t *object, const char *key, const char *got)
{
    json_t *want = json_object_get(object, key);
    if (json_is_string(want) && strcmp(json_string_value(want), got) != 0)
        fail_msg("%s: %s is \"%s\", not \"%s\"", id, key, got, json_string_value(want));
}

static void check_octets(const char *id, json_t *object, const char *key, const uint8_t *got, size_t len)
{
    char hex[2 * 160 + 1] = "";
    assert_true(len <= 160);
    for (size_t i = 0; i < len; i++)
        snprintf(hex + 2 * i, 3, "%02X", got[i]);
    check_text(id, object, key, hex);
}

static void check_address(const char *id, json_t *want, const struct pdu_address *got)
{
    if (want == NULL)
        return;
    if (json_is_null(want)) {
        assert_string_equal(got->text, "");
        return;
    }
    check_int(id, want, "toa", got->toa);
    check_int(id, want, "ton", got->toa >> 4 & 7);
    check_int(id, want, "npi", got->toa & 15);
    check_text(id, want, "number", got->text);
    if ((got->toa >> 4 & 7) != TON_ALPHANUMERIC)
        check_int(id, want, "digits", (long long)strlen(got->text) - (got->text[0] == '+'));
}

static void check_time(const char *id, json_t *want, const struct pdu_time *got)
{
    if (want == NULL)
        return;
    check_octets(id, want, "raw", got->raw, 7);
    const char *iso = json_string_value(json_object_get(want, "iso"));
    if (got->valid != (iso != NULL))
        fail_msg("%s: a time is %svalid", id, got->valid ? "" : "not ");
    if (iso == NULL)
        return;
    int quarters;
    if (got->utc_s != vector_time(iso, &quarters) || got->tz_quarters != quarters)
        fail_msg("%s: %s is %lld, zone %d", id, iso, (long long)got->utc_s, got->tz_quarters);
}

static void check_dcs(const char *id, json_t *want, const struct pdu *got)
{
    static const char *const names[] = {[PDU_GSM7] = "gsm7", [PDU_8BIT] = "8bit", [PDU_UCS2] = "ucs2"};
    if (want == NULL)
        return;
    check_int(id, want, "raw", got->dcs);
    check_text(id, want, "alphabet", names[got->alphabet]);
    if (vector_int(want, "class") != got->message_class)
        fail_msg("%s: class is %d", id, got->message_class);
    check_int(id, want, "compressed", (got->flags & PDU_FLAG_COMPRESSED) != 0);
}

static void check_validity(const char *id, json_t *want, const struct pdu *got)
{
    static const char *const formats[] = {"none", "enhanced", "relative", "absolute"};
    struct pdu_time time;
    if (want == NULL)
        return;
    check_text(id, want, "format", formats[got->vpf]);
    if (got->vpf == 2) {
        check_int(id, want, "raw", got->vp[0]);
        check_int(id, want, "seconds", pdu_vp_to_seconds(got->vp[0]));
    } else {
        check_octets(id, want, "raw", got->vp, 7);
        pdu_decode_time(got->vp, &time);
        check_time(id, want, &time);
    }
}

static void check_concat(const char *id, json_t *want, const struct pdu_udh *got)
{
    if (got->has_concat != (want != NULL))
        fail_msg("%s: %sconcatenated", id, got->has_concat ? "" : "not ");
    check_int(id, want, "ref", got->ref);
    check_int(id, want, "total", got->total);
    check_int(id, want, "seq", got->seq);
    check_int(id, want, "bits", got->concat_bits);
}

static void check_ports(const char *id, json_t *want, const struct pdu_udh *got)
{
    if (got->has_ports != (want != NULL))
        fail_msg("%s: has %sports", id, got->has_ports ? "" : "no ");
    check_int(id, want, "dst", got->port_dest);
    check_int(id, want, "src", got->port_source);
    check_int(id, want, "bits", got->port_bits);
}

/* The elements as they stand in the user data. */
static void check_elements(const char *id, json_t *want, const struct pdu *got)
{
    size_t at = 1, i;
    json_t *element;
    json_array_foreach(want, i, element)
    {
        assert_true(at + 2 <= got->udh.len + 1u);
        check_int(id, element, "iei", got->ud[at]);
        check_octets(id, element, "data", got->ud + at + 2, got->ud[at + 1]);
        at += 2u + got->ud[at + 1];
    }
    if (want != NULL)
        assert_int_equal(at, got->udh.len + 1u);
}

static void check_user_data(const char *id, json_t *want, const struct pdu *got)
{
    size_t header = got->first_octet & 0x40 ? got->udh.len + 1u : 0; /* UDHL may be 0 */
    check_int(id, want, "udl", got->udl);
    check_elements(id, json_object_get(want, "udh"), got);
    check_concat(id, json_object_get(want, "concat"), &got->udh);
    check_ports(id, json_object_get(want, "ports"), &got->udh);
    check_text(id, want, "text", got->text);
    check_octets(id, want, "data", got->ud + header, got->ud_len - header);
    if (got->alphabet == PDU_GSM7)
        check_int(id, want, "septets", got->udl - (header * 8 + 6) / 7);
}

static void check_first_octet(const char *id, json_t *want, const struct pdu *got)
{
    unsigned octet = got->first_octet;
    check_int(id, want, "first_octet", octet);
    check_int(id, want, "udhi", octet & 0x40);
    check_int(id, want, "reply_path", octet & 0x80);
    check_int(id, want, "more_messages", !(octet & 0x04));
    check_int(id, want, "loop_prevention", octet & 0x08);
    check_int(id, want, "reject_duplicates", octet & 0x04);
    check_int(id, want, "sri", octet & 0x20);
    check_int(id, want, "srr", octet & 0x20);
    check_int(id, want, "srq", octet & 0x20);
    check_int(id, want, "vpf", got->vpf);
}

static const char *address_key(enum pdu_type type)
{
    static const char *const keys[] = {[PDU_DELIVER] = "oa", [PDU_SUBMIT] = "da", [PDU_STATUS_REPORT] = "ra"};
    return keys[type];
}

static void check_report(const char *id, json_t *want, const struct pdu *got)
{
    static const struct {
        const char *name;
        enum pdu_st_class class;
    } classes[] = {{"delivered", ST_DELIVERED},
                   {"temporary-still-trying", ST_TRYING},
                   {"permanent", ST_FAILED},
                   {"reserved", ST_FAILED}}; /* read as service rejected, 9.2.3.15 */
    const char *name = vector_text(want, "st_class");
    check_int(id, want, "st", got->st);
    check_time(id, json_object_get(want, "discharge"), &got->discharge);
    for (size_t i = 0; i < COUNT(classes); i++)
        if (strcmp(classes[i].name, name) == 0) {
            assert_int_equal(pdu_st_class(got->st), classes[i].class);
            return;
        }
    fail_msg("%s: %s is no class", id, name);
}

static void decode_record(const char *id, json_t *record)
{
    static const char *const types[] = {[PDU_DELIVER] = "SMS-DELIVER",
                                        [PDU_SUBMIT] = "SMS-SUBMIT",
                                        [PDU_STATUS_REPORT] = "SMS-STATUS-REPORT"};
    struct pdu pdu;
    json_t *want = json_object_get(record, "decoded");
    enum pdu_error error = decode(record, &pdu);
    if (strcmp(vector_text(record, "kind"), "command") == 0) { /* never stored by a module: refused */
        assert_int_equal(error, PDU_BAD_TYPE);
        return;
    }
    if (error != PDU_OK)
        fail_msg("%s: %s", id, pdu_error_text(error));
    check_text(id, want, "type", types[pdu.type]);
    check_address(id, json_object_get(want, "smsc"), &pdu.smsc);
    check_int(id, want, "tpdu_len", pdu.tpdu_len);
    check_first_octet(id, want, &pdu);
    check_int(id, want, "mr", pdu.mr);
    assert_non_null(json_object_get(want, address_key(pdu.type)));
    check_address(id, json_object_get(want, address_key(pdu.type)), &pdu.address);
    check_int(id, want, "pid", pdu.pid);
    check_int(id, want, "dcs", pdu.dcs);
    check_dcs(id, json_object_get(want, "dcs_info"), &pdu);
    check_validity(id, json_object_get(want, "vp"), &pdu);
    check_time(id, json_object_get(want, "scts"), &pdu.scts);
    if (pdu.type == PDU_STATUS_REPORT)
        check_report(id, want, &pdu);
    check_user_data(id, want, &pdu);
    if (((pdu.flags & PDU_FLAG_TAIL) != 0) != (vector_int(want, "trailing_octets") > 0))
        fail_msg("%s: tail", id);
    assert_false(pdu.flags & ~(unsigned)PDU_FLAG_TAIL);
}

static void test_decode(void **state)
{
    (void)state;
    vectors_each("pdu-decode.json", decode_record);
}

/* ---- pdu-malformed.json ---- */

static void assert_sound(const struct pdu *pdu)
{
    assert_true(memchr(pdu->text, '\0', sizeof pdu->text) != NULL);
    assert_true(memchr(pdu->address.text, '\0', sizeof pdu->address.text) != NULL);
    assert_true(utf8_valid(pdu->text, strlen(pdu->text)));
    assert_true(utf8_valid(pdu->address.text, strlen(pdu->address.text)));
    assert_true(pdu->ud_len <= PDU_UD_MAX);
}

/* A time that is none is marked in its own field. */
static bool is_flagged(const struct pdu *pdu)
{
    return pdu->flags != 0 || (pdu->type != PDU_SUBMIT && !pdu->scts.valid);
}

static void malformed_record(const char *id, json_t *record)
{
    struct pdu pdu;
    enum pdu_error error = decode(record, &pdu);
    const char *expect = vector_text(record, "expect"), *reason = vector_text(record, "reason");
    bool as_expected = false;
    if (strcmp(expect, "reject") == 0)
        as_expected = error != PDU_OK;
    else if (strcmp(expect, "reject_or_flag") == 0)
        as_expected = error != PDU_OK || is_flagged(&pdu);
    else if (strcmp(expect, "ignore_concat") == 0)
        as_expected = error == PDU_OK && !pdu.udh.has_concat && pdu.flags & PDU_FLAG_BAD_CONCAT;
    else
        as_expected = strcmp(expect, "no_crash") == 0;
    if (!as_expected)
        fail_msg("%s (%s): not %s, %s", id, reason, expect, pdu_error_text(error));
    assert_sound(&pdu);
}

static void test_malformed(void **state)
{
    (void)state;
    vectors_each("pdu-malformed.json", malformed_record);
}

/* ---- pdu-encode.json ---- */

static struct split_options options_of(json_t *input)
{
    struct split_options options = {.concat_bits = 8};
    options.encoding = strcmp(vector_text(input, "encoding"), "ucs2") == 0 ? SPLIT_UCS2 : SPLIT_GSM7;
    if (vector_int(input, "concat_ref") >= 0) {
        options.ref = (uint16_t)vector_int(input, "concat_ref");
        options.concat_bits = (uint8_t)vector_int(input, "concat_bits");
    }
    return options;
}

static struct pdu_submit submit_of(json_t *input)
{
    struct pdu_submit submit = {.smsc = vector_text(input, "smsc"), .to = vector_text(input, "to")};
    long long class = vector_int(input, "class");
    submit.mr = (uint8_t)(vector_int(input, "mr") > 0 ? vector_int(input, "mr") : 0);
    submit.status_report = vector_flag(input, "status_report");
    submit.reject_duplicates = vector_flag(input, "reject_duplicates");
    submit.vp_relative = (int)vector_int(input, "vp_relative_octet");
    submit.dcs = (uint8_t)(class >= 0 ? 0x10 | class : 0);
    return submit;
}

/* What is not offered is taken out of what is expected, the rest must be equal: a type of address other than
 * 0x91 with '+' and 0x81 without, and an absolute validity (relative is what every SC accepts). */
static void as_offered(json_t *input, uint8_t *octets, size_t *len)
{
    size_t to = octets[0] + 3u, vp = to + 2 + (octets[to] + 1u) / 2 + 2;
    if (vector_int(input, "smsc_toa") >= 0 && octets[0] > 0)
        octets[1] = 0x81;
    if (vector_int(input, "to_toa") >= 0)
        octets[to + 1] = 0x81;
    if (vector_text(input, "vp_absolute")[0] == '\0')
        return;
    assert_int_equal(octets[to - 2] & 0x18, 0x18);
    octets[to - 2] &= (uint8_t)~0x18u;
    memmove(octets + vp, octets + vp + 7, *len - vp - 7);
    *len -= 7;
}

static void check_encoded(const char *id, json_t *record, size_t index, const struct pdu_submit *submit)
{
    uint8_t want[PDU_OCTETS_MAX], got[PDU_OCTETS_MAX];
    char hex[PDU_HEX_MAX];
    size_t tpdu_len;
    json_t *input = json_object_get(record, "input");
    enum pdu_error error = pdu_encode_submit(submit, hex, &tpdu_len);
    if (error != PDU_OK)
        fail_msg("%s: %s", id, pdu_error_text(error));
    size_t len = vector_hex(json_string_value(json_array_get(json_object_get(record, "expect_pdus"), index)),
                            want, sizeof want);
    size_t cmgs = (size_t)json_integer_value(json_array_get(json_object_get(record, "cmgs_lengths"), index));
    size_t before = len;
    as_offered(input, want, &len);
    assert_int_equal(tpdu_len, cmgs - (before - len));
    if (strlen(hex) != 2 * len || vector_hex(hex, got, sizeof got) != len || memcmp(got, want, len) != 0)
        fail_msg("%s: part %zu is %s", id, index + 1, hex);
}

static void encode_8bit(const char *id, json_t *record, struct pdu_submit *submit)
{
    uint8_t data[PDU_UD_MAX];
    submit->ud_len = vector_hex(vector_text(json_object_get(record, "input"), "data"), data, sizeof data);
    submit->udl = (uint8_t)submit->ud_len;
    submit->ud = data;
    submit->dcs |= 0x04;
    check_encoded(id, record, 0, submit);
}

static void encode_text(const char *id, json_t *record, struct pdu_submit *submit)
{
    json_t *input = json_object_get(record, "input");
    const char *text = vector_text(input, "text");
    struct split_options options = options_of(input);
    struct split_plan plan;
    struct split_segment segment;
    assert_int_equal(split_plan(text, strlen(text), &options, &plan), 0);
    assert_int_equal(plan.count, json_array_size(json_object_get(record, "expect_pdus")));
    submit->dcs |= plan.dcs;
    for (unsigned i = 0; i < plan.count; i++) {
        assert_int_equal(split_build(text, strlen(text), &options, &plan, i, &segment), 0);
        submit->udhi = segment.udhi;
        submit->udl = segment.udl;
        submit->ud = segment.ud;
        submit->ud_len = segment.ud_len;
        check_encoded(id, record, i, submit);
    }
}

static void encode_record(const char *id, json_t *record)
{
    json_t *input = json_object_get(record, "input");
    struct pdu_submit submit = submit_of(input);
    if (vector_int(input, "vp_seconds") >= 0)
        assert_int_equal(pdu_vp_from_seconds(vector_int(input, "vp_seconds")), submit.vp_relative);
    if (strcmp(vector_text(input, "encoding"), "8bit") == 0)
        encode_8bit(id, record, &submit);
    else
        encode_text(id, record, &submit);
}

static void test_encode(void **state)
{
    (void)state;
    vectors_each("pdu-encode.json", encode_record);
}

/* ---- assembly.json ---- */

#define PARTS_MAX 8

struct set {
    struct pdu parts[PARTS_MAX]; /* [0] is the first to arrive, its key is the set's */
    unsigned count;
};

/* Originator, width of the reference, reference and total make the key. */
static bool same_message(const struct pdu *a, const struct pdu *b)
{
    return strcmp(a->address.text, b->address.text) == 0 && a->udh.concat_bits == b->udh.concat_bits &&
           a->udh.ref == b->udh.ref && a->udh.total == b->udh.total;
}

static void add_part(struct set *sets, unsigned *set_count, const struct pdu *pdu)
{
    unsigned s = 0;
    while (s < *set_count && !same_message(&sets[s].parts[0], pdu))
        s++;
    assert_true(s < PARTS_MAX);
    if (s == *set_count)
        sets[(*set_count)++].count = 0;
    for (unsigned i = 0; i < sets[s].count; i++)
        if (sets[s].parts[i].udh.seq == pdu->udh.seq)
            return;
    assert_true(sets[s].count < PARTS_MAX);
    sets[s].parts[sets[s].count++] = *pdu;
}

static void join(const struct set *set, char *text, size_t room)
{
    text[0] = '\0';
    for (unsigned seq = 1; seq <= set->parts[0].udh.total; seq++)
        for (unsigned i = 0; i < set->count; i++)
            if (set->parts[i].udh.seq == seq)
                snprintf(text + strlen(text), room - strlen(text), "%s", set->parts[i].text);
}

static void assembly_record(const char *id, json_t *record)
{
    static struct set sets[PARTS_MAX];
    unsigned set_count = 0;
    size_t i;
    json_t *hex;
    struct pdu pdu;
    json_array_foreach(json_object_get(record, "pdus_in_arrival_order"), i, hex)
    {
        enum pdu_error error =
            pdu_decode_hex(json_string_value(hex), json_string_length(hex), true, false, &pdu);
        if (error != PDU_OK || !pdu.udh.has_concat)
            fail_msg("%s: part %zu: %s", id, i + 1, pdu_error_text(error));
        add_part(sets, &set_count, &pdu);
    }
    bool complete = set_count == 1 && sets[0].count == sets[0].parts[0].udh.total;
    const char *got = complete ? "complete" : set_count > 1 ? "different-messages" : "incomplete";
    if (strcmp(vector_text(record, "expect"), got) != 0)
        fail_msg("%s: %s", id, got);
    if (complete) {
        char text[PARTS_MAX * PDU_TEXT_MAX];
        join(&sets[0], text, sizeof text);
        check_text(id, record, "expect_text", text);
    }
}

static void test_assembly(void **state)
{
    (void)state;
    vectors_each("assembly.json", assembly_record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_encode),
        cmocka_unit_test(test_assembly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
