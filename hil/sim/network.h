/* The radio side of a modem: takes its SUBMITs, gives them a reference and a report, and delivers messages
 * and reports to it as its +CNMI says, one at a time where +CNMA is due. What the module cannot take stays
 * queued here. */
#ifndef MODEMSIM_NETWORK_H
#define MODEMSIM_NETWORK_H

#include <stdbool.h>

#include "loop.h"
#include "pdu.h"

struct modem;

struct mt {
    struct mt *next;
    struct modem *to;
    struct timer due; /* a report or looped message on its way */
    uint8_t pdu[PDU_MAX];
    size_t len;
    bool report;
    bool again; /* was not acknowledged: the network keeps it until it is */
};

struct network {
    struct mt *queue;   /* to be delivered, oldest first */
    struct mt *on_way;  /* not yet due */
    struct mt *unacked; /* waits for +CNMA */
    struct timer ack_timer, retry_timer;
    bool told_full;
};

void network_init(struct modem *);
void network_fini(struct modem *);

/* A SUBMIT as the module hands it over. 0 and its reference, or a +CMS ERROR number. */
int network_submit(struct modem *, const uint8_t *tpdu, size_t len, int *mr);

/* Queues a PDU (service centre address first) for the modem after a delay. */
void network_send(struct modem *, const uint8_t *pdu, size_t len, bool report, int delay_ms);
void network_send_tpdu(struct modem *, const struct tpdu *, int delay_ms);
void network_pump(struct modem *); /* delivers what can be: call when something has changed */
bool network_acknowledge(struct modem *, bool positive); /* +CNMA; false: none was due */
void network_unacked_lost(struct modem *);               /* boot: the network has to deliver again */
int network_queued(const struct modem *);
int network_on_way(const struct modem *);

#endif
