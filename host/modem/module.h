/* What sits in a slot, from the configuration's words to the link's numbers. Pure. */
#ifndef CELLPOST_MODEM_MODULE_H
#define CELLPOST_MODEM_MODULE_H

#include "firmware/link/message.h"

/* name: "" (as the board has it), or a module's name in any case; timing: "" but with CUSTOM, then
 * "KIND rise=MS on=MS off=MS reset=MS up_max=MS down_max=MS settle=MS min_off=MS", KIND being PULSE, LEVEL or
 * AUTO, each time once. False with a sentence that says what would be right. */
bool module_parse(const char *name, const char *timing, uint8_t *module, struct link_timing_set *,
                  char error[200]);

#endif
