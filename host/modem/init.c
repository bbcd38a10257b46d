/* From a clean channel to a modem that may register, by negotiation: a table of steps, each one command whose
 * answer decides what follows. What a family does not know is asked and refused, and the next variant is
 * tried; only what SMS cannot do without (identity, SIM, PDU mode, a message store or else the messages as
 * they come) holds the start up. "SIM busy" and its kin are waited for; after a minute the modem is stuck.
 * The SIM's part is in init_sim.c. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/modem/answer.h"
#include "host/modem/init.h"

#define AGAIN_MS     1000
#define STORE_MAX_MS 30000
#define SLOWLY_MS    5000

struct step {
    const char *text; /* fixed, or */
    ask_fn *build;    /* made up */
    enum at_bare bare;
    int deadline_ms;
    bool (*accepts)(const char *line); /* of several lines, which counts; NULL = the first */
    answered_fn *answered;             /* NULL = the next step, whatever the answer */
};

/* ---- what is common ---- */

bool init_waited(const struct modem *m, int64_t ms)
{
    return clock_mono_ms() - m->init.step_since_ms >= ms;
}

/* SIM or module still starting (TS 27.007 clause 9.2, TS 27.005 clause 3.2.5; 256 and 515 are what some
 * makers add). */
bool init_is_busy(const struct at_result *result)
{
    static const int codes[] = {14, 256, 314, 515, 516};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if ((result->final == AT_CME || result->final == AT_CMS) && result->code == codes[i]) {
            return true;
        }
    }
    return false;
}

enum next init_again_or_stuck(struct modem *m, const char *what)
{
    modem_condition(m, "%s", what);
    return init_waited(m, INIT_BUSY_MAX_MS) ? STUCK : AGAIN;
}

const char *init_variant(const char *const *list, unsigned variant)
{
    for (unsigned i = 0; list && list[i]; i++) {
        if (i == variant) {
            return list[i];
        }
    }
    return NULL;
}

/* ---- identity ---- */

static enum next echo_off(struct modem *m, const struct at_result *result, const char *first)
{
    (void)first;
    m->at.echoes = 0;
    (void)result;
    return NEXT;
}

/* Nothing came back since ATE0: from now on an echo means that the modem has started anew. */
static enum next echo_is_off(struct modem *m, const struct at_result *result, const char *first)
{
    (void)first;
    (void)result;
    m->at.echo_off = m->at.echoes == 0;
    return NEXT;
}

void init_keep(const char *first, char *out, size_t size)
{
    if (first[0] != '\0') {
        answer_value(first, out, size);
    }
}

static enum next got_maker(struct modem *m, const struct at_result *result, const char *first)
{
    (void)result;
    init_keep(first, m->status.maker, sizeof m->status.maker);
    return NEXT;
}

static enum next got_model(struct modem *m, const struct at_result *result, const char *first)
{
    (void)result;
    init_keep(first, m->status.model, sizeof m->status.model);
    if (m->options.model[0] == '\0') {
        m->model = model_find(m->options.models, m->status.maker, m->status.model);
    }
    m->at.gap_ms = m->model->gap_ms;
    return NEXT;
}

static enum next got_firmware(struct modem *m, const struct at_result *result, const char *first)
{
    (void)result;
    init_keep(first, m->status.firmware, sizeof m->status.firmware);
    return NEXT;
}

static enum next got_imei(struct modem *m, const struct at_result *result, const char *first)
{
    char a[160], b[160];
    (void)result;
    init_keep(first, m->status.imei, sizeof m->status.imei);
    log_event(LOG_INFO, "modem.identity", "modem=%s maker=%s model=%s row=%s", m->options.name,
              log_quote(m->status.maker, strlen(m->status.maker), a, sizeof a),
              log_quote(m->status.model, strlen(m->status.model), b, sizeof b), m->model->name);
    return NEXT;
}

/* ---- radio and SMS ---- */

static bool ask_function(struct modem *m, char *out, size_t size)
{
    (void)m;
    snprintf(out, size, "%s", m->init.variant == 0 ? "AT+CFUN?" : "AT+CFUN=1");
    return true;
}

static enum next got_function(struct modem *m, const struct at_result *result, const char *first)
{
    bool off =
        m->init.variant == 0 && result->final == AT_OK && first[0] != '\0' && answer_int(first, 0, 1) != 1;
    return off ? VARIANT : NEXT;
}

