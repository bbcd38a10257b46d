/* The fuzzer's bytes as text: ended by a NUL right behind the last, so that whoever reads on is seen. */
#ifndef CELLPOST_TESTS_FUZZ_TEXT_H
#define CELLPOST_TESTS_FUZZ_TEXT_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* For free(). */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (text == NULL)
        abort();
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

/* Cuts it in two at the first newline; NULL when it has none. */
static inline char *fuzz_text_second(char *text)
{
    char *second = strchr(text, '\n');
    if (second != NULL)
        *second++ = '\0';
    return second;
}

#endif
