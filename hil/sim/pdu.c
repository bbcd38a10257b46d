#include "pdu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gsm7.h"

static const char bcd[] = "0123456789*#abc";

struct reader {
    const uint8_t *at, *end;
    bool bad;
};

static uint8_t take(struct reader *r)
{
    if (r->at < r->end)
        return *r->at++;
    r->bad = true;
    return 0;
}

static void take_n(struct reader *r, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = take(r);
}

static void read_alpha(struct tpdu *t, const uint8_t *octets, size_t semi)
{
    uint8_t septets[16];
    struct buf text = {0};
    size_t count = semi * 4 / 7;
    gsm7_unpack(octets, (semi + 1) / 2, 0, count, septets);
    if (count > 0 && semi == 14 && septets[count - 1] == 0)
        count--; /* seven characters announced as fourteen semi-octets end in a padding '@' */
    gsm7_decode(septets, count, &text);
    snprintf(t->number, sizeof t->number, "%s", buf_text(&text));
    buf_fini(&text);
}

/* An address, 9.1.2.5: semi-octet count, type, digits. */
static void read_address(struct reader *r, struct tpdu *t)
{
    uint8_t digits[12];
    size_t semi = take(r), len = 0;
    t->toa = take(r);
    if (semi > 20) {
        r->bad = true;
        return;
    }
    take_n(r, digits, (semi + 1) / 2);
    if ((t->toa & 0x70) == 0x50) {
        read_alpha(t, digits, semi);
        return;
    }
    if ((t->toa & 0x70) == 0x10)
        t->number[len++] = '+';
    for (size_t i = 0; i < semi; i++) {
        unsigned d = i % 2 ? digits[i / 2] >> 4 : digits[i / 2] & 15u;
        if (d < 15)
            t->number[len++] = bcd[d];
    }
    t->number[len] = '\0';
}

static void read_ud(struct reader *r, struct tpdu *t)
{
    t->udl = take(r);
    bool octets = pdu_is_ucs2(t->dcs) || pdu_is_8bit(t->dcs);
    size_t want = octets ? t->udl : (t->udl * 7u + 7) / 8;
    if (want > PDU_UD || want > (size_t)(r->end - r->at)) {
        r->bad = true;
        return;
    }
    take_n(r, t->ud, want);
    t->ud_len = want;
}

static void read_submit(struct reader *r, struct tpdu *t)
{
    static const size_t vp_len[4] = {0, 7, 1, 7}; /* 9.2.3.3: none, enhanced, relative, absolute */
    t->mr = take(r);
    read_address(r, t);
    t->pid = take(r);
    t->dcs = take(r);
    t->vp_len = vp_len[t->fo >> 3 & 3];
    take_n(r, t->vp, t->vp_len);
    read_ud(r, t);
}

static void read_deliver(struct reader *r, struct tpdu *t)
{
    read_address(r, t);
    t->pid = take(r);
    t->dcs = take(r);
    take_n(r, t->scts, 7);
    read_ud(r, t);
}

static void read_report(struct reader *r, struct tpdu *t)
{
    t->mr = take(r);
    read_address(r, t);
    take_n(r, t->scts, 7);
    take_n(r, t->discharge, 7);
    t->st = take(r);
}

int pdu_parse(const uint8_t *octets, size_t len, bool from_mobile, struct tpdu *t)
{
    struct reader r = {octets, octets + len, false};
    *t = (struct tpdu){0};
    t->fo = take(&r);
    if (from_mobile && (t->fo & 3) != MTI_SUBMIT)
        return -1;
    if (from_mobile)
        read_submit(&r, t);
    else if ((t->fo & 3) == MTI_REPORT)
        read_report(&r, t);
    else
        read_deliver(&r, t);
    return r.bad ? -1 : 0;
}

static size_t put_alpha(const char *name, uint8_t *out)
{
    uint8_t septets[11];
    int count = gsm7_encode(name, septets, sizeof septets);
    if (count < 0)
        count = 0;
    out[0] = (uint8_t)((count * 7 + 3) / 4);
    out[1] = 0xD0;
    return 2 + gsm7_pack(septets, (size_t)count, 0, out + 2);
}

static size_t put_address(const struct tpdu *t, uint8_t *out)
{
    const char *digits = t->number[0] == '+' ? t->number + 1 : t->number;
    size_t n = 0;
    if (strspn(digits, bcd) != strlen(digits))
        return put_alpha(t->number, out);
    for (; n < 20 && digits[n] != '\0'; n++) {
        uint8_t d = (uint8_t)(strchr(bcd, digits[n]) - bcd);
        out[2 + n / 2] = (uint8_t)(n % 2 ? (out[2 + n / 2] & 0x0F) | d << 4 : 0xF0 | d);
    }
    out[0] = (uint8_t)n;
    out[1] = t->toa ? t->toa : t->number[0] == '+' ? 0x91 : 0x81;
    return 2 + (n + 1) / 2;
}

static size_t put(uint8_t *out, const void *data, size_t len)
{
    memcpy(out, data, len);
    return len;
}

