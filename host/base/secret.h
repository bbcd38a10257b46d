/* Hashes, random and the little that must be secret; mbedTLS does the work. */
#ifndef CELLPOST_BASE_SECRET_H
#define CELLPOST_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void secret_random(void *out, size_t len); /* fatal() when the system has none */
void secret_hmac_sha1(const void *key, size_t key_len, const void *data, size_t len, uint8_t out[20]);
void secret_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len, uint8_t out[32]);
void secret_sha256(const void *data, size_t len, uint8_t out[32]);
bool secret_equal(const void *a, size_t a_len, const void *b, size_t b_len); /* time depends on b_len only */
void hex_encode(const void *in, size_t len, char *out);                      /* lower case, 2 * len + NUL */
bool hex_decode(const char *in, size_t len, void *out);                      /* len hex digits, even */
void base64_encode(const void *in, size_t len, char *out);                   /* 4 * ((len + 2) / 3) + NUL */
bool base64_decode(const char *in, size_t len, void *out, size_t out_size, size_t *out_len);

/* Sealing of auth tokens at rest: AES-256-GCM (12-byte nonce, ciphertext, 16-byte tag) under the key file. */
#define SECRET_SEAL_OVERHEAD 28
struct secret_key {
    uint8_t bytes[32];
};
/* Reads the key file, or makes it (0600) when absent. 0 or -errno; -EINVAL when it is not 32 bytes in hex. */
int secret_key_load(const char *path, struct secret_key *);
void secret_seal(const struct secret_key *, const void *in, size_t len, uint8_t *out); /* len + OVERHEAD */
bool secret_open(const struct secret_key *, const void *in, size_t len, uint8_t *out); /* len - OVERHEAD */

#endif
