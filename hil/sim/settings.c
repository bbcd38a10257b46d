#include "settings.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct setting {
    const char *key;
    size_t offset;
    const char *text;     /* default of a text; %d becomes the ordinal; NULL: a number */
    int number, min, max; /* default and bounds of a number */
    const char *meaning;
};

#define TEXT(name, value, meaning)                                                                           \
    {                                                                                                        \
#name, offsetof(struct settings, name), value, 0, 0, 0, meaning                                      \
    }
#define NUMBER(name, value, min, max, meaning)                                                               \
    {                                                                                                        \
#name, offsetof(struct settings, name), NULL, value, min, max, meaning                               \
    }
#define SWITCH(name, value, meaning) NUMBER(name, value, 0, 1, meaning)
#define MILLIS(name, value, meaning) NUMBER(name, value, 0, INT_MAX / 1000, meaning)

static const struct setting table[] = {
    TEXT(number, "+4179000%04d", "the SIM's own number; a message to it comes back in through the loop"),
    TEXT(imsi, "22801000000%04d", "IMSI"),
    TEXT(iccid, "894101000000000%04d", "ICCID"),
    TEXT(imei, "35000000000%04d", "IMEI"),
    TEXT(pin, "", "the SIM asks for it at each boot; empty: none"),
    TEXT(puk, "12345678", "unblocks the SIM"),
    TEXT(profile, "generic", "family: see --help for the names"),
    TEXT(maker, "", "+CGMI, instead of the profile's"),
    TEXT(model, "", "+CGMM, instead of the profile's"),
    TEXT(revision, "", "+CGMR, instead of the profile's"),
    TEXT(smsc, "+41790009999", "service centre"),
    TEXT(operator, "Simulnet", "long operator name"),
    TEXT(plmn, "22899", "numeric operator name"),
    TEXT(full_urc, "", "sent when a message finds no free place"),
    TEXT(board, "", "socket of the BUS of the board that powers it; empty: it is on from the start"),
    TEXT(power, "", "family of its power pins: see --help for the names; empty: the profile's"),
    NUMBER(slot, 0, 0, 3, "its slot on the board"),
    SWITCH(lockstep, 1, "grants time where the board is in lock-step"),
    NUMBER(rail_mv, 3800, 0, 20000, "voltage of its supply while that is on"),
    NUMBER(burst_drop_mv, 0, 0, 20000, "what sending a message takes off it"),
    SWITCH(supply, 0, "its supply is the board's own: told as ADC0 too"),
    NUMBER(pin_tries, 3, 0, 10, "PIN tries left"),
    NUMBER(puk_tries, 10, 0, 10, "PUK tries left"),
    NUMBER(me_size, 100, 0, 1000, "places in ME"),
    NUMBER(sm_size, 20, 0, 255, "places in SM"),
    NUMBER(sr_size, 20, 0, 255, "places in SR"),
    NUMBER(index_base, 1, 0, 1, "number of the first place"),
    NUMBER(baud, 0, 0, 4000000, "line speed, both directions; 0: as fast as it goes"),
    MILLIS(latency_ms, 0, "PDU accepted to +CMGS"),
    MILLIS(command_ms, 0, "every command takes this long"),
    MILLIS(prompt_ms, 0, "AT+CMGS to the prompt"),
    MILLIS(report_ms, 20, "+CMGS to the status report"),
    NUMBER(report_st, 0, 0, 255, "TP-ST of the network's own reports"),
    SWITCH(reports, 1, "the network sends status reports when asked"),
    SWITCH(report_before_cmgs, 0, "the report overtakes +CMGS"),
    MILLIS(boot_ms, 50, "power or reset to the first URC"),
    MILLIS(reg_ms, 0, "boot or CFUN=1 to registration"),
    MILLIS(sim_busy_ms, 0, "boot to a SIM that answers; 'SIM busy' until then"),
    MILLIS(cnma_ms, 15000, "+CMT or +CDS without +CNMA for so long: mt and ds fall to 0"),
    MILLIS(redeliver_ms, 1000, "network tries again after an unacknowledged message"),
    SWITCH(usb, 0, "the tty vanishes while the module boots or is off"),
    SWITCH(keep_when_closed, 0, "output while no client has the port open is kept, not lost"),
    SWITCH(abort_on_input, 0,
           "a character during a command aborts it (V.250 5.6.1); else it waits and counts as violation"),
    SWITCH(mr_restart, 0, "a boot restarts the message reference at 0"),
    SWITCH(loop, 1, "a message to the number of another modem is delivered to it"),
    NUMBER(empty_place, 0, 0, 2, "+CMGR of an empty place: 0 error 321, 1 OK and nothing, 2 a PDU of FF"),
    SWITCH(report_astray, 0, "a stored report goes to ME, though +CDSI names SR"),
    SWITCH(runs_on, 0, "a command goes on while the tty is away; else it is lost with it"),
    NUMBER(zone, 0, -48, 56, "time zone of the network in quarter hours"),
};

enum { SETTINGS = sizeof table / sizeof table[0] };

static void set_text(struct settings *s, const struct setting *row, const char *value)
{
    snprintf((char *)s + row->offset, SETTING_TEXT, "%s", value);
}

static void set_number(struct settings *s, const struct setting *row, int value)
{
    memcpy((char *)s + row->offset, &value, sizeof value);
}

/* Puts the ordinal where the default has %04d. */
static void set_default_text(struct settings *s, const struct setting *row, int ordinal)
{
    const char *mark = strstr(row->text, "%04d");
    if (mark == NULL)
        set_text(s, row, row->text);
    else
        snprintf((char *)s + row->offset, SETTING_TEXT, "%.*s%04d", (int)(mark - row->text), row->text,
                 ordinal);
}

void settings_defaults(struct settings *s, int ordinal)
{
    *s = (struct settings){0};
    for (int i = 0; i < SETTINGS; i++) {
        if (table[i].text != NULL)
            set_default_text(s, &table[i], ordinal);
        else
            set_number(s, &table[i], table[i].number);
    }
}

static int parse_number(const struct setting *row, const char *value, int *out)
{
    static const char *const words[] = {"off", "on"};
    char *end;
    for (int i = 0; i < 2; i++)
        if (strcmp(value, words[i]) == 0) {
            *out = i;
            return i >= row->min && i <= row->max ? 0 : -1;
        }
    errno = 0;
    long n = strtol(value, &end, 0);
    if (errno != 0 || end == value || *end != '\0' || n < row->min || n > row->max)
        return -1;
    *out = (int)n;
    return 0;
}

int settings_set(struct settings *s, const char *key, const char *value)
{
    for (int i = 0; i < SETTINGS; i++) {
        int number;
        if (strcmp(key, table[i].key) != 0)
            continue;
        if (table[i].text != NULL && strlen(value) >= SETTING_TEXT)
            return -1;
        if (table[i].text != NULL)
            set_text(s, &table[i], value);
        else if (parse_number(&table[i], value, &number) == 0)
            set_number(s, &table[i], number);
        else
            return -1;
        return 0;
    }
    return -1;
}

void settings_describe(struct buf *out)
{
    for (int i = 0; i < SETTINGS; i++) {
        const struct setting *row = &table[i];
        if (row->text != NULL)
            buf_addf(out, "  %-19s %-22s %s\n", row->key, row->text, row->meaning);
        else
            buf_addf(out, "  %-19s %-22d %s\n", row->key, row->number, row->meaning);
    }
}
