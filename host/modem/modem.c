#include "host/modem/modem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/modem/life.h"

#define SYNC_TRIES      5
#define ABSENT_CYCLE_MS 30000 /* a port that stays away this long: the slot's power */
#define STRIKES_MAX     3

#define IN(life) (1u << (life))
#define LINKED                                                                                               \
    (IN(LIFE_SYNCING) | IN(LIFE_PREPARING) | IN(LIFE_REGISTERING) | IN(LIFE_READY) | IN(LIFE_SENDING) |      \
     IN(LIFE_SUSPECT))
#define WORKING (IN(LIFE_PREPARING) | IN(LIFE_REGISTERING) | IN(LIFE_READY) | IN(LIFE_SENDING))
#define ONLINE  (IN(LIFE_REGISTERING) | IN(LIFE_READY) | IN(LIFE_SENDING))

static void enter_absent(struct modem *);
static void enter_listening(struct modem *);
static void enter_syncing(struct modem *);
static void enter_suspect(struct modem *);
static void enter_resting(struct modem *);
static void enter_dark(struct modem *);
static void enter_ended(struct modem *);

/* ---- the life as a table ---- */

struct life_row {
    const char *name;
    enum carrier_state state;
    void (*enter)(struct modem *);
    int timeout_ms; /* then EVENT_WAITED; 0 = none, or set by the entry */
};

static const struct life_row lives[LIVES] = {
    [LIFE_NEW] = {"new", CARRIER_STARTING, NULL, 0},
    [LIFE_ABSENT] = {"absent", CARRIER_RECOVERY, enter_absent, 0},
    [LIFE_LISTENING] = {"listening", CARRIER_STARTING, enter_listening, 0},
    [LIFE_SYNCING] = {"syncing", CARRIER_STARTING, enter_syncing, 0},
    [LIFE_PREPARING] = {"preparing", CARRIER_STARTING, init_begin, PREPARE_MS},
    [LIFE_REGISTERING] = {"registering", CARRIER_STARTING, duty_begin, 0},
    [LIFE_READY] = {"ready", CARRIER_READY, duty_begin, 0},
    [LIFE_SENDING] = {"sending", CARRIER_BUSY, NULL, 0},
    [LIFE_SUSPECT] = {"suspect", CARRIER_SUSPECT, enter_suspect, 0},
    [LIFE_RESETTING] = {"resetting", CARRIER_RECOVERY, NULL, 0},
    [LIFE_DARK] = {"dark", CARRIER_RECOVERY, enter_dark, 0},
    [LIFE_RESTING] = {"resting", CARRIER_QUARANTINED, enter_resting, 0},
    [LIFE_STOPPED] = {"stopped", CARRIER_STOPPED, NULL, 0},
    [LIFE_ENDED] = {"ended", CARRIER_STOPPED, enter_ended, 0},
};

/* Where an event leads. CLIMB is no state: the ladder decides. An event without a row is nothing to its
 * state. */
#define CLIMB LIVES
struct transition {
    unsigned from;
    enum life_event event;
    int to;
    enum model_rung_action at_least; /* of CLIMB */
};

