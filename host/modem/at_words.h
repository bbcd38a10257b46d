/* The words that a modem may say, as tables: final results and unsolicited result codes (TS 27.005,
 * TS 27.007, V.250, makers' own). Pure. */
#ifndef CELLPOST_MODEM_AT_WORDS_H
#define CELLPOST_MODEM_AT_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* How a command ended. The last three are ours: no final result came. */
enum at_final { AT_NOT_FINAL, AT_OK, AT_ERROR, AT_CME, AT_CMS, AT_TIMEOUT, AT_GONE };

struct at_result {
    enum at_final final;
    int code;      /* of +CME/+CMS ERROR; -1 = a text that is not in the standard's list */
    char text[48]; /* "cms 38", "cme 14", "error", "ok", "timeout", "port gone": for logs and the message's
                      history */
};

/* False when the line ends no command. A bare "SOMETHING ERROR" is not taken for one: were it a URC, a
 * message that has left would be sent again. */
bool at_final_parse(const char *line, struct at_result *);
void at_result_set(struct at_result *, enum at_final, int code);

/* What a URC means to us; the rest is AT_URC_NOISE. AT_URC_NONE = not known as a URC. */
enum at_urc {
    AT_URC_NONE,
    AT_URC_NOISE,
    AT_URC_CMTI,      /* message stored */
    AT_URC_CDSI,      /* report stored */
    AT_URC_CMT,       /* message, two lines */
    AT_URC_CDS,       /* report, two lines */
    AT_URC_CBM,       /* cell broadcast, two lines */
    AT_URC_REG,       /* +CREG, +CEREG: registration changed */
    AT_URC_SIM,       /* SIM removed, inserted, locked */
    AT_URC_SMS_READY, /* the SMS part is usable from now on */
    AT_URC_FULL,      /* message storage full */
    AT_URC_RESET,     /* the module has started: every volatile setting is lost */
    AT_URC_POWER,     /* it goes down, or its supply is wrong */
    AT_URC_CALL,      /* someone calls */
    AT_URC_ECHO       /* from at.h: a command came back although ATE0 was said: a silent restart */
};
enum at_urc at_urc_find(const char *line);
bool at_urc_has_body(enum at_urc);

#endif
