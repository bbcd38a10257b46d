/* Configuration: an INI file read through one option table, in which each option stands once: parser,
 * default, limits, whether a reload applies it, and its line in the manual (`cellpostd --options` prints
 * them).
 *
 *   [daemon]              one of each, optional
 *   [line NAME] [modem NAME] [class NAME] [service NAME] ...   any number
 *
 * conf_load reads all of the file and reports every error as "FILE:LINE: message that names the option and
 * what would be right" (line 0: nothing in the file can be pointed at); with any error there is no
 * configuration. The value of a secret (PIN, auth token) is in no message. */
#ifndef CELLPOST_BASE_CONF_H
#define CELLPOST_BASE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CONF_TLS_LISTEN_MAX 8
#define CONF_NAME_MAX       33 /* [A-Za-z0-9_-]{1,32} */

enum conf_log_numbers { CONF_NUMBERS_MASKED, CONF_NUMBERS_FULL };
enum conf_policy { CONF_HOLD, CONF_RESEND };
enum conf_media { CONF_MEDIA_REFUSE, CONF_MEDIA_APPEND };

struct conf_daemon {
    char *data_dir;       /* database, key file, credentials */
    char *control_socket; /* default <data_dir>/control */
    int log_level;        /* enum log_level */
    bool log_mask;        /* log_numbers = masked | full */
    char *country;        /* calling code of local forms, "" = refuse them */
    char *trunk;          /* trunk prefix of local forms, default "0" */
    char *key_file;       /* seals the auth tokens; "" = key in data_dir */
    char *account_sid;    /* fixes the first account: both or neither */
    char *auth_token;
};
struct conf_http {
    char *listen;            /* "127.0.0.1:8080", "[::]:8080" */
    char *unix_socket;       /* cellpost send's way in, default <data_dir>/http */
    int connections;         /* cap */
    int idle_ms, request_ms; /* keep-alive idle; whole request must arrive within */
    bool plain_anywhere;     /* plain HTTP on an address that others reach */
    int per_address;         /* cap of one client address */
    int queue_max;           /* unsettled messages of an account; above: 429/20429 */
    int scheduled_max;       /* scheduled messages of an account; above: 35125 */
    bool schedule_without_service;
    enum conf_media media;      /* what becomes of MediaUrl */
    char **to_allow, **to_deny; /* prefixes of recipients, "+41", NULL-terminated */
    int account_rate, account_burst, address_rate, address_burst; /* requests a second; rate 0: no limit */
    int failed_logins; /* of an address, before it is slowed; 0: never */
};
struct conf_tls {
    char **listen;    /* addresses, NULL-terminated; none = no TLS */
    char *cert, *key; /* the operator's; "" = the local authority's */
    char **names;     /* of the local authority's leaf, besides its own */
    int handshake_ms; /* must be over within */
};
struct conf_hooks {
    char *ca_file;
    char **allow, **deny; /* address ranges, NULL-terminated */
    char **url_allow;     /* patterns (urllist.h), NULL-terminated; none = every URL */
    bool retry;           /* false: Twilio's behaviour, no durable retry */
    bool sending;         /* the change to `sending` is told too */
    bool breaker;         /* an endpoint that fails again and again is left alone for a while */
    int parallel;         /* requests at once */
    int connect_ms, read_ms, total_ms;
};
struct conf_verify {
    char *from; /* sender of codes: a [line]'s name, or a messaging service's SID; "" = the account's first
                   line */
};
struct conf_retention { /* ages in seconds; 0 = for ever, of a status: as messages */
    int messages_s, bodies_s, sent_s, delivered_s, undelivered_s, failed_s, canceled_s, received_s;
};
struct conf_line { /* [line NAME]: an identity on a SIM; its URLs seed its row once */
    char name[CONF_NAME_MAX];
    int line_no;      /* where its section begins */
    char *number;     /* E.164; "" = ask the SIM (+CNUM) */
    char *iccid;      /* "" = take the first seen */
    char *modem;      /* name of a [modem]; "" where it is simulated */
    char *carrier;    /* "modem" | "simulator", which is also called "loopback" */
    char *class_name; /* default class, "" = "default" */
    char *account;    /* SID or name of whose a new line is; "" = the first account's */
    char *pin;        /* SIM PIN, "" = none */
    char **optout;    /* sets of words, NULL-terminated; "off" */
    char *sms_url, *sms_method, *sms_fallback_url, *sms_fallback_method, *status_callback;
    bool status_reports; /* ask for them (SRR) */
    int rate;            /* segments a second, 0 = no limit: so is a line without a modem by default */
    int queue_max;       /* unsettled messages of the line; above: 429/21611 */
};
struct conf_modem { /* [modem NAME] */
    char name[CONF_NAME_MAX];
    int line_no;
    char *port; /* "serial:/dev/serial/by-id/..." | "pty:/path" */
    int baud;
    char *model;  /* "" = by +CGMI/+CGMM */
    char *slot;   /* power: "" none | "BOARD:N" | "sim:SOCKET:MODEM" */
    char *module; /* in the board's slot; "" = as the board has it */
    char *timing; /* of module CUSTOM */
};
struct conf_board { /* [board NAME]: a modem board */
    char name[CONF_NAME_MAX];
    int line_no;
    char *port; /* as a modem's; the path may be a pattern */
    int baud;
    char *type;   /* what it must call itself, "" = anything */
    char *loader; /* the command that writes its firmware where it takes no images, "" = none */
};
struct conf_class { /* [class NAME] */
    char name[CONF_NAME_MAX];
    int line_no;
    enum conf_policy unsure;
    int priority;   /* 0..9, 9 first, default 5 */
    int validity_s; /* 1..36000, default 36000 */
};
struct conf_service { /* [service NAME]: a messaging service; its row follows */
    char name[CONF_NAME_MAX];
    int line_no;
    char *sid;     /* MG..., "" = made up */
    char **lines;  /* names, NULL-terminated */
    char **optout; /* empty: as its lines */
    char *inbound_request_url, *inbound_method, *fallback_url, *fallback_method, *status_callback;
    bool sticky_sender, area_code_geomatch, smart_encoding, use_inbound_webhook_on_number;
    int validity_s;
};
enum conf_outcome { CONF_SIMULATE_SENT, CONF_SIMULATE_REJECT, CONF_SIMULATE_RETRY, CONF_SIMULATE_UNSURE };
enum conf_receipt { CONF_RECEIPT_AUTO, CONF_RECEIPT_DELIVERED, CONF_RECEIPT_UNDELIVERED, CONF_RECEIPT_NONE };
struct conf_simulate { /* [simulate NAME]: what simulated lines do with a message; the first that fits */
    char name[CONF_NAME_MAX];
    int line_no;
    char *line; /* "" = every simulated line */
    char *to;   /* number or pattern with '*'; "" = everybody */
    enum conf_outcome outcome;
    int error; /* of reject and retry */
    int after_ms;
    enum conf_receipt receipt;
    int receipt_error, receipt_after_ms;
    int times; /* 0 = always */
};
struct conf_optout { /* [optout NAME]: words of opting out, and what is answered */
    char name[CONF_NAME_MAX];
    int line_no;
    char **stop, **start, **help;
    char *stop_reply, *start_reply, *help_reply; /* "" = no answer */
};
struct conf_mark; /* where an option stands in the file */
struct conf {
    char *file;
    struct conf_mark *marks;
    size_t mark_count;
    struct conf_daemon daemon;
    struct conf_http http;
    struct conf_tls tls;
    struct conf_hooks hooks;
    struct conf_verify verify;
    struct conf_retention retention;
    struct conf_line *lines;
    size_t line_count;
    struct conf_modem *modems;
    size_t modem_count;
    struct conf_board *boards;
    size_t board_count;
    struct conf_class *classes;
    size_t class_count; /* "default" always exists */
    struct conf_service *services;
    size_t service_count;
    struct conf_simulate *simulates; /* in the order of the file */
    size_t simulate_count;
    struct conf_optout *optouts;
    size_t optout_count;
};