static const struct transition transitions[] = {
    {IN(LIFE_ABSENT), EVENT_OPENED, LIFE_SYNCING, 0},
    {IN(LIFE_ABSENT), EVENT_OPENED_LISTEN, LIFE_LISTENING, 0},
    {IN(LIFE_ABSENT), EVENT_STUCK, CLIMB, RUNG_RESET_PULSE},
    {LINKED | IN(LIFE_ABSENT) | IN(LIFE_LISTENING) | IN(LIFE_RESTING) | IN(LIFE_STOPPED), EVENT_DARK,
     LIFE_DARK, 0},
    {LINKED | IN(LIFE_LISTENING) | IN(LIFE_STOPPED), EVENT_GONE, LIFE_ABSENT, 0},
    {IN(LIFE_LISTENING), EVENT_HEARD, LIFE_SYNCING, 0},
    {IN(LIFE_SYNCING) | IN(LIFE_SUSPECT), EVENT_SYNCED, LIFE_PREPARING, 0},
    {IN(LIFE_SUSPECT), EVENT_RESUMED, LIFE_REGISTERING, 0},
    {IN(LIFE_SYNCING) | IN(LIFE_SUSPECT), EVENT_BOOTS, LIFE_ABSENT, 0},
    {IN(LIFE_SYNCING) | IN(LIFE_SUSPECT), EVENT_MUTE, CLIMB, RUNG_RESYNC},
    {IN(LIFE_PREPARING), EVENT_PREPARED, LIFE_REGISTERING, 0},
    {IN(LIFE_PREPARING), EVENT_REFUSED, LIFE_STOPPED, 0},
    {IN(LIFE_REGISTERING), EVENT_ON_NET, LIFE_READY, 0},
    {IN(LIFE_READY), EVENT_OFF_NET, LIFE_REGISTERING, 0},
    {IN(LIFE_READY), EVENT_JOB, LIFE_SENDING, 0},
    {IN(LIFE_SENDING), EVENT_DONE, LIFE_READY, 0},
    {WORKING, EVENT_SILENCE, LIFE_SUSPECT, 0},
    {WORKING | IN(LIFE_SUSPECT) | IN(LIFE_STOPPED), EVENT_RESTARTED, LIFE_SYNCING, 0},
    {WORKING, EVENT_STUCK, CLIMB, RUNG_CFUN_RESET},
    {IN(LIFE_PREPARING), EVENT_WAITED, CLIMB, RUNG_CFUN_RESET},
    {IN(LIFE_RESETTING), EVENT_RESTARTED, LIFE_SYNCING, 0},
    {IN(LIFE_RESETTING) | IN(LIFE_RESTING) | IN(LIFE_DARK), EVENT_WAITED, LIFE_ABSENT, 0},
    {~0u, EVENT_ENDED, LIFE_ENDED, 0},
};

static bool is_in(const struct modem *m, unsigned set)
{
    return (IN(m->life) & set) != 0;
}

/* A message a second flips READY and SENDING: worth a line only to who debugs. */
static void log_entry(const struct modem *m, enum life to, const char *reason)
{
    bool routine =
        (m->life == LIFE_READY && to == LIFE_SENDING) || (m->life == LIFE_SENDING && to == LIFE_READY);
    bool bad = to == LIFE_SUSPECT || to == LIFE_RESETTING || to == LIFE_RESTING || to == LIFE_STOPPED;
    char text[160];
    log_event(routine ? LOG_DEBUG
              : bad   ? LOG_WARN
                      : LOG_INFO,
              "modem.state", "modem=%s from=%s to=%s reason=%s", m->options.name, lives[m->life].name,
              lives[to].name, log_quote(reason, strlen(reason), text, sizeof text));
}

void modem_changed(struct modem *m)
{
    if (m->up) {
        m->up->ops->changed(m->up);
    }
}

/* The one place where the state changes. A job that cannot go on is settled when the state already says why
 * none can follow. */
void modem_enter(struct modem *m, enum life to, const char *reason)
{
    log_entry(m, to, reason);
    bool routine = to == LIFE_SENDING || (to == LIFE_READY && m->life == LIFE_SENDING);
    m->life = to;
    m->life_since_ms = clock_mono_ms();
    m->status.state = lives[to].state;
    if (!routine) {
        m->status.since_ms = clock_wall_ms();
    }
    timer_stop(&m->life_timer);
    if (lives[to].timeout_ms > 0) {
        timer_set(&m->life_timer, lives[to].timeout_ms);
    }
    if (!is_in(m, ONLINE)) {
        duty_stop(m);
        init_stop(m);
        send_interrupt(m, reason);
    }
    if (to == LIFE_READY) {
        modem_condition(m, "%s", "");
        recovery_ready(m);
    }
    if (!routine && m->life == to) {
        modem_changed(m);
    }
    if (m->life == to && lives[to].enter) {
        lives[to].enter(m);
    }
}

void modem_event(struct modem *m, enum life_event event, const char *reason)
{
    for (size_t i = 0; i < sizeof transitions / sizeof transitions[0]; i++) {
        const struct transition *t = &transitions[i];
        if (t->event != event || !is_in(m, t->from)) {
            continue;
        }
        if (t->to == CLIMB) {
            ladder_climb(m, t->at_least, reason);
        } else {
            modem_enter(m, (enum life)t->to, reason);
        }
        return;
    }
}

static void on_life_timer(void *arg)
{
    struct modem *m = arg;
    if (m->life == LIFE_ABSENT) {
        enter_absent(m);
    } else if (m->life == LIFE_REGISTERING) {
        ladder_search(m);
    } else if (m->life != LIFE_RESTING || !ladder_rests(m)) {
        modem_event(m, EVENT_WAITED, "time is over");
    }
}

