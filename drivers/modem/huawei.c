/* Huawei sticks (E173, E3372 in stick mode, ME909): Qualcomm and HiSilicon firmwares that refuse +CNMI mode 2
 * and cannot store reports; their own codes (^RSSI, ^MODE ...) are silenced. */
#include "drivers/modem/generic.h"

static const char *const cnmi[] = {"1,1,0,1,0", "2,1,0,1,0", "1,1,0,0,0", NULL};
static const char *const iccid[] = {"AT^ICCID?", "AT+CCID", "AT+ICCID", NULL};
static const char *const pin_tries[] = {"AT^CPIN?", "AT+CSIM=10,\"0020000100\"", NULL};
static const char *const extra[] = {"AT^CURC=0", NULL};

const struct model model_huawei = {
    .name = "huawei",
    .maker_has = "huawei",
    .cnmi = cnmi,
    .cpms = generic_cpms,
    .iccid_queries = iccid,
    .pin_tries_queries = pin_tries,
    .init_extra = extra,
    .csms = 1,
    .cmms = true,
    .send_result_ms = 180000,
    .prompt_ms = 10000,
    .boot_ms = 15000,
    .cms_errors = generic_cms_errors,
    .cme_errors = generic_cme_errors,
    .ladder = generic_ladder,
};
