/* One segment: AT+CMGS at once and the in-flight mark at the same time; the PDU and Ctrl-Z in one write when
 * the prompt is there and the mark is on disk; the outcome at the final result (TS 27.005 clause 4.3).
 * Nothing else per message.
 *
 * RETRY while Ctrl-Z is not the kernel's: nothing can have left. From then on a result that does not come
 * (deadline, port gone, modem restarted) is UNSURE, never anything else; and until the deadline nothing is
 * written on that port. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/modem/answer.h"
#include "host/modem/life.h"
#include "host/modem/send.h"

#define OK_MS         5000  /* from +CMGS: to its OK, which follows at once unless a URC tore it */
#define COMMIT_MS     20000 /* the store does not answer: give the prompt back */
#define SILENCES_MAX  3
#define FAULTS_MAX    3
#define ERROR_CARRIER 30008 /* "unknown error" */
#define CTRL_Z        '\x1A'

/* ---- outcomes ---- */

static const struct model_error *find_error(const struct model_error *errors, int code)
{
    while (errors->code != -1 && errors->code != code) {
        errors++;
    }
    return errors;
}

/* A bare ERROR says as much as 500, "unknown error". */
static const struct model_error *error_of(const struct modem *m, const struct at_result *result)
{
    bool cme = result->final == AT_CME;
    return find_error(cme ? m->model->cme_errors : m->model->cms_errors,
                      result->final == AT_ERROR ? 500 : result->code);
}

struct settlement send_settlement(const struct modem *m, const struct at_result *result)
{
    const struct model_error *error = error_of(m, result);
    bool line_rests =
        error->carrier_fault && !error->stuck; /* no message does better here before that time */
    return (struct settlement){
        .outcome = error->outcome,
        .mr = -1,
        .error_code = error->error_code,
        .reason = result->text,
        .retry_after_ms = line_rests ? 0 : error->retry_after_ms,
        .carrier_fault = error->carrier_fault,
        .rest_ms = line_rests ? error->retry_after_ms : 0,
    };
}

struct settlement send_plain(enum outcome outcome, const char *reason)
{
    return (struct settlement){.outcome = outcome,
                               .mr = -1,
                               .error_code = outcome == OUTCOME_SENT ? 0 : ERROR_CARRIER,
                               .reason = reason,
                               .carrier_fault = outcome == OUTCOME_RETRY};
}

void send_log(const struct modem *m, const struct settlement *s, int64_t attempt_id)
{
    log_event(s->outcome == OUTCOME_SENT ? LOG_DEBUG : LOG_WARN, "modem.outcome",
              "modem=%s attempt=%lld outcome=%d mr=%d reason=\"%s\"", m->options.name, (long long)attempt_id,
              (int)s->outcome, s->mr, s->reason);
}

/* The job is over. The state is set before the router hears of it, so that it may submit the next from
 * inside. */
static void settle(struct modem *m, const struct settlement *s)
{
    int64_t attempt_id = m->send.job.attempt_id;
    m->send.phase = SEND_NONE;
    timer_stop(&m->send.commit);
    send_log(m, s, attempt_id);
    modem_event(m, EVENT_DONE, "settled");
    if (m->send.sim_changed) {
        m->send.sim_changed = false;
        modem_event(m, EVENT_RESTARTED, "SIM changed");
    }
    m->up->ops->settle(m->up, attempt_id, s);
    if (m->stopped && m->send.phase == SEND_NONE) {
        modem_event(m, EVENT_ENDED, "stop");
    } else if (m->life == LIFE_READY) {
        modem_changed(m);
    }
}

/* The network has this job, whatever becomes of the OK. A job that still waits has only its forerunner's
 * mark. */
static bool is_accepted(const struct send *send)
{
    return send->phase == SEND_RESULT && send->accepted;
}

void send_interrupt(struct modem *m, const char *reason)
{
    struct send *send = &m->send;
    if (send->phase == SEND_NONE) {
        return;
    }
    if (is_accepted(send)) {
        struct settlement sent = send_plain(OUTCOME_SENT, reason);
        sent.mr = send->mr;
        settle(m, &sent);
        return;
    }
    bool unsure = send->phase == SEND_RESULT && at_written(&m->at);
    if (unsure) {
        m->no_escape = true;
        send->silences++;
    }
    struct settlement s = send_plain(unsure ? OUTCOME_UNSURE : OUTCOME_RETRY, reason);
    settle(m, &s);
}

