#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/secret.h"
#include "host/modem/mcu_internal.h"

static const char *const states[] = {"absent", "greeting", "here", "mute", "refused"};

const char *mcu_state_text(enum mcu_state state)
{
    return states[state];
}

/* ---- seats ---- */

static bool sits_on(const struct mcu_seat *seat, const struct mcu *mcu)
{
    return strcmp(seat->board, mcu->name) == 0;
}

/* A seat may leave in its own callback, and no other one. */
void mcu_tell(struct mcu *mcu, int slot, enum mcu_change change)
{
    for (struct mcu_seat *seat = mcu->set->seats, *next; seat != NULL; seat = next) {
        next = seat->next;
        if (sits_on(seat, mcu) && (slot < 0 || seat->slot == slot)) {
            seat->told(seat->arg, change);
        }
    }
}

const struct mcu_seat *mcu_seat_of(const struct mcu *mcu, uint8_t slot)
{
    const struct mcu_seat *seat = mcu->set->seats;
    while (seat != NULL && !(sits_on(seat, mcu) && seat->slot == slot && seat->module != LINK_MODULE_NONE)) {
        seat = seat->next;
    }
    return seat;
}

static struct mcu *board_of(const struct mcu_seat *seat)
{
    struct mcu *mcu = mcu_find(seat->set, seat->board);
    return mcu != NULL && mcu->state == MCU_HERE ? mcu : NULL;
}

void mcu_seat_take(struct mcu_seat *seat)
{
    seat->next = seat->set->seats;
    seat->set->seats = seat;
    struct mcu *mcu = board_of(seat);
    if (mcu != NULL && seat->slot < mcu->hello.slots) {
        mcu_place_learn(&mcu->places[seat->slot]);
    }
}

void mcu_seat_leave(struct mcu_seat *seat)
{
    struct mcu_seat **link = &seat->set->seats;
    while (*link != NULL && *link != seat) {
        link = &(*link)->next;
    }
    if (*link == seat) {
        *link = seat->next;
    }
}

int mcu_seat_plan(struct mcu_set *set, const char *board, uint8_t slot)
{
    const struct mcu_seat *seat = set->seats;
    while (seat != NULL &&
           !(strcmp(seat->board, board) == 0 && seat->slot == slot && seat->planned != NULL)) {
        seat = seat->next;
    }
    return seat != NULL ? seat->planned(seat->arg) : 0;
}

void mcu_seat_keep_off(const struct mcu_seat *seat, bool off)
{
    struct mcu *mcu = mcu_find(seat->set, seat->board);
    if (mcu != NULL) {
        mcu->places[seat->slot].keep_off = off;
    }
}

const struct mcu *mcu_seat_board(const struct mcu_seat *seat)
{
    return board_of(seat);
}

const struct mcu_slot *mcu_seat_slot(const struct mcu_seat *seat)
{
    const struct mcu *mcu = board_of(seat);
    return mcu != NULL && seat->slot < MCU_SLOTS_MAX && mcu->places[seat->slot].slot.known
               ? &mcu->places[seat->slot].slot
               : NULL;
}

int mcu_seat_request(struct mcu_seat *seat, uint8_t type, const uint8_t *payload, uint8_t len, mcu_fn *fn,
                     void *arg)
{
    struct mcu *mcu = board_of(seat);
    return mcu != NULL ? mcu_request(mcu, type, payload, len, fn, arg) : -ENOTCONN;
}

void mcu_forget(struct mcu_set *set, const void *arg)
{
    for (struct mcu *mcu = set->boards; mcu != NULL; mcu = mcu->next) {
        mcu_calls_forget(mcu, arg);
    }
}

/* ---- the set ---- */

static void maintained(struct mcu_set *set)
{
    loop_fn *fn = set->maintain_fn;
    timer_stop(&set->maintain);
    set->maintain_fn = NULL;
    if (fn != NULL) {
        fn(set->maintain_arg);
    }
}

static void on_maintain_late(void *arg)
{
    maintained(arg);
}

static void on_maintained(void *arg, int status, const uint8_t *payload, uint8_t len)
{
    struct mcu_set *set = arg;
    (void)status;
    (void)payload;
    (void)len;
    if (set->maintained > 0 && --set->maintained == 0) {
        maintained(set);
    }
}

