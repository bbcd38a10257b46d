#include "firmware/slot.h"

#include "firmware/kept.h"
#include "firmware/lease.h"
#include "firmware/log.h"
#include "firmware/rate.h"
#include "firmware/sense.h"
#include "firmware/settings.h"
#include "firmware/talk.h"

struct slot {
    enum link_phase phase;
    enum link_reason reason;
    uint32_t since_ms, took_ms;
    uint32_t began_ms, start_ms; /* of the last start */
    uint32_t status_ms;          /* since when STATUS is as it is */
    uint32_t grace_ms, rest_ms;
    uint8_t failures; /* starts without STATUS in a row */
    bool status;
    bool lost;  /* STATUS fell while UP, and was told */
    bool doubt; /* UP before the board's reset, STATUS not seen since */
    bool reset; /* RESET was pulsed, PWRKEY not since */
    struct timing timing;
};

static struct slot slots[FIRMWARE_SLOTS];
static uint32_t stagger_ms;
static bool stagger_any;

static bool has_status(void)
{
    return (board_capabilities() & LINK_CAP_STATUS) != 0;
}

static uint8_t number_of(const struct slot *slot)
{
    return (uint8_t)(slot - slots);
}

static struct kept_slot *kept_of(const struct slot *slot)
{
    return &kept->slots[number_of(slot)];
}

/* Kept over a reset: the request's number is, and is not acted on again. */
static void set_wish(struct slot *slot, uint8_t wish)
{
    if (kept_of(slot)->wish == wish)
        return;
    kept_of(slot)->wish = wish;
    kept_close();
}

/* STATUS is low, but for so short a time that the modem may run nevertheless: neither PWRKEY nor a cut is
 * right now. */
static bool blinks(const struct slot *slot, uint32_t now_ms)
{
    return has_status() && !slot->status && now_ms - slot->status_ms < SLOT_STATUS_MS;
}

/* ---- the table ---- */

enum pins { VBAT = 1, KEY = 2, LEVEL = 4, RESET = 8 }; /* LEVEL: PWRKEY's line for modules of that kind */

/* How a low supply ends a phase. */
enum brown { STAY, DROP, END };

static const struct row {
    uint8_t pins, brown;
} rows[LINK_PHASE_COUNT] BOARD_CONST = {
    [LINK_PHASE_OFF] = {0, STAY},
    [LINK_PHASE_VBAT_RISE] = {VBAT, DROP},
    [LINK_PHASE_PULSE_ON] = {VBAT | KEY | LEVEL, DROP},
    [LINK_PHASE_WAIT_STATUS] = {VBAT | LEVEL, DROP},
    [LINK_PHASE_UP] = {VBAT | LEVEL, END},
    [LINK_PHASE_GRACE] = {VBAT | LEVEL, END},
    [LINK_PHASE_PULSE_OFF] = {VBAT | KEY, STAY},
    [LINK_PHASE_WAIT_OFF] = {VBAT, STAY},
    [LINK_PHASE_RESET_PULSE] = {VBAT | LEVEL | RESET, DROP},
    [LINK_PHASE_DISCHARGE] = {0, STAY},
    [LINK_PHASE_FAULT] = {0, STAY},
};

static struct row row_of(enum link_phase phase)
{
    struct row row;
    board_const_copy(&row, &rows[phase], sizeof row);
    return row;
}

static void put_pins(const struct slot *slot)
{
    uint8_t pins = row_of(slot->phase).pins, number = number_of(slot);
    bool level = slot->timing.kind == LINK_KIND_LEVEL;
    board_pin(BOARD_RESET, number, (pins & RESET) != 0);
    board_pin(BOARD_PWRKEY, number, (pins & (level ? LEVEL : KEY)) != 0);
    board_pin(BOARD_VBAT_EN, number, (pins & VBAT) != 0);
}

/* ---- changes ---- */

