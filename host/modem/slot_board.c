/* A slot of a modem board: targets, and what the board tells of the way to them.
 *
 * Each target takes three requests: the slot is read for its last request number, given the target with the
 * next one, and read again; from then on what it tells is of this target. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/modem/module.h"
#include "host/modem/slot_internal.h"

#define START_TRIES 3    /* of the board itself, before it gives up */
#define STAGGER_MS  8000 /* another slot's start may come first */

static const struct step {
    enum link_target target;
    enum link_phase ends;
} steps[SLOT_ACTS][2] = {
    [SLOT_ON] = {{LINK_TARGET_ON, LINK_PHASE_UP}},
    [SLOT_OFF] = {{LINK_TARGET_OFF, LINK_PHASE_OFF}},
    [SLOT_RESET] = {{LINK_TARGET_RESET, LINK_PHASE_UP}},
    [SLOT_GRACEFUL] = {{LINK_TARGET_OFF, LINK_PHASE_OFF}, {LINK_TARGET_ON, LINK_PHASE_UP}},
    [SLOT_CUT] = {{LINK_TARGET_CYCLE, LINK_PHASE_UP}},
};

static const struct step *step_of(const struct slot_board *board)
{
    return &steps[board->act][board->step];
}

static bool is_last_step(const struct slot_board *board)
{
    return board->act != SLOT_GRACEFUL || board->step == 1;
}

/* ---- time ---- */

static int64_t one_start_ms(const struct link_timing_read_answer *t)
{
    return (int64_t)t->min_off_ms + t->rise_ms + t->on_ms + t->up_max_ms;
}

static int64_t start_ms(const struct link_timing_read_answer *t)
{
    return START_TRIES * one_start_ms(t) + STAGGER_MS;
}

static int64_t step_ms(const struct slot *slot, const struct link_timing_read_answer *t)
{
    int64_t off_ms =
        slot->grace_s * (int64_t)1000 + t->off_ms + t->down_max_ms + t->settle_ms + t->min_off_ms;
    switch (step_of(&slot->board)->target) {
    case LINK_TARGET_OFF: return one_start_ms(t) + off_ms + SLOT_MARGIN_MS; /* a start is not broken off */
    case LINK_TARGET_RESET: return t->reset_ms + start_ms(t) + SLOT_MARGIN_MS;
    case LINK_TARGET_CYCLE: return off_ms + start_ms(t) + SLOT_MARGIN_MS;
    case LINK_TARGET_ON: break;
    }
    return start_ms(t) + SLOT_MARGIN_MS;
}

/* ---- requests ---- */

static void step_begin(struct slot *);
static void judge(struct slot *, const struct link_slot_read_answer *);

static void put_target(struct slot *slot, enum link_target target, mcu_fn *fn)
{
    struct slot_board *board = &slot->board;
    uint8_t payload[LINK_PAYLOAD_MAX];
    const struct link_slot_target wish = {.slot = board->seat.slot,
                                          .target = (uint8_t)target,
                                          .request = board->request,
                                          .grace_s = target == LINK_TARGET_OFF ? slot->grace_s : 0};
    if (mcu_seat_request(&board->seat, LINK_TYPE_SLOT_TARGET, payload, link_put_slot_target(&wish, payload),
                         fn, board) < 0 &&
        fn != NULL) {
        slot_finish(slot, -ENOTCONN);
    }
}

static void read_row(struct slot *slot, mcu_fn *fn)
{
    int status =
        mcu_seat_request(&slot->board.seat, LINK_TYPE_SLOT_READ, &slot->board.seat.slot, 1, fn, &slot->board);
    if (status == -EBUSY) {
        snprintf(slot->why, sizeof slot->why, "the board is slow, too many requests wait for it");
    }
    if (status < 0) {
        slot_finish(slot, status);
    }
}

/* True when the answer is good; else the act is over. */
static bool is_good(struct slot *slot, int status)
{
    if (status > LINK_OK) {
        snprintf(slot->why, sizeof slot->why, "the board answered %s", link_status_name((unsigned)status));
    }
    if (status != LINK_OK) {
        slot_finish(slot, status < 0 ? status : -EIO);
    }
    return status == LINK_OK;
}

static bool take_row(struct slot *slot, int status, const uint8_t *payload, uint8_t len,
                     struct link_slot_read_answer *row)
{
    bool whole = status != LINK_OK || link_get_slot_read_answer(row, payload, len);
    return is_good(slot, whole ? status : -EIO);
}

static void on_second_row(void *arg, int status, const uint8_t *payload, uint8_t len)
{
    struct slot *slot = ((struct slot_board *)arg)->slot;
    struct link_slot_read_answer row;
    if (take_row(slot, status, payload, len, &row)) {
        slot->board.judged = true;
        judge(slot, &row);
    }
}

static void on_target(void *arg, int status, const uint8_t *payload, uint8_t len)
{
    struct slot *slot = ((struct slot_board *)arg)->slot;
    (void)payload;
    (void)len;
    if (status == -ECANCELED) {
        slot->board.half = false; /* somebody else's target came in its place: that one holds */
    }
    if (is_good(slot, status)) {
        read_row(slot, on_second_row);
    }
}

