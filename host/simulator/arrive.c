/* What the network does by itself on a simulated line: texts that come in, reports that somebody asks for, a
 * flow that is replayed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/simulator/deliver.h"
#include "host/simulator/internal.h"

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

static int line_inbound(struct sim_line *line, const char *from, const char *text, size_t len,
                        unsigned *parts, durable_fn *fn, void *arg)
{
    struct split_plan plan;
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

int simulator_inbound(struct simulator *simulator, const char *name, const char *from, const char *text,
                      size_t len, unsigned *parts, durable_fn *fn, void *arg)
{
    struct sim_line *line = line_find(simulator, name);
    return line != NULL ? line_inbound(line, from, text, len, parts, fn, arg) : -ENOENT;
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

/* ---- replay ---- */

static void on_replayed(void *arg, int status)
{
    (void)arg;
    if (status != 0)
        log_event(LOG_WARN, "simulator.text_refused", "status=%d", status);
}

static void on_text(void *arg, const struct flow_text *text)
{
    unsigned parts;
    int status = line_inbound(arg, text->from, text->text, strlen(text->text), &parts, on_replayed, NULL);
    if (status != 0)
        on_replayed(NULL, status);
}

int simulator_replay(struct simulator *simulator, const char *name, struct flow *flow, int speed)
{
    struct sim_line *line = line_find(simulator, name);
    if (line == NULL)
        return -ENOENT;
    replay_free(line->replay);
    line->replay = replay_new(simulator->loop, flow, speed, on_text, line);
    return 0;
}

int simulator_replay_stop(struct simulator *simulator, const char *name)
{
    struct sim_line *line = line_find(simulator, name);
    if (line == NULL)
        return -ENOENT;
    replay_free(line->replay);
    line->replay = NULL;
    return 0;
}

int simulator_replay_left(const struct simulator *simulator, const char *name, size_t *texts, size_t *tries)
{
    const struct sim_line *line = line_find(simulator, name);
    *texts = *tries = 0;
    if (line != NULL && line->replay != NULL)
        replay_left(line->replay, texts, tries);
    return line != NULL ? 0 : -ENOENT;
}
