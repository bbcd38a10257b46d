/* The SIM's part of the start up: its PIN, its identity. A modem never waits here for a person: PIN, PUK and
 * a foreign SIM stop it with a condition. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/base/log.h"
#include "host/modem/answer.h"
#include "host/modem/init.h"

bool init_ask_pin_state(struct modem *m, char *out, size_t size)
{
    m->init.sim_missing = false;
    snprintf(out, size, "AT+CPIN?");
    return !m->init.cpin_mute;
}

static enum next no_pin_state(struct modem *m, const struct at_result *result)
{
    if (result->final == AT_CME && result->code == 10) {
        modem_condition(m, "no SIM in the modem");
        timer_set(&m->life_timer, PREPARE_MS); /* resets do not help: a person must bring one */
        m->init.sim_missing = true;
        return m->init.switched_on ? SLOWLY : NEXT;
    }
    return init_again_or_stuck(m, init_is_busy(result) ? "SIM busy" : "SIM does not answer");
}

/* A SIM that is missing may be one that another program has switched off with the radio: then it is switched
 * on, once. */
bool init_ask_switched_off(struct modem *m, char *out, size_t size)
{
    snprintf(out, size, "%s", m->init.variant == 0 ? "AT+CFUN?" : "AT+CFUN=1");
    return m->init.sim_missing;
}

enum next init_got_switched_off(struct modem *m, const struct at_result *result, const char *first)
{
    bool told = m->init.variant == 0 && result->final == AT_OK && first[0] != '\0';
    if (told && answer_int(first, 0, 1) != 1) {
        return VARIANT;
    }
    m->init.switched_on = m->init.variant == 1;
    return PIN_SLOWLY;
}

/* Messages need no second PIN. */
static bool is_ready(const char *state)
{
    return strcmp(state, "READY") == 0 || strcmp(state, "SIM PIN2") == 0 || strcmp(state, "SIM PUK2") == 0;
}

enum next init_got_pin_state(struct modem *m, const struct at_result *result, const char *first)
{
    char value[32];
    answer_value(first, value, sizeof value);
    if (first[0] == '\0') {
        return no_pin_state(m, result);
    }
    m->init.pin_needed = strcmp(value, "SIM PIN") == 0;
    m->init.pin_tries = -1;
    if (m->init.pin_needed && !m->init.pin_accepted) {
        return NEXT;
    }
    if (is_ready(value)) {
        return NEXT;
    }
    if (m->init.pin_needed || strcmp(value, "NOT READY") == 0) {
        return init_again_or_stuck(m, "SIM not ready");
    }
    modem_condition(m, "SIM says %s: it needs a person", value);
    return STOP;
}

bool init_ask_iccid(struct modem *m, char *out, size_t size)
{
    const char *query = init_variant(m->model->iccid_queries, m->init.variant);
    snprintf(out, size, "%s", query ? query : "");
    return query && m->status.iccid[0] == '\0';
}

enum next init_got_iccid(struct modem *m, const struct at_result *result, const char *first)
{
    if (init_is_busy(result) && !init_waited(m, INIT_NUMBER_MAX_MS)) {
        return AGAIN;
    }
    return answer_iccid(first, m->status.iccid) ? NEXT : VARIANT;
}

bool init_ask_pin_tries(struct modem *m, char *out, size_t size)
{
    const char *query = init_variant(m->model->pin_tries_queries, m->init.variant);
    snprintf(out, size, "%s", query ? query : "");
    return query && m->init.pin_needed;
}

enum next init_got_pin_tries(struct modem *m, const struct at_result *result, const char *first)
{
    (void)result;
    m->init.pin_tries = answer_pin_tries(first);
    return m->init.pin_tries >= 0 ? NEXT : VARIANT;
}

bool init_tells_tries(const char *line)
{
    return answer_pin_tries(line) >= 0;
}

