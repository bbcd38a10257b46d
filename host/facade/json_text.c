/* See json_text.h. */
#include "host/facade/json_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"

#define ROOM_FIRST 2048

struct text {
    char *bytes;
    size_t len, room;
};

/* Where `len` more bytes may be written. */
static char *reserve(struct text *t, size_t len)
{
    if (t->len + len > t->room) {
        t->room = 2 * t->room + len;
        t->bytes = realloc(t->bytes, t->room);
        if (t->bytes == NULL)
            fatal("out of memory");
    }
    return t->bytes + t->len;
}

static void put(struct text *t, const char *bytes, size_t len)
{
    memcpy(reserve(t, len), bytes, len);
    t->len += len;
}

static void put_escaped(struct text *t, char c)
{
    static const char SHORT[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* character, letter */
    char out[8] = {'\\'};
    for (size_t i = 0; i + 1 < sizeof SHORT; i += 2)
        if (SHORT[i] == c) {
            out[1] = SHORT[i + 1];
            put(t, out, 2);
            return;
        }
    put(t, out, (size_t)snprintf(out, sizeof out, "\\u%04X", (unsigned char)c));
}

static void put_string(struct text *t, const char *s, size_t len)
{
    size_t at = 0;
    put(t, "\"", 1);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)s[i] >= 0x20 && s[i] != '"' && s[i] != '\\')
            continue;
        put(t, s + at, i - at);
        put_escaped(t, s[i]);
        at = i + 1;
    }
    put(t, s + at, len - at);
    put(t, "\"", 1);
}

static void put_value(struct text *, const json_t *);

/* The iterators take no const, though they change nothing. */
static void put_object(struct text *t, json_t *object)
{
    size_t count = 0;
    put(t, "{", 1);
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        const char *key = json_object_iter_key(at);
        put(t, ",", count++ > 0);
        put_string(t, key, strlen(key));
        put(t, ":", 1);
        put_value(t, json_object_iter_value(at));
    }
    put(t, "}", 1);
}

static void put_array(struct text *t, const json_t *array)
{
    size_t count = json_array_size(array);
    put(t, "[", 1);
    for (size_t i = 0; i < count; i++) {
        put(t, ",", i > 0);
        put_value(t, json_array_get(array, i));
    }
    put(t, "]", 1);
}

static void put_real(struct text *t, const json_t *value)
{
    char *digits = json_dumps(value, JSON_ENCODE_ANY);
    if (digits == NULL)
        fatal("out of memory");
    put(t, digits, strlen(digits));
    free(digits);
}

static void put_integer(struct text *t, json_int_t value)
{
    char digits[24];
    put(t, digits, (size_t)snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, value));
}

static void put_value(struct text *t, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT: put_object(t, (json_t *)value); return;
    case JSON_ARRAY: put_array(t, value); return;
    case JSON_STRING: put_string(t, json_string_value(value), json_string_length(value)); return;
    case JSON_INTEGER: put_integer(t, json_integer_value(value)); return;
    case JSON_REAL: put_real(t, value); return;
    case JSON_TRUE: put(t, "true", 4); return;
    case JSON_FALSE: put(t, "false", 5); return;
    case JSON_NULL: put(t, "null", 4); return;
    }
}

char *json_text(const json_t *value)
{
    struct text t = {.bytes = malloc(ROOM_FIRST), .room = ROOM_FIRST};
    if (t.bytes == NULL)
        fatal("out of memory");
    put_value(&t, value);
    put(&t, "", 1);
    return t.bytes;
}
