/* NV: two sectors of flash. */
#include "boards/rp2040/chip.h"
#include "boards/rp2040/flash.h"
#include "firmware/board.h"

static uint32_t place(uint8_t page, uint16_t at)
{
    return FLASH_NV + (uint32_t)page * FLASH_SECTOR + at;
}

uint16_t board_nv_page_len(void)
{
    return FLASH_SECTOR;
}

void board_nv_read(uint8_t page, uint16_t at, void *to, uint16_t len)
{
    memcpy(to, FLASH_AT(place(page, at)), len);
}

bool board_nv_write(uint8_t page, uint16_t at, const void *from, uint16_t len)
{
    return flash_write(place(page, at), from, len);
}

bool board_nv_erase(uint8_t page)
{
    return flash_erase(place(page, 0));
}
