/* A modem whose power is the pins of a board: what lies between its pmu and its life. Every call here is one
 * for a modem with the setting board; pins_has tells. */
#ifndef MODEMSIM_PINS_H
#define MODEMSIM_PINS_H

#include <stdbool.h>

#include "buf.h"

struct modem;

void pins_init(struct modem *);  /* its row, by the setting power, else by its profile; for every modem */
void pins_join(struct modem *);  /* begins without supply, waits for its board */
void pins_leave(struct modem *); /* also for a modem without a board */
bool pins_has(const struct modem *);

void pins_reboot(struct modem *);
void pins_die(struct modem *);
void pins_end(struct modem *, bool urgent); /* by AT command */
void pins_hang(struct modem *);             /* as the modem's hang now says */
void pins_burst(struct modem *);
void pins_supply(struct modem *);                       /* after a change of its settings */
void pins_sag(struct modem *, int mv, int ms);          /* the rail falls to so much for so long */
void pins_state(const struct modem *, struct buf *out); /* as JSON */

#endif
