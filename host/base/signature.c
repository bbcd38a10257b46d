#include "host/base/signature.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"
#include "host/base/secret.h"
#include "host/base/url.h"

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

char *signature_url(const char *configured)
{
    struct url url;
    if (!url_split(configured, &url))
        return NULL;
    url.userinfo = (struct url_span){0};
    if (url.https)
        url.port = 0;
    return url_print(&url);
}

static bool check_one(const char *token, const char *url, const struct form *params, const char *signature)
{
    char made[SIGNATURE_LEN + 1];
    signature_make(token, url, params, made);
    return secret_equal(signature, strlen(signature), made, SIGNATURE_LEN);
}

static bool check_with_port(const char *token, struct url url, int port, const struct form *params,
                            const char *signature)
{
    url.userinfo = (struct url_span){0};
    url.port = port;
    char *text = url_print(&url);
    bool good = check_one(token, text, params, signature);
    free(text);
    return good;
}

bool signature_check(const char *token, const char *text, const struct form *params, const char *signature)
{
    struct url url;
    if (check_one(token, text, params, signature))
        return true;
    return url_split(text, &url) && (check_with_port(token, url, 0, params, signature) ||
                                     check_with_port(token, url, url.https ? 443 : 80, params, signature));
}
