/* The two image slots in flash, as the boot stage and the firmware see them.
 *
 * A record in flash says which slot is started; none says slot 0. The boot stage copies the slot's image
 * (firmware/image.h) to RAM_IMAGE, and starts it only when it is whole there; else the other one; when
 * neither is, the boot ROM's USB loader waits for a person. An image under test is started once, after
 * chip_reset with TEST_MARK: whatever other reset comes before it is confirmed starts the old one. */
#ifndef CELLPOST_BOARDS_RP2040_SLOTS_H
#define CELLPOST_BOARDS_RP2040_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#define SLOTS_RECORD_MAGIC UINT32_C(0x544F4C53) /* "SLOT" */

/* One in each of two sectors; the whole one with the higher number counts. */
struct slots_record {
    uint32_t magic, number, slot, crc32; /* of the three before it */
};

/* The sector (0 or 1) of the record that counts, or -1: neither is whole. */
int slots_record_read(struct slots_record *);
uint32_t slots_record_crc(const struct slots_record *);

#endif
