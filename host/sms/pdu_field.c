/* The fields that TPDUs share: addresses, times, validity, status, data coding. */
#include <string.h>

#include "host/sms/pdu.h"
#include "host/sms/utf8.h"

/* ---- addresses, TS 23.040 9.1.2.5 ---- */

#define ADDRESS_DIGITS_MAX 20
#define ADDRESS_ALPHA_MAX  22 /* some service centres count the fill */

static const char digit_chars[] = "0123456789*#abc"; /* 15 is the fill */

static enum pdu_error decode_digits(const uint8_t *in, size_t digits, struct pdu_address *out)
{
    char *text = out->text;
    if ((out->toa >> 4 & 7) == TON_INTERNATIONAL && digits > 0 && (in[0] & 15) != 15)
        *text++ = '+';
    for (size_t i = 0; i < digits; i++) {
        unsigned digit = i % 2 == 0 ? in[i / 2] & 15 : in[i / 2] >> 4;
        if (digit == 15) /* fill before the end: the address is shorter than it says */
            break;
        *text++ = digit_chars[digit];
    }
    *text = '\0';
    return PDU_OK;
}

static enum pdu_error decode_alpha(const uint8_t *in, size_t octets, size_t semi_octets,
                                   struct pdu_address *out)
{
    uint8_t septets[ADDRESS_ALPHA_MAX];
    size_t count = gsm7_unpack(in, octets, 0, semi_octets * 4 / 7, septets);
    if (semi_octets == 14 && count == 8 && septets[7] == 0) /* seven characters, counted as eight */
        count = 7;
    gsm7_decode((struct gsm7_alphabet){0, 0}, septets, count, out->text, sizeof out->text);
    return PDU_OK;
}

enum pdu_error pdu_decode_address(const uint8_t *in, size_t len, bool as_smsc, struct pdu_address *out,
                                  size_t *used)
{
    memset(out, 0, sizeof *out);
    if (len < 1)
        return PDU_TRUNCATED;
    if (as_smsc && in[0] == 0) {
        *used = 1;
        return PDU_OK;
    }
    if (len < 2)
        return PDU_TRUNCATED;
    bool alpha = (in[1] >> 4 & 7) == TON_ALPHANUMERIC;
    size_t semi_octets = as_smsc ? (in[0] - 1u) * 2 : in[0], octets = (semi_octets + 1) / 2;
    if (semi_octets > (alpha ? ADDRESS_ALPHA_MAX : ADDRESS_DIGITS_MAX))
        return PDU_BAD_ADDRESS;
    if (len < 2 + octets)
        return PDU_TRUNCATED;
    *used = 2 + octets;
    out->toa = in[1];
    return alpha ? decode_alpha(in + 2, octets, semi_octets, out) : decode_digits(in + 2, semi_octets, out);
}

static int digit_value(char c)
{
    const char *at = c != '\0' ? strchr(digit_chars, c) : NULL;
    return at != NULL ? (int)(at - digit_chars) : -1;
}

enum pdu_error pdu_encode_address(const char *text, bool as_smsc, uint8_t out[12], size_t *len)
{
    bool international = text[0] == '+';
    text += international;
    size_t digits = strlen(text), octets = (digits + 1) / 2;
    if (digits > ADDRESS_DIGITS_MAX || digits == 0)
        return PDU_BAD_ADDRESS;
    memset(out, 0xFF, 12);
    for (size_t i = 0; i < digits; i++) {
        int value = digit_value(text[i]);
        if (value < 0)
            return PDU_BAD_ADDRESS;
        uint8_t *octet = &out[2 + i / 2];
        *octet = (uint8_t)(i % 2 == 0 ? (*octet & 0xF0) | value : (*octet & 0x0F) | value << 4);
    }
    out[0] = (uint8_t)(as_smsc ? octets + 1 : digits);
    out[1] = international ? 0x91 : 0x81;
    *len = 2 + octets;
    return PDU_OK;
}

/* ---- times, 9.2.3.11 ---- */

/* Days since 1970-01-01 in the proleptic Gregorian calendar, for years from 1970 on. */
static int64_t days_of(int year, int month, int day)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t days =
        (int64_t)(year - 1970) * 365 + (year - 1969) / 4 - (year - 1901) / 100 + (year - 1601) / 400;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days + before[month - 1] + (leap && month > 2) + day - 1;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
}

