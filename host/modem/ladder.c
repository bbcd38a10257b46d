/* Recovery: the model's table of rungs, climbed one try after the other until the modem is ready again. A
 * rung without means (no slot to cycle, no port to write to) is skipped. The last is rest, longer each time:
 * 1, 5, 15, 60 min; then it begins anew. It starts at the bottom after a message went out, or ten minutes on
 * the network on end.
 *
 * Of the slot's rungs only those are climbed that the board can do now. What it refuses ends the climb.
 *
 * A port that is another during a rest, or back, was plugged in again: the modem is looked for at once. It
 * gets no resets for that, lest one that comes and goes by itself be reset without end.
 *
 * No network is no fault of the modem, and costs it no rest: the radio is switched off and on after about 10
 * min, the module reset after 20 more, once, the radio again after 40, 80 and so on to 6 h: fewer than ten a
 * day, never the power. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/base/secret.h"
#include "host/modem/life.h"

#define LOOK_MS       5000
#define SEARCH_MS     600000
#define SEARCH_MAX_MS 21600000

void ladder_good(struct modem *m)
{
    memset(&m->ladder, 0, sizeof m->ladder);
}

static bool has_means(const struct modem *m, enum model_rung_action action)
{
    switch (action) {
    case RUNG_RESYNC: return m->port.fd >= 0;
    case RUNG_CFUN_RESET: return m->port.fd >= 0 && !m->ladder.replugged;
    case RUNG_RESET_PULSE:
    case RUNG_PWRKEY:
    case RUNG_POWER_CYCLE: return power_has_means(m, action) && !m->ladder.replugged;
    case RUNG_REOPEN:
    case RUNG_QUARANTINE: return true;
    }
    return false;
}

/* A rung of the slot whose board is away, or cannot do it, is left out, and that is told. */
static bool is_open(const struct modem *m, enum model_rung_action action)
{
    bool means = has_means(m, action);
    if (!means && slot_mcu(&m->slot) == NULL && m->status.power[0] != '\0' && action >= RUNG_RESET_PULSE) {
        log_event(LOG_WARN, "modem.rung_left_out", "modem=%s rung=%s reason=\"%s\"", m->options.name,
                  recovery_name(action), m->status.power);
    }
    return means;
}

static const struct model_rung *next_rung(struct modem *m, enum model_rung_action at_least)
{
    struct ladder *ladder = &m->ladder;
    const struct model_rung *rung = &m->model->ladder[ladder->rung];
    while (rung->action != RUNG_QUARANTINE &&
           (rung->action < at_least || ladder->tries >= rung->tries || !is_open(m, rung->action))) {
        ladder->rung++;
        ladder->tries = 0;
        rung++;
    }
    ladder->tries++;
    return rung;
}

static struct node node_of(const struct modem *m)
{
    struct stat found;
    if (stat(strchr(m->options.port, ':') + 1, &found) < 0) {
        return (struct node){.there = false};
    }
    return (struct node){.there = true,
                         .device = found.st_dev,
                         .inode = found.st_ino,
                         .number = found.st_rdev,
                         .changed_s = found.st_ctim.tv_sec,
                         .changed_ns = found.st_ctim.tv_nsec};
}

static bool is_same(const struct node *a, const struct node *b)
{
    return a->there == b->there && a->device == b->device && a->inode == b->inode && a->number == b->number &&
           a->changed_s == b->changed_s && a->changed_ns == b->changed_ns;
}

static void rest_on(struct modem *m, int64_t left)
{
    timer_set(&m->life_timer, left < LOOK_MS ? left : LOOK_MS);
}

static void rest(struct modem *m, const char *reason)
{
    static const int minutes[] = {1, 5, 15, 60};
    unsigned last = sizeof minutes / sizeof minutes[0] - 1;
    int wait = minutes[m->ladder.rests < last ? m->ladder.rests : last];
    modem_condition(m, "nothing helped (%.50s); next try in %d min", reason, wait);
    modem_enter(m, LIFE_RESTING, reason);
    m->ladder = (struct ladder){.rests = m->ladder.rests + 1,
                                .searches = m->ladder.searches,
                                .rest_until_ms = clock_mono_ms() + (int64_t)wait * 60000,
                                .port = node_of(m)};
    rest_on(m, (int64_t)wait * 60000);
}

bool ladder_rests(struct modem *m)
{
    struct node port = node_of(m);
    int64_t left = m->ladder.rest_until_ms - clock_mono_ms();
    m->ladder.replugged = port.there && !is_same(&port, &m->ladder.port);
    m->ladder.port = port;
    if (m->ladder.replugged) {
        log_event(LOG_INFO, "modem.replugged", "modem=%s port=%s", m->options.name, m->options.port);
    }
    if (m->ladder.replugged || left <= 0) {
        return false;
    }
    rest_on(m, left);
    return true;
}

