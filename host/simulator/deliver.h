/* A text as the network would deliver it: DELIVER TPDUs (TS 23.040 9.2.2.1), one a part. The inverse of
 * pdu_decode, which is also what reads them back. Pure: no I/O, no heap, no clock. */
#ifndef CELLPOST_SIMULATOR_DELIVER_H
#define CELLPOST_SIMULATOR_DELIVER_H

#include "host/sms/pdu.h"
#include "host/sms/split.h"

struct deliver {
    const char *from; /* "+digits", digits, or a name of at most 11 characters of the GSM alphabet */
    const char *text; /* UTF-8 */
    size_t len;
    uint8_t ref;   /* of the concatenation, when it takes several parts */
    int64_t utc_s; /* when the service centre got it */
};

/* How many parts it takes: 0 and *plan; -EMSGSIZE, -EILSEQ of the split; -EINVAL: from is no sender. */
int deliver_plan(const struct deliver *, struct split_plan *plan);

/* Part `index` (0-based): hex with an empty SCA, as +CMT gives it, and the same decoded. 0 or -EINVAL. */
int deliver_part(const struct deliver *, const struct split_plan *, unsigned index, char hex[PDU_HEX_MAX],
                 struct pdu *out);

#endif
