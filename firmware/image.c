#include "firmware/image.h"

#include <string.h>

uint32_t image_crc32(uint32_t crc, const uint8_t *octets, size_t len)
{
    crc = ~crc;
    for (size_t i = 0; i < len; i++) {
        crc ^= octets[i];
        for (uint8_t bit = 0; bit < 8; bit++)
            crc = (crc & 1) != 0 ? crc >> 1 ^ UINT32_C(0xEDB88320) : crc >> 1;
    }
    return ~crc;
}

static uint16_t get_u16(const uint8_t *from)
{
    return (uint16_t)(from[0] | (uint16_t)(from[1] << 8));
}

static uint32_t get_u32(const uint8_t *from)
{
    return get_u16(from) | (uint32_t)get_u16(from + 2) << 16;
}

static void put_u16(uint8_t *to, uint16_t value)
{
    to[0] = (uint8_t)(value & 0xFF);
    to[1] = (uint8_t)(value >> 8);
}

static void put_u32(uint8_t *to, uint32_t value)
{
    put_u16(to, (uint16_t)(value & 0xFFFF));
    put_u16(to + 2, (uint16_t)(value >> 16));
}

#define AT(field) offsetof(struct image_header, field)

enum image_fault image_header_get(struct image_header *header, const uint8_t octets[IMAGE_HEADER_LEN])
{
    if (get_u32(octets) != IMAGE_MAGIC)
        return IMAGE_NOT;
    struct image_header h = {.magic = IMAGE_MAGIC,
                             .begin = get_u16(octets + AT(begin)),
                             .version = get_u16(octets + AT(version)),
                             .size = get_u32(octets + AT(size)),
                             .crc32 = get_u32(octets + AT(crc32)),
                             .header_crc32 = get_u32(octets + AT(header_crc32))};
    memcpy(h.board, octets + AT(board), sizeof h.board);
    if (h.header_crc32 != image_crc32(0, octets, AT(header_crc32)) || h.begin < IMAGE_HEADER_LEN ||
        h.size == 0 || h.size > IMAGE_MAX - h.begin)
        return IMAGE_HEADER;
    *header = h;
    return IMAGE_GOOD;
}

void image_header_put(struct image_header *header, uint8_t octets[IMAGE_HEADER_LEN])
{
    header->magic = IMAGE_MAGIC;
    put_u32(octets, header->magic);
    put_u16(octets + AT(begin), header->begin);
    put_u16(octets + AT(version), header->version);
    put_u32(octets + AT(size), header->size);
    put_u32(octets + AT(crc32), header->crc32);
    memcpy(octets + AT(board), header->board, sizeof header->board);
    header->header_crc32 = image_crc32(0, octets, AT(header_crc32));
    put_u32(octets + AT(header_crc32), header->header_crc32);
}

bool image_is_for(const struct image_header *header, const char *board)
{
    for (size_t i = 0; i < LINK_TEXT_LEN; i++) {
        if (header->board[i] != board[i])
            return false;
        if (board[i] == '\0')
            return true;
    }
    return true;
}

uint32_t image_len(const struct image_header *header)
{
    return header->begin + header->size;
}

enum image_fault image_check(struct image_header *header, const uint8_t *octets, size_t len,
                             const char *board)
{
    if (len < IMAGE_HEADER_LEN)
        return IMAGE_NOT;
    enum image_fault fault = image_header_get(header, octets);
    if (fault != IMAGE_GOOD)
        return fault;
    if (board != NULL && !image_is_for(header, board))
        return IMAGE_OTHER_BOARD;
    if (len != image_len(header))
        return IMAGE_SIZE;
    return image_crc32(0, octets + header->begin, len - header->begin) == header->crc32 ? IMAGE_GOOD
                                                                                        : IMAGE_DAMAGED;
}
