#include "host/base/sid.h"

#include <stddef.h>
#include <string.h>

#include "host/base/secret.h"

#define ENTROPY_SIDS 64

/* Asking the kernel costs more than a SID is worth: it is asked for many at once. */
static void entropy(uint8_t *out, size_t len)
{
    static uint8_t pool[ENTROPY_SIDS * 10];
    static size_t left;
    if (left < len) {
        secret_random(pool, sizeof pool);
        left = sizeof pool;
    }
    left -= len;
    memcpy(out, pool + left, len);
}

void sid_new(struct sid *sid, int64_t wall_ms)
{
    for (int i = 0; i < 6; i++)
        sid->b[i] = (uint8_t)((uint64_t)wall_ms >> (40 - 8 * i));
    entropy(sid->b + 6, sizeof sid->b - 6);
}

void sid_format(const struct sid *sid, const char prefix[2], char out[SID_TEXT])
{
    out[0] = prefix[0];
    out[1] = prefix[1];
    hex_encode(sid->b, sizeof sid->b, out + 2);
}

bool sid_parse(const char *text, const char prefix[2], struct sid *sid)
{
    return strlen(text) == SID_TEXT - 1 && text[0] == prefix[0] && text[1] == prefix[1] &&
           hex_decode(text + 2, SID_TEXT - 3, sid->b);
}
