/* See simulator.h. */
#include "host/simulator/simulator.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"
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

struct sim_line *line_find(const struct simulator *simulator, const char *name)
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