void modem_condition(struct modem *m, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(m->status.condition, sizeof m->status.condition, fmt, args);
    va_end(args);
}

/* ---- the port ---- */

/* Quickly at first: a modem that re-enumerates is back in a second or two. */
static int reopen_ms(unsigned tries)
{
    static const int waits[] = {100, 200, 400, 800, 1500, 3000};
    return tries < sizeof waits / sizeof waits[0] ? waits[tries] : 5000;
}

static void port_failed(struct modem *m, int status)
{
    if (m->opens == 0) {
        log_event(LOG_WARN, "modem.port", "modem=%s port=%s error=%s", m->options.name, m->options.port,
                  strerror(-status));
        m->absent_since_ms = clock_mono_ms();
    }
    modem_condition(m, "port %s: %s", m->options.port, strerror(-status));
    if (m->opens == 0) {
        modem_changed(m);
    }
    timer_set(&m->life_timer, reopen_ms(m->opens++));
    if (slot_can(&m->slot, SLOT_CUT) && clock_mono_ms() - m->absent_since_ms >= ABSENT_CYCLE_MS) {
        m->opens = 0;
        modem_event(m, EVENT_STUCK, "port stays away");
    }
}

static void enter_absent(struct modem *m)
{
    at_detach(&m->at);
    port_close(&m->port);
    if (slot_is_dark(&m->slot)) {
        power_look(m);
        return;
    }
    int status = port_open(&m->port, m->options.port, m->options.baud);
    if (status < 0) {
        port_failed(m, status);
        return;
    }
    m->opens = 0;
    m->no_escape = false;
    at_attach(&m->at, m->port.fd);
    modem_event(m, m->listen_count > 0 ? EVENT_OPENED_LISTEN : EVENT_OPENED, "port open");
}

static void on_gone(void *arg, int error)
{
    struct modem *m = arg;
    port_close(&m->port);
    listen_end(m, "port gone");
    if (is_in(m, WORKING)) {
        recovery_trouble(m, RUNG_REOPEN, strerror(-error));
    }
    modem_event(m, EVENT_GONE, strerror(-error));
}

static void enter_listening(struct modem *m)
{
    modem_condition(m, "listening for the outcome of an attempt from before the restart");
}

static void on_synced(void *arg, int status)
{
    struct modem *m = arg;
    if (status < 0 && clock_mono_ms() < m->boots_until_ms) {
        modem_event(m, EVENT_BOOTS, "still boots");
    } else if (status < 0) {
        modem_event(m, EVENT_MUTE, "no answer to AT");
    } else {
        modem_event(m, m->prepared ? EVENT_RESUMED : EVENT_SYNCED, "answers");
    }
}

static void sync_begin(struct modem *m)
{
    bool escape = !m->no_escape;
    m->no_escape = false; /* the result's time is over: the next one may */
    at_sync(&m->at, escape, SYNC_TRIES, on_synced);
}

static void enter_syncing(struct modem *m)
{
    m->prepared = false;
    inbox_reset(m);
    sync_begin(m);
}

static void enter_suspect(struct modem *m)
{
    modem_condition(m, "a command got no answer");
    sync_begin(m);
}

static void enter_resting(struct modem *m)
{
    at_detach(&m->at);
    port_close(&m->port);
}

static void enter_dark(struct modem *m)
{
    at_detach(&m->at);
    port_close(&m->port);
    listen_end(m, "no power");
}

static void enter_ended(struct modem *m)
{
    timer_stop(&m->listen_timer);
    at_detach(&m->at);
    port_close(&m->port);
    if (m->stopped) {
        loop_soon(m->loop, m->stopped, m->stopped_arg);
        m->stopped = NULL;
    }
}

bool modem_unanswered(struct modem *m, const struct at_result *result)
{
    if (result->final == AT_GONE) {
        return true; /* on_gone follows */
    }
    if (result->final != AT_TIMEOUT) {
        return false;
    }
    char reason[48]; /* without what follows '=': that may be a PIN */
    snprintf(reason, sizeof reason, "no answer to %.*s", (int)strcspn(m->at.text, "="), m->at.text);
    m->status.timeouts++;
    m->strikes++;
    recovery_trouble(m, RUNG_RESYNC, reason);
    modem_event(m, m->strikes > STRIKES_MAX ? EVENT_STUCK : EVENT_SILENCE, reason);
    return true;
}

