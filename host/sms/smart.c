/* Smart encoding: typographic look-alikes become the GSM 7-bit characters that they stand for. */
#include <string.h>

#include "host/sms/split.h"
#include "host/sms/utf8.h"

/* "" removes the character. */
static const struct {
    uint32_t code_point;
    char to[4];
} rows[] = {
    {0x00A0, " "},  {0x00AB, "\""}, {0x00AD, ""},   {0x00B4, "'"}, {0x00B7, "."},  {0x00B8, ","},
    {0x00BB, "\""}, {0x00D7, "x"},  {0x0060, "'"},  {0x02B9, "'"}, {0x02BA, "\""}, {0x02BC, "'"},
    {0x02C6, "^"},  {0x02C8, "'"},  {0x02DC, "~"},  {0x1680, " "}, {0x2000, " "},  {0x2001, " "},
    {0x2002, " "},  {0x2003, " "},  {0x2004, " "},  {0x2005, " "}, {0x2006, " "},  {0x2007, " "},
    {0x2008, " "},  {0x2009, " "},  {0x200A, " "},  {0x200B, ""},  {0x200E, ""},   {0x200F, ""},
    {0x2010, "-"},  {0x2011, "-"},  {0x2012, "-"},  {0x2013, "-"}, {0x2014, "-"},  {0x2015, "-"},
    {0x2017, "_"},  {0x2018, "'"},  {0x2019, "'"},  {0x201A, ","}, {0x201B, "'"},  {0x201C, "\""},
    {0x201D, "\""}, {0x201E, "\""}, {0x201F, "\""}, {0x2022, "-"}, {0x2024, "."},  {0x2026, "..."},
    {0x2027, "."},  {0x2028, "\n"}, {0x2029, "\n"}, {0x202F, " "}, {0x2032, "'"},  {0x2033, "\""},
    {0x2035, "'"},  {0x2036, "\""}, {0x2039, "<"},  {0x203A, ">"}, {0x203C, "!!"}, {0x2043, "-"},
    {0x2044, "/"},  {0x2045, "["},  {0x2046, "]"},  {0x204E, "*"}, {0x205F, " "},  {0x2060, ""},
    {0x2212, "-"},  {0x2215, "/"},  {0x2216, "\\"}, {0x2217, "*"}, {0x2223, "|"},  {0x2236, ":"},
    {0x223C, "~"},  {0x2264, "<="}, {0x2265, ">="}, {0x275B, "'"}, {0x275C, "'"},  {0x275D, "\""},
    {0x275E, "\""}, {0x3000, " "},  {0x3001, ","},  {0x3002, "."}, {0x301C, "~"},  {0x301D, "\""},
    {0x301E, "\""}, {0xFEFF, ""},   {0x0009, " "},
};

/* The replacement, or NULL. Full-width forms are ASCII at an offset. */
static const char *replacement(uint32_t c, char ascii[2])
{
    if (c >= 0xFF01 && c <= 0xFF5E && c != 0xFF40) {
        ascii[0] = (char)(c - 0xFF01 + 0x21);
        ascii[1] = '\0';
        return ascii;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].code_point == c)
            return rows[i].to;
    return NULL;
}

size_t split_smart(const char *text, size_t len, char *out, size_t out_size)
{
    const struct gsm7_alphabet basic = {0, 0};
    uint8_t septets[2];
    size_t out_len = 0;
    bool fits = true;
    for (size_t at = 0, used; at < len && fits; at += used) {
        char ascii[2], piece[4];
        uint32_t c = utf8_next(text + at, len - at, &used, NULL);
        const char *to = gsm7_encode_char(basic, c, septets) > 0 ? NULL : replacement(c, ascii);
        size_t piece_len = to != NULL ? strlen(to) : utf8_put(c, piece);
        fits = (to != NULL || gsm7_encode_char(basic, c, septets) > 0) && out_len + piece_len < out_size;
        if (fits)
            memcpy(out + out_len, to != NULL ? to : piece, piece_len);
        out_len += fits ? piece_len : 0;
    }
    if (!fits && out_size > 0) {
        out_len = len < out_size ? len : out_size - 1;
        memcpy(out, text, out_len);
    }
    if (out_size > 0)
        out[out_len] = '\0';
    return out_len;
}