static void set_reason(struct slot *slot, enum link_reason reason)
{
    if (slot->reason == reason)
        return;
    slot->reason = reason;
    talk_raise(LINK_TYPE_SLOT_STATE, number_of(slot));
}

static void count_cut(struct slot *slot, enum link_phase from, enum link_reason reason)
{
    struct slot_counters *counters = &kept_of(slot)->counters;
    bool alive = has_status() ? slot->status : from == LINK_PHASE_UP;
    if ((from == LINK_PHASE_WAIT_OFF || from == LINK_PHASE_GRACE) && !alive)
        kept_count(&counters->graceful_offs);
    else if (alive) {
        kept_count(&counters->hard_cuts);
        log_put(LINK_LOG_HARD_CUT, number_of(slot), (uint16_t)reason);
    }
}

/* The one function that changes a phase. */
static void enter(struct slot *slot, enum link_phase phase, enum link_reason reason, uint32_t now_ms)
{
    enum link_phase from = slot->phase;
    if (phase == LINK_PHASE_DISCHARGE)
        count_cut(slot, from, reason);
    slot->took_ms = now_ms - slot->since_ms;
    slot->phase = phase;
    slot->reason = reason;
    slot->lost = slot->doubt = false;
    put_pins(slot);
    slot->since_ms = board_ms(); /* counting takes milliseconds on a slow part: no pulse is shorter by that */
    kept_of(slot)->running = phase == LINK_PHASE_UP || phase == LINK_PHASE_GRACE;
    kept_close();
    talk_raise(LINK_TYPE_SLOT_STATE, number_of(slot));
}

static void enter_up(struct slot *slot, enum link_reason reason, uint32_t now_ms)
{
    slot->failures = 0;
    slot->start_ms = now_ms - slot->began_ms;
    enter(slot, LINK_PHASE_UP, reason, now_ms);
}

/* Ends the modem by its pin; what has no such pin, or does not run, loses its supply. Asked for again at the
 * next step where that is not known yet. */
static void enter_off(struct slot *slot, enum link_reason reason, uint32_t now_ms)
{
    bool level = slot->timing.kind == LINK_KIND_LEVEL;
    if (blinks(slot, now_ms))
        return;
    if ((has_status() && !slot->status) || (!level && slot->timing.off_ms == 0))
        enter(slot, LINK_PHASE_DISCHARGE, reason, now_ms);
    else
        enter(slot, level ? LINK_PHASE_WAIT_OFF : LINK_PHASE_PULSE_OFF, reason, now_ms);
}

static void fail(struct slot *slot, uint32_t now_ms)
{
    if (slot->failures < UINT8_MAX)
        slot->failures++;
    kept_count(&kept_of(slot)->counters.start_failures);
    log_put(LINK_LOG_NO_STATUS, number_of(slot), slot->failures);
    enter(slot, LINK_PHASE_DISCHARGE, LINK_REASON_NO_STATUS, now_ms);
}

/* ---- phases ---- */

static bool wanted(const struct slot *slot)
{
    return kept_of(slot)->target == LINK_TARGET_ON;
}

static void rest(struct slot *slot, uint32_t now_ms)
{
    uint32_t ms = setting(LINK_SETTING_REST_S) * (uint32_t)1000;
    for (uint8_t i = SLOT_TRIES; i < slot->failures && ms < 3600000; i++)
        ms *= 2;
    slot->rest_ms = ms < 3600000 ? ms : 3600000;
    enter(slot, LINK_PHASE_FAULT, LINK_REASON_RESTING, now_ms);
}

