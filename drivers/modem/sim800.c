/* SIMCom SIM800 and SIM900: autobauding UART modules. Reports have no stored form; "SMS Ready" comes 8 to 15
 * s after power. */
#include "drivers/modem/generic.h"

static const char *const cnmi[] = {"2,1,0,1,0", "2,1,0,0,0", "1,1,0,1,0", NULL};
static const char *const cpms[] = {"SM", "ME", NULL}; /* their ME is lost with power */
static const char *const iccid[] = {"AT+CCID", NULL};
static const char *const pin_tries[] = {"AT+SPIC", "AT+CSIM=10,\"0020000100\"", NULL};

const struct model model_sim800 = {
    .name = "sim800",
    .maker_has = "SIMCOM",
    .model_has = "SIM800",
    .cnmi = cnmi,
    .cpms = cpms,
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
    .power_off = "AT+CPOWD=1",
    .power_off_s = 15,
};
