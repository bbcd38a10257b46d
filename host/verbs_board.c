/* `cellpost board`: what is known of the boards, and what only the board itself can tell or do. An answer
 * that needs the board is held until it has answered, or is known to be mute. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/daemon.h"
#include "host/modem/slot.h"

#define LOG_MOST 200

/* ---- what is known already ---- */

static int64_t uptime_s(const struct mcu_status *status)
{
    return (status->hello.uptime_ms + (clock_mono_ms() - status->hello_at_ms)) / 1000;
}

static void print_board(struct ctl_call *call, const struct mcu_status *s)
{
    char condition[200];
    log_quote(s->condition, strlen(s->condition), condition, sizeof condition);
    if (!s->greeted) {
        ctl_line(call, "board=%s state=%s condition=%s port=%s", s->name, mcu_state_text(s->state), condition,
                 s->port);
        return;
    }
    ctl_line(call,
             "board=%s state=%s condition=%s port=%s type=%s version=%u.%u slots=%u uptime_s=%" PRId64
             " starts=%u cause=%s lease=%s supply=%s supply_mv=%u brown_outs=%u mutes=%u restarts=%u "
             "replaced=%u waiting=%u",
             s->name, mcu_state_text(s->state), condition, s->port, s->hello.board, s->hello.version >> 8,
             s->hello.version & 0xFF, s->hello.slots, uptime_s(s), (unsigned)s->hello.boots,
             link_cause_name(s->hello.cause), link_lease_name(s->lease), link_supply_name(s->supply),
             s->supply_mv, s->brown_outs, s->mutes, s->restarts, s->replaced, s->waiting);
}

static void print_slots(struct ctl_call *call, const struct mcu_status *s)
{
    for (unsigned i = 0; i < MCU_SLOTS_MAX; i++) {
        const struct link_slot_read_answer *row = &s->slots[i].row;
        if (!s->slots[i].known)
            continue;
        ctl_line(call, "slot=%u module=%s phase=%s target=%s reason=%s took_ms=%u start_ms=%u rail_min_mv=%u",
                 i, link_module_name(s->slots[i].timing.module), link_phase_name(row->phase),
                 link_target_name(row->target), link_reason_name(row->reason), (unsigned)row->took_ms,
                 (unsigned)row->start_ms, row->rail_min_mv);
    }
}

static void print_news(struct ctl_call *call, const struct mcu_status *s)
{
    for (size_t i = 0; i < s->news_count; i++) {
        char at[25];
        clock_format(s->news[i].at_ms, at);
        ctl_line(call, "%s %s", at, s->news[i].text);
    }
}

static void list(struct daemon *daemon, struct ctl_call *call)
{
    struct mcu_status status;
    const struct mcu *mcu;
    for (size_t i = 0; (mcu = mcu_at(daemon->boards, i)) != NULL; i++) {
        mcu_status(mcu, &status);
        print_board(call, &status);
    }
    ctl_ok(call);
}

/* ---- what the board is asked ---- */

/* One verb's conversation: requests are answered in their order. */
struct talk {
    struct ctl_call *call;
    struct mcu *mcu;
    unsigned pending, at; /* answers to come; which one this is */
    int refused;          /* why a request was not taken; what would follow it is not asked */
};

static struct talk *talk_begin(struct ctl_call *call, struct mcu *mcu)
{
    struct talk *talk = calloc(1, sizeof *talk);
    if (talk == NULL)
        fatal("out of memory");
    talk->call = call;
    talk->mcu = mcu;
    ctl_hold(call);
    return talk;
}

static void talk_end(struct talk *talk, int status)
{
    if (status == LINK_OK)
        ctl_ok(talk->call);
    else if (status == -EBUSY)
        ctl_err(talk->call, "the board is slow, too many requests wait for it: try again");
    else if (status < 0)
        ctl_err(talk->call, "the board does not answer");
    else
        ctl_err(talk->call, "the board answered %s", link_status_name((unsigned)status));
    free(talk);
}

static void talk_ask(struct talk *talk, uint8_t type, const uint8_t *payload, uint8_t len, mcu_fn *fn)
{
    if (talk->refused == 0)
        talk->refused = mcu_request(talk->mcu, type, payload, len, fn, talk);
    if (talk->refused == 0)
        talk->pending++;
}

