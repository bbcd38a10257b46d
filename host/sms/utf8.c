#include "host/sms/utf8.h"

/* First octet's class by value, RFC 3629 section 3: expected length, and the least code point of that length.
 */
static size_t sequence(const uint8_t *s, size_t len, uint32_t *code_point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t count = s[0] < 0x80             ? 1
                   : (s[0] & 0xE0) == 0xC0 ? 2
                   : (s[0] & 0xF0) == 0xE0 ? 3
                   : (s[0] & 0xF8) == 0xF0 ? 4
                                           : 0;
    if (count == 0 || count > len)
        return 0;
    uint32_t value = count == 1 ? s[0] : s[0] & (0x7Fu >> count);
    for (size_t i = 1; i < count; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (s[i] & 0x3F);
    }
    if (value < least[count] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    *code_point = value;
    return count;
}

uint32_t utf8_next(const char *s, size_t len, size_t *used, bool *bad)
{
    uint32_t code_point;
    *used = sequence((const uint8_t *)s, len, &code_point);
    if (*used != 0)
        return code_point;
    *used = 1;
    if (bad != NULL)
        *bad = true;
    return UTF8_REPLACEMENT;
}

size_t utf8_put(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

static uint32_t unit_at(const uint8_t *octets)
{
    return (uint32_t)octets[0] << 8 | octets[1];
}

size_t utf8_from_utf16(const uint8_t *octets, size_t len, char *out, bool *lone)
{
    size_t written = 0;
    for (size_t i = 0; i + 1 < len; i += 2) {
        uint32_t c = unit_at(octets + i), low = i + 3 < len ? unit_at(octets + i + 2) : 0;
        if (c >= 0xD800 && c < 0xDC00 && low >= 0xDC00 && low < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
            i += 2;
        } else if (c >= 0xD800 && c < 0xE000) {
            c = UTF8_REPLACEMENT;
            *lone = true;
        } else if (c == 0) {
            c = UTF8_REPLACEMENT;
        }
        written += utf8_put(c, out + written);
    }
    return written;
}

bool utf8_valid(const char *s, size_t len)
{
    bool bad = false;
    for (size_t at = 0, used; at < len && !bad; at += used)
        utf8_next(s + at, len - at, &used, &bad);
    return !bad;
}

size_t utf8_utf16_len(const char *s, size_t len)
{
    size_t units = 0;
    for (size_t at = 0, used; at < len; at += used)
        units += utf8_next(s + at, len - at, &used, NULL) > 0xFFFF ? 2 : 1;
    return units;
}
