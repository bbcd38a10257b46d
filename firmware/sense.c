#include "firmware/sense.h"

#include "firmware/fault.h"
#include "firmware/kept.h"
#include "firmware/log.h"
#include "firmware/nv.h"
#include "firmware/settings.h"
#include "firmware/talk.h"

#define NONE_MV 0

static enum link_supply state;
static uint8_t worse; /* samples in a row that say so */
static uint32_t step_ms, good_ms;
static bool begun;
static uint16_t supply_mv, supply_min_mv, first_mv;
static uint16_t least_mv, change_mv, change_min_mv; /* since the last change; at it; least until it */
static uint16_t rail_min_mv[FIRMWARE_SLOTS], burst_min_mv[FIRMWARE_SLOTS];
static uint16_t burst_len_ms;
static uint32_t burst_ms;

void sense_start(void)
{
    state = LINK_SUPPLY_UNKNOWN;
    worse = 0;
    begun = false;
    supply_mv = supply_min_mv = least_mv = change_mv = change_min_mv = NONE_MV;
    memset(rail_min_mv, 0, sizeof rail_min_mv);
    memset(burst_min_mv, 0, sizeof burst_min_mv);
    burst_len_ms = 0;
}

enum link_supply sense_state(void)
{
    return state;
}

bool sense_may_start(void)
{
    return state == LINK_SUPPLY_GOOD || state == LINK_SUPPLY_WARN;
}

/* ---- measuring ---- */

static uint16_t measure_mv(enum board_measure what, uint8_t slot)
{
    int32_t value = board_measure(what, slot);
    if (value == BOARD_NOT_MEASURED)
        return NONE_MV;
    return value < 1 ? 1 : value > UINT16_MAX ? UINT16_MAX : (uint16_t)value;
}

static void lessen(uint16_t *least, uint16_t value)
{
    if (value != NONE_MV && (*least == NONE_MV || value < *least))
        *least = value;
}

static uint16_t rail_of(uint8_t slot)
{
    return (board_capabilities() & LINK_CAP_RAIL) != 0 ? measure_mv(BOARD_RAIL_MV, slot) : supply_mv;
}

static void measure(void)
{
    supply_mv = measure_mv(BOARD_SUPPLY_MV, 0);
    lessen(&supply_min_mv, supply_mv);
    lessen(&least_mv, supply_mv);
    for (uint8_t slot = 0; slot < FIRMWARE_SLOTS; slot++) {
        uint16_t rail = rail_of(slot);
        lessen(&rail_min_mv[slot], rail);
        lessen(&burst_min_mv[slot], rail);
    }
}

/* ---- judging ---- */

static enum link_supply level_of(uint16_t mv)
{
    if (mv < setting(LINK_SETTING_CUT_MV))
        return LINK_SUPPLY_CUT;
    if (mv < setting(LINK_SETTING_SHUT_MV))
        return LINK_SUPPLY_SHUT;
    if (mv < setting(LINK_SETTING_NO_SEND_MV))
        return LINK_SUPPLY_NO_SEND;
    return mv < setting(LINK_SETTING_WARN_MV) ? LINK_SUPPLY_WARN : LINK_SUPPLY_GOOD;
}

static void change(enum link_supply to)
{
    bool down = to == LINK_SUPPLY_SHUT || to == LINK_SUPPLY_CUT;
    if (down && state != LINK_SUPPLY_SHUT && state != LINK_SUPPLY_CUT)
        kept_count(&kept->counters.brown_outs);
    if (down)
        log_put(LINK_LOG_SUPPLY, LOG_BOARD, supply_mv);
    nv_hold(down); /* no writes under the bound */
    state = to;
    worse = 0;
    change_mv = supply_mv;
    change_min_mv = least_mv;
    least_mv = supply_mv;
    talk_raise(LINK_TYPE_SUPPLY_STATE, 0);
}

/* After a brown-out only a supply good for long enough counts. */
static void judge_low(uint32_t now_ms)
{
    if (supply_mv < setting(LINK_SETTING_START_MV)) {
        good_ms = now_ms;
        return;
    }
    if (state != LINK_SUPPLY_RECOVERING) {
        good_ms = now_ms;
        change(LINK_SUPPLY_RECOVERING);
    } else if (now_ms - good_ms >= setting(LINK_SETTING_START_S) * (uint32_t)1000)
        change(LINK_SUPPLY_GOOD);
}