/* All is asked. */
static void talk_asked(struct talk *talk)
{
    if (talk->pending == 0)
        talk_end(talk, talk->refused);
}

static void talk_answered(struct talk *talk, int status)
{
    if (--talk->pending == 0)
        talk_end(talk, talk->refused != 0 ? talk->refused : status);
}

/* The only request of its verb. */
static void talk_ask_one(struct talk *talk, uint8_t type, const uint8_t *payload, uint8_t len, mcu_fn *fn)
{
    talk_ask(talk, type, payload, len, fn);
    talk_asked(talk);
}

/* A request whose answer is only its status. */
static void on_done(void *arg, int status, const uint8_t *payload, uint8_t len)
{
    (void)payload;
    (void)len;
    talk_end(arg, status);
}

/* `cellpost board NAME`: COUNTERS, then SENSE and SLOT_COUNTERS of each slot. */
static void print_counters(struct talk *talk, const uint8_t *payload, uint8_t len)
{
    struct link_counters_answer c;
    if (link_get_counters_answer(&c, payload, len))
        ctl_line(talk->call,
                 "counters boots=%u watchdog_bites=%u faults=%u brown_outs=%u host_cuts=%u host_rests=%u "
                 "updates=%u nv_errors=%u",
                 (unsigned)c.boots, (unsigned)c.watchdog_bites, (unsigned)c.faults, (unsigned)c.brown_outs,
                 (unsigned)c.host_cuts, (unsigned)c.host_rests, (unsigned)c.updates, (unsigned)c.nv_errors);
}

static void print_sense(struct talk *talk, unsigned slot, const uint8_t *payload, uint8_t len)
{
    struct link_sense_answer s;
    if (link_get_sense_answer(&s, payload, len))
        ctl_line(talk->call,
                 "slot=%u supply_mv=%u supply_min_mv=%u rail_mv=%u rail_min_mv=%u current_ma=%u "
                 "temperature_dc=%d",
                 slot, s.supply_mv, s.supply_min_mv, s.rail_mv, s.rail_min_mv, s.current_ma,
                 s.temperature_dc);
}

static void print_slot_counters(struct talk *talk, unsigned slot, const uint8_t *payload, uint8_t len)
{
    struct link_slot_counters_answer c;
    if (link_get_slot_counters_answer(&c, payload, len))
        ctl_line(talk->call,
                 "slot=%u starts=%u start_failures=%u resets=%u graceful_offs=%u hard_cuts=%u "
                 "status_losses=%u adopted=%u",
                 slot, (unsigned)c.starts, (unsigned)c.start_failures, (unsigned)c.resets,
                 (unsigned)c.graceful_offs, (unsigned)c.hard_cuts, (unsigned)c.status_losses,
                 (unsigned)c.adopted);
}

static void on_detail(void *arg, int status, const uint8_t *payload, uint8_t len)
{
    struct talk *talk = arg;
    unsigned at = talk->at++;
    if (status == LINK_OK && at == 0)
        print_counters(talk, payload, len);
    else if (status == LINK_OK && at % 2 == 1)
        print_sense(talk, (at - 1) / 2, payload, len);
    else if (status == LINK_OK)
        print_slot_counters(talk, (at - 1) / 2, payload, len);
    talk_answered(talk, status);
}

static void detail(struct ctl_call *call, struct mcu *mcu)
{
    struct mcu_status status;
    mcu_status(mcu, &status);
    print_board(call, &status);
    print_slots(call, &status);
    print_news(call, &status);
    if (status.state != MCU_HERE) { /* what is known has been said */
        ctl_ok(call);
        return;
    }
    struct talk *talk = talk_begin(call, mcu);
    talk_ask(talk, LINK_TYPE_COUNTERS, NULL, 0, on_detail);
    for (uint8_t slot = 0; slot < status.hello.slots && slot < MCU_SLOTS_MAX; slot++) {
        talk_ask(talk, LINK_TYPE_SENSE, &slot, 1, on_detail);
        talk_ask(talk, LINK_TYPE_SLOT_COUNTERS, &slot, 1, on_detail);
    }
    talk_asked(talk);
}

/* ---- settings ---- */

