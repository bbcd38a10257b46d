#include "firmware/link/message.h"

#include <string.h>

/* ---- one field ---- */

static uint8_t *put_u8(uint8_t *at, uint8_t value)
{
    *at = value;
    return at + 1;
}

static uint8_t *put_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value & 0xFF);
    at[1] = (uint8_t)(value >> 8);
    return at + 2;
}

static uint8_t *put_u32(uint8_t *at, uint32_t value)
{
    at = put_u16(at, (uint16_t)(value & 0xFFFF));
    return put_u16(at, (uint16_t)(value >> 16));
}

static uint8_t *put_text(uint8_t *at, const char *value)
{
    uint8_t i = 0;
    for (; i < LINK_TEXT_LEN && value[i] != '\0'; i++)
        at[i] = (uint8_t)value[i];
    for (; i < LINK_TEXT_LEN; i++)
        at[i] = 0;
    return at + LINK_TEXT_LEN;
}

static uint8_t *put_block(uint8_t *at, const struct link_block *value)
{
    uint8_t len = value->len <= LINK_BLOCK_LEN ? value->len : LINK_BLOCK_LEN;
    *at = len;
    memcpy(at + 1, value->octets, len);
    return at + 1 + len;
}

/* What is left to read; `short_` once something was missing. */
struct reader {
    const uint8_t *at;
    uint8_t left;
    bool short_;
};

static const uint8_t *take(struct reader *reader, uint8_t len)
{
    const uint8_t *at = reader->at;
    if (reader->short_ || reader->left < len) {
        reader->short_ = true;
        return NULL;
    }
    reader->at += len;
    reader->left = (uint8_t)(reader->left - len);
    return at;
}

static uint8_t get_u8(struct reader *reader)
{
    const uint8_t *at = take(reader, 1);
    return at != NULL ? at[0] : 0;
}

static uint16_t get_u16(struct reader *reader)
{
    const uint8_t *at = take(reader, 2);
    unsigned value = 0;
    if (at != NULL)
        value = at[0] | (unsigned)at[1] << 8;
    return (uint16_t)value;
}

static uint32_t get_u32(struct reader *reader)
{
    uint16_t low = get_u16(reader);
    return (uint32_t)low | (uint32_t)get_u16(reader) << 16;
}

static void get_text(struct reader *reader, char *value)
{
    const uint8_t *at = take(reader, LINK_TEXT_LEN);
    if (at != NULL)
        memcpy(value, at, LINK_TEXT_LEN);
    value[at != NULL ? LINK_TEXT_LEN : 0] = '\0';
}

static void get_block(struct reader *reader, struct link_block *value)
{
    uint8_t len = get_u8(reader);
    const uint8_t *at = len <= LINK_BLOCK_LEN ? take(reader, len) : NULL;
    value->len = at != NULL ? len : 0;
    reader->short_ = reader->short_ || at == NULL;
    if (at != NULL)
        memcpy(value->octets, at, len);
}

/* ---- the messages ---- */

#define PUT_U8(name)          at = put_u8(at, m->name);
#define PUT_U16(name)         at = put_u16(at, m->name);
#define PUT_U32(name)         at = put_u32(at, m->name);
#define PUT_I16(name)         at = put_u16(at, (uint16_t)m->name);
#define PUT_TEXT(name)        at = put_text(at, m->name);
#define PUT_BLOCK(name)       at = put_block(at, &m->name);
#define PUT(kind, name, text) PUT_##kind(name)
#define GET_U8(name)          m->name = get_u8(&reader);
#define GET_U16(name)         m->name = get_u16(&reader);
#define GET_U32(name)         m->name = get_u32(&reader);
#define GET_I16(name)         m->name = (int16_t)get_u16(&reader);
#define GET_TEXT(name)        get_text(&reader, m->name);
#define GET_BLOCK(name)       get_block(&reader, &m->name);
#define GET(kind, name, text) GET_##kind(name)

#define CODEC(name, FIELDS)                                                                                  \
    uint8_t link_put_##name(const struct link_##name *m, uint8_t *out)                                       \
    {                                                                                                        \
        uint8_t *at = out;                                                                                   \
        (void)m;                                                                                             \
        FIELDS(PUT) return (uint8_t)(at - out);                                                              \
    }                                                                                                        \
    bool link_get_##name(struct link_##name *m, const uint8_t *in, uint8_t len)                              \
    {                                                                                                        \
        struct reader reader = {in, len, false};                                                             \
        FIELDS(GET)                                                                                          \
        m->unused = 0;                                                                                       \
        return !reader.short_;                                                                               \
    }

#define REQUEST_CODEC(NAME, name, number, text)                                                              \
    CODEC(name, LINK_FIELDS_##name) CODEC(name##_answer, LINK_ANSWERS_##name)
#define EVENT_CODEC(NAME, name, number, text) CODEC(name, LINK_FIELDS_##name)

LINK_REQUESTS(REQUEST_CODEC)
LINK_EVENTS(EVENT_CODEC)
CODEC(event_ack, LINK_FIELDS_event_ack)

/* ---- no message is longer than a frame can carry ---- */

#define SIZE_U8                1
#define SIZE_U16               2
#define SIZE_U32               4
#define SIZE_I16               2
#define SIZE_TEXT              LINK_TEXT_LEN
#define SIZE_BLOCK             (1 + LINK_BLOCK_LEN)
#define SIZE(kind, name, text) +SIZE_##kind
#define CHECK_REQUEST(NAME, name, number, text)                                                              \
    _Static_assert((number) < LINK_EVENT_FIRST, "a request's number");                                       \
    _Static_assert(0 LINK_FIELDS_##name(SIZE) <= LINK_PAYLOAD_MAX, "request too long");                      \
    _Static_assert(1 LINK_ANSWERS_##name(SIZE) <= LINK_PAYLOAD_MAX, "answer too long");
#define CHECK_EVENT(NAME, name, number, text)                                                                \
    _Static_assert((number) >= LINK_EVENT_FIRST && (number) < LINK_ANSWER, "an event's number");             \
    _Static_assert(0 LINK_FIELDS_##name(SIZE) <= LINK_PAYLOAD_MAX, "event too long");

LINK_REQUESTS(CHECK_REQUEST)
LINK_EVENTS(CHECK_EVENT)
