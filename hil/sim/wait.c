#include "wait.h"

#include "board.h"
#include "pins.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct waiting {
    struct waiting *next;
    struct client *client;
    struct modem *m;
    uint64_t (*value)(const struct modem *, const char *name); /* reached when it is at least the goal */
    uint64_t goal;
    char name[32];
    struct timer timeout;
};

static struct waiting *waitings;

/* ---- what can be waited for ---- */

static uint64_t is_idle(const struct modem *m, const char *name)
{
    (void)name;
    return at_idle(m) && network_on_way(m) == 0 && network_queued(m) == 0;
}

static uint64_t is_quiet(const struct modem *m, const char *name)
{
    (void)name;
    return at_idle(m);
}

static uint64_t has_cnmi(const struct modem *m, const char *name)
{
    (void)name;
    return m->v.cnmi[CNMI_MT] != 0 || m->v.cnmi[CNMI_DS] != 0;
}

static uint64_t is_prompting(const struct modem *m, const char *name)
{
    (void)name;
    return m->at.entering && !m->at.held && m->at.release.slot == 0;
}

static uint64_t is_held(const struct modem *m, const char *name)
{
    return m->at.held && (name[0] == '\0' || strcmp(m->at.stage, name) == 0);
}

static uint64_t is_running(const struct modem *m, const char *name)
{
    (void)name;
    return m->at.running;
}

static uint64_t is_ready(const struct modem *m, const char *name)
{
    (void)name;
    return m->power == POWER_ON && m->card == CARD_READY;
}

static uint64_t is_registered(const struct modem *m, const char *name)
{
    (void)name;
    return modem_registered(m);
}

static uint64_t is_empty(const struct modem *m, const char *name)
{
    int used = 0;
    (void)name;
    for (int i = 0; i < STORES; i++)
        used += store_used(&m->stores[i]);
    return used + network_queued(m) + network_on_way(m) == 0;
}

static uint64_t is_drained(const struct modem *m, const char *name)
{
    (void)name;
    return network_queued(m) + network_on_way(m) == 0;
}

static uint64_t is_closed(const struct modem *m, const char *name)
{
    (void)name;
    return m->port.clients == 0;
}

static uint64_t is_opened(const struct modem *m, const char *name)
{
    (void)name;
    return m->port.clients > 0;
}

static uint64_t is_vanished(const struct modem *m, const char *name)
{
    (void)name;
    return !port_is_open(&m->port);
}

static uint64_t is_present(const struct modem *m, const char *name)
{
    (void)name;
    return port_is_open(&m->port);
}

static uint64_t is_cured(const struct modem *m, const char *name)
{
    (void)name;
    return m->hang == HANG_NONE && m->power == POWER_ON;
}

static uint64_t is_off(const struct modem *m, const char *name)
{
    (void)name;
    return m->power == POWER_OFF;
}

static uint64_t is_connected(const struct modem *m, const char *name)
{
    (void)name;
    return pins_has(m) && board_connected(m->board);
}

static uint64_t has_status(const struct modem *m, const char *name)
{
    (void)name;
    return m->pmu.status;
}

static uint64_t has_no_status(const struct modem *m, const char *name)
{
    (void)name;
    return !m->pmu.status;
}

static uint64_t is_latched(const struct modem *m, const char *name)
{
    (void)name;
    return m->pmu.latched;
}

static uint64_t counter_value(const struct modem *m, const char *name)
{
    for (int c = 0; c < COUNTER_COUNT; c++)
        if (strcmp(modem_counter_name((enum counter)c), name) == 0)
            return m->counters[c];
    return 0;
}

static const struct {
    const char *name;
    bool named; /* a further word says of what */
    uint64_t (*value)(const struct modem *, const char *name);
} events[] = {
    {"idle", false, is_idle},
    {"quiet", false, is_quiet},
    {"cnmi", false, has_cnmi},
    {"prompting", false, is_prompting},
    {"held", true, is_held},
    {"running", false, is_running},
    {"ready", false, is_ready},
    {"registered", false, is_registered},
    {"empty", false, is_empty},
    {"drained", false, is_drained},
    {"closed", false, is_closed},
    {"opened", false, is_opened},
    {"vanished", false, is_vanished},
    {"present", false, is_present},
    {"cured", false, is_cured},
    {"off", false, is_off},
    {"connected", false, is_connected},
    {"status", false, has_status},
    {"no-status", false, has_no_status},
    {"latched", false, is_latched},
    {"cmd", true, modem_command_count},
};

enum { EVENTS = sizeof events / sizeof events[0] };

static bool is_counter(const char *name)
{
    for (int c = 0; c < COUNTER_COUNT; c++)
        if (strcmp(modem_counter_name((enum counter)c), name) == 0)
            return true;
    return false;
}

/* ---- waiting ---- */

static void finish(struct waiting *w, bool ok)
{
    char text[96];
    struct waiting **at = &waitings;
    struct client *client = w->client;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    timer_stop(&w->timeout);
    snprintf(text, sizeof text, ok ? "%" PRIu64 : "timeout, at %" PRIu64, w->value(w->m, w->name));
    free(w);
    control_answer(client, ok, text); /* last: it may begin another wait */
}

static void on_timeout(void *arg)
{
    finish(arg, false);
}

void wait_check(void)
{
    struct waiting *w = waitings;
    while (w != NULL) {
        if (w->value(w->m, w->name) < w->goal) {
            w = w->next;
            continue;
        }
        finish(w, true);
        w = waitings; /* the list may be another one now */
    }
}

void wait_forget(const struct client *client)
{
    for (struct waiting **at = &waitings; *at != NULL;) {
        struct waiting *w = *at;
        if (w->client != client) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        timer_stop(&w->timeout);
        free(w);
    }
}

/* wait M EVENT [NAME] [N] TIMEOUT_MS: the event's words lie between the third and the last. */
static bool understand(struct waiting *w, const struct words *words)
{
    int at = 3, last = words->n - 1, n = 1;
    const char *event = words->v[2];
    for (int i = 0; i < EVENTS; i++)
        if (strcmp(events[i].name, event) == 0) {
            w->value = events[i].value;
            if (events[i].named && at < last)
                snprintf(w->name, sizeof w->name, "%s", words->v[at++]);
        }
    if (w->value == NULL && is_counter(event)) {
        w->value = counter_value;
        snprintf(w->name, sizeof w->name, "%s", event);
    }
    if (w->value == NULL || (at < last && !words_number(words->v[at++], &n)) || at != last || n < 0)
        return false;
    w->goal = (uint64_t)n;
    return true;
}

enum verb_result wait_begin(struct request *r)
{
    int timeout_ms;
    struct waiting *w = calloc(1, sizeof *w);
    if (w == NULL)
        abort();
    *w = (struct waiting){.client = r->client, .m = r->m, .timeout = {.fn = on_timeout, .arg = w}};
    if (!words_number(r->words->v[r->words->n - 1], &timeout_ms) || !understand(w, r->words)) {
        free(w);
        return verb_fail(r, "usage: wait M EVENT [NAME] [N] TIMEOUT_MS");
    }
    w->next = waitings;
    waitings = w;
    timer_set(&w->timeout, (int64_t)timeout_ms * 1000);
    return VERB_LATER;
}
