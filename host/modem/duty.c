/* What is asked between messages: registration while there is none, the signal each 30 s, a sweep each 5 min.
 * Otherwise the line is quiet: registration comes as URCs.
 *
 * Modems lose the routing of new messages silently (+CNMI), or give it up when an acknowledgement is late. It
 * is said again when they are registered anew, when a sweep finds what they should have told of, after what
 * they got no +CNMA for, and each 15 min in which something was sent, because its reports would be missed
 * unseen. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/modem/answer.h"
#include "host/modem/life.h"

#define SEARCH_MS   15000
#define TICK_MS     30000
#define SWEEP_TICKS 10
#define CNMI_TICKS  30
#define GOOD_MS     600000
#define ANSWER_MS   10000
#define RADIO_MS    30000
#define RADIO       (CHORE_RADIO_OFF | CHORE_RADIO_ON)

void duty_reassert(struct modem *m)
{
    if (m->cnmi[0] != '\0') {
        m->chores |= CHORE_CNMI;
    }
}

static void judge_registration(struct modem *m)
{
    bool on_net = answer_registered(m->creg) || answer_registered(m->cereg);
    int before = m->status.registration;
    m->status.registration = answer_registered(m->creg)    ? m->creg
                             : answer_registered(m->cereg) ? m->cereg
                             : m->creg >= 0                ? m->creg
                                                           : m->cereg;
    if (m->life == LIFE_REGISTERING && !on_net) {
        bool denied = m->creg == 3 || m->cereg == 3;
        modem_condition(m, denied ? "registration denied by the network" : "searching for a network");
    }
    if (before != m->status.registration) {
        log_event(LOG_INFO, "modem.registration", "modem=%s stat=%d", m->options.name,
                  m->status.registration);
        modem_changed(m);
    }
    if (m->life == LIFE_REGISTERING && on_net) {
        m->chores |= CHORE_OPERATOR | CHORE_SIGNAL;
        duty_reassert(m);
        m->on_net_since_ms = clock_mono_ms();
        inbox_sweep(m); /* what waited for us is coming now, or came in the gap */
        modem_event(m, EVENT_ON_NET, "registered");
    } else if (!on_net) {
        modem_event(m, EVENT_OFF_NET, "registration lost");
    }
}

/* +CGREG and +C5GREG say nothing of SMS by themselves. */
void duty_registration(struct modem *m, const char *line)
{
    int stat = answer_registration(line);
    if (stat < 0) {
        return;
    }
    if (strncasecmp(line, "+CREG:", 6) == 0) {
        m->creg = stat;
    } else if (strncasecmp(line, "+CEREG:", 7) == 0) {
        m->cereg = stat;
    } else {
        return;
    }
    if (m->life == LIFE_REGISTERING || m->life == LIFE_READY) {
        judge_registration(m);
    }
}

static void on_registration_line(void *arg, const char *line, const char *body)
{
    (void)body;
    duty_registration(arg, line);
}

static void on_operator(void *arg, const char *line, const char *body)
{
    struct modem *m = arg;
    (void)body;
    answer_field(line, 2, m->status.operator_name, sizeof m->status.operator_name);
    modem_changed(m);
}

static void on_signal(void *arg, const char *line, const char *body)
{
    struct modem *m = arg;
    (void)body;
    m->strikes = 0;
    m->status.signal_dbm = answer_signal_dbm(line);
    modem_changed(m);
}

static void on_done(void *arg, const struct at_result *result, const char *first)
{
    (void)first;
    if (!modem_unanswered(arg, result)) {
        modem_pump(arg);
    }
}

struct chore_row {
    enum chore chore;
    const char *text; /* NULL = the +CNMI that init.c found */
    const char *expect;
    bool (*accepts)(const char *line);
    void (*on_line)(void *arg, const char *line, const char *body);
};

static const struct chore_row chores[] = {
    {CHORE_RADIO_OFF, "AT+CFUN=4", NULL, NULL, NULL},
    {CHORE_RADIO_ON, "AT+CFUN=1", NULL, NULL, NULL},
    {CHORE_HANGUP, "ATH", NULL, NULL, NULL},
    {CHORE_CNMI, NULL, NULL, NULL, NULL},
    {CHORE_CREG, "AT+CREG?", "+CREG:", answer_registration_is_reply, on_registration_line},
    {CHORE_CEREG, "AT+CEREG?", "+CEREG:", answer_registration_is_reply, on_registration_line},
    {CHORE_OPERATOR, "AT+COPS?", "+COPS:", NULL, on_operator},
    {CHORE_SIGNAL, "AT+CSQ", "+CSQ:", NULL, on_signal},
};

bool duty_waits(const struct modem *m)
{
    return m->chores != 0;
}

void duty_work(struct modem *m)
{
    const struct chore_row *row = chores;
    char text[40];
    while ((m->chores & row->chore) == 0) {
        row++;
    }
    m->chores &= ~(unsigned)row->chore;
    snprintf(text, sizeof text, "AT+CNMI=%s", m->cnmi);
    at_command(&m->at, &(struct at_command){.text = row->text ? row->text : text,
                                            .expect = row->expect,
                                            .accepts = row->accepts,
                                            .deadline_ms = row->chore & RADIO ? RADIO_MS : ANSWER_MS,
                                            .on_line = row->on_line,
                                            .on_done = on_done});
}

static void tick_routing(struct modem *m)
{
    bool sent = m->send.job.attempt_id != m->routed_attempt;
    if (m->inbox.unrouted > 0) {
        m->inbox.unrouted--;
        duty_reassert(m);
    }
    if (m->polls % CNMI_TICKS == 0 && sent) {
        m->routed_attempt = m->send.job.attempt_id;
        duty_reassert(m);
    }
}

static void tick_online(struct modem *m)
{
    m->polls++;
    m->chores |= CHORE_SIGNAL;
    if (m->polls % SWEEP_TICKS == 0 || m->inbox.again) {
        inbox_sweep(m);
        m->inbox.routine = true;
    }
    tick_routing(m);
    if (clock_mono_ms() - m->on_net_since_ms >= GOOD_MS) {
        ladder_good(m);
        recovery_over(m, false);
    }
}

static void on_poll(void *arg)
{
    struct modem *m = arg;
    if (m->life == LIFE_REGISTERING) {
        m->chores |= CHORE_CREG | CHORE_CEREG;
    } else {
        tick_online(m);
    }
    timer_set(&m->poll, m->life == LIFE_REGISTERING ? SEARCH_MS : TICK_MS);
    modem_pump(m);
}

void duty_begin(struct modem *m)
{
    if (m->life == LIFE_REGISTERING) {
        modem_condition(m, "searching for a network");
        inbox_doubt(m); /* also after a silence, in which the SIM may have been changed */
        m->chores |= CHORE_CREG | CHORE_CEREG;
        timer_set(&m->poll, SEARCH_MS);
        ladder_await_network(m);
    } else if (!timer_armed(&m->poll)) {
        timer_set(&m->poll, TICK_MS);
    }
    if (m->life == LIFE_READY && !answer_registered(m->creg) && !answer_registered(m->cereg)) {
        modem_event(m, EVENT_OFF_NET, "registration lost meanwhile");
        return;
    }
    if (m->send.phase == SEND_NONE) {
        modem_pump(m);
    }
}

void duty_stop(struct modem *m)
{
    timer_stop(&m->poll);
}

void duty_setup(struct modem *m)
{
    timer_init(&m->poll, m->loop, on_poll, m);
    inbox_setup(m);
}
