/* The families in order of match. */
#include "drivers/modem/generic.h"

const struct model *const models[] = {
    &model_generic,
    NULL,
};
