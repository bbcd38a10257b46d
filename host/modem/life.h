/* Inside the modem room: one modem's memory, and what its files ask of one another. Nobody else includes
 * this.
 *
 *   modem.c   the life: states, transitions, the carrier's door, who may use the port next
 *   init.c    from a clean channel to a modem that can register, by negotiation
 *   init_sim.c  the SIM's part of that
 *   pin.c     whether a PIN may be tried
 *   send.c    one segment: AT+CMGS, in flight, PDU, outcome
 *   listen.c  attempts in flight from before a restart
 *   inbox.c   what the modem has received: where it lies, when it is read, erased and acknowledged
 *   intake.c  what was read: sound or torn, handed up, until it is on disk
 *   duty.c    registration, signal, settings: what is asked between messages
 *   ladder.c  recovery
 *   recovery.c  what it was for and what cured it: evidence and counts
 *   power.c   what the slot and the supply mean to the life
 *   slot.c    the slot's power */
#ifndef CELLPOST_MODEM_LIFE_H
#define CELLPOST_MODEM_LIFE_H

#include "host/modem/at.h"
#include "host/modem/modem.h"
#include "host/modem/port.h"
#include "host/modem/slot.h"

#define PREPARE_MS 240000 /* from the first answer to a modem that can register */

enum life {
    LIFE_NEW,
    LIFE_ABSENT,    /* no port; tried again and again */
    LIFE_LISTENING, /* attempts from before a restart: nothing is written */
    LIFE_SYNCING,
    LIFE_PREPARING, /* init.c */
    LIFE_REGISTERING,
    LIFE_READY,
    LIFE_SENDING,   /* has a job */
    LIFE_SUSPECT,   /* being proved alive after a silence */
    LIFE_RESETTING, /* waits for what a rung of the ladder did */
    LIFE_DARK,      /* the slot has no power, or is being started by the board itself */
    LIFE_RESTING,   /* quarantine */
    LIFE_STOPPED,   /* needs a person */
    LIFE_ENDED,
    LIVES
};

enum life_event {
    EVENT_OPENED,
    EVENT_OPENED_LISTEN,
    EVENT_GONE,  /* the port */
    EVENT_HEARD, /* listening is over */
    EVENT_SYNCED,
    EVENT_RESUMED, /* synced, and the settings are known to hold */
    EVENT_MUTE,    /* sync failed */
    EVENT_PREPARED,
    EVENT_ON_NET,
    EVENT_OFF_NET,
    EVENT_JOB,
    EVENT_DONE,      /* the job is settled */
    EVENT_SILENCE,   /* a command got no answer */
    EVENT_RESTARTED, /* the module has started anew, settings lost */
    EVENT_STUCK,     /* answers, yet does not work: a reset is due */
    EVENT_DARK,      /* the slot has no power */
    EVENT_BOOTS,     /* no answer, and none was due yet */
    EVENT_WAITED,    /* the state's time is over */
    EVENT_REFUSED,   /* SIM or configuration: a person must act */
    EVENT_ENDED
};

/* What waits for the store's durable callback; outlives the thing it is about, and the modem. */
struct ticket {
    struct modem *modem; /* NULL once the modem is freed */
    struct ticket *next, **link;
    int64_t attempt_id;
    struct entry *entry;
    int64_t since_ms; /* monotonic: a direct message came */
};

enum send_phase { SEND_NONE, SEND_WAITING, SEND_PROMPT, SEND_RESULT };
struct send {
    enum send_phase phase;
    struct job job;
    char pdu[PDU_HEX_MAX + 1]; /* and Ctrl-Z */
    size_t pdu_len, tpdu_len;
    bool prompted;
    bool sim_changed; /* while the result was awaited */
    bool accepted;    /* +CMGS: was heard: only its OK is missing */
    int permit;       /* of in_flight: 1 = awaited, 0 = go, < 0 = do not send */
    int mr;
    unsigned silences; /* results that never came, in a row */
    unsigned faults;   /* results that blame the modem, in a row */
    int64_t reset_for; /* message for which the modem was reset the last time, 0 = none */
    struct timer commit;
    struct settlement refusal; /* of a job that cannot even be tried: given after submit has returned */
    char reason[64];
    struct timer refuse;
};

