/* See rule.h. */
#include "host/simulator/rule.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct plan rule_none = {.outcome = OUTCOME_SENT, .report = true, .st = 0x00, .report_after_ms = 200};

/* One TP-ST (TS 23.040 9.2.3.15) for each error that a report can lead to. */
static const struct {
    int error;
    uint8_t st;
} statuses[] = {
    {30003, 0x62}, /* no response from SME */
    {30004, 0x63}, /* service rejected */
    {30005, 0x43}, /* not obtainable */
    {30006, 0x45}, /* no interworking available */
    {30007, 0x48}, /* deleted by SC administration */
    {30008, 0x40}, /* remote procedure error */
    {30017, 0x60}, /* congestion */
};

int rule_st(int error)
{
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (statuses[i].error == error)
            return statuses[i].st;
    return -1;
}

void rule_read(const struct conf_simulate *conf, struct rule *rule)
{
    static const enum outcome outcomes[] = {[CONF_SIMULATE_SENT] = OUTCOME_SENT,
                                            [CONF_SIMULATE_REJECT] = OUTCOME_REJECT,
                                            [CONF_SIMULATE_RETRY] = OUTCOME_RETRY,
                                            [CONF_SIMULATE_UNSURE] = OUTCOME_UNSURE};
    enum outcome outcome = outcomes[conf->outcome];
    bool left = outcome == OUTCOME_SENT || outcome == OUTCOME_UNSURE;
    bool failed = conf->receipt == CONF_RECEIPT_UNDELIVERED;
    int st = failed ? rule_st(conf->receipt_error) : 0;
    *rule = (struct rule){.times = conf->times};
    snprintf(rule->name, sizeof rule->name, "%s", conf->name);
    snprintf(rule->line, sizeof rule->line, "%s", conf->line);
    snprintf(rule->to, sizeof rule->to, "%s", conf->to);
    rule->plan =
        (struct plan){.outcome = outcome,
                      .error = conf->error,
                      .after_ms = conf->after_ms,
                      .report = left && (conf->receipt == CONF_RECEIPT_DELIVERED || failed ||
                                         (conf->receipt == CONF_RECEIPT_AUTO && outcome == OUTCOME_SENT)),
                      .st = (uint8_t)(st < 0 ? 0x40 : st),
                      .report_after_ms = conf->receipt_after_ms};
    rule->plan.wait = left && !rule->plan.report;
}

bool rule_pattern_match(const char *pattern, const char *to)
{
    const char *star = NULL, *resume = NULL; /* the last '*', and where in `to` it ends so far */
    while (*to != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            resume = to;
        } else if (*pattern == *to) {
            pattern++;
            to++;
        } else if (star != NULL) {
            pattern = star + 1;
            to = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static bool rule_takes(const struct rule *rule, const char *line, const char *to)
{
    return (rule->line[0] == '\0' || strcmp(rule->line, line) == 0) &&
           (rule->to[0] == '\0' || rule_pattern_match(rule->to, to));
}

/* One rule has a message at a time: the one that took its last segment. */
static void forget_message(struct rule *rules, size_t count, int64_t message)
{
    for (size_t i = 0; i < count; i++)
        if (rules[i].message == message)
            rules[i].message = 0;
}

const struct plan *rule_choose(struct rule *rules, size_t count, const char *line, const char *to,
                               int64_t message, unsigned seq)
{
    for (size_t i = 0; i < count; i++) {
        struct rule *rule = &rules[i];
        bool goes_on = seq > 1 && rule->message == message;
        if (!rule_takes(rule, line, to) || (!goes_on && rule->times > 0 && rule->used >= rule->times))
            continue;
        rule->used += !goes_on;
        forget_message(rules, count, message);
        rule->message = message;
        return &rule->plan;
    }
    forget_message(rules, count, message);
    return &rule_none;
}

void rule_text(const struct rule *rule, char out[RULE_TEXT])
{
    static const char *const outcomes[] = {[OUTCOME_SENT] = "sent",
                                           [OUTCOME_RETRY] = "retry",
                                           [OUTCOME_REJECT] = "reject",
                                           [OUTCOME_UNSURE] = "unsure"};
    const struct plan *plan = &rule->plan;
    char receipt[80] = "none", used[64] = "", error[24] = "";
    if (plan->report)
        snprintf(receipt, sizeof receipt, "%s receipt_after=%" PRId64 "ms",
                 plan->st == 0 ? "delivered" : "undelivered", plan->report_after_ms);
    if (rule->times > 0)
        snprintf(used, sizeof used, " times=%" PRId64 " used=%" PRId64, rule->times, rule->used);
    if (plan->outcome == OUTCOME_REJECT || plan->outcome == OUTCOME_RETRY)
        snprintf(error, sizeof error, " error=%d", plan->error);
    snprintf(out, RULE_TEXT, "%s line=%s to=%s outcome=%s%s after=%" PRId64 "ms receipt=%s%s",
             rule->name[0] != '\0' ? rule->name : "-", rule->line[0] != '\0' ? rule->line : "*",
             rule->to[0] != '\0' ? rule->to : "*", outcomes[plan->outcome], error, plan->after_ms, receipt,
             used);
}
