/* One AT modem's life, as a carrier: port found, synced, identified, SIM read, initialised, registered,
 * ready; suspect and recovery when it does not answer. PDU mode only. A modem serves the line whose SIM is in
 * it. */
#ifndef CELLPOST_MODEM_MODEM_H
#define CELLPOST_MODEM_MODEM_H

#include "host/base/loop.h"
#include "host/modem/mcu.h"
#include "host/modem/model.h"
#include "host/router/carrier.h"

struct modem_options {
    const char *name; /* [modem NAME] */
    const char *port; /* "serial:/dev/..." | "pty:/path" */
    int baud;
    const char *model;           /* forced model name, "" = by identification */
    const char *slot;            /* "" | "BOARD:N" | "sim:SOCKET:MODEM" */
    const char *module, *timing; /* of a board's slot: module.h */
    struct mcu_set *boards;      /* lent */
    const char *pin;             /* SIM PIN, "" = none */
    const char *state_dir; /* where a refused PIN is remembered (hash, by ICCID or IMEI), so that it is never
                              tried twice */
    const char *number;    /* the line's configured number, "" = ask +CNUM */
    const struct model *const *models;
};

struct carrier *modem_new(struct loop *, const struct modem_options *); /* copies the options */

#endif
