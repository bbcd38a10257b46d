/* The request reader on arbitrary bytes. The first byte says how the rest is cut: however it is, the result
 * must be the same as in one piece, within the limits, and every text must end. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/facade/httpreq.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t feed(struct httpreq *r, const char *text, size_t len, size_t step)
{
    size_t at = 0;
    httpreq_init(r);
    while (at < len && r->state < HTTPREQ_DONE) {
        size_t piece = len - at < step ? len - at : step;
        size_t used = httpreq_feed(r, text + at, piece);
        if (used > piece || (used < piece && r->state < HTTPREQ_DONE))
            abort();
        at += used;
    }
    return at;
}

static void check(const struct httpreq *r)
{
    if (r->body_len > HTTPREQ_BODY_MAX || r->header_count > HTTPREQ_HEADERS_MAX)
        abort();
    if (r->state == HTTPREQ_BAD && (r->status < 400 || r->status > 505 || r->why == NULL))
        abort();
    if (r->state != HTTPREQ_DONE)
        return;
    if (strlen(r->method) == 0 || (r->path[0] != '/' && strcmp(r->path, "*") != 0) ||
        strlen(r->query) > HTTPREQ_LINE_MAX)
        abort();
    for (size_t i = 0; i < r->header_count; i++)
        if (strlen(r->headers[i].name) == 0 || strlen(r->headers[i].value) > HTTPREQ_HEAD_MAX)
            abort();
    if (r->body != NULL && r->body[r->body_len] != '\0')
        abort();
}

static bool same(const struct httpreq *a, const struct httpreq *b)
{
    if (a->state != b->state || a->status != b->status || a->body_len != b->body_len ||
        a->header_count != b->header_count)
        return false;
    if (a->state != HTTPREQ_DONE)
        return true;
    return strcmp(a->path, b->path) == 0 && strcmp(a->query, b->query) == 0 &&
           a->keep_alive == b->keep_alive && (a->body_len == 0 || memcmp(a->body, b->body, a->body_len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct httpreq whole, cut;
    if (size == 0)
        return 0;
    const char *text = (const char *)data + 1;
    size_t used = feed(&whole, text, size - 1, size);
    size_t used_cut = feed(&cut, text, size - 1, data[0] % 32u + 1);
    check(&whole);
    if (!same(&whole, &cut) || (whole.state == HTTPREQ_DONE && used != used_cut))
        abort();
    httpreq_fini(&whole);
    httpreq_fini(&cut);
    return 0;
}