static void on_first_row(void *arg, int status, const uint8_t *payload, uint8_t len)
{
    struct slot *slot = ((struct slot_board *)arg)->slot;
    struct link_slot_read_answer row;
    if (take_row(slot, status, payload, len, &row)) {
        slot->board.half = !is_last_step(&slot->board);
        slot->board.request = mcu_next_request(row.request, slot->board.half);
        put_target(slot, step_of(&slot->board)->target, on_target);
    }
}

static void step_begin(struct slot *slot)
{
    const struct mcu_slot *known = mcu_seat_slot(&slot->board.seat);
    slot->board.judged = false;
    if (known == NULL) {
        slot_finish(slot, -ENOTCONN);
        return;
    }
    timer_set(&slot->deadline, step_ms(slot, &known->timing));
    read_row(slot, on_first_row);
}

/* ---- what the board tells ---- */

/* Waits for nothing. */
static void put_on(struct slot *slot)
{
    slot->board.request = mcu_next_request(slot->board.request, false);
    put_target(slot, LINK_TARGET_ON, NULL);
}

/* It waits for what may take long. A start waits by itself; what would interrupt a running modem must not
 * come at some later time: ON takes it back. */
static void refuse(struct slot *slot, const struct link_slot_read_answer *row)
{
    snprintf(slot->why, sizeof slot->why, "refused: %s", link_reason_name(row->reason));
    if (row->phase == LINK_PHASE_UP) {
        put_on(slot);
    }
    slot_finish(slot, -EAGAIN);
}

static bool waits_long(uint8_t reason)
{
    return reason == LINK_REASON_RATE || reason == LINK_REASON_LOW_SUPPLY || reason == LINK_REASON_BROWN_OUT;
}

/* Whether it leads nowhere: then the act is over. */
static bool has_failed(struct slot *slot, const struct link_slot_read_answer *row)
{
    const struct step *step = step_of(&slot->board);
    bool up = step->ends == LINK_PHASE_UP;
    bool running = row->phase == LINK_PHASE_UP && step->target == LINK_TARGET_ON;
    if (row->request != slot->board.request) {
        slot->board.half = false;
        slot_finish(slot, -ECANCELED);
    } else if (up && !running && waits_long(row->reason)) {
        refuse(slot, row);
    } else if (up && row->phase == LINK_PHASE_FAULT) {
        snprintf(slot->why, sizeof slot->why, "it did not start");
        slot_finish(slot, -EIO);
    } else {
        return false;
    }
    return true;
}

static void judge(struct slot *slot, const struct link_slot_read_answer *row)
{
    struct slot_board *board = &slot->board;
    if (has_failed(slot, row) || row->phase != step_of(board)->ends) {
        return;
    }
    board->forced = board->forced || row->reason == LINK_REASON_NO_OFF;
    if (is_last_step(board)) {
        slot_finish(slot, 0);
    } else {
        board->step++;
        step_begin(slot);
    }
}

static void on_told(void *arg, enum mcu_change change)
{
    struct slot *slot = arg;
    struct slot_board *board = &slot->board;
    const struct mcu_slot *known = mcu_seat_slot(&board->seat);
    if (board->busy && change == MCU_WENT) {
        slot_finish(slot, -ENOTCONN);
    } else if (board->busy && board->judged && change != MCU_SUPPLY && known != NULL) {
        judge(slot, &known->row);
    } else if (!board->busy || change == MCU_SUPPLY) {
        slot->told(slot->arg);
    }
}

static int on_planned(void *arg)
{
    const struct slot *slot = arg;
    return slot->planned(slot->arg);
}

/* ---- the slot's door ---- */

int slot_board_init(struct slot *slot, const struct slot_options *options)
{
    struct mcu_seat *seat = &slot->board.seat;
    const char *colon = strrchr(options->spec, ':');
    char error[200];
    if (colon == NULL || colon - options->spec >= MCU_NAME_MAX || colon[1] < '0' ||
        colon[1] >= '0' + MCU_SLOTS_MAX || colon[2] != '\0' ||
        !module_parse(options->module, options->timing, &seat->module, &seat->timing, error)) {
        return -EINVAL;
    }
    snprintf(seat->board, sizeof seat->board, "%.*s", (int)(colon - options->spec), options->spec);
    seat->slot = (uint8_t)(colon[1] - '0');
    slot->board.slot = slot;
    seat->set = options->boards;
    seat->told = on_told;
    seat->planned = options->planned != NULL ? on_planned : NULL;
    seat->arg = slot;
    mcu_seat_take(seat);
    return 0;
}

const struct mcu *slot_mcu(const struct slot *slot)
{
    return slot->kind == SLOT_OF_BOARD ? mcu_seat_board(&slot->board.seat) : NULL;
}

static uint16_t caps_of(const struct slot *slot)
{
    const struct mcu *mcu = slot_mcu(slot);
    return mcu != NULL ? mcu_hello(mcu)->capabilities : 0;
}

