/* The list of a resource whose rows are in memory, or which has none: the page that was asked for, in the
 * envelope of its product. */
#ifndef CELLPOST_FACADE_LISTING_H
#define CELLPOST_FACADE_LISTING_H

#include "host/facade/api.h"

struct listing {
    const char *key;            /* of the array: "accounts" */
    const char *const *filters; /* as in struct page_list; NULL = none */
    bool meta;                  /* of the v1 and v2 products */
    /* The next wanted row from the nth on, newest first, and its id; *n is moved behind it. NULL past the
     * end. NULL instead of the function: there never is a row. */
    const void *(*next)(const struct api_call *, size_t *n, int64_t *id);
    json_t *(*json)(const struct api_call *, const void *row);
};

/* Ends the call. path: the list's own (api_uri), or its URL (api_url) with meta. */
void listing_answer(struct api_call *, const struct listing *, const char *path);

#endif
