/* Inside the boards' part of the modem room: one board's memory. Nobody else includes this.
 *
 *   mcu.c        the port, mute and back
 *   mcu_calls.c  requests in their order
 *   mcu_greet.c  what follows HELLO: is it the board of before, what sits in its slots; events
 *   mcu_news.c   what a person is told
 *   mcu_set.c    which boards there are, seats */
#ifndef CELLPOST_MODEM_MCU_INTERNAL_H
#define CELLPOST_MODEM_MCU_INTERNAL_H

#include "firmware/link/client.h"
#include "host/base/log.h"
#include "host/modem/mcu.h"
#include "host/modem/port.h"

struct mcu_call {
    struct mcu_call *next;
    uint8_t type, len, payload[LINK_PAYLOAD_MAX];
    mcu_fn *fn; /* NULL: forgotten */
    void *arg;
};

struct mcu_place {
    struct mcu *mcu;
    uint8_t number;
    bool sent;     /* the module, since HELLO */
    bool keep_off; /* it is to stay off, whatever the board remembers */
    struct mcu_slot slot;
};

struct mcu {
    struct mcu *next;
    struct mcu_set *set;
    char *name, *spec, *type;
    int baud;
    bool wanted;         /* by the present sync */
    struct flash *flash; /* its firmware is being replaced: the board stays until that has ended */
    bool held;           /* its port is someone else's */
    bool excused;   /* it was asked to leave the host alone meanwhile: that ends with the next greeting */
    char path[512]; /* the port that was last tried, as port.h's */

    struct port port;
    struct event *readable;
    struct link_client client;
    struct mcu_call *calls; /* the first is on the wire */
    unsigned call_count;
    struct mcu_call *overtaken; /* targets that were never sent: they end in the next turn */
    struct timer step, beat, retry, overtaking;
    unsigned tries;     /* since it was last here */
    unsigned candidate; /* of a pattern's paths, the next */
    unsigned beats;
    bool told_lost; /* this absence is told */

    enum mcu_state state;
    char condition[128];
    int64_t since_ms;
    bool greeted;
    struct link_hello_answer hello;
    int64_t hello_at_ms, seen_ms; /* seen: a heartbeat was answered */
    unsigned mutes, restarts, replaced, brown_outs;
    uint8_t lease, supply;
    uint16_t supply_mv;
    struct mcu_place places[MCU_SLOTS_MAX];
    struct mcu_news news[MCU_NEWS_KEPT];
    size_t news_count;
    unsigned unrest; /* times that it was lost or restarted, none further than MCU_CALM_MS from the next */
    int64_t unrest_since_ms;          /* the first of these */
    unsigned left_out;                /* lines since the last sum */
    int64_t quiet_until_ms, quiet_ms; /* until the next sum; how long after that */
    struct timer calm;
};

struct mcu_set {
    struct loop *loop;
    mcu_progress_fn *progress;
    mcu_told_fn *told;
    void *arg;
    uint32_t session;
    struct mcu *boards;
    struct mcu_seat *seats;
    struct timer maintain;
    unsigned maintained; /* boards that have not answered MAINTENANCE yet */
    loop_fn *maintain_fn;
    void *maintain_arg;
};

/* mcu.c */
struct mcu *mcu_new(struct mcu_set *, const struct mcu_options *);
void mcu_free(struct mcu *);
/* It will not do: what is asked ends, HELLO is said again after a rest. */
void mcu_lose(struct mcu *, enum mcu_state, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void mcu_close(struct mcu *);     /* the port */
char *mcu_copy(const char *text); /* never NULL */

/* Held: the port is closed and not opened again. Not held: it begins anew. Twice is once. */
void mcu_hold(struct mcu *, bool held);

void mcu_say_hello(struct mcu *);

/* mcu_calls.c */
void mcu_calls_init(struct mcu *);
void mcu_calls_step(struct mcu *); /* the next one goes out, when none is */
/* The board's own needs: as mcu_request, but before the board is HERE too, and never refused. One of a kind
 * waits: another of the same type, fn and arg gives it the newer payload. */
void mcu_send(struct mcu *, uint8_t type, const uint8_t *payload, uint8_t len, mcu_fn *, void *arg);
void mcu_calls_end(struct mcu *, int status, const uint8_t *payload, uint8_t len); /* the one on the wire */
void mcu_calls_end_all(struct mcu *, int status);
void mcu_calls_forget(struct mcu *, const void *arg);

/* flash.c */
void flash_drop(struct flash *); /* NULL is nothing */

/* mcu_greet.c */
mcu_fn mcu_on_hello, mcu_on_heartbeat;
void mcu_on_event(void *arg, uint8_t type, const uint8_t *payload, uint8_t len);
void mcu_place_learn(struct mcu_place *); /* reads the slot, and sends its module where it differs */

/* mcu_news.c */
void mcu_news_init(struct mcu *);
void mcu_news(struct mcu *, enum log_level, const char *kind, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void mcu_unrest(struct mcu *); /* it was lost, or has restarted */
/* It comes and goes: it is not to be hurried either. */
bool mcu_is_unsteady(const struct mcu *);

/* mcu_set.c */
/* slot -1: every seat of the board. */
void mcu_tell(struct mcu *, int slot, enum mcu_change);
const struct mcu_seat *mcu_seat_of(const struct mcu *, uint8_t slot); /* that says the module; NULL = none */

#endif
