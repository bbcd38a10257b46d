/* See listing.h. The rows are gone through twice: a page of newer rows is known only by how many there are.
 */
#include "host/facade/listing.h"

static json_t *collect(const struct api_call *call, const struct listing *listing, struct page_walk *walk)
{
    json_t *array = json_array();
    const void *row;
    int64_t id;
    if (listing->next == NULL)
        return array;
    for (size_t n = 0; listing->next(call, &n, &id) != NULL;)
        page_count(walk, id);
    for (size_t n = 0; (row = listing->next(call, &n, &id)) != NULL;)
        if (page_has(walk, id))
            json_array_append_new(array, listing->json(call, row));
    return array;
}

static bool page_asked(struct api_call *call, struct page *page)
{
    struct refusal refusal;
    if (page_read(&call->query, page, &refusal))
        return true;
    api_refusal(call, &refusal);
    return false;
}

static void answer(struct api_call *call, const struct listing *listing, const char *path,
                   const struct page *page, json_t *array, const struct page_rows *rows)
{
    static const char *const NO_FILTERS[] = {NULL};
    const struct page_list list = {path, listing->key,
                                   listing->filters != NULL ? listing->filters : NO_FILTERS};
    api_json(call, 200,
             (listing->meta ? page_meta_envelope : page_envelope)(page, &list, &call->query, array, rows));
}

void listing_answer(struct api_call *call, const struct listing *listing, const char *path)
{
    struct page page;
    if (!page_asked(call, &page))
        return;
    struct page_walk walk = {.page = &page};
    json_t *array = collect(call, listing, &walk);
    answer(call, listing, path, &page, array, &walk.rows);
}

void listing_answer_rows(struct api_call *call, const struct listing *listing, const char *path,
                         page_walk_fn *walk)
{
    struct page page;
    if (!page_asked(call, &page))
        return;
    struct listing_rows rows = {call, {.page = &page, .array = json_array()}};
    page_fill(&rows.fill, walk, &rows);
    answer(call, listing, path, &page, rows.fill.array, &rows.fill.rows);
}
