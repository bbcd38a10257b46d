/* What the files of the router share: a seat for each line. */
#ifndef CELLPOST_ROUTER_INTERNAL_H
#define CELLPOST_ROUTER_INTERNAL_H

#include "host/router/rate.h"
#include "host/router/router.h"
#include "host/router/sticky.h"

#define SERVICES_MAX 64 /* that one claim looks at */

/* Of a line: stays when its carrier is made anew. */
struct pace {
    struct pace *next;
    int64_t line_id;
    struct rate rate;
};

struct seat {
    struct carrier_up up; /* first: the carrier hands back a pointer to it */
    struct router *router;
    struct seat *next;
    struct carrier *carrier;
    int64_t line_id;
    char iccid[24];
    enum carrier_state state;
    struct timer retry; /* the next retry of this line that falls due */
    struct timer look;  /* time to claim ahead */
    struct pace *pace;
    struct timer turn; /* the line may send again */
    struct job ahead;  /* claimed while the carrier is busy: the next to submit */
    bool has_ahead;
    bool pumping;
    int64_t rests_until_ms; /* monotonic; until then no job: */
    char rests_for[64];
    struct timer rest;
    struct timer lose; /* set while it is out: when nobody waits for it any more */
    bool out, lost;
    uint64_t used; /* by the router's count, when it took its latest job */
    uint64_t round;
    bool stopping;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

struct router {
    struct loop *loop;
    struct queue *queue;
    struct directory *directory;
    struct store *store;
    struct seat *seats;
    struct pace *paces;
    struct sticky *sticky;
    struct timer work; /* somebody has work who was not asked */
    uint64_t count;    /* of jobs and rounds */
    void (*on_change)(void *arg, int64_t line_id, const struct carrier_status *);
    void *on_change_arg;
    bool stopping;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

struct seat *router_seat(struct router *, int64_t line_id);
enum carrier_state seat_state(const struct seat *);

/* ---- pool.c ---- */

/* Services whose pool holds the line: their messages may leave here too; the live ones come first. Alone:
 * those of no other line. */
size_t seat_services(const struct seat *, bool alone, int64_t *ids, size_t max);
/* Before the seat claims: what of the service should leave by another line is put there. */
void seat_choose(struct seat *, int64_t service_id);
/* It took a job: one of these services' perhaps, which then remembers it. */
void seat_took(struct seat *, const struct job *, const int64_t *services, size_t count);
/* Whenever the line may have gone out or come back. */
void seat_watch(struct seat *);
/* A loop_fn: nobody waits for the line any more; what was put to it is for the whole pool again. */
void seat_lose(void *seat);
/* Of the directory: pools, or what their services want, have changed. */
void router_services_changed(void *router);

#endif
