/* For the modem's tests: a carrier_up that writes down what it is told, and two worlds to put a modem into.
 *
 *   a scripted one   a pty whose other end answers by a table, on the fake clock: exact deadlines
 *   the simulator    modemsim as a child process, in real time, waited for by its own `wait` verb or by what
 * the modem tells */
#ifndef CELLPOST_TESTS_MODEM_RIG_H
#define CELLPOST_TESTS_MODEM_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "host/base/loop.h"
#include "host/modem/modem.h"
#include "host/router/carrier.h"

#define RIG_RECORDS 600

struct rig_settled {
    int64_t attempt_id;
    enum outcome outcome;
    int mr, error_code;
    bool carrier_fault;
    int64_t retry_after_ms, rest_ms;
    char reason[64];
};

struct rig_received {
    bool report;
    struct pdu pdu;
    char hex[PDU_HEX_MAX + 400], memory[8];
    int index;
};

struct rig_pending {
    durable_fn *fn;
    void *arg;
};

struct rig {
    struct carrier_up up; /* first */
    struct loop *loop;
    struct carrier *carrier;
    char folder[64], link[96], socket[96], journal[96], slot[128], state_dir[96];

    /* what the modem has said */
    struct rig_settled settled[RIG_RECORDS];
    unsigned settled_count;
    struct rig_received received[RIG_RECORDS];
    unsigned received_count;
    unsigned in_flight_count, erased_count, changed_count, sim_count;
    int64_t in_flight_id;
    char iccid[24], imsi[20], number[24];

    /* how the other side behaves */
    bool hold_in_flight, hold_received; /* until rig_durable */
    int received_status, sim_status;
    int haste_ms;  /* while waiting, each 5 ms of real time are so much longer for the modem */
    unsigned feed; /* so many more jobs are submitted, each from inside settle */
    int64_t next_attempt;
    struct rig_pending pending[RIG_RECORDS];
    unsigned pending_count;

    /* the scripted peer */
    int master;
    int slave; /* held to see when what was written has arrived; the modem opens its own */
    char typed[1200];
    size_t typed_len;
    char heard[200][400]; /* command lines and payloads (with the Ctrl-Z as '^Z') */
    unsigned heard_count;
    bool mute, silent_cmgs;            /* answers nothing; nothing to AT+CMGS and its payload */
    const char *const (*overrides)[2]; /* {command prefix, answer}, ended by NULL; before the table */

    /* the simulator */
    pid_t sim;
    int control;
};

/* All: seconds of real time until fail_msg. */
#define RIG_DEADLINE_MS 40000

void rig_init(struct rig *);
void rig_fini(struct rig *);
int rig_setup(void **state); /* of a cmocka test: *state is an initialised rig */
int rig_setup_hasty(void **state);
int rig_teardown(void **state);
const struct rig_settled *rig_last(const struct rig *); /* the latest outcome; there must be one */
void rig_options(struct rig *, struct modem_options *); /* a modem on rig->link */
void rig_start(struct rig *, const struct modem_options *, const struct job *in_flight, size_t count);
struct job rig_job(int64_t attempt_id, const char *to, const char *text); /* one segment of plain letters */
void rig_submit(struct rig *, const char *text);                          /* takes the next attempt id */
void rig_durable(struct rig *, int status);                               /* answers all that was held */
enum carrier_state rig_state(struct rig *);
struct carrier_status rig_status(struct rig *);
void rig_turns(struct rig *); /* lets everything settle that needs no time */
int64_t rig_real_ms(void);
bool rig_until(struct rig *, bool (*done)(struct rig *), int ms); /* in real time */
void rig_until_state(struct rig *, enum carrier_state);
void rig_until_settled(struct rig *, unsigned count);
void rig_until_received(struct rig *, unsigned count);
void rig_until_erased(struct rig *, unsigned count);

/* scripted */
void rig_pty(struct rig *); /* opens it, links it; sets the fake clock */
void rig_pty_vanish(struct rig *);
void rig_pty_ready(struct rig *); /* the modem has come up on it */
void rig_say(struct rig *, const char *text);
void rig_pass(struct rig *, int64_t ms); /* time, in steps of at most a second */
bool rig_heard(
    struct rig *,
    const char *prefix); /* waits (real time) until such a line was typed; forgets what came before it */
unsigned rig_count(struct rig *, const char *prefix);

/* simulator */
void rig_sim(struct rig *, const char *keys);        /* modemsim with one modem m1 */
const char *rig_cmd(struct rig *, const char *line); /* the answer after "ok "; fails on "err" */
void rig_sim_wait(struct rig *, const char *what);   /* "pdu 1": runs the loop meanwhile */
void rig_begin(struct rig *, const char *pin, const struct job *in_flight,
               size_t count);                      /* a family with little patience */
void rig_up(struct rig *, const char *keys);       /* all of that, until READY */
void rig_crash(struct rig *);                      /* the modem's memory goes, nobody is told */
int rig_number(const char *json, const char *key); /* -1 = not there */
unsigned rig_accepted(struct rig *);               /* PDUs the network has taken */

#endif