static enum next pdu_mode(struct modem *m, const struct at_result *result, const char *first)
{
    (void)first;
    return result->final == AT_OK ? NEXT : init_again_or_stuck(m, "PDU mode refused so far");
}

static bool ask_phase(struct modem *m, char *out, size_t size)
{
    snprintf(out, size, "AT+CSMS=%d", m->model->csms);
    return true;
}

static enum next got_phase(struct modem *m, const struct at_result *result, const char *first)
{
    (void)first;
    m->inbox.csms = result->final == AT_OK && m->model->csms == 1;
    return NEXT;
}

static bool ask_store(struct modem *m, char *out, size_t size)
{
    const char *store = init_variant(m->model->cpms, m->init.variant);
    if (store) {
        snprintf(out, size, "AT+CPMS=\"%s\",\"%s\",\"%s\"", store, store, store);
    }
    return store != NULL;
}

/* Refused, or a store without places: the next. None of them: perhaps the SIM is still being read, so from
 * the first again; in the end without one, if the messages can come as they are. */
static enum next got_store(struct modem *m, const struct at_result *result, const char *first)
{
    const char *store = init_variant(m->model->cpms, m->init.variant);
    if (result->final == AT_OK && answer_int(first, 5, 1) > 0) {
        snprintf(m->inbox.main, sizeof m->inbox.main, "%s", store);
        snprintf(m->inbox.memory, sizeof m->inbox.memory, "%s", store);
        return NEXT;
    }
    if (!init_is_busy(result) && init_variant(m->model->cpms, m->init.variant + 1)) {
        return VARIANT;
    }
    m->init.variant = 0;
    if (!init_is_busy(result) && init_waited(m, STORE_MAX_MS)) {
        log_event(LOG_WARN, "modem.store",
                  "modem=%s error=\"no message store: messages are taken as they come\"", m->options.name);
        return NEXT;
    }
    return init_again_or_stuck(m, "no message store so far");
}

/* Whether "SR" can be chosen for reading: the first list of +CPMS=?. */
static enum next got_stores(struct modem *m, const struct at_result *result, const char *first)
{
    const char *name = strstr(first, "\"SR\""), *end = strchr(first, ')');
    (void)result;
    m->inbox.reads_sr = name && end && name < end;
    return NEXT;
}

/* Without a store: the messages themselves (mt=2). */
static const char *const direct[] = {"2,2,0,1,0", "1,2,0,1,0", "2,2,0,0,0", "1,2,0,0,0", NULL};

static bool has_store(const struct modem *m)
{
    return m->inbox.main[0] != '\0';
}

/* Reports that are stored (ds=2) mostly go to "SR": where it cannot be read, the rows that ask for that come
 * last. */
static const char *routing(const struct modem *m, unsigned variant)
{
    const char *const *rows = has_store(m) ? m->model->cnmi : direct;
    for (int last = 0; last <= 1; last++) {
        for (unsigned i = 0; rows[i]; i++) {
            bool stored = answer_int(rows[i], 3, 0) == 2 && !m->inbox.reads_sr;
            if (stored == (last == 1) && variant-- == 0) {
                return rows[i];
            }
        }
    }
    return NULL;
}

static bool ask_routing(struct modem *m, char *out, size_t size)
{
    const char *arguments = routing(m, m->init.variant);
    snprintf(m->cnmi, sizeof m->cnmi, "%s", arguments ? arguments : "");
    snprintf(out, size, "AT+CNMI=%s", m->cnmi);
    if (!arguments) {
        log_event(LOG_WARN, "modem.routing",
                  "modem=%s error=\"no +CNMI accepted: messages come with the sweep only\"", m->options.name);
    }
    return arguments != NULL;
}

static enum next got_routing(struct modem *m, const struct at_result *result, const char *first)
{
    (void)first;
    if (init_is_busy(result) && !init_waited(m, INIT_NUMBER_MAX_MS)) {
        return AGAIN;
    }
    if (result->final != AT_OK && !has_store(m) && !routing(m, m->init.variant + 1)) {
        modem_condition(m, "no message store, and messages do not come without one");
        return STUCK;
    }
    return result->final == AT_OK ? NEXT : VARIANT;
}

