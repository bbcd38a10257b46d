/* SMS TPDUs as the simulated network sees them (TS 23.040 9.2): SUBMIT is read, DELIVER and STATUS-REPORT are
 * written, and DELIVER is read too for text mode. The simulator's own codec, written apart from the
 * gateway's, so that the two check each other. */
#ifndef MODEMSIM_PDU_H
#define MODEMSIM_PDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

enum { PDU_MAX = 256, PDU_NUMBER = 32, PDU_UD = 140 };
enum { MTI_DELIVER = 0, MTI_SUBMIT = 1, MTI_REPORT = 2 };
enum {
    FO_MORE_NONE = 0x04,
    FO_REPORT = 0x20,
    FO_UDHI = 0x40
}; /* bit 5 is SRR in a SUBMIT, SRI in a DELIVER */

struct concat {
    int ref, total, seq, bits; /* bits 8 or 16; total 0 = not a part */
};

/* Any of the three, the fields its kind has. */
struct tpdu {
    uint8_t fo, mr, pid, dcs, st;
    char number[PDU_NUMBER]; /* DA, OA or RA: "+41790000001", "12345" or an alphanumeric name */
    uint8_t toa;
    uint8_t vp[7];
    size_t vp_len;
    uint8_t scts[7], discharge[7];
    uint8_t udl;        /* septets or octets, as the DCS has it */
    uint8_t ud[PDU_UD]; /* header included */
    size_t ud_len;
};

int pdu_parse(const uint8_t *octets, size_t len, bool from_mobile, struct tpdu *); /* -1: malformed */
size_t pdu_build(const struct tpdu *, bool from_mobile, uint8_t *out); /* octets, never more than 176 */

bool pdu_is_ucs2(uint8_t dcs);
bool pdu_is_8bit(uint8_t dcs);
int pdu_class(uint8_t dcs); /* 0..3, -1 = none */
struct concat pdu_concat(const struct tpdu *);
bool pdu_text(const struct tpdu *, struct buf *utf8); /* false: binary */

/* Fills ud, udl, UDHI and, unless dcs >= 0 forces it, the DCS: 7-bit if the alphabet allows, else UCS-2.
 * Returns the bytes of text that went in: all of it, or what fits one part. -1: nothing fits. */
int pdu_set_text(struct tpdu *, const char *utf8, int dcs, const struct concat *);
void pdu_stamp(uint8_t out[7], int64_t unix_ms, int quarters); /* 9.2.3.11 */
bool pdu_unstamp(const char *text, uint8_t out[7]);            /* from "yy/MM/dd,hh:mm:ss+zz" */
void pdu_stamp_text(const uint8_t stamp[7], struct buf *);     /* to the same */

/* Service centre address before a TPDU on the AT link (TS 27.005 3.1); returns octets. */
size_t pdu_sca(const char *number, uint8_t *out);
int pdu_unhex(const char *hex, size_t len, uint8_t *out, size_t size); /* octets, -1: not hex or too long */

#endif
