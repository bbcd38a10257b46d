#include "host/modem/slot.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/modem/slot_internal.h"

static void give_up(struct slot *slot)
{
    timer_stop(&slot->deadline);
    slot->fn = NULL;
    if (slot->kind == SLOT_SIMULATED) {
        slot_sim_end(slot);
    } else if (slot->kind == SLOT_OF_BOARD) {
        slot_board_end(slot);
    }
}

void slot_finish(struct slot *slot, int status)
{
    slot_fn *fn = slot->fn;
    give_up(slot);
    if (status < 0 && slot->why[0] == '\0') {
        snprintf(slot->why, sizeof slot->why, "%s", strerror(-status));
    }
    if (fn) {
        fn(slot->fn_arg, status);
    }
}

static void on_deadline(void *arg)
{
    slot_finish(arg, -ETIMEDOUT);
}

int slot_init(struct slot *slot, struct loop *loop, const struct slot_options *options)
{
    memset(slot, 0, sizeof *slot);
    slot->loop = loop;
    slot->sim.fd = -1;
    slot->told = options->told;
    slot->planned = options->planned;
    slot->arg = options->arg;
    timer_init(&slot->deadline, loop, on_deadline, slot);
    if (options->spec[0] == '\0') {
        return 0;
    }
    bool simulated = strncmp(options->spec, "sim:/", 5) == 0;
    int status = simulated ? slot_sim_init(slot, options->spec) : slot_board_init(slot, options);
    if (status == 0) {
        slot->kind = simulated ? SLOT_SIMULATED : SLOT_OF_BOARD;
    }
    return status;
}

void slot_fini(struct slot *slot)
{
    give_up(slot);
    if (slot->kind == SLOT_OF_BOARD) {
        mcu_forget(slot->board.seat.set, slot);
        mcu_seat_leave(&slot->board.seat);
    }
    slot->kind = SLOT_NONE;
}

bool slot_can(const struct slot *slot, enum slot_act act)
{
    return slot->kind == SLOT_SIMULATED ? act == SLOT_CUT
                                        : slot->kind == SLOT_OF_BOARD && slot_board_can(slot, act);
}

void slot_do(struct slot *slot, enum slot_act act, uint8_t grace_s, slot_fn *fn, void *arg)
{
    give_up(slot);
    slot->fn = fn;
    slot->fn_arg = arg;
    slot->grace_s = grace_s;
    slot->why[0] = '\0';
    if (!slot_can(slot, act)) {
        if (slot->kind == SLOT_OF_BOARD) {
            slot_board_tell_cannot(slot);
        }
        slot_finish(slot, -ENOTCONN);
    } else if (slot->kind == SLOT_SIMULATED) {
        slot_sim_do(slot);
    } else {
        slot_board_do(slot, act);
    }
}

const char *slot_why(const struct slot *slot)
{
    return slot->why;
}
