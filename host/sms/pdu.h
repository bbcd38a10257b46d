/* SMS TPDUs: TS 23.040 clause 9.2, with the SMSC address that the AT link puts in front (TS 27.005 clause 3.1
 * <pdu>). Pure: no I/O, no heap, no clock. SUBMIT goes out; DELIVER, STATUS-REPORT and stored SUBMIT come in.
 *
 * Decoding never reads past len and never fails by crashing: it returns a pdu_error that says what was wrong,
 * and leaves what it had read before (PDU_FLAG_BROKEN): the sender of an SMS that cannot be read may be
 * known. What the standard says to tolerate is tolerated and marked in `flags` (PDU_FLAG_*). */
#ifndef CELLPOST_SMS_PDU_H
#define CELLPOST_SMS_PDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/sms/gsm7.h"

#define PDU_TEXT_MAX   (160 * 3 + 1)  /* UTF-8 of one segment: 160 septets, or 70 UCS-2 units, and NUL */
#define PDU_UD_MAX     140            /* octets of user data, header included (9.2.3.24) */
#define PDU_OCTETS_MAX (12 + 164 + 1) /* SCA + the longest SUBMIT/DELIVER */
#define PDU_HEX_MAX    (PDU_OCTETS_MAX * 2 + 1)

enum pdu_error {
    PDU_OK,
    PDU_BAD_HEX,     /* odd count or not a hex digit */
    PDU_TRUNCATED,   /* ends inside a mandatory field */
    PDU_BAD_ADDRESS, /* more than 20 digits, or a digit that is none */
    PDU_BAD_UDL,     /* UDL claims more user data than there is, or none although there is a header */
    PDU_BAD_TYPE,    /* a TPDU type that this direction has not */
    PDU_TOO_LONG,    /* (encode) does not fit */
    PDU_BAD_FIELD    /* (encode) a field out of its range */
};
const char *pdu_error_text(enum pdu_error);

enum pdu_alphabet { PDU_GSM7, PDU_8BIT, PDU_UCS2 };

/* Type of number (9.1.2.5), bits 6..4 of the type of address */
enum pdu_ton {
    TON_UNKNOWN,
    TON_INTERNATIONAL,
    TON_NATIONAL,
    TON_NETWORK,
    TON_SUBSCRIBER,
    TON_ALPHANUMERIC,
    TON_ABBREVIATED
};

struct pdu_address {
    uint8_t toa;   /* as on the wire */
    char text[40]; /* '+' before international digits; alphanumeric: UTF-8 (11 septets, at most 33 bytes) */
};

/* SCTS, DT (9.2.3.11) */
struct pdu_time {
    uint8_t raw[7];
    bool valid;          /* false: digits out of range, zone over 79 quarter hours, or all zero */
    int64_t utc_s;       /* seconds since 1970-01-01T00:00:00Z when valid */
    int16_t tz_quarters; /* local - UTC, quarter hours */
};

/* User data header (9.2.3.24): what we act on. Unknown elements are stepped over; the last of repeated ones
 * wins. */
struct pdu_udh {
    uint8_t len;         /* UDHL: octets after the length octet; 0 = none, or one without elements */
    bool has_concat;     /* total and seq sane; else the element is ignored (9.2.3.24.1) */
    uint8_t concat_bits; /* 8 or 16 */
    uint16_t ref;
    uint8_t total, seq;
    bool has_ports;
    uint8_t port_bits; /* 8 or 16 */
    uint16_t port_dest, port_source;
    struct gsm7_alphabet alphabet; /* national language elements 0x24, 0x25 */
};

enum pdu_type { PDU_DELIVER, PDU_SUBMIT, PDU_STATUS_REPORT };

enum pdu_flag {
    PDU_FLAG_UDL_CLAMPED = 1,     /* UDL over 160/140 */
    PDU_FLAG_BAD_UDH = 2,         /* header malformed: user data given whole as data */
    PDU_FLAG_TAIL = 4,            /* octets after the user data, ignored */
    PDU_FLAG_COMPRESSED = 8,      /* DCS says compressed: text empty, ud raw */
    PDU_FLAG_BAD_CONCAT = 16,     /* concat element with total 0, seq 0 or seq > total: ignored */
    PDU_FLAG_LONE_SURROGATE = 32, /* U+FFFD in its place */
    PDU_FLAG_ODD_UCS2 = 64,       /* half a code unit at the end, ignored */
    PDU_FLAG_ODD_NUMBER = 128,    /* international, yet not of digits only */
    PDU_FLAG_BROKEN = 256         /* decoding failed: fields before the fault are whole, the others zero */
};

