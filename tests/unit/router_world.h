/* The router between the real queue, directory and store, and a carrier that the test plays by hand. */
#ifndef CELLPOST_TESTS_ROUTER_WORLD_H
#define CELLPOST_TESTS_ROUTER_WORLD_H

#include <errno.h>
#include <unistd.h>

#include "host/base/log.h"
#include "router_rooms.h"

/* A carrier without a mind of its own. */
struct pad {
    struct carrier carrier; /* first */
    struct carrier_up *up;
    enum carrier_state state;
    struct job job;
    int submits, frees;
    bool go; /* in_flight said 0 */
    bool settle_at_once;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

struct world {
    struct rooms rooms;
    struct pad pad, other;
    int removed;
};

static inline void pad_go(void *arg, int status)
{
    struct pad *pad = arg;
    pad->go = status == 0;
}

static inline void pad_settle_resting(struct pad *pad, enum outcome outcome, int64_t rest_ms)
{
    struct settlement settlement = {
        .outcome = outcome, .mr = 1, .reason = "pad", .carrier_fault = rest_ms > 0, .rest_ms = rest_ms};
    pad->up->ops->settle(pad->up, pad->job.attempt_id, &settlement);
}

static inline void pad_settle(struct pad *pad, enum outcome outcome)
{
    pad_settle_resting(pad, outcome, 0);
}

static inline void pad_start(struct carrier *carrier, struct carrier_up *up, const struct job *jobs,
                             size_t count)
{
    struct pad *pad = (struct pad *)carrier;
    pad->up = up;
    if (count > 0)
        pad->job = jobs[0];
    up->ops->changed(up);
}

static inline void pad_submit(struct carrier *carrier, const struct job *job)
{
    struct pad *pad = (struct pad *)carrier;
    assert_int_equal(pad->state, CARRIER_READY);
    pad->job = *job;
    pad->submits++;
    pad->go = false;
    pad->state = CARRIER_BUSY;
    pad->up->ops->in_flight(pad->up, job->attempt_id, pad_go, pad);
    if (pad->settle_at_once) {
        pad_settle(pad, OUTCOME_SENT);
        pad->state = CARRIER_READY;
        pad->up->ops->changed(pad->up);
    }
}

static inline void pad_stop(struct carrier *carrier, void (*fn)(void *arg), void *arg)
{
    struct pad *pad = (struct pad *)carrier;
    pad->stopped = fn;
    pad->stopped_arg = arg;
    if (pad->state != CARRIER_BUSY)
        fn(arg);
}

static inline void pad_status(const struct carrier *carrier, struct carrier_status *status)
{
    *status = (struct carrier_status){.state = ((const struct pad *)carrier)->state};
}

static inline void pad_free(struct carrier *carrier)
{
    ((struct pad *)carrier)->frees++;
}

static const struct carrier_ops pad_ops = {pad_start, pad_submit, pad_stop, pad_status, pad_free};

static inline void turns(struct world *world)
{
    rooms_turn(&world->rooms);
}

/* What a test may change before setup(). */
static const char *world_number_b = "+41790000002";
static const char *world_service_more = "";

static inline int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    char lines[512];
    snprintf(lines, sizeof lines,
             "[line a]\nnumber = +41790000001\ncarrier = loopback\n"
             "[line b]\nnumber = %s\ncarrier = loopback\n[service s]\nlines = a, b\n%s",
             world_number_b, world_service_more);
    rooms_init(&world->rooms, lines);
    rooms_open(&world->rooms);
    world->pad = (struct pad){.carrier = {.ops = &pad_ops}, .state = CARRIER_READY};
    world->other = (struct pad){.carrier = {.ops = &pad_ops}, .state = CARRIER_SUSPECT};
    *state = world;
    return 0;
}

static inline int teardown(void **state)
{
    struct world *world = *state;
    rooms_close(&world->rooms);
    rooms_fini(&world->rooms);
    free(world);
    return 0;
}

static inline int64_t line_id(struct world *world, const char *name)
{
    return rooms_line(&world->rooms, name)->id;
}

static inline int64_t submit_valid(struct world *world, const char *line, const char *to, int64_t validity_ms)
{
    struct submission submission = rooms_submission(&world->rooms, line, to, "text");
    submission.validity_ms = validity_ms;
    return rooms_submit(&world->rooms, &submission);
}

static inline int64_t submit(struct world *world, const char *line, const char *to)
{
    return submit_valid(world, line, to, 3600000);
}

/* To the service whose pool is a and b. */
static inline int64_t submit_to_pool(struct world *world, const char *to)
{
    struct submission submission = rooms_submission(&world->rooms, "a", to, "text");
    submission.from = "";
    submission.line_id = 0;
    submission.service_id = directory_service_at(world->rooms.directory, 0, 0)->id;
    return rooms_submit(&world->rooms, &submission);
}

static inline enum message_status status_of(struct world *world, int64_t id)
{
    return rooms_status(&world->rooms, id, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
