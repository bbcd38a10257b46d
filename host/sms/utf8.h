/* UTF-8 in and out (RFC 3629). Pure. Overlong forms, surrogates and values past U+10FFFF are malformed. */
#ifndef CELLPOST_SMS_UTF8_H
#define CELLPOST_SMS_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT 0xFFFDu

/* Next code point of s[0..len-1], len >= 1; *used = bytes taken (1..4). Malformed: UTF8_REPLACEMENT, *used =
 * 1 and, when bad is not NULL, *bad = true (left alone otherwise). */
uint32_t utf8_next(const char *s, size_t len, size_t *used, bool *bad);

/* Writes one code point (1..4 bytes, no NUL). Returns the bytes written. */
size_t utf8_put(uint32_t code_point, char out[4]);

/* Text in UTF-16BE; an odd octet at the end is ignored. Half a surrogate pair becomes U+FFFD (and *lone =
 * true, left alone otherwise), U+0000 too, since it would end the text before what follows. Writes at most 3
 * bytes a unit, no NUL. Returns the bytes written. */
size_t utf8_from_utf16(const uint8_t *octets, size_t len, char *out, bool *lone);

bool utf8_valid(const char *s, size_t len);

/* UTF-16 code units that the text takes: what Twilio's 1600-character limit counts. */
size_t utf8_utf16_len(const char *s, size_t len);

#endif
