#include <errno.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/modem/mcu_internal.h"

#define SAVED_MS        15000
#define UPTIME_SLACK_MS 5000 /* clocks of boards without a crystal are 1 % off, and answers may be late */

/* A board's text goes to terminals and into lines of key=value. */
static void clean(char *text, char blank)
{
    for (; *text != '\0'; text++) {
        if (*text == ' ') {
            *text = blank;
        } else if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\') {
            *text = '?';
        }
    }
}

/* ---- slots ---- */

uint16_t mcu_next_request(uint16_t last, bool half)
{
    uint16_t next = (uint16_t)(last + 1 + ((last + 1) % 2 == half));
    return next != 0 ? next : 2; /* 0 is no number, and even */
}

static void send_target(struct mcu_place *place, enum link_target target, const char *why)
{
    uint8_t payload[LINK_PAYLOAD_MAX];
    const struct link_slot_target wish = {.slot = place->number,
                                          .target = (uint8_t)target,
                                          .request = mcu_next_request(place->slot.row.request, false)};
    mcu_news(place->mcu, LOG_INFO, "target", "slot %u: %s", place->number, why);
    mcu_send(place->mcu, LINK_TYPE_SLOT_TARGET, payload, link_put_slot_target(&wish, payload), NULL, NULL);
}

/* The board is new here: what was told it before, or was not told to its end. */
static void mend_target(struct mcu_place *place)
{
    const struct link_slot_read_answer *row = &place->slot.row;
    bool off = row->target == LINK_TARGET_OFF, half = row->request != 0 && row->request % 2 == 0;
    if (place->keep_off && !off) {
        send_target(place, LINK_TARGET_OFF, "told again to be off");
    } else if (!place->keep_off && off && half) {
        send_target(place, LINK_TARGET_ON, "half of a cycle, told to be on");
    } else {
        place->keep_off = off; /* an operator's, perhaps to the daemon of before */
    }
}

static void on_row(void *arg, int status, const uint8_t *payload, uint8_t len)
{
    struct mcu_place *place = arg;
    if (status != LINK_OK || !link_get_slot_read_answer(&place->slot.row, payload, len)) {
        return;
    }
    bool came = !place->slot.known;
    if (came) {
        mend_target(place);
    }
    place->slot.known = true;
    mcu_tell(place->mcu, place->number, came ? MCU_CAME : MCU_PHASE);
}

static void ask_slot(struct mcu_place *place, uint8_t type, mcu_fn *fn)
{
    mcu_send(place->mcu, type, &place->number, 1, fn, place); /* both requests are a slot's number */
}

static bool same_times(const struct link_timing_read_answer *is, const struct link_timing_set *wanted)
{
    return is->kind == wanted->kind && is->rise_ms == wanted->rise_ms && is->on_ms == wanted->on_ms &&
           is->off_ms == wanted->off_ms && is->reset_ms == wanted->reset_ms &&
           is->up_max_ms == wanted->up_max_ms && is->down_max_ms == wanted->down_max_ms &&
           is->settle_ms == wanted->settle_ms && is->min_off_ms == wanted->min_off_ms;
}

static void on_set(void *arg, int status, const uint8_t *payload, uint8_t len)
{
    struct mcu_place *place = arg;
    (void)payload;
    (void)len;
    if (status > LINK_OK) {
        mcu_news(place->mcu, LOG_ERROR, "refused", "slot %u: its module is not taken: %s", place->number,
                 link_status_name((unsigned)status));
    }
}

/* True when the board was told something else than it had. */
static bool send_module(struct mcu_place *place)
{
    const struct mcu_seat *seat = mcu_seat_of(place->mcu, place->number);
    const struct link_timing_read_answer *is = &place->slot.timing;
    uint8_t payload[LINK_PAYLOAD_MAX];
    if (seat == NULL || place->sent) {
        return false;
    }
    bool custom = seat->module == LINK_MODULE_CUSTOM;
    bool module_differs = is->module != seat->module;
    bool times_differ = custom && (module_differs || !same_times(is, &seat->timing));
    place->sent = true;
    if (times_differ) {
        struct link_timing_set times = seat->timing;
        times.slot = place->number;
        mcu_send(place->mcu, LINK_TYPE_TIMING_SET, payload, link_put_timing_set(&times, payload), on_set,
                 place);
    }
    if (module_differs) {
        const struct link_setting_set set = {.setting = (uint8_t)(LINK_SETTING_MODULE_0 + place->number),
                                             .value = seat->module};
        mcu_news(place->mcu, LOG_INFO, "module", "slot %u: %s, was %s", place->number,
                 link_module_name(seat->module), link_module_name(is->module));
        mcu_send(place->mcu, LINK_TYPE_SETTING_SET, payload, link_put_setting_set(&set, payload), on_set,
                 place);
    }
    return times_differ || module_differs;
}

