/* application/x-www-form-urlencoded: parse and build (WHATWG URL standard, clause 5). Pure but for the heap.
 * '+' and %20 are a space; empty values are kept; keys are case-sensitive; order and repeats are kept. */
#ifndef CELLPOST_BASE_FORM_H
#define CELLPOST_BASE_FORM_H

#include <stddef.h>

struct form_pair {
    char *key, *value; /* NUL-terminated; value_len tells a NUL inside the value */
    size_t key_len, value_len;
};
struct form {
    struct form_pair *pairs;
    size_t count;
};

#define FORM_PAIRS_MAX 256

/* 0; -EINVAL: a '%' without two hex digits, or a result that is not UTF-8 (*error names the key or position);
 * -E2BIG: more than FORM_PAIRS_MAX pairs. On error the form is empty. Caller ends with form_fini. */
int form_parse(const char *text, size_t len, struct form *out, const char **error);
void form_fini(struct form *);

/* First value of key, NULL when absent. */
const char *form_get(const struct form *, const char *key);
const struct form_pair *form_find(const struct form *, const char *key, size_t nth);

/* Building: zeroed struct form, then add; both strings are copied. */
void form_add(struct form *, const char *key, const char *value);
/* Encoded text, heap, caller frees. Everything but [A-Za-z0-9*-._] is %XX, space is '+'. */
char *form_encode(const struct form *, size_t *len);

/* One component of a query or path, %XX for all but RFC 3986 unreserved. Heap. */
char *form_escape(const char *text);
/* In place, '+' stays '+'. Returns the new length, or (size_t)-1 when malformed. */
size_t form_unescape_path(char *text, size_t len);

#endif