size_t pdu_build(const struct tpdu *t, bool from_mobile, uint8_t *out)
{
    size_t n = 0;
    bool report = !from_mobile && (t->fo & 3) == MTI_REPORT;
    out[n++] = t->fo;
    if (from_mobile || report)
        out[n++] = t->mr;
    n += put_address(t, out + n);
    if (report) {
        n += put(out + n, t->scts, 7);
        n += put(out + n, t->discharge, 7);
        out[n++] = t->st;
        return n;
    }
    out[n++] = t->pid;
    out[n++] = t->dcs;
    n += from_mobile ? put(out + n, t->vp, t->vp_len) : put(out + n, t->scts, 7);
    out[n++] = t->udl;
    return n + put(out + n, t->ud, t->ud_len);
}

bool pdu_is_ucs2(uint8_t dcs)
{
    return (dcs & 0xF0) == 0xE0 || ((dcs & 0x80) == 0 && (dcs & 0x0C) == 0x08);
}

bool pdu_is_8bit(uint8_t dcs)
{
    return (dcs & 0xF4) == 0xF4 || ((dcs & 0x80) == 0 && (dcs & 0x0C) == 0x04);
}

int pdu_class(uint8_t dcs)
{
    bool has = (dcs & 0xF0) == 0xF0 || ((dcs & 0x80) == 0 && (dcs & 0x10) != 0);
    return has ? dcs & 3 : -1;
}

/* Octets of the user data header with its length octet; 0 = none or malformed. */
static size_t header_len(const struct tpdu *t)
{
    if (!(t->fo & FO_UDHI) || t->ud_len == 0 || (size_t)t->ud[0] + 1 > t->ud_len)
        return 0;
    return (size_t)t->ud[0] + 1;
}

struct concat pdu_concat(const struct tpdu *t)
{
    struct concat c = {0};
    size_t end = header_len(t);
    for (size_t i = 1; i + 1 < end && i + 2 + t->ud[i + 1] <= end; i += 2u + t->ud[i + 1]) {
        const uint8_t *ie = t->ud + i;
        if (ie[0] == 0x00 && ie[1] == 3)
            c = (struct concat){ie[2], ie[3], ie[4], 8};
        else if (ie[0] == 0x08 && ie[1] == 4)
            c = (struct concat){ie[2] << 8 | ie[3], ie[4], ie[5], 16};
    }
    return c;
}

static void text_ucs2(const uint8_t *ud, size_t len, struct buf *out)
{
    for (size_t i = 0; i + 1 < len; i += 2) {
        uint32_t u = (uint32_t)ud[i] << 8 | ud[i + 1], low = 0;
        if ((u & 0xFC00) == 0xD800 && i + 3 < len)
            low = (uint32_t)ud[i + 2] << 8 | ud[i + 3];
        if ((low & 0xFC00) == 0xDC00) {
            u = 0x10000 + ((u & 0x3FF) << 10) + (low & 0x3FF);
            i += 2;
        }
        utf8_put(out, (u & 0xFFFFF800u) == 0xD800 ? 0xFFFD : u);
    }
}

bool pdu_text(const struct tpdu *t, struct buf *out)
{
    uint8_t septets[256];
    size_t header = header_len(t);
    size_t skip = (header * 8 + 6) / 7; /* septets the header takes, fill included */
    if (pdu_is_8bit(t->dcs))
        return false;
    if (pdu_is_ucs2(t->dcs)) {
        text_ucs2(t->ud + header, t->ud_len - header, out);
        return true;
    }
    gsm7_unpack(t->ud, t->ud_len, 0, t->udl, septets);
    if (t->udl > skip)
        gsm7_decode(septets + skip, t->udl - skip, out);
    return true;
}

static size_t put_header(struct tpdu *t, const struct concat *c)
{
    if (c == NULL || c->total == 0)
        return 0;
    uint8_t h8[6] = {5, 0, 3, (uint8_t)c->ref, (uint8_t)c->total, (uint8_t)c->seq};
    uint8_t h16[7] = {6, 8, 4, (uint8_t)(c->ref >> 8), (uint8_t)c->ref, (uint8_t)c->total, (uint8_t)c->seq};
    t->fo |= FO_UDHI;
    return c->bits == 16 ? put(t->ud, h16, sizeof h16) : put(t->ud, h8, sizeof h8);
}

static int set_7bit(struct tpdu *t, const char *utf8, size_t header)
{
    uint8_t septets[160];
    size_t skip = (header * 8 + 6) / 7, count = 0;
    const char *at = utf8, *next = utf8;
    uint32_t cp;
    while ((cp = utf8_next(&next)) != 0) {
        char one[5] = {0};
        memcpy(one, at, (size_t)(next - at));
        int n = gsm7_encode(one, septets + count, sizeof septets - skip - count);
        if (n < 0)
            break;
        count += (size_t)n;
        at = next;
    }
    t->udl = (uint8_t)(skip + count);
    t->ud_len = header + gsm7_pack(septets, count, (unsigned)(skip * 7 - header * 8), t->ud + header);
    return (int)(at - utf8);
}