static void on_timing(void *arg, int status, const uint8_t *payload, uint8_t len)
{
    struct mcu_place *place = arg;
    if (status != LINK_OK || !link_get_timing_read_answer(&place->slot.timing, payload, len)) {
        return;
    }
    if (send_module(place)) {
        ask_slot(place, LINK_TYPE_TIMING_READ, on_timing);
    } else {
        ask_slot(place, LINK_TYPE_SLOT_READ, on_row);
    }
}

void mcu_place_learn(struct mcu_place *place)
{
    place->sent = false;
    ask_slot(place, LINK_TYPE_TIMING_READ, on_timing);
}

/* ---- who it is ---- */

/* A clock that went back, another count of starts (which may be forgotten with the power), or what no start
 * changes once it is made. */
static bool has_restarted(const struct mcu *mcu, const struct link_hello_answer *hello)
{
    uint32_t passed = (uint32_t)(clock_mono_ms() - mcu->hello_at_ms);
    uint32_t expected = mcu->hello.uptime_ms + passed;
    return hello->boots != mcu->hello.boots || hello->cause != mcu->hello.cause ||
           hello->version != mcu->hello.version ||
           (int32_t)(expected - hello->uptime_ms) > (int32_t)(UPTIME_SLACK_MS + passed / 50);
}

/* A board keeps its count of starts from SAVED_MS after a start on: fewer than one that was kept are another
 * board's. */
static bool is_other(const struct mcu *mcu, const struct link_hello_answer *hello)
{
    const struct link_hello_answer *before = &mcu->hello;
    uint64_t lived_ms = before->uptime_ms + (uint64_t)(mcu->seen_ms - mcu->hello_at_ms);
    bool counts = (before->capabilities & hello->capabilities & LINK_CAP_NV) != 0 && lived_ms > SAVED_MS;
    return strcmp(hello->board, before->board) != 0 || hello->slots != before->slots ||
           (counts && hello->boots < before->boots);
}

/* True when the board is the one of before, and has not been started since. */
static bool is_same(struct mcu *mcu, const struct link_hello_answer *hello)
{
    const struct link_hello_answer *before = &mcu->hello;
    bool same = false;
    if (!mcu->greeted) {
        return false;
    }
    if (is_other(mcu, hello)) {
        mcu->replaced++;
        mcu_unrest(mcu);
        link_client_forget(&mcu->client);
        mcu_news(mcu, LOG_WARN, "replaced", "%s with %u starts, was %s with %u", hello->board,
                 (unsigned)hello->boots, before->board, (unsigned)before->boots);
    } else if (has_restarted(mcu, hello)) {
        mcu->restarts++;
        mcu_unrest(mcu);
        link_client_forget(&mcu->client);
        mcu_news(mcu, LOG_WARN, "restarted", "cause %s%s%s, starts %u", link_cause_name(hello->cause),
                 hello->fault[0] != '\0' ? ", fault: " : "", hello->fault, (unsigned)hello->boots);
    } else {
        same = true;
    }
    if (hello->version != before->version) {
        mcu_news(mcu, LOG_WARN, "version", "%u.%u, was %u.%u", hello->version >> 8, hello->version & 0xFF,
                 before->version >> 8, before->version & 0xFF);
    }
    if (hello->capabilities != before->capabilities) {
        mcu_news(mcu, LOG_WARN, "capabilities", "0x%04x, was 0x%04x", hello->capabilities,
                 before->capabilities);
    }
    return same;
}

/* A planned absence is over: the lease counts again. */
static void end_maintenance(struct mcu *mcu)
{
    uint8_t payload[LINK_PAYLOAD_MAX];
    const struct link_maintenance none = {.seconds = 0};
    mcu_send(mcu, LINK_TYPE_MAINTENANCE, payload, link_put_maintenance(&none, payload), NULL, NULL);
}

static void enter_here(struct mcu *mcu, const struct link_hello_answer *hello)
{
    bool first = !mcu->greeted, same = is_same(mcu, hello);
    mcu->hello = *hello;
    mcu->hello_at_ms = mcu->seen_ms = clock_mono_ms();
    if (same && mcu->state == MCU_HERE) {
        return;
    }
    mcu->greeted = true;
    mcu->state = MCU_HERE;
    mcu->since_ms = clock_wall_ms();
    mcu->condition[0] = '\0';
    mcu->tries = mcu_is_unsteady(mcu) ? mcu->tries : 1;
    mcu->told_lost = false;
    mcu_news(mcu, LOG_INFO, "here", "%s version %u.%u, %u slots, cause %s, starts %u", hello->board,
             hello->version >> 8, hello->version & 0xFF, hello->slots, link_cause_name(hello->cause),
             (unsigned)hello->boots);
    if (first || mcu->excused) { /* not at each return of the link, lest it end what an operator asked for */
        mcu->excused = false;
        end_maintenance(mcu);
    }
    timer_set(&mcu->beat, 0);
    for (uint8_t i = 0; i < MCU_SLOTS_MAX && i < hello->slots; i++) {
        mcu->places[i].slot.known = false;
        mcu_place_learn(&mcu->places[i]);
    }
}

