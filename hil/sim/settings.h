/* What can be set of a modem: by key=value of --modem, and by the control verb `set` while it runs. One table
 * makes the parser, the defaults and the list in docs/simulator.md. */
#ifndef MODEMSIM_SETTINGS_H
#define MODEMSIM_SETTINGS_H

#include "buf.h"

enum { SETTING_TEXT = 108 }; /* as long as the path of a socket */

struct settings {
    char number[SETTING_TEXT], imsi[SETTING_TEXT], iccid[SETTING_TEXT], imei[SETTING_TEXT], pin[SETTING_TEXT],
        puk[SETTING_TEXT];
    char profile[SETTING_TEXT], maker[SETTING_TEXT], model[SETTING_TEXT], revision[SETTING_TEXT];
    char smsc[SETTING_TEXT], operator[SETTING_TEXT], plmn[SETTING_TEXT], full_urc[SETTING_TEXT];
    char board[SETTING_TEXT], power[SETTING_TEXT];
    int pin_tries, puk_tries, me_size, sm_size, sr_size, index_base;
    int baud, latency_ms, command_ms, prompt_ms, report_ms, report_st, reports, report_before_cmgs;
    int boot_ms, reg_ms, sim_busy_ms, cnma_ms, redeliver_ms, usb, keep_when_closed, abort_on_input,
        mr_restart, loop, zone, empty_place, report_astray, runs_on;
    int slot, lockstep, rail_mv, burst_drop_mv, supply;
};

void settings_defaults(struct settings *, int ordinal); /* ordinal 1.. makes the identities differ */
int settings_set(struct settings *, const char *key,
                 const char *value);  /* -1: no such key, or a value it cannot have */
void settings_describe(struct buf *); /* key, default, meaning: one line each */

#endif
