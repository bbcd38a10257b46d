/* Codes and their texts: pure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/verify/code.h"
#include "host/verify/text.h"

static const struct secret_key KEY = {{1, 2, 3}}, OTHER = {{1, 2, 4}};
static const struct sid ONE = {{1}}, TWO = {{2}};

static void test_code_is_the_verifications_own(void **state)
{
    struct code_key key, other;
    char code[CODE_MAX + 1], again[CODE_MAX + 1];
    (void)state;
    code_key_init(&key, &KEY);
    code_key_init(&other, &OTHER);
    code_make(&key, &ONE, 10, code);
    code_make(&key, &ONE, 10, again);
    assert_string_equal(code, again);
    code_make(&key, &TWO, 10, again);
    assert_string_not_equal(code, again);
    code_make(&other, &ONE, 10, again);
    assert_string_not_equal(code, again);
}

/* All lengths, leading zeros among them; each digit comes at each place about as often as any other. */
static void test_code_has_its_digits(void **state)
{
    struct code_key key;
    char code[CODE_MAX + 1];
    unsigned seen[6][10] = {{0}};
    (void)state;
    code_key_init(&key, &KEY);
    for (int digits = CODE_MIN; digits <= CODE_MAX; digits++) {
        code_make(&key, &ONE, digits, code);
        assert_int_equal(strlen(code), digits);
        assert_int_equal(strspn(code, "0123456789"), digits);
    }
    for (unsigned n = 0; n < 10000; n++) {
        const struct sid sid = {{(uint8_t)n, (uint8_t)(n >> 8)}};
        code_make(&key, &sid, 6, code);
        for (int i = 0; i < 6; i++)
            seen[i][code[i] - '0']++;
    }
    for (int i = 0; i < 6; i++)
        for (int d = 0; d < 10; d++)
            assert_in_range(seen[i][d], 850, 1150);
}

static void test_hash_is_of_code_verification_and_key(void **state)
{
    struct code_key key, other;
    uint8_t hash[CODE_HASH];
    (void)state;
    code_key_init(&key, &KEY);
    code_key_init(&other, &OTHER);
    code_hash(&key, &ONE, "123456", hash);
    assert_true(code_matches(&key, &ONE, "123456", hash));
    assert_false(code_matches(&key, &ONE, "123457", hash));
    assert_false(code_matches(&key, &ONE, "12345", hash));
    assert_false(code_matches(&key, &TWO, "123456", hash));
    assert_false(code_matches(&other, &ONE, "123456", hash));
    memset(hash, 0, sizeof hash); /* a wiped one matches nothing */
    assert_false(code_matches(&key, &ONE, "123456", hash));
}

static void test_code_valid(void **state)
{
    (void)state;
    assert_true(code_valid("1234"));
    assert_true(code_valid("aB3456789Z"));
    assert_false(code_valid(""));
    assert_false(code_valid("123"));
    assert_false(code_valid("12345678901"));
    assert_false(code_valid("12 345"));
    assert_false(code_valid("1234\n"));
}

static void says(const char *locale, const char *to, const char *wanted)
{
    const struct verify_text t = {.name = "Acme", .code = "123456", .locale = locale, .to = to};
    char *text = verify_text(&t);
    assert_string_equal(text, wanted);
    free(text);
}

#define ENGLISH "Your Acme verification code is: 123456"
#define GERMAN  "Ihr Acme-Bestätigungscode lautet: 123456"

static void test_language(void **state)
{
    (void)state;
    says("en", "+4930123456", ENGLISH);
    says("de", "+14155552345", GERMAN);
    says("de-CH", "+14155552345", GERMAN);
    says("DE_ch", "+14155552345", GERMAN);
    says("pt-BR", "+14155552345", "Seu código de verificação Acme é: 123456");
    says("pt", "+14155552345", "O seu código de verificação Acme é: 123456");
    says("xx", "+4930123456", ENGLISH);
    says("", "+4930123456", ENGLISH);
    says("-", "+4930123456", ENGLISH);
    says(NULL, "+4930123456", GERMAN);
    says(NULL, "+14155552345", ENGLISH);
    says(NULL, "+41791112233", ENGLISH); /* more languages than one */
    says(NULL, "+5511912345678", "Seu código de verificação Acme é: 123456");
}

static void test_warning_and_app_hash(void **state)
{
    struct verify_text t = {
        .name = "Acme", .code = "1234", .locale = "en", .to = "+1", .app_hash = "He42w354ol9"};
    (void)state;
    char *text = verify_text(&t);
    assert_string_equal(text, "<#> Your Acme verification code is: 1234\nHe42w354ol9");
    free(text);
    t.app_hash = NULL;
    t.warn = true;
    text = verify_text(&t);
    assert_string_equal(text, "Your Acme verification code is: 1234. Don't share this code with anyone; our "
                              "employees will never ask for the code");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_code_is_the_verifications_own),
        cmocka_unit_test(test_code_has_its_digits),
        cmocka_unit_test(test_hash_is_of_code_verification_and_key),
        cmocka_unit_test(test_code_valid),
        cmocka_unit_test(test_language),
        cmocka_unit_test(test_warning_and_app_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
