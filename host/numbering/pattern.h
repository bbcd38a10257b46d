/* Patterns over decimal digits, as programs that plans.py made of the plans' regular expressions. Pure; no
 * heap, no loops: every branch leads forward, so a run ends. */
#ifndef CELLPOST_NUMBERING_PATTERN_H
#define CELLPOST_NUMBERING_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One word: operation above, operand below. */
#define PATTERN_OPERAND_BITS 13
enum pattern_operation {
    PATTERN_MATCH,
    PATTERN_SET,   /* the next digit is one of the operand's bits */
    PATTERN_SPLIT, /* first what follows; if that fails, what is the operand's words ahead */
    PATTERN_JUMP,  /* that many words ahead */
    PATTERN_SAVE,  /* group operand / 2 begins, or ends when odd */
    PATTERN_END    /* nothing is left */
};

#define PATTERN_GROUPS 10 /* the whole match and nine groups */

/* Where groups stand: offsets into the digits; end 0xFF = the group took no part. */
struct pattern_groups {
    uint8_t at[PATTERN_GROUPS][2];
};

/* Does the beginning of the digits (at most 254 of them) match; with `whole` all of them? The first
 * alternative that works counts, as in Perl. groups may be NULL; group 0 is the whole match. */
bool pattern_match(const uint16_t *program, const char *digits, bool whole, struct pattern_groups *groups);

/* Writes a template, in which $1 to $9 stand for groups, and what is behind the match. False: no room. */
bool pattern_expand(const char *template, const char *digits, const struct pattern_groups *, char *out,
                    size_t size);

#endif
