/* The times of each module family, as data. A row is struct link_timing_row's fields: see link/table.h. */
#ifndef CELLPOST_FIRMWARE_TIMING_H
#define CELLPOST_FIRMWARE_TIMING_H

#include "firmware/board.h"

struct timing {
    LINK_FIELDS_timing_row(LINK_MEMBER)
};

/* False for LINK_MODULE_NONE, LINK_MODULE_CUSTOM and what is not known. */
bool timing_of(uint8_t module, struct timing *);
bool timing_valid(const struct timing *);

#endif
