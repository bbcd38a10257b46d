#include "boards/rp2040/flash.h"

#include <string.h>

#include "boards/rp2040/chip.h"
#include "boards/rp2040/rom.h"

#define ERASE_COMMAND 0x20 /* of a sector */

/* Serial commands instead of XIP, and back. */
static void open_flash(void)
{
    rom_find(ROM_FLASH_CONNECT)();
    rom_find(ROM_FLASH_EXIT)();
}

static void close_flash(void)
{
    rom_find(ROM_FLASH_FLUSH)();
    rom_find(ROM_FLASH_XIP)();
}

bool flash_erase(uint32_t offset)
{
    void (*erase)(uint32_t, uint32_t, uint32_t, uint32_t) =
        (void (*)(uint32_t, uint32_t, uint32_t, uint32_t))rom_find(ROM_FLASH_ERASE);
    const uint32_t *words = (const uint32_t *)FLASH_AT(offset);
    open_flash();
    erase(offset, FLASH_SECTOR, FLASH_SECTOR, ERASE_COMMAND);
    close_flash();
    for (uint32_t i = 0; i < FLASH_SECTOR / sizeof *words; i++)
        if (words[i] != 0xFFFFFFFF)
            return false;
    return true;
}

/* Within one page. What is not to change is written as ones, which change nothing. */
static void write_page(uint32_t offset, const uint8_t *octets, uint32_t len)
{
    void (*program)(uint32_t, const uint8_t *, uint32_t) =
        (void (*)(uint32_t, const uint8_t *, uint32_t))rom_find(ROM_FLASH_PROGRAM);
    uint8_t page[FLASH_PAGE];
    memset(page, 0xFF, sizeof page);
    memcpy(page + offset % FLASH_PAGE, octets, len);
    open_flash();
    program(offset - offset % FLASH_PAGE, page, FLASH_PAGE);
    close_flash();
}

bool flash_write(uint32_t offset, const uint8_t *octets, uint32_t len)
{
    for (uint32_t done = 0, piece; done < len; done += piece) {
        uint32_t room = FLASH_PAGE - (offset + done) % FLASH_PAGE;
        piece = len - done < room ? len - done : room;
        write_page(offset + done, octets + done, piece);
    }
    return memcmp(FLASH_AT(offset), octets, len) == 0;
}
