#include "host/modem/answer.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *after_colon(const char *line)
{
    const char *colon = strchr(line, ':');
    return colon ? colon + 1 : line;
}

/* End of the field that begins at s: a comma outside quotes, or the end. */
static const char *field_end(const char *s)
{
    bool quoted = false;
    for (; *s != '\0' && (quoted || *s != ','); s++) {
        quoted ^= *s == '"';
    }
    return s;
}

static void copy_trimmed(const char *from, const char *to, char *out, size_t out_size)
{
    while (from < to && (*from == ' ' || *from == '"')) {
        from++;
    }
    while (to > from && (to[-1] == ' ' || to[-1] == '"')) {
        to--;
    }
    snprintf(out, out_size, "%.*s", (int)(to - from), from);
}

static const char *field_begin(const char *line, unsigned index)
{
    const char *s = after_colon(line);
    while (index-- > 0) {
        s = field_end(s);
        if (*s == '\0') {
            return NULL;
        }
        s++;
    }
    while (*s == ' ') {
        s++;
    }
    return s;
}

bool answer_field(const char *line, unsigned index, char *out, size_t out_size)
{
    const char *begin = field_begin(line, index);
    out[0] = '\0';
    if (!begin) {
        return false;
    }
    copy_trimmed(begin, field_end(begin), out, out_size);
    return true;
}

unsigned answer_fields(const char *line)
{
    unsigned count = 0;
    while (field_begin(line, count)) {
        count++;
    }
    return count;
}

/* Decimal digits and nothing else, at most nine. */
static int number(const char *text, int missing)
{
    size_t len = strspn(text, "0123456789");
    return len == 0 || len > 9 || text[len] != '\0' ? missing : (int)strtol(text, NULL, 10);
}

int answer_int(const char *line, unsigned index, int missing)
{
    char text[16];
    return answer_field(line, index, text, sizeof text) ? number(text, missing) : missing;
}

bool answer_is_hex(const char *line)
{
    size_t len = strspn(line, "0123456789ABCDEFabcdef");
    return len >= 2 && line[len] == '\0';
}

int answer_pdu_len(const char *head)
{
    unsigned fields = answer_fields(head);
    return fields > 0 ? answer_int(head, fields - 1, -1) : -1;
}

enum pdu_length answer_pdu_length(const char *head, const char *hex)
{
    int tpdu_len = answer_pdu_len(head);
    char smsc[3] = {hex[0], hex[0] ? hex[1] : '\0', '\0'};
    size_t len = strlen(hex), tpdu_hex = tpdu_len < 0 ? 0 : (size_t)tpdu_len * 2;
    size_t whole_hex = tpdu_hex + 2 + 2 * (size_t)strtol(smsc, NULL, 16);
    if (tpdu_len >= 0 && (len == tpdu_hex || len == whole_hex)) {
        return PDU_FITS;
    }
    return len < whole_hex ? PDU_SHORT : PDU_LONG;
}

bool answer_pdu_fits(const char *head, const char *hex)
{
    return answer_pdu_length(head, hex) == PDU_FITS;
}

void answer_value(const char *line, char *out, size_t out_size)
{
    const char *value = line;
    if (strchr("+^#*%$", line[0]) && line[0] != '\0' && strchr(line, ':')) {
        value = after_colon(line);
    }
    copy_trimmed(value, value + strlen(value), out, out_size);
}

/* The second field is a stat when it is a plain number up to 11 and cannot be a location area: those are
 * quoted, or have four digits. "+CREG: 002,0011,\"0f0d\"" has four too, but the quoted area follows. */
bool answer_registration_is_reply(const char *line)
{
    const char *second = field_begin(line, 1), *third = field_begin(line, 2);
    char text[16];
    if (!second || *second == '"' || !answer_field(line, 1, text, sizeof text)) {
        return false;
    }
    int stat = number(text, -1);
    return stat >= 0 && stat <= 11 && (strlen(text) <= 3 || (third && *third == '"'));
}

