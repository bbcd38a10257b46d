/* Frames on the wire: 0x00, COBS(type, sequence, payload, CRC-16), 0x00. Pure; no heap.
 *
 * The CRC is CRC-16/CCITT-FALSE (0x1021 from 0xFFFF) of type, sequence and payload, low octet first. The zero
 * in front ends whatever noise came before, so that a lost delimiter costs one frame and never two. The
 * decoder is fed octet by octet, holds one frame at most, drops what is too long, too short or damaged, and
 * is in step again at the next zero whatever came before. */
#ifndef CELLPOST_LINK_FRAME_H
#define CELLPOST_LINK_FRAME_H

#include "firmware/link/message.h"

#define LINK_BODY_MAX (2 + LINK_PAYLOAD_MAX + 2)
#define LINK_WIRE_MAX (LINK_BODY_MAX + 3) /* two zeros and one COBS octet: a body is shorter than 254 */

struct link_frame {
    uint8_t type, seq, len;
    uint8_t payload[LINK_PAYLOAD_MAX];
};

struct link_decoder {
    uint8_t body[LINK_BODY_MAX];
    uint8_t len;
    uint8_t run;      /* octets left until the next COBS code; 0: the next octet is a code */
    bool zero;        /* a zero stands between this run and the next */
    bool bad;         /* too long: dropped at the next zero */
    uint16_t dropped; /* frames dropped since the start; saturates */
};

uint16_t link_crc(uint16_t crc, uint8_t octet); /* begin with 0xFFFF */

/* The frame as it goes on the wire; `out` has LINK_WIRE_MAX octets. payload_len is at most LINK_PAYLOAD_MAX.
 */
uint8_t link_encode(uint8_t type, uint8_t seq, const uint8_t *payload, uint8_t payload_len, uint8_t *out);

void link_decoder_init(struct link_decoder *);
/* True when this octet ended a good frame, which is copied to *frame. */
bool link_decode(struct link_decoder *, uint8_t octet, struct link_frame *);

#endif
