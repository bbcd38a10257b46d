#include "host/base/form.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* In place; returns the new length or (size_t)-1. */
static size_t unescape(char *text, size_t len, bool plus_is_space)
{
    size_t out = 0;
    for (size_t in = 0; in < len; in++) {
        char c = text[in];
        if (c == '%') {
            if (len - in < 3 || hex_value(text[in + 1]) < 0 || hex_value(text[in + 2]) < 0)
                return (size_t)-1;
            c = (char)(hex_value(text[in + 1]) * 16 + hex_value(text[in + 2]));
            in += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        text[out++] = c;
    }
    return out;
}

size_t form_unescape_path(char *text, size_t len)
{
    return unescape(text, len, false);
}

/* Octets of the UTF-8 sequence at s (RFC 3629 table 3-7 of Unicode), 0 when malformed. */
static size_t utf8_sequence(const uint8_t *s, size_t len)
{
    static const struct {
        uint8_t first_low, first_high, second_low, second_high, count;
    } rows[] = {{0x00, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
                {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
                {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (s[0] < rows[i].first_low || s[0] > rows[i].first_high)
            continue;
        if (rows[i].count > len ||
            (rows[i].count > 1 && (s[1] < rows[i].second_low || s[1] > rows[i].second_high)))
            return 0;
        for (size_t k = 2; k < rows[i].count; k++)
            if ((s[k] & 0xC0) != 0x80)
                return 0;
        return rows[i].count;
    }
    return 0;
}

static bool is_utf8(const char *text, size_t len)
{
    for (size_t at = 0, step; at < len; at += step)
        if ((step = utf8_sequence((const uint8_t *)text + at, len - at)) == 0)
            return false;
    return true;
}

static char *copy_text(const char *text, size_t len)
{
    char *copy = malloc(len + 1);
    if (copy == NULL)
        fatal("out of memory");
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

static void form_push(struct form *form, char *key, size_t key_len, char *value, size_t value_len)
{
    if (form->count % 8 == 0) {
        struct form_pair *pairs = realloc(form->pairs, (form->count + 8) * sizeof *pairs);
        if (pairs == NULL)
            fatal("out of memory");
        form->pairs = pairs;
    }
    form->pairs[form->count++] = (struct form_pair){key, value, key_len, value_len};
}

static int pair_parse(const char *text, size_t len, struct form *out, const char **error)
{
    const char *equals = memchr(text, '=', len);
    size_t key_len = equals != NULL ? (size_t)(equals - text) : len;
    size_t value_len = equals != NULL ? len - key_len - 1 : 0;
    char *key = copy_text(text, key_len);
    char *value = copy_text(equals != NULL ? equals + 1 : "", value_len);
    key_len = unescape(key, key_len, true);
    value_len = unescape(value, value_len, true);
    *error = NULL;
    if (key_len == (size_t)-1 || value_len == (size_t)-1)
        *error = "'%' without two hex digits";
    else if (!is_utf8(key, key_len) || !is_utf8(value, value_len))
        *error = "a key or value is not UTF-8";
    else if (memchr(key, '\0', key_len) != NULL)
        *error = "a key holds NUL";
    if (*error != NULL) {
        free(key);
        free(value);
        return -EINVAL;
    }
    key[key_len] = value[value_len] = '\0';
    form_push(out, key, key_len, value, value_len);
    return 0;
}

int form_parse(const char *text, size_t len, struct form *out, const char **error)
{
    const char *why;
    *out = (struct form){NULL, 0};
    for (size_t at = 0; at < len;) {
        const char *end = memchr(text + at, '&', len - at);
        size_t pair_len = end != NULL ? (size_t)(end - text) - at : len - at;
        int status = 0;
        if (out->count == FORM_PAIRS_MAX) {
            status = -E2BIG;
            why = "too many parameters";
        } else if (pair_len > 0) {
            status = pair_parse(text + at, pair_len, out, &why);
        }
        if (status != 0) {
            if (error != NULL)
                *error = why;
            form_fini(out);
            return status;
        }
        at += pair_len + 1;
    }
    return 0;
}

void form_fini(struct form *form)
{
    for (size_t i = 0; i < form->count; i++) {
        free(form->pairs[i].key);
        free(form->pairs[i].value);
    }
    free(form->pairs);
    *form = (struct form){NULL, 0};
}

const struct form_pair *form_find(const struct form *form, const char *key, size_t nth)
{
    for (size_t i = 0; i < form->count; i++)
        if (strcmp(form->pairs[i].key, key) == 0 && nth-- == 0)
            return &form->pairs[i];
    return NULL;
}

const char *form_get(const struct form *form, const char *key)
{
    const struct form_pair *pair = form_find(form, key, 0);
    return pair != NULL ? pair->value : NULL;
}

void form_add(struct form *form, const char *key, const char *value)
{
    size_t key_len = strlen(key), value_len = strlen(value);
    form_push(form, copy_text(key, key_len), key_len, copy_text(value, value_len), value_len);
}

static bool is_plain(unsigned char c, const char *marks)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr(marks, c) != NULL);
}

/* Appends the escaped text to out, which has room for three octets each. Returns the length. */
static size_t escape_into(char *out, const char *text, size_t len, const char *marks, bool space_is_plus)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t at = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (is_plain(c, marks)) {
            out[at++] = (char)c;
        } else if (c == ' ' && space_is_plus) {
            out[at++] = '+';
        } else {
            out[at++] = '%';
            out[at++] = digits[c >> 4];
            out[at++] = digits[c & 15];
        }
    }
    return at;
}

char *form_encode(const struct form *form, size_t *len)
{
    size_t room = 1, at = 0;
    for (size_t i = 0; i < form->count; i++)
        room += 3 * (form->pairs[i].key_len + form->pairs[i].value_len) + 2;
    char *out = malloc(room);
    if (out == NULL)
        fatal("out of memory");
    for (size_t i = 0; i < form->count; i++) {
        const struct form_pair *pair = &form->pairs[i];
        if (i > 0)
            out[at++] = '&';
        at += escape_into(out + at, pair->key, pair->key_len, "*-._", true);
        out[at++] = '=';
        at += escape_into(out + at, pair->value, pair->value_len, "*-._", true);
    }
    out[at] = '\0';
    if (len != NULL)
        *len = at;
    return out;
}

char *form_escape(const char *text)
{
    size_t len = strlen(text);
    char *out = malloc(3 * len + 1);
    if (out == NULL)
        fatal("out of memory");
    out[escape_into(out, text, len, "-._~", false)] = '\0';
    return out;
}