struct pdu {
    enum pdu_type type;
    unsigned flags;             /* PDU_FLAG_* */
    struct pdu_address smsc;    /* text empty when the SIM's own (+CSCA) is meant */
    uint8_t tpdu_len;           /* octets without the SCA: the <length> of TS 27.005 */
    uint8_t first_octet;        /* bits per 9.2.3.1 ff */
    uint8_t mr;                 /* SUBMIT, STATUS-REPORT (9.2.3.6) */
    struct pdu_address address; /* OA of DELIVER, DA of SUBMIT, RA of STATUS-REPORT */
    uint8_t pid, dcs;
    enum pdu_alphabet alphabet; /* from DCS, TS 23.038 clause 4 */
    int8_t message_class;       /* 0..3, or -1 */
    uint8_t vpf;                /* SUBMIT: 0 none, 1 enhanced, 2 relative, 3 absolute */
    uint8_t vp[7];
    struct pdu_time scts;      /* DELIVER, STATUS-REPORT */
    struct pdu_time discharge; /* STATUS-REPORT: DT */
    uint8_t st;                /* STATUS-REPORT: TP-ST */
    struct pdu_udh udh;
    uint8_t udl;             /* as sent */
    uint8_t ud[PDU_UD_MAX];  /* user data, header included */
    uint8_t ud_len;          /* octets in ud */
    char text[PDU_TEXT_MAX]; /* decoded text of this segment, U+FFFD for U+0000; 8-bit: empty */
};

/* Hex with or without the leading SCA. has_smsc as on the AT link (true for +CMGR/+CMGL/+CMT/+CDS); stored
 * tells the direction: true = a SUBMIT the module keeps (stat 2 or 3 of +CMGL), else what came from the SC.
 */
enum pdu_error pdu_decode_hex(const char *hex, size_t hex_len, bool has_smsc, bool stored, struct pdu *out);
enum pdu_error pdu_decode(const uint8_t *octets, size_t len, bool has_smsc, bool stored, struct pdu *out);

/* The text of a UCS-2 segment as octets, inside pdu->ud: without header, byte order mark and odd octet at the
 * end. */
const uint8_t *pdu_ucs2(const struct pdu *, size_t *len);

/* What a SUBMIT is made from. `ud` comes from split.h: header and packed text of one segment. */
struct pdu_submit {
    const char *smsc;   /* NULL or "": 00, the SIM's own */
    const char *to;     /* "+digits" international, or bare digits (unknown, 0x81) */
    uint8_t mr;         /* the module normally overwrites it */
    bool status_report; /* SRR */
    bool reject_duplicates;
    bool udhi;       /* ud begins with a header */
    int vp_relative; /* 0..255 (9.2.3.12.1), or -1 for none */
    uint8_t pid, dcs;
    uint8_t udl; /* septets for 7-bit, octets otherwise */
    const uint8_t *ud;
    size_t ud_len;
};
/* Writes upper-case hex and NUL; *tpdu_len is the <length> for AT+CMGS. */
enum pdu_error pdu_encode_submit(const struct pdu_submit *in, char hex[PDU_HEX_MAX], size_t *tpdu_len);

/* Addresses on their own: value part as in TS 23.040 9.1.2.5 (length in semi-octets) or as an SCA (length in
 * octets). */
enum pdu_error pdu_encode_address(const char *text, bool as_smsc, uint8_t out[12], size_t *len);
enum pdu_error pdu_decode_address(const uint8_t *in, size_t len, bool as_smsc, struct pdu_address *out,
                                  size_t *used);

void pdu_decode_time(const uint8_t raw[7], struct pdu_time *out);

/* Relative validity (9.2.3.12.1): the largest value not over `seconds`, at least 0 (5 minutes). And back. */
uint8_t pdu_vp_from_seconds(int64_t seconds);
int64_t pdu_vp_to_seconds(uint8_t vp);

/* TP-ST (9.2.3.15) in four words. */
enum pdu_st_class {
    ST_DELIVERED, /* 00 */
    ST_ACCEPTED,  /* 01, 02, 03..1F: done, yet delivery not proven */
    ST_TRYING,    /* 20..3F: the SC still tries; another report follows */
    ST_FAILED     /* 40..FF: permanent, or temporary and given up */
};
enum pdu_st_class pdu_st_class(uint8_t st);

/* 23.038 clause 4; -1 in *message_class when the octet has none. */
enum pdu_alphabet pdu_dcs_alphabet(uint8_t dcs, int8_t *message_class, bool *compressed);

#endif
