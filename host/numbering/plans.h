/* The numbering plans, as plans.py writes them. */
#ifndef CELLPOST_NUMBERING_PLANS_H
#define CELLPOST_NUMBERING_PLANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Kinds of numbers that a plan describes; in the order of plans.py. */
enum plan_kind {
    PLAN_PREMIUM_RATE,
    PLAN_TOLL_FREE,
    PLAN_SHARED_COST,
    PLAN_VOIP,
    PLAN_PERSONAL,
    PLAN_PAGER,
    PLAN_UAN,
    PLAN_VOICEMAIL,
    PLAN_FIXED,
    PLAN_MOBILE,
    PLAN_KINDS
};

/* Patterns are places in plan_code; 0 = none. Lengths: bit n set, n digits are possible. */
struct plan_desc {
    uint32_t pattern, lengths;
};

struct plan_form {
    uint32_t pattern;
    uint32_t leading; /* what the number begins with, 0 = anything */
    const char *national;
};

struct plan {
    char country[3]; /* "" of a calling code that is nobody's: satellites, freephone */
    uint16_t calling_code;
    bool mobile_as_fixed; /* one pattern for both */
    uint32_t international_prefix, national_prefix;
    uint8_t prefix_groups;
    const char *prefix_transform;    /* what the prefix becomes, "" = nothing */
    uint32_t leading;                /* of a country that shares its code: what its numbers begin with */
    uint32_t lengths, local_lengths; /* of any kind; only inside an area */
    uint32_t general;
    struct plan_desc kinds[PLAN_KINDS];
    uint16_t form_first, form_count; /* of the code's main country */
};

/* A calling code's countries stand together, the main one first. */
struct plan_calling {
    uint16_t code, first, count;
};

extern const uint16_t plan_code[];
extern const struct plan_form plan_forms[];
extern const struct plan plans[];
extern const struct plan_calling plan_callings[]; /* ascending */
extern const size_t plan_count, plan_calling_count;

#endif
