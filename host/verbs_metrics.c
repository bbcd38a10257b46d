/* `cellpost metrics`: counters and gauges in Prometheus' text format, for a textfile collector or a script.
 * `cellpost recoveries`: what cured which line, and how long that took, for a person. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "host/base/clock.h"
#include "host/daemon.h"
#include "host/verbs_tls.h"

static void head(struct ctl_call *call, const char *name, const char *type, const char *help)
{
    ctl_line(call, "# HELP cellpost_%s %s", name, help);
    ctl_line(call, "# TYPE cellpost_%s %s", name, type);
}

typedef void line_fn(void *arg, const struct line *, const struct carrier_status *);

static void each_line(struct daemon *daemon, line_fn *fn, void *arg)
{
    const struct line *line;
    for (size_t n = 0; (line = directory_line_at(daemon->directory, 0, n)) != NULL; n++) {
        struct carrier_status status = {.state = CARRIER_STOPPED};
        router_line_status(daemon->router, line->id, &status);
        fn(arg, line, &status);
    }
}

/* ---- queue ---- */

static void put_queue(struct daemon *daemon, struct ctl_call *call)
{
    struct queue_counts counts;
    queue_counts(daemon->queue, &counts);
    const struct {
        const char *state;
        int64_t value;
    } rows[] = {{"accepted", counts.accepted},
                {"scheduled", counts.scheduled},
                {"queued", counts.queued},
                {"sending", counts.sending},
                {"unsure", counts.unsure}};
    head(call, "messages", "gauge", "Messages that are not settled, by state.");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ctl_line(call, "cellpost_messages{state=\"%s\"} %" PRId64, rows[i].state, rows[i].value);
    head(call, "hooks_due", "gauge", "Webhooks that are owed now.");
    ctl_line(call, "cellpost_hooks_due %" PRId64, counts.hooks_due);
}

/* ---- lines ---- */

/* A gauge or counter of each line: where it stands in struct carrier_status. */
static const struct line_metric {
    const char *name, *type, *help;
    bool is_signed;
    size_t at;
} line_metrics[] = {
    {"line_resets_total", "counter", "Resets and power cycles of the line's modem.", false,
     offsetof(struct carrier_status, resets)},
    {"line_timeouts_total", "counter", "Commands that its modem left without an answer.", false,
     offsetof(struct carrier_status, timeouts)},
    {"line_signal_dbm", "gauge", "Signal; 0: unknown.", true, offsetof(struct carrier_status, signal_dbm)},
    {"line_rail_min_millivolts", "gauge", "Least supply in its last transmission; 0: not measured.", false,
     offsetof(struct carrier_status, rail_min_mv)},
};

struct put {
    struct ctl_call *call;
    const struct line_metric *metric;
    const struct remedy_metric *remedy;
};

static void put_line_metric(void *arg, const struct line *line, const struct carrier_status *status)
{
    const struct put *put = arg;
    const void *value = (const char *)status + put->metric->at;
    ctl_line(put->call, "cellpost_%s{line=\"%s\"} %" PRId64, put->metric->name, line->name,
             put->metric->is_signed ? (int64_t) * (const int *)value : (int64_t) * (const unsigned *)value);
}

static void put_line_state(void *arg, const struct line *line, const struct carrier_status *status)
{
    const struct put *put = arg;
    ctl_line(put->call, "cellpost_line_state{line=\"%s\",state=\"%s\"} 1", line->name,
             carrier_state_text(status->state));
}

static void put_lines(struct daemon *daemon, struct ctl_call *call)
{
    struct put put = {.call = call};
    head(call, "line_state", "gauge", "1 for the state that the line is in.");
    each_line(daemon, put_line_state, &put);
    for (size_t i = 0; i < sizeof line_metrics / sizeof line_metrics[0]; i++) {
        put.metric = &line_metrics[i];
        head(call, put.metric->name, put.metric->type, put.metric->help);
        each_line(daemon, put_line_metric, &put);
    }
}

/* ---- recoveries ---- */

static const struct remedy_metric {
    const char *name, *type, *help;
    bool is_ms; /* an int64_t of milliseconds, told in seconds; else an unsigned */
    size_t at;
} remedy_metrics[] = {
    {"recovery_tried_total", "counter", "Rungs of the recovery ladder tried.", false,
     offsetof(struct carrier_remedy, tried)},
    {"recovery_refused_total", "counter", "Of these refused by the modem board.", false,
     offsetof(struct carrier_remedy, refused)},
    {"recovery_cured_total", "counter", "Of these after which the modem worked.", false,
     offsetof(struct carrier_remedy, cured)},
    {"recovery_ready_seconds_sum", "counter", "From the first sign of trouble until it was ready, by rung.",
     true, offsetof(struct carrier_remedy, ready_sum_ms)},
    {"recovery_ready_seconds_count", "counter", "How many of these.", false,
     offsetof(struct carrier_remedy, ready)},
    {"recovery_sent_seconds_sum", "counter", "From the first sign of trouble to the next sent message.", true,
     offsetof(struct carrier_remedy, sent_sum_ms)},
    {"recovery_sent_seconds_count", "counter", "How many of these.", false,
     offsetof(struct carrier_remedy, sent)},
};

