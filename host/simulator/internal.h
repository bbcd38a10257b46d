/* What the files of the simulator share: a line and its simulator. */
#ifndef CELLPOST_SIMULATOR_INTERNAL_H
#define CELLPOST_SIMULATOR_INTERNAL_H

#include "host/simulator/replay.h"
#include "host/simulator/simulator.h"

struct report_due;

/* A segment that may be reported on when somebody asks for it. */
struct held {
    struct sid sid;
    uint8_t mr;
    char to[NUMBER_MAX];
};

struct sim_line {
    struct carrier carrier; /* first */
    struct simulator *simulator;
    struct sim_line *next;
    char name[CONF_NAME_MAX];
    struct carrier_up *up; /* NULL before start */
    uint8_t mr, ref;       /* of the last segment sent, of the last multipart text that came in */
    bool busy, stopping;
    struct job job; /* while busy */
    struct plan plan;
    struct timer outcome;
    struct report_due *reports;
    struct held *held;
    size_t held_count;
    struct replay *replay; /* NULL = none */
    int64_t since_ms;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

struct simulator {
    struct loop *loop;
    struct sim_line *lines;
    struct rule *rules; /* those of run time, then those of the file */
    size_t own, count;  /* how many of run time; all */
};

/* simulator.c: one that runs; NULL when there is none */
struct sim_line *line_find(const struct simulator *, const char *name);

/* line.c */
struct sim_line *line_new(struct simulator *, const char *name);
void line_report(struct sim_line *, const struct held *, uint8_t st, durable_fn *, void *arg);

#endif
