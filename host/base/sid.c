#include "host/base/sid.h"

#include <stddef.h>
#include <string.h>

#include "host/base/secret.h"

void sid_new(struct sid *sid, int64_t wall_ms)
{
    for (int i = 0; i < 6; i++)
        sid->b[i] = (uint8_t)((uint64_t)wall_ms >> (40 - 8 * i));
    secret_random(sid->b + 6, sizeof sid->b - 6);
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
