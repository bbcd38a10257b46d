/* An image over the link goes to the slot beside the one that runs; slots.h tells how it is started. */
#include "boards/rp2040/chip.h"
#include "boards/rp2040/flash.h"
#include "boards/rp2040/slots.h"
#include "firmware/board.h"

static uint32_t running(void)
{
    return WATCHDOG_SCRATCH(SCRATCH_LOADED) & 1;
}

static uint32_t beside(void)
{
    return FLASH_IMAGE(running() ^ 1);
}

/* Over the older record: until the new one is whole the one beside it counts. */
static bool record_running(void)
{
    struct slots_record record = {0};
    int sector = slots_record_read(&record);
    uint32_t at = FLASH_RECORD + (sector == 0 ? FLASH_SECTOR : 0);
    record =
        (struct slots_record){.magic = SLOTS_RECORD_MAGIC, .number = record.number + 1, .slot = running()};
    record.crc32 = slots_record_crc(&record);
    return flash_erase(at) && flash_write(at, (const uint8_t *)&record, sizeof record);
}

/* Where the recorded slot's image was damaged and the other one runs, the new image would lie in the recorded
 * slot: the next start would take it as if it were confirmed. */
bool board_image_begin(uint32_t size)
{
    struct slots_record record = {0};
    WATCHDOG_SCRATCH(SCRATCH_TEST) = 0;
    (void)slots_record_read(&record); /* none: slot 0 */
    return size <= FLASH_IMAGE_LEN && (record.slot == running() || record_running());
}

/* Each sector is erased when the image comes to it. */
bool board_image_write(uint32_t offset, const uint8_t *octets, uint8_t len)
{
    uint32_t last = offset + len - 1;
    if (len == 0 || last >= FLASH_IMAGE_LEN)
        return false;
    if (offset % FLASH_SECTOR == 0 && !flash_erase(beside() + offset))
        return false;
    if (last / FLASH_SECTOR != offset / FLASH_SECTOR &&
        !flash_erase(beside() + last / FLASH_SECTOR * FLASH_SECTOR))
        return false;
    return flash_write(beside() + offset, octets, len);
}

bool board_image_read(uint32_t offset, uint8_t *octets, uint8_t len)
{
    if (offset > (uint32_t)FLASH_IMAGE_LEN - len)
        return false;
    memcpy(octets, FLASH_AT(beside() + offset), len);
    return true;
}

bool board_image_test(void)
{
    WATCHDOG_SCRATCH(SCRATCH_TEST) = TEST_MARK;
    return true;
}

bool board_image_confirm(void)
{
    return record_running();
}

bool board_image_revert(void)
{
    WATCHDOG_SCRATCH(SCRATCH_TEST) = 0;
    return true;
}
