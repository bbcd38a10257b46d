/* TPDUs as a whole: a cursor walks the octets once; each field says how it could fail. */
#include "host/sms/pdu.h"

#include <string.h>

#include "host/sms/utf8.h"

#define GSM7_UD_MAX 160 /* septets in PDU_UD_MAX octets */

struct cursor {
    const uint8_t *at, *end;
};

static size_t left(const struct cursor *cursor)
{
    return (size_t)(cursor->end - cursor->at);
}

static enum pdu_error take_octet(struct cursor *cursor, uint8_t *out)
{
    if (left(cursor) < 1)
        return PDU_TRUNCATED;
    *out = *cursor->at++;
    return PDU_OK;
}

static enum pdu_error take_address(struct cursor *cursor, bool as_smsc, struct pdu_address *out)
{
    size_t used;
    enum pdu_error error = pdu_decode_address(cursor->at, left(cursor), as_smsc, out, &used);
    if (error == PDU_OK)
        cursor->at += used;
    return error;
}

static enum pdu_error take_time(struct cursor *cursor, struct pdu_time *out)
{
    if (left(cursor) < 7)
        return PDU_TRUNCATED;
    pdu_decode_time(cursor->at, out);
    cursor->at += 7;
    return PDU_OK;
}

/* ---- user data header, 9.2.3.24 ---- */

static void element_concat(struct pdu *pdu, unsigned bits, uint16_t ref, uint8_t total, uint8_t seq)
{
    struct pdu_udh *udh = &pdu->udh;
    if (total == 0 || seq == 0 || seq > total) {
        pdu->flags |= PDU_FLAG_BAD_CONCAT;
        return;
    }
    udh->has_concat = true;
    udh->concat_bits = (uint8_t)bits;
    udh->ref = ref;
    udh->total = total;
    udh->seq = seq;
}

static void element_ports(struct pdu_udh *udh, unsigned bits, uint16_t dest, uint16_t source)
{
    udh->has_ports = true;
    udh->port_bits = (uint8_t)bits;
    udh->port_dest = dest;
    udh->port_source = source;
}

