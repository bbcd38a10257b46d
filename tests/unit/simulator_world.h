/* A simulated line on the real router, queue, directory and store, by a clock that the test drives. What the
 * queue tells its observer is kept as text. */
#ifndef CELLPOST_TESTS_SIMULATOR_WORLD_H
#define CELLPOST_TESTS_SIMULATOR_WORLD_H

#include "host/simulator/simulator.h"
#include "router_rooms.h"

#define OTHER "+41791112244"

struct world {
    struct rooms rooms;
    struct simulator *simulator;
    char seen[16384]; /* "kind status;" of each event */
    void (*on_event)(void *arg, int64_t at_ms, const struct message *, const char *kind, const char *detail);
    void *on_event_arg;
    int done; /* of callbacks; their last status: */
    int status;
};

static inline void turns(struct world *w)
{
    rooms_turn(&w->rooms);
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
    return rooms_line(&w->rooms, "ci")->id;
}

static inline void world_open(struct world *w)
{
    rooms_open(&w->rooms);
    queue_on_event(w->rooms.queue, world_event, w);
    w->simulator = simulator_new(w->rooms.loop, w->rooms.conf);
    router_add(w->rooms.router, world_line(w), simulator_carrier(w->simulator, "ci"));
}

static inline void world_close(struct world *w)
{
    rooms_close(&w->rooms);
    simulator_free(w->simulator);
}

/* With these [simulate] sections. */
static inline struct world *world_new(const char *rules)
{
    struct world *w = calloc(1, sizeof *w);
    char lines[1024];
    snprintf(lines, sizeof lines, "[line ci]\nnumber = +41790000001\ncarrier = simulator\n%s", rules);
    rooms_init(&w->rooms, lines);
    world_open(w);
    return w;
}

static inline void world_free(struct world *w)
{
    world_close(w);
    rooms_fini(&w->rooms);
    free(w);
}

static inline int64_t world_send(struct world *w, const char *to, const char *body)
{
    struct submission submission = rooms_submission(&w->rooms, "ci", to, body);
    return rooms_submit(&w->rooms, &submission);
}

static inline enum message_status world_status(struct world *w, int64_t id, int *error)
{
    return rooms_status(&w->rooms, id, error);
}

#endif
