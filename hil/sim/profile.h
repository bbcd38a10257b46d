/* What differs between module families, as far as a host can see it on the AT port. */
#ifndef MODEMSIM_PROFILE_H
#define MODEMSIM_PROFILE_H

#include <stdbool.h>

struct profile {
    const char *name;
    const char *power; /* row of pmu_table.c; NULL: generic */
    const char *maker, *model, *revision;
    const char *cnmi[5];        /* characters each field of +CNMI accepts: mode, mt, bm, ds, bfr */
    const char *stores[3];      /* what mem1, mem2, mem3 of +CPMS accept, separated by blanks */
    const char *start_mem;      /* the store at boot */
    const char *boot_urcs;      /* after a boot, one a line */
    const char *sms_ready;      /* when the SIM has been read; one a line */
    const char *const *unknown; /* commands it does not have, although the simulator does; NULL-terminated */
    bool csms;                  /* has +CSMS=1 */
    bool gsn_quoted;            /* +CGSN: "..." instead of the bare digits */
    bool bare_cpin;             /* +CPIN: READY without OK (Wavecom) */
};

const struct profile *profile_find(const char *name); /* NULL: none */
const struct profile *profile_at(int i);              /* NULL: past the last */

#endif