int answer_registration(const char *line)
{
    int stat = answer_int(line, answer_registration_is_reply(line) ? 1 : 0, -1);
    return stat <= 11 ? stat : -1;
}

bool answer_registered(int stat)
{
    return stat == 1 || stat == 5 || stat == 6 || stat == 7 || stat == 9 || stat == 10;
}

int answer_signal_dbm(const char *line)
{
    int rssi = answer_int(line, 0, 99);
    if (rssi >= 0 && rssi <= 31) {
        return -113 + 2 * rssi;
    }
    return rssi >= 100 && rssi <= 191 ? rssi - 216 : 0;
}

static bool iccid_form(const char *text)
{
    size_t len = strlen(text);
    return len >= 18 && len <= 20 && strspn(text, "0123456789ABCDEFabcdef") == len &&
           strncmp(text, "89", 2) == 0 && strspn(text, "0123456789") >= 6;
}

bool answer_iccid(const char *line, char out[24])
{
    char text[64], swapped[64] = "";
    answer_value(line, text, sizeof text);
    size_t len = strlen(text);
    out[0] = '\0';
    for (size_t i = 0; i + 1 < len; i += 2) {
        swapped[i] = text[i + 1];
        swapped[i + 1] = text[i];
        swapped[i + 2] = '\0';
    }
    char *value = strncmp(text, "89", 2) == 0 ? text : swapped;
    len = strlen(value);
    if (len > 0 && (value[len - 1] == 'F' || value[len - 1] == 'f')) {
        value[len - 1] = '\0';
    }
    if (!iccid_form(value)) {
        return false;
    }
    snprintf(out, 24, "%s", value);
    return true;
}

/* VERIFY without data answers SW 63Cx, x = tries left (ISO 7816-4, TS 31.101 clause 11.1.9). */
static int tries_of_sw(const char *line)
{
    char hex[32];
    const char *begin = field_begin(line, 1);
    if (!begin || *begin != '"' || !answer_field(line, 1, hex, sizeof hex)) {
        return -1;
    }
    size_t len = strlen(hex);
    if (len < 4 || strncasecmp(hex + len - 4, "63C", 3) != 0) {
        return strlen(hex) >= 4 && strcmp(hex + len - 4, "6983") == 0 ? 0 : -1;
    }
    return (int)strtol(hex + len - 1, NULL, 16);
}

struct tries_form {
    const char *prefix;
    const char *first; /* what field 0 must be, NULL = anything */
    unsigned field;
};

int answer_pin_tries(const char *line)
{
    static const struct tries_form forms[] = {
        {"+CPINR:", "SIM PIN", 1}, {"+QPINC:", "SC", 1}, {"^CPIN:", NULL, 3}, {"*SPIC:", NULL, 0},
        {"+SPIC:", NULL, 0},       {"^SPIC:", NULL, 0},  {"#PCT:", NULL, 0},  {"+UPINCNT:", NULL, 0},
    };
    char first[24];
    if (strncasecmp(line, "+CSIM:", 6) == 0) {
        return tries_of_sw(line);
    }
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (strncasecmp(line, forms[i].prefix, strlen(forms[i].prefix)) == 0) {
            if (forms[i].first &&
                (!answer_field(line, 0, first, sizeof first) || strcmp(first, forms[i].first) != 0)) {
                return -1;
            }
            int tries = answer_int(line, forms[i].field, -1);
            return tries >= 0 && tries <= 15 ? tries : -1;
        }
    }
    return -1;
}

void answer_own_number(const char *line, char *out, size_t out_size)
{
    char text[32];
    out[0] = '\0';
    if (!answer_field(line, 1, text, sizeof text) || text[0] == '\0') {
        return;
    }
    bool international = answer_int(line, 2, 0) == 145 && text[0] != '+';
    snprintf(out, out_size, "%s%s", international ? "+" : "", text);
}
