/* What a telephone number is: its country, whether it can exist, how people of that country write it. By the
 * numbering plans of the distribution's libphonenumber package, which the build turns into tables; nothing is
 * asked of a network, so a valid number need not be anybody's. Pure.
 *
 * Read are digits with a leading '+' (or the region's international prefix), or the local form of a region;
 * spaces and - . ( ) / do not count. Letters, extensions and other scripts' digits are no number. */
#ifndef CELLPOST_NUMBERING_NUMBERING_H
#define CELLPOST_NUMBERING_NUMBERING_H

#include <stdbool.h>

#define NUMBERING_TEXT 48

enum numbering_fault {
    NUMBERING_VALID,
    NUMBERING_NOT_A_NUMBER,
    NUMBERING_UNKNOWN_COUNTRY, /* no such calling code, or a local form without a known region */
    NUMBERING_TOO_SHORT,       /* or complete inside its area only */
    NUMBERING_TOO_LONG,
    NUMBERING_WRONG_LENGTH, /* others of the country are shorter, and longer */
    NUMBERING_UNASSIGNED    /* of a possible length, but of no range that is in use */
};

enum numbering_kind {
    NUMBERING_OTHER,
    NUMBERING_FIXED,
    NUMBERING_MOBILE,
    NUMBERING_FIXED_OR_MOBILE, /* the plan does not tell them apart */
    NUMBERING_TOLL_FREE,
    NUMBERING_PREMIUM_RATE,
    NUMBERING_SHARED_COST,
    NUMBERING_VOIP,
    NUMBERING_PERSONAL,
    NUMBERING_PAGER,
    NUMBERING_UAN,
    NUMBERING_VOICEMAIL
};

struct numbering {
    enum numbering_fault fault;
    /* Known unless the fault is one of the first two. */
    int calling_code;
    char e164[NUMBERING_TEXT];     /* of a valid number its one form: read again it is the same */
    char national[NUMBERING_TEXT]; /* "044 668 18 00" */
    /* Known of a valid number; country "" where the calling code is no country's. */
    char country[3];
    enum numbering_kind kind;
};

/* region: ISO 3166-1 alpha-2, whose local forms are read; NULL or unknown = only international ones are.
 * Returns whether it is valid; *out tells the rest. */
bool numbering_parse(const char *text, const char *region, struct numbering *out);

bool numbering_knows_region(const char *region);
/* The main country of a calling code ("US" of 1), "" when it has none. */
const char *numbering_main_country(int calling_code);
/* Country of an E.164 number: where it is valid, else the main one of its calling code; "" when that is no
 * country's, or the text no such number. */
const char *numbering_country(const char *e164);

#endif
