/* The board's end of the link: answers requests, repeats events until they are acknowledged. Pure; no heap.
 *
 * A request repeated with its sequence number (same type, same octets) gets the cached answer and acts once.
 * A type that is not known, or a missing field, is answered with its status. An event is one place per (type,
 * index): raising it again before it was acknowledged replaces it, and it is rendered anew at each sending,
 * so that it tells the state of then. One octet of noise costs at most one frame. */
#ifndef CELLPOST_LINK_SERVER_H
#define CELLPOST_LINK_SERVER_H

#include "firmware/link/frame.h"

#define LINK_EVENTS_MAX    8
#define LINK_REPEAT_MS     500 /* between two sendings of an event, doubled until LINK_REPEAT_MAX_MS */
#define LINK_REPEAT_MAX_MS 8000

struct link_server;

struct link_server_ops {
    /* Acts on a good request; fills the answer's fields (without the status) and returns how many octets they
     * are. The status is LINK_OK unless it sets another. */
    uint8_t (*request)(void *arg, const struct link_frame *, uint8_t *out, enum link_status *);
    /* Fills the event's payload; `number` is its number. */
    uint8_t (*render)(void *arg, uint8_t type, uint8_t index, uint16_t number, uint8_t *out);
    /* Takes a whole frame for the wire; false: no room now, it is tried again (an answer by the host's
     * repeat). */
    bool (*send)(void *arg, const uint8_t *octets, uint8_t len);
};

struct link_event {
    uint8_t type, index, seq;
    bool pending, sent;
    uint16_t number, repeat_ms;
    uint32_t sent_ms;
};

struct link_server {
    const struct link_server_ops *ops;
    void *arg;
    struct link_decoder decoder;
    struct link_frame frame;
    struct link_event events[LINK_EVENTS_MAX];
    uint8_t life; /* the high octet of events' numbers: the caller sets it after init */
    uint8_t seq;  /* of the last event, and the low one: it never runs into the numbers of the next life */
    bool cached;
    uint8_t cached_type, cached_seq, cached_len;
    uint16_t cached_crc; /* of the request */
    uint8_t cached_wire[LINK_WIRE_MAX];
};

void link_server_init(struct link_server *, const struct link_server_ops *, void *arg);
void link_server_octet(struct link_server *, uint8_t octet);
/* False when LINK_EVENTS_MAX other places are taken: the caller's table of places is too small. */
bool link_server_raise(struct link_server *, uint8_t type, uint8_t index);
void link_server_step(struct link_server *, uint32_t now_ms); /* sends what is due; one frame at most */
/* The host is there anew: what is pending is due at once. */
void link_server_greet(struct link_server *);
uint8_t link_server_pending(const struct link_server *);

#endif