static enum next got_smsc(struct modem *m, const struct at_result *result, const char *first)
{
    char smsc[64] = "";
    answer_field(first, 0, smsc, sizeof smsc);
    if (result->final == AT_OK && smsc[0] == '\0') {
        log_event(LOG_WARN, "modem.smsc", "modem=%s error=\"the SIM names no SMS centre\"", m->options.name);
    }
    return NEXT;
}

static bool ask_bursts(struct modem *m, char *out, size_t size)
{
    snprintf(out, size, "AT+CMMS=2");
    return m->model->cmms;
}

static bool ask_extra(struct modem *m, char *out, size_t size)
{
    const char *extra = init_variant(m->model->init_extra, m->init.variant);
    snprintf(out, size, "%s", extra ? extra : "");
    return extra != NULL;
}

static enum next one_more(struct modem *m, const struct at_result *result, const char *first)
{
    (void)m;
    (void)result;
    (void)first;
    return VARIANT;
}

/* ---- the table ---- */

enum { SHORT_MS = 5000, LONG_MS = 30000 };

/* Steps without a command decide by themselves. */
static const struct {
    struct step step;
    enum next (*decide)(struct modem *);
} steps[] = {
    {{"ATE0", NULL, 0, SHORT_MS, NULL, echo_off}, NULL},
    {{"ATV1", NULL, 0, SHORT_MS, NULL, NULL}, NULL},
    {{"ATQ0", NULL, 0, SHORT_MS, NULL, NULL}, NULL},
    {{"AT+CMEE=1", NULL, 0, SHORT_MS, NULL, echo_is_off}, NULL},
    {{"AT&D0", NULL, 0, SHORT_MS, NULL, NULL}, NULL},
    {{"AT+CGMI", NULL, AT_BARE_TEXT, SHORT_MS, NULL, got_maker}, NULL},
    {{"AT+CGMM", NULL, AT_BARE_TEXT, SHORT_MS, NULL, got_model}, NULL},
    {{"AT+CGMR", NULL, AT_BARE_TEXT, SHORT_MS, NULL, got_firmware}, NULL},
    {{"AT+CGSN", NULL, AT_BARE_DIGITS, SHORT_MS, NULL, got_imei}, NULL},
    {{NULL, init_ask_pin_state, 0, SHORT_MS, NULL, init_got_pin_state}, NULL},
    {{NULL, init_ask_switched_off, 0, LONG_MS, NULL, init_got_switched_off}, NULL},
    {{NULL, init_ask_iccid, AT_BARE_DIGITS, SHORT_MS, NULL, init_got_iccid}, NULL},
    {{NULL, init_ask_pin_tries, 0, SHORT_MS, init_tells_tries, init_got_pin_tries}, NULL},
    {{NULL, NULL, 0, 0, NULL, NULL}, init_check_pin},
    {{NULL, init_enter_pin, 0, LONG_MS, NULL, init_pin_entered}, NULL},
    {{"AT+CIMI", NULL, AT_BARE_DIGITS, SHORT_MS, NULL, init_got_imsi}, NULL},
    {{NULL, init_ask_number, 0, SHORT_MS, NULL, init_got_number}, NULL},
    {{NULL, NULL, 0, 0, NULL, NULL}, init_report_sim},
    {{NULL, ask_function, 0, LONG_MS, NULL, got_function}, NULL},
    {{"AT+CMGF=0", NULL, 0, SHORT_MS, NULL, pdu_mode}, NULL},
    {{NULL, ask_phase, 0, SHORT_MS, NULL, got_phase}, NULL},
    {{NULL, ask_store, 0, LONG_MS, NULL, got_store}, NULL},
    {{"AT+CPMS=?", NULL, 0, LONG_MS, NULL, got_stores}, NULL},
    {{NULL, ask_routing, 0, SHORT_MS, NULL, got_routing}, NULL},
    {{"AT+CSCA?", NULL, 0, SHORT_MS, NULL, got_smsc}, NULL},
    {{NULL, ask_bursts, 0, SHORT_MS, NULL, NULL}, NULL},
    {{"AT+CREG=2", NULL, 0, SHORT_MS, NULL, NULL}, NULL},
    {{"AT+CEREG=2", NULL, 0, SHORT_MS, NULL, NULL}, NULL},
    {{"AT+COPS=3,0", NULL, 0, SHORT_MS, NULL, NULL}, NULL},
    {{NULL, ask_extra, 0, LONG_MS, NULL, one_more}, NULL},
};
#define STEPS (sizeof steps / sizeof steps[0])

