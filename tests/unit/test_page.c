/* Pages: what clients may ask for, tokens there and back, and the envelope that SDKs read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/facade/page.h"

static const char *const FILTERS[] = {"To", "DateSent>", NULL};
static const struct page_list LIST = {"/2010-04-01/Accounts/AC1/Messages.json", "messages", FILTERS};

static struct form form_of(const char *text)
{
    struct form f;
    assert_int_equal(form_parse(text, strlen(text), &f, NULL), 0);
    return f;
}

static bool read(const char *query, struct page *page, struct refusal *refusal)
{
    struct form f = form_of(query);
    bool ok = page_read(&f, page, refusal);
    form_fini(&f);
    return ok;
}

static void test_sizes(void **state)
{
    static const struct {
        const char *query;
        int size; /* 0 = refused */
    } rows[] = {
        {"", 50},
        {"PageSize=1", 1},
        {"PageSize=1000", 1000},
        {"PageSize=1001", 1000},
        {"PageSize=99999999999999", 1000},
        {"PageSize=0", 0},
        {"PageSize=-1", 0},
        {"PageSize=ten", 0},
        {"PageSize=", 0},
        {"PageSize=5x", 0},
        {"Page=0", 50},
        {"Page=1", 0},
        {"Page=x", 0},
        {"Page=-1", 0},
        {"Page=1&PageToken=", 0},
        {"PageToken=PA", 0},
        {"PageToken=PAzz", 0},
        {"PageToken=PA00", 0},
        {"PageToken=PB0202", 50},
        {"PageToken=PA020", 0},
        {"PageToken=PA0000", 0},
        {"PageToken=PA8000", 0},
        {"PageToken=PA02", 0},
        {"PageToken=PA020000", 0},
        {"PageToken=PAffffffffffffffffff7f00", 0},
        {"PageToken=PAffffffffffffffff7f00", 0},
        {"PageToken=PAffffffffffffffff3f00", 50},
        {"PageToken=PA0200", 50},
        {"PageToken=PB0200", 50},
        {"PageToken=PB0000", 0},
        {"PageToken=PC0200", 0},
        {"PageToken=P", 0},
        {"PageToken=PAzz00", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct page page;
        struct refusal refusal = {0};
        bool ok = read(rows[i].query, &page, &refusal);
        if (ok != (rows[i].size > 0) || (ok && page.size != rows[i].size))
            fail_msg("%s: %d %d", rows[i].query, ok, page.size);
        if (!ok)
            assert_int_equal(refusal.code, 20001);
    }
}

static void test_says_what_is_missing(void **state)
{
    struct page page;
    struct refusal refusal;
    (void)state;
    assert_false(read("Page=3", &page, &refusal));
    assert_string_equal(refusal.message, "PageToken is required for paging.");
}

static const char *text_of(json_t *envelope, const char *key)
{
    json_t *value = json_object_get(envelope, key);
    assert_non_null(value);
    return json_is_null(value) ? NULL : json_string_value(value);
}

static json_t *envelope_of(const struct page *page, const char *query, size_t count,
                           const struct page_rows *rows)
{
    struct form f = form_of(query);
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_integer((json_int_t)i));
    json_t *e = page_envelope(page, &LIST, &f, array, rows);
    form_fini(&f);
    assert_non_null(e);
    return e;
}

static void test_first_page(void **state)
{
    static const char QUERY[] = "PageSize=2&DateSent%3E=2024-01-01&Other=x&To=%2B1415";
    struct page page;
    struct refusal refusal;
    (void)state;
    assert_true(read(QUERY, &page, &refusal));
    json_t *e = envelope_of(&page, QUERY, 2, &(struct page_rows){.last = {7, 1000}, .older = true});
    const char *first =
        "/2010-04-01/Accounts/AC1/Messages.json?To=%2B1415&DateSent%3E=2024-01-01&PageSize=2&Page=0";
    assert_string_equal(text_of(e, "first_page_uri"), first);
    assert_string_equal(text_of(e, "uri"), first);
    assert_null(text_of(e, "previous_page_uri"));
    assert_non_null(strstr(text_of(e, "next_page_uri"), "&PageSize=2&Page=1&PageToken=PA"));
    assert_int_equal(json_integer_value(json_object_get(e, "start")), 0);
    assert_int_equal(json_integer_value(json_object_get(e, "end")), 1);
    assert_int_equal(json_integer_value(json_object_get(e, "page")), 0);
    assert_int_equal(json_integer_value(json_object_get(e, "page_size")), 2);
    assert_int_equal(json_object_size(e), 9); /* one key more breaks three SDKs */
    json_decref(e);
}

