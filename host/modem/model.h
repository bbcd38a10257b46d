/* What differs between modem families, as data. One const struct per family in drivers/modem/, listed in
 * models.c in order of match; the last matches everything. */
#ifndef CELLPOST_MODEM_MODEL_H
#define CELLPOST_MODEM_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/queue/message.h" /* enum outcome */

/* What an error code of +CMS/+CME ERROR means at the carrier's door (law 3). */
struct model_error {
    int code;
    enum outcome outcome;   /* RETRY, REJECT, UNSURE; SENT for 197, the network has it already */
    int error_code;         /* Twilio's 30xxx */
    bool carrier_fault;     /* the modem's or the SIM's, not this message's */
    int64_t retry_after_ms; /* 0 = the queue's back-off */
    bool stuck; /* a few of these in a row: the modem wants a reset. Never for what a reset does not mend:
                   credit, SIM, network */
};

/* A rung of the recovery ladder: what to do, how long it may take, then the next. */
enum model_rung_action {
    RUNG_RESYNC,
    RUNG_REOPEN,
    RUNG_CFUN_RESET,
    RUNG_RESET_PULSE, /* from here on by the slot, where it can */
    RUNG_PWRKEY,      /* ended and started by PWRKEY */
    RUNG_POWER_CYCLE, /* supply cut */
    RUNG_QUARANTINE
};
struct model_rung {
    enum model_rung_action action;
    int settle_ms; /* wait for the modem to come back before the probe; 0 = the model's boot_ms */
    int tries;
};

struct model {
    const char *name;                  /* "generic" */
    const char *maker_has, *model_has; /* case-insensitive parts of +CGMI, +CGMM; NULL = any */
    const char *const *cnmi;           /* ladder of arguments, best first, NULL-terminated */
    const char *const *cpms;           /* ladder of stores: "ME", "SM", "MT" */
    const char *const *iccid_queries;  /* commands tried in turn */
    const char *const *pin_tries_queries;
    const char *const *init_extra; /* sent once after init, errors ignored; NULL-terminated */
    int csms;                      /* 1: ask for phase 2+ (then +CNMA acknowledges) */
    bool cmms;                     /* AT+CMMS=2 in bursts */
    int gap_ms;                    /* pause after a final result that this family needs; 0 = none */
    int send_result_ms;            /* Ctrl-Z to the final result, 180000 */
    int prompt_ms;
    int boot_ms; /* after power or CFUN=1,1 until AT is to be expected */
    const struct model_error *cms_errors, *cme_errors; /* ended by code -1, whose row is the default */
    const struct model_rung *ladder;                   /* ended by RUNG_QUARANTINE */
    const char *power_off; /* command that ends the module in order; NULL = none */
    int power_off_s;       /* its patience: until the supply may go */
};

extern const struct model *const models[]; /* NULL-terminated */
const struct model *model_find(const struct model *const *list, const char *maker, const char *name);

#endif
