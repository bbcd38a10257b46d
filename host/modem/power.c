/* What the slot and its supply mean to the modem's life.
 *
 * While the board has no power on the slot, or starts the modem by itself, nothing is tried on the port:
 * that is no trouble of the modem. While the supply is low nothing new is sent. Both heal by themselves. A
 * board that is away says nothing: then the port alone decides. */
#include <errno.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/modem/life.h"

#define BURST_MS 10000 /* a message's transmissions, and what the network asks before */

/* ---- what the board tells ---- */

static void describe(struct modem *m)
{
    slot_describe(&m->slot, m->status.power, sizeof m->status.power);
}

void power_look(struct modem *m)
{
    describe(m);
    if (slot_is_dark(&m->slot)) {
        modem_condition(m, "no power: %s", m->status.power);
        modem_event(m, EVENT_DARK, m->status.power);
    } else if (m->life == LIFE_DARK) {
        power_came(m, m->model->boot_ms);
    }
}

void power_came(struct modem *m, int boot_ms)
{
    m->boots_until_ms = clock_mono_ms() + boot_ms;
    modem_event(m, EVENT_WAITED, "has power");
}

static void on_told(void *arg)
{
    struct modem *m = arg;
    if (m->life == LIFE_NEW || m->life == LIFE_ENDED) {
        return;
    }
    power_look(m);
    modem_changed(m);
    modem_pump(m);
}

/* Where AT still works the module ends by its own command first: its flash and the network are left in order.
 */
static uint8_t send_power_off(struct modem *m)
{
    if (!m->model->power_off || m->port.fd < 0 || m->at.dirty || !slot_can(&m->slot, SLOT_GRACEFUL)) {
        return 0;
    }
    at_blind(&m->at, m->model->power_off);
    return (uint8_t)m->model->power_off_s;
}

/* An operator's doing: what is in flight would be lost, also what is from before a restart. */
static int on_planned(void *arg)
{
    struct modem *m = arg;
    if (m->send.phase != SEND_NONE || m->listen_count > 0) {
        return -EBUSY;
    }
    uint8_t grace_s = send_power_off(m);
    if (grace_s > 0) { /* if the board does not follow, the probe finds out */
        modem_event(m, EVENT_SILENCE, "switched off on request");
    }
    return grace_s;
}

void power_setup(struct modem *m)
{
    const struct slot_options options = {.spec = m->options.slot,
                                         .boards = m->options.boards,
                                         .module = m->options.module,
                                         .timing = m->options.timing,
                                         .told = on_told,
                                         .planned = on_planned,
                                         .arg = m};
    if (slot_init(&m->slot, m->loop, &options) < 0) {
        log_event(LOG_ERROR, "modem.slot", "modem=%s slot=%s error=\"not a slot\"", m->options.name,
                  m->options.slot);
    }
    describe(m);
}

bool power_is_low(const struct modem *m)
{
    return slot_is_low(&m->slot);
}

/* ---- a rung by the slot ---- */

static void on_done(void *arg, int status)
{
    struct modem *m = arg;
    describe(m);
    ladder_power_done(m, status);
}

static enum slot_act act_of(enum model_rung_action rung)
{
    return rung == RUNG_RESET_PULSE ? SLOT_RESET : rung == RUNG_PWRKEY ? SLOT_GRACEFUL : SLOT_CUT;
}

bool power_has_means(const struct modem *m, enum model_rung_action rung)
{
    return slot_can(&m->slot, act_of(rung));
}

void power_cycle(struct modem *m, enum model_rung_action rung, const char *reason)
{
    enum slot_act act = act_of(rung);
    uint8_t grace_s = act == SLOT_RESET ? 0 : send_power_off(m);
    if (grace_s > 0) {
        act = SLOT_GRACEFUL; /* which ends without supply, too */
    } else {
        at_detach(&m->at);
        port_close(&m->port);
    }
    log_event(LOG_INFO, "modem.power", "modem=%s act=%s grace_s=%u reason=\"%s\"", m->options.name,
              recovery_name(rung), grace_s, reason);
    slot_do(&m->slot, act, grace_s, on_done, m);
}

/* ---- evidence ---- */

void power_burst(struct modem *m)
{
    slot_burst(&m->slot, BURST_MS);
}

static void on_measured(void *arg)
{
    struct modem *m = arg;
    const struct link_sense_answer *s = slot_sense(&m->slot);
    m->status.rail_min_mv = s->rail_min_mv != 0 ? s->rail_min_mv : s->supply_min_mv;
    log_event(m->recovery.open ? LOG_INFO : LOG_DEBUG, "modem.evidence",
              "modem=%s supply=%s supply_mv=%u supply_min_mv=%u rail_mv=%u rail_min_mv=%u current_ma=%u "
              "temperature_dc=%d slot=\"%s\"",
              m->options.name, link_supply_name(s->supply), s->supply_mv, s->supply_min_mv, s->rail_mv,
              s->rail_min_mv, s->current_ma, s->temperature_dc, m->status.power);
}

void power_measure(struct modem *m, const char *when)
{
    const struct mcu *mcu = slot_mcu(&m->slot);
    if (mcu == NULL) {
        return;
    }
    describe(m);
    slot_measure(&m->slot, on_measured);
    if (m->recovery.open) {
        const struct link_hello_answer *hello = mcu_hello(mcu);
        log_event(LOG_INFO, "modem.board", "modem=%s when=%s slot=\"%s\" boots=%u cause=%s brown_outs=%u",
                  m->options.name, when, m->status.power, (unsigned)hello->boots,
                  link_cause_name(hello->cause), hello->brown_outs);
    }
}