/* One place of a memory of the modem, while something is to be done about it. */
enum entry_state { ENTRY_READ, ENTRY_STORING, ENTRY_ERASE, ENTRY_ERASING, ENTRY_KEPT };
struct entry {
    struct entry *next;
    enum entry_state state;
    char memory[4];
    int index;
    int tries;     /* reads that failed or were torn, erasures that failed */
    int same;      /* reads in a row that gave the same bytes */
    uint64_t hash; /* of the hex last read */
    bool stored;   /* what had stored_hash is on disk, and not known to be erased */
    uint64_t stored_hash;
    bool doubt;  /* the modem was out of sight since that was read */
    bool told;   /* by a URC, and nothing was read there yet */
    bool again;  /* told of once more while it was being erased */
    bool pauses; /* until inbox_pause */
};

#define SWEEPS_MAX 4
struct inbox {
    struct entry *entries;      /* oldest first */
    char memory[4];             /* what mem1 is now, "" = unknown */
    char main[4];               /* the store that +CPMS chose */
    char sweeps[SWEEPS_MAX][4]; /* memories to list, in order */
    unsigned sweep_count;
    unsigned acks;        /* +CNMA owed */
    int64_t ack_since_ms; /* monotonic: the oldest of them came */
    unsigned unrouted;    /* ticks in which +CNMI is to be said again: the modem may have stopped routing */
    unsigned entry_count;
    bool again;    /* something was left in place for now: sweep at the next tick */
    bool routine;  /* what a sweep finds now, the modem should have told of */
    bool reads_sr; /* \"SR\" can be chosen as mem1 */
    bool csms;     /* phase 2+: +CNMA is expected */
    struct entry *current;
    uint64_t direct_hash; /* of a direct PDU whose length was wrong, and how often it came */
    int direct_same;
};

struct init {
    unsigned step, variant;
    int64_t step_since_ms; /* monotonic */
    struct timer again;
    bool pin_needed, pin_tried, pin_accepted;
    bool sim_missing, switched_on; /* the latter for the sake of a SIM that seemed to be missing */
    bool cpin_mute;                /* cpin_mute: says READY and never OK */
    int pin_tries;                 /* -1 = it does not say */
};

/* What a path leads to, and since when: another after a modem was unplugged and plugged in again. */
struct node {
    bool there;
    uint64_t device, inode, number;
    int64_t changed_s, changed_ns;
};

struct ladder {
    unsigned rung, rests, searches;
    int tries;
    int64_t rest_until_ms; /* monotonic */
    struct node port;      /* when it was last looked at during a rest */
    bool replugged;        /* during the last rest: no resets until the next */
};

/* An episode of trouble: from its first sign to the first message after it. */
struct recovery {
    bool open, ready; /* ready: it has come back since */
    int64_t since_ms; /* monotonic */
    enum model_rung_action rung;
    char reason[64];
};

/* What is asked between messages, as a set of bits: indices of the table in duty.c. */
enum chore {
    CHORE_HANGUP = 1,
    CHORE_CNMI = 2,
    CHORE_CREG = 4,
    CHORE_CEREG = 8,
    CHORE_OPERATOR = 16,
    CHORE_SIGNAL = 32,
    CHORE_RADIO_OFF = 64,
    CHORE_RADIO_ON = 128
};

