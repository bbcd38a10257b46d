/* u-blox SARA-R4 and SARA-R5, LARA: an abrupt end may damage the file system of an R4, so PWRKEY goes before
 * RESET, and AT+CPWROFF before both where it answers; an R4 takes up to 35 s for that. +CCID reads the ICCID,
 * +UPINCNT the tries. */
#include "drivers/modem/generic.h"

static const char *const iccid[] = {"AT+CCID", "AT+CCID?", NULL};
static const char *const pin_tries[] = {"AT+UPINCNT", "AT+CSIM=10,\"0020000100\"", NULL};

const struct model model_ublox = {
    .name = "ublox",
    .maker_has = "u-blox",
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
    .ladder = generic_flash_ladder,
    .power_off = "AT+CPWROFF",
    .power_off_s = 40,
};
