/* A simulated line on the real router, queue, directory and store, by a clock that the test drives. What the
 * queue tells its observer is kept as text. */
#ifndef CELLPOST_TESTS_SIMULATOR_WORLD_H
#define CELLPOST_TESTS_SIMULATOR_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/router/router.h"
#include "host/simulator/simulator.h"

#define TO    "+41791112233"
#define OTHER "+41791112244"
#define T0    INT64_C(1800000000000)

struct world {
    char dir[64];
    struct loop *loop;
    struct conf *conf;
    struct store *store;
    struct directory *directory;
    struct queue *queue;
    struct router *router;
    struct simulator *simulator;
    char seen[16384]; /* "kind status;" of each event */
    void (*on_event)(void *arg, int64_t at_ms, const struct message *, const char *kind, const char *detail);
    void *on_event_arg;
    int done; /* of callbacks; their last status: */
    int status;
};

static inline void turns(struct world *w)
{
    for (int i = 0; i < 8; i++)
        loop_turn(w->loop, 0);
}

/* Small steps: what one timer starts may set the next. */
static inline void pass(struct world *w, int64_t ms)
{
    for (; ms > 0; ms -= 50) {
        clock_advance(ms < 50 ? ms : 50);
        turns(w);
    }
}

static inline void world_event(void *arg, int64_t at_ms, const struct message *m, const char *kind,
                               const char *detail)
{
    struct world *w = arg;
    size_t len = strlen(w->seen);
    snprintf(w->seen + len, sizeof w->seen - len, "%s %s;", kind, m->to);
    if (w->on_event != NULL)
        w->on_event(w->on_event_arg, at_ms, m, kind, detail);
}

static inline void world_done(void *arg, int status)
{
    struct world *w = arg;
    w->done++;
    w->status = status;
}

static inline int64_t world_line(struct world *w)
{
    return directory_line_by_name(w->directory, "ci")->id;
}

static inline void world_open(struct world *w)
{
    char path[128], error[256] = "";
    struct store_options options = {.path = path};
    snprintf(path, sizeof path, "%s/s.db", w->dir);
    if (store_open(&w->store, w->loop, &options, error) != 0 ||
        directory_open(&w->directory, w->store, w->conf, error) != 0)
        fail_msg("%s", error);
    assert_int_equal(queue_open(&w->queue, w->store, w->loop), 0);
    queue_on_event(w->queue, world_event, w);
    w->router = router_new(w->loop, w->queue, w->directory, w->store);
    w->simulator = simulator_new(w->loop, w->conf);
    router_add(w->router, world_line(w), simulator_carrier(w->simulator, "ci"));
}

static inline void world_close(struct world *w)
{
    router_free(w->router);
    simulator_free(w->simulator);
    queue_close(w->queue);
    store_close(w->store);
    directory_close(w->directory);
}

/* With these [simulate] sections. */
static inline struct world *world_new(const char *rules)
{
    struct world *w = calloc(1, sizeof *w);
    char text[2048];
    snprintf(w->dir, sizeof w->dir, "/tmp/cellpost-simulator-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    snprintf(text, sizeof text,
             "[daemon]\ndata_dir = %s\n[line ci]\nnumber = +41790000001\ncarrier = simulator\n%s", w->dir,
             rules);
    clock_fake(T0, 1000);
    w->loop = loop_new();
    w->conf = conf_parse("test", text, strlen(text), NULL, NULL);
    assert_non_null(w->conf);
    world_open(w);
    return w;
}

static inline void world_free(struct world *w)
{
    char command[128];
    world_close(w);
    conf_free(w->conf);
    loop_free(w->loop);
    snprintf(command, sizeof command, "rm -rf %s", w->dir);
    FILE *done = popen(command, "r");
    if (done != NULL)
        pclose(done);
    free(w);
}

static inline void world_submitted(void *arg, int status, const struct submitted *submitted)
{
    assert_int_equal(status, 0);
    *(int64_t *)arg = submitted->id;
}

static inline int64_t world_send(struct world *w, const char *to, const char *body)
{
    const struct line *line = directory_line_by_name(w->directory, "ci");
    int64_t id = 0;
    struct submission submission = {.account_id = line->account_id,
                                    .direction = MESSAGE_OUTBOUND_API,
                                    .from = line->number,
                                    .to = to,
                                    .body = body,
                                    .body_len = strlen(body),
                                    .split = {.concat_bits = 8},
                                    .line_id = line->id,
                                    .priority = 5,
                                    .validity_ms = 3600000,
                                    .status_report = true};
    sid_new(&submission.sid, clock_wall_ms());
    assert_int_equal(queue_submit(w->queue, &submission, world_submitted, &id), 0);
    turns(w);
    assert_int_not_equal(id, 0);
    return id;
}

static inline enum message_status world_status(struct world *w, int64_t id, int *error)
{
    struct message m;
    assert_int_equal(queue_message(w->queue, id, &m), 0);
    enum message_status status = m.status;
    if (error != NULL)
        *error = m.error_code;
    message_fini(&m);
    return status;
}

#endif
