#include "firmware/led.h"

#include "firmware/lease.h"
#include "firmware/sense.h"
#include "firmware/slot.h"

static uint32_t began_ms = (uint32_t)-LED_PAUSE_MS; /* of the blink, or of the pause: the first is over */
static uint8_t blinks;                              /* left, with the one that is on its way; 0: the pause */
static bool lit;

uint8_t led_code(void)
{
    uint8_t worst = 1;
    struct link_slot_read_answer slot;
    if (!sense_may_start())
        return 5;
    for (uint8_t i = 0; i < FIRMWARE_SLOTS; i++) {
        slot_tell(i, &slot);
        if (slot.phase == LINK_PHASE_FAULT)
            return 4;
        if (slot.phase != LINK_PHASE_UP && slot.phase != LINK_PHASE_OFF)
            worst = 2;
    }
    return lease_host_there() ? worst : 3;
}

void led_step(uint32_t now_ms)
{
    if (now_ms - began_ms >= (blinks != 0 ? LED_EACH_MS : LED_PAUSE_MS)) {
        began_ms = now_ms;
        blinks = blinks != 0 ? (uint8_t)(blinks - 1) : led_code();
    }
    bool on = blinks != 0 && now_ms - began_ms < LED_ON_MS;
    if (on != lit)
        board_pin(BOARD_LED, 0, on);
    lit = on;
}
