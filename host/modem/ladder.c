/* Recovery: the model's table of rungs, climbed one try after the other until the modem is ready again. A
 * rung without means (no slot to cycle, no port to write to) is skipped. The last is rest, longer each time:
 * 1, 5, 15, 60 min; then it begins anew. It starts at the bottom after a message went out, or ten minutes of
 * READY. */
#include <stdio.h>
#include <string.h>

#include "host/base/log.h"
#include "host/modem/life.h"

static const char *const names[] = {"resync", "reopen", "cfun", "power", "quarantine"};

void ladder_good(struct modem *m)
{
    memset(&m->ladder, 0, sizeof m->ladder);
}

static bool has_means(const struct modem *m, enum model_rung_action action)
{
    switch (action) {
    case RUNG_RESYNC:
    case RUNG_CFUN_RESET: return m->port.fd >= 0;
    case RUNG_POWER_CYCLE: return slot_present(&m->slot);
    case RUNG_REOPEN:
    case RUNG_QUARANTINE: return true;
    }
    return false;
}

static const struct model_rung *next_rung(struct modem *m, enum model_rung_action at_least)
{
    struct ladder *ladder = &m->ladder;
    const struct model_rung *rung = &m->model->ladder[ladder->rung];
    while (rung->action != RUNG_QUARANTINE &&
           (rung->action < at_least || ladder->tries >= rung->tries || !has_means(m, rung->action))) {
        ladder->rung++;
        ladder->tries = 0;
        rung++;
    }
    ladder->tries++;
    return rung;
}

static void rest(struct modem *m, const char *reason)
{
    static const int minutes[] = {1, 5, 15, 60};
    unsigned last = sizeof minutes / sizeof minutes[0] - 1;
    int wait = minutes[m->ladder.rests < last ? m->ladder.rests : last];
    unsigned rests = m->ladder.rests + 1;
    ladder_good(m);
    m->ladder.rests = rests;
    modem_condition(m, "nothing helped (%.50s); next try in %d min", reason, wait);
    modem_enter(m, LIFE_RESTING, reason);
    timer_set(&m->life_timer, (int64_t)wait * 60000);
}

static void reset_begin(struct modem *m, const struct model_rung *rung, const char *reason)
{
    modem_condition(m, "recovery: %s (%.60s)", names[rung->action], reason);
    modem_enter(m, LIFE_RESETTING, reason);
    timer_set(&m->life_timer, rung->settle_ms);
}

static void close_port(struct modem *m)
{
    at_detach(&m->at);
    port_close(&m->port);
}

static void on_cycled(void *arg, int status)
{
    struct modem *m = arg;
    if (status < 0) {
        log_event(LOG_ERROR, "modem.power", "modem=%s error=\"%s\"", m->options.name, strerror(-status));
    }
}

void ladder_climb(struct modem *m, enum model_rung_action at_least, const char *reason)
{
    const struct model_rung *rung = next_rung(m, at_least);
    log_event(LOG_WARN, "modem.rung", "modem=%s rung=%s try=%d reason=\"%s\"", m->options.name,
              names[rung->action], m->ladder.tries, reason);
    switch (rung->action) {
    case RUNG_RESYNC: modem_enter(m, LIFE_SUSPECT, reason); break;
    case RUNG_REOPEN:
        reset_begin(m, rung, reason);
        close_port(m);
        break;
    case RUNG_CFUN_RESET:
        m->status.resets++;
        reset_begin(m, rung, reason);
        at_blind(
            &m->at,
            "AT+CFUN=1,1"); /* the port stays open until it has left, and what comes meanwhile is ignored */
        break;
    case RUNG_POWER_CYCLE:
        m->status.resets++;
        reset_begin(m, rung, reason);
        close_port(m);
        slot_cycle(&m->slot, on_cycled, m);
        break;
    case RUNG_QUARANTINE: rest(m, reason); break;
    }
}
