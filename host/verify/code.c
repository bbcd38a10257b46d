/* See code.h. */
#include "host/verify/code.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/base/log.h"

static void subkey(const struct secret_key *key, const char *purpose, uint8_t out[32])
{
    secret_hmac_sha256(key->bytes, sizeof key->bytes, purpose, strlen(purpose), out);
}

void code_key_init(struct code_key *codes, const struct secret_key *key)
{
    subkey(key, "cellpost verify: make codes", codes->make);
    subkey(key, "cellpost verify: hash codes", codes->hash);
}

/* 64 of the bits: what the remainder favours is less than 1 in 10^9 even of ten digits. */
void code_make(const struct code_key *key, const struct sid *sid, int digits, char out[CODE_MAX + 1])
{
    uint8_t bytes[32];
    uint64_t number = 0, most = 1;
    if (digits < CODE_MIN || digits > CODE_MAX)
        fatal("a code of %d digits", digits);
    secret_hmac_sha256(key->make, sizeof key->make, sid->b, sizeof sid->b, bytes);
    for (int i = 0; i < 8; i++)
        number = number << 8 | bytes[i];
    for (int i = 0; i < digits; i++)
        most *= 10;
    snprintf(out, CODE_MAX + 1, "%0*" PRIu64, digits, number % most);
}

void code_hash(const struct code_key *key, const struct sid *sid, const char *code, uint8_t out[CODE_HASH])
{
    uint8_t data[sizeof sid->b + CODE_MAX];
    size_t len = strnlen(code, CODE_MAX + 1);
    if (len > CODE_MAX)
        fatal("a code of more than %d characters", CODE_MAX);
    memcpy(data, sid->b, sizeof sid->b);
    memcpy(data + sizeof sid->b, code, len);
    secret_hmac_sha256(key->hash, sizeof key->hash, data, sizeof sid->b + len, out);
}

bool code_matches(const struct code_key *key, const struct sid *sid, const char *code,
                  const uint8_t hash[CODE_HASH])
{
    uint8_t mine[CODE_HASH];
    code_hash(key, sid, code, mine);
    return secret_equal(mine, sizeof mine, hash, CODE_HASH);
}

bool code_valid(const char *code)
{
    size_t len = strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    return len >= CODE_MIN && len <= CODE_MAX && code[len] == '\0';
}
