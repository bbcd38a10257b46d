/* The list of a resource, in the envelope of its product: the page that was asked for. */
#ifndef CELLPOST_FACADE_LISTING_H
#define CELLPOST_FACADE_LISTING_H

#include "host/facade/api.h"

struct listing {
    const char *key;            /* of the array: "accounts" */
    const char *const *filters; /* as in struct page_list; NULL = none */
    bool meta;                  /* of the v1 and v2 products */
    /* Rows in memory. The next wanted row from the nth on, newest first, and its id; *n is moved behind it.
     * NULL past the end. NULL instead of the function: there never is a row. */
    const void *(*next)(const struct api_call *, size_t *n, int64_t *id);
    json_t *(*json)(const struct api_call *, const void *row);
};

/* Rows in memory. Ends the call. path: the list's own (api_uri), or its URL (api_url) with meta. */
void listing_answer(struct api_call *, const struct listing *, const char *path);

/* The same of rows in the database, which `walk` offers as page_fill asks for; its argument is a
 * struct listing_rows. The listing has no functions. */
struct listing_rows {
    const struct api_call *call;
    struct page_fill fill;
};
void listing_answer_rows(struct api_call *, const struct listing *, const char *path, page_walk_fn *walk);

#endif