static void in_off(struct slot *slot, uint32_t now_ms)
{
    set_wish(slot, LINK_TARGET_ON); /* without supply both wishes are granted */
    slot->reset = false;
    if (!wanted(slot) || !setting_timing(number_of(slot), &slot->timing))
        return;
    if (!sense_may_start())
        set_reason(slot, LINK_REASON_LOW_SUPPLY);
    else if (!rate_allows(number_of(slot)))
        set_reason(slot, LINK_REASON_RATE);
    else if (stagger_any && board_ms() - stagger_ms < setting(LINK_SETTING_STAGGER_MS))
        set_reason(slot, LINK_REASON_STAGGER);
    else {
        slot->began_ms = now_ms;
        rate_count(number_of(slot));
        kept_count(&kept_of(slot)->counters.starts);
        sense_rail_begin(number_of(slot));
        enter(slot, LINK_PHASE_VBAT_RISE, slot->reason, now_ms);
        stagger_any = true;
        stagger_ms = slot->since_ms; /* of the pin: counting takes milliseconds on a small part */
    }
}

static void in_vbat_rise(struct slot *slot, uint32_t now_ms)
{
    if (has_status() && slot->status)
        enter_up(slot, LINK_REASON_STATUS_SEEN, now_ms); /* it starts with its supply: a pulse would end it */
    else {
        slot->began_ms = now_ms;
        enter(slot, slot->timing.kind == LINK_KIND_PULSE ? LINK_PHASE_PULSE_ON : LINK_PHASE_WAIT_STATUS,
              LINK_REASON_TIME, now_ms);
    }
}

static void in_wait_status(struct slot *slot, bool late, uint32_t now_ms)
{
    if (has_status() && slot->status)
        enter_up(slot, LINK_REASON_STATUS_SEEN, now_ms);
    else if (late && has_status() && slot->reset && slot->timing.kind == LINK_KIND_PULSE) {
        slot->reset = false; /* of some families RESET is a shutdown: they wait for PWRKEY */
        enter(slot, LINK_PHASE_PULSE_ON, LINK_REASON_NO_STATUS, now_ms);
    } else if (late && has_status())
        fail(slot, now_ms);
    else if (late)
        enter_up(slot, LINK_REASON_UNCONFIRMED, now_ms);
}

/* A lost STATUS is the greater news. */
static void tell_wait(struct slot *slot, enum link_reason reason)
{
    if (!slot->lost)
        set_reason(slot, reason);
}

static void reset_pulse(struct slot *slot, uint32_t now_ms)
{
    if (!rate_allows(number_of(slot))) {
        tell_wait(slot, LINK_REASON_RATE);
        return;
    }
    set_wish(slot, LINK_TARGET_ON);
    slot->reset = true;
    slot->began_ms = now_ms;
    enter(slot, LINK_PHASE_RESET_PULSE, LINK_REASON_REQUEST, now_ms);
    rate_count(number_of(
        slot)); /* after the pin: it takes milliseconds on a small part, the pulse would lack them */
    kept_count(&kept_of(slot)->counters.resets);
    log_put(LINK_LOG_RESET, number_of(slot), kept_of(slot)->request);
}

/* A wish is acted on, or waits. */
static void grant(struct slot *slot, uint32_t now_ms)
{
    bool pin = (board_capabilities() & LINK_CAP_RESET) != 0 && slot->timing.reset_ms != 0;
    uint8_t wish = kept_of(slot)->wish;
    if (wish == LINK_TARGET_RESET && pin) {
        reset_pulse(slot, now_ms);
        return;
    }
    if (wish != LINK_TARGET_CYCLE && wish != LINK_TARGET_RESET)
        return;
    if (!rate_allows(number_of(slot)) || !sense_may_start()) { /* cut now, it could not come back */
        tell_wait(slot, sense_may_start() ? LINK_REASON_RATE : LINK_REASON_LOW_SUPPLY);
        return;
    }
    set_wish(slot, LINK_TARGET_ON);
    log_put(LINK_LOG_CYCLE, number_of(slot), kept_of(slot)->request);
    enter(slot, LINK_PHASE_DISCHARGE, LINK_REASON_REQUEST, now_ms);
}

static uint32_t watch_ms(void)
{
    return setting(LINK_SETTING_WATCH_S) * (uint32_t)1000 * (lease_host_there() ? 5u : 1u);
}

