#include "host/sms/gsm7.h"

#include <string.h>

#include "host/sms/gsm7_tables.h"
#include "host/sms/utf8.h"

/* An unknown identifier, and a language without a locking table, read by the default (TS 23.038 6.2.1.2.5).
 */
static const uint16_t *locking_table(uint8_t id)
{
    return id <= GSM7_LANG_MAX && gsm7_locking[id][' '] != 0 ? gsm7_locking[id] : gsm7_locking[0];
}

static const struct gsm7_shift *single_table(uint8_t id)
{
    return gsm7_single[id <= GSM7_LANG_MAX && gsm7_single[id][0].code_point != 0 ? id : 0];
}

int gsm7_encode_char(struct gsm7_alphabet alphabet, uint32_t code_point, uint8_t septets[2])
{
    const uint16_t *table = locking_table(alphabet.locking);
    if (code_point == 0 || code_point > 0xFFFF)
        return 0;
    if (code_point < 128 && table[code_point] == code_point) { /* most of ASCII */
        septets[0] = (uint8_t)code_point;
        return 1;
    }
    for (unsigned i = 0; i < 128; i++)
        if (table[i] == code_point && i != GSM7_ESC) {
            septets[0] = (uint8_t)i;
            return 1;
        }
    for (const struct gsm7_shift *shift = single_table(alphabet.single); shift->code_point != 0; shift++)
        if (shift->code_point == code_point) {
            septets[0] = GSM7_ESC;
            septets[1] = shift->septet;
            return 2;
        }
    return 0;
}

static uint32_t base_char(struct gsm7_alphabet alphabet, uint8_t septet)
{
    uint16_t code_point = locking_table(alphabet.locking)[septet & 0x7F];
    return code_point != 0 ? code_point : ' ';
}

uint32_t gsm7_decode_char(struct gsm7_alphabet alphabet, const uint8_t *septets, size_t count, size_t *used)
{
    *used = 1;
    if (septets[0] != GSM7_ESC)
        return base_char(alphabet, septets[0]);
    if (count < 2)
        return UINT32_MAX;
    *used = 2;
    if (septets[1] == GSM7_ESC) /* reserved for a further extension: a space is shown (6.2.1.1 note 1) */
        return ' ';
    for (const struct gsm7_shift *shift = single_table(alphabet.single); shift->code_point != 0; shift++)
        if (shift->septet == septets[1])
            return shift->code_point;
    return base_char(alphabet, septets[1]);
}

size_t gsm7_decode(struct gsm7_alphabet alphabet, const uint8_t *septets, size_t count, char *out,
                   size_t out_size)
{
    size_t len = 0;
    for (size_t at = 0, used; at < count; at += used) {
        char piece[4];
        uint32_t code_point = gsm7_decode_char(alphabet, septets + at, count - at, &used);
        if (code_point == UINT32_MAX)
            continue;
        size_t piece_len = utf8_put(code_point, piece);
        if (len + piece_len + 1 > out_size)
            break;
        memcpy(out + len, piece, piece_len);
        len += piece_len;
    }
    if (out_size > 0)
        out[len] = '\0';
    return len;
}

size_t gsm7_pack(const uint8_t *septets, size_t count, unsigned fill, uint8_t *out)
{
    size_t octets = (count * 7 + fill + 7) / 8;
    memset(out, 0, octets);
    for (size_t i = 0; i < count; i++) {
        size_t bit = fill + i * 7;
        unsigned value = (unsigned)(septets[i] & 0x7F) << (bit % 8);
        out[bit / 8] |= (uint8_t)value;
        if (bit % 8 > 1)
            out[bit / 8 + 1] |= (uint8_t)(value >> 8);
    }
    return octets;
}

size_t gsm7_unpack(const uint8_t *packed, size_t len, unsigned fill, size_t count, uint8_t *septets)
{
    size_t got = 0;
    for (; got < count; got++) {
        size_t bit = fill + got * 7;
        if (bit + 7 > len * 8)
            break;
        unsigned value = packed[bit / 8];
        if (bit % 8 > 1)
            value |= (unsigned)packed[bit / 8 + 1] << 8;
        septets[got] = value >> (bit % 8) & 0x7F;
    }
    return got;
}