void mcu_set_maintain(struct mcu_set *set, uint16_t seconds, loop_fn *fn, void *arg)
{
    uint8_t payload[LINK_PAYLOAD_MAX];
    const struct link_maintenance away = {.seconds = seconds};
    uint8_t len = link_put_maintenance(&away, payload);
    set->maintain_fn = fn;
    set->maintain_arg = arg;
    set->maintained = 0;
    for (struct mcu *mcu = set->boards; mcu != NULL; mcu = mcu->next) {
        if (mcu->state == MCU_HERE) {
            mcu_send(mcu, LINK_TYPE_MAINTENANCE, payload, len, on_maintained, set);
            set->maintained++;
        }
    }
    timer_set(&set->maintain, set->maintained > 0 ? MCU_REQUEST_MS : 0);
}

struct mcu_set *mcu_set_new(struct loop *loop, mcu_progress_fn *progress, mcu_told_fn *told, void *arg)
{
    struct mcu_set *set = calloc(1, sizeof *set);
    if (set == NULL) {
        fatal("no memory");
    }
    *set = (struct mcu_set){.loop = loop, .progress = progress, .told = told, .arg = arg};
    secret_random(&set->session, sizeof set->session);
    timer_init(&set->maintain, loop, on_maintain_late, set);
    return set;
}

void mcu_set_free(struct mcu_set *set)
{
    if (set == NULL) {
        return;
    }
    for (struct mcu *mcu = set->boards; mcu != NULL; mcu = mcu->next) {
        flash_drop(mcu->flash);
    }
    mcu_set_sync(set, NULL, 0);
    timer_stop(&set->maintain);
    free(set);
}

struct mcu *mcu_find(struct mcu_set *set, const char *name)
{
    struct mcu *mcu = set->boards;
    while (mcu != NULL && strcmp(mcu->name, name) != 0) {
        mcu = mcu->next;
    }
    return mcu;
}

struct mcu *mcu_at(struct mcu_set *set, size_t index)
{
    struct mcu *mcu = set->boards;
    while (mcu != NULL && index-- > 0) {
        mcu = mcu->next;
    }
    return mcu;
}

static bool is_as(const struct mcu *mcu, const struct mcu_options *options)
{
    return strcmp(mcu->spec, options->port) == 0 && strcmp(mcu->type, options->type) == 0 &&
           mcu->baud == options->baud;
}

static void drop_unwanted(struct mcu_set *set)
{
    for (struct mcu **link = &set->boards; *link != NULL;) {
        struct mcu *mcu = *link;
        if (mcu->wanted) {
            link = &mcu->next;
        } else {
            *link = mcu->next;
            mcu_free(mcu);
        }
    }
}

void mcu_set_sync(struct mcu_set *set, const struct mcu_options *options, size_t count)
{
    for (struct mcu *mcu = set->boards; mcu != NULL; mcu = mcu->next) {
        mcu->wanted = mcu->flash != NULL;
    }
    for (size_t i = 0; i < count; i++) {
        struct mcu *mcu = mcu_find(set, options[i].name);
        if (mcu != NULL) {
            mcu->wanted = mcu->wanted || is_as(mcu, &options[i]);
        }
    }
    drop_unwanted(set); /* their ports are free for the new ones */
    struct mcu **end = &set->boards;
    for (size_t i = 0; i < count; i++) {
        if (mcu_find(set, options[i].name) != NULL) {
            continue;
        }
        while (*end != NULL) {
            end = &(*end)->next;
        }
        *end = mcu_new(set, &options[i]);
        (*end)->wanted = true;
    }
}

const struct link_hello_answer *mcu_hello(const struct mcu *mcu)
{
    return &mcu->hello;
}

uint8_t mcu_supply(const struct mcu *mcu)
{
    return mcu->supply;
}

void mcu_status(const struct mcu *mcu, struct mcu_status *out)
{
    *out = (struct mcu_status){.name = mcu->name,
                               .port = mcu->spec,
                               .state = mcu->state,
                               .condition = mcu->condition,
                               .since_ms = mcu->since_ms,
                               .greeted = mcu->greeted,
                               .hello = mcu->hello,
                               .hello_at_ms = mcu->hello_at_ms,
                               .waiting = mcu->call_count,
                               .mutes = mcu->mutes,
                               .restarts = mcu->restarts,
                               .replaced = mcu->replaced,
                               .brown_outs = mcu->brown_outs,
                               .lease = mcu->lease,
                               .supply = mcu->supply,
                               .supply_mv = mcu->supply_mv,
                               .news_count = mcu->news_count};
    for (size_t i = 0; i < MCU_SLOTS_MAX; i++) {
        out->slots[i] = mcu->places[i].slot;
    }
    memcpy(out->news, mcu->news, sizeof out->news);
}
