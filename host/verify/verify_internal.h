/* What the files of this room share. */
#ifndef CELLPOST_VERIFY_INTERNAL_H
#define CELLPOST_VERIFY_INTERNAL_H

#include "host/verify/verify.h"

struct verify {
    struct store *store;
    struct code_key key;
    struct timer sweep;
};

#endif
