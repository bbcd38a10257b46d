/* Pages of a list: what the client asked for, and the envelope around what it gets (api v2010 form).
 *
 * A page begins behind a key (the last row of the page before), so rows that come or go between two requests
 * are neither repeated nor skipped. The key travels in PageToken, which clients hand back as they got it;
 * Page is only their counter. */
#ifndef CELLPOST_FACADE_PAGE_H
#define CELLPOST_FACADE_PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "host/base/form.h"
#include "host/facade/error.h"

#define PAGE_SIZE_DEFAULT 50
#define PAGE_SIZE_MAX     1000
#define PAGE_TRAIL_MAX    64 /* pages that previous_page_uri can go back one by one */

/* Where a page begins: behind this row. Zero: at the newest. */
struct page_key {
    int64_t id, sent_ms;
};

struct page {
    int size;
    int64_t number;
    struct page_key after;
    /* Keys of the pages before this one, nearest first, without that of page 0: the way back without reading
     * the list backwards. */
    struct page_key trail[PAGE_TRAIL_MAX];
    size_t trail_count;
};

/* PageSize (1..1000, larger is cut to 1000), Page, PageToken of a query. False: *refusal says which was wrong
 * (400/20001). */
bool page_read(const struct form *query, struct page *, struct refusal *);

/* PageToken of the page that begins behind `last`, reached from this page. Heap. */
char *page_token_next(const struct page *, const struct page_key *last);

/* What a list is about. */
struct page_list {
    const char *path;           /* its own, with ".json" */
    const char *key;            /* of the array: "messages" */
    const char *const *filters; /* query parameters that come back in its links; NULL-terminated, in the order
                                   of the links */
};

/* The list answer: exactly the keys that SDKs accept, and `array` (stolen). last = key of the page's last
 * row, NULL when nothing follows it. */
json_t *page_envelope(const struct page *, const struct page_list *, const struct form *query, json_t *array,
                      const struct page_key *last);

#endif
