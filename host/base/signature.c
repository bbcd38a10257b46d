#include "host/base/signature.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"
#include "host/base/secret.h"

/* ---- the signature ---- */

static int pair_compare(const void *a, const void *b)
{
    const struct form_pair *const *left = a, *const *right = b;
    int order = strcmp((*left)->key, (*right)->key);
    return order != 0 ? order : strcmp((*left)->value, (*right)->value);
}

static bool pair_repeats(const struct form_pair *a, const struct form_pair *b)
{
    return strcmp(a->key, b->key) == 0 && strcmp(a->value, b->value) == 0;
}

/* url + key + value ..., keys in byte order, equal pairs once. Heap. */
static char *signed_text(const char *url, const struct form *params, size_t *len)
{
    size_t count = params != NULL ? params->count : 0, room = strlen(url) + 1;
    const struct form_pair **sorted = calloc(count + 1, sizeof *sorted);
    for (size_t i = 0; i < count; i++)
        room += params->pairs[i].key_len + params->pairs[i].value_len;
    char *text = malloc(room);
    if (sorted == NULL || text == NULL)
        fatal("out of memory");
    for (size_t i = 0; i < count; i++)
        sorted[i] = &params->pairs[i];
    qsort(sorted, count, sizeof *sorted, pair_compare);
    size_t at = strlen(url);
    memcpy(text, url, at);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && pair_repeats(sorted[i - 1], sorted[i]))
            continue;
        memcpy(text + at, sorted[i]->key, sorted[i]->key_len);
        at += sorted[i]->key_len;
        memcpy(text + at, sorted[i]->value, sorted[i]->value_len);
        at += sorted[i]->value_len;
    }
    free(sorted);
    *len = at;
    return text;
}

void signature_make(const char *token, const char *url, const struct form *params,
                    char out[SIGNATURE_LEN + 1])
{
    uint8_t mac[20];
    size_t len;
    char *text = signed_text(url, params, &len);
    secret_hmac_sha1(token, strlen(token), text, len, mac);
    base64_encode(mac, sizeof mac, out);
    free(text);
}

/* ---- the URL ---- */

/* An http(s) URL in its parts, as written. */
struct url_parts {
    bool https;
    const char *host, *port, *rest; /* host[:port]rest */
    size_t host_len, port_len, rest_len;
};

static bool url_split(const char *url, struct url_parts *parts)
{
    parts->https = strncmp(url, "https://", 8) == 0;
    if (!parts->https && strncmp(url, "http://", 7) != 0)
        return false;
    const char *authority = url + (parts->https ? 8 : 7);
    const char *end = authority + strcspn(authority, "/?#");
    for (const char *p = authority; p < end; p++)
        if (*p == '@') /* the last one ends the user info */
            authority = p + 1;
    const char *host_end = end;
    if (*authority == '[') { /* an IPv6 literal has colons of its own */
        const char *close = memchr(authority, ']', (size_t)(end - authority));
        if (close == NULL)
            return false;
        host_end = close + 1;
    } else {
        const char *colon = memchr(authority, ':', (size_t)(end - authority));
        host_end = colon != NULL ? colon : end;
    }
    parts->host = authority;
    parts->host_len = (size_t)(host_end - authority);
    parts->port = host_end;
    parts->port_len = (size_t)(end - host_end);
    parts->rest = end;
    parts->rest_len = strcspn(end, "#");
    return parts->host_len > 0;
}

/* Appends octets, %-escaping those that are not printable ASCII. */
static size_t put_ascii(char *out, const char *text, size_t len)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t at = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c > 0x20 && c < 0x7F) {
            out[at++] = (char)c;
        } else {
            out[at++] = '%';
            out[at++] = digits[c >> 4];
            out[at++] = digits[c & 15];
        }
    }
    return at;
}

static char *url_join(const struct url_parts *parts, const char *port, size_t port_len)
{
    char *out = malloc(16 + 3 * (parts->host_len + parts->rest_len) + port_len);
    if (out == NULL)
        fatal("out of memory");
    size_t at = parts->https ? 8 : 7;
    memcpy(out, parts->https ? "https://" : "http://", at);
    at += put_ascii(out + at, parts->host, parts->host_len);
    if (port_len > 0)
        memcpy(out + at, port, port_len);
    at += port_len;
    if (parts->rest_len == 0 || parts->rest[0] != '/')
        out[at++] = '/';
    at += put_ascii(out + at, parts->rest, parts->rest_len);
    out[at] = '\0';
    return out;
}

char *signature_url(const char *configured)
{
    struct url_parts parts;
    if (!url_split(configured, &parts))
        return NULL;
    return url_join(&parts, parts.port, parts.https ? 0 : parts.port_len);
}

static bool check_one(const char *token, const char *url, const struct form *params, const char *signature)
{
    char made[SIGNATURE_LEN + 1];
    signature_make(token, url, params, made);
    return secret_equal(signature, strlen(signature), made, SIGNATURE_LEN);
}

bool signature_check(const char *token, const char *url, const struct form *params, const char *signature)
{
    struct url_parts parts;
    if (check_one(token, url, params, signature))
        return true;
    if (!url_split(url, &parts))
        return false;
    const char *standard = parts.https ? ":443" : ":80";
    char *bare = url_join(&parts, NULL, 0), *with_port = url_join(&parts, standard, strlen(standard));
    bool good = check_one(token, bare, params, signature) || check_one(token, with_port, params, signature);
    free(bare);
    free(with_port);
    return good;
}