/* ---- who is next ---- */

/* Messages and everything else take turns when both wait. */
void modem_pump(struct modem *m)
{
    if (!at_idle(&m->at) || !is_in(m, ONLINE)) {
        return;
    }
    bool other = inbox_waits(m) || duty_waits(m);
    if (m->inbox.acks == 0 && send_waits(m) && !(m->inbox_turn && other)) {
        m->inbox_turn = true;
        send_start(m);
    } else if (other) {
        m->inbox_turn = false;
        if (inbox_waits(m)) {
            inbox_work(m);
        } else {
            duty_work(m);
        }
    }
}

/* "+CPIN: READY" is no news; anything else means that the SIM part is to be done again, but not while a
 * message's result is awaited. */
static void sim_changed(struct modem *m, const char *line)
{
    m->init.cpin_mute = false;
    if (strstr(line, ": READY")) {
        return;
    }
    if (m->life == LIFE_SUSPECT) {
        m->prepared = false; /* not to be resumed as it was */
    }
    if (!is_in(m, ONLINE | IN(LIFE_STOPPED))) {
        return;
    }
    if (m->send.phase == SEND_RESULT) {
        m->send.sim_changed = true;
    } else {
        modem_event(m, EVENT_RESTARTED, "SIM changed");
    }
}

static void on_urc(void *arg, enum at_urc urc, const char *line, const char *body)
{
    struct modem *m = arg;
    switch (urc) {
    case AT_URC_NONE:
    case AT_URC_NOISE:
    case AT_URC_CBM: break;
    case AT_URC_CMTI:
    case AT_URC_CDSI:
    case AT_URC_CMT:
    case AT_URC_CDS:
    case AT_URC_FULL:
    case AT_URC_SMS_READY: inbox_urc(m, urc, line, body); break;
    case AT_URC_REG: duty_registration(m, line); break;
    case AT_URC_CALL: m->chores |= CHORE_HANGUP; break;
    case AT_URC_POWER:
        log_event(LOG_WARN, "modem.power", "modem=%s urc=\"%s\"", m->options.name, line);
        break;
    case AT_URC_SIM: sim_changed(m, line); break;
    case AT_URC_RESET:
    case AT_URC_ECHO:
        at_forget_unanswered(&m->at);
        m->init.cpin_mute = false;
        listen_end(m, "modem restarted");
        modem_event(m, EVENT_RESTARTED,
                    urc == AT_URC_ECHO ? "echo is back: the modem has restarted" : "modem restarted");
        break;
    }
    modem_pump(m);
}

static void on_stray(void *arg, const char *line)
{
    struct modem *m = arg;
    if (m->life == LIFE_LISTENING) {
        listen_line(m, line);
    } else {
        char text[200];
        log_event(LOG_DEBUG, "modem.noise", "modem=%s line=%s", m->options.name,
                  log_quote(line, strlen(line), text, sizeof text));
    }
}

/* ---- tickets ---- */

struct ticket *ticket_new(struct modem *m)
{
    struct ticket *ticket = calloc(1, sizeof *ticket);
    if (!ticket) {
        fatal("no memory");
    }
    ticket->modem = m;
    ticket->next = m->tickets;
    ticket->link = &m->tickets;
    if (m->tickets) {
        m->tickets->link = &ticket->next;
    }
    m->tickets = ticket;
    return ticket;
}

struct modem *ticket_take(struct ticket *ticket, struct ticket *copy)
{
    *copy = *ticket;
    if (ticket->modem) {
        *ticket->link = ticket->next;
        if (ticket->next) {
            ticket->next->link = ticket->link;
        }
    }
    free(ticket);
    return copy->modem;
}

/* ---- the carrier's door ---- */

static struct modem *modem_of(struct carrier *carrier)
{
    return (struct modem *)carrier;
}

static void start(struct carrier *carrier, struct carrier_up *up, const struct job *in_flight, size_t count)
{
    struct modem *m = modem_of(carrier);
    m->up = up;
    if (count > 0) {
        listen_begin(m, in_flight, count);
    }
    if (port_check(m->options.port) < 0) {
        modem_condition(m, "port must be serial:/dev/... or pty:/path");
        modem_enter(m, LIFE_STOPPED, "port is not serial:/dev/... or pty:/path");
        return;
    }
    modem_enter(m, LIFE_ABSENT, "start");
}

