#ifndef CELLPOST_BOARDS_STM32G030_NV_H
#define CELLPOST_BOARDS_STM32G030_NV_H

#include "firmware/board.h"

void nv_open(void); /* then board_nv_... */
bool nv_torn(void); /* of the NMI: it came for a read of NV, of what was cut off while it was written */

#endif
