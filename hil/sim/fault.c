#include "fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "modem.h"

void fault_add(struct modem *m, const struct fault *rule)
{
    struct fault **at = &m->faults.rules, *f = malloc(sizeof *f);
    if (f == NULL)
        abort();
    *f = *rule;
    f->next = NULL;
    while (*at != NULL)
        at = &(*at)->next;
    *at = f;
}

bool fault_take(struct modem *m, const char *stage, unsigned kinds, struct fault *out)
{
    for (struct fault **at = &m->faults.rules; *at != NULL; at = &(*at)->next) {
        struct fault *f = *at;
        bool named = strcmp(f->stage, "*") == 0 || strcasecmp(f->stage, stage) == 0;
        if (!named || !(kinds & 1u << f->kind))
            continue;
        *out = *f;
        if (f->left > 0 && --f->left == 0) {
            *at = f->next;
            free(f);
        }
        return true;
    }
    return false;
}

static void tap_free_first(struct faults *faults)
{
    struct tap *t = faults->taps;
    faults->taps = t->next;
    free(t);
}

void fault_clear(struct modem *m)
{
    while (m->faults.rules != NULL) {
        struct fault *f = m->faults.rules;
        m->faults.rules = f->next;
        free(f);
    }
    while (m->faults.taps != NULL)
        tap_free_first(&m->faults);
    m->faults.when = WHEN_NEVER;
    m->port.fragment = 0;
}

void fault_tap(struct modem *m, size_t after, bool at_line_end, const char *text)
{
    struct tap **at = &m->faults.taps, *t = calloc(1, sizeof *t);
    if (t == NULL)
        abort();
    t->after = after;
    t->at_line_end = at_line_end;
    snprintf(t->text, sizeof t->text, "%s", text);
    while (*at != NULL && (*at)->after <= after) /* soonest first */
        at = &(*at)->next;
    t->next = *at;
    *at = t;
}

void fault_accident(struct modem *m, enum accident accident, enum accident_when when, size_t after)
{
    m->faults.accident = accident;
    m->faults.when = when;
    m->faults.accident_after = after;
}

static void strike(struct modem *m)
{
    m->faults.when = WHEN_NEVER;
    switch (m->faults.accident) {
    case ACCIDENT_VANISH: modem_vanish(m); break;
    case ACCIDENT_REBOOT: modem_reboot(m); break;
    case ACCIDENT_HANG: modem_hang(m, HANG_POWER); break;
    case ACCIDENT_OFF: modem_power(m, false); break;
    }
}

bool fault_happens(struct modem *m, enum accident_when when)
{
    struct faults *f = &m->faults;
    if (f->when != when)
        return false;
    if (when != WHEN_ACCEPTED && f->accident_after > 0 && --f->accident_after > 0)
        return false;
    strike(m);
    return true;
}

static bool tap_ready(const struct faults *f, const struct tap *t)
{
    return t->after == 0 && (!t->at_line_end || memcmp(f->last_bytes, "\r\n", 2) == 0);
}

static void run_taps(struct modem *m)
{
    while (m->faults.taps != NULL && tap_ready(&m->faults, m->faults.taps)) {
        port_write(&m->port, m->faults.taps->text, strlen(m->faults.taps->text));
        tap_free_first(&m->faults);
    }
}

/* One byte of an answer passes: every tap is one byte nearer. */
static void pass_byte(struct modem *m, char byte)
{
    struct faults *f = &m->faults;
    port_write(&m->port, &byte, 1);
    f->last_bytes[0] = f->last_bytes[1];
    f->last_bytes[1] = byte;
    for (struct tap *t = f->taps; t != NULL; t = t->next)
        t->after -= t->after > 0;
    run_taps(m);
}

void fault_write_answer(struct modem *m, const char *data, size_t len)
{
    if (m->faults.taps == NULL && m->faults.when != WHEN_ANSWER_BYTE) {
        port_write(&m->port, data, len);
        return;
    }
    run_taps(m);
    for (size_t i = 0; i < len; i++) {
        pass_byte(m, data[i]);
        if (fault_happens(m, WHEN_ANSWER_BYTE))
            return;
    }
}