static void on_setting(void *arg, int status, const uint8_t *payload, uint8_t len)
{
    struct talk *talk = arg;
    struct link_setting_read_answer answer;
    if (status == LINK_OK && link_get_setting_read_answer(&answer, payload, len))
        ctl_line(talk->call, "%s %u", link_setting_name(talk->at), answer.value);
    talk->at++;
    talk_answered(talk, status);
}

static void settings(struct ctl_call *call, struct mcu *mcu, char **argv)
{
    struct talk *talk = talk_begin(call, mcu);
    (void)argv;
    for (uint8_t setting = 0; setting < LINK_SETTING_COUNT; setting++)
        talk_ask(talk, LINK_TYPE_SETTING_READ, &setting, 1, on_setting);
    talk_asked(talk);
}

static void set(struct ctl_call *call, struct mcu *mcu, char **argv)
{
    uint8_t payload[LINK_PAYLOAD_MAX];
    struct link_setting_set set = {.setting = 0};
    int64_t value;
    while (set.setting < LINK_SETTING_COUNT && strcasecmp(link_setting_name(set.setting), argv[0]) != 0)
        set.setting++;
    if (set.setting == LINK_SETTING_COUNT) {
        ctl_err(call, "no setting '%s'; `cellpost board NAME settings` lists them", argv[0]);
        return;
    }
    if (!verb_number(argv[1], 0, UINT16_MAX, &value)) {
        ctl_err(call, "VALUE is a number from 0 to 65535, not '%s'", argv[1]);
        return;
    }
    set.value = (uint16_t)value;
    talk_ask_one(talk_begin(call, mcu), LINK_TYPE_SETTING_SET, payload, link_put_setting_set(&set, payload),
                 on_done);
}

/* ---- log ---- */

static void ask_log(struct talk *talk, uint16_t number);

static void on_log(void *arg, int status, const uint8_t *payload, uint8_t len)
{
    struct talk *talk = arg;
    struct link_log_read_answer e;
    char slot[8] = "-";
    if (status != LINK_OK || !link_get_log_read_answer(&e, payload, len) || e.number == 0 ||
        talk->at++ == LOG_MOST) {
        talk_end(talk, status);
        return;
    }
    if (e.slot != 255)
        snprintf(slot, sizeof slot, "%u", e.slot);
    ctl_line(talk->call, "%u boot=%u uptime_ms=%u code=%s slot=%s value=%u", e.number, e.boot,
             (unsigned)e.uptime_ms, link_log_name(e.code), slot, e.value);
    ask_log(talk, (uint16_t)(e.number + 1));
}

static void ask_log(struct talk *talk, uint16_t number)
{
    uint8_t payload[LINK_PAYLOAD_MAX];
    const struct link_log_read ask = {.number = number};
    int status = number == 0 ? LINK_OK
                             : mcu_request(talk->mcu, LINK_TYPE_LOG_READ, payload,
                                           link_put_log_read(&ask, payload), on_log, talk);
    if (number == 0 || status < 0)
        talk_end(talk, status);
}

static void show_log(struct ctl_call *call, struct mcu *mcu, char **argv)
{
    (void)argv;
    ask_log(talk_begin(call, mcu), 1);
}

/* ---- maintenance ---- */

static void on_maintenance(void *arg, int status, const uint8_t *payload, uint8_t len)
{
    struct talk *talk = arg;
    struct link_maintenance_answer answer;
    if (status == LINK_OK && link_get_maintenance_answer(&answer, payload, len))
        ctl_line(talk->call, "granted_s %u", answer.seconds);
    talk_end(talk, status);
}

static void maintenance(struct ctl_call *call, struct mcu *mcu, char **argv)
{
    uint8_t payload[LINK_PAYLOAD_MAX];
    int64_t seconds;
    if (!verb_number(argv[0], 0, 3600, &seconds)) {
        ctl_err(call, "SECONDS is a number from 0 to 3600, not '%s'; for longer: set LEASE_S 0", argv[0]);
        return;
    }
    const struct link_maintenance away = {.seconds = (uint16_t)seconds};
    talk_ask_one(talk_begin(call, mcu), LINK_TYPE_MAINTENANCE, payload, link_put_maintenance(&away, payload),
                 on_maintenance);
}

/* ---- slots ---- */