static void test_empty(void **state)
{
    struct page page;
    struct refusal refusal;
    (void)state;
    assert_true(read("", &page, &refusal));
    json_t *e = envelope_of(&page, "", 0, &(struct page_rows){.newer = false});
    assert_null(text_of(e, "next_page_uri"));
    assert_null(text_of(e, "previous_page_uri"));
    assert_int_equal(json_integer_value(json_object_get(e, "start")), 0);
    assert_int_equal(json_integer_value(json_object_get(e, "end")), 0);
    assert_int_equal(json_array_size(json_object_get(e, "messages")), 0);
    json_decref(e);
}

/* Follows a link: what it says is where that page begins. */
static void follow(json_t *envelope, const char *key, struct page *page)
{
    struct refusal refusal;
    const char *link = text_of(envelope, key);
    assert_non_null(link);
    if (!read(strchr(link, '?') + 1, page, &refusal))
        fail_msg("%s: %s", link, refusal.message);
}

static void test_keys_in_links(void **state)
{
    const struct page_rows rows = {
        .first = {1LL << 61, 1692853305000LL}, .last = {1LL << 60, 7}, .newer = true, .older = true};
    const struct page page = {.size = 3, .number = 5, .key = {1LL << 61, 1692853305001LL}};
    struct page other;
    (void)state;
    json_t *e = envelope_of(&page, "", 3, &rows);
    follow(e, "uri", &other);
    assert_true(other.number == 5 && other.size == 3 && !other.since && other.key.id == page.key.id &&
                other.key.sent_ms == page.key.sent_ms);
    follow(e, "next_page_uri", &other);
    assert_true(other.number == 6 && !other.since && other.key.id == rows.last.id && other.key.sent_ms == 7);
    follow(e, "previous_page_uri", &other);
    assert_true(other.number == 4 && other.since && other.key.id == rows.first.id + 1 &&
                other.key.sent_ms == rows.first.sent_ms);
    json_decref(e);
    e = envelope_of(&page, "", 0, &rows); /* an empty page: both sides of its cut */
    follow(e, "next_page_uri", &other);
    assert_true(!other.since && other.key.id == page.key.id);
    follow(e, "previous_page_uri", &other);
    assert_true(other.since && other.key.id == page.key.id);
    json_decref(e);
}

/* ---- a list in memory, walked ---- */

enum { ROWS = 300 };

struct list {
    bool there[ROWS + 1]; /* by id */
};

struct seen {
    int64_t ids[ROWS];
    size_t count;
};

static json_t *list_page(const struct list *list, const struct page *page, struct seen *seen)
{
    struct page_walk walk = {.page = page};
    seen->count = 0;
    for (int64_t id = ROWS; id > 0; id--)
        if (list->there[id])
            page_count(&walk, id);
    for (int64_t id = ROWS; id > 0; id--)
        if (list->there[id] && page_has(&walk, id))
            seen->ids[seen->count++] = id;
    return envelope_of(page, "", seen->count, &walk.rows);
}

/* The row nearest to `id` on one side of it, 0 = none. */
static int64_t neighbour(const struct list *list, int64_t id, int step)
{
    do
        id += step;
    while (id > 0 && id <= ROWS && !list->there[id]);
    return id > 0 && id <= ROWS ? id : 0;
}

static void check_page(const struct list *list, const json_t *e, const struct seen *seen, int size)
{
    assert_in_range(seen->count, 1, size);
    for (size_t i = 1; i < seen->count; i++)
        assert_int_equal(seen->ids[i], neighbour(list, seen->ids[i - 1], -1));
    bool newer = neighbour(list, seen->ids[0], 1) != 0,
         older = neighbour(list, seen->ids[seen->count - 1], -1) != 0;
    assert_int_equal(newer, !json_is_null(json_object_get(e, "previous_page_uri")));
    assert_int_equal(older, !json_is_null(json_object_get(e, "next_page_uri")));
    assert_true(seen->count == (size_t)size || !newer || !older);
}

