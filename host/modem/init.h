/* Inside the start up: what its steps, which are written down in init.c, may answer, and those of them that
 * concern the SIM (init_sim.c). */
#ifndef CELLPOST_MODEM_INIT_H
#define CELLPOST_MODEM_INIT_H

#include "host/modem/life.h"

#define INIT_NUMBER_MAX_MS 10000 /* what is good to have is asked for so long */
#define INIT_BUSY_MAX_MS   60000 /* what must be had; then the modem is stuck */

enum next {
    NEXT,       /* the next step */
    VARIANT,    /* this step's next variant, at once */
    AGAIN,      /* this step after a pause */
    SLOWLY,     /* the same, a longer one */
    PIN,        /* back to +CPIN? */
    PIN_SLOWLY, /* the same after a pause */
    STUCK,
    STOP /* a person must act; the condition says what */
};

/* The answer to a step's command. */
typedef enum next answered_fn(struct modem *, const struct at_result *, const char *first);
/* Makes a step's command; false = nothing to ask: the next step. */
typedef bool ask_fn(struct modem *, char *out, size_t size);

/* This step has been tried for so long. */
bool init_waited(const struct modem *, int64_t ms);
/* SIM or module still starting. */
bool init_is_busy(const struct at_result *);
enum next init_again_or_stuck(struct modem *, const char *what);
/* Entry `variant` of a NULL-terminated list, NULL beyond its end. */
const char *init_variant(const char *const *list, unsigned variant);

/* What a line says, unless it is empty. */
void init_keep(const char *first, char *out, size_t size);

extern ask_fn init_ask_pin_state, init_ask_switched_off, init_ask_iccid, init_ask_pin_tries, init_enter_pin,
    init_ask_number;
extern answered_fn init_got_pin_state, init_got_switched_off, init_got_iccid, init_got_pin_tries,
    init_pin_entered, init_got_imsi, init_got_number;
bool init_tells_tries(const char *line);
enum next init_check_pin(struct modem *), init_report_sim(struct modem *);

#endif
