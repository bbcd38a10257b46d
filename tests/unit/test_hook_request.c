/* From a configured URL to what is on the wire: public vectors, each checked by SDK validators, through the
 * code that emits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "host/facade/hook_request.h"
#include "host/facade/hook_url.h"

static const char *text_of(json_t *record, const char *key)
{
    const char *text = json_string_value(json_object_get(record, key));
    return text != NULL ? text : "";
}

static void same(json_t *record, const char *what, const char *have, const char *want)
{
    if (have == NULL || strcmp(have, want) != 0)
        fail_msg("%s: %s is %s, not %s", text_of(record, "id"), what, have != NULL ? have : "NULL", want);
}

static void check(json_t *record)
{
    struct form params = {0};
    struct hook_request request;
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(record, "params"), key, value)
        form_add(&params, key, json_string_value(value));
    bool get = strcmp(text_of(record, "method"), "GET") == 0;
    char *wire = hook_url_wire(text_of(record, "configured_url"));
    assert_non_null(wire);
    assert_true(hook_request_make(wire, get, false, &params, text_of(record, "auth_token"), &request));
    char *seen = hook_url_public(request.url); /* user info becomes a header */
    char *signed_url = signature_url(request.url);
    same(record, "request", seen, text_of(record, "request_url"));
    same(record, "signed", signed_url, text_of(record, "signed_url"));
    same(record, "signature", request.signature, text_of(record, "signature"));
    free(seen);
    free(signed_url);
    free(wire);
    hook_request_fini(&request);
    form_fini(&params);
}

/* JSON bodies are none of a messaging webhook's: their two records are test_signature's. */
static void test_emit(void **state)
{
    json_error_t error;
    json_t *record, *vectors = json_load_file(TEST_DATA "/vectors/twilio-signature.json", 0, &error);
    size_t index, count = 0;
    (void)state;
    assert_non_null(vectors);
    json_array_foreach(json_object_get(vectors, "emit"), index, record)
    {
        if (!json_is_null(json_object_get(record, "body")))
            continue;
        check(record);
        count++;
    }
    assert_int_equal(count, 13);
    json_decref(vectors);
}

static void test_no_url(void **state)
{
    struct hook_request request;
    struct form none = {0};
    (void)state;
    assert_false(hook_request_make("ftp://x/", false, false, &none, "t", &request));
    assert_null(request.url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_emit), cmocka_unit_test(test_no_url)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
