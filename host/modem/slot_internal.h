/* Inside the slot: its door (slot.c) and the two kinds behind it. Nobody else includes this. */
#ifndef CELLPOST_MODEM_SLOT_INTERNAL_H
#define CELLPOST_MODEM_SLOT_INTERNAL_H

#include "host/modem/slot.h"

/* slot.c: what was asked is over; fn runs last. */
void slot_finish(struct slot *, int status);

/* slot_sim.c */
int slot_sim_init(struct slot *, const char *spec);
void slot_sim_do(struct slot *);
void slot_sim_end(struct slot *);

/* slot_board.c */
int slot_board_init(struct slot *, const struct slot_options *);
bool slot_board_can(const struct slot *, enum slot_act);
void slot_board_tell_cannot(struct slot *); /* into `why` */
void slot_board_do(struct slot *, enum slot_act);
void slot_board_end(struct slot *); /* what is under way is given up */

#endif