/* From one end to the other: each page begins where the one before ended. */
static struct page walk_to_end(const struct list *list, struct page page, const char *key, int step)
{
    struct seen seen;
    int64_t edge = 0;
    for (;;) {
        json_t *e = list_page(list, &page, &seen);
        check_page(list, e, &seen, page.size);
        int64_t begin = seen.ids[step < 0 ? 0 : seen.count - 1],
                end = seen.ids[step < 0 ? seen.count - 1 : 0];
        if (edge != 0)
            assert_int_equal(begin, neighbour(list, edge, step));
        edge = end;
        bool last = json_is_null(json_object_get(e, key));
        if (!last)
            follow(e, key, &page);
        json_decref(e);
        if (last)
            break;
    }
    assert_int_equal(neighbour(list, edge, step), 0);
    return page;
}

static void test_there_and_back(void **state)
{
    struct list list;
    (void)state;
    for (int id = 0; id <= ROWS; id++)
        list.there[id] = id % 7 != 3 && id % 11 != 5;
    for (int size = 1; size <= ROWS; size = size * 2 + 1) {
        struct page page = walk_to_end(&list, (struct page){.size = size}, "next_page_uri", -1);
        page = walk_to_end(&list, page, "previous_page_uri", 1);
        assert_int_equal(page.number, 0);
        walk_to_end(&list, page, "next_page_uri", -1);
    }
}

/* Rows come and go between two requests, also those at the cuts: the neighbour is what is next to it then. */
static void test_rows_come_and_go(void **state)
{
    struct list list;
    struct seen seen;
    struct page page = {.size = 4};
    unsigned chance = 1;
    (void)state;
    for (int id = 0; id <= ROWS; id++)
        list.there[id] = id % 2 != 0;
    for (int i = 0; i < 4000; i++) {
        json_t *e = list_page(&list, &page, &seen);
        const char *key =
            (chance = chance * 1103515245 + 12345) >> 16 & 1 ? "next_page_uri" : "previous_page_uri";
        if (seen.count > 0)
            check_page(&list, e, &seen, page.size);
        else
            assert_int_equal(neighbour(&list, page.key.id - page.since, page.since ? 1 : -1), 0);
        if (!json_is_null(json_object_get(e, key)))
            follow(e, key, &page);
        json_decref(e);
        for (int n = 0; n < 20; n++) {
            chance = chance * 1103515245 + 12345;
            list.there[1 + (chance >> 16) % ROWS] ^= 1;
        }
    }
}

/* The v1 and v2 products: seven keys about the page, always all of them, absolute links. */
static void test_meta_envelope(void **state)
{
    static const struct page_list services = {"https://gw/v1/Services", "services", FILTERS};
    struct page page = {.size = 2, .number = 1, .key = {7, 0}};
    struct page_rows rows = {.first = {6, 0}, .last = {5, 0}, .newer = true, .older = false};
    struct form f = form_of("To=a");
    (void)state;
    json_t *e = page_meta_envelope(&page, &services, &f, json_pack("[i, i]", 6, 5), &rows);
    json_t *meta = json_object_get(e, "meta");
    assert_int_equal(json_object_size(e), 2);
    assert_int_equal(json_object_size(meta), 7);
    assert_int_equal(json_array_size(json_object_get(e, "services")), 2);
    assert_string_equal(json_string_value(json_object_get(meta, "first_page_url")),
                        "https://gw/v1/Services?To=a&PageSize=2&Page=0");
    assert_true(json_is_string(json_object_get(meta, "previous_page_url")));
    assert_true(json_is_null(json_object_get(meta, "next_page_url")));
    assert_string_equal(json_string_value(json_object_get(meta, "key")), "services");
    assert_int_equal(json_integer_value(json_object_get(meta, "page")), 1);
    json_decref(e);
    form_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_meta_envelope),
        cmocka_unit_test(test_says_what_is_missing),
        cmocka_unit_test(test_first_page),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_keys_in_links),
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_rows_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
