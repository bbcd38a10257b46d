/* What a verification's message says. Pure but for the heap. */
#ifndef CELLPOST_VERIFY_TEXT_H
#define CELLPOST_VERIFY_TEXT_H

#include <stdbool.h>

struct verify_text {
    const char *name, *code;
    const char
        *locale; /* "de", "pt-BR"; NULL = by the number. One that is not there: its language, else English */
    const char *to;       /* E.164 */
    const char *app_hash; /* Android's SMS Retriever reads the code by it; NULL = none */
    bool warn;            /* tells not to share the code */
};
/* Heap, caller frees. */
char *verify_text(const struct verify_text *);

#endif
