/* What a client can write into a request line: "path?query". Whatever it is, paths match or do not, pages and
 * filters are read or refused, and a page that was read gives links that can be followed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/url.h"
#include "host/facade/date.h"
#include "host/facade/filter.h"
#include "host/facade/page.h"
#include "host/facade/path.h"
#include "tests/fuzz/fuzz_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void match_path(const char *text)
{
    static const char *const TEMPLATES[] = {"/2010-04-01/Accounts/{AC}/Messages/{SM}/Media",
                                            "/2010-04-01/Accounts/{AC}", "/", "/v2/{VA}/{*}/{VE}"};
    struct path path;
    struct path_ids ids;
    if (path_split(text, &path))
        for (size_t i = 0; i < sizeof TEMPLATES / sizeof TEMPLATES[0]; i++)
            path_match(&path, TEMPLATES[i], &ids);
}

static void follow(json_t *envelope, const char *key, const struct page *from)
{
    struct page page;
    struct refusal refusal;
    struct form query;
    const char *link = json_string_value(json_object_get(envelope, key));
    if (link == NULL)
        return;
    link = strchr(link, '?') + 1;
    if (form_parse(link, strlen(link), &query, NULL) != 0 || !page_read(&query, &page, &refusal) ||
        page.size != from->size)
        abort();
    form_fini(&query);
}

static void read_page(const struct form *query)
{
    static const struct page_list LIST = {"/x.json", "rows", FILTER_KEYS};
    struct page page;
    struct refusal refusal;
    if (!page_read(query, &page, &refusal))
        return;
    if (page.size < 1 || page.size > PAGE_SIZE_MAX || page.key.id < 0 || page.key.sent_ms < 0)
        abort();
    const struct page_rows rows = {
        .first = {1, page.key.sent_ms}, .last = {1, page.key.sent_ms}, .newer = true, .older = true};
    json_t *array = json_array();
    json_array_append_new(array, json_null());
    json_t *envelope = page_envelope(&page, &LIST, query, array, &rows);
    if (envelope == NULL)
        abort();
    follow(envelope, "next_page_uri", &page);
    follow(envelope, "previous_page_uri", &page);
    follow(envelope, "uri", &page);
    json_decref(envelope);
}

static void read_filter(const struct form *query)
{
    const struct number_plan plan = {"41", "0"};
    struct filter filter;
    struct refusal refusal;
    if (filter_read(query, &plan, &filter, &refusal) && filter.by_date && filter.queue.sent_from_ms < 1)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct form query;
    char *text = fuzz_text(data, size), *mark;
    if ((mark = strchr(text, '?')) != NULL) {
        *mark = '\0';
        if (form_parse(mark + 1, size - (size_t)(mark + 1 - text), &query, NULL) == 0) {
            read_page(&query);
            read_filter(&query);
            form_fini(&query);
        }
    }
    match_path(text);
    url_valid(text);
    struct date date;
    char out[DATE_TEXT];
    if (date_parse(text, &date))
        date_rfc2822(date.ms, out);
    free(text);
    return 0;
}