struct modem {
    struct carrier carrier; /* first */
    struct loop *loop;
    struct modem_options options; /* strings are ours */
    struct carrier_up *up;
    struct carrier_status status;
    const struct model *model;
    char cnmi[24];
    struct port port;
    struct at at;
    enum life life;
    int64_t life_since_ms; /* monotonic */
    struct timer life_timer, poll, listen_timer, inbox_pause;
    unsigned polls, opens, strikes, chores;
    int64_t boots_until_ms; /* monotonic: its power came; it need not answer yet */
    int64_t absent_since_ms, on_net_since_ms;
    int64_t routed_attempt; /* the last one when +CNMI was last said of the clock's accord */
    bool prepared, inbox_turn, no_escape;
    int creg, cereg;
    struct job *listen;
    size_t listen_count;
    struct send send;
    struct inbox inbox;
    struct init init;
    struct ladder ladder;
    struct recovery recovery;
    struct slot slot;
    struct ticket *tickets;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

/* modem.c */
void modem_event(struct modem *, enum life_event, const char *reason);
void modem_pump(struct modem *); /* gives the port to whoever is next */
/* True when the command ended without a final result: the life goes on elsewhere, the caller returns. */
bool modem_unanswered(struct modem *, const struct at_result *);
void modem_condition(struct modem *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct ticket *ticket_new(struct modem *);
struct modem *ticket_take(struct ticket *, struct ticket *copy); /* frees it; NULL when the modem is gone */
void modem_enter(struct modem *, enum life, const char *reason);
void modem_changed(struct modem *);

/* duty.c: registration, signal and other small things that are asked between messages */
void duty_setup(struct modem *);
void duty_begin(struct modem *); /* registering, or ready again */
void duty_stop(struct modem *);
bool duty_waits(const struct modem *);
void duty_work(struct modem *);
void duty_registration(struct modem *, const char *line);
void duty_reassert(struct modem *); /* +CNMI once more: the modem may have forgotten it */

/* init.c */
void init_setup(struct modem *);
void init_begin(struct modem *);
void init_stop(struct modem *);

/* pin.c */
bool pin_may_try(const struct modem *, int tries, const char **why_not);
bool pin_cost_a_try(const struct modem *, int tries); /* one was entered here, and a try is gone */
int pin_remember(const struct modem *); /* that it is about to be tried; durable before it returns */
int pin_refused(const struct modem *);  /* so is this */
void pin_forget(const struct modem *);  /* it was accepted */

/* send.c */
void send_setup(struct modem *);
void send_submit(struct modem *, const struct job *);
void send_start(struct modem *);
bool send_waits(const struct modem *);
/* The modem leaves the states in which a job may go on: settles it. */
void send_interrupt(struct modem *, const char *reason);
/* listen.c: attempts in flight from before the restart, settled by what is heard without writing. */
void listen_setup(struct modem *);
void listen_begin(struct modem *, const struct job *jobs, size_t count);
void listen_line(struct modem *, const char *line);
void listen_end(struct modem *, const char *reason);

/* inbox.c */
void inbox_setup(struct modem *);
void inbox_reset(struct modem *); /* a new session with the modem: forgets what it knew of the memories */
void inbox_sweep(struct modem *); /* every memory */
bool inbox_waits(const struct modem *);
void inbox_work(struct modem *);
void inbox_doubt(struct modem *); /* the modem was out of sight: look again before anything is erased */
void inbox_urc(struct modem *, enum at_urc, const char *line, const char *body);
void inbox_drop(struct modem *, struct entry *);
void inbox_empty(struct modem *, struct entry *); /* its place was seen to be empty */

/* intake.c */
/* hex: NULL when it never came. */
void intake_stored(struct modem *, struct entry *, const char *head, int stat, const char *hex);
void intake_direct(struct modem *, const char *head, const char *hex);
uint64_t intake_hash(const char *hex); /* to know a PDU again, not to defend against anybody */

/* ladder.c */
void ladder_climb(struct modem *, enum model_rung_action at_least, const char *reason);
void ladder_good(struct modem *); /* it works: the next climb starts at the bottom */
/* The slot's part of a rung is over. */
void ladder_power_done(struct modem *, int status);
bool ladder_rests(struct modem *); /* the rest's timer: false = it is over */
void ladder_await_network(struct modem *);
void ladder_search(struct modem *); /* none was found in that time */

/* recovery.c */
void recovery_setup(struct modem *);
void recovery_trouble(struct modem *, enum model_rung_action, const char *reason); /* that rung is tried */
void recovery_refused(struct modem *, enum model_rung_action);
void recovery_ready(struct modem *);
void recovery_over(struct modem *, bool sent);
const char *recovery_name(enum model_rung_action);

/* power.c */
void power_setup(struct modem *);
void power_look(struct modem *); /* is there power at all? */
bool power_has_means(const struct modem *, enum model_rung_action);
void power_cycle(struct modem *, enum model_rung_action, const char *reason);
void power_came(struct modem *, int boot_ms);         /* looked for at once, and given that time to answer */
bool power_is_low(const struct modem *);              /* nothing new is sent */
void power_burst(struct modem *);                     /* a PDU is about to leave */
void power_measure(struct modem *, const char *when); /* into the log */

#endif
