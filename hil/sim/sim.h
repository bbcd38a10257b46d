/* All the modems of this process. */
#ifndef MODEMSIM_SIM_H
#define MODEMSIM_SIM_H

#include "modem.h"

struct modem *sim_first(void); /* the others by next */
struct modem *sim_find(const char *name);
struct modem *sim_by_number(const char *number);
int sim_add(const char *spec, int baud); /* NAME=LINK[,key=value...]; says on stderr what is wrong; -1 */
int sim_start(void);
void sim_free(void);

#endif