static void record_refusal(struct modem *m)
{
    int status = pin_refused(m);
    if (status < 0) {
        log_event(LOG_ERROR, "modem.pin", "modem=%s error=\"refusal not recorded: %s\"", m->options.name,
                  strerror(-status));
    }
}

/* The last look before it is entered. */
enum next init_check_pin(struct modem *m)
{
    const char *why_not = NULL;
    char tries[32] = "";
    if (!m->init.pin_needed) {
        if (m->init.pin_tried) {
            pin_forget(m); /* its answer was lost: it was right */
        }
        m->init.pin_tried = false;
        return NEXT;
    }
    if (m->init.pin_tries >= 0) {
        snprintf(tries, sizeof tries, ", %d tries left", m->init.pin_tries);
    }
    if (!pin_may_try(m, m->init.pin_tries, &why_not)) {
        if (pin_cost_a_try(m, m->init.pin_tries)) {
            record_refusal(m);
        }
        modem_condition(m, "SIM PIN needed%s: %s", tries, why_not);
        return STOP;
    }
    int status = pin_remember(m);
    if (status < 0) {
        modem_condition(m, "SIM PIN not tried: cannot write to state_dir: %s", strerror(-status));
        return STOP;
    }
    m->init.pin_tried = true;
    log_event(LOG_INFO, "modem.pin", "modem=%s tries=%d", m->options.name, m->init.pin_tries);
    return NEXT;
}

bool init_enter_pin(struct modem *m, char *out, size_t size)
{
    snprintf(out, size, "AT+CPIN=\"%s\"", m->options.pin);
    return m->init.pin_needed;
}

/* Not allowed (it asked for none), PUK required, incorrect password. */
static bool refuses(const struct at_result *result)
{
    return result->final == AT_CME && (result->code == 3 || result->code == 12 || result->code == 16);
}

static enum next pin_is_wrong(struct modem *m, const struct at_result *result)
{
    record_refusal(m);
    modem_condition(m, "SIM refused the PIN (%s)", result->text);
    return STOP;
}

static enum next pin_not_taken(struct modem *m, const struct at_result *result)
{
    modem_condition(m, "SIM PIN entered in vain (%s)", result->text);
    return STOP;
}

enum next init_pin_entered(struct modem *m, const struct at_result *result, const char *first)
{
    (void)first;
    if (!m->init.pin_needed) {
        return NEXT;
    }
    if (result->final == AT_OK) {
        m->init.pin_needed = m->init.pin_tried = false;
        m->init.pin_accepted = true;
        pin_forget(m);
        return PIN;
    }
    if (init_is_busy(result)) {
        modem_condition(m, "SIM busy");
        return PIN_SLOWLY; /* the record stands: only all tries left let it be entered again */
    }
    m->init.pin_needed = m->init.pin_tried = false;
    return refuses(result) ? pin_is_wrong(m, result) : pin_not_taken(m, result);
}

enum next init_got_imsi(struct modem *m, const struct at_result *result, const char *first)
{
    if (first[0] == '\0' && init_is_busy(result) && !init_waited(m, INIT_BUSY_MAX_MS)) {
        return AGAIN;
    }
    init_keep(first, m->status.imsi, sizeof m->status.imsi);
    return NEXT;
}

bool init_ask_number(struct modem *m, char *out, size_t size)
{
    snprintf(m->status.number, sizeof m->status.number, "%s", m->options.number);
    snprintf(out, size, "AT+CNUM");
    return m->options.number[0] == '\0';
}

enum next init_got_number(struct modem *m, const struct at_result *result, const char *first)
{
    if (init_is_busy(result) && !init_waited(m, INIT_NUMBER_MAX_MS)) {
        return AGAIN;
    }
    answer_own_number(first, m->status.number, sizeof m->status.number);
    return NEXT;
}

enum next init_report_sim(struct modem *m)
{
    if (m->up->ops->sim(m->up, m->status.iccid, m->status.imsi, m->status.number) == -EPERM) {
        modem_condition(m, "another SIM than this line's is in the modem");
        return STOP;
    }
    return NEXT;
}
