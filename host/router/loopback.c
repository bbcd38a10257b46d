/* A carrier without any radio: SENT as soon as the in-flight mark is on disk, and a positive report after
 * report_ms. It goes through every step of the contract that a modem goes through. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/router/router.h"

/* A report that is still to come. */
struct echo {
    struct loopback *owner;
    struct echo *next;
    struct timer timer;
    struct pdu pdu;
};

struct loopback {
    struct carrier carrier; /* first */
    struct loop *loop;
    struct carrier_up *up;
    int64_t report_ms;
    uint8_t mr;
    bool busy, stopping;
    struct job job;
    struct echo *echoes;
    void (*stopped)(void *arg);
    void *stopped_arg;
    int64_t since_ms;
};

static struct loopback *loopback_of(struct carrier *carrier)
{
    return (struct loopback *)carrier;
}

static void echo_free(struct echo *echo)
{
    struct echo **link = &echo->owner->echoes;
    while (*link != echo)
        link = &(*link)->next;
    *link = echo->next;
    timer_stop(&echo->timer);
    free(echo);
}

static void on_durable(void *arg, int status)
{
    (void)arg;
    if (status != 0)
        log_event(LOG_WARN, "loopback.refused", "status=%d", status);
}

static void on_report_due(void *arg)
{
    struct echo *echo = arg;
    struct loopback *self = echo->owner;
    struct pdu pdu = echo->pdu;
    echo_free(echo);
    self->up->ops->report(self->up, &pdu, "", on_durable, NULL);
}

static void loopback_plan_report(struct loopback *self)
{
    if (!self->job.status_report || self->report_ms < 0)
        return;
    struct echo *echo = calloc(1, sizeof *echo);
    if (echo == NULL)
        fatal("out of memory");
    int64_t now_s = clock_wall_ms() / 1000;
    echo->owner = self;
    echo->pdu.type = PDU_STATUS_REPORT;
    echo->pdu.mr = self->mr;
    snprintf(echo->pdu.address.text, sizeof echo->pdu.address.text, "%s", self->job.to);
    echo->pdu.scts = (struct pdu_time){.valid = true, .utc_s = now_s};
    echo->pdu.discharge = (struct pdu_time){.valid = true, .utc_s = now_s + self->report_ms / 1000};
    echo->next = self->echoes;
    self->echoes = echo;
    timer_init(&echo->timer, self->loop, on_report_due, echo);
    timer_set(&echo->timer, self->report_ms);
}

static void on_in_flight(void *arg, int status)
{
    struct loopback *self = arg;
    self->busy = false;
    if (status == 0) {
        self->mr++;
        struct settlement settlement = {.outcome = OUTCOME_SENT, .mr = self->mr, .reason = "loopback"};
        self->up->ops->settle(self->up, self->job.attempt_id, &settlement);
        loopback_plan_report(self);
    }
    if (self->stopping)
        self->stopped(self->stopped_arg);
    else
        self->up->ops->changed(self->up);
}

static void loopback_start(struct carrier *carrier, struct carrier_up *up, const struct job *jobs,
                           size_t count)
{
    struct loopback *self = loopback_of(carrier);
    self->up = up;
    self->since_ms = clock_wall_ms();
    for (size_t i = 0; i < count; i++) { /* nothing survives a restart here: it may have gone */
        struct settlement settlement = {.outcome = OUTCOME_UNSURE, .mr = -1, .reason = "restart"};
        up->ops->settle(up, jobs[i].attempt_id, &settlement);
    }
    up->ops->changed(up);
}

static void loopback_submit(struct carrier *carrier, const struct job *job)
{
    struct loopback *self = loopback_of(carrier);
    self->busy = true;
    self->job = *job;
    self->up->ops->in_flight(self->up, job->attempt_id, on_in_flight, self);
}

static void loopback_stop(struct carrier *carrier, void (*fn)(void *arg), void *arg)
{
    struct loopback *self = loopback_of(carrier);
    self->stopping = true;
    self->stopped = fn;
    self->stopped_arg = arg;
    if (!self->busy)
        fn(arg);
}

static void loopback_status(const struct carrier *carrier, struct carrier_status *status)
{
    const struct loopback *self = (const struct loopback *)carrier;
    *status = (struct carrier_status){.state = self->busy ? CARRIER_BUSY : CARRIER_READY,
                                      .model = "loopback",
                                      .registration = 1,
                                      .since_ms = self->since_ms};
}

static void loopback_free(struct carrier *carrier)
{
    struct loopback *self = loopback_of(carrier);
    while (self->echoes != NULL)
        echo_free(self->echoes);
    free(self);
}

static const struct carrier_ops loopback_ops = {loopback_start, loopback_submit, loopback_stop,
                                                loopback_status, loopback_free};

struct carrier *loopback_new(struct loop *loop, int64_t report_ms)
{
    struct loopback *self = calloc(1, sizeof *self);
    if (self == NULL)
        fatal("out of memory");
    self->carrier.ops = &loopback_ops;
    snprintf(self->carrier.name, sizeof self->carrier.name, "loopback");
    self->loop = loop;
    self->report_ms = report_ms;
    return &self->carrier;
}