/* A result that blames the modem: a few in a row, and it is reset; but a message for which it was reset
 * already is itself to blame, and its next failures cost it a try each. */
static void blame(struct modem *m, struct settlement *s)
{
    struct send *send = &m->send;
    if (send->job.message_id == send->reset_for) {
        s->carrier_fault = false;
    } else {
        send->faults++;
    }
}

/* A result was heard: what it says of the modem itself. It may have to be reset before it gets another job.
 */
static void judge(struct modem *m, const struct at_result *result, struct settlement *s)
{
    m->send.phase = SEND_NONE;
    m->send.silences = 0;
    if (result->final != AT_OK && error_of(m, result)->stuck) {
        blame(m, s);
    } else {
        m->send.faults = 0;
    }
    if (result->final == AT_CMS && (result->code == 208 || result->code == 322)) {
        inbox_sweep(m); /* storage full: what can be fetched makes room */
    }
    if (s->outcome == OUTCOME_SENT) {
        m->strikes = 0;
        ladder_good(m);
        recovery_over(m, true);
    }
    if (m->send.faults >= FAULTS_MAX) {
        m->send.faults = 0;
        m->send.reset_for = m->send.job.message_id;
        modem_event(m, EVENT_STUCK, s->reason);
    }
}

/* ---- the dialogue ---- */

static void release(struct modem *m)
{
    struct send *send = &m->send;
    if (send->prompted && send->permit == 0 && power_is_low(m)) {
        modem_event(m, EVENT_SILENCE, "supply too low to send"); /* the prompt is left by ESC */
    } else if (send->prompted && send->permit == 0) {
        timer_stop(&send->commit);
        send->phase = SEND_RESULT;
        at_payload(&m->at, send->pdu, send->pdu_len, m->model->send_result_ms);
    }
}

/* The mark was refused (a cancelled message): no settlement is owed. At the prompt the sync that follows a
 * silence backs out by ESC. */
static void withdraw(struct modem *m, enum life_event event)
{
    m->send.phase = SEND_NONE;
    timer_stop(&m->send.commit);
    modem_event(m, m->stopped ? EVENT_ENDED : event, "message withdrawn");
    if (m->life == LIFE_READY) {
        modem_changed(m);
        modem_pump(m);
    }
}

static void on_prompt(void *arg)
{
    struct modem *m = arg;
    if (m->send.permit < 0) {
        withdraw(m, EVENT_SILENCE);
        return;
    }
    m->send.prompted = true;
    timer_set(&m->send.commit, COMMIT_MS);
    release(m);
}

static void on_in_flight(void *arg, int status)
{
    struct ticket ticket;
    struct modem *m = ticket_take(arg, &ticket);
    if (!m || m->send.phase != SEND_PROMPT || m->send.job.attempt_id != ticket.attempt_id) {
        return;
    }
    m->send.permit = status < 0 ? status : 0;
    if (status < 0 && m->send.prompted) {
        withdraw(m, EVENT_SILENCE);
    } else if (status == 0) {
        release(m);
    }
}

static void on_commit_late(void *arg)
{
    modem_event(arg, EVENT_SILENCE, "the store did not answer in time");
}

/* "+CMGS: <mr>[,<ackpdu>]"; anything cut or torn has no reference that could be trusted. */
int send_reference(const char *line)
{
    int mr = answer_int(line, 0, -1);
    return mr <= 255 ? mr : -1;
}

static void on_line(void *arg, const char *line, const char *body)
{
    struct modem *m = arg;
    (void)body;
    if (m->send.phase == SEND_RESULT) {
        m->send.mr = send_reference(line);
        m->send.accepted = true;
        at_hasten(&m->at, OK_MS);
    }
}

/* No prompt was given: nothing has left, whatever the code says of the network. */
static struct settlement before_payload(const struct modem *m, const struct at_result *result)
{
    struct settlement s = send_settlement(m, result);
    if (s.outcome == OUTCOME_UNSURE || s.outcome == OUTCOME_SENT) {
        s.outcome = OUTCOME_RETRY;
    }
    return s;
}