bool slot_board_can(const struct slot *slot, enum slot_act act)
{
    const struct mcu_slot *known = mcu_seat_slot(&slot->board.seat);
    if (known == NULL || known->timing.module == LINK_MODULE_NONE) {
        return false;
    }
    switch (act) {
    case SLOT_RESET: return known->timing.reset_ms > 0 && (caps_of(slot) & LINK_CAP_RESET) != 0;
    case SLOT_GRACEFUL: return known->timing.off_ms > 0 || known->timing.kind == LINK_KIND_LEVEL;
    case SLOT_ON:
    case SLOT_OFF:
    case SLOT_CUT:
    case SLOT_ACTS: break;
    }
    return true;
}

void slot_board_tell_cannot(struct slot *slot)
{
    const struct mcu_seat *seat = &slot->board.seat;
    const struct mcu *mcu = mcu_seat_board(seat);
    const struct mcu_slot *known = mcu_seat_slot(seat);
    const char *fault = "has no pin, or no time, for that";
    if (mcu == NULL) {
        fault = "the board is not here";
    } else if (seat->slot >= mcu_hello(mcu)->slots) {
        fault = "the board has no such slot";
    } else if (known == NULL) {
        fault = "not known yet";
    } else if (known->timing.module == LINK_MODULE_NONE) {
        fault = "no module is configured there";
    }
    snprintf(slot->why, sizeof slot->why, "%s:%u: %s", seat->board, seat->slot, fault);
}

void slot_board_do(struct slot *slot, enum slot_act act)
{
    slot->board.busy = true;
    slot->board.act = act;
    slot->board.step = 0;
    mcu_seat_keep_off(&slot->board.seat, act == SLOT_OFF);
    slot->board.forced = slot->board.half = false;
    step_begin(slot);
}

void slot_board_end(struct slot *slot)
{
    slot->board.busy = slot->board.judged = false;
    if (slot->board.half) { /* given up between OFF and ON: it must not stay off */
        slot->board.half = false;
        put_on(slot);
    }
    mcu_forget(slot->board.seat.set, &slot->board);
}

bool slot_was_forced(const struct slot *slot)
{
    return slot->board.forced;
}

bool slot_is_dark(const struct slot *slot)
{
    const struct mcu_slot *known = slot->kind == SLOT_OF_BOARD ? mcu_seat_slot(&slot->board.seat) : NULL;
    return known != NULL && known->timing.module != LINK_MODULE_NONE && known->row.phase != LINK_PHASE_UP;
}

static uint8_t supply_of(const struct slot *slot)
{
    const struct mcu *mcu = slot_mcu(slot);
    return mcu != NULL ? mcu_supply(mcu) : LINK_SUPPLY_UNKNOWN;
}

bool slot_is_low(const struct slot *slot)
{
    return supply_of(slot) >= LINK_SUPPLY_NO_SEND;
}

void slot_describe(const struct slot *slot, char *out, size_t out_size)
{
    const struct mcu_slot *known = slot->kind == SLOT_OF_BOARD ? mcu_seat_slot(&slot->board.seat) : NULL;
    out[0] = '\0';
    if (slot->kind != SLOT_OF_BOARD) {
        return;
    }
    if (known == NULL) {
        bool none = slot_mcu(slot) != NULL && slot->board.seat.slot >= mcu_hello(slot_mcu(slot))->slots;
        snprintf(out, out_size, "%s:%u %s", slot->board.seat.board, slot->board.seat.slot,
                 none ? "the board has no such slot" : "unknown");
        return;
    }
    snprintf(out, out_size, "%s:%u %s, %s, supply %s", slot->board.seat.board, slot->board.seat.slot,
             link_phase_name(known->row.phase), link_reason_name(known->row.reason),
             link_supply_name(supply_of(slot)));
}

/* ---- measuring ---- */

void slot_burst(struct slot *slot, uint16_t ms)
{
    uint8_t payload[LINK_PAYLOAD_MAX];
    const struct link_burst burst = {.slot = slot->board.seat.slot, .ms = ms};
    if (slot->kind == SLOT_OF_BOARD) {
        (void)mcu_seat_request(&slot->board.seat, LINK_TYPE_BURST, payload, link_put_burst(&burst, payload),
                               NULL, NULL); /* a board that is away measures nothing */
    }
}

static void on_sense(void *arg, int status, const uint8_t *payload, uint8_t len)
{
    struct slot *slot = arg;
    struct link_sense_answer sense;
    if (status == LINK_OK && link_get_sense_answer(&sense, payload, len)) {
        slot->board.sense = sense;
        slot->board.sensed = true;
        slot->sense_fn(slot->arg);
    }
}

void slot_measure(struct slot *slot, void (*fn)(void *arg))
{
    slot->sense_fn = fn;
    if (slot->kind == SLOT_OF_BOARD) {
        (void)mcu_seat_request(&slot->board.seat, LINK_TYPE_SENSE, &slot->board.seat.slot, 1, on_sense, slot);
    }
}

const struct link_sense_answer *slot_sense(const struct slot *slot)
{
    return slot->board.sensed ? &slot->board.sense : NULL;
}
