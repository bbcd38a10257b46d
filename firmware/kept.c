#include "firmware/kept.h"

#include <stddef.h>

#include "firmware/link/frame.h"

#define MAGIC 0xCE11

_Static_assert(sizeof(struct kept) <= BOARD_KEPT_MAX, "board_kept is too small");

struct kept *kept;
static bool dirty;

static uint16_t crc_of(void)
{
    const uint8_t *octets = (const uint8_t *)kept;
    uint16_t crc = 0xFFFF;
    for (uint16_t i = offsetof(struct kept, counters); i < sizeof *kept; i++)
        if (i != offsetof(struct kept, late))
            crc = link_crc(crc, octets[i]);
    return crc;
}

bool kept_start(void)
{
    kept = board_kept();
    dirty = false;
    if (kept->magic == MAGIC && kept->crc == crc_of())
        return true;
    memset(kept, 0, sizeof *kept);
    for (uint8_t i = 0; i < FIRMWARE_SLOTS; i++)
        kept->slots[i].target = LINK_TARGET_ON;
    kept_close();
    return false;
}

void kept_close(void)
{
    kept->magic = MAGIC;
    kept->crc = crc_of();
}

void kept_count(uint32_t *counter)
{
    if (*counter < UINT32_MAX)
        (*counter)++;
    dirty = true;
    kept_close();
}

bool kept_dirty(void)
{
    return dirty;
}

void kept_clean(void)
{
    dirty = false;
}
