#include "host/modem/at_words.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct word {
    const char *text;
    bool whole; /* the line is this and nothing else; else it begins so */
    int means;
};

/* V.250 call results (NO CARRIER, BUSY ...) end dial commands only, which are never sent here: they are in
 * the URC table. */
static const struct word finals[] = {
    {"OK", true, AT_OK},
    {"ERROR", true, AT_ERROR},
    {"+CMS ERROR", false, AT_CMS},
    {"+CMSERROR", false, AT_CMS},
    {"+CME ERROR", false, AT_CME},
    {"+CMEERROR", false, AT_CME},
    {"COMMAND NOT SUPPORT", true, AT_ERROR},
    {"TOO MANY PARAMETERS", true, AT_ERROR},
    {"MODEM ERROR:", false, AT_ERROR},
    {"NA", true, AT_ERROR},
};

struct error_text {
    enum at_final kind;
    int code;
    const char *text;
};

/* TS 27.005 clause 3.2.5 and TS 27.007 clause 9.2: the texts of CMEE=2, which some modems send with CMEE=1
 * too. */
static const struct error_text error_texts[] = {
    {AT_CMS, 300, "ME failure"},
    {AT_CMS, 301, "SMS service of ME reserved"},
    {AT_CMS, 302, "operation not allowed"},
    {AT_CMS, 303, "operation not supported"},
    {AT_CMS, 304, "invalid PDU mode parameter"},
    {AT_CMS, 305, "invalid text mode parameter"},
    {AT_CMS, 310, "(U)SIM not inserted"},
    {AT_CMS, 310, "SIM not inserted"},
    {AT_CMS, 311, "(U)SIM PIN required"},
    {AT_CMS, 311, "SIM PIN required"},
    {AT_CMS, 312, "PH-(U)SIM PIN required"},
    {AT_CMS, 313, "(U)SIM failure"},
    {AT_CMS, 313, "SIM failure"},
    {AT_CMS, 314, "(U)SIM busy"},
    {AT_CMS, 314, "SIM busy"},
    {AT_CMS, 315, "(U)SIM wrong"},
    {AT_CMS, 315, "SIM wrong"},
    {AT_CMS, 316, "(U)SIM PUK required"},
    {AT_CMS, 316, "SIM PUK required"},
    {AT_CMS, 317, "(U)SIM PIN2 required"},
    {AT_CMS, 318, "(U)SIM PUK2 required"},
    {AT_CMS, 320, "memory failure"},
    {AT_CMS, 321, "invalid memory index"},
    {AT_CMS, 322, "memory full"},
    {AT_CMS, 330, "SMSC address unknown"},
    {AT_CMS, 331, "no network service"},
    {AT_CMS, 332, "network timeout"},
    {AT_CMS, 340, "no +CNMA acknowledgement expected"},
    {AT_CMS, 500, "unknown error"},
    {AT_CME, 3, "operation not allowed"},
    {AT_CME, 4, "operation not supported"},
    {AT_CME, 10, "SIM not inserted"},
    {AT_CME, 11, "SIM PIN required"},
    {AT_CME, 12, "SIM PUK required"},
    {AT_CME, 13, "SIM failure"},
    {AT_CME, 14, "SIM busy"},
    {AT_CME, 15, "SIM wrong"},
    {AT_CME, 16, "incorrect password"},
    {AT_CME, 20, "memory full"},
    {AT_CME, 21, "invalid index"},
    {AT_CME, 22, "not found"},
    {AT_CME, 30, "no network service"},
    {AT_CME, 31, "network timeout"},
    {AT_CME, 50, "incorrect parameters"},
    {AT_CME, 100, "unknown"},
};