static void put_remedy(void *arg, const struct line *line, const struct carrier_status *status)
{
    const struct put *put = arg;
    for (size_t i = 0; i < CARRIER_REMEDIES && status->remedies[i].name != NULL; i++) {
        const void *value = (const char *)&status->remedies[i] + put->remedy->at;
        double number =
            put->remedy->is_ms ? (double)*(const int64_t *)value / 1000 : (double)*(const unsigned *)value;
        ctl_line(put->call, "cellpost_%s{line=\"%s\",rung=\"%s\"} %.15g", put->remedy->name, line->name,
                 status->remedies[i].name, number);
    }
}

static void put_remedies(struct daemon *daemon, struct ctl_call *call)
{
    struct put put = {.call = call};
    for (size_t i = 0; i < sizeof remedy_metrics / sizeof remedy_metrics[0]; i++) {
        put.remedy = &remedy_metrics[i];
        head(call, put.remedy->name, put.remedy->type, put.remedy->help);
        each_line(daemon, put_remedy, &put);
    }
}

static int64_t mean(int64_t sum, unsigned count)
{
    return count > 0 ? sum / count : 0;
}

static void print_remedies(void *arg, const struct line *line, const struct carrier_status *status)
{
    for (size_t i = 0; i < CARRIER_REMEDIES && status->remedies[i].name != NULL; i++) {
        const struct carrier_remedy *r = &status->remedies[i];
        if (r->tried == 0 && r->refused == 0)
            continue;
        ctl_line(arg,
                 "line=%s rung=%s tried=%u refused=%u cured=%u ready=%u mean_ready_ms=%" PRId64
                 " sent=%u mean_sent_ms=%" PRId64,
                 line->name, r->name, r->tried, r->refused, r->cured, r->ready,
                 mean(r->ready_sum_ms, r->ready), r->sent, mean(r->sent_sum_ms, r->sent));
    }
}

void verb_recoveries(void *arg, struct ctl_call *call, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    each_line(arg, print_remedies, call);
    ctl_ok(call);
}

/* ---- boards ---- */

static void put_boards(struct daemon *daemon, struct ctl_call *call)
{
    static const struct {
        const char *name, *type, *help;
    } rows[] = {{"board_up", "gauge", "1: the modem board answers."},
                {"board_supply_millivolts", "gauge", "Its supply when its state last changed."},
                {"board_brown_outs_total", "counter", "Times that the supply was too low for modems."},
                {"board_mutes_total", "counter", "Times that the board did not answer."},
                {"board_restarts_total", "counter", "Starts of its firmware while the daemon watched."},
                {"board_replaced_total", "counter", "Times that another board answered in its place."},
                {"board_host_cuts_total", "counter", "Host power cuts that the board has made."}};
    const struct mcu *mcu;
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        head(call, rows[row].name, rows[row].type, rows[row].help);
        for (size_t i = 0; (mcu = mcu_at(daemon->boards, i)) != NULL; i++) {
            struct mcu_status s;
            mcu_status(mcu, &s);
            const unsigned values[] = {s.state == MCU_HERE, s.supply_mv, s.brown_outs,     s.mutes,
                                       s.restarts,          s.replaced,  s.hello.host_cuts};
            ctl_line(call, "cellpost_%s{board=\"%s\"} %u", rows[row].name, s.name, values[row]);
        }
    }
}

/* ---- certificates ---- */

static void put_tls(struct daemon *daemon, struct ctl_call *call)
{
    struct tls_status status;
    tls_status(daemon->tls, &status);
    head(call, "tls_certificate_days", "gauge", "Days until the certificate that is served ends.");
    ctl_line(call, "cellpost_tls_certificate_days %" PRId64, tls_days_left(status.until_ms));
    if (!status.local)
        return;
    head(call, "tls_authority_days", "gauge", "Days until the local authority ends, which clients trust.");
    ctl_line(call, "cellpost_tls_authority_days %" PRId64, tls_days_left(status.authority_until_ms));
}

void verb_metrics(void *arg, struct ctl_call *call, int argc, char **argv)
{
    struct daemon *daemon = arg;
    (void)argc;
    (void)argv;
    put_queue(daemon, call);
    put_lines(daemon, call);
    put_remedies(daemon, call);
    if (mcu_at(daemon->boards, 0) != NULL)
        put_boards(daemon, call);
    if (daemon->tls != NULL)
        put_tls(daemon, call);
    ctl_ok(call);
}