static void on_done(void *arg, const struct at_result *result, const char *first)
{
    struct modem *m = arg;
    struct send *send = &m->send;
    (void)first;
    if (send->phase == SEND_RESULT && result->final == AT_TIMEOUT && !send->accepted &&
        send->silences + 1 >= SILENCES_MAX) {
        m->status.timeouts++;
        send->silences = 0;
        modem_event(m, EVENT_STUCK, "no result, again and again");
        return;
    }
    if (modem_unanswered(m, result)) {
        return;
    }
    if (send->phase == SEND_PROMPT && result->final == AT_OK) {
        modem_event(m, EVENT_SILENCE, "OK in place of a prompt");
        return;
    }
    if (send->phase == SEND_PROMPT && send->permit < 0) {
        withdraw(m, EVENT_DONE); /* refused by both sides */
        return;
    }
    struct settlement s = send->phase == SEND_PROMPT ? before_payload(m, result) : send_settlement(m, result);
    if (result->final == AT_OK || is_accepted(send)) {
        s = send_plain(OUTCOME_SENT, result->text);
        s.mr = send->mr;
    }
    power_measure(m, "sent");
    judge(m, result, &s);
    settle(m, &s);
    modem_pump(m);
}

static void refuse(struct modem *m, enum outcome outcome, const char *reason)
{
    snprintf(m->send.reason, sizeof m->send.reason, "%s", reason);
    m->send.refusal = send_plain(outcome, NULL);
    timer_set(&m->send.refuse, 0);
}

void send_start(struct modem *m)
{
    struct send *send = &m->send;
    char text[32];
    if (power_is_low(m)) {
        refuse(m, OUTCOME_RETRY, "supply too low to send");
        return;
    }
    snprintf(text, sizeof text, "AT+CMGS=%zu", send->tpdu_len);
    const struct at_command command = {
        .text = text,
        .expect = "+CMGS:",
        .prompt = true,
        .deadline_ms = m->model->prompt_ms,
        .on_line = on_line,
        .on_prompt = on_prompt,
        .on_done = on_done,
    };
    send->phase = SEND_PROMPT;
    send->prompted = false;
    send->permit = 1;
    send->mr = -1;
    send->accepted = false;
    if (at_command(&m->at, &command) < 0) {
        send->phase = SEND_WAITING;
        return;
    }
    power_burst(m);
    struct ticket *ticket = ticket_new(m);
    ticket->attempt_id = send->job.attempt_id;
    m->up->ops->in_flight(m->up, send->job.attempt_id, on_in_flight, ticket);
}

bool send_waits(const struct modem *m)
{
    return m->send.phase == SEND_WAITING;
}

/* ---- the job ---- */

/* TP-VP is what is left of the validity. */
static enum pdu_error encode(struct send *send)
{
    const struct job *job = &send->job;
    int64_t left_ms = job->expires_ms - clock_wall_ms();
    const struct pdu_submit submit = {
        .to = job->to,
        .status_report = job->status_report,
        .udhi = job->udhi,
        .vp_relative = pdu_vp_from_seconds(left_ms > 0 ? left_ms / 1000 : 0),
        .dcs = job->dcs,
        .udl = job->udl,
        .ud = job->ud,
        .ud_len = job->ud_len,
    };
    enum pdu_error error = pdu_encode_submit(&submit, send->pdu, &send->tpdu_len);
    if (error == PDU_OK) {
        send->pdu_len = strlen(send->pdu);
        send->pdu[send->pdu_len++] = CTRL_Z;
    }
    return error;
}

static void on_refuse(void *arg)
{
    struct modem *m = arg;
    if (m->send.phase == SEND_WAITING) {
        m->send.refusal.reason = m->send.reason;
        settle(m, &m->send.refusal);
    }
}

void send_submit(struct modem *m, const struct job *job)
{
    struct send *send = &m->send;
    if (send->phase != SEND_NONE) {
        fatal("modem %s has a job already", m->options.name);
    }
    send->job = *job;
    send->phase = SEND_WAITING;
    if (m->life != LIFE_READY || m->stopped || power_is_low(m)) {
        refuse(m, OUTCOME_RETRY, "modem not ready");
        return;
    }
    enum pdu_error error = encode(send);
    modem_event(m, EVENT_JOB, "job");
    if (error != PDU_OK) {
        refuse(m, OUTCOME_REJECT, pdu_error_text(error));
        return;
    }
    modem_pump(m);
}

void send_setup(struct modem *m)
{
    timer_init(&m->send.commit, m->loop, on_commit_late, m);
    timer_init(&m->send.refuse, m->loop, on_refuse, m);
}
