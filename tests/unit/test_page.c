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
        {"PageToken=PB0202", 0},
        {"PageToken=PA020", 0},
        {"PageToken=PA0000", 0},
        {"PageToken=PA0100", 0},
        {"PageToken=PA02", 0},
        {"PageToken=PA020000", 0},
        {"PageToken=PAffffffffffffffffffff00", 0},
        {"PageToken=PA0200", 50},
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

static json_t *envelope_of(const struct page *page, const char *query, size_t rows,
                           const struct page_key *last)
{
    struct form f = form_of(query);
    json_t *array = json_array();
    for (size_t i = 0; i < rows; i++)
        json_array_append_new(array, json_integer((json_int_t)i));
    json_t *e = page_envelope(page, &LIST, &f, array, last);
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
    json_t *e = envelope_of(&page, QUERY, 2, &(struct page_key){.id = 7, .sent_ms = 1000});
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
    json_t *e = envelope_of(&page, "", 0, NULL);
    assert_null(text_of(e, "next_page_uri"));
    assert_int_equal(json_integer_value(json_object_get(e, "start")), 0);
    assert_int_equal(json_integer_value(json_object_get(e, "end")), 0);
    assert_int_equal(json_array_size(json_object_get(e, "messages")), 0);
    json_decref(e);
}

/* Follows a link: what it says is what the next page begins behind. */
static void follow(const char *link, struct page *page)
{
    struct refusal refusal;
    const char *query = strchr(link, '?') + 1;
    if (!read(query, page, &refusal))
        fail_msg("%s: %s", link, refusal.message);
}

static char *link_from(const struct page *page, const char *key, const struct page_key *last)
{
    json_t *e = envelope_of(page, "", 1, last);
    const char *text = text_of(e, key);
    char *copy = text != NULL ? strdup(text) : NULL;
    json_decref(e);
    return copy;
}

static void test_there_and_back(void **state)
{
    enum { PAGES = 40 };
    struct page page, pages[PAGES];
    struct refusal refusal;
    (void)state;
    assert_true(read("PageSize=3", &page, &refusal));
    for (int i = 0; i < PAGES; i++) {
        struct page_key last = {.id = 1000000 - 37 * i, .sent_ms = 1692853305000LL - 1000LL * i * i};
        pages[i] = page;
        char *next = link_from(&page, "next_page_uri", &last);
        follow(next, &page);
        free(next);
        assert_int_equal(page.after.id, last.id);
        assert_int_equal(page.after.sent_ms, last.sent_ms);
        assert_int_equal(page.number, i + 1);
        assert_int_equal(page.size, 3);
    }
    for (int i = PAGES - 1; i >= 0; i--) {
        char *previous = link_from(&page, "previous_page_uri", NULL);
        follow(previous, &page);
        free(previous);
        assert_int_equal(page.number, i);
        assert_int_equal(page.after.id, pages[i].after.id);
        assert_int_equal(page.after.sent_ms, pages[i].after.sent_ms);
    }
    assert_null(link_from(&page, "previous_page_uri", NULL));
}

/* The way back is bounded, and so is the token. */
static void test_long_walk(void **state)
{
    struct page page;
    struct refusal refusal;
    (void)state;
    assert_true(read("", &page, &refusal));
    for (int i = 0; i < 300; i++) {
        struct page_key last = {.id = INT64_MAX / 8 - i * 1000000000000LL, .sent_ms = 1692853305000LL - i};
        char *next = link_from(&page, "next_page_uri", &last);
        assert_true(strlen(next) < 4000);
        follow(next, &page);
        free(next);
    }
    assert_int_equal(page.trail_count, PAGE_TRAIL_MAX);
    for (int i = 0; i < PAGE_TRAIL_MAX + 1; i++) {
        char *previous = link_from(&page, "previous_page_uri", NULL);
        follow(previous, &page);
        free(previous);
    }
    assert_int_equal(page.number, 0);
    assert_int_equal(page.after.id, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),          cmocka_unit_test(test_says_what_is_missing),
        cmocka_unit_test(test_first_page),     cmocka_unit_test(test_empty),
        cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_long_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
