/* Modem boards: the link to each one's MCU (firmware/link), and who sits in its slots. docs/hardware.md.
 *
 * Promises: a board that is mute, unplugged or of another make never blocks anybody: each request ends, in
 * MCU_REQUEST_MS times the requests before it at most, and all that wait end together once one is not
 * answered. At most MCU_CALLS_MAX requests wait, of a board that is slow but not mute too: another is
 * refused, but a slot's target, which takes the place of one that still waits. Heartbeats and maintenance go
 * before all that waits, so that the host is not cut for a slow board. The port is opened and HELLO said
 * again after MCU_REST_MIN_MS, longer each time, up to MCU_REST_MAX_MS. While the board is here it gets a
 * heartbeat each MCU_BEAT_MS with the loop's turns and the last commit, and HELLO at every third; its events
 * are acknowledged and told once. After a restart of the board, or where another board answers, its events
 * are numbered anew, the modules of its slots are sent where they differ, and the slots are read again;
 * either is told.
 *
 * The set outlives the boards: they come and go with the configuration, seats stay and find theirs by name.
 * What is told may be asked from inside any callback, but no board may be removed there. */
#ifndef CELLPOST_MODEM_MCU_H
#define CELLPOST_MODEM_MCU_H

#include "firmware/link/message.h"
#include "host/base/loop.h"

#define MCU_SLOTS_MAX   4
#define MCU_BEAT_MS     2000
#define MCU_REQUEST_MS  1000 /* LINK_TRIES * LINK_ANSWER_MS */
#define MCU_CALLS_MAX   64   /* and a few of the daemon's own: one of each kind, one target of each slot */
#define MCU_REST_MIN_MS 500
#define MCU_REST_MAX_MS 30000
#define MCU_UNREST_TOLD 6
#define MCU_CALM_MS     600000
#define MCU_NEWS_KEPT   8
#define MCU_NEWS_TEXT   120
#define MCU_NAME_MAX    33

struct mcu_set;
struct mcu;

enum mcu_state {
    MCU_ABSENT,   /* no port */
    MCU_GREETING, /* HELLO is on its way */
    MCU_HERE,
    MCU_MUTE,   /* the port is open, nobody answers */
    MCU_REFUSED /* answers, but is not what was configured, or speaks another protocol */
};
const char *mcu_state_text(enum mcu_state);

struct mcu_options {
    const char *name; /* [board NAME] */
    const char *port; /* as port.h; the path may be a pattern of glob(7): each try takes the next that fits */
    int baud;
    const char *type; /* what HELLO must say, "" = anything */
};

/* What a slot is known to be. */
struct mcu_slot {
    bool known; /* row and timing were read since the board is here */
    struct link_slot_read_answer row;
    struct link_timing_read_answer timing;
};

struct mcu_news {
    int64_t at_ms; /* wall */
    char text[MCU_NEWS_TEXT];
};

/* What a person wants to know; valid until the loop turns. */
struct mcu_status {
    const char *name, *port; /* port: as configured */
    enum mcu_state state;
    const char *condition; /* why it is not HERE */
    int64_t since_ms;      /* wall, of the state */
    bool greeted;          /* ever: else all below is zero */
    struct link_hello_answer hello;
    int64_t hello_at_ms; /* monotonic */
    unsigned waiting;    /* requests */
    unsigned mutes;      /* since the daemon's start */
    unsigned restarts, replaced, brown_outs;
    uint8_t lease, supply;
    uint16_t supply_mv; /* of the last SUPPLY_STATE, 0: none yet */
    struct mcu_slot slots[MCU_SLOTS_MAX];
    struct mcu_news news[MCU_NEWS_KEPT]; /* the newest last */
    size_t news_count;
};