/* By the best of the first samples: a burst's dip right after a reset is no brown-out. Where the part's own
 * detector has reset it, the supply looks good only because nothing loads it any more. */
static void judge_first(void)
{
    bool fell = fault_cause() == LINK_CAUSE_BROWN_OUT;
    enum link_supply level;
    if (worse == 0 || supply_mv > first_mv)
        first_mv = supply_mv;
    if (++worse < SENSE_SAMPLES)
        return;
    level = level_of(first_mv);
    if (level != LINK_SUPPLY_SHUT && level != LINK_SUPPLY_CUT)
        level =
            first_mv >= setting(LINK_SETTING_START_MV) && !fell ? LINK_SUPPLY_GOOD : LINK_SUPPLY_RECOVERING;
    change(level);
}

static void judge(uint32_t now_ms)
{
    enum link_supply level = level_of(supply_mv);
    enum link_supply back = level_of(supply_mv > SENSE_BACK_MV ? (uint16_t)(supply_mv - SENSE_BACK_MV) : 0);
    bool low = state == LINK_SUPPLY_SHUT || state == LINK_SUPPLY_CUT || state == LINK_SUPPLY_RECOVERING;
    bool deeper = state == LINK_SUPPLY_RECOVERING ? level >= LINK_SUPPLY_SHUT : level > state;
    if (deeper) {
        if (++worse < SENSE_SAMPLES)
            return;
        good_ms = now_ms;
        change(level);
        return;
    }
    worse = 0;
    if (low)
        judge_low(now_ms);
    else if (back < state)
        change(back);
}

static bool judged(void)
{
    return (board_capabilities() & LINK_CAP_SUPPLY) != 0 && setting(LINK_SETTING_WARN_MV) != 0;
}

void sense_step(uint32_t now_ms)
{
    if (begun && now_ms - step_ms < SENSE_EACH_MS)
        return;
    begun = true;
    step_ms = now_ms;
    measure();
    if (judged() && state == LINK_SUPPLY_UNKNOWN) {
        good_ms = now_ms;
        judge_first();
    } else if (judged())
        judge(now_ms);
    else if (state != LINK_SUPPLY_GOOD)
        change(LINK_SUPPLY_GOOD);
}

/* ---- telling ---- */

uint16_t sense_change_mv(void)
{
    return change_mv;
}

uint16_t sense_change_min_mv(void)
{
    return change_min_mv;
}

/* The least values are of the burst's window while it is open or was not read; then they begin anew. */
void sense_answer(uint8_t slot, struct link_sense_answer *answer)
{
    int32_t temperature = board_measure(BOARD_TEMPERATURE_DC, 0);
    *answer = (struct link_sense_answer){.supply = (uint8_t)state,
                                         .supply_mv = supply_mv,
                                         .supply_min_mv = supply_min_mv,
                                         .rail_mv = rail_of(slot),
                                         .rail_min_mv = burst_min_mv[slot],
                                         .current_ma = measure_mv(BOARD_CURRENT_MA, slot),
                                         .temperature_dc = INT16_MIN};
    if (temperature > INT16_MIN && temperature <= INT16_MAX)
        answer->temperature_dc = (int16_t)temperature;
    if (burst_len_ms == 0 || board_ms() - burst_ms >= burst_len_ms) {
        burst_len_ms = 0;
        supply_min_mv = supply_mv;
        burst_min_mv[slot] = answer->rail_mv;
    }
}

void sense_burst(uint8_t slot, uint16_t ms, uint32_t now_ms)
{
    burst_ms = now_ms;
    burst_len_ms = ms;
    supply_min_mv = supply_mv;
    burst_min_mv[slot] = rail_of(slot);
}

void sense_rail_begin(uint8_t slot)
{
    rail_min_mv[slot] = NONE_MV;
}

uint16_t sense_rail_min_mv(uint8_t slot)
{
    return rail_min_mv[slot];
}