static void watch(struct slot *slot, uint32_t now_ms)
{
    uint32_t down_ms = now_ms - slot->status_ms;
    if (slot->status || !has_status()) {
        if (slot->lost)
            set_reason(slot, LINK_REASON_STATUS_SEEN);
        if (slot->doubt)
            kept_count(&kept_of(slot)->counters.adopted);
        slot->lost = slot->doubt = false;
    } else if (slot->doubt && down_ms >= SLOT_STATUS_MS)
        enter(slot, LINK_PHASE_DISCHARGE, LINK_REASON_MIN_OFF, now_ms);
    else if (!slot->lost && down_ms >= SLOT_STATUS_MS) {
        slot->lost = true;
        kept_count(&kept_of(slot)->counters.status_losses);
        log_put(LINK_LOG_STATUS_LOST, number_of(slot), sense_rail_min_mv(number_of(slot)));
        set_reason(slot, LINK_REASON_STATUS_LOST);
    } else if (slot->lost && down_ms >= watch_ms() && rate_allows(number_of(slot)))
        enter(slot, LINK_PHASE_DISCHARGE, LINK_REASON_WATCH, now_ms);
}

static void in_up(struct slot *slot, uint32_t now_ms)
{
    if (!wanted(slot) && slot->grace_ms != 0)
        enter(slot, LINK_PHASE_GRACE, LINK_REASON_REQUEST, now_ms);
    else if (!wanted(slot))
        enter_off(slot, LINK_REASON_REQUEST, now_ms);
    else
        grant(slot, now_ms);
    if (slot->phase == LINK_PHASE_UP && wanted(slot))
        watch(slot, now_ms);
}

static void in_grace(struct slot *slot, bool late, uint32_t now_ms)
{
    if (blinks(slot, now_ms))
        return;
    if (has_status() && !slot->status)
        enter(slot, LINK_PHASE_WAIT_OFF, LINK_REASON_STATUS_SEEN, now_ms);
    else if (late && !has_status()) /* the host's command may have ended it: a pulse might start it again */
        enter(slot, LINK_PHASE_DISCHARGE, LINK_REASON_UNCONFIRMED, now_ms);
    else if (late)
        enter_off(slot, LINK_REASON_TIME, now_ms);
}

static void in_wait_off(struct slot *slot, bool late, uint32_t now_ms)
{
    if (has_status() && !slot->status && now_ms - slot->status_ms >= slot->timing.settle_ms)
        enter(slot, LINK_PHASE_DISCHARGE, LINK_REASON_STATUS_SEEN, now_ms);
    else if (late)
        enter(slot, LINK_PHASE_DISCHARGE, has_status() ? LINK_REASON_NO_OFF : LINK_REASON_UNCONFIRMED,
              now_ms);
}

static uint32_t limit_ms(const struct slot *slot)
{
    switch (slot->phase) {
    case LINK_PHASE_VBAT_RISE: return slot->timing.rise_ms;
    case LINK_PHASE_PULSE_ON: return slot->timing.on_ms;
    case LINK_PHASE_WAIT_STATUS: return slot->timing.up_max_ms;
    case LINK_PHASE_GRACE: return slot->grace_ms;
    case LINK_PHASE_PULSE_OFF: return slot->timing.off_ms;
    case LINK_PHASE_WAIT_OFF: return slot->timing.down_max_ms;
    case LINK_PHASE_RESET_PULSE: return slot->timing.reset_ms;
    case LINK_PHASE_DISCHARGE: return slot->timing.min_off_ms;
    case LINK_PHASE_FAULT: return slot->rest_ms;
    case LINK_PHASE_OFF:
    case LINK_PHASE_UP:
    case LINK_PHASE_COUNT: break;
    }
    return 0;
}

