/* The words by which people leave, come back and ask: STOP, START, HELP and their like in other languages.
 *
 * A set is the words of one language or one sender, with what is answered to each kind. Sets are built in
 * (optout_builtin) or sections of the configuration ([optout NAME]), which hide a built-in one of the same
 * name. Pure. */
#ifndef CELLPOST_OPTOUT_WORDS_H
#define CELLPOST_OPTOUT_WORDS_H

#include <stddef.h>

enum optout_kind { OPTOUT_NONE, OPTOUT_STOP, OPTOUT_START, OPTOUT_HELP, OPTOUT_KINDS };

const char *optout_kind_text(enum optout_kind); /* "STOP", as OptOutType has it; NULL for NONE */

struct optout_set {
    const char *name;
    const char *const *words[OPTOUT_KINDS]; /* NULL-terminated; NULL = none of this kind */
    const char *replies[OPTOUT_KINDS];      /* NULL or "" = nothing is answered */
};

/* "en", "de" ...; NULL when there is none of that name. The nth name, NULL past the end. */
const struct optout_set *optout_builtin(const char *name);
const char *optout_builtin_name(size_t n);

/* What a body means: the whole text without the white space around it is one of the words, in whatever case
 * (Latin, Greek and Cyrillic letters). UTF-8; what is not never matches. */
enum optout_kind optout_match(const struct optout_set *, const char *body);

#endif