/* Reports each error through `report` (may be NULL); returns NULL when there was one. */
typedef void conf_report_fn(void *arg, const char *file, int line, const char *message);
struct conf *conf_load(const char *path, conf_report_fn *, void *arg);
struct conf *conf_parse(const char *file, const char *text, size_t len, conf_report_fn *, void *arg);
void conf_free(struct conf *); /* wipes the secrets */

/* As conf_load, but `also` is asked too and its reports count as errors like the rest: for what the file
 * alone does not show, such as which models there are. What it is given may be wrong elsewhere. */
typedef void conf_check_fn(const struct conf *, conf_report_fn *, void *arg);
struct conf *conf_load_checked(const char *path, conf_check_fn *also, conf_report_fn *, void *arg);

/* The line that sets an option, told by the address of its field (&conf->lines[0].sms_url); 0 = the file
 * leaves it at its default. */
int conf_where(const struct conf *, const void *field);

const struct conf_class *conf_find_class(const struct conf *, const char *name);

/* Names the options whose change between the two needs a restart, one call of report each; returns how many.
 */
int conf_restart_needed(const struct conf *before, const struct conf *after, conf_report_fn *, void *arg);

/* Gives `after` what those options are in `before`: what is in force until then. `before` is only to be
 * freed. */
void conf_keep_until_restart(struct conf *after, struct conf *before);

void conf_manual(FILE *); /* the option table as text */

#endif
