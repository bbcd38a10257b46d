/* A telephone number as one who must not keep it may know it again: its HMAC under a key that is derived from
 * the key file. Without the key nobody can try all numbers; with another key no mark is ever met again. */
#ifndef CELLPOST_BASE_MARK_H
#define CELLPOST_BASE_MARK_H

#include <stdint.h>

#include "host/base/secret.h"

#define MARK_PREFIX "hmac:"
#define MARK_TEXT   38 /* MARK_PREFIX, 32 hex digits, NUL */

struct mark_key {
    uint8_t bytes[32];
};
void mark_key_init(struct mark_key *, const struct secret_key *);
void mark_number(const struct mark_key *, const char *number, char out[MARK_TEXT]);

#endif
