/* The router between the real queue, directory and store, and a carrier that the test plays by hand. */
#ifndef CELLPOST_TESTS_ROUTER_WORLD_H
#define CELLPOST_TESTS_ROUTER_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/router/router.h"

#define TO "+41791112233"

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
    char dir[64];
    struct loop *loop;
    struct conf *conf;
    struct store *store;
    struct directory *directory;
    struct queue *queue;
    struct router *router;
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
    for (int i = 0; i < 6; i++)
        loop_turn(world->loop, 0);
}

static inline void world_open(struct world *world)
{
    char path[128], error[256] = "";
    struct store_options options = {.path = path};
    snprintf(path, sizeof path, "%s/r.db", world->dir);
    if (store_open(&world->store, world->loop, &options, error) != 0 ||
        directory_open(&world->directory, world->store, world->conf, error) != 0)
        fail_msg("%s", error);
    assert_int_equal(queue_open(&world->queue, world->store, world->loop), 0);
    world->router = router_new(world->loop, world->queue, world->directory, world->store);
}

static inline void world_close(struct world *world)
{
    router_free(world->router);
    queue_close(world->queue);
    store_close(world->store);
    directory_close(world->directory);
}

/* What a test may change before setup(). */
static const char *world_number_b = "+41790000002";
static const char *world_service_more = "";

static inline int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    char text[512];
    snprintf(world->dir, sizeof world->dir, "/tmp/cellpost-router-XXXXXX");
    assert_non_null(mkdtemp(world->dir));
    snprintf(text, sizeof text,
             "[daemon]\ndata_dir = %s\n[line a]\nnumber = +41790000001\ncarrier = loopback\n"
             "[line b]\nnumber = %s\ncarrier = loopback\n[service s]\nlines = a, b\n%s",
             world->dir, world_number_b, world_service_more);
    clock_fake(1800000000000, 1000);
    world->loop = loop_new();
    world->conf = conf_parse("test", text, strlen(text), NULL, NULL);
    assert_non_null(world->conf);
    world_open(world);
    world->pad = (struct pad){.carrier = {.ops = &pad_ops}, .state = CARRIER_READY};
    world->other = (struct pad){.carrier = {.ops = &pad_ops}, .state = CARRIER_SUSPECT};
    *state = world;
    return 0;
}

static inline int teardown(void **state)
{
    struct world *world = *state;
    char command[128];
    world_close(world);
    conf_free(world->conf);
    loop_free(world->loop);
    snprintf(command, sizeof command, "rm -rf %s", world->dir);
    FILE *done = popen(command, "r");
    if (done != NULL)
        pclose(done);
    free(world);
    return 0;
}

static inline int64_t line_id(struct world *world, const char *name)
{
    return directory_line_by_name(world->directory, name)->id;
}

static inline void on_submitted(void *arg, int status, const struct submitted *submitted)
{
    assert_int_equal(status, 0);
    if (arg != NULL)
        *(int64_t *)arg = submitted->id;
}

static inline int64_t submit_valid(struct world *world, const char *line, const char *to, int64_t validity_ms)
{
    const struct line *row = directory_line_by_name(world->directory, line);
    int64_t id = 0;
    struct submission submission = {.account_id = row->account_id,
                                    .direction = MESSAGE_OUTBOUND_API,
                                    .from = row->number,
                                    .to = to,
                                    .body = "text",
                                    .body_len = 4,
                                    .split = {.concat_bits = 8},
                                    .line_id = row->id,
                                    .priority = 5,
                                    .validity_ms = validity_ms,
                                    .status_report = true};
    sid_new(&submission.sid, clock_wall_ms());
    assert_int_equal(queue_submit(world->queue, &submission, on_submitted, &id), 0);
    turns(world);
    return id;
}

static inline int64_t submit(struct world *world, const char *line, const char *to)
{
    return submit_valid(world, line, to, 3600000);
}

/* To the service whose pool is a and b. */
static inline int64_t submit_to_pool(struct world *world, const char *to)
{
    const struct service *service = directory_service_at(world->directory, 0, 0);
    int64_t id = 0;
    struct submission submission = {.account_id = service->account_id,
                                    .direction = MESSAGE_OUTBOUND_API,
                                    .from = "",
                                    .to = to,
                                    .body = "text",
                                    .body_len = 4,
                                    .split = {.concat_bits = 8},
                                    .service_id = service->id,
                                    .priority = 5,
                                    .validity_ms = 3600000,
                                    .status_report = true};
    sid_new(&submission.sid, clock_wall_ms());
    assert_int_equal(queue_submit(world->queue, &submission, on_submitted, &id), 0);
    turns(world);
    return id;
}

static inline enum message_status status_of(struct world *world, int64_t id)
{
    struct message message;
    assert_int_equal(queue_message(world->queue, id, &message), 0);
    enum message_status status = message.status;
    message_fini(&message);
    return status;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
