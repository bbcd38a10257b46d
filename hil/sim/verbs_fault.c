/* Verbs about what goes wrong: rules, text in the middle of answers, accidents. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"

static const struct {
    const char *verb;
    enum fault_kind kind;
    bool text;
    const char *number; /* what it counts, NULL = it takes none */
} rules[] = {
    {"error", FAULT_ERROR, true, NULL},
    {"answer", FAULT_ANSWER, true, NULL},
    {"swallow", FAULT_SWALLOW, false, NULL},
    {"hold", FAULT_HOLD, false, NULL},
    {"delay", FAULT_DELAY, false, "the milliseconds are missing"},
    {"drop", FAULT_DROP, false, NULL},
    {"error-after", FAULT_ERROR_AFTER, true, NULL},
    {"garble", FAULT_GARBLE, false, NULL},
    {"tear", FAULT_TEAR, true, "how many bytes come before it is missing"},
    {"lose", FAULT_LOSE, false, "how many bytes is missing"},
};

enum { RULES = sizeof rules / sizeof rules[0] };

static int find_rule(const char *verb)
{
    for (int i = 0; i < RULES; i++)
        if (strcmp(rules[i].verb, verb) == 0)
            return i;
    return -1;
}

/* VERB M STAGE [TEXT] [NUMBER] [TIMES]; TIMES 0 = until clear-faults. */
static enum verb_result rule(struct request *r)
{
    const struct words *w = r->words;
    int i = find_rule(w->v[0]), next = 3, times = 1;
    struct fault f = {.kind = rules[i].kind};
    snprintf(f.stage, sizeof f.stage, "%s", w->v[2]);
    if (rules[i].text && next < w->n)
        snprintf(f.text, sizeof f.text, "%s", w->v[next++]);
    else if (rules[i].text)
        return verb_fail(r, "the text of the answer is missing");
    if (rules[i].number && (next >= w->n || !words_number(w->v[next++], &f.number) || f.number < 0))
        return verb_fail(r, rules[i].number);
    if (next < w->n && (!words_number(w->v[next], &times) || times < 0))
        return verb_fail(r, "how often is not a number");
    f.left = times > 0 ? times : -1;
    fault_add(r->m, &f);
    return VERB_OK;
}

static enum verb_result release(struct request *r)
{
    at_release(r->m);
    return VERB_OK;
}

static enum verb_result clear(struct request *r)
{
    fault_clear(r->m);
    return VERB_OK;
}

static enum verb_result urc(struct request *r)
{
    at_urc(r->m, "%s", r->words->v[2]);
    return VERB_OK;
}

static enum verb_result raw(struct request *r)
{
    port_write(&r->m->port, r->words->v[2], strlen(r->words->v[2]));
    return VERB_OK;
}

static enum verb_result tap(struct request *r, enum stream stream, const char *text, bool at_line_end)
{
    int after;
    if (!words_number(r->words->v[2], &after) || after < 0)
        return verb_fail(r, "after how many bytes is not a number");
    fault_tap(r->m, stream, (size_t)after, at_line_end, text);
    return VERB_OK;
}

static enum verb_result tap_line(struct request *r, enum stream stream)
{
    char text[512];
    snprintf(text, sizeof text, "\r\n%s\r\n", r->words->v[3]);
    return tap(r, stream, text, r->words->n > 4 && strcmp(r->words->v[4], "line") == 0);
}

static enum verb_result urc_at(struct request *r)
{
    return tap_line(r, STREAM_ANSWERS);
}

static enum verb_result urc_in_urc(struct request *r)
{
    return tap_line(r, STREAM_URCS);
}

static enum verb_result raw_at(struct request *r)
{
    return tap(r, STREAM_ANSWERS, r->words->v[3], false);
}

static enum verb_result fragment(struct request *r)
{
    int size, gap_us = 1000;
    if (!words_number(r->words->v[2], &size) || size < 0 ||
        (r->words->n > 3 && !words_number(r->words->v[3], &gap_us)) || gap_us < 0)
        return verb_fail(r, "usage: fragment M BYTES [GAP_US]");
    r->m->port.fragment = size;
    r->m->port.fragment_gap_us = gap_us;
    return VERB_OK;
}

/* vanish-at, reboot-at, hang-at, off-at M pdu-byte N | answer-byte N | accepted */
static enum verb_result accident(struct request *r)
{
    static const char *const verbs[] = {"vanish-at", "reboot-at", "hang-at", "off-at"};
    static const char *const whens[] = {"pdu-byte", "answer-byte", "accepted"};
    const struct words *w = r->words;
    int what = 0, when = 0, after = 1;
    while (what < 3 && strcmp(verbs[what], w->v[0]) != 0)
        what++;
    while (when < 3 && strcmp(whens[when], w->v[2]) != 0)
        when++;
    if (when == 3 || (w->n > 3 && !words_number(w->v[3], &after)) || after < 1)
        return verb_fail(r, "when is pdu-byte N, answer-byte N or accepted");
    fault_accident(r->m, (enum accident)what, (enum accident_when)when, (size_t)after);
    return VERB_OK;
}

const struct verb verbs_fault[] = {
    {"error", true, 4, "error M STAGE TEXT [TIMES]", rule},
    {"answer", true, 4, "answer M STAGE TEXT [TIMES]", rule},
    {"swallow", true, 3, "swallow M STAGE [TIMES]", rule},
    {"hold", true, 3, "hold M STAGE [TIMES]", rule},
    {"delay", true, 4, "delay M STAGE MS [TIMES]", rule},
    {"drop", true, 3, "drop M STAGE [TIMES]", rule},
    {"error-after", true, 4, "error-after M STAGE TEXT [TIMES]", rule},
    {"garble", true, 3, "garble M STAGE [TIMES]", rule},
    {"tear", true, 5, "tear M STAGE TEXT BYTE [TIMES]", rule},
    {"lose", true, 4, "lose M STAGE BYTES [TIMES]", rule},
    {"release", true, 2, "release M", release},
    {"clear-faults", true, 2, "clear-faults M", clear},
    {"urc", true, 3, "urc M TEXT", urc},
    {"raw", true, 3, "raw M TEXT", raw},
    {"urc-at", true, 4, "urc-at M BYTE TEXT [line]", urc_at},
    {"urc-in-urc", true, 4, "urc-in-urc M BYTE TEXT [line]", urc_in_urc},
    {"raw-at", true, 4, "raw-at M BYTE TEXT", raw_at},
    {"fragment", true, 3, "fragment M BYTES [GAP_US]", fragment},
    {"vanish-at", true, 3, "vanish-at M pdu-byte N | answer-byte N | accepted", accident},
    {"reboot-at", true, 3, "reboot-at M pdu-byte N | answer-byte N | accepted", accident},
    {"hang-at", true, 3, "hang-at M pdu-byte N | answer-byte N | accepted", accident},
    {"off-at", true, 3, "off-at M pdu-byte N | answer-byte N | accepted", accident},
    {.name = NULL},
};
