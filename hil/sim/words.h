/* A line of the control protocol as words. Blanks part them; "..." keeps blanks and takes JSON's escapes (\"
 * \\ \r \n \t \uXXXX, \xXX too); outside of quotes %XX is a byte. key=value words are found by their key. */
#ifndef MODEMSIM_WORDS_H
#define MODEMSIM_WORDS_H

#include <stdbool.h>

enum { WORDS_MAX = 32, WORDS_TEXT = 8192 };

struct words {
    int n;
    const char *v[WORDS_MAX];
    char text[WORDS_TEXT];
};

bool words_parse(struct words *, const char *line);
const char *words_get(const struct words *, const char *key, const char *missing);
bool words_number(const char *word, int *out); /* decimal or 0x; false: not a number */
bool words_get_number(const struct words *, const char *key, int missing, int *out);

#endif
