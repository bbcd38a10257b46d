/* One simulated line: a carrier that does what its plan says. Fails: never by itself; what the queue refuses
 * is logged. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/simulator/internal.h"

/* A report that is still to come. */
struct report_due {
    struct sim_line *line;
    struct report_due *next;
    struct timer timer;
    struct held segment;
    uint8_t st;
};

static struct sim_line *line_of(struct carrier *carrier)
{
    return (struct sim_line *)carrier;
}

/* ---- reports ---- */

static void on_report_stored(void *arg, int status)
{
    (void)arg;
    if (status != 0)
        log_event(LOG_WARN, "simulator.report_refused", "status=%d", status);
}

void line_report(struct sim_line *line, const struct held *segment, uint8_t st, durable_fn *fn, void *arg)
{
    int64_t now_s = clock_wall_ms() / 1000;
    struct pdu pdu = {.type = PDU_STATUS_REPORT,
                      .mr = segment->mr,
                      .st = st,
                      .scts = {.valid = true, .utc_s = now_s},
                      .discharge = {.valid = true, .utc_s = now_s}};
    snprintf(pdu.address.text, sizeof pdu.address.text, "%s", segment->to);
    line->up->ops->report(line->up, &pdu, "", fn, arg);
}

static void report_free(struct report_due *report)
{
    struct report_due **link = &report->line->reports;
    while (*link != report)
        link = &(*link)->next;
    *link = report->next;
    timer_stop(&report->timer);
    free(report);
}

static void on_report_due(void *arg)
{
    struct report_due *report = arg;
    line_report(report->line, &report->segment, report->st, on_report_stored, NULL);
    report_free(report);
}

static void report_plan(struct sim_line *line, const struct held *segment, const struct plan *plan)
{
    struct report_due *report = calloc(1, sizeof *report);
    if (report == NULL)
        fatal("out of memory");
    *report = (struct report_due){.line = line, .next = line->reports, .segment = *segment, .st = plan->st};
    line->reports = report;
    timer_init(&report->timer, line->simulator->loop, on_report_due, report);
    timer_set(&report->timer, plan->report_after_ms);
}

static void held_add(struct sim_line *line, const struct held *segment)
{
    if (line->held == NULL)
        line->held = calloc(SIMULATOR_HELD_MAX, sizeof *line->held);
    if (line->held == NULL)
        fatal("out of memory");
    if (line->held_count == SIMULATOR_HELD_MAX)
        memmove(line->held, line->held + 1, --line->held_count * sizeof *line->held);
    line->held[line->held_count++] = *segment;
}

/* ---- outcomes ---- */

static void line_idle(struct sim_line *line)
{
    if (line->stopping && !line->busy)
        line->stopped(line->stopped_arg);
    else
        line->up->ops->changed(line->up);
}

/* Not busy any more when the router hears of it: it may submit the next segment from inside. */
static void line_settle(struct sim_line *line)
{
    struct plan plan = line->plan;
    struct job job = line->job;
    bool sent = plan.outcome == OUTCOME_SENT;
    line->busy = false;
    line->mr += sent;
    struct held segment = {.sid = job.sid, .mr = line->mr};
    snprintf(segment.to, sizeof segment.to, "%s", job.to);
    struct settlement settlement = {.outcome = plan.outcome,
                                    .mr = sent ? line->mr : -1,
                                    .error_code = plan.error,
                                    .reason = "simulated",
                                    .retry_after_ms = plan.retry_after_ms};
    line->up->ops->settle(line->up, job.attempt_id, &settlement);
    if (job.status_report && plan.report)
        report_plan(line, &segment, &plan);
    else if (job.status_report && plan.wait)
        held_add(line, &segment);
    line_idle(line);
}

static void on_outcome_due(void *arg)
{
    line_settle(arg);
}

static void on_in_flight(void *arg, int status)
{
    struct sim_line *line = arg;
    if (status != 0) { /* nothing may leave, and no settlement is owed */
        line->busy = false;
        line_idle(line);
    } else if (line->plan.after_ms <= 0 || line->stopping) {
        line_settle(line);
    } else {
        timer_set(&line->outcome, line->plan.after_ms);
    }
}

/* ---- the carrier's contract ---- */

static void line_start(struct carrier *carrier, struct carrier_up *up, const struct job *jobs, size_t count)
{
    struct sim_line *line = line_of(carrier);
    line->up = up;
    line->since_ms = clock_wall_ms();
    for (size_t i = 0; i < count; i++) { /* nothing survives a restart here: it may have gone */
        struct settlement settlement = {.outcome = OUTCOME_UNSURE, .mr = -1, .reason = "restart"};
        up->ops->settle(up, jobs[i].attempt_id, &settlement);
    }
    up->ops->changed(up);
}

static void line_submit(struct carrier *carrier, const struct job *job)
{
    struct sim_line *line = line_of(carrier);
    line->busy = true;
    line->job = *job;
    if (line->replay == NULL || !replay_take(line->replay, job->to, &line->plan))
        line->plan = *rule_choose(line->simulator->rules, line->simulator->count, line->name, job->to,
                                  job->message_id, job->seq);
    line->up->ops->in_flight(line->up, job->attempt_id, on_in_flight, line);
}

static void line_stop(struct carrier *carrier, void (*fn)(void *arg), void *arg)
{
    struct sim_line *line = line_of(carrier);
    replay_free(line->replay);
    line->replay = NULL;
    line->stopping = true;
    line->stopped = fn;
    line->stopped_arg = arg;
    if (!line->busy)
        fn(arg);
    else if (timer_armed(&line->outcome))
        timer_set(&line->outcome, 0);
}

static void line_status(const struct carrier *carrier, struct carrier_status *status)
{
    const struct sim_line *line = (const struct sim_line *)carrier;
    *status = (struct carrier_status){.state = line->busy ? CARRIER_BUSY : CARRIER_READY,
                                      .model = "simulator",
                                      .registration = 1,
                                      .since_ms = line->since_ms};
}

static void line_free(struct carrier *carrier)
{
    struct sim_line *line = line_of(carrier), **link = &line->simulator->lines;
    while (*link != line)
        link = &(*link)->next;
    *link = line->next;
    while (line->reports != NULL)
        report_free(line->reports);
    timer_stop(&line->outcome);
    replay_free(line->replay);
    free(line->held);
    free(line);
}

static const struct carrier_ops line_ops = {line_start, line_submit, line_stop, line_status, line_free};

struct sim_line *line_new(struct simulator *simulator, const char *name)
{
    struct sim_line *line = calloc(1, sizeof *line);
    if (line == NULL)
        fatal("out of memory");
    line->carrier.ops = &line_ops;
    line->simulator = simulator;
    snprintf(line->carrier.name, sizeof line->carrier.name, "simulator");
    snprintf(line->name, sizeof line->name, "%s", name);
    timer_init(&line->outcome, simulator->loop, on_outcome_due, line);
    line->next = simulator->lines;
    simulator->lines = line;
    return line;
}
