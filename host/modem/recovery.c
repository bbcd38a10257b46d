/* What an episode of trouble was, which rung ended it and how long that took. */
#include <stdio.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/modem/life.h"

static const char *const names[] = {"resync", "reopen", "cfun", "reset", "pwrkey", "power", "quarantine"};

_Static_assert(CARRIER_REMEDIES == RUNG_QUARANTINE, "a row for each rung that does something");

const char *recovery_name(enum model_rung_action rung)
{
    return names[rung];
}

void recovery_setup(struct modem *m)
{
    for (unsigned i = 0; i < CARRIER_REMEDIES; i++) {
        m->status.remedies[i].name = names[i];
    }
}

void recovery_trouble(struct modem *m, enum model_rung_action rung, const char *reason)
{
    struct recovery *r = &m->recovery;
    if (!r->open) {
        *r = (struct recovery){.open = true, .since_ms = clock_mono_ms()};
        snprintf(r->reason, sizeof r->reason, "%s", reason);
        power_measure(m, "failure");
    }
    r->ready = false;
    r->rung = rung < RUNG_QUARANTINE ? rung : RUNG_REOPEN; /* which is how a rest ends */
    m->status.remedies[r->rung].tried++;
}

void recovery_refused(struct modem *m, enum model_rung_action rung)
{
    m->status.remedies[rung].refused++;
}

void recovery_ready(struct modem *m)
{
    struct recovery *r = &m->recovery;
    if (!r->open || r->ready) {
        return;
    }
    int64_t took_ms = clock_mono_ms() - r->since_ms;
    r->ready = true;
    m->status.remedies[r->rung].ready++;
    m->status.remedies[r->rung].ready_sum_ms += took_ms;
    char reason[140];
    log_event(LOG_INFO, "modem.recovered", "modem=%s rung=%s took_ms=%lld trouble=%s", m->options.name,
              names[r->rung], (long long)took_ms,
              log_quote(r->reason, strlen(r->reason), reason, sizeof reason));
    power_measure(m, "recovered");
}

void recovery_over(struct modem *m, bool sent)
{
    struct recovery *r = &m->recovery;
    if (!r->open || !r->ready) {
        return;
    }
    struct carrier_remedy *remedy = &m->status.remedies[r->rung];
    remedy->cured++;
    if (sent) {
        remedy->sent++;
        remedy->sent_sum_ms += clock_mono_ms() - r->since_ms;
    }
    r->open = false;
}
