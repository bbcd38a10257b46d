/* The generic modem: TS 27.005 and TS 27.007 as most families speak them, each thing by a ladder from best to
 * least. The last row of models.c: it matches everything. The error tables serve the families too. */
#include "drivers/modem/generic.h"

#define MINUTE 60000

/* error_code: Twilio's. 30003 unreachable, 30004 blocked, 30005 unknown destination, 30006 unreachable
 * carrier, 30008 unknown, 30022 rate exceeded, 30410 provider timeout. carrier_fault: the modem or the SIM,
 * not the message: another line may do better, and it costs the message no try. */
#define TRY(code, twilio, after)                                                                             \
    {                                                                                                        \
        code, OUTCOME_RETRY, twilio, false, after, false                                                     \
    }
#define MODEM(code, after)                                                                                   \
    {                                                                                                        \
        code, OUTCOME_RETRY, 30008, true, after, true                                                        \
    }
#define WAIT(code, after)                                                                                    \
    {                                                                                                        \
        code, OUTCOME_RETRY, 30008, true, after, false                                                       \
    }
#define SIM(code)                                                                                            \
    {                                                                                                        \
        code, OUTCOME_RETRY, 30008, true, 10 * MINUTE, false                                                 \
    }
#define NEVER(code, twilio)                                                                                  \
    {                                                                                                        \
        code, OUTCOME_REJECT, twilio, false, 0, false                                                        \
    }

/* 0..127: RP cause (TS 24.011 clause 8.2.5.4); 128..255: TP-FCS (TS 23.040 clause 9.2.3.22); 300..511:
 * TS 27.005 clause 3.2.5; then the makers' own. */
const struct model_error generic_cms_errors[] = {
    NEVER(1, 30005),                            /* unassigned number */
    SIM(8),                                     /* operator determined barring */
    SIM(10),                                    /* call barred */
    TRY(17, 30008, 0),                          /* network failure */
    TRY(21, 30008, 0),                          /* short message transfer rejected */
    TRY(22, 30003, 0),                          /* memory capacity exceeded */
    TRY(27, 30003, 0),                          /* destination out of service */
    NEVER(28, 30005),                           /* unidentified subscriber */
    SIM(29),                                    /* facility rejected: often no credit */
    NEVER(30, 30005),                           /* unknown subscriber */
    {38, OUTCOME_RETRY, 30008, false, 0, true}, /* network out of order */
    TRY(41, 30008, 0),                          /* temporary failure */
    TRY(42, 30008, 0),                          /* congestion */
    TRY(47, 30008, 0),                          /* resources unavailable */
    SIM(50),                                    /* requested facility not subscribed */
    NEVER(69, 30008),                           /* requested facility not implemented */
    TRY(81, 30008, 0), /* 81, 95..111: protocol errors; once more, the queue's count ends it */
    TRY(95, 30008, 0),
    TRY(96, 30008, 0),
    TRY(97, 30008, 0),
    TRY(98, 30008, 0),
    TRY(99, 30008, 0),
    TRY(111, 30008, 0),
    TRY(127, 30008, 0),                          /* interworking */
    NEVER(128, 30008),                           /* telematic interworking not supported */
    NEVER(129, 30008),                           /* type 0 not supported */
    NEVER(130, 30008),                           /* cannot replace */
    NEVER(143, 30008),                           /* unspecified TP-PID error */
    NEVER(144, 30008),                           /* alphabet not supported */
    NEVER(145, 30008),                           /* message class not supported */
    NEVER(159, 30008),                           /* unspecified TP-DCS error */
    NEVER(160, 30008),                           /* command cannot be actioned */
    NEVER(161, 30008),                           /* command unsupported */
    NEVER(175, 30008),                           /* unspecified TP-Command error */
    NEVER(176, 30008),                           /* TPDU not supported */
    TRY(192, 30008, 0),                          /* SC busy */
    SIM(193),                                    /* no SC subscription */
    TRY(194, 30008, 0),                          /* SC system failure */
    NEVER(195, 30005),                           /* invalid SME address */
    NEVER(196, 30004),                           /* destination SME barred */
    {197, OUTCOME_SENT, 0, false, 0, false},     /* duplicate rejected: the SC has it already */
    NEVER(198, 30008),                           /* TP-VPF not supported */
    NEVER(199, 30008),                           /* TP-VP not supported */
    WAIT(208, 0),                                /* SIM SMS storage full */
    WAIT(209, 0),                                /* no SMS storage capability in SIM */
    MODEM(210, 0),                               /* error in MS */
    WAIT(211, 0),                                /* memory capacity exceeded */
    TRY(212, 30008, 0),                          /* SIM application toolkit busy */
    TRY(213, 30008, 0),                          /* SIM data download error */
    TRY(255, 30008, 0),                          /* unspecified */
    MODEM(300, 0),                               /* ME failure */
    MODEM(301, 0),                               /* SMS service of ME reserved */
    WAIT(302, 0),                                /* operation not allowed */
    NEVER(303, 30008),                           /* operation not supported */
    NEVER(304, 30008),                           /* invalid PDU mode parameter: our fault */
    NEVER(305, 30008),                           /* invalid text mode parameter */
    SIM(310),                                    /* SIM not inserted */
    SIM(311),                                    /* SIM PIN required */
    SIM(312),                                    /* PH-SIM PIN required */
    SIM(313),                                    /* SIM failure */
    WAIT(314, 5000),                             /* SIM busy */
    SIM(315),                                    /* SIM wrong */
    SIM(316),                                    /* SIM PUK required */
    SIM(317),                                    /* SIM PIN2 required */
    SIM(318),                                    /* SIM PUK2 required */
    MODEM(320, 0),                               /* memory failure */
    NEVER(321, 30008),                           /* invalid memory index */
    WAIT(322, 0),                                /* memory full */
    SIM(330),                                    /* SMSC address unknown */
    WAIT(331, 30000),                            /* no network service */
    {332, OUTCOME_UNSURE, 30008, true, 0, true}, /* network timeout: it may have the message */
    MODEM(500, 0),                               /* unknown error */
    MODEM(512, 30000), /* SIM800: MM establishment failed; its acknowledgement timers run 28 to 42 s */
    MODEM(513, 30000), /* lower layer failure */
    MODEM(514, 30000), /* CP or network error */
    WAIT(515, 5000),   /* please wait, initialising */
    WAIT(517, 5000),
    MODEM(-1, 0),
};

