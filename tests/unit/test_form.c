/* Forms: what is read is what was meant, what is malformed is refused, and what is built is read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/form.h"
#include "host/base/secret.h"
#include "host/base/sid.h"

static void test_reading(void **state)
{
    static const char text[] =
        "To=%2B41791234567&Body=Hello+W%C3%B6rld%21&Body=2&Empty=&Bare&&to=other&Nul=a%00b";
    struct form form;
    (void)state;
    assert_int_equal(form_parse(text, strlen(text), &form, NULL), 0);
    assert_int_equal(form.count, 7);
    assert_string_equal(form_get(&form, "To"), "+41791234567");
    assert_string_equal(form_get(&form, "Body"), "Hello W\xC3\xB6rld!");
    assert_string_equal(form_find(&form, "Body", 1)->value, "2");
    assert_null(form_find(&form, "Body", 2));
    assert_string_equal(form_get(&form, "Empty"), "");
    assert_string_equal(form_get(&form, "Bare"), "");
    assert_string_equal(form_get(&form, "to"), "other"); /* keys are case-sensitive */
    assert_null(form_get(&form, "Missing"));
    assert_int_equal(form_find(&form, "Nul", 0)->value_len, 3);
    form_fini(&form);
}

static void test_refusals(void **state)
{
    static const char *const bad[] = {"a=%",   "a=%4",        "a=%zz",    "%x=1",           "a=%FF",
                                      "a=%C3", "a=%ED%A0%80", "a=%C0%80", "a=%F4%90%80%80", "%00=1"};
    struct form form;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *error = NULL;
        assert_int_equal(form_parse(bad[i], strlen(bad[i]), &form, &error), -EINVAL);
        assert_non_null(error);
        assert_int_equal(form.count, 0);
    }
}

static void test_too_many(void **state)
{
    char text[4 * FORM_PAIRS_MAX + 8];
    struct form form;
    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "a=1&"[i % 4];
    assert_int_equal(form_parse(text, 4 * FORM_PAIRS_MAX, &form, NULL), 0);
    assert_int_equal(form.count, FORM_PAIRS_MAX);
    form_fini(&form);
    assert_int_equal(form_parse(text, sizeof text, &form, NULL), -E2BIG);
}

static void test_building(void **state)
{
    struct form form = {NULL, 0};
    size_t len;
    (void)state;
    form_add(&form, "From", "+41 (0)79");
    form_add(&form, "B&=", "\xE2\x82\xAC~*-._");
    char *text = form_encode(&form, &len);
    assert_string_equal(text, "From=%2B41+%280%2979&B%26%3D=%E2%82%AC%7E*-._");
    assert_int_equal(len, strlen(text));
    free(text);
    form_fini(&form);
    text = form_escape("a b/~+");
    assert_string_equal(text, "a%20b%2F~%2B");
    free(text);
    char path[] = "%2B41+x%20";
    assert_int_equal(form_unescape_path(path, strlen(path)), 6);
    assert_memory_equal(path, "+41+x ", 6);
}

/* RFC 2202 case 2, FIPS 180 "abc", RFC 4648 clause 10 */
static void test_secrets(void **state)
{
    uint8_t mac[20], hash[32], sealed[5 + SECRET_SEAL_OVERHEAD], out[16];
    char text[80];
    size_t len;
    struct secret_key key;
    (void)state;
    secret_hmac_sha1("Jefe", 4, "what do ya want for nothing?", 28, mac);
    hex_encode(mac, sizeof mac, text);
    assert_string_equal(text, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    secret_sha256("abc", 3, hash);
    hex_encode(hash, sizeof hash, text);
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    base64_encode("foobar", 6, text);
    assert_string_equal(text, "Zm9vYmFy");
    assert_true(base64_decode("Zm9vYg==", 8, out, sizeof out, &len));
    assert_int_equal(len, 4);
    assert_false(base64_decode("Zm9v!g==", 8, out, sizeof out, &len));
    assert_true(secret_equal("abc", 3, "abc", 3));
    assert_false(secret_equal("abd", 3, "abc", 3));
    assert_false(secret_equal("ab", 2, "abc", 3));
    assert_false(secret_equal("abcabc", 6, "abc", 3));
    assert_false(secret_equal("", 0, "abc", 3));
    secret_random(key.bytes, sizeof key.bytes);
    secret_seal(&key, "token", 5, sealed);
    assert_true(secret_open(&key, sealed, sizeof sealed, out));
    assert_memory_equal(out, "token", 5);
    for (size_t i = 0; i < sizeof sealed; i++) {
        sealed[i] ^= 1;
        assert_false(secret_open(&key, sealed, sizeof sealed, out));
        sealed[i] ^= 1;
    }
    assert_false(secret_open(&key, sealed, 5, out));
}

static void test_sids(void **state)
{
    struct sid a, b, c;
    char text[SID_TEXT];
    (void)state;
    sid_new(&a, 1800000000000);
    sid_new(&b, 1800000000001);
    assert_true(memcmp(a.b, b.b, 6) < 0); /* in order of time */
    sid_format(&a, "SM", text);
    assert_int_equal(strlen(text), 34);
    assert_true(sid_parse(text, "SM", &c));
    assert_memory_equal(a.b, c.b, sizeof a.b);
    assert_false(sid_parse(text, "MM", &c));
    text[33] = 'g';
    assert_false(sid_parse(text, "SM", &c));
    text[33] = '\0';
    assert_false(sid_parse(text, "SM", &c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reading),  cmocka_unit_test(test_refusals), cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_building), cmocka_unit_test(test_secrets),  cmocka_unit_test(test_sids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
