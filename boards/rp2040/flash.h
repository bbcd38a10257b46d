/* Erasing and writing flash by the boot ROM's functions. The program runs from RAM and is not disturbed but
 * for its time: a page takes about 1 ms, a sector 45 ms and at most 400; interrupts are served meanwhile.
 * Each tells whether flash holds what it should. Offsets as in chip.h. */
#ifndef CELLPOST_BOARDS_RP2040_FLASH_H
#define CELLPOST_BOARDS_RP2040_FLASH_H

#include <stdbool.h>
#include <stdint.h>

bool flash_erase(uint32_t offset);                                      /* the sector that begins there */
bool flash_write(uint32_t offset, const uint8_t *octets, uint32_t len); /* over erased octets; any place */

#endif
