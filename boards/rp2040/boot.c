/* The boot stage: picks an image slot (slots.h), loads its image into RAM and starts it. It runs from flash,
 * has no variables, never returns and writes nothing to flash. The watchdog runs from here on, so that an
 * image that does not even come to its first loop is bitten, and left where it was under test. */
#include <string.h>

#include "boards/rp2040/chip.h"
#include "boards/rp2040/pins.h"
#include "boards/rp2040/rom.h"
#include "boards/rp2040/slots.h"
#include "firmware/image.h"

#define START_MS 8000 /* for loading, and for the image's start */

extern uint32_t boot_stack;
_Noreturn void boot_start(void);
_Noreturn static void boot_stop(void);

__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    void (*handlers[15])(void);
} vectors = {&boot_stack, {boot_start, boot_stop, boot_stop}};

/* A fault here: the watchdog bites. */
_Noreturn static void boot_stop(void)
{
    for (;;)
        ;
}

static bool load(uint32_t slot)
{
    struct image_header header;
    uint8_t *to = (uint8_t *)(uintptr_t)RAM_IMAGE;
    const uint8_t *from = FLASH_AT(FLASH_IMAGE(slot));
    if (image_header_get(&header, from) != IMAGE_GOOD || image_len(&header) > FLASH_IMAGE_LEN)
        return false;
    memcpy(to, from, image_len(&header));
    return image_check(&header, to, image_len(&header), BOARD_RP2040_NAME) == IMAGE_GOOD;
}

_Noreturn static void start_loaded(uint32_t told)
{
    const struct image_header *header = (const struct image_header *)(uintptr_t)RAM_IMAGE;
    const uint32_t *program = (const uint32_t *)(uintptr_t)(RAM_IMAGE + header->begin);
    WATCHDOG_SCRATCH(SCRATCH_LOADED) = told;
    SCB_VTOR = (uint32_t)(uintptr_t)program;
    __asm volatile("msr msp, %0\n bx %1" : : "r"(program[0]), "r"(program[1]) : "memory");
    for (;;)
        ;
}

_Noreturn static void wait_for_usb(void)
{
    void (*usb_boot)(uint32_t, uint32_t) = (void (*)(uint32_t, uint32_t))rom_find(ROM_USB_BOOT);
    REG_CLR(WATCHDOG_CTRL, WATCHDOG_ENABLE);
    usb_boot(0, 0);
    boot_stop();
}

_Noreturn void boot_start(void)
{
    struct slots_record record;
    bool forced = (WATCHDOG_REASON & WATCHDOG_FORCED) != 0;
    bool test = forced && WATCHDOG_SCRATCH(SCRATCH_TEST) == TEST_MARK;
    if (!forced)
        pins_release();
    WATCHDOG_SCRATCH(SCRATCH_TEST) = 0;
    chip_clocks_start();
    chip_watchdog_start(START_MS);
    uint32_t slot = slots_record_read(&record) >= 0 ? record.slot : 0;
    if (test && load(slot ^ 1))
        start_loaded((slot ^ 1) | LOADED_TEST);
    if (load(slot))
        start_loaded(slot);
    if (load(slot ^ 1))
        start_loaded(slot ^ 1);
    wait_for_usb();
}