static uint16_t pair(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* One information element; unknown ones and those of another length are stepped over. */
static void element(struct pdu *pdu, uint8_t id, uint8_t len, const uint8_t *data)
{
    if (id == 0x00 && len == 3)
        element_concat(pdu, 8, data[0], data[1], data[2]);
    else if (id == 0x08 && len == 4)
        element_concat(pdu, 16, pair(data), data[2], data[3]);
    else if (id == 0x04 && len == 2)
        element_ports(&pdu->udh, 8, data[0], data[1]);
    else if (id == 0x05 && len == 4)
        element_ports(&pdu->udh, 16, pair(data), pair(data + 2));
    else if (id == 0x24 && len == 1)
        pdu->udh.alphabet.single = data[0];
    else if (id == 0x25 && len == 1)
        pdu->udh.alphabet.locking = data[0];
}

static bool decode_udh(struct pdu *pdu)
{
    size_t len = pdu->ud_len > 0 ? pdu->ud[0] : 0;
    if (pdu->ud_len == 0 || len + 1 > pdu->ud_len)
        return false;
    for (size_t at = 1; at < len + 1;) {
        size_t rest = len + 1 - at;
        if (rest < 2 || pdu->ud[at + 1] > rest - 2)
            return false;
        element(pdu, pdu->ud[at], pdu->ud[at + 1], pdu->ud + at + 2);
        at += 2u + pdu->ud[at + 1];
    }
    pdu->udh.len = (uint8_t)len;
    return true;
}

/* ---- text ---- */

static void text_gsm7(struct pdu *pdu, size_t header, unsigned length)
{
    uint8_t septets[GSM7_UD_MAX];
    size_t header_septets = (header * 8 + 6) / 7;
    if (length <= header_septets)
        return;
    unsigned fill = (unsigned)((7 - header * 8 % 7) % 7);
    size_t count =
        gsm7_unpack(pdu->ud + header, pdu->ud_len - header, fill, length - header_septets, septets);
    gsm7_decode(pdu->udh.alphabet, septets, count, pdu->text, sizeof pdu->text);
}

/* Octets of the header with its length octet; a malformed one counts as none. */
static size_t header_len(const struct pdu *pdu)
{
    return pdu->first_octet & 0x40 && !(pdu->flags & PDU_FLAG_BAD_UDH) ? pdu->udh.len + 1u : 0;
}

const uint8_t *pdu_ucs2(const struct pdu *pdu, size_t *len)
{
    const uint8_t *text = pdu->ud + header_len(pdu);
    *len = (pdu->ud_len - header_len(pdu)) & ~(size_t)1;
    bool mark = *len > 0 && text[0] == 0xFE && text[1] == 0xFF;
    *len -= mark ? 2 : 0;
    return text + (mark ? 2 : 0);
}

static void text_ucs2(struct pdu *pdu)
{
    bool lone = false;
    size_t len;
    const uint8_t *text = pdu_ucs2(pdu, &len);
    pdu->text[utf8_from_utf16(text, len, pdu->text, &lone)] = '\0';
    if (lone)
        pdu->flags |= PDU_FLAG_LONE_SURROGATE;
    if ((pdu->ud_len - header_len(pdu)) % 2 != 0)
        pdu->flags |= PDU_FLAG_ODD_UCS2;
}

static void read_header(struct pdu *pdu)
{
    if (!(pdu->first_octet & 0x40) || decode_udh(pdu))
        return;
    memset(&pdu->udh, 0, sizeof pdu->udh);
    pdu->flags |= PDU_FLAG_BAD_UDH;
}

static enum pdu_error take_user_data(struct cursor *cursor, struct pdu *pdu)
{
    bool compressed;
    pdu->alphabet = pdu_dcs_alphabet(pdu->dcs, &pdu->message_class, &compressed);
    enum pdu_error error = take_octet(cursor, &pdu->udl);
    if (error != PDU_OK)
        return error;
    bool septets = pdu->alphabet == PDU_GSM7 && !compressed;
    unsigned length = pdu->udl, most = septets ? GSM7_UD_MAX : PDU_UD_MAX;
    if (length > most) {
        length = most;
        pdu->flags |= PDU_FLAG_UDL_CLAMPED;
    }
    size_t need = septets ? (length * 7 + 7) / 8 : length;
    if (left(cursor) < need || (length == 0 && pdu->first_octet & 0x40)) /* a header has an octet at least */
        return PDU_BAD_UDL;
    memcpy(pdu->ud, cursor->at, need);
    pdu->ud_len = (uint8_t)need;
    cursor->at += need;
    read_header(pdu);
    if (compressed)
        pdu->flags |= PDU_FLAG_COMPRESSED;
    else if (pdu->alphabet == PDU_GSM7)
        text_gsm7(pdu, header_len(pdu), length);
    else if (pdu->alphabet == PDU_UCS2)
        text_ucs2(pdu);
    return PDU_OK;
}

/* ---- the three types ---- */

#define TRY(step)                                                                                            \
    do {                                                                                                     \
        enum pdu_error try_error = (step);                                                                   \
        if (try_error != PDU_OK)                                                                             \
            return try_error;                                                                                \
    } while (0)

static enum pdu_error decode_deliver(struct cursor *cursor, struct pdu *pdu)
{
    pdu->type = PDU_DELIVER;
    TRY(take_address(cursor, false, &pdu->address));
    TRY(take_octet(cursor, &pdu->pid));
    TRY(take_octet(cursor, &pdu->dcs));
    TRY(take_time(cursor, &pdu->scts));
    return take_user_data(cursor, pdu);
}

static enum pdu_error decode_submit(struct cursor *cursor, struct pdu *pdu)
{
    static const uint8_t vp_len[] = {0, 7, 1, 7};
    pdu->type = PDU_SUBMIT;
    pdu->vpf = pdu->first_octet >> 3 & 3;
    TRY(take_octet(cursor, &pdu->mr));
    TRY(take_address(cursor, false, &pdu->address));
    TRY(take_octet(cursor, &pdu->pid));
    TRY(take_octet(cursor, &pdu->dcs));
    for (uint8_t i = 0; i < vp_len[pdu->vpf]; i++)
        TRY(take_octet(cursor, &pdu->vp[i]));
    return take_user_data(cursor, pdu);
}

/* TP-PI: its first octet tells what follows. Others may come after it; reserved bits only announce something
 * behind the user data (9.2.3.27). */
static bool take_indicator(struct cursor *cursor, uint8_t *first)
{
    uint8_t more;
    if (take_octet(cursor, first) != PDU_OK)
        return false;
    for (more = *first; more & 0x80;)
        if (take_octet(cursor, &more) != PDU_OK)
            return false;
    return true;
}

/* What follows TP-ST is optional (9.2.2.3): what of it is sound is taken, the rest is a tail. */
static void report_rest(struct cursor *cursor, struct pdu *pdu)
{
    uint8_t indicator;
    struct pdu before = *pdu;
    const uint8_t *at = cursor->at;
    if (left(cursor) == 0)
        return;
    bool sound = take_indicator(cursor, &indicator) &&
                 (!(indicator & 1) || take_octet(cursor, &pdu->pid) == PDU_OK) &&
                 (!(indicator & 2) || take_octet(cursor, &pdu->dcs) == PDU_OK) &&
                 (!(indicator & 4) || take_user_data(cursor, pdu) == PDU_OK);
    if (sound)
        return;
    *pdu = before;
    cursor->at = at;
}

static enum pdu_error decode_report(struct cursor *cursor, struct pdu *pdu)
{
    pdu->type = PDU_STATUS_REPORT;
    TRY(take_octet(cursor, &pdu->mr));
    TRY(take_address(cursor, false, &pdu->address));
    TRY(take_time(cursor, &pdu->scts));
    TRY(take_time(cursor, &pdu->discharge));
    TRY(take_octet(cursor, &pdu->st));
    report_rest(cursor, pdu);
    return PDU_OK;
}

static enum pdu_error decode_tpdu(struct cursor *cursor, bool stored, struct pdu *pdu)
{
    TRY(take_octet(cursor, &pdu->first_octet));
    unsigned type = pdu->first_octet & 3;
    if (stored)
        return type == 1 ? decode_submit(cursor, pdu) : PDU_BAD_TYPE;
    if (type == 2)
        return decode_report(cursor, pdu);
    return type == 1 ? PDU_BAD_TYPE : decode_deliver(cursor, pdu); /* 3 is read as DELIVER (9.2.3.1) */
}

static bool is_odd_number(const struct pdu_address *address)
{
    return address->text[0] == '+' && (address->toa >> 4 & 7) == TON_INTERNATIONAL &&
           address->text[1 + strspn(address->text + 1, "0123456789")] != '\0';
}

static enum pdu_error decode_octets(struct cursor *cursor, bool has_smsc, bool stored, struct pdu *out)
{
    if (has_smsc)
        TRY(take_address(cursor, true, &out->smsc));
    out->tpdu_len = (uint8_t)(left(cursor) < 255 ? left(cursor) : 255);
    return decode_tpdu(cursor, stored, out);
}

enum pdu_error pdu_decode(const uint8_t *octets, size_t len, bool has_smsc, bool stored, struct pdu *out)
{
    struct cursor cursor = {octets, octets + len};
    memset(out, 0, sizeof *out);
    out->message_class = -1;
    enum pdu_error error = decode_octets(&cursor, has_smsc, stored, out);
    if (error != PDU_OK)
        out->flags |= PDU_FLAG_BROKEN;
    else if (left(&cursor) > 0)
        out->flags |= PDU_FLAG_TAIL;
    if (is_odd_number(&out->address))
        out->flags |= PDU_FLAG_ODD_NUMBER;
    return error;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Octets of the hex text, SIZE_MAX when it is none. No TPDU is longer than `size`; what is past it is a tail.
 */
static size_t from_hex(const char *hex, size_t hex_len, uint8_t *octets, size_t size)
{
    if (hex_len % 2 != 0)
        return SIZE_MAX;
    for (size_t i = 0; i < hex_len; i += 2) {
        int high = nibble(hex[i]), low = nibble(hex[i + 1]);
        if (high < 0 || low < 0)
            return SIZE_MAX;
        if (i / 2 < size)
            octets[i / 2] = (uint8_t)(high << 4 | low);
    }
    return hex_len / 2 < size ? hex_len / 2 : size;
}

enum pdu_error pdu_decode_hex(const char *hex, size_t hex_len, bool has_smsc, bool stored, struct pdu *out)
{
    uint8_t octets[512];
    size_t len = from_hex(hex, hex_len, octets, sizeof octets);
    if (len != SIZE_MAX)
        return pdu_decode(octets, len, has_smsc, stored, out);
    *out = (struct pdu){.message_class = -1, .flags = PDU_FLAG_BROKEN};
    return PDU_BAD_HEX;
}

/* ---- SUBMIT ---- */

static enum pdu_error check_submit(const struct pdu_submit *in)
{
    int8_t message_class;
    bool compressed;
    bool septets = pdu_dcs_alphabet(in->dcs, &message_class, &compressed) == PDU_GSM7 && !compressed;
    if (in->ud_len > PDU_UD_MAX)
        return PDU_TOO_LONG;
    if (in->vp_relative > 255)
        return PDU_BAD_FIELD;
    return in->ud_len == (septets ? (in->udl * 7u + 7) / 8 : in->udl) ? PDU_OK : PDU_BAD_UDL;
}

static uint8_t submit_first_octet(const struct pdu_submit *in)
{
    return (uint8_t)(0x01 | (in->reject_duplicates ? 0x04 : 0) | (in->vp_relative >= 0 ? 0x10 : 0) |
                     (in->status_report ? 0x20 : 0) | (in->udhi ? 0x40 : 0));
}

enum pdu_error pdu_encode_submit(const struct pdu_submit *in, char hex[PDU_HEX_MAX], size_t *tpdu_len)
{
    static const char digits[] = "0123456789ABCDEF";
    uint8_t out[PDU_OCTETS_MAX];
    size_t len = 0, sca = 1, part;
    out[len] = 0;
    if (in->smsc != NULL && in->smsc[0] != '\0')
        TRY(pdu_encode_address(in->smsc, true, out, &sca));
    TRY(check_submit(in));
    len = sca;
    out[len++] = submit_first_octet(in);
    out[len++] = in->mr;
    TRY(pdu_encode_address(in->to, false, out + len, &part));
    len += part;
    out[len++] = in->pid;
    out[len++] = in->dcs;
    if (in->vp_relative >= 0)
        out[len++] = (uint8_t)in->vp_relative;
    out[len++] = in->udl;
    if (in->ud_len > 0)
        memcpy(out + len, in->ud, in->ud_len);
    len += in->ud_len;
    for (size_t i = 0; i < len; i++) {
        hex[2 * i] = digits[out[i] >> 4];
        hex[2 * i + 1] = digits[out[i] & 15];
    }
    hex[2 * len] = '\0';
    *tpdu_len = len - sca;
    return PDU_OK;
}
