#include "firmware/link/frame.h"

#include <string.h>

/* Eight bits at once: the polynomial's terms are x^12, x^5 and 1, and what overflows x^16 comes back once. */
uint16_t link_crc(uint16_t crc, uint8_t octet)
{
    uint8_t over = (uint8_t)(crc >> 8 ^ octet);
    over = (uint8_t)(over ^ over >> 4);
    uint16_t wide = over;
    return (uint16_t)((uint16_t)(crc << 8) ^ (uint16_t)(wide << 12) ^ (uint16_t)(wide << 5) ^ wide);
}

/* ---- encoding ---- */

/* COBS as the octets come: `code` is where the present run's length will stand. */
struct stuffer {
    uint8_t *out;
    uint8_t len, code;
    uint16_t crc;
};

static void stuff(struct stuffer *s, uint8_t octet)
{
    if (octet == 0) {
        s->out[s->code] = (uint8_t)(s->len - s->code);
        s->code = s->len++;
    } else
        s->out[s->len++] = octet;
}

static void stuff_counted(struct stuffer *s, uint8_t octet)
{
    s->crc = link_crc(s->crc, octet);
    stuff(s, octet);
}

uint8_t link_encode(uint8_t type, uint8_t seq, const uint8_t *payload, uint8_t payload_len, uint8_t *out)
{
    struct stuffer s = {out, 2, 1, 0xFFFF};
    out[0] = 0;
    stuff_counted(&s, type);
    stuff_counted(&s, seq);
    for (uint8_t i = 0; i < payload_len && i < LINK_PAYLOAD_MAX; i++)
        stuff_counted(&s, payload[i]);
    uint16_t crc = s.crc;
    stuff(&s, (uint8_t)(crc & 0xFF));
    stuff(&s, (uint8_t)(crc >> 8));
    out[s.code] = (uint8_t)(s.len - s.code);
    out[s.len++] = 0;
    return s.len;
}

/* ---- decoding ---- */

void link_decoder_init(struct link_decoder *decoder)
{
    memset(decoder, 0, sizeof *decoder);
}

static void restart(struct link_decoder *decoder)
{
    decoder->len = decoder->run = 0;
    decoder->zero = decoder->bad = false;
}

static void append(struct link_decoder *decoder, uint8_t octet)
{
    if (decoder->len < LINK_BODY_MAX)
        decoder->body[decoder->len++] = octet;
    else
        decoder->bad = true;
}

static bool whole(const struct link_decoder *decoder)
{
    uint16_t crc = 0xFFFF;
    if (decoder->bad || decoder->run != 0 || decoder->len < 4)
        return false;
    for (uint8_t i = 0; i < decoder->len - 2; i++)
        crc = link_crc(crc, decoder->body[i]);
    return decoder->body[decoder->len - 2] == (crc & 0xFF) && decoder->body[decoder->len - 1] == crc >> 8;
}

static bool finish(struct link_decoder *decoder, struct link_frame *frame)
{
    bool good = whole(decoder);
    bool empty = decoder->len == 0 && decoder->run == 0 && !decoder->bad && !decoder->zero;
    if (good) {
        frame->type = decoder->body[0];
        frame->seq = decoder->body[1];
        frame->len = (uint8_t)(decoder->len - 4);
        memcpy(frame->payload, decoder->body + 2, frame->len);
    } else if (!empty && decoder->dropped < UINT16_MAX)
        decoder->dropped++;
    restart(decoder);
    return good;
}

bool link_decode(struct link_decoder *decoder, uint8_t octet, struct link_frame *frame)
{
    if (octet == 0)
        return finish(decoder, frame);
    if (decoder->run > 0) {
        decoder->run--;
        append(decoder, octet);
        return false;
    }
    if (decoder->zero)
        append(decoder, 0);
    decoder->run = (uint8_t)(octet - 1);
    decoder->zero = octet != 0xFF;
    return false;
}