static int set_ucs2(struct tpdu *t, const char *utf8, size_t header)
{
    size_t len = header;
    const char *at = utf8, *next = utf8;
    uint32_t cp;
    while ((cp = utf8_next(&next)) != 0) {
        uint32_t pair[2] = {cp, 0};
        size_t units = cp > 0xFFFF ? 2 : 1;
        if (units == 2) {
            pair[0] = 0xD800 + ((cp - 0x10000) >> 10);
            pair[1] = 0xDC00 + ((cp - 0x10000) & 0x3FF);
        }
        if (len + 2 * units > PDU_UD)
            break;
        for (size_t i = 0; i < units; i++) {
            t->ud[len++] = (uint8_t)(pair[i] >> 8);
            t->ud[len++] = (uint8_t)pair[i];
        }
        at = next;
    }
    t->udl = (uint8_t)len;
    t->ud_len = len;
    return (int)(at - utf8);
}

static int set_8bit(struct tpdu *t, const char *bytes, size_t header)
{
    size_t len = strlen(bytes), room = PDU_UD - header;
    len = len < room ? len : room;
    memcpy(t->ud + header, bytes, len);
    t->ud_len = header + len;
    t->udl = (uint8_t)t->ud_len;
    return (int)len;
}

static bool all_7bit(const char *utf8)
{
    uint8_t pair[2];
    const char *at = utf8, *next = utf8;
    for (; utf8_next(&next) != 0; at = next) {
        char one[5] = {0};
        memcpy(one, at, (size_t)(next - at));
        if (gsm7_encode(one, pair, 2) < 0)
            return false;
    }
    return true;
}

int pdu_set_text(struct tpdu *t, const char *utf8, int dcs, const struct concat *c)
{
    size_t header = put_header(t, c);
    t->dcs = (uint8_t)(dcs >= 0 ? dcs : all_7bit(utf8) ? 0x00 : 0x08);
    int used = pdu_is_ucs2(t->dcs)   ? set_ucs2(t, utf8, header)
               : pdu_is_8bit(t->dcs) ? set_8bit(t, utf8, header)
                                     : set_7bit(t, utf8, header);
    return used == 0 && *utf8 != '\0' ? -1 : used;
}

static uint8_t swapped(int n)
{
    return (uint8_t)(n % 10 << 4 | n / 10 % 10);
}

static void stamp_fields(uint8_t out[7], const int fields[6], int quarters)
{
    for (int i = 0; i < 6; i++)
        out[i] = swapped(fields[i]);
    out[6] = (uint8_t)(swapped(abs(quarters)) | (quarters < 0 ? 0x08 : 0));
}

void pdu_stamp(uint8_t out[7], int64_t unix_ms, int quarters)
{
    time_t local = (time_t)(unix_ms / 1000 + (int64_t)quarters * 900);
    struct tm tm;
    gmtime_r(&local, &tm);
    int fields[6] = {tm.tm_year % 100, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec};
    stamp_fields(out, fields, quarters);
}

bool pdu_unstamp(const char *text, uint8_t out[7])
{
    int f[6], zone = 0;
    char sign = '+';
    int n =
        sscanf(text, "%2d/%2d/%2d,%2d:%2d:%2d%c%2d", &f[0], &f[1], &f[2], &f[3], &f[4], &f[5], &sign, &zone);
    if (n != 6 && n != 8)
        return false;
    stamp_fields(out, f, sign == '-' ? -zone : zone);
    return true;
}

void pdu_stamp_text(const uint8_t s[7], struct buf *out)
{
    int v[7];
    for (int i = 0; i < 7; i++)
        v[i] = (s[i] & (i == 6 ? 0x07 : 0x0F)) * 10 + (s[i] >> 4);
    buf_addf(out, "%02d/%02d/%02d,%02d:%02d:%02d%c%02d", v[0], v[1], v[2], v[3], v[4], v[5],
             s[6] & 0x08 ? '-' : '+', v[6]);
}

size_t pdu_sca(const char *number, uint8_t *out)
{
    struct tpdu t = {0};
    uint8_t address[16];
    if (number[0] == '\0') {
        out[0] = 0;
        return 1;
    }
    snprintf(t.number, sizeof t.number, "%s", number);
    size_t len = put_address(&t, address);
    out[0] = (uint8_t)(len - 1); /* here the length counts octets, type included */
    memcpy(out + 1, address + 1, len - 1);
    return len;
}

static int nibble(char c)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    if (at == NULL)
        return -1;
    return at - digits < 16 ? (int)(at - digits) : (int)(at - digits) - 6;
}

int pdu_unhex(const char *hex, size_t len, uint8_t *out, size_t size)
{
    if (len % 2 != 0 || len / 2 > size)
        return -1;
    for (size_t i = 0; i < len / 2; i++) {
        int high = nibble(hex[2 * i]), low = nibble(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return -1;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return (int)(len / 2);
}
