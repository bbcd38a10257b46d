#include "firmware/update.h"

#include "firmware/image.h"
#include "firmware/kept.h"
#include "firmware/lease.h"
#include "firmware/log.h"
#include "firmware/sense.h"
#include "firmware/slot.h"

#define CHECK_PIECES 4 /* of LINK_BLOCK_LEN octets read back in one step */

/* STARTING: marked, the reset comes. CONFIRMED: in this life. LEAVING: the reset to the old image comes. */
enum step { NONE, TAKING, CHECKING, CHECKED, STARTING, TESTING, CONFIRMED, LEAVING };

static enum step step;
static struct link_update_begin image;
static uint32_t offset, crc, since_ms;

static void change(enum step to)
{
    step = to;
    since_ms = board_ms();
}

static bool supply_low(void)
{
    return sense_state() == LINK_SUPPLY_SHUT || sense_state() == LINK_SUPPLY_CUT;
}

void update_start(enum link_cause cause)
{
    offset = 0;
    change(cause == LINK_CAUSE_UPDATE ? TESTING : NONE);
}

/* ---- taking ---- */

enum link_status update_begin(const struct link_update_begin *begin)
{
    if (step == STARTING || step == TESTING || step == LEAVING)
        return LINK_BUSY;
    if (supply_low())
        return LINK_LOW_SUPPLY;
    if (step == TAKING && begin->size == image.size && begin->crc32 == image.crc32 &&
        begin->version == image.version)
        return LINK_OK;
    offset = 0;
    change(NONE);
    if (begin->size <= IMAGE_HEADER_LEN || !board_image_begin(begin->size))
        return LINK_BAD_IMAGE;
    image = *begin;
    change(TAKING);
    return LINK_OK;
}

static bool for_this_board(const struct image_header *header)
{
    const char *name = board_name();
    char plain[LINK_TEXT_LEN];
    for (uint8_t i = 0; i < LINK_TEXT_LEN; i++)
        if ((plain[i] = board_text_octet(name, i)) == '\0')
            break;
    return image_is_for(header, plain);
}

static bool acceptable(const struct link_update_data *first)
{
    struct image_header header;
    return first->data.len >= IMAGE_HEADER_LEN &&
           image_header_get(&header, first->data.octets) == IMAGE_GOOD && for_this_board(&header) &&
           image_len(&header) == image.size && header.version == image.version;
}

enum link_status update_data(const struct link_update_data *data)
{
    uint8_t len = data->data.len;
    if (step != TAKING || data->offset > offset || len > image.size - data->offset)
        return LINK_BAD_IMAGE;
    if (data->offset + len <= offset)
        return LINK_OK;
    if (data->offset != offset)
        return LINK_BAD_IMAGE;
    if (supply_low())
        return LINK_LOW_SUPPLY;
    if (offset == 0 && !acceptable(data)) {
        change(NONE);
        return LINK_BAD_IMAGE;
    }
    if (!board_image_write(offset, data->data.octets, len))
        return LINK_NV_FAILED;
    offset += len;
    return LINK_OK;
}

enum link_status update_end(void)
{
    if (step == CHECKING)
        return LINK_BUSY;
    if (step == CHECKED || step == STARTING)
        return LINK_OK;
    if (step != TAKING || offset != image.size)
        return LINK_BAD_IMAGE;
    offset = 0;
    crc = 0;
    change(CHECKING);
    return LINK_BUSY;
}

/* What counts is what lies there, not what came. */
static void check_piece(void)
{
    uint8_t octets[LINK_BLOCK_LEN];
    uint32_t left = image.size - offset;
    uint8_t len = left < sizeof octets ? (uint8_t)left : (uint8_t)sizeof octets;
    if (!board_image_read(offset, octets, len)) {
        change(NONE);
        return;
    }
    crc = image_crc32(crc, octets, len);
    offset += len;
    if (offset == image.size)
        change(crc == image.crc32 ? CHECKED : NONE);
}

/* ---- starting and leaving ---- */

enum link_status update_test(void)
{
    if (step == STARTING)
        return LINK_OK;
    if (step != CHECKED)
        return LINK_BAD_IMAGE;
    if (supply_low())
        return LINK_LOW_SUPPLY;
    if (!board_image_test())
        return LINK_NV_FAILED;
    kept_count(&kept->counters.updates);
    log_put(LINK_LOG_UPDATE, LOG_BOARD, image.version);
    change(STARTING);
    return LINK_OK;
}

enum link_status update_confirm(void)
{
    if (step == CONFIRMED)
        return LINK_OK;
    if (step != TESTING)
        return LINK_BAD_IMAGE;
    if (!lease_heard())
        return LINK_BUSY;
    if (supply_low())
        return LINK_LOW_SUPPLY;
    if (!board_image_confirm())
        return LINK_NV_FAILED;
    change(CONFIRMED);
    return LINK_OK;
}

enum link_status update_revert(void)
{
    switch (step) {
    case NONE:
    case CONFIRMED: return LINK_BAD_IMAGE;
    case TAKING:
    case CHECKING:
    case CHECKED: change(NONE); return LINK_OK;
    case STARTING:
        if (!board_image_revert())
            return LINK_NV_FAILED;
        change(NONE);
        return LINK_OK;
    case TESTING: change(LEAVING); return LINK_OK; /* unconfirmed: any reset leaves it */
    case LEAVING: break;
    }
    return LINK_OK;
}

void update_step(uint32_t now_ms)
{
    for (uint8_t i = 0; i < CHECK_PIECES && step == CHECKING; i++)
        check_piece();
    now_ms = board_ms(); /* a request of this turn may have come after the turn's own time */
    if (step == TESTING && now_ms - since_ms >= UPDATE_CONFIRM_MS)
        change(LEAVING);
    if (step != STARTING && step != LEAVING)
        return;
    uint32_t passed_ms = now_ms - since_ms;
    if (passed_ms >= UPDATE_WAIT_MS || (passed_ms >= UPDATE_RESET_MS && !slot_busy()))
        board_reset();
}

uint32_t update_offset(void)
{
    return offset;
}
