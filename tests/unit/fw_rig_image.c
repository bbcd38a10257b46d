#include "fw_rig_image.h"

#include <stdlib.h>

#include "firmware/image.h"

struct rig_image rig_image;

static bool lives(void)
{
    if (rig_image.power == 0)
        return false;
    rig_image.power -= rig_image.power > 0;
    return true;
}

static uint8_t *beside(void)
{
    return rig_image.places[1 - rig_image.running];
}

bool board_image_begin(uint32_t size)
{
    for (unsigned i = 0; size <= RIG_IMAGE_MAX && i < RIG_IMAGE_MAX; i++) {
        if (!lives())
            return false;
        beside()[i] = 0xFF;
    }
    return size <= RIG_IMAGE_MAX;
}

bool board_image_write(uint32_t offset, const uint8_t *octets, uint8_t len)
{
    for (uint8_t i = 0; i < len; i++) {
        uint8_t *cell = beside() + offset + i;
        if (!lives())
            return false;
        if (*cell != 0xFF)
            abort(); /* written once between two erases */
        *cell = offset + i == rig_image.bad_octet ? (uint8_t)(octets[i] ^ 1) : octets[i];
    }
    return true;
}

bool board_image_read(uint32_t offset, uint8_t *octets, uint8_t len)
{
    memcpy(octets, beside() + offset, len);
    return true;
}

static bool put(bool *flag, bool value)
{
    if (!lives())
        return false;
    *flag = value;
    return true;
}

bool board_image_test(void)
{
    return put(&rig_image.marked, true);
}

bool board_image_confirm(void)
{
    return put(&rig_image.testing, false);
}

bool board_image_revert(void)
{
    return put(&rig_image.marked, false);
}

static enum image_fault check(const uint8_t *place, struct image_header *header)
{
    if (image_header_get(header, place) != IMAGE_GOOD)
        return IMAGE_HEADER;
    return image_len(header) > RIG_IMAGE_MAX ? IMAGE_SIZE
                                             : image_check(header, place, image_len(header), "rig");
}

enum link_cause rig_image_boot(enum link_cause cause)
{
    struct image_header header;
    bool start = rig_image.marked && check(beside(), &header) == IMAGE_GOOD;
    if (start || rig_image.testing)
        rig_image.running = 1 - rig_image.running;
    rig_image.testing = start;
    rig_image.marked = false;
    return start ? LINK_CAUSE_UPDATE : cause;
}

uint16_t rig_image_version(void)
{
    struct image_header header;
    if (check(rig_image.places[rig_image.running], &header) != IMAGE_GOOD)
        abort();
    return header.version;
}

uint32_t rig_image_make(uint8_t *to, uint16_t len, uint16_t version, const char *board)
{
    struct image_header header = {.begin = IMAGE_HEADER_LEN + 8, .version = version};
    memset(to, 0xFF, len);
    for (uint16_t i = header.begin; i < len; i++)
        to[i] = (uint8_t)(i * 7 + version);
    for (uint8_t i = 0; board[i] != '\0'; i++)
        header.board[i] = board[i];
    header.size = (uint32_t)(len - header.begin);
    header.crc32 = image_crc32(0, to + header.begin, header.size);
    image_header_put(&header, to);
    return image_crc32(0, to, len);
}

void rig_image_init(void)
{
    memset(&rig_image, 0, sizeof rig_image);
    rig_image.power = rig_image.bad_octet = -1;
    (void)rig_image_make(rig_image.places[0], 300, 1, "rig");
}
