/* The one way to fail: outputs safe (PWRKEY, RESET and the host's cut released, supplies as they are), the
 * reason kept over the reset and told in HELLO and by an event, then a reset of the part. */
#ifndef CELLPOST_FIRMWARE_FAULT_H
#define CELLPOST_FIRMWARE_FAULT_H

#include "firmware/board.h"

_Noreturn void fault(const char *reason); /* BOARD_TEXT("..."), told up to LINK_TEXT_LEN octets */

void fault_start(void);            /* after kept_start: takes over what the start before left */
enum link_cause fault_cause(void); /* of this start: FAULT where fault() made it */
void fault_text(
    char text[LINK_TEXT_LEN + 1]); /* of the last fault(), or the late task of a watchdog's bite */

#endif
