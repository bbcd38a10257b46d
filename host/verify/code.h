/* The codes of verifications. Pure but for the hash functions.
 *
 * A code that is made here is not stored: it is computed from the verification's SID with a key that only the
 * daemon has, so the same code can be sent again while its row holds no more than a hash. That hash is keyed
 * too: of a plain one, a code of six digits would be found by trying all of them. Both keys come from the key
 * file, neither is the key of the auth tokens itself. */
#ifndef CELLPOST_VERIFY_CODE_H
#define CELLPOST_VERIFY_CODE_H

#include <stdbool.h>
#include <stdint.h>

#include "host/base/secret.h"
#include "host/base/sid.h"

#define CODE_MIN  4
#define CODE_MAX  10
#define CODE_HASH 32

struct code_key {
    uint8_t make[32], hash[32];
};
void code_key_init(struct code_key *, const struct secret_key *);

/* digits: CODE_MIN..CODE_MAX; each code is equally likely. */
void code_make(const struct code_key *, const struct sid *verification, int digits, char out[CODE_MAX + 1]);
void code_hash(const struct code_key *, const struct sid *verification, const char *code,
               uint8_t out[CODE_HASH]);
/* In a time that tells nothing of the code. */
bool code_matches(const struct code_key *, const struct sid *verification, const char *code,
                  const uint8_t hash[CODE_HASH]);
/* CODE_MIN..CODE_MAX letters and digits: what a client may give as a code. */
bool code_valid(const char *code);

#endif
