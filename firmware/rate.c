/* Seven bins cover an hour whatever the present one's age; a reset of the board makes that one longer, so
 * that the bound is kept and at worst waits are. */
#include "firmware/rate.h"

#include "firmware/kept.h"
#include "firmware/settings.h"

static uint32_t bin_ms;

void rate_start(void)
{
    bin_ms = board_ms();
}

void rate_step(uint32_t now_ms)
{
    if (now_ms - bin_ms < RATE_BIN_MS)
        return;
    bin_ms += RATE_BIN_MS;
    for (uint8_t slot = 0; slot < FIRMWARE_SLOTS; slot++) {
        uint8_t *bins = kept->slots[slot].bins;
        memmove(bins + 1, bins, KEPT_BINS - 1);
        bins[0] = 0;
    }
    kept_close();
}

bool rate_allows(uint8_t slot)
{
    uint16_t sum = 0;
    for (uint8_t i = 0; i < KEPT_BINS; i++)
        sum = (uint16_t)(sum + kept->slots[slot].bins[i]);
    return sum < setting(LINK_SETTING_PULSES_HOUR);
}

void rate_count(uint8_t slot)
{
    kept->slots[slot].bins[0]++;
    kept_close();
}
