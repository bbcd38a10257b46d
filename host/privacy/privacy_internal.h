/* What the files of this room share. */
#ifndef CELLPOST_PRIVACY_INTERNAL_H
#define CELLPOST_PRIVACY_INTERNAL_H

#include "host/privacy/privacy.h"

#define STEP_ROWS     32 /* messages a step */
#define STEP_PAUSE_MS 40 /* after it: a sweep is never in a hurry */
#define FORMS         3  /* +41791112233, 41791112233, 0791112233 */

struct forget_job; /* forget.c: asked for and not answered */

struct forgetting {
    struct timer timer;
    struct forget_job *jobs; /* whose callers wait */
    bool busy;               /* a step is not durable yet */
    int64_t after;           /* receipts up to this one only wait */
};

struct sweep {
    struct timer timer;
    bool under_way;
    int64_t account_id, keep_s[KEEP_COUNT]; /* whose turn it is, and what holds for it */
    unsigned pass;                          /* see retention.c */
    int64_t after_ms, after;                /* how far the pass came */
    unsigned chore;
    size_t waiting; /* changes that are not durable yet */
    int64_t deleted, redacted, others;
};

struct privacy {
    struct loop *loop;
    struct store *store;
    struct queue *queue;
    struct mark_key key;
    char country[8], trunk[8];
    int file_keep[KEEP_COUNT];
    struct forgetting forgetting;
    struct sweep sweep;
    bool stopped;
};

void forget_open(struct privacy *);
void forget_close(struct privacy *);
void sweep_open(struct privacy *);

/* Next account after that one, 0 = none. */
int64_t account_after(struct privacy *, int64_t account_id);

#endif
