/* SIDs: two letters and 32 lower-case hex digits; stored as the 16 bytes. The first six bytes are the
 * creation time in milliseconds, the rest is random: neighbours in time are neighbours in the index. */
#ifndef CELLPOST_BASE_SID_H
#define CELLPOST_BASE_SID_H

#include <stdbool.h>
#include <stdint.h>

#define SID_TEXT 35 /* with NUL */

struct sid {
    uint8_t b[16];
};

void sid_new(struct sid *, int64_t wall_ms);
void sid_format(const struct sid *, const char prefix[2], char out[SID_TEXT]);
bool sid_parse(const char *text, const char prefix[2], struct sid *); /* hex in either case */

#endif
