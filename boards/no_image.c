/* For boards that have no place for a second image: they never say LINK_CAP_UPDATE, so none of this is
 * called. */
#include "firmware/board.h"

bool board_image_begin(uint32_t size)
{
    (void)size;
    return false;
}

bool board_image_write(uint32_t offset, const uint8_t *octets, uint8_t len)
{
    (void)offset;
    (void)octets;
    (void)len;
    return false;
}

bool board_image_read(uint32_t offset, uint8_t *octets, uint8_t len)
{
    return board_image_write(offset, octets, len);
}

bool board_image_test(void)
{
    return false;
}

bool board_image_confirm(void)
{
    return false;
}

bool board_image_revert(void)
{
    return false;
}
