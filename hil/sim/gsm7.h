/* The 7-bit default alphabet and its extension (TS 23.038 6.2.1), and packing (6.1.2.1). The simulator's own,
 * written apart from the gateway's. Text is UTF-8. */
#ifndef MODEMSIM_GSM7_H
#define MODEMSIM_GSM7_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"

uint32_t utf8_next(const char **text); /* the next code point and past it; 0 at the end; U+FFFD for garbage */
void utf8_put(struct buf *, uint32_t code_point);

/* Septets of text, one in each byte. -1 when a character has no place in the alphabet or out is too short. */
int gsm7_encode(const char *text, uint8_t *out, size_t size);
void gsm7_decode(const uint8_t *septets, size_t count, struct buf *out);

/* Packs count septets after fill spare bits; returns octets. out holds (count * 7 + fill + 7) / 8. */
size_t gsm7_pack(const uint8_t *septets, size_t count, unsigned fill, uint8_t *out);
void gsm7_unpack(const uint8_t *octets, size_t octet_count, unsigned fill, size_t count, uint8_t *septets);

#endif