/* An operator's hand at a slot: a second seat, beside the modem's. */
struct hand {
    struct slot slot;
    struct ctl_call *call;
};

static void on_hand_told(void *arg)
{
    (void)arg;
}

static void on_hand_done(void *arg, int status)
{
    struct hand *hand = arg;
    if (status == 0)
        ctl_ok(hand->call);
    else
        ctl_err(hand->call, "%s", slot_why(&hand->slot));
    slot_fini(&hand->slot);
    free(hand);
}

static bool find_act(const char *word, enum slot_act *act)
{
    static const char *const words[SLOT_ACTS] = {[SLOT_ON] = "on",
                                                 [SLOT_OFF] = "off",
                                                 [SLOT_RESET] = "reset",
                                                 [SLOT_GRACEFUL] = "cycle",
                                                 [SLOT_CUT] = "cut"};
    for (size_t i = 0; i < SLOT_ACTS; i++)
        if (strcmp(words[i], word) == 0) {
            *act = (enum slot_act)i;
            return true;
        }
    return false;
}

static void slot_act(struct daemon *daemon, struct ctl_call *call, const char *board, char **argv)
{
    int64_t number;
    enum slot_act act;
    char spec[MCU_NAME_MAX + 8];
    if (!verb_number(argv[0], 0, MCU_SLOTS_MAX - 1, &number) || !find_act(argv[1], &act)) {
        ctl_err(call, "slot N on|off|cycle|reset|cut, N from 0 to %d", MCU_SLOTS_MAX - 1);
        return;
    }
    int grace_s = act == SLOT_ON || act == SLOT_CUT || act == SLOT_RESET
                      ? 0
                      : mcu_seat_plan(daemon->boards, board, (uint8_t)number);
    if (grace_s < 0) {
        ctl_err(call, "a message is on its way there: try again");
        return;
    }
    struct hand *hand = calloc(1, sizeof *hand);
    if (hand == NULL)
        fatal("out of memory");
    hand->call = call;
    ctl_hold(call);
    snprintf(spec, sizeof spec, "%s:%d", board, (int)number);
    const struct slot_options options = {
        .spec = spec, .boards = daemon->boards, .module = "", .timing = "", .told = on_hand_told};
    if (slot_init(&hand->slot, daemon->loop, &options) != 0)
        fatal("slot %s", spec);
    slot_do(&hand->slot, act, (uint8_t)grace_s, on_hand_done, hand);
}

/* ---- the verb ---- */

static const struct {
    const char *name;
    int arguments;
    void (*fn)(struct ctl_call *, struct mcu *, char **argv);
} acts[] = {
    {"settings", 0, settings}, {"set", 2, set}, {"log", 0, show_log}, {"maintenance", 1, maintenance}};

static void act(struct daemon *daemon, struct ctl_call *call, struct mcu *mcu, int argc, char **argv)
{
    struct mcu_status status;
    mcu_status(mcu, &status);
    if (argc == 3 && strcmp(argv[0], "slot") == 0) {
        slot_act(daemon, call, status.name, argv + 1);
        return;
    }
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        if (strcmp(argv[0], acts[i].name) != 0 || argc - 1 != acts[i].arguments)
            continue;
        if (status.state == MCU_HERE)
            acts[i].fn(call, mcu, argv + 1);
        else
            ctl_err(call, "board %s is %s: %s", status.name, mcu_state_text(status.state), status.condition);
        return;
    }
    ctl_err(call, "after NAME comes one of: slot N on|off|cycle|reset|cut, settings, set SETTING VALUE, log, "
                  "maintenance SECONDS, flash FILE");
}

void verb_board(void *arg, struct ctl_call *call, int argc, char **argv)
{
    struct daemon *daemon = arg;
    if (argc == 1) {
        list(daemon, call);
        return;
    }
    struct mcu *mcu = mcu_find(daemon->boards, argv[1]);
    if (mcu == NULL)
        ctl_err(call, "there is no [board %s]", argv[1]);
    else if (argc == 2)
        detail(call, mcu);
    else if (argc == 4 && strcmp(argv[2], "flash") == 0)
        verb_flash(daemon, call, argv);
    else
        act(daemon, call, mcu, argc - 2, argv + 2);
}
