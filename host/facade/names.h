/* A table of names that never grows: each has a place, a number below the capacity, until the table is full
 * and it is the one that was not asked for the longest. What belongs to a name is the caller's, in arrays by
 * place. Pure but for the heap. */
#ifndef CELLPOST_FACADE_NAMES_H
#define CELLPOST_FACADE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct name { /* an address, or an account's id in its first bytes */
    uint8_t bytes[16];
};

#define NAMES_NONE SIZE_MAX

struct names;
struct names *names_new(size_t capacity); /* 1 to 65535 */
void names_free(struct names *);

size_t names_find(const struct names *, const struct name *); /* NAMES_NONE when it has no place */
/* Its place, now the last to go. *fresh: it had none, and what the arrays hold there is another's. */
size_t names_take(struct names *, const struct name *, bool *fresh);
void names_drop(struct names *, const struct name *);
size_t names_count(const struct names *);

#endif
