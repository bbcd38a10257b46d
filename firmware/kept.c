#include "firmware/kept.h"

#include <stdatomic.h>
#include <stddef.h>

#include "firmware/link/frame.h"

#define MAGIC 0xCE11

_Static_assert(2 * sizeof(struct kept) <= BOARD_KEPT_MAX, "board_kept is too small");

struct kept *kept;
static struct kept *spare; /* as kept was when it was last whole */
static bool dirty;

static uint16_t crc_of(const struct kept *copy)
{
    const uint8_t *octets = (const uint8_t *)copy;
    uint16_t crc = 0xFFFF;
    for (uint16_t i = offsetof(struct kept, counters); i < sizeof *copy; i++)
        if (i != offsetof(struct kept, late))
            crc = link_crc(crc, octets[i]);
    return crc;
}

static bool is_whole(const struct kept *copy)
{
    return copy->magic == MAGIC && copy->crc == crc_of(copy);
}

/* The reset came in the middle of a change. */
static bool take_spare(void)
{
    uint8_t late = kept->late;
    if (!is_whole(spare))
        return false;
    *kept = *spare;
    kept->late = late;
    return true;
}

bool kept_start(void)
{
    kept = board_kept();
    spare = kept + 1;
    dirty = false;
    if (is_whole(kept) || take_spare()) {
        *spare = *kept; /* before anything changes: a reset may have cut off its own writing */
        return true;
    }
    memset(kept, 0, sizeof *kept);
    for (uint8_t i = 0; i < FIRMWARE_SLOTS; i++)
        kept->slots[i].target = LINK_TARGET_ON;
    kept_close();
    return false;
}

void kept_close(void)
{
    kept->magic = MAGIC;
    kept->crc = crc_of(kept);
    atomic_signal_fence(memory_order_seq_cst); /* whole before the spare one is not */
    *spare = *kept;
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