/* TS 27.007 clause 9.2, where it answers +CMGS. */
const struct model_error generic_cme_errors[] = {
    NEVER(21, 30008), /* invalid index */
    NEVER(24, 30008), /* text string too long */
    NEVER(25, 30008), /* invalid characters in text string */
    NEVER(26, 30008), /* dial string too long */
    NEVER(27, 30008), /* invalid characters in dial string */
    NEVER(50, 30008), /* incorrect parameters */
    SIM(5),
    SIM(6),
    SIM(7),
    SIM(10),
    SIM(11),
    SIM(12),
    SIM(13),
    SIM(15),
    SIM(16),
    SIM(17),
    SIM(18),
    WAIT(14, 5000),
    WAIT(30, 30000),                            /* no network service */
    {31, OUTCOME_UNSURE, 30008, true, 0, true}, /* network timeout */
    WAIT(32, 30000),                            /* emergency calls only */
    WAIT(256, 5000),                            /* SIMCom: operation temporarily not allowed */
    WAIT(515, 5000),                            /* please wait, initialising */
    MODEM(-1, 0),
};

const char *const generic_cnmi[] = {"2,1,0,2,0", "2,1,0,1,0", "2,1,0,1,1", "2,1,0,0,0", "1,1,0,1,0",
                                    "1,1,0,1,1", "1,1,0,0,0", "2,0,0,0,0", NULL};
const char *const generic_cpms[] = {"ME", "SM", "MT", NULL};
const char *const generic_iccid_queries[] = {"AT+CCID", "AT+QCCID", "AT+ICCID",  "AT^ICCID?", "AT+CCID?",
                                             "AT#CCID", "AT^SCID",  "AT%XICCID", NULL};
/* VERIFY without data over +CSIM works on any SIM and takes no try (TS 31.101 clause 11.1.9). */
const char *const generic_pin_tries_queries[] = {
    "AT+CPINR", "AT+QPINC?", "AT^CPIN?", "AT+SPIC", "AT#PCT", "AT+UPINCNT", "AT+CSIM=10,\"0020000100\"",
    NULL};

const struct model_rung generic_ladder[] = {
    {RUNG_RESYNC, 0, 2}, {RUNG_REOPEN, 1000, 2},   {RUNG_CFUN_RESET, 0, 1}, {RUNG_RESET_PULSE, 0, 1},
    {RUNG_PWRKEY, 0, 1}, {RUNG_POWER_CYCLE, 0, 2}, {RUNG_QUARANTINE, 0, 0},
};

/* RESET skips what the module writes to its flash at the end: only after PWRKEY did not help. */
const struct model_rung generic_flash_ladder[] = {
    {RUNG_RESYNC, 0, 2},      {RUNG_REOPEN, 1000, 2},   {RUNG_CFUN_RESET, 0, 1}, {RUNG_PWRKEY, 0, 1},
    {RUNG_RESET_PULSE, 0, 1}, {RUNG_POWER_CYCLE, 0, 2}, {RUNG_QUARANTINE, 0, 0},
};

const struct model model_generic = {
    .name = "generic",
    .cnmi = generic_cnmi,
    .cpms = generic_cpms,
    .iccid_queries = generic_iccid_queries,
    .pin_tries_queries = generic_pin_tries_queries,
    .csms = 1,
    .cmms = true,
    .send_result_ms = 180000,
    .prompt_ms = 10000,
    .boot_ms = 25000, /* of any: the slowest are reset while they boot, if it is less */
    .cms_errors = generic_cms_errors,
    .cme_errors = generic_cme_errors,
    .ladder = generic_ladder,
};
