#include "firmware/talk.h"

#include "firmware/fault.h"
#include "firmware/kept.h"
#include "firmware/lease.h"
#include "firmware/link/server.h"
#include "firmware/log.h"
#include "firmware/sense.h"
#include "firmware/settings.h"
#include "firmware/slot.h"
#include "firmware/update.h"

#define OCTETS_STEP 64 /* at most in one step: noise must not hold the others up */

_Static_assert(FIRMWARE_SLOTS + 3 <= LINK_EVENTS_MAX, "a place for each event");
_Static_assert(FIRMWARE_SLOTS >= 1 && FIRMWARE_SLOTS <= 4, "1 to 4 slots");

static struct link_server server;

/* ---- requests: each reads its fields, acts, and writes its answer's ---- */

struct ask {
    const uint8_t *in;
    uint8_t len;
    uint8_t *out;
    uint8_t out_len;
};

/* Reads struct link_NAME *m from the request, and returns LINK_BAD_LENGTH where a field is missing. */
#define READ(name)                                                                                           \
    struct link_##name m;                                                                                    \
    if (!link_get_##name(&m, ask->in, ask->len))                                                             \
    return LINK_BAD_LENGTH
#define READ_SLOT(name)                                                                                      \
    READ(name);                                                                                              \
    if (m.slot >= FIRMWARE_SLOTS)                                                                            \
    return LINK_BAD_VALUE
/* For a list of fields that two structs share. */
#define COPY(kind, name, text) to.name = from->name;
#define WRITE(name, answer)    ask->out_len = link_put_##name##_answer(answer, ask->out)

static uint16_t at_most(uint32_t value)
{
    return value > UINT16_MAX ? UINT16_MAX : (uint16_t)value;
}

static void copy_name(char *to)
{
    const char *name = board_name();
    uint8_t i = 0;
    for (char c; i < LINK_TEXT_LEN && (c = board_text_octet(name, i)) != '\0'; i++)
        to[i] = c;
    to[i] = '\0';
}

static enum link_status ask_hello(struct ask *ask)
{
    READ(hello);
    if (m.protocol != LINK_PROTOCOL)
        return LINK_BAD_VERSION;
    struct link_hello_answer answer = {.protocol = LINK_PROTOCOL,
                                       .version = FIRMWARE_VERSION,
                                       .capabilities = board_capabilities(),
                                       .slots = FIRMWARE_SLOTS,
                                       .cause = (uint8_t)fault_cause(),
                                       .uptime_ms = board_ms(),
                                       .boots = kept->counters.boots,
                                       .watchdog_bites = at_most(kept->counters.watchdog_bites),
                                       .brown_outs = at_most(kept->counters.brown_outs),
                                       .host_cuts = at_most(kept->counters.host_cuts)};
    copy_name(answer.board);
    fault_text(answer.fault);
    WRITE(hello, &answer);
    link_server_greet(&server);
    return LINK_OK;
}

static enum link_status ask_slot_target(struct ask *ask)
{
    READ_SLOT(slot_target);
    enum link_status status = slot_target(&m, board_ms());
    struct link_slot_read_answer now;
    slot_tell(m.slot, &now);
    WRITE(slot_target, (&(struct link_slot_target_answer){.phase = now.phase}));
    return status;
}

/* What is read of a slot: `tell` fills the answer. */
#define ASK_OF_SLOT(name, tell)                                                                              \
    static enum link_status ask_##name(struct ask *ask)                                                      \
    {                                                                                                        \
        READ_SLOT(name);                                                                                     \
        struct link_##name##_answer answer;                                                                  \
        tell(m.slot, &answer);                                                                               \
        WRITE(name, &answer);                                                                                \
        return LINK_OK;                                                                                      \
    }
ASK_OF_SLOT(slot_read, slot_tell)
ASK_OF_SLOT(sense, sense_answer)

static enum link_status ask_heartbeat(struct ask *ask)
{
    READ(heartbeat);
    lease_heartbeat(&m, board_ms());
    WRITE(heartbeat, (&(struct link_heartbeat_answer){.lease = (uint8_t)lease_state(),
                                                      .supply = (uint8_t)sense_state(),
                                                      .pending = link_server_pending(&server)}));
    return LINK_OK;
}

static enum link_status ask_maintenance(struct ask *ask)
{
    READ(maintenance);
    if (!lease_maintenance(&m.seconds, board_ms()))
        return LINK_BAD_VALUE;
    WRITE(maintenance, (&(struct link_maintenance_answer){.seconds = m.seconds}));
    return LINK_OK;
}

static enum link_status ask_burst(struct ask *ask)
{
    READ_SLOT(burst);
    sense_burst(m.slot, m.ms, board_ms());
    return LINK_OK;
}

static enum link_status ask_timing_set(struct ask *ask)
{
    READ_SLOT(timing_set);
    const struct link_timing_set *from = &m;
    struct timing to;
    LINK_FIELDS_timing_row(COPY) return setting_timing_change(m.slot, &to);
}

static enum link_status ask_timing_read(struct ask *ask)
{
    READ_SLOT(timing_read);
    struct timing t;
    const struct timing *from = &t;
    struct link_timing_read_answer to = {.module = setting_module(m.slot)};
    memset(&t, 0, sizeof t);
    (void)setting_timing(m.slot, &t);
    LINK_FIELDS_timing_row(COPY) WRITE(timing_read, &to);
    return LINK_OK;
}

static enum link_status ask_setting_set(struct ask *ask)
{
    READ(setting_set);
    return setting_change(m.setting, m.value);
}

static enum link_status ask_setting_read(struct ask *ask)
{
    READ(setting_read);
    if (m.setting >= LINK_SETTING_COUNT)
        return LINK_BAD_VALUE;
    WRITE(setting_read, (&(struct link_setting_read_answer){.value = setting((enum link_setting)m.setting)}));
    return LINK_OK;
}

static enum link_status ask_counters(struct ask *ask)
{
    const struct counters *from = &kept->counters;
    struct link_counters_answer to = {.unused = 0};
    LINK_COUNTERS(COPY)
    WRITE(counters, &to);
    return LINK_OK;
}

static enum link_status ask_slot_counters(struct ask *ask)
{
    READ_SLOT(slot_counters);
    const struct slot_counters *from = &kept->slots[m.slot].counters;
    struct link_slot_counters_answer to = {.unused = 0};
    LINK_SLOT_COUNTERS(COPY)
    WRITE(slot_counters, &to);
    return LINK_OK;
}

static enum link_status ask_log_read(struct ask *ask)
{
    READ(log_read);
    struct link_log_read_answer answer;
    if (!log_get(m.number, &answer))
        memset(&answer, 0, sizeof answer);
    WRITE(log_read, &answer);
    return LINK_OK;
}

static bool takes_images(void)
{
    return (board_capabilities() & LINK_CAP_UPDATE) != 0;
}

/* The requests with a piece of the image: answered with what is expected next. */
#define ASK_IMAGE(name)                                                                                      \
    static enum link_status ask_##name(struct ask *ask)                                                      \
    {                                                                                                        \
        READ(name);                                                                                          \
        enum link_status status = takes_images() ? name(&m) : LINK_UNSUPPORTED;                              \
        WRITE(name, (&(struct link_##name##_answer){.offset = update_offset()}));                            \
        return status;                                                                                       \
    }
ASK_IMAGE(update_begin)
ASK_IMAGE(update_data)

/* And those without fields. */
#define ASK_BARE(name)                                                                                       \
    static enum link_status ask_##name(struct ask *ask)                                                      \
    {                                                                                                        \
        (void)ask;                                                                                           \
        return takes_images() ? name() : LINK_UNSUPPORTED;                                                   \
    }
ASK_BARE(update_end)
ASK_BARE(update_test)
ASK_BARE(update_confirm)
ASK_BARE(update_revert)

#define ASK(NAME, name, number, text)                                                                        \
    if (frame->type == (number))                                                                             \
        *status = ask_##name(&ask);                                                                          \
    else

static uint8_t on_request(void *arg, const struct link_frame *frame, uint8_t *out, enum link_status *status)
{
    struct ask ask = {frame->payload, frame->len, out, 0};
    (void)arg;
    LINK_REQUESTS(ASK) *status = LINK_UNKNOWN_TYPE;
    if (*status == LINK_BAD_VERSION) { /* all that both must agree on */
        out[0] = LINK_PROTOCOL;
        return 1;
    }
    return *status == LINK_OK ? ask.out_len : 0;
}

/* ---- events ---- */

static uint8_t render_slot(uint8_t slot, uint16_t number, uint8_t *out)
{
    struct link_slot_read_answer now;
    const struct link_slot_read_answer *from = &now;
    struct link_slot_state to = {.number = number};
    slot_tell(slot, &now);
    LINK_FIELDS_slot_row(COPY) return link_put_slot_state(&to, out);
}

static uint8_t render_fault(uint16_t number, uint8_t *out)
{
    struct link_fault event = {.number = number, .cause = (uint8_t)fault_cause()};
    fault_text(event.text);
    return link_put_fault(&event, out);
}

static uint8_t on_render(void *arg, uint8_t type, uint8_t index, uint16_t number, uint8_t *out)
{
    (void)arg;
    if (type == LINK_TYPE_SLOT_STATE)
        return render_slot(index, number, out);
    if (type == LINK_TYPE_FAULT)
        return render_fault(number, out);
    if (type == LINK_TYPE_LEASE_STATE)
        return link_put_lease_state(&(struct link_lease_state){.number = number,
                                                               .lease = (uint8_t)lease_state(),
                                                               .cycles = lease_cycles(),
                                                               .commit = lease_commit()},
                                    out);
    return link_put_supply_state(&(struct link_supply_state){.number = number,
                                                             .supply = (uint8_t)sense_state(),
                                                             .supply_mv = sense_change_mv(),
                                                             .supply_min_mv = sense_change_min_mv()},
                                 out);
}

static bool on_send(void *arg, const uint8_t *octets, uint8_t len)
{
    (void)arg;
    return board_uart_put(octets, len);
}

/* ---- for the others ---- */

void talk_start(void)
{
    static const struct link_server_ops ops = {on_request, on_render, on_send};
    link_server_init(&server, &ops, NULL);
    server.life = (uint8_t)(kept->counters.boots & 0xFF); /* the host has told those of the life before */
}

void talk_step(uint32_t now_ms)
{
    int16_t octet;
    for (uint8_t i = 0; i < OCTETS_STEP && (octet = board_uart_get()) >= 0; i++)
        link_server_octet(&server, (uint8_t)octet);
    link_server_step(&server, now_ms);
}

void talk_raise(enum link_type type, uint8_t index)
{
    if (!link_server_raise(&server, (uint8_t)type, index))
        fault(BOARD_TEXT("no place for event"));
}
