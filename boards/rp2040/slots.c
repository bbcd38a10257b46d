#include "boards/rp2040/slots.h"

#include <string.h>

#include "boards/rp2040/chip.h"
#include "firmware/image.h"

uint32_t slots_record_crc(const struct slots_record *record)
{
    return image_crc32(0, (const uint8_t *)record, offsetof(struct slots_record, crc32));
}

int slots_record_read(struct slots_record *found)
{
    struct slots_record record;
    int sector = -1;
    for (uint32_t i = 0; i < 2; i++) {
        memcpy(&record, FLASH_AT(FLASH_RECORD + i * FLASH_SECTOR), sizeof record);
        if (record.magic != SLOTS_RECORD_MAGIC || record.slot > 1 ||
            record.crc32 != slots_record_crc(&record) || (sector >= 0 && record.number < found->number))
            continue;
        *found = record;
        sector = (int)i;
    }
    return sector;
}
