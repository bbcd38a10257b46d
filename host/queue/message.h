/* The one noun everybody shares. Times are UTC milliseconds, 0 = none. */
#ifndef CELLPOST_QUEUE_MESSAGE_H
#define CELLPOST_QUEUE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/sid.h"
#include "host/sms/number.h"

/* Twilio's words; the numbers are stored. */
enum message_status {
    MESSAGE_ACCEPTED = 1,
    MESSAGE_SCHEDULED,
    MESSAGE_QUEUED,
    MESSAGE_SENDING,
    MESSAGE_SENT,
    MESSAGE_DELIVERED,
    MESSAGE_UNDELIVERED,
    MESSAGE_FAILED,
    MESSAGE_CANCELED,
    MESSAGE_RECEIVING,
    MESSAGE_RECEIVED
};
enum message_direction { MESSAGE_INBOUND = 1, MESSAGE_OUTBOUND_API, MESSAGE_OUTBOUND_REPLY };

const char *message_status_text(enum message_status);       /* "queued" */
const char *message_direction_text(enum message_direction); /* "outbound-api" */
bool message_status_parse(const char *, enum message_status *);
/* delivered, undelivered, failed, canceled, received; and sent when no report is awaited any more
 * (report_until_ms passed or 0). */
bool message_is_final(enum message_status, int64_t report_until_ms, int64_t now_ms);

/* What an attempt at a segment may end as. */
enum outcome { OUTCOME_SENT = 1, OUTCOME_RETRY, OUTCOME_REJECT, OUTCOME_UNSURE };
const char *outcome_text(enum outcome);

/* What is done with an UNSURE attempt that no report settles. */
enum unsure_policy { UNSURE_HOLD, UNSURE_RESEND };

struct message {
    int64_t id;
    struct sid sid;
    bool mm; /* sid prefix MM, else SM */
    int64_t account_id;
    enum message_direction direction;
    enum message_status status;
    char from[NUMBER_MAX * 2]; /* "" while a service has not chosen */
    char to[NUMBER_MAX * 2];
    char *body;         /* heap; "" once redacted */
    int64_t line_id;    /* 0 = not chosen */
    int64_t service_id; /* 0 = none */
    unsigned segments;  /* count */
    int error_code;     /* Twilio's, 0 = none */
    bool unsure;        /* an attempt's outcome is unknown */
    int priority;       /* 0..9 */
    enum unsure_policy policy;
    int64_t created_ms, updated_ms, sent_ms, expires_ms, report_until_ms;
    char *callback_url;         /* heap or NULL */
    char *tags;                 /* JSON text or NULL */
    bool discard_body, mask_to; /* ContentRetention, AddressRetention */
    int64_t reply_to;           /* inbound message that this answers, 0 = none */
};
void message_fini(struct message *);

/* The address as those outside may see it: with mask_to its last four characters are X. */
void message_shown_to(const struct message *, char out[NUMBER_MAX * 2]);

#endif
