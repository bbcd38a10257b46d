/* Texts as DELIVER TPDUs, read back by the decoder that reads a modem's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/simulator/deliver.h"

#define AT INT64_C(1800000000) /* 2027-01-15T08:00:00Z */

static struct deliver deliver_of(const char *from, const char *text)
{
    return (struct deliver){.from = from, .text = text, .len = strlen(text), .ref = 7, .utc_s = AT};
}

static void test_one_part(void **state)
{
    static const struct {
        const char *from, *text;
    } rows[] = {
        {"+41791112233", "Hello {€}"}, {"12345", "short"},        {"Bank", "alpha"},
        {"Info.ch", "seven"},          {"ABCDEFGHIJK", "eleven"}, {"+41791112233", "Grüezi 👋"},
        {"+41791112233", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct deliver deliver = deliver_of(rows[i].from, rows[i].text);
        struct split_plan plan;
        struct pdu pdu, again;
        char hex[PDU_HEX_MAX];
        assert_int_equal(deliver_plan(&deliver, &plan), 0);
        assert_int_equal(plan.count, 1);
        assert_int_equal(deliver_part(&deliver, &plan, 0, hex, &pdu), 0);
        assert_int_equal(pdu_decode_hex(hex, strlen(hex), true, false, &again), PDU_OK);
        assert_memory_equal(&pdu, &again, sizeof pdu);
        assert_int_equal(pdu.type, PDU_DELIVER);
        assert_int_equal(pdu.flags, 0);
        assert_string_equal(pdu.address.text, rows[i].from);
        assert_string_equal(pdu.text, rows[i].text);
        assert_true(pdu.scts.valid);
        assert_int_equal(pdu.scts.utc_s, AT);
    }
}

static void test_parts(void **state)
{
    char text[401], joined[512] = "", hex[PDU_HEX_MAX];
    struct split_plan plan;
    struct pdu pdu;
    (void)state;
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = (char)('a' + i % 26);
    text[sizeof text - 1] = '\0';
    struct deliver deliver = deliver_of("+41791112233", text);
    assert_int_equal(deliver_plan(&deliver, &plan), 0);
    assert_int_equal(plan.count, 3);
    for (unsigned i = 0; i < plan.count; i++) {
        assert_int_equal(deliver_part(&deliver, &plan, i, hex, &pdu), 0);
        assert_true(pdu.udh.has_concat);
        assert_int_equal(pdu.udh.ref, 7);
        assert_int_equal(pdu.udh.total, 3);
        assert_int_equal(pdu.udh.seq, i + 1);
        size_t len = strlen(joined);
        snprintf(joined + len, sizeof joined - len, "%s", pdu.text);
    }
    assert_string_equal(joined, text);
}

static void test_refused(void **state)
{
    static const struct {
        const char *from, *text;
        int status;
    } rows[] = {
        {"", "x", -EINVAL},
        {"+", "x", -EINVAL},
        {"ABCDEFGHIJKL", "x", -EINVAL},
        {"中国", "x", -EINVAL},
        {"\xff", "x", -EINVAL},
        {"+1234567890123456", "x", -EINVAL},
        {"+41791112233", "\xff", -EILSEQ},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct deliver deliver = deliver_of(rows[i].from, rows[i].text);
        struct split_plan plan;
        if (deliver_plan(&deliver, &plan) != rows[i].status)
            fail_msg("%s", rows[i].from);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_part),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
