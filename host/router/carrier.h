/* The contract between the router and whatever moves messages: an AT modem, a phone behind libgammu, a cloud
 * provider, the simulator.
 *
 * A carrier serves one line at a time and takes one job at a time: submit, then exactly one settle for it. It
 * says how it is through status(). What it learns goes up through struct carrier_up, each with a durable
 * callback where something physical waits for the disk: the PDU for in_flight, the deletion or
 * acknowledgement for received and report. */
#ifndef CELLPOST_ROUTER_CARRIER_H
#define CELLPOST_ROUTER_CARRIER_H

#include <stdbool.h>
#include <stdint.h>

#include "host/queue/queue.h" /* struct job, settlement, durable_fn: the nouns */
#include "host/sms/pdu.h"

/* READY takes jobs. SUSPECT is being probed, RECOVERY climbs the ladder, QUARANTINED rests, STOPPED needs a
 * person (SIM PIN, wrong SIM, configuration): none of them takes jobs, their queue waits or goes elsewhere.
 */
enum carrier_state {
    CARRIER_STARTING,
    CARRIER_READY,
    CARRIER_BUSY,
    CARRIER_SUSPECT,
    CARRIER_RECOVERY,
    CARRIER_QUARANTINED,
    CARRIER_STOPPED
};
const char *carrier_state_text(enum carrier_state);

/* What recovery did, by what cured it. A cure counts when a message has left after it, or when the line was
 * well for ten minutes; times run from the first sign of trouble. */
#define CARRIER_REMEDIES 6
struct carrier_remedy {
    const char *name;                  /* NULL: the carrier has no more */
    unsigned tried, refused, cured;    /* refused: whoever should do it did not */
    unsigned ready, sent;              /* came back; sent a message after it */
    int64_t ready_sum_ms, sent_sum_ms; /* of these */
};

/* What a person wants to know of it; "" / 0 / INT where unknown. */
struct carrier_status {
    enum carrier_state state;
    char condition[96]; /* why it is not READY: "SIM PIN needed, 2 tries left" */
    char maker[32], model[32], firmware[48], imei[20], imsi[20], iccid[24], number[24], operator_name[32];
    int registration;          /* stat of +CREG/+CEREG, TS 27.007 7.2; -1 unknown */
    int signal_dbm;            /* 0 = unknown */
    unsigned resets, timeouts; /* since start */
    int64_t since_ms;          /* wall, of the state */
    char power[96];            /* the slot's own words, "" = none */
    unsigned rail_min_mv;      /* least of the last transmission, 0 = not measured */
    struct carrier_remedy remedies[CARRIER_REMEDIES];
};

struct carrier_up; /* the router's side */

struct carrier_up_ops {
    /* Before the PDU leaves. fn(0): let it go; fn(<0): do not send, no settle is owed. */
    void (*in_flight)(struct carrier_up *, int64_t attempt_id, durable_fn *, void *arg);
    void (*settle)(struct carrier_up *, int64_t attempt_id, const struct settlement *);
    /* fn(0): on disk: delete it from the modem, or acknowledge it. fn(<0): keep it there. */
    void (*received)(struct carrier_up *, const struct pdu *, const char *hex, const char *memory, int index,
                     durable_fn *, void *arg);
    void (*report)(struct carrier_up *, const struct pdu *, const char *hex, durable_fn *, void *arg);
    void (*erased)(struct carrier_up *, const char *memory, int index); /* +CMGD confirmed */
    /* The SIM was read. -EPERM: not this line's SIM: stop. number may be "". */
    int (*sim)(struct carrier_up *, const char *iccid, const char *imsi, const char *number);
    /* State or status changed; READY asks for a job. */
    void (*changed)(struct carrier_up *);
};
struct carrier_up {
    const struct carrier_up_ops *ops;
};

struct carrier;
struct carrier_ops {
    /* Begins; attempts in flight from before a restart come first: the carrier listens without writing until
     * each is settled. */
    void (*start)(struct carrier *, struct carrier_up *, const struct job *in_flight, size_t count);
    /* Only when READY; it is BUSY from here until it settles. */
    void (*submit)(struct carrier *, const struct job *);
    /* Stop taking jobs; fn when nothing is in flight any more (or at once). Then free may be called. */
    void (*stop)(struct carrier *, void (*fn)(void *arg), void *arg);
    void (*status)(const struct carrier *, struct carrier_status *);
    void (*free)(struct carrier *);
};
struct carrier {
    const struct carrier_ops *ops;
    char name[33]; /* "modem:m1", "simulator" */
};

#endif