/* progress: fills the loop's turns and the number of the last commit. */
typedef void mcu_progress_fn(void *arg, struct link_heartbeat *);
/* told: each thing worth a line to a person, kind a word. It is logged already. */
typedef void mcu_told_fn(void *arg, const char *board, const char *kind, const char *text);
struct mcu_set *mcu_set_new(struct loop *, mcu_progress_fn *, mcu_told_fn *, void *arg);
void mcu_set_free(struct mcu_set *); /* NULL is nothing; every seat must have left */

/* Makes the boards those of the list: new ones begin, those not named end, changed ones begin anew. Not from
 * a callback. */
void mcu_set_sync(struct mcu_set *, const struct mcu_options *, size_t count);
/* The host will be away on purpose: asks each board that is here to leave it alone for `seconds`. fn once all
 * have answered, after MCU_REQUEST_MS at most. */
void mcu_set_maintain(struct mcu_set *, uint16_t seconds, loop_fn *fn, void *arg);
struct mcu *mcu_find(struct mcu_set *, const char *name); /* NULL = none */
struct mcu *mcu_at(struct mcu_set *, size_t index);       /* NULL beyond the last */
void mcu_status(const struct mcu *, struct mcu_status *);
const struct link_hello_answer *mcu_hello(const struct mcu *); /* the last one */
uint8_t mcu_supply(const struct mcu *);                        /* enum link_supply */

/* One request. status: enum link_status, or -ETIMEDOUT where the board fell mute; payload: the answer's
 * fields. fn never runs inside, and exactly once, unless mcu_forget was said or the board was removed from
 * the configuration: then with -ENOTCONN; a SLOT_TARGET may end with -ECANCELED: never sent, a newer one of
 * its slot came first. Returns 0, or fn will not be called: -ENOTCONN: not here; -EBUSY: too many wait. */
typedef void mcu_fn(void *arg, int status, const uint8_t *payload, uint8_t len);
int mcu_request(struct mcu *, uint8_t type, const uint8_t *payload, uint8_t len, mcu_fn *, void *arg);
void mcu_forget(struct mcu_set *, const void *arg); /* callbacks with this arg are not called any more */

/* ---- who sits in a slot ---- */

enum mcu_change {
    MCU_CAME,   /* the board is here and the slot known */
    MCU_WENT,   /* the board is not here */
    MCU_PHASE,  /* the slot's row is new */
    MCU_SUPPLY, /* the supply's state is new */
};
/* Embedded in its owner, who fills all but `next`. */
struct mcu_seat {
    struct mcu_seat *next;
    struct mcu_set *set;
    char board[MCU_NAME_MAX];
    uint8_t slot;
    uint8_t module;                /* enum link_module; NONE: as the board has it */
    struct link_timing_set timing; /* with CUSTOM */
    void (*told)(void *arg, enum mcu_change);
    /* Somebody means to end what sits here: seconds that its own way down takes, begun with this call, 0 =
     * none, or -EBUSY: not now. NULL = nobody to ask. */
    int (*planned)(void *arg);
    void *arg;
};
/* The board gets the module if it is here and has another. */
void mcu_seat_take(struct mcu_seat *);
void mcu_seat_leave(struct mcu_seat *);
int mcu_seat_plan(struct mcu_set *, const char *board, uint8_t slot); /* asks who sits there */
/* What a board that lost its power, or another in its place, would not know: the slot is to stay off. */
void mcu_seat_keep_off(const struct mcu_seat *, bool off);
/* The number of a target that follows `last`. An OFF that ON is to follow (half) has an even one: the board
 * keeps it, and whoever comes to know the slot so gives it ON, lest it stay off for ever where the daemon or
 * the link died in between. */
uint16_t mcu_next_request(uint16_t last, bool half);
/* NULL: the board is not here, or the slot not known yet. */
const struct mcu_slot *mcu_seat_slot(const struct mcu_seat *);
const struct mcu *mcu_seat_board(const struct mcu_seat *); /* NULL: not here */
int mcu_seat_request(struct mcu_seat *, uint8_t type, const uint8_t *payload, uint8_t len, mcu_fn *,
                     void *arg);

#endif