static void submit(struct carrier *carrier, const struct job *job)
{
    send_submit(modem_of(carrier), job);
}

static void stop(struct carrier *carrier, void (*fn)(void *arg), void *arg)
{
    struct modem *m = modem_of(carrier);
    m->stopped = fn;
    m->stopped_arg = arg;
    if (m->send.phase != SEND_PROMPT && m->send.phase != SEND_RESULT) {
        modem_event(m, EVENT_ENDED, "stop");
    }
}

static void status(const struct carrier *carrier, struct carrier_status *out)
{
    const struct modem *m = (const struct modem *)carrier;
    *out = m->status;
    if (m->stopped && out->state == CARRIER_READY) {
        out->state = CARRIER_BUSY; /* on its way out: takes no more */
    } else if (out->state == CARRIER_READY && power_is_low(m)) {
        out->state = CARRIER_RECOVERY;
        snprintf(out->condition, sizeof out->condition, "nothing is sent: %.70s", m->status.power);
    }
}

static void options_fini(struct modem_options *options)
{
    const char *strings[] = {options->name,   options->port,   options->model,
                             options->slot,   options->pin,    options->state_dir,
                             options->number, options->module, options->timing};
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        free((char *)(uintptr_t)strings[i]);
    }
}

static void modem_free(struct carrier *carrier)
{
    struct modem *m = modem_of(carrier);
    struct timer *timers[] = {&m->life_timer, &m->poll,        &m->listen_timer,
                              &m->init.again, &m->send.commit, &m->send.refuse};
    for (size_t i = 0; i < sizeof timers / sizeof timers[0]; i++) {
        timer_stop(timers[i]);
    }
    for (struct ticket *ticket = m->tickets; ticket; ticket = ticket->next) {
        ticket->modem = NULL;
    }
    at_detach(&m->at);
    port_close(&m->port);
    slot_fini(&m->slot);
    inbox_reset(m);
    free(m->listen);
    explicit_bzero((char *)(uintptr_t)m->options.pin, strlen(m->options.pin));
    options_fini(&m->options);
    free(m);
}

static const struct carrier_ops ops = {start, submit, stop, status, modem_free};
static const struct at_events at_events = {on_urc, on_stray, on_gone};

static const char *copy(const char *text)
{
    char *own = strdup(text ? text : "");
    if (!own) {
        fatal("no memory");
    }
    return own;
}

static void options_copy(struct modem_options *own, const struct modem_options *from)
{
    *own = *from;
    own->name = copy(from->name);
    own->port = copy(from->port);
    own->model = copy(from->model);
    own->slot = copy(from->slot);
    own->pin = copy(from->pin);
    own->state_dir = copy(from->state_dir);
    own->number = copy(from->number);
    own->module = copy(from->module);
    own->timing = copy(from->timing);
}

/* The forced model, else (until the modem is identified) the last: it matches everything. */
static const struct model *first_model(const struct modem_options *options)
{
    const struct model *const *model = options->models;
    while (model[1] && strcmp(model[0]->name, options->model) != 0) {
        model++;
    }
    if (options->model[0] != '\0' && strcmp(model[0]->name, options->model) != 0) {
        log_event(LOG_WARN, "modem.model", "modem=%s error=\"no such model: %s; taking %s\"", options->name,
                  options->model, model[0]->name);
    }
    return *model;
}

struct carrier *modem_new(struct loop *loop, const struct modem_options *options)
{
    struct modem *m = calloc(1, sizeof *m);
    if (!m) {
        fatal("no memory");
    }
    m->carrier.ops = &ops;
    snprintf(m->carrier.name, sizeof m->carrier.name, "modem:%.26s", options->name);
    m->loop = loop;
    options_copy(&m->options, options);
    m->model = first_model(&m->options);
    m->status.registration = m->creg = m->cereg = -1;
    m->status.since_ms = clock_wall_ms();
    m->port.fd = -1;
    at_init(&m->at, loop, &at_events, m);
    timer_init(&m->life_timer, loop, on_life_timer, m);
    recovery_setup(m);
    power_setup(m);
    init_setup(m);
    duty_setup(m);
    send_setup(m);
    listen_setup(m);
    return &m->carrier;
}
