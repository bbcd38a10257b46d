/* See page.h. A token is "PA" (older than the key) or "PB" (the key and newer) and, in hex, the key's id and
 * time as variable-length numbers. */
#include "host/facade/page.h"

#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"
#include "host/base/secret.h"

#define NUMBER_BYTES 9 /* of a 63-bit number, seven bits a byte */
#define TOKEN_BYTES  (2 * NUMBER_BYTES)
#define TOKEN_TEXT   (2 + 2 * TOKEN_BYTES + 1)
#define PAGE_NUMBER  "Page"
#define PAGE_SIZE    "PageSize"
#define PAGE_TOKEN   "PageToken"

/* ---- tokens ---- */

struct bytes {
    uint8_t b[TOKEN_BYTES];
    size_t len, at;
};

/* Seven bits a byte, low first. */
static void put_number(struct bytes *out, int64_t n)
{
    uint64_t v = (uint64_t)n;
    do {
        out->b[out->len++] = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
        v >>= 7;
    } while (v > 0);
}

/* 62 bits at most, so that what is computed from it cannot overflow. */
static bool get_number(struct bytes *in, int64_t *n)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 63 && in->at < in->len; shift += 7) {
        uint8_t byte = in->b[in->at++];
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte & 0x80)
            continue;
        *n = (int64_t)v;
        return v <= INT64_MAX / 2;
    }
    return false;
}

static void token_make(const struct page_key *key, bool since, char text[TOKEN_TEXT])
{
    struct bytes out = {.len = 0};
    put_number(&out, key->id);
    put_number(&out, key->sent_ms);
    memcpy(text, since ? "PB" : "PA", 2);
    hex_encode(out.b, out.len, text + 2);
}

static bool token_read(const char *text, struct page *page)
{
    struct bytes in = {.len = strlen(text) / 2};
    page->since = text[0] == 'P' && text[1] == 'B';
    return (page->since || strncmp(text, "PA", 2) == 0) && strlen(text) % 2 == 0 && --in.len <= TOKEN_BYTES &&
           hex_decode(text + 2, in.len * 2, in.b) && get_number(&in, &page->key.id) && page->key.id > 0 &&
           get_number(&in, &page->key.sent_ms) && in.at == in.len;
}

/* ---- the query ---- */

/* Digits only; what is longer than nine of them counts as the largest. */
static bool read_count(const char *text, int64_t *out)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || text[digits] != '\0')
        return false;
    text += strspn(text, "0");
    *out = strlen(text) > 9 ? 999999999 : strtol(text, NULL, 10);
    return true;
}

bool page_read(const struct form *query, struct page *page, struct refusal *refusal)
{
    const char *size = form_get(query, PAGE_SIZE), *number = form_get(query, PAGE_NUMBER),
               *token = form_get(query, PAGE_TOKEN);
    int64_t n = PAGE_SIZE_DEFAULT;
    *page = (struct page){0};
    if (size != NULL && (!read_count(size, &n) || n < 1))
        return refuse(refusal, 400, 20001, "PageSize must be a number from 1 to %d.", PAGE_SIZE_MAX);
    page->size = n > PAGE_SIZE_MAX ? PAGE_SIZE_MAX : (int)n;
    if (number != NULL && !read_count(number, &page->number))
        return refuse(refusal, 400, 20001, "Page must be a number from 0 up.");
    if (token == NULL || *token == '\0')
        return page->number == 0 || refuse(refusal, 400, 20001, "PageToken is required for paging.");
    return token_read(token, page) ||
           refuse(refusal, 400, 20001, "PageToken is not one that this list gave out.");
}

/* ---- lists in memory ---- */

void page_count(struct page_walk *walk, int64_t id)
{
    const struct page *page = walk->page;
    walk->newer += page->key.id != 0 && id >= page->key.id;
    walk->total++;
}

bool page_has(struct page_walk *walk, int64_t id)
{
    size_t size = (size_t)walk->page->size, at = walk->at++;
    size_t begin = walk->newer, end = begin + size;
    if (walk->page->since) {
        end = walk->newer;
        begin = end > size ? end - size : 0;
    }
    walk->rows.newer = begin > 0;
    walk->rows.older = end < walk->total;
    if (at < begin || at >= end)
        return false;
    if (at == begin)
        walk->rows.first.id = id;
    walk->rows.last.id = id;
    return true;
}

/* ---- lists in the database ---- */

void page_fill(struct page_fill *fill, page_walk_fn *walk, void *arg)
{
    const struct page *page = fill->page;
    struct page_cut cut = {.limit = (size_t)page->size + 1}; /* one more tells that there are more */
    *(page->since ? &cut.since : &cut.after) = page->key;
    walk(arg, &cut);
    if (page->key.id == 0)
        return;
    fill->beyond = true;
    cut = (struct page_cut){.limit = 1};
    *(page->since ? &cut.after : &cut.since) = page->key;
    walk(arg, &cut);
}

