/* GSM 7-bit alphabets: TS 23.038 clause 6.2.1 and annex A. Pure: no I/O, no heap, no clock.
 *
 * Text is UTF-8 on our side and septets (one per octet, 0..127) or packed octets (6.1.2.1) on the other.
 * An alphabet is a pair of national language identifiers, 0 meaning the default table:
 * locking shift (annex A.3, replaces the base table) and single shift (annex A.2, replaces the extension
 * table). */
#ifndef CELLPOST_SMS_GSM7_H
#define CELLPOST_SMS_GSM7_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GSM7_LANG_MAX 13 /* 1 Turkish .. 13 Urdu, TS 23.038 table 6.2.1.2.4; 0 = default */
#define GSM7_ESC      0x1B

struct gsm7_alphabet {
    uint8_t locking; /* 0..13; an identifier without a locking table reads as 0 */
    uint8_t single;  /* 0..13 */
};

/* Septets that one code point costs: 1, 2 (ESC + char), or 0 when the alphabet has no such character.
 * Writes them to septets[0..1]. */
int gsm7_encode_char(struct gsm7_alphabet alphabet, uint32_t code_point, uint8_t septets[2]);

/* Code point of the septet at septets[0..count-1]; *used is 1 or 2. ESC + unknown gives the base character of
 * the second septet, ESC ESC a space; a lone ESC at the end gives 0 code points: returns UINT32_MAX with
 * *used = 1. */
uint32_t gsm7_decode_char(struct gsm7_alphabet alphabet, const uint8_t *septets, size_t count, size_t *used);

/* Decodes septets to NUL-terminated UTF-8. out_size must be at least 3 * count + 1 (else the text ends early
 * at a character boundary). Returns the length in bytes; '@' and other characters are never NUL in UTF-8. */
size_t gsm7_decode(struct gsm7_alphabet alphabet, const uint8_t *septets, size_t count, char *out,
                   size_t out_size);

/* Packing, LSB first, with `fill` zero bits before the first septet (0..6). Returns octets written/needed:
 * (count * 7 + fill + 7) / 8. out must hold that many. */
size_t gsm7_pack(const uint8_t *septets, size_t count, unsigned fill, uint8_t *out);

/* The inverse. Reads at most `len` octets; returns the septets got, at most `count`. */
size_t gsm7_unpack(const uint8_t *packed, size_t len, unsigned fill, size_t count, uint8_t *septets);

#endif