static const char *step_text(struct modem *m, const struct step *step, char *out, size_t size)
{
    if (step->build) {
        return step->build(m, out, size) ? out : NULL;
    }
    return step->text;
}

/* What the information lines of this command begin with: "AT+CCID?" is answered by "+CCID: ...". */
static void expected(const char *text, char *out, size_t size)
{
    snprintf(out, size, "%.*s:", (int)strcspn(text + 2, "?="), text + 2);
}

static void on_done(void *arg, const struct at_result *result, const char *first);

static bool step_ask(struct modem *m, const struct step *step)
{
    char buffer[AT_TEXT_MAX], expect[AT_EXPECT_MAX];
    const char *text = step_text(m, step, buffer, sizeof buffer);
    if (!text) {
        return false;
    }
    expected(text, expect, sizeof expect);
    at_command(&m->at, &(struct at_command){.text = text,
                                            .expect = expect,
                                            .bare = step->bare,
                                            .accepts = step->accepts,
                                            .deadline_ms = step->deadline_ms,
                                            .on_done = on_done});
    explicit_bzero(buffer, sizeof buffer);
    return true;
}

static void step_to(struct modem *m, unsigned step)
{
    m->init.step = step;
    m->init.variant = 0;
    m->init.step_since_ms = clock_mono_ms();
}

static unsigned step_that_asks(ask_fn *build)
{
    unsigned step = 0;
    while (steps[step].step.build != build) {
        step++;
    }
    return step;
}

/* False when the steps wait for something, or are over. */
static bool follow(struct modem *m, enum next next)
{
    switch (next) {
    case NEXT: step_to(m, m->init.step + 1); return true;
    case VARIANT: m->init.variant++; return true;
    case PIN: step_to(m, step_that_asks(init_ask_pin_state)); return true;
    case PIN_SLOWLY:
        step_to(m, step_that_asks(init_ask_pin_state));
        timer_set(&m->init.again, SLOWLY_MS);
        return false;
    case AGAIN: timer_set(&m->init.again, AGAIN_MS); return false;
    case SLOWLY: timer_set(&m->init.again, SLOWLY_MS); return false;
    case STUCK: modem_event(m, EVENT_STUCK, m->status.condition); return false;
    case STOP: modem_event(m, EVENT_REFUSED, m->status.condition); return false;
    }
    return false;
}

static void run(struct modem *m)
{
    enum next next = NEXT;
    do {
        if (m->init.step == STEPS) {
            m->prepared = true;
            inbox_sweep(m);
            modem_event(m, EVENT_PREPARED, "prepared");
            return;
        }
        if (steps[m->init.step].decide) {
            next = steps[m->init.step].decide(m);
        } else if (step_ask(m, &steps[m->init.step].step)) {
            return;
        } else {
            next = NEXT;
        }
    } while (follow(m, next));
}

static void on_done(void *arg, const struct at_result *result, const char *first)
{
    struct modem *m = arg;
    answered_fn *answered = steps[m->init.step].step.answered;
    if (steps[m->init.step].step.build == init_ask_pin_state && result->final == AT_TIMEOUT &&
        strstr(first, "READY")) {
        m->init.cpin_mute = true; /* Wavecom says READY and no OK: not asked again in this session */
    }
    if (modem_unanswered(m, result)) {
        return;
    }
    if (follow(m, answered ? answered(m, result, first) : NEXT)) {
        run(m);
    }
}

static void on_again(void *arg)
{
    run(arg);
}

void init_begin(struct modem *m)
{
    m->status.iccid[0] = m->status.imsi[0] = '\0';
    m->creg = m->cereg = m->status.registration = -1;
    m->chores = 0;
    m->init.pin_needed = m->init.pin_accepted = m->init.switched_on = false;
    m->at.echo_off = false;
    step_to(m, 0);
    run(m);
}

void init_stop(struct modem *m)
{
    timer_stop(&m->init.again);
}

void init_setup(struct modem *m)
{
    timer_init(&m->init.again, m->loop, on_again, m);
}
