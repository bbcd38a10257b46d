/* See replay.h. */
#include "host/simulator/replay.h"

#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"

struct replay {
    struct flow flow;
    bool *taken; /* of its tries */
    size_t next_text;
    int64_t began_ms; /* monotonic */
    int speed;
    struct timer timer;
    replay_text_fn *fn;
    void *arg;
};

static void replay_set(struct replay *replay)
{
    if (replay->next_text == replay->flow.text_count)
        return;
    int64_t due_ms = replay->began_ms + replay->flow.texts[replay->next_text].at_ms / replay->speed;
    timer_set(&replay->timer, due_ms - clock_mono_ms());
}

static void on_text_due(void *arg)
{
    struct replay *replay = arg;
    const struct flow_text *text = &replay->flow.texts[replay->next_text++];
    replay_set(replay);
    replay->fn(replay->arg, text);
}

struct replay *replay_new(struct loop *loop, struct flow *flow, int speed, replay_text_fn *fn, void *arg)
{
    struct replay *replay = calloc(1, sizeof *replay);
    bool *taken = calloc(flow->try_count + 1, sizeof *taken);
    if (replay == NULL || taken == NULL)
        fatal("out of memory");
    *replay = (struct replay){
        .flow = *flow, .taken = taken, .began_ms = clock_mono_ms(), .speed = speed, .fn = fn, .arg = arg};
    *flow = (struct flow){0};
    timer_init(&replay->timer, loop, on_text_due, replay);
    replay_set(replay);
    return replay;
}

void replay_free(struct replay *replay)
{
    if (replay == NULL)
        return;
    timer_stop(&replay->timer);
    flow_fini(&replay->flow);
    free(replay->taken);
    free(replay);
}

bool replay_take(struct replay *replay, const char *to, struct plan *plan)
{
    for (size_t i = 0; i < replay->flow.try_count; i++) {
        const struct flow_try *try = &replay->flow.tries[i];
        if (replay->taken[i] || strcmp(try->to, to) != 0)
            continue;
        bool left = try->outcome == OUTCOME_SENT || try->outcome == OUTCOME_UNSURE;
        int64_t report_ms = try->report_ms > try->settled_ms ? try->report_ms - try->settled_ms : 0;
        replay->taken[i] = true;
        *plan = (struct plan){.outcome = try->outcome,
                              .error = try->error,
                              .after_ms = (try->settled_ms - try->in_flight_ms) / replay->speed,
                              .retry_after_ms = try->retry_ms / replay->speed,
                              .report = left && try->st >= 0,
                              .st = (uint8_t)(try->st >= 0 ? try->st : 0),
                              .report_after_ms = report_ms / replay->speed,
                              .wait = left && try->st < 0};
        return true;
    }
    return false;
}

void replay_left(const struct replay *replay, size_t *texts, size_t *tries)
{
    *texts = replay->flow.text_count - replay->next_text;
    *tries = 0;
    for (size_t i = 0; i < replay->flow.try_count; i++)
        *tries += !replay->taken[i];
}
