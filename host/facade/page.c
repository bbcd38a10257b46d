/* See page.h. A token is "PA" and, in hex, variable-length numbers: the key's id and time, then for each step
 * of the trail the difference to the key before it. Neighbouring keys are near, so a step takes some three
 * bytes. */
#include "host/facade/page.h"

#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"
#include "host/base/secret.h"

#define NUMBER_BYTES 10 /* of a 64-bit number, seven bits a byte */
#define TOKEN_BYTES  ((PAGE_TRAIL_MAX + 1) * 2 * NUMBER_BYTES)
#define PAGE_NUMBER  "Page"
#define PAGE_SIZE    "PageSize"
#define PAGE_TOKEN   "PageToken"

/* ---- tokens ---- */

struct bytes {
    uint8_t b[TOKEN_BYTES];
    size_t len, at;
};

/* Seven bits a byte, low first, sign in the lowest bit. */
static void put_number(struct bytes *out, int64_t n)
{
    uint64_t v = ((uint64_t)n << 1) ^ (n < 0 ? UINT64_MAX : 0);
    do {
        out->b[out->len++] = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
        v >>= 7;
    } while (v > 0);
}

static bool get_number(struct bytes *in, int64_t *n)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 63 && in->at < in->len; shift += 7) {
        uint8_t byte = in->b[in->at++];
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte & 0x80)
            continue;
        *n = (int64_t)(v >> 1) ^ ((v & 1) ? -1 : 0);
        return true;
    }
    return false;
}

static void put_step(struct bytes *out, const struct page_key *from, const struct page_key *to)
{
    put_number(out, to->id - from->id);
    put_number(out, to->sent_ms - from->sent_ms);
}

/* Numbers have 62 bits at most, so the sum cannot overflow; a key is a row, so its id is positive. */
static bool get_step(struct bytes *in, const struct page_key *from, struct page_key *to)
{
    int64_t id, sent_ms;
    if (!get_number(in, &id) || !get_number(in, &sent_ms))
        return false;
    to->id = from->id + id;
    to->sent_ms = from->sent_ms + sent_ms;
    return to->id > 0 && to->sent_ms >= 0 && to->id < INT64_MAX / 4 && to->sent_ms < INT64_MAX / 4;
}

static char *token_make(const struct page_key *key, const struct page_key *trail, size_t count)
{
    struct bytes out = {.len = 0};
    const struct page_key zero = {0};
    put_step(&out, &zero, key);
    for (size_t i = 0; i < count; i++, key = &trail[i - 1])
        put_step(&out, key, &trail[i]);
    char *text = malloc(2 + 2 * out.len + 1);
    if (text == NULL)
        fatal("out of memory");
    memcpy(text, "PA", 2);
    hex_encode(out.b, out.len, text + 2);
    return text;
}

static bool token_read(const char *text, struct page *page)
{
    struct bytes in = {.len = strlen(text) / 2};
    const struct page_key zero = {0};
    if (strncmp(text, "PA", 2) != 0 || strlen(text) % 2 != 0 || --in.len > TOKEN_BYTES ||
        !hex_decode(text + 2, in.len * 2, in.b) || !get_step(&in, &zero, &page->after))
        return false;
    const struct page_key *key = &page->after;
    for (; in.at < in.len && page->trail_count < PAGE_TRAIL_MAX; key = &page->trail[page->trail_count++])
        if (!get_step(&in, key, &page->trail[page->trail_count]))
            return false;
    return in.at == in.len;
}

char *page_token_next(const struct page *page, const struct page_key *last)
{
    struct page_key trail[PAGE_TRAIL_MAX];
    size_t count = 0;
    if (page->after.id != 0)
        trail[count++] = page->after;
    for (size_t i = 0; i < page->trail_count && count < PAGE_TRAIL_MAX; i++)
        trail[count++] = page->trail[i];
    return token_make(last, trail, count);
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

/* path?filters&PageSize=n&Page=n&PageToken=... as JSON. Takes the token over. */
static json_t *link_to(const struct page *page, const struct page_list *list, const struct form *query,
                       int64_t number, char *token)
{
    struct text t = {0};
    char tail[96];
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
    snprintf(tail, sizeof tail, PAGE_SIZE "=%d&" PAGE_NUMBER "=%lld", page->size, (long long)number);
    append(&t, tail);
    if (token != NULL) {
        append(&t, "&" PAGE_TOKEN "=");
        append(&t, token);
    }
    json_t *link = json_string(t.s);
    free(token);
    free(t.s);
    return link;
}

static json_t *link_previous(const struct page *page, const struct page_list *list, const struct form *query)
{
    if (page->after.id == 0)
        return json_null();
    if (page->trail_count == 0)
        return link_to(page, list, query, 0, NULL);
    char *token = token_make(&page->trail[0], page->trail + 1, page->trail_count - 1);
    return link_to(page, list, query, page->number > 0 ? page->number - 1 : 0, token);
}

json_t *page_envelope(const struct page *page, const struct page_list *list, const struct form *query,
                      json_t *array, const struct page_key *last)
{
    size_t count = json_array_size(array);
    int64_t start = count > 0 ? page->number * page->size : 0;
    char *own = page->after.id != 0 ? token_make(&page->after, page->trail, page->trail_count) : NULL;
    json_t *next = last != NULL ? link_to(page, list, query, page->number + 1, page_token_next(page, last))
                                : json_null();
    return json_pack("{s:o, s:I, s:o, s:o, s:o, s:i, s:I, s:o, s:I}", "first_page_uri",
                     link_to(page, list, query, 0, NULL), "end",
                     (json_int_t)(count > 0 ? start + (int64_t)count - 1 : 0), "previous_page_uri",
                     link_previous(page, list, query), list->key, array, "uri",
                     link_to(page, list, query, page->number, own), "page_size", page->size, "start",
                     (json_int_t)start, "next_page_uri", next, "page", (json_int_t)page->number);
}