static int swapped_bcd(uint8_t octet)
{
    int tens = octet & 15, ones = octet >> 4;
    return tens > 9 || ones > 9 ? -1 : tens * 10 + ones;
}

void pdu_decode_time(const uint8_t raw[7], struct pdu_time *out)
{
    int v[6];
    memcpy(out->raw, raw, 7);
    out->valid = false;
    out->utc_s = 0;
    out->tz_quarters = 0;
    for (int i = 0; i < 6; i++)
        if ((v[i] = swapped_bcd(raw[i])) < 0)
            return;
    int zone = swapped_bcd(raw[6] & 0xF7); /* bit 3 is the sign; so 79 at most */
    int year = v[0] < 70 ? 2000 + v[0] : 1900 + v[0];
    if (v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > month_days(year, v[1]) || v[3] > 23 || v[4] > 59 ||
        v[5] > 59 || zone < 0)
        return;
    out->tz_quarters = (int16_t)(raw[6] & 8 ? -zone : zone);
    out->utc_s = days_of(year, v[1], v[2]) * 86400 + v[3] * 3600 + v[4] * 60 + v[5] - out->tz_quarters * 900;
    out->valid = true;
}

/* ---- validity, 9.2.3.12.1 ---- */

static const struct {
    int first, last;        /* octet values */
    int64_t base_s, step_s; /* seconds = base + (value - first) * step */
} validity_rows[] = {
    {0, 143, 300, 300},
    {144, 167, 43200 + 1800, 1800},
    {168, 196, 2 * 86400, 86400},
    {197, 255, 5 * 7 * 86400, 7 * 86400},
};

int64_t pdu_vp_to_seconds(uint8_t vp)
{
    size_t row = 0;
    while (vp > validity_rows[row].last)
        row++;
    return validity_rows[row].base_s + (vp - validity_rows[row].first) * validity_rows[row].step_s;
}

uint8_t pdu_vp_from_seconds(int64_t seconds)
{
    for (size_t row = sizeof validity_rows / sizeof validity_rows[0]; row-- > 0;) {
        if (seconds < validity_rows[row].base_s)
            continue;
        int64_t value =
            validity_rows[row].first + (seconds - validity_rows[row].base_s) / validity_rows[row].step_s;
        return (uint8_t)(value < validity_rows[row].last ? value : validity_rows[row].last);
    }
    return 0;
}

/* ---- TP-ST and TP-DCS ---- */

enum pdu_st_class pdu_st_class(uint8_t st)
{
    if (st == 0x00)
        return ST_DELIVERED;
    if (st < 0x20)
        return ST_ACCEPTED;
    return st < 0x40 ? ST_TRYING : ST_FAILED; /* 0x80 and up are read as service rejected (9.2.3.15) */
}

static enum pdu_alphabet alphabet_bits(uint8_t dcs)
{
    switch (dcs >> 2 & 3) {
    case 1: return PDU_8BIT;
    case 2: return PDU_UCS2;
    default: return PDU_GSM7;
    }
}

enum pdu_alphabet pdu_dcs_alphabet(uint8_t dcs, int8_t *message_class, bool *compressed)
{
    *message_class = -1;
    *compressed = false;
    if (dcs < 0x80) { /* general coding, and the same with automatic deletion */
        *compressed = (dcs & 0x20) != 0;
        if (dcs & 0x10)
            *message_class = dcs & 3;
        return alphabet_bits(dcs);
    }
    if (dcs >= 0xF0) {
        *message_class = dcs & 3;
        return dcs & 4 ? PDU_8BIT : PDU_GSM7;
    }
    return (dcs & 0xF0) == 0xE0 ? PDU_UCS2 : PDU_GSM7;
}

const char *pdu_error_text(enum pdu_error error)
{
    switch (error) {
    case PDU_OK: return "ok";
    case PDU_BAD_HEX: return "not hex";
    case PDU_TRUNCATED: return "ends inside a mandatory field";
    case PDU_BAD_ADDRESS: return "bad address";
    case PDU_BAD_UDL: return "UDL does not fit the user data";
    case PDU_BAD_TYPE: return "a TPDU type that does not come this way";
    case PDU_TOO_LONG: return "too long";
    case PDU_BAD_FIELD: return "a field out of range";
    }
    return "?";
}
