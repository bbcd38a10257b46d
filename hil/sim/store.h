/* A message store of the module or of its SIM: numbered places, from 0 or 1 as the profile says. A PDU is
 * kept as the AT link shows it, the service centre address first. */
#ifndef MODEMSIM_STORE_H
#define MODEMSIM_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pdu.h"

enum store_stat { STAT_UNREAD, STAT_READ, STAT_UNSENT, STAT_SENT }; /* TS 27.005 3.1 <stat> in PDU mode */

struct slot {
    bool used;
    enum store_stat stat;
    uint8_t pdu[PDU_MAX];
    size_t len;
};

struct store {
    const char *name; /* "ME", "SM", "SR" */
    struct slot *slots;
    int size;
};

void store_resize(struct store *, int size); /* what lies beyond the end is lost */
void store_fini(struct store *);
void store_wipe(struct store *);
int store_used(const struct store *);
int store_add(struct store *, enum store_stat, const uint8_t *pdu,
              size_t len);                              /* place counted from 0; -1: full */
struct slot *store_at(const struct store *, int place); /* NULL: no such place */

/* Octets of the TPDU: what is left after the service centre address. All of it when that address is nonsense.
 */
size_t store_tpdu_len(const uint8_t *pdu, size_t len);

#endif
