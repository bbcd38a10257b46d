/* What a simulated line does with a message, by rule: the outcome, when, and the delivery report. Pure: no
 * I/O, no heap, no clock.
 *
 * Rules stand in an order and the first that matches decides. One with `times` matches that many segments'
 * attempts and no more; further segments of the message that it took last do not count, so that a long text
 * is treated as one. Without any match a message is SENT at once and delivered 200 ms later. */
#ifndef CELLPOST_SIMULATOR_RULE_H
#define CELLPOST_SIMULATOR_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/conf.h"
#include "host/queue/message.h"

/* What becomes of one attempt. */
struct plan {
    enum outcome outcome;
    int error;               /* Twilio's 30xxx: REJECT, and RETRY once the validity is over */
    int64_t after_ms;        /* until the outcome */
    int64_t retry_after_ms;  /* RETRY: 0 = the queue's own back-off */
    bool report;             /* one comes by itself: */
    uint8_t st;              /* its TP-ST */
    int64_t report_after_ms; /* after the outcome */
    bool wait;               /* or it is kept for simulator_receipt() */
};

struct rule {
    char name[CONF_NAME_MAX]; /* of its section; "" = made at run time */
    char line[CONF_NAME_MAX]; /* "" = every simulated line */
    char to[32];              /* "" = everybody; '*' stands for any digits: "+4179*" */
    struct plan plan;
    int64_t times, used; /* times 0 = always */
    int64_t message;     /* that it took last */
};

void rule_read(const struct conf_simulate *, struct rule *);

/* '*' in the pattern stands for any characters, also none. */
bool rule_pattern_match(const char *pattern, const char *to);

/* What becomes of segment seq of the message: the plan of the first rule that takes it, which counts it; else
 * rule_none. */
const struct plan *rule_choose(struct rule *rules, size_t count, const char *line, const char *to,
                               int64_t message, unsigned seq);

/* The plan without any rule. */
extern const struct plan rule_none;

#define RULE_TEXT 256
/* The rule as its options read. */
void rule_text(const struct rule *, char out[RULE_TEXT]);

/* TP-ST that the queue reads as this error of an undelivered message; -1 when no status says it. */
int rule_st(int error);

#endif
