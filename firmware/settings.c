#include "firmware/settings.h"

#include "firmware/nv.h"

#define ROW(name, number, initial, least, most, text) {initial, least, most},

static const struct {
    uint16_t initial, least, most;
} rows[LINK_SETTING_COUNT] BOARD_CONST = {LINK_SETTINGS(ROW)};

#define VALUES_MAX (NV_RECORD_MAX / 2)
_Static_assert(LINK_SETTING_COUNT <= VALUES_MAX, "the settings are one record");
_Static_assert(sizeof(struct timing) <= NV_RECORD_MAX, "a row of times is one record");

static uint16_t values[LINK_SETTING_COUNT];
static struct timing custom[FIRMWARE_SLOTS];

static uint16_t bound(uint8_t which, uint8_t column)
{
    uint16_t row[3];
    board_const_copy(row, &rows[which], sizeof row);
    return row[column];
}

/* How many there are. The record of another version may be shorter or longer: what both know counts, lest an
 * update empty the slots. */
static uint8_t get_kept(uint16_t kept_values[VALUES_MAX])
{
    uint8_t count = VALUES_MAX;
    while (count > 0 && !nv_get(NV_SETTINGS, kept_values, (uint8_t)(count * sizeof *kept_values)))
        count--;
    return count;
}

void settings_start(void)
{
    uint16_t kept_values[VALUES_MAX];
    uint8_t count = get_kept(kept_values);
    for (uint8_t i = 0; i < LINK_SETTING_COUNT; i++) {
        bool good = i < count && kept_values[i] >= bound(i, 1) && kept_values[i] <= bound(i, 2);
        values[i] = good ? kept_values[i] : bound(i, 0);
    }
    for (uint8_t slot = 0; slot < FIRMWARE_SLOTS; slot++)
        if (!nv_get((uint8_t)(NV_TIMING + slot), &custom[slot], sizeof custom[slot]))
            memset(&custom[slot], 0, sizeof custom[slot]);
}

uint16_t setting(enum link_setting which)
{
    return values[which];
}

/* Each bound of the supply is above the next: cut, shut, no send, warn, and the restart above all. */
static bool in_order(uint8_t which, uint16_t value)
{
    uint16_t v[5];
    for (uint8_t i = 0; i < 5; i++)
        v[i] = which == LINK_SETTING_WARN_MV + i ? value : values[LINK_SETTING_WARN_MV + i];
    return v[0] == 0 || (v[3] < v[2] && v[2] <= v[1] && v[1] <= v[0] && v[4] > v[2]);
}

enum link_status setting_change(uint8_t which, uint16_t value)
{
    if (which >= LINK_SETTING_COUNT || value < bound(which, 1) || value > bound(which, 2))
        return LINK_BAD_VALUE;
    if (which >= LINK_SETTING_WARN_MV && which <= LINK_SETTING_START_MV && !in_order(which, value))
        return LINK_BAD_VALUE;
    if (which <= LINK_SETTING_MODULE_3 && which >= FIRMWARE_SLOTS)
        return LINK_BAD_VALUE;
    if (values[which] == value)
        return LINK_OK;
    uint16_t before = values[which];
    values[which] = value;
    if (board_nv_page_len() != 0 && !nv_put(NV_SETTINGS, values, sizeof values, true)) {
        values[which] = before;
        return LINK_NV_FAILED;
    }
    return LINK_OK;
}

uint8_t setting_module(uint8_t slot)
{
    return (uint8_t)values[LINK_SETTING_MODULE_0 + slot];
}

bool setting_timing(uint8_t slot, struct timing *timing)
{
    if (setting_module(slot) != LINK_MODULE_CUSTOM)
        return timing_of(setting_module(slot), timing);
    *timing = custom[slot];
    return timing_valid(timing);
}

enum link_status setting_timing_change(uint8_t slot, const struct timing *timing)
{
    if (!timing_valid(timing))
        return LINK_BAD_VALUE;
    if (board_nv_page_len() != 0 && !nv_put((uint8_t)(NV_TIMING + slot), timing, sizeof *timing, true))
        return LINK_NV_FAILED;
    custom[slot] = *timing;
    return LINK_OK;
}
