/* The power of one modem position.
 *
 *   "BOARD:N"           slot N of a modem board (mcu.h)
 *   "sim:SOCKET:MODEM"  the modem simulator's control socket: "power MODEM cycle"; cuts only
 *
 * Never blocks. slot_do ends in fn, which may end the slot, exactly once, within the board's own times and
 * SLOT_MARGIN_MS, unless slot_fini or another slot_do comes first: 0, or
 *
 *   -EAGAIN     the board does not do it now (rate limit, low supply): slot_why tells, and nothing is left
 *               that it might do later, but to start what is off
 *   -EIO        the modem did not start
 *   -ECANCELED  somebody else gave this slot another target meanwhile
 *   -ENOTCONN, -ETIMEDOUT  the board, or the simulator, is not there, or has no means for it
 *   -EBUSY      the board is so slow that too much waits for it; what was told it may still be done */
#ifndef CELLPOST_MODEM_SLOT_H
#define CELLPOST_MODEM_SLOT_H

#include "host/base/loop.h"
#include "host/modem/mcu.h"

#define SLOT_SIM_MS    5000 /* the simulator's patience */
#define SLOT_MARGIN_MS 5000

enum slot_act {
    SLOT_ON,
    SLOT_OFF,      /* ended by PWRKEY, then without supply */
    SLOT_RESET,    /* RESET pulse */
    SLOT_GRACEFUL, /* SLOT_OFF, then SLOT_ON; where that is given up in between, ON is said all the same */
    SLOT_CUT,      /* supply cut, long enough, and on */
    SLOT_ACTS
};

typedef void slot_fn(void *arg, int status);

struct slot_options {
    const char *spec; /* "" is a slot that is not there */
    struct mcu_set *boards;
    const char *module, *timing; /* module.h */
    /* What the board tells of it, or of its supply, has changed; never while slot_do runs, but for the
     * supply. */
    void (*told)(void *arg);
    int (*planned)(void *arg); /* mcu_seat's; NULL = nobody to ask */
    void *arg;
};

struct slot_sim {
    char path[104], modem[40];
    int fd;
    struct event *event;
    char answer[64];
    size_t answer_len;
};

struct slot_board {
    struct slot *slot; /* that it is part of */
    struct mcu_seat seat;
    bool busy, judged; /* judged: what the board tells is of our target */
    bool forced;
    bool half; /* OFF was told, and ON is to follow */
    enum slot_act act;
    unsigned step;
    uint16_t request;
    struct link_sense_answer sense; /* the last one */
    bool sensed;
};

struct slot {
    struct loop *loop;
    enum { SLOT_NONE, SLOT_SIMULATED, SLOT_OF_BOARD } kind;
    struct slot_sim sim;
    struct slot_board board;
    uint8_t grace_s;
    char why[96];
    struct timer deadline;
    slot_fn *fn;
    void *fn_arg;
    void (*sense_fn)(void *arg);
    void (*told)(void *arg);
    int (*planned)(void *arg);
    void *arg;
};

int slot_init(struct slot *, struct loop *, const struct slot_options *); /* 0 or -EINVAL */
void slot_fini(struct slot *);

/* There are means for it, as far as is known now. */
bool slot_can(const struct slot *, enum slot_act);
/* grace_s: OFF and GRACEFUL: how long the modem has to end by the host's own command. Replaces one under way.
 */
void slot_do(struct slot *, enum slot_act, uint8_t grace_s, slot_fn *, void *arg);
const char *slot_why(const struct slot *); /* of the last one that failed */
/* The last OFF or GRACEFUL: it did not end by PWRKEY, its supply was cut. */
bool slot_was_forced(const struct slot *);
const struct mcu *slot_mcu(const struct slot *); /* the board, while it is here; else NULL */
/* The board is here, and the modem in the slot has no power, or is being started. */
bool slot_is_dark(const struct slot *);
/* The board is here, and its supply too low to send. */
bool slot_is_low(const struct slot *);
/* "north:0 UP, supply GOOD 4012 mV"; "" where there is no board. */
void slot_describe(const struct slot *, char *out, size_t out_size);

/* A transmission begins: its least voltage is to be measured. */
void slot_burst(struct slot *, uint16_t ms);
/* Measures; fn with slot_sense's new values, or not at all. */
void slot_measure(struct slot *, void (*fn)(void *arg));
const struct link_sense_answer *slot_sense(const struct slot *); /* NULL: never measured */

#endif