bool page_takes(struct page_fill *fill, const struct page_key *key)
{
    bool since = fill->page->since, is_first = json_array_size(fill->array) == 0;
    if (fill->beyond || json_array_size(fill->array) == (size_t)fill->page->size) {
        *(since != fill->beyond ? &fill->rows.newer : &fill->rows.older) = true;
        return false;
    }
    if (since || is_first)
        fill->rows.first = *key;
    if (!since || is_first)
        fill->rows.last = *key;
    return true;
}

void page_put(struct page_fill *fill, json_t *row)
{
    json_array_insert_new(fill->array, fill->page->since ? 0 : json_array_size(fill->array), row);
}

/* ---- the envelope ---- */

struct text {
    char *s;
    size_t len;
};

static void append(struct text *t, const char *s)
{
    size_t add = strlen(s);
    t->s = realloc(t->s, t->len + add + 1);
    if (t->s == NULL)
        fatal("out of memory");
    memcpy(t->s + t->len, s, add + 1);
    t->len += add;
}

static void append_escaped(struct text *t, const char *s)
{
    char *escaped = form_escape(s);
    append(t, escaped);
    free(escaped);
}

/* path?filters&PageSize=n&Page=n&PageToken=... as JSON. */
static json_t *link_to(const struct page *page, const struct page_list *list, const struct form *query)
{
    struct text t = {0};
    char tail[96], token[TOKEN_TEXT];
    append(&t, list->path);
    append(&t, "?");
    for (const char *const *f = list->filters; *f != NULL; f++) {
        const char *value = form_get(query, *f);
        if (value == NULL)
            continue;
        append_escaped(&t, *f);
        append(&t, "=");
        append_escaped(&t, value);
        append(&t, "&");
    }
    snprintf(tail, sizeof tail, PAGE_SIZE "=%d&" PAGE_NUMBER "=%lld", page->size, (long long)page->number);
    append(&t, tail);
    if (page->key.id != 0) {
        token_make(&page->key, page->since, token);
        append(&t, "&" PAGE_TOKEN "=");
        append(&t, token);
    }
    json_t *link = json_string(t.s);
    free(t.s);
    return link;
}

/* The other pages begin at this one's edges; an empty one has its cut for both. */
static struct page page_before(const struct page *page, const struct page_rows *rows, size_t count)
{
    struct page before = {
        .size = page->size, .number = page->number > 0 ? page->number - 1 : 0, .since = true};
    before.key = count > 0 ? (struct page_key){rows->first.id + 1, rows->first.sent_ms} : page->key;
    return before;
}

static struct page page_behind(const struct page *page, const struct page_rows *rows, size_t count)
{
    return (struct page){
        .size = page->size, .number = page->number + 1, .key = count > 0 ? rows->last : page->key};
}

json_t *page_envelope(const struct page *page, const struct page_list *list, const struct form *query,
                      json_t *array, const struct page_rows *rows)
{
    size_t count = json_array_size(array);
    int64_t start = count > 0 ? page->number * page->size : 0;
    const struct page first = {.size = page->size}, before = page_before(page, rows, count),
                      behind = page_behind(page, rows, count);
    return json_pack(
        "{s:o, s:I, s:o, s:o, s:o, s:i, s:I, s:o, s:I}", "first_page_uri", link_to(&first, list, query),
        "end", (json_int_t)(count > 0 ? start + (int64_t)count - 1 : 0), "previous_page_uri",
        rows->newer ? link_to(&before, list, query) : json_null(), list->key, array, "uri",
        link_to(page, list, query), "page_size", page->size, "start", (json_int_t)start, "next_page_uri",
        rows->older ? link_to(&behind, list, query) : json_null(), "page", (json_int_t)page->number);
}

json_t *page_meta_envelope(const struct page *page, const struct page_list *list, const struct form *query,
                           json_t *array, const struct page_rows *rows)
{
    size_t count = json_array_size(array);
    const struct page first = {.size = page->size}, before = page_before(page, rows, count),
                      behind = page_behind(page, rows, count);
    return json_pack("{s:{s:I, s:i, s:o, s:o, s:o, s:s, s:o}, s:o}", "meta", "page", (json_int_t)page->number,
                     "page_size", page->size, "first_page_url", link_to(&first, list, query),
                     "previous_page_url", rows->newer ? link_to(&before, list, query) : json_null(),
                     "next_page_url", rows->older ? link_to(&behind, list, query) : json_null(), "key",
                     list->key, "url", link_to(page, list, query), list->key, array);
}
