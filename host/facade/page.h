/* Pages of a list: what the client asked for, and the envelope around what it gets (api v2010 form).
 *
 * Lists are newest first. A key cuts one in two: what is older than a row, and that row with all newer. A
 * page is what is nearest to the cut on one side of it, so rows that come or go between two requests are
 * neither repeated nor skipped, forth or back. The key travels in PageToken, which clients hand back as they
 * got it; Page is only their counter. */
#ifndef CELLPOST_FACADE_PAGE_H
#define CELLPOST_FACADE_PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "host/base/form.h"
#include "host/facade/error.h"

#define PAGE_SIZE_DEFAULT 50
#define PAGE_SIZE_MAX     1000

/* A row's place; sent_ms is 0 in lists by id. */
struct page_key {
    int64_t id, sent_ms;
};

struct page {
    int size;
    int64_t number;
    struct page_key key; /* id 0: the first page */
    bool since;          /* the row of the key and newer; else older than it */
};

/* PageSize (1..1000, larger is cut to 1000), Page, PageToken of a query. False: *refusal says which was wrong
 * (400/20001). */
bool page_read(const struct form *query, struct page *, struct refusal *);

/* What a list is about. */
struct page_list {
    const char *path;           /* its own; in api v2010 with ".json" */
    const char *key;            /* of the array: "messages" */
    const char *const *filters; /* query parameters that come back in its links; NULL-terminated, in the order
                                   of the links */
};

/* What is on the page: its first and last row, and whether there are any beyond them. */
struct page_rows {
    struct page_key first, last; /* of an empty page: unused */
    bool newer, older;
};

/* A list in memory, by id: each of its rows is counted, then each is asked about, both newest first. Then
 * `rows` is complete. */
struct page_walk {
    const struct page *page;
    size_t newer, total, at;
    struct page_rows rows;
};
void page_count(struct page_walk *, int64_t id);
bool page_has(struct page_walk *, int64_t id);

/* A list in the database: what a query is to walk. From a key on one way, newest first, or with `since` the
 * other way, oldest first. */
struct page_cut {
    struct page_key after, since; /* at most one has an id; neither: from the newest */
    size_t limit;
};

/* What the walks make: begin with the page and an array of its own. */
struct page_fill {
    const struct page *page;
    json_t *array;
    struct page_rows rows;
    bool beyond; /* the walk is the second */
};

/* Walks twice: for the page's rows, and for whether there is one on the other side of the cut. `walk` offers
 * each row it meets to page_takes, and puts it where that says so. Then `array` and `rows` are complete. */
typedef void page_walk_fn(void *arg, const struct page_cut *);
void page_fill(struct page_fill *, page_walk_fn *, void *arg);
bool page_takes(struct page_fill *, const struct page_key *);
void page_put(struct page_fill *, json_t *row); /* stolen */

/* The list answer: exactly the keys that SDKs accept, and `array` (stolen). */
json_t *page_envelope(const struct page *, const struct page_list *, const struct form *query, json_t *array,
                      const struct page_rows *);

/* The same in the form of the v1 and v2 products: {"meta": {...}, KEY: array}. list->path is absolute
 * there (api_url), as the links are. */
json_t *page_meta_envelope(const struct page *, const struct page_list *, const struct form *query,
                           json_t *array, const struct page_rows *);

#endif
