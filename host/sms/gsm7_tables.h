/* The alphabets of TS 23.038 as data. */
#ifndef CELLPOST_SMS_GSM7_TABLES_H
#define CELLPOST_SMS_GSM7_TABLES_H

#include <stdint.h>

#include "host/sms/gsm7.h"

#define GSM7_SINGLE_MAX 92 /* pairs of the largest single shift table; a row ends at code point 0 */

struct gsm7_shift {
    uint8_t septet;
    uint16_t code_point;
};

/* A language without a locking table of its own has a row of zeros: the default is meant. */
extern const uint16_t gsm7_locking[GSM7_LANG_MAX + 1][128];
extern const struct gsm7_shift gsm7_single[GSM7_LANG_MAX + 1][GSM7_SINGLE_MAX];

#endif