static void reset_enter(struct modem *m, enum model_rung_action action, const char *reason)
{
    modem_condition(m, "recovery: %s (%.60s)", recovery_name(action), reason);
    modem_enter(m, LIFE_RESETTING, reason);
}

static void reset_begin(struct modem *m, enum model_rung_action action, int settle_ms, const char *reason)
{
    reset_enter(m, action, reason);
    timer_set(&m->life_timer, settle_ms > 0 ? settle_ms : m->model->boot_ms);
}

/* The port stays open until it has left, and what comes meanwhile is ignored. */
static void reset_module(struct modem *m, int settle_ms, const char *reason)
{
    m->status.resets++;
    reset_begin(m, RUNG_CFUN_RESET, settle_ms, reason);
    at_blind(&m->at, "AT+CFUN=1,1");
}

static void close_port(struct modem *m)
{
    at_detach(&m->at);
    port_close(&m->port);
}

/* What the board refused, for its rate limit or its supply, it would refuse by any other pin too: no more of
 * it before the next climb. Whatever else went wrong, the modem may have been started: the probe tells. */
void ladder_power_done(struct modem *m, int status)
{
    const struct model_rung *rung = &m->model->ladder[m->ladder.rung];
    if (status < 0) {
        log_event(LOG_ERROR, "modem.power", "modem=%s rung=%s error=\"%s\"", m->options.name,
                  recovery_name(rung->action), slot_why(&m->slot));
    }
    if (m->life != LIFE_RESETTING) {
        return;
    }
    if (status == -EAGAIN) {
        char reason[64];
        snprintf(reason, sizeof reason, "%s %.50s", recovery_name(rung->action), slot_why(&m->slot));
        recovery_refused(m, rung->action);
        ladder_climb(m, RUNG_QUARANTINE, reason);
    } else {
        if (slot_was_forced(&m->slot) &&
            rung->action != RUNG_POWER_CYCLE) { /* it did more than that rung is named for */
            recovery_trouble(m, RUNG_POWER_CYCLE, "did not end by PWRKEY");
        }
        power_came(m, rung->settle_ms > 0 ? rung->settle_ms : m->model->boot_ms);
    }
}

void ladder_climb(struct modem *m, enum model_rung_action at_least, const char *reason)
{
    const struct model_rung *rung = next_rung(m, at_least);
    m->strikes = 0;
    recovery_trouble(m, rung->action, reason);
    log_event(LOG_WARN, "modem.rung", "modem=%s rung=%s try=%d reason=\"%s\"", m->options.name,
              recovery_name(rung->action), m->ladder.tries, reason);
    switch (rung->action) {
    case RUNG_RESYNC: modem_enter(m, LIFE_SUSPECT, reason); break;
    case RUNG_REOPEN:
        reset_begin(m, rung->action, rung->settle_ms, reason);
        close_port(m);
        break;
    case RUNG_CFUN_RESET: reset_module(m, rung->settle_ms, reason); break;
    case RUNG_RESET_PULSE:
    case RUNG_PWRKEY:
    case RUNG_POWER_CYCLE:
        m->status.resets++;
        reset_enter(m, rung->action, reason);
        power_cycle(m, rung->action, reason);
        break;
    case RUNG_QUARANTINE: rest(m, reason); break;
    }
}

/* ---- no network ---- */

/* Each time twice as long, and a fifth more or less: a whole fleet shall not search at once. */
void ladder_await_network(struct modem *m)
{
    int64_t wait = SEARCH_MS;
    uint16_t random;
    for (unsigned i = 0; i < m->ladder.searches && wait < SEARCH_MAX_MS; i++) {
        wait *= 2;
    }
    secret_random(&random, sizeof random);
    wait = wait < SEARCH_MAX_MS ? wait : SEARCH_MAX_MS;
    timer_set(&m->life_timer, wait * (800 + random % 401) / 1000);
}

void ladder_search(struct modem *m)
{
    if (m->creg == 3 || m->cereg == 3) { /* denied: a person must look */
        ladder_await_network(m);
        return;
    }
    m->ladder.searches++;
    log_event(LOG_WARN, "modem.search", "modem=%s try=%u", m->options.name, m->ladder.searches);
    if (m->ladder.searches == 2) {
        reset_module(m, 0, "no network");
        return;
    }
    m->chores |= CHORE_RADIO_OFF | CHORE_RADIO_ON;
    ladder_await_network(m);
    modem_pump(m);
}
