/* The words of message.h. Pure but for message_fini. */
#include "host/queue/message.h"

#include <stdlib.h>
#include <string.h>

static const char *const statuses[] = {
    [MESSAGE_ACCEPTED] = "accepted",
    [MESSAGE_SCHEDULED] = "scheduled",
    [MESSAGE_QUEUED] = "queued",
    [MESSAGE_SENDING] = "sending",
    [MESSAGE_SENT] = "sent",
    [MESSAGE_DELIVERED] = "delivered",
    [MESSAGE_UNDELIVERED] = "undelivered",
    [MESSAGE_FAILED] = "failed",
    [MESSAGE_CANCELED] = "canceled",
    [MESSAGE_RECEIVING] = "receiving",
    [MESSAGE_RECEIVED] = "received",
};
static const char *const directions[] = {
    [MESSAGE_INBOUND] = "inbound",
    [MESSAGE_OUTBOUND_API] = "outbound-api",
    [MESSAGE_OUTBOUND_REPLY] = "outbound-reply",
};
static const char *const outcomes[] = {
    [OUTCOME_SENT] = "sent",
    [OUTCOME_RETRY] = "retry",
    [OUTCOME_REJECT] = "reject",
    [OUTCOME_UNSURE] = "unsure",
};

static const char *word(const char *const *words, size_t count, unsigned value)
{
    return value < count && words[value] != NULL ? words[value] : "unknown";
}

const char *message_status_text(enum message_status status)
{
    return word(statuses, sizeof statuses / sizeof statuses[0], status);
}

const char *message_direction_text(enum message_direction direction)
{
    return word(directions, sizeof directions / sizeof directions[0], direction);
}

const char *outcome_text(enum outcome outcome)
{
    return word(outcomes, sizeof outcomes / sizeof outcomes[0], outcome);
}

bool message_status_parse(const char *text, enum message_status *status)
{
    for (unsigned i = MESSAGE_ACCEPTED; i < sizeof statuses / sizeof statuses[0]; i++)
        if (strcmp(statuses[i], text) == 0) {
            *status = i;
            return true;
        }
    return false;
}

bool message_is_final(enum message_status status, int64_t report_until_ms, int64_t now_ms)
{
    switch (status) {
    case MESSAGE_SENT: return report_until_ms <= now_ms;
    case MESSAGE_DELIVERED:
    case MESSAGE_UNDELIVERED:
    case MESSAGE_FAILED:
    case MESSAGE_CANCELED:
    case MESSAGE_RECEIVED: return true;
    case MESSAGE_ACCEPTED:
    case MESSAGE_SCHEDULED:
    case MESSAGE_QUEUED:
    case MESSAGE_SENDING:
    case MESSAGE_RECEIVING: return false;
    }
    return false;
}

void message_shown_to(const struct message *message, char out[NUMBER_MAX * 2])
{
    size_t len = strlen(message->to), masked = message->mask_to ? (len < 4 ? len : 4) : 0;
    memcpy(out, message->to, len + 1);
    memset(out + len - masked, 'X', masked);
}

void message_fini(struct message *message)
{
    free(message->body);
    free(message->callback_url);
    free(message->tags);
    message->body = message->callback_url = message->tags = NULL;
}