static void run_phase(struct slot *slot, uint32_t now_ms)
{
    bool late = now_ms - slot->since_ms >= limit_ms(slot);
    switch (slot->phase) {
    case LINK_PHASE_OFF: in_off(slot, now_ms); break;
    case LINK_PHASE_VBAT_RISE:
        if (!wanted(slot)) /* not begun to start: its supply may simply go */
            enter(slot, LINK_PHASE_DISCHARGE, LINK_REASON_REQUEST, now_ms);
        else if (late)
            in_vbat_rise(slot, now_ms);
        break;
    case LINK_PHASE_PULSE_ON:
    case LINK_PHASE_RESET_PULSE:
        if (late)
            enter(slot, LINK_PHASE_WAIT_STATUS, LINK_REASON_TIME, now_ms);
        break;
    case LINK_PHASE_WAIT_STATUS: in_wait_status(slot, late, now_ms); break;
    case LINK_PHASE_UP: in_up(slot, now_ms); break;
    case LINK_PHASE_GRACE: in_grace(slot, late, now_ms); break;
    case LINK_PHASE_PULSE_OFF:
        if (late)
            enter(slot, LINK_PHASE_WAIT_OFF, LINK_REASON_TIME, now_ms);
        break;
    case LINK_PHASE_WAIT_OFF: in_wait_off(slot, late, now_ms); break;
    case LINK_PHASE_DISCHARGE:
        if (late && slot->failures >= SLOT_TRIES && wanted(slot))
            rest(slot, now_ms);
        else if (late)
            enter(slot, LINK_PHASE_OFF, slot->reason, now_ms);
        break;
    case LINK_PHASE_FAULT:
        if (late || !wanted(slot))
            enter(slot, LINK_PHASE_OFF, LINK_REASON_TIME, now_ms);
        break;
    case LINK_PHASE_COUNT: break;
    }
}

/* ---- before anything else: the supply ---- */

/* True when the supply's state ended the phase. */
static bool brown_out(struct slot *slot, uint32_t now_ms)
{
    enum link_supply supply = sense_state();
    if (supply != LINK_SUPPLY_CUT && supply != LINK_SUPPLY_SHUT)
        return false;
    struct row row = row_of(slot->phase);
    if (supply == LINK_SUPPLY_CUT && (row.pins & VBAT) != 0)
        enter(slot, LINK_PHASE_DISCHARGE, LINK_REASON_BROWN_OUT, now_ms);
    else if (supply == LINK_SUPPLY_SHUT && row.brown == DROP)
        enter(slot, LINK_PHASE_DISCHARGE, LINK_REASON_BROWN_OUT, now_ms);
    else if (supply == LINK_SUPPLY_SHUT && row.brown == END)
        enter_off(slot, LINK_REASON_BROWN_OUT, now_ms);
    else
        return false;
    return true;
}

/* ---- for the others ---- */

static void read_status(struct slot *slot, uint32_t now_ms)
{
    bool status = has_status() && board_status(number_of(slot));
    if (status != slot->status)
        slot->status_ms = now_ms;
    slot->status = status;
}

/* Emptied by its setting: off as if the target were OFF, without forgetting the target. */
static bool emptied(struct slot *slot, uint32_t now_ms)
{
    if (setting_module(number_of(slot)) != LINK_MODULE_NONE || slot->phase != LINK_PHASE_UP)
        return false;
    enter_off(slot, LINK_REASON_REQUEST, now_ms);
    return true;
}

static void step_one(struct slot *slot, uint32_t now_ms)
{
    read_status(slot, now_ms);
    if (!brown_out(slot, now_ms) && !emptied(slot, now_ms))
        run_phase(slot, now_ms);
}

void slot_step(uint32_t now_ms)
{
    rate_step(now_ms);
    for (uint8_t i = 0; i < FIRMWARE_SLOTS; i++)
        step_one(&slots[i], now_ms);
}

/* What runs is adopted, also where STATUS blinks just then; all else is off for as long as it takes to be
 * sure. */
