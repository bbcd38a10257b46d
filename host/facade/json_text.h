/* JSON values as text, without spaces, members in the order in which they were set: what json_dumps with
 * JSON_COMPACT writes, in a quarter of its time. An answer of the API is mostly short texts without anything
 * to escape, which json_dumps looks through character by character. Pure but for the heap. */
#ifndef CELLPOST_FACADE_JSON_TEXT_H
#define CELLPOST_FACADE_JSON_TEXT_H

#include <jansson.h>

/* Heap, ends with NUL. fatal() when memory is short. */
char *json_text(const json_t *);

#endif
