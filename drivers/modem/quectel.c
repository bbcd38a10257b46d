/* Quectel EC2x, EG2x, EG9x, BG9x, M95: reports are stored and told by +CDSI, +QCCID reads the ICCID, +QPINC
 * the tries. */
#include "drivers/modem/generic.h"

static const char *const iccid[] = {"AT+QCCID", "AT+CCID", NULL};
static const char *const pin_tries[] = {"AT+QPINC?", "AT+CPINR", "AT+CSIM=10,\"0020000100\"", NULL};

const struct model model_quectel = {
    .name = "quectel",
    .maker_has = "quectel",
    .cnmi = generic_cnmi,
    .cpms = generic_cpms,
    .iccid_queries = iccid,
    .pin_tries_queries = pin_tries,
    .csms = 1,
    .cmms = true,
    .send_result_ms = 180000,
    .prompt_ms = 10000,
    .boot_ms = 20000,
    .cms_errors = generic_cms_errors,
    .cme_errors = generic_cme_errors,
    .ladder = generic_ladder,
    .power_off = "AT+QPOWD=1",
    .power_off_s = 60, /* it forces itself by then */
};