static void start_one(struct slot *slot, bool kept_whole, uint32_t now_ms)
{
    memset(slot, 0, sizeof *slot);
    slot->since_ms = slot->status_ms = slot->began_ms = now_ms;
    bool known = setting_timing(number_of(slot), &slot->timing);
    if (!known)
        slot->timing.min_off_ms = 10000; /* whatever it may be told to hold */
    read_status(slot, now_ms);
    bool level = slot->timing.kind == LINK_KIND_LEVEL; /* the reset let that line go: it may have ended */
    bool ran = kept_whole && kept_of(slot)->running != 0 && !(level && has_status());
    if ((slot->status || ran) && known) {
        enter(slot, LINK_PHASE_UP, has_status() ? LINK_REASON_ADOPTED : LINK_REASON_UNCONFIRMED, now_ms);
        slot->doubt = has_status() && !slot->status;
        if (!slot->doubt)
            kept_count(&kept_of(slot)->counters.adopted);
    } else {
        slot->status = false; /* nothing is cut that was ours */
        enter(slot, LINK_PHASE_DISCHARGE, LINK_REASON_MIN_OFF, now_ms);
    }
}

void slot_start(bool kept_whole)
{
    stagger_any = false;
    rate_start();
    for (uint8_t i = 0; i < FIRMWARE_SLOTS; i++)
        start_one(&slots[i], kept_whole, board_ms());
}

/* A target that is named anew is a wish to try: it ends a rest, and a lost STATUS is not waited for. */
static void renew(struct slot *slot, uint32_t now_ms)
{
    slot->failures = 0;
    if (slot->phase == LINK_PHASE_FAULT)
        enter(slot, LINK_PHASE_OFF, LINK_REASON_REQUEST, now_ms);
    else if (slot->phase == LINK_PHASE_UP && slot->lost)
        set_wish(slot, LINK_TARGET_CYCLE);
}

enum link_status slot_target(const struct link_slot_target *wish, uint32_t now_ms)
{
    if (wish->slot >= FIRMWARE_SLOTS || wish->target > LINK_TARGET_RESET || wish->request == 0 ||
        setting_module(wish->slot) == LINK_MODULE_NONE)
        return LINK_BAD_VALUE;
    struct slot *slot = &slots[wish->slot];
    struct kept_slot *mine = kept_of(slot);
    if (mine->request == wish->request)
        return LINK_OK;
    mine->request = wish->request;
    mine->target = wish->target == LINK_TARGET_OFF ? LINK_TARGET_OFF : LINK_TARGET_ON;
    mine->wish = wish->target == LINK_TARGET_OFF ? LINK_TARGET_ON : wish->target;
    kept_close();
    slot->grace_ms = wish->grace_s * (uint32_t)1000;
    if (wish->target != LINK_TARGET_OFF)
        renew(slot, now_ms);
    return LINK_OK;
}

void slot_tell(uint8_t number, struct link_slot_read_answer *answer)
{
    const struct slot *slot = &slots[number];
    *answer = (struct link_slot_read_answer){.slot = number,
                                             .phase = (uint8_t)slot->phase,
                                             .target = kept_of(slot)->target,
                                             .reason = (uint8_t)slot->reason,
                                             .request = kept_of(slot)->request,
                                             .took_ms = slot->took_ms,
                                             .start_ms = slot->start_ms,
                                             .rail_min_mv = sense_rail_min_mv(number)};
}

bool slot_busy(void)
{
    for (uint8_t i = 0; i < FIRMWARE_SLOTS; i++)
        if (slots[i].phase != LINK_PHASE_OFF && slots[i].phase != LINK_PHASE_UP &&
            slots[i].phase != LINK_PHASE_FAULT)
            return true;
    return false;
}

void slot_pins_safe(void)
{
    for (uint8_t i = 0; i < FIRMWARE_SLOTS; i++) {
        board_pin(BOARD_RESET, i, false);
        if (slots[i].timing.kind != LINK_KIND_LEVEL) /* that line held is a modem running */
            board_pin(BOARD_PWRKEY, i, false);
    }
}
