/* See simulator.h. */
#include "host/simulator/simulator.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/simulator/deliver.h"
#include "host/simulator/internal.h"

struct simulator *simulator_new(struct loop *loop, const struct conf *conf)
{
    struct simulator *simulator = calloc(1, sizeof *simulator);
    if (simulator == NULL)
        fatal("out of memory");
    simulator->loop = loop;
    simulator_reload(simulator, conf);
    return simulator;
}

void simulator_free(struct simulator *simulator)
{
    if (simulator == NULL)
        return;
    free(simulator->rules);
    free(simulator);
}

static void rules_resize(struct simulator *simulator, size_t count)
{
    struct rule *rules = realloc(simulator->rules, (count + 1) * sizeof *rules);
    if (rules == NULL)
        fatal("out of memory");
    simulator->rules = rules;
    simulator->count = count;
}

void simulator_reload(struct simulator *simulator, const struct conf *conf)
{
    rules_resize(simulator, simulator->own + conf->simulate_count);
    for (size_t i = 0; i < conf->simulate_count; i++)
        rule_read(&conf->simulates[i], &simulator->rules[simulator->own + i]);
}

struct carrier *simulator_carrier(struct simulator *simulator, const char *line)
{
    return &line_new(simulator, line)->carrier;
}

static struct sim_line *find_line(const struct simulator *simulator, const char *name)
{
    for (struct sim_line *line = simulator->lines; line != NULL; line = line->next)
        if (line->up != NULL && !line->stopping && strcmp(line->name, name) == 0)
            return line;
    return NULL;
}

/* ---- rules of run time ---- */

int simulator_rule_add(struct simulator *simulator, const struct rule *rule)
{
    if (simulator->own == SIMULATOR_RULES_MAX)
        return -ENOSPC;
    rules_resize(simulator, simulator->count + 1);
    struct rule *place = &simulator->rules[simulator->own++];
    memmove(place + 1, place, (simulator->count - simulator->own) * sizeof *place);
    *place = *rule;
    return 0;
}

void simulator_rules_clear(struct simulator *simulator)
{
    simulator->count -= simulator->own;
    memmove(simulator->rules, simulator->rules + simulator->own, simulator->count * sizeof *simulator->rules);
    simulator->own = 0;
}

const struct rule *simulator_rule_at(const struct simulator *simulator, size_t n)
{
    return n < simulator->count ? &simulator->rules[n] : NULL;
}

/* ---- several steps, one answer ---- */

struct steps {
    unsigned left;
    int status; /* the first error */
    durable_fn *fn;
    void *arg;
};

static struct steps *steps_new(unsigned count, durable_fn *fn, void *arg)
{
    struct steps *steps = calloc(1, sizeof *steps);
    if (steps == NULL)
        fatal("out of memory");
    *steps = (struct steps){.left = count, .fn = fn, .arg = arg};
    return steps;
}

static void on_step(void *arg, int status)
{
    struct steps *steps = arg;
    if (steps->status == 0)
        steps->status = status;
    if (--steps->left > 0)
        return;
    steps->fn(steps->arg, steps->status);
    free(steps);
}

/* ---- what the network does by itself ---- */

int simulator_inbound(struct simulator *simulator, const char *name, const char *from, const char *text,
                      size_t len, unsigned *parts, durable_fn *fn, void *arg)
{
    struct split_plan plan;
    struct sim_line *line = find_line(simulator, name);
    if (line == NULL)
        return -ENOENT;
    struct deliver deliver = {
        .from = from, .text = text, .len = len, .ref = ++line->ref, .utc_s = clock_wall_ms() / 1000};
    int status = deliver_plan(&deliver, &plan);
    if (status != 0)
        return status;
    *parts = plan.count;
    struct steps *steps = steps_new(plan.count, fn, arg);
    for (unsigned i = 0; i < plan.count; i++) {
        char hex[PDU_HEX_MAX];
        struct pdu pdu;
        if (deliver_part(&deliver, &plan, i, hex, &pdu) != 0)
            fatal("a part that was planned cannot be built");
        line->up->ops->received(line->up, &pdu, hex, NULL, 0, on_step, steps);
    }
    return 0;
}

static size_t held_count(const struct sim_line *line, const struct sid *sid)
{
    size_t count = 0;
    for (size_t i = 0; i < line->held_count; i++)
        count += memcmp(&line->held[i].sid, sid, sizeof *sid) == 0;
    return count;
}

static void report_held(struct sim_line *line, const struct sid *sid, uint8_t st, struct steps *steps)
{
    size_t kept = 0, count = line->held_count;
    for (size_t i = 0; i < count; i++) {
        struct held segment = line->held[i];
        if (memcmp(&segment.sid, sid, sizeof *sid) == 0)
            line_report(line, &segment, st, on_step, steps);
        else
            line->held[kept++] = segment;
    }
    line->held_count = kept;
}

int simulator_receipt(struct simulator *simulator, const struct sid *sid, uint8_t st, durable_fn *fn,
                      void *arg)
{
    size_t count = 0;
    for (struct sim_line *line = simulator->lines; line != NULL; line = line->next)
        count += held_count(line, sid);
    if (count == 0)
        return -ENOENT;
    struct steps *steps = steps_new((unsigned)count, fn, arg);
    for (struct sim_line *line = simulator->lines; line != NULL; line = line->next)
        report_held(line, sid, st, steps);
    return 0;
}