static const struct word urcs[] = {
    {"+CMTI:", false, AT_URC_CMTI},
    {"+CDSI:", false, AT_URC_CDSI},
    {"+CMT:", false, AT_URC_CMT},
    {"+CDS:", false, AT_URC_CDS},
    {"+CBM:", false, AT_URC_CBM},
    {"+CREG:", false, AT_URC_REG},
    {"+CEREG:", false, AT_URC_REG},
    {"+CGREG:", false, AT_URC_REG},
    {"+C5GREG:", false, AT_URC_REG},
    {"+CPIN:", false, AT_URC_SIM},
    {"+SIMCARD", false, AT_URC_SIM},
    {"^SIMST", false, AT_URC_SIM},
    {"+QSIMSTAT", false, AT_URC_SIM},
    {"+QUSIM", false, AT_URC_SIM},
    {"+USIM", false, AT_URC_SIM},
    {"#QSS", false, AT_URC_SIM},
    {"SMS READY", true, AT_URC_SMS_READY},
    {"Call Ready", true, AT_URC_SMS_READY},
    {"SMS DONE", true, AT_URC_SMS_READY},
    {"PB DONE", true, AT_URC_SMS_READY},
    {"+QIND: SMS DONE", true, AT_URC_SMS_READY},
    {"+QIND: \"SMS DONE\"", true, AT_URC_SMS_READY},
    {"+SMS FULL", false, AT_URC_FULL},
    {"^SMMEMFULL", false, AT_URC_FULL},
    {"+CIEV: \"SMSFULL\"", false, AT_URC_FULL},
    {"+CIEV: 8,1", false, AT_URC_FULL},
    {"%CMGRS", false, AT_URC_FULL},
    {"#SMSFULL", false, AT_URC_FULL},
    {"RDY", true, AT_URC_RESET},
    {"APP RDY", true, AT_URC_RESET},
    {"+READY", false, AT_URC_RESET},
    {"^SYSSTART", false, AT_URC_RESET},
    {"+CFUN: 1", true, AT_URC_RESET},
    {"START", true, AT_URC_RESET},
    {"Ready", true, AT_URC_RESET},
    {"*ATREADY: 1", true, AT_URC_RESET},
    {"+KSUP: 0", true, AT_URC_RESET},
    {"NORMAL POWER DOWN", false, AT_URC_POWER},
    {"POWERED DOWN", true, AT_URC_POWER},
    {"^SHUTDOWN", false, AT_URC_POWER},
    {"UNDER-VOLTAGE", false, AT_URC_POWER},
    {"OVER-VOLTAGE", false, AT_URC_POWER},
    {"+QIND: \"vbatt\"", false, AT_URC_POWER},
    {"%XPOFWARN", false, AT_URC_POWER},
    {"RING", true, AT_URC_CALL},
    {"+CRING:", false, AT_URC_CALL},
    {"+CLIP:", false, AT_URC_NOISE},
    {"+CLCC:", false, AT_URC_NOISE},
    {"VOICE CALL:", false, AT_URC_NOISE},
    {"MISSED_CALL:", false, AT_URC_NOISE},
    {"NO CARRIER", true, AT_URC_NOISE},
    {"NO ANSWER", true, AT_URC_NOISE},
    {"NO DIALTONE", true, AT_URC_NOISE},
    {"BUSY", true, AT_URC_NOISE},
    {"CONNECT", false, AT_URC_NOISE},
    {"+CUSD:", false, AT_URC_NOISE},
    {"+CIEV:", false, AT_URC_NOISE},
    {"^CIEV:", false, AT_URC_NOISE},
    {"+CTZV", false, AT_URC_NOISE},
    {"+CTZE", false, AT_URC_NOISE},
    {"+NITZ", false, AT_URC_NOISE},
    {"+PSUTTZ", false, AT_URC_NOISE},
    {"*PSUTTZ", false, AT_URC_NOISE},
    {"DST:", false, AT_URC_NOISE},
    {"^RSSI", false, AT_URC_NOISE},
    {"^MODE", false, AT_URC_NOISE},
    {"^BOOT", false, AT_URC_NOISE},
    {"^STIN", false, AT_URC_NOISE},
    {"^NWTIME", false, AT_URC_NOISE},
    {"+QIND:", false, AT_URC_NOISE},
    {"+QNITZ", false, AT_URC_NOISE},
    {"+RXDTMF:", false, AT_URC_NOISE},
    {"+ZPASR", false, AT_URC_NOISE},
    {"+ZUSIMR", false, AT_URC_NOISE},
};

static const struct word *find(const struct word *words, size_t count, const char *line)
{
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(words[i].text);
        if (strncasecmp(line, words[i].text, len) == 0 && (!words[i].whole || line[len] == '\0')) {
            return &words[i];
        }
    }
    return NULL;
}

static int error_code(enum at_final kind, const char *rest)
{
    while (*rest == ':' || *rest == ' ') {
        rest++;
    }
    if (isdigit((unsigned char)*rest)) {
        long code = strtol(rest, NULL, 10);
        return code > INT_MAX ? -1 : (int)code;
    }
    for (size_t i = 0; i < sizeof error_texts / sizeof error_texts[0]; i++) {
        if (error_texts[i].kind == kind && strcasecmp(rest, error_texts[i].text) == 0) {
            return error_texts[i].code;
        }
    }
    return -1;
}

void at_result_set(struct at_result *result, enum at_final final, int code)
{
    static const char *const names[] = {"", "ok", "error", "cme", "cms", "timeout", "port gone"};
    result->final = final;
    result->code = code;
    if (final == AT_CME || final == AT_CMS) {
        snprintf(result->text, sizeof result->text, "%s %d", names[final], code);
    } else {
        snprintf(result->text, sizeof result->text, "%s", names[final]);
    }
}

bool at_final_parse(const char *line, struct at_result *result)
{
    const struct word *word = find(finals, sizeof finals / sizeof finals[0], line);
    if (!word) {
        return false;
    }
    enum at_final final = (enum at_final)word->means;
    bool coded = final == AT_CME || final == AT_CMS;
    at_result_set(result, final, coded ? error_code(final, line + strlen(word->text)) : 0);
    return true;
}

enum at_urc at_urc_find(const char *line)
{
    const struct word *word = find(urcs, sizeof urcs / sizeof urcs[0], line);
    return word ? (enum at_urc)word->means : AT_URC_NONE;
}

bool at_urc_has_body(enum at_urc urc)
{
    return urc == AT_URC_CMT || urc == AT_URC_CDS || urc == AT_URC_CBM;
}
