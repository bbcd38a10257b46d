/* The boot ROM's functions, found by the two letters that the datasheet gives them. */
#ifndef CELLPOST_BOARDS_RP2040_ROM_H
#define CELLPOST_BOARDS_RP2040_ROM_H

#include <stdint.h>

#define ROM_CODE(a, b) ((uint32_t)(a) | (uint32_t)(b) << 8)

/* A function of the ROM's table as TYPE; NULL where this ROM has none. */
static inline void (*rom_find(uint32_t code))(void)
{
    const uint16_t *words = (const uint16_t *)(uintptr_t)0x14;
    void *(*lookup)(const uint16_t *, uint32_t) = (void *(*)(const uint16_t *, uint32_t))(uintptr_t)words[2];
    return (void (*)(void))(uintptr_t)lookup((const uint16_t *)(uintptr_t)words[0], code);
}

#define ROM_FLASH_CONNECT ROM_CODE('I', 'F')
#define ROM_FLASH_EXIT    ROM_CODE('E', 'X') /* out of XIP */
#define ROM_FLASH_ERASE   ROM_CODE('R', 'E')
#define ROM_FLASH_PROGRAM ROM_CODE('R', 'P')
#define ROM_FLASH_FLUSH   ROM_CODE('F', 'C')
#define ROM_FLASH_XIP     ROM_CODE('C', 'X') /* back to XIP */
#define ROM_USB_BOOT      ROM_CODE('U', 'B')

#endif
