/* Pulses lie inside what the hardware guides ask for, with room for a loop that is some milliseconds late;
 * limits are above the slowest start or end that is documented. After a cut the supply stays off for 10 s:
 * 1000 uF need that long to fall under 0.5 V. */
#include "firmware/timing.h"

#define MIN_OFF_MS 10000
#define SETTLE_MS  500

/* kind, rise, on, off, reset, up_max, down_max, settle, min_off */
static const struct timing rows[LINK_MODULE_COUNT] BOARD_CONST = {
    [LINK_MODULE_SIM800] = {LINK_KIND_PULSE, 450, 1100, 2000, 120, 6000, 15000, SETTLE_MS, MIN_OFF_MS},
    [LINK_MODULE_SIM7600] = {LINK_KIND_PULSE, 100, 500, 3000, 300, 20000, 30000, SETTLE_MS, MIN_OFF_MS},
    [LINK_MODULE_A7670] = {LINK_KIND_PULSE, 100, 500, 2700, 2300, 10000, 30000, SETTLE_MS, MIN_OFF_MS},
    [LINK_MODULE_EC25] = {LINK_KIND_PULSE, 50, 600, 750, 300, 15000, 60000, SETTLE_MS, MIN_OFF_MS},
    [LINK_MODULE_BG95] = {LINK_KIND_PULSE, 50, 750, 1400, 2500, 6000, 60000, SETTLE_MS, MIN_OFF_MS},
    [LINK_MODULE_SARA_R4] = {LINK_KIND_PULSE, 50, 300, 2000, 16500, 8000, 40000, SETTLE_MS, MIN_OFF_MS},
    [LINK_MODULE_SARA_R5] = {LINK_KIND_AUTO, 50, 0, 1800, 100, 10000, 20000, SETTLE_MS, MIN_OFF_MS},
    [LINK_MODULE_LE910] = {LINK_KIND_PULSE, 50, 5050, 3000, 250, 25000, 30000, SETTLE_MS, MIN_OFF_MS},
    [LINK_MODULE_NRF91] = {LINK_KIND_AUTO, 50, 0, 0, 10, 6000, 5000, SETTLE_MS, MIN_OFF_MS},
    [LINK_MODULE_M2] = {LINK_KIND_LEVEL, 100, 0, 0, 400, 30000, 10000, SETTLE_MS, MIN_OFF_MS},
};

bool timing_of(uint8_t module, struct timing *timing)
{
    if (module == LINK_MODULE_NONE || module >= LINK_MODULE_CUSTOM)
        return false;
    board_const_copy(timing, &rows[module], sizeof *timing);
    return true;
}

bool timing_valid(const struct timing *timing)
{
    return timing->kind < LINK_KIND_COUNT && (timing->kind != LINK_KIND_PULSE || timing->on_ms >= 10) &&
           timing->up_max_ms >= 100 && timing->down_max_ms >= 100 && timing->min_off_ms >= 500;
}
