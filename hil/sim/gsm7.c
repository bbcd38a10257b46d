#include "gsm7.h"

#include <string.h>

static const uint16_t basic[128] = {
    '@',   0xA3, '$',   0xA5,  0xE8,  0xE9,  0xF9,  0xEC,  0xF2,  0xC7,  '\n',  0xD8, 0xF8, '\r', 0xC5, 0xE5,
    0x394, '_',  0x3A6, 0x393, 0x39B, 0x3A9, 0x3A0, 0x3A8, 0x3A3, 0x398, 0x39E, 0x1B, 0xC6, 0xE6, 0xDF, 0xC9,
    ' ',   '!',  '"',   '#',   0xA4,  '%',   '&',   '\'',  '(',   ')',   '*',   '+',  ',',  '-',  '.',  '/',
    '0',   '1',  '2',   '3',   '4',   '5',   '6',   '7',   '8',   '9',   ':',   ';',  '<',  '=',  '>',  '?',
    0xA1,  'A',  'B',   'C',   'D',   'E',   'F',   'G',   'H',   'I',   'J',   'K',  'L',  'M',  'N',  'O',
    'P',   'Q',  'R',   'S',   'T',   'U',   'V',   'W',   'X',   'Y',   'Z',   0xC4, 0xD6, 0xD1, 0xDC, 0xA7,
    0xBF,  'a',  'b',   'c',   'd',   'e',   'f',   'g',   'h',   'i',   'j',   'k',  'l',  'm',  'n',  'o',
    'p',   'q',  'r',   's',   't',   'u',   'v',   'w',   'x',   'y',   'z',   0xE4, 0xF6, 0xF1, 0xFC, 0xE0,
};

static const struct {
    uint8_t septet;
    uint16_t code_point;
} extension[] = {{0x0A, '\f'}, {0x14, '^'}, {0x28, '{'}, {0x29, '}'}, {0x2F, '\\'},
                 {0x3C, '['},  {0x3D, '~'}, {0x3E, ']'}, {0x40, '|'}, {0x65, 0x20AC}};

enum { EXTENSIONS = sizeof extension / sizeof extension[0], ESCAPE = 0x1B };

uint32_t utf8_next(const char **text)
{
    const unsigned char *p = (const unsigned char *)*text;
    unsigned more = p[0] < 0x80 ? 0 : p[0] < 0xE0 ? 1 : p[0] < 0xF0 ? 2 : 3;
    uint32_t cp = more == 0 ? p[0] : p[0] & (0x3Fu >> more);
    if (p[0] == '\0')
        return 0;
    for (unsigned i = 1; i <= more; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            *text += i;
            return 0xFFFD;
        }
        cp = cp << 6 | (p[i] & 0x3F);
    }
    *text += more + 1;
    return cp;
}

void utf8_put(struct buf *b, uint32_t cp)
{
    unsigned char out[4];
    unsigned more = cp < 0x80 ? 0 : cp < 0x800 ? 1 : cp < 0x10000 ? 2 : 3;
    for (unsigned i = more; i > 0; i--, cp >>= 6)
        out[i] = (unsigned char)(0x80 | (cp & 0x3F));
    out[0] = (unsigned char)(more == 0 ? cp : (0xFF00u >> (more + 1) & 0xFF) | cp);
    buf_add(b, out, more + 1);
}

/* One character as one or two septets; 0 when the alphabet lacks it. */
static int encode_one(uint32_t cp, uint8_t out[2])
{
    for (uint8_t s = 0; s < 128; s++)
        if (basic[s] == cp && s != ESCAPE) {
            out[0] = s;
            return 1;
        }
    for (int i = 0; i < EXTENSIONS; i++)
        if (extension[i].code_point == cp) {
            out[0] = ESCAPE;
            out[1] = extension[i].septet;
            return 2;
        }
    return 0;
}

int gsm7_encode(const char *text, uint8_t *out, size_t size)
{
    size_t len = 0;
    uint32_t cp;
    while ((cp = utf8_next(&text)) != 0) {
        uint8_t pair[2];
        int n = encode_one(cp, pair);
        if (n == 0 || len + (size_t)n > size)
            return -1;
        memcpy(out + len, pair, (size_t)n);
        len += (size_t)n;
    }
    return (int)len;
}

static uint32_t decode_extension(uint8_t septet)
{
    for (int i = 0; i < EXTENSIONS; i++)
        if (extension[i].septet == septet)
            return extension[i].code_point;
    return septet == ESCAPE ? ' ' : basic[septet];
}

void gsm7_decode(const uint8_t *septets, size_t count, struct buf *out)
{
    for (size_t i = 0; i < count; i++) {
        if (septets[i] != ESCAPE)
            utf8_put(out, basic[septets[i] & 0x7F]);
        else if (++i < count)
            utf8_put(out, decode_extension(septets[i] & 0x7F));
    }
}

size_t gsm7_pack(const uint8_t *septets, size_t count, unsigned fill, uint8_t *out)
{
    size_t octets = (count * 7 + fill + 7) / 8;
    memset(out, 0, octets);
    for (size_t i = 0; i < count; i++)
        for (unsigned b = 0; b < 7; b++) {
            size_t bit = i * 7 + fill + b;
            out[bit / 8] = (uint8_t)(out[bit / 8] | ((septets[i] >> b & 1u) << (bit % 8)));
        }
    return octets;
}

void gsm7_unpack(const uint8_t *octets, size_t octet_count, unsigned fill, size_t count, uint8_t *septets)
{
    for (size_t i = 0; i < count; i++) {
        septets[i] = 0;
        for (unsigned b = 0; b < 7; b++) {
            size_t bit = i * 7 + fill + b;
            if (bit / 8 < octet_count)
                septets[i] = (uint8_t)(septets[i] | ((octets[bit / 8] >> (bit % 8) & 1u) << b));
        }
    }
}
