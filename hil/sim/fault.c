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

static bool names_stage(const struct modem *m, const char *stage)
{
    size_t len = strlen(m->at.stage);
    return strcmp(stage, "*") == 0 || (strncasecmp(stage, m->at.stage, len) == 0 &&
                                       (stage[len] == '\0' || strcmp(stage + len, m->at.operation) == 0));
}

bool fault_take(struct modem *m, unsigned kinds, struct fault *out)
{
    for (struct fault **at = &m->faults.rules; *at != NULL; at = &(*at)->next) {
        struct fault *f = *at;
        if (!names_stage(m, f->stage) || !(kinds & 1u << f->kind))
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

static void tap_free_first(struct taps *taps)
{
    struct tap *t = taps->first;
    taps->first = t->next;
    free(t);
}

void fault_clear(struct modem *m)
{
    while (m->faults.rules != NULL) {
        struct fault *f = m->faults.rules;
        m->faults.rules = f->next;
        free(f);
    }
    for (int i = 0; i < STREAMS; i++)
        while (m->faults.taps[i].first != NULL)
            tap_free_first(&m->faults.taps[i]);
    m->faults.when = WHEN_NEVER;
    m->port.fragment = 0;
}

void fault_tap(struct modem *m, enum stream stream, size_t after, bool at_line_end, const char *text)
{
    struct tap **at = &m->faults.taps[stream].first, *t = calloc(1, sizeof *t);
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

static bool tap_ready(const struct taps *taps)
{
    const struct tap *t = taps->first;
    return t != NULL && t->after == 0 && (!t->at_line_end || memcmp(taps->last_bytes, "\r\n", 2) == 0);
}

static void run_taps(struct modem *m, struct taps *taps)
{
    while (tap_ready(taps)) {
        port_write(&m->port, taps->first->text, strlen(taps->first->text));
        tap_free_first(taps);
    }
}

/* One byte of the stream passes: every tap is one byte nearer. */
static void pass_byte(struct modem *m, struct taps *taps, char byte)
{
    port_write(&m->port, &byte, 1);
    taps->last_bytes[0] = taps->last_bytes[1];
    taps->last_bytes[1] = byte;
    for (struct tap *t = taps->first; t != NULL; t = t->next)
        t->after -= t->after > 0;
    run_taps(m, taps);
}

void fault_write(struct modem *m, enum stream stream, const char *data, size_t len)
{
    struct taps *taps = &m->faults.taps[stream];
    bool accident = stream == STREAM_ANSWERS && m->faults.when == WHEN_ANSWER_BYTE;
    if (taps->first == NULL && !accident) {
        port_write(&m->port, data, len);
        return;
    }
    run_taps(m, taps);
    for (size_t i = 0; i < len; i++) {
        pass_byte(m, taps, data[i]);
        if (stream == STREAM_ANSWERS && fault_happens(m, WHEN_ANSWER_BYTE))
            return;
    }
}
