/* See mark.h. 128 bits of the HMAC: two numbers never share a mark. */
#include "host/base/mark.h"

#include <string.h>

#define MARK_BYTES 16

void mark_key_init(struct mark_key *mark, const struct secret_key *key)
{
    static const char purpose[] = "cellpost privacy: know a number again";
    secret_hmac_sha256(key->bytes, sizeof key->bytes, purpose, strlen(purpose), mark->bytes);
}

void mark_number(const struct mark_key *key, const char *number, char out[MARK_TEXT])
{
    uint8_t hash[32];
    secret_hmac_sha256(key->bytes, sizeof key->bytes, number, strlen(number), hash);
    memcpy(out, MARK_PREFIX, sizeof MARK_PREFIX - 1);
    hex_encode(hash, MARK_BYTES, out + sizeof MARK_PREFIX - 1);
}