void mcu_on_hello(void *arg, int status, const uint8_t *payload, uint8_t len)
{
    struct mcu *mcu = arg;
    struct link_hello_answer hello;
    if (status < 0) {
        return; /* mcu_lose has it */
    }
    if (status == LINK_BAD_VERSION && len > 0) {
        mcu_lose(mcu, MCU_REFUSED, "its firmware speaks protocol %u of the link, this program %d", payload[0],
                 LINK_PROTOCOL);
        return;
    }
    if (status != LINK_OK || !link_get_hello_answer(&hello, payload, len)) {
        mcu_lose(mcu, MCU_REFUSED, "HELLO was answered %s", link_status_name((unsigned)status));
        return;
    }
    clean(hello.board, '_');
    clean(hello.fault, ' ');
    if (mcu->type[0] != '\0' && strcmp(mcu->type, hello.board) != 0) {
        mcu_close(mcu); /* a pattern's next path */
        mcu_lose(mcu, MCU_REFUSED, "is a board %s, not %s", hello.board, mcu->type);
    } else {
        enter_here(mcu, &hello);
    }
}

/* ---- what it tells ---- */

static void take_supply(struct mcu *mcu, uint8_t supply)
{
    bool low = supply == LINK_SUPPLY_SHUT || supply == LINK_SUPPLY_CUT;
    if (supply == mcu->supply) {
        return;
    }
    if (low && mcu->supply != LINK_SUPPLY_SHUT && mcu->supply != LINK_SUPPLY_CUT) {
        mcu->brown_outs++;
    }
    mcu->supply = supply;
    mcu_news(mcu, supply == LINK_SUPPLY_GOOD || supply == LINK_SUPPLY_RECOVERING ? LOG_INFO : LOG_WARN,
             "supply", "%s, %u mV", link_supply_name(supply), mcu->supply_mv);
    mcu_tell(mcu, -1, MCU_SUPPLY);
}

static void take_lease(struct mcu *mcu, uint8_t lease, unsigned cycles)
{
    if (lease != mcu->lease) {
        mcu->lease = lease;
        mcu_news(mcu, LOG_INFO, "lease", "%s, host cuts in a row %u", link_lease_name(lease), cycles);
    }
}

void mcu_on_heartbeat(void *arg, int status, const uint8_t *payload, uint8_t len)
{
    struct mcu *mcu = arg;
    struct link_heartbeat_answer answer;
    if (status == LINK_OK && link_get_heartbeat_answer(&answer, payload, len)) {
        mcu->seen_ms = clock_mono_ms();
        take_supply(mcu, answer.supply);
        take_lease(mcu, answer.lease, 0);
    }
}

static void on_slot_state(struct mcu *mcu, const struct link_slot_state *state)
{
    if (state->slot >= MCU_SLOTS_MAX) {
        return;
    }
    struct mcu_place *place = &mcu->places[state->slot];
    place->slot.row = (struct link_slot_read_answer){.slot = state->slot,
                                                     .phase = state->phase,
                                                     .target = state->target,
                                                     .reason = state->reason,
                                                     .request = state->request,
                                                     .took_ms = state->took_ms,
                                                     .start_ms = state->start_ms,
                                                     .rail_min_mv = state->rail_min_mv};
    mcu_news(mcu, state->phase == LINK_PHASE_FAULT ? LOG_WARN : LOG_INFO, "slot",
             "slot %u %s, %s, rail_min_mv %u", state->slot, link_phase_name(state->phase),
             link_reason_name(state->reason), state->rail_min_mv);
    if (place->slot.known) {
        mcu_tell(mcu, state->slot, MCU_PHASE);
    }
}

void mcu_on_event(void *arg, uint8_t type, const uint8_t *payload, uint8_t len)
{
    struct mcu *mcu = arg;
    struct link_slot_state slot;
    struct link_supply_state supply;
    struct link_lease_state lease;
    struct link_fault fault;
    if (mcu->state == MCU_MUTE && !mcu_is_unsteady(mcu)) {
        timer_set(&mcu->retry, 0); /* it speaks again */
    }
    if (type == LINK_TYPE_SLOT_STATE && link_get_slot_state(&slot, payload, len)) {
        on_slot_state(mcu, &slot);
    } else if (type == LINK_TYPE_SUPPLY_STATE && link_get_supply_state(&supply, payload, len)) {
        mcu->supply_mv = supply.supply_mv;
        take_supply(mcu, supply.supply);
    } else if (type == LINK_TYPE_LEASE_STATE && link_get_lease_state(&lease, payload, len)) {
        take_lease(mcu, lease.lease, lease.cycles);
    } else if (type == LINK_TYPE_FAULT && link_get_fault(&fault, payload, len)) {
        clean(fault.text, ' ');
        mcu_news(mcu, LOG_ERROR, "fault", "%s: %s", link_cause_name(fault.cause), fault.text);
    }
}
