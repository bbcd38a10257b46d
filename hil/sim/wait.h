/* Clients that wait for a modem to come to a point, so that no test needs to sleep. */
#ifndef MODEMSIM_WAIT_H
#define MODEMSIM_WAIT_H

#include "control.h"

enum verb_result wait_begin(struct request *); /* the verb `wait` */
void wait_check(void);                         /* after each turn of the loop */
void wait_forget(const struct client *);       /* the client has gone */

#endif
