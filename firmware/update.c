#include "firmware/update.h"

#include "firmware/kept.h"
#include "firmware/log.h"
#include "firmware/slot.h"

enum step { NONE, TAKING, CHECKED, TESTING, LEAVING };

static enum step step;
static struct link_update_begin image;
static uint32_t offset, crc, since_ms;

static uint32_t crc32_octet(uint32_t value, uint8_t octet)
{
    value ^= octet;
    for (uint8_t bit = 0; bit < 8; bit++)
        value = (value & 1) != 0 ? value >> 1 ^ (uint32_t)0xEDB88320 : value >> 1;
    return value;
}

static bool able(void)
{
    return (board_capabilities() & LINK_CAP_UPDATE) != 0;
}

void update_start(enum link_cause cause)
{
    step = cause == LINK_CAUSE_UPDATE ? TESTING : NONE;
    offset = 0;
    since_ms = board_ms();
}

void update_step(uint32_t now_ms)
{
    if (step == TESTING && now_ms - since_ms >= UPDATE_CONFIRM_MS)
        (void)update_revert();
    if (step == LEAVING && now_ms - since_ms >= UPDATE_RESET_MS && !slot_busy())
        board_reset();
}

enum link_status update_begin(const struct link_update_begin *begin)
{
    if (!able())
        return LINK_UNSUPPORTED;
    if (step == TESTING || step == LEAVING)
        return LINK_BUSY;
    if (begin->size == 0 || !board_image_begin(begin->size))
        return LINK_BAD_IMAGE;
    image = *begin;
    offset = 0;
    crc = 0xFFFFFFFF;
    step = TAKING;
    return LINK_OK;
}

enum link_status update_data(const struct link_update_data *data)
{
    if (step != TAKING || data->offset != offset || data->data.len > image.size - offset)
        return LINK_BAD_IMAGE;
    if (!board_image_write(offset, data->data.octets, data->data.len))
        return LINK_NV_FAILED;
    for (uint8_t i = 0; i < data->data.len; i++)
        crc = crc32_octet(crc, data->data.octets[i]);
    offset += data->data.len;
    return LINK_OK;
}

enum link_status update_end(void)
{
    if (step != TAKING || offset != image.size || (crc ^ (uint32_t)0xFFFFFFFF) != image.crc32)
        return LINK_BAD_IMAGE;
    step = CHECKED;
    return LINK_OK;
}

static void leave(void)
{
    step = LEAVING;
    since_ms = board_ms();
}

enum link_status update_test(void)
{
    if (step != CHECKED)
        return LINK_BAD_IMAGE;
    if (!board_image_test())
        return LINK_NV_FAILED;
    kept_count(&kept->counters.updates);
    log_put(LINK_LOG_UPDATE, LOG_BOARD, image.version);
    leave();
    return LINK_OK;
}

enum link_status update_confirm(void)
{
    if (!able())
        return LINK_UNSUPPORTED;
    if (step != TESTING)
        return LINK_BAD_IMAGE;
    if (!board_image_confirm())
        return LINK_NV_FAILED;
    step = NONE;
    return LINK_OK;
}

enum link_status update_revert(void)
{
    if (!able())
        return LINK_UNSUPPORTED;
    if (!board_image_revert())
        return LINK_NV_FAILED;
    leave();
    return LINK_OK;
}

uint32_t update_offset(void)
{
    return offset;
}
