#include "profile.h"

#include <string.h>

static const char *const nothing[] = {NULL};
static const char *const ccids[] = {"+CCID", "+ICCID", NULL};
static const char *const cnum[] = {"+CNUM", NULL};
static const char *const sim800_lacks[] = {"+ICCID", "+QCCID", "+CESQ", "+CEREG", "+CPINR", NULL};
static const char *const huawei_lacks[] = {"+CCID", "+QCCID", "+CESQ", "+CEREG", "+CPINR", NULL};
static const char *const wavecom_lacks[] = {"+CGMR", "+ICCID", "+QCCID", "+CESQ", "+CEREG", "+CPINR", NULL};

#define ALL_STORES "ME SM MT SR"

static const struct profile generic = {
    .name = "generic",
    .maker = "Simulated",
    .model = "Generic",
    .revision = "SIM-1.0",
    .cnmi = {"0123", "0123", "0123", "012", "01"},
    .stores = {ALL_STORES, "ME SM MT", "ME SM MT"},
    .start_mem = "SM",
    .boot_urcs = "RDY\n+CFUN: 1",
    .sms_ready = "+CPIN: READY\nSMS DONE",
    .unknown = nothing,
    .csms = true,
};

static const struct profile no_cnum = {
    .name = "no_cnum",
    .maker = "Simulated",
    .model = "Generic",
    .revision = "SIM-1.0",
    .cnmi = {"0123", "0123", "0123", "012", "01"},
    .stores = {ALL_STORES, "ME SM MT", "ME SM MT"},
    .start_mem = "SM",
    .boot_urcs = "RDY\n+CFUN: 1",
    .sms_ready = "+CPIN: READY\nSMS DONE",
    .unknown = cnum,
    .csms = true,
};

static const struct profile poll_only = {
    .name = "poll_only",
    .maker = "Simulated",
    .model = "Poll",
    .revision = "SIM-1.0",
    .cnmi = {"2", "0", "0", "0", "0"},
    .stores = {"SM", "SM", "SM"},
    .start_mem = "SM",
    .boot_urcs = "",
    .sms_ready = "",
    .unknown = ccids,
    .csms = false,
};

static const struct profile ec25 = {
    .name = "ec25",
    .power = "EC25",
    .maker = "Quectel",
    .model = "EC25",
    .revision = "EC25EFAR06A03M4G",
    .cnmi = {"0123", "0123", "023", "012", "01"},
    .stores = {ALL_STORES, "ME SM MT", "ME SM MT"},
    .start_mem = "ME",
    .boot_urcs = "RDY",
    .sms_ready = "+CPIN: READY\n+QUSIM: 1\n+QIND: SMS DONE\n+QIND: PB DONE",
    .unknown = ccids,
    .csms = true,
};

static const struct profile sim800 = {
    .name = "sim800",
    .power = "SIM800",
    .maker = "SIMCOM_Ltd",
    .model = "SIMCOM_SIM800L",
    .revision = "Revision:1418B05SIM800L24",
    .cnmi = {"0123", "0123", "023", "01", "01"},
    .stores = {"SM ME MT", "SM ME MT", "SM ME MT"},
    .start_mem = "SM",
    .boot_urcs = "RDY\n+CFUN: 1",
    .sms_ready = "+CPIN: READY\nCall Ready\nSMS Ready",
    .unknown = sim800_lacks,
    .csms = true,
};

static const struct profile sim7600 = {
    .name = "sim7600",
    .power = "SIM7600",
    .maker = "SIMCOM INCORPORATED",
    .model = "SIMCOM_SIM7600E-H",
    .revision = "+CGMR: LE20B04SIM7600M22",
    .cnmi = {"12", "0123", "023", "012", "01"},
    .stores = {"ME MT SM SR", "ME MT SM SR", "ME MT SM SR"},
    .start_mem = "SM",
    .boot_urcs = "RDY",
    .sms_ready = "+CPIN: READY\nSMS DONE\nPB DONE",
    .unknown = ccids,
    .csms = true,
};

static const struct profile huawei = {
    .name = "huawei",
    .maker = "huawei",
    .model = "E3372",
    .revision = "21.180.01.00.00",
    .cnmi = {"01", "0123", "0", "01", "0"}, /* mode 2 is refused, ds=2 too */
    .stores = {"ME SM", "ME SM", "ME SM"},
    .start_mem = "SM",
    .boot_urcs = "^BOOT:25540467,0,0,0,77",
    .sms_ready = "^SIMST:1",
    .unknown = huawei_lacks,
    .csms = true,
};

static const struct profile wavecom = {
    .name = "wavecom",
    .maker = " WAVECOM MODEM",
    .model = " MULTIBAND  900E  1800",
    .revision = "",
    .cnmi = {"2", "01", "0", "012", "0"},
    .stores = {"SM SR", "SM", "SM"},
    .start_mem = "SM",
    .boot_urcs = "",
    .sms_ready = "",
    .unknown = wavecom_lacks,
    .csms = true,
    .bare_cpin = true,
};

static const struct profile ublox = {
    .name = "ublox",
    .power = "SARA_R5",
    .maker = "u-blox",
    .model = "SARA-R510S",
    .revision = "03.15",
    .cnmi = {"012", "0123", "02", "012", "01"},
    .stores = {"ME SM MT", "ME SM MT", "ME SM MT"},
    .start_mem = "ME",
    .boot_urcs = "",
    .sms_ready = "",
    .unknown = cnum,
    .csms = true,
    .gsn_quoted = true,
};

static const struct profile *const profiles[] = {&generic, &no_cnum, &poll_only, &ec25, &sim800,
                                                 &sim7600, &huawei,  &wavecom,   &ublox};

enum { PROFILES = sizeof profiles / sizeof profiles[0] };

const struct profile *profile_at(int i)
{
    return i >= 0 && i < PROFILES ? profiles[i] : NULL;
}

const struct profile *profile_find(const char *name)
{
    for (int i = 0; i < PROFILES; i++)
        if (strcmp(profiles[i]->name, name) == 0)
            return profiles[i];
    return NULL;
}
