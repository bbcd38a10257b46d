/* The host's end of the link: one request at a time, repeated until answered; events acknowledged and told
 * once. Pure; no heap, no clock: the caller gives the time and is told when to call again.
 *
 * A request ends in `answered` exactly once: with the status and the answer's fields, or with
 * LINK_CLIENT_MUTE after LINK_TRIES sendings without an answer. An answer of another sequence number, type or
 * a damaged one is dropped. An event is told once for each (type, number); its repeats are acknowledged again
 * and not told. */
#ifndef CELLPOST_LINK_CLIENT_H
#define CELLPOST_LINK_CLIENT_H

#include "firmware/link/frame.h"

#define LINK_TRIES       5
#define LINK_ANSWER_MS   200 /* until a request is repeated */
#define LINK_CLIENT_MUTE (-1)

struct link_client_ops {
    void (*send)(void *arg, const uint8_t *octets, uint8_t len);
    /* status: enum link_status, or LINK_CLIENT_MUTE; payload: the answer's fields, for link_get_x_answer */
    void (*answered)(void *arg, uint8_t type, int status, const uint8_t *payload, uint8_t len);
    void (*event)(void *arg, uint8_t type, const uint8_t *payload, uint8_t len);
};

struct link_client {
    const struct link_client_ops *ops;
    void *arg;
    struct link_decoder decoder;
    struct link_frame frame;
    bool waiting;
    uint8_t type, seq, tries, wire_len;
    uint32_t sent_ms;
    uint8_t wire[LINK_WIRE_MAX];
    struct {
        uint8_t type;
        uint16_t number;
    } told[16]; /* the last events told */
    uint8_t told_next;
};

/* seq: drawn, so that a host started anew does not repeat the numbers of the one before. */
void link_client_init(struct link_client *, const struct link_client_ops *, void *arg, uint8_t seq);
/* False while another request waits. The payload is copied. */
bool link_client_request(struct link_client *, uint8_t type, const uint8_t *payload, uint8_t len,
                         uint32_t now_ms);
void link_client_octet(struct link_client *, uint8_t octet);
void link_client_step(struct link_client *, uint32_t now_ms); /* repeats or gives up what is due */
/* The wire is gone: what waits is not answered any more, and told to nobody. */
void link_client_drop(struct link_client *);
/* The board's HELLO shows a restart, or another board: what was told before says nothing of its events. */
void link_client_forget(struct link_client *);

#endif
