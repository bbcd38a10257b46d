/* Does a resource have exactly the keys of Twilio's OpenAPI description, each of its type? Names and types
 * stand in tests/vectors/openapi. */
#ifndef CELLPOST_TESTS_OPENAPI_H
#define CELLPOST_TESTS_OPENAPI_H

#include <jansson.h>
#include <regex.h>
#include <string.h>

#include <cmocka.h>

static inline bool openapi_type_fits(const char *type, json_t *value)
{
    return (strcmp(type, "string") == 0 && json_is_string(value)) ||
           (strcmp(type, "integer") == 0 && json_is_integer(value)) ||
           (strcmp(type, "boolean") == 0 && json_is_boolean(value)) ||
           (strcmp(type, "array") == 0 && json_is_array(value)) ||
           (strcmp(type, "object") == 0 && json_is_object(value));
}

static inline bool openapi_pattern_fits(const char *pattern, const char *text)
{
    regex_t regex;
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    bool fits = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return fits;
}

static inline bool openapi_enum_has(json_t *words, const char *text)
{
    size_t i;
    json_t *word;
    json_array_foreach(words, i, word) if (strcmp(json_string_value(word), text) == 0) return true;
    return false;
}

static inline void openapi_check_value(const char *key, json_t *rule, json_t *value)
{
    json_t *type = json_object_get(rule, "type"), *pattern = json_object_get(rule, "pattern"),
           *words = json_object_get(rule, "enum"), *format = json_object_get(rule, "format");
    if (value == NULL)
        fail_msg("%s is missing", key);
    if (json_is_null(value)) {
        if (!json_is_true(json_object_get(rule, "nullable")))
            fail_msg("%s may not be null", key);
        return;
    }
    if (type != NULL && !openapi_type_fits(json_string_value(type), value))
        fail_msg("%s is no %s", key, json_string_value(type));
    const char *text = json_string_value(value);
    if (pattern != NULL && !openapi_pattern_fits(json_string_value(pattern), text))
        fail_msg("%s: %s", key, text);
    if (words != NULL && !openapi_enum_has(words, text))
        fail_msg("%s: %s is none of its words", key, text);
    if (format != NULL && strcmp(json_string_value(format), "date-time") == 0 &&
        !openapi_pattern_fits("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$", text))
        fail_msg("%s: %s is no ISO 8601 date", key, text);
    if (format != NULL && strcmp(json_string_value(format), "uri") == 0 &&
        !openapi_pattern_fits("^https?://[^/]+", text))
        fail_msg("%s: %s is no absolute URL", key, text);
}

static inline void assert_schema(const char *file, const char *schema, json_t *resource)
{
    char path[256];
    json_error_t error;
    const char *key;
    json_t *rule;
    snprintf(path, sizeof path, TEST_DATA "/vectors/openapi/%s", file);
    json_t *all = json_load_file(path, 0, &error);
    json_t *rules = json_object_get(json_object_get(json_object_get(all, "schemas"), schema), "properties");
    if (rules == NULL)
        fail_msg("no %s in %s", schema, path);
    json_object_foreach(rules, key, rule) openapi_check_value(key, rule, json_object_get(resource, key));
    json_object_foreach(resource, key, rule) if (json_object_get(rules, key) == NULL)
        fail_msg("%s is not in %s", key, schema);
    json_decref(all);
}

#endif
