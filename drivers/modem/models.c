/* The families in order of match. */
#include "drivers/modem/generic.h"

const struct model *const models[] = {
    &model_huawei, &model_quectel, &model_sim800, &model_ublox, &model_generic, NULL,
};
