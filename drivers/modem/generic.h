/* What the families share with the generic row. */
#ifndef CELLPOST_DRIVERS_MODEM_GENERIC_H
#define CELLPOST_DRIVERS_MODEM_GENERIC_H

#include "host/modem/model.h"

extern const struct model_error generic_cms_errors[], generic_cme_errors[];
extern const char *const generic_cnmi[], *const generic_cpms[], *const generic_iccid_queries[],
                                                                    *const generic_pin_tries_queries[];
extern const struct model_rung generic_ladder[], generic_flash_ladder[];
extern const struct model model_generic, model_huawei, model_quectel, model_sim800, model_ublox;

#endif
