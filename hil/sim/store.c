#include "store.h"

#include <stdlib.h>
#include <string.h>

void store_resize(struct store *s, int size)
{
    struct slot *slots =
        calloc((size_t)size + 1, sizeof *slots); /* one too many, so that a size of 0 is a pointer too */
    if (slots == NULL)
        abort();
    int keep = size < s->size ? size : s->size;
    if (keep > 0)
        memcpy(slots, s->slots, (size_t)keep * sizeof *slots);
    free(s->slots);
    s->slots = slots;
    s->size = size;
}

void store_fini(struct store *s)
{
    free(s->slots);
    s->slots = NULL;
    s->size = 0;
}

void store_wipe(struct store *s)
{
    memset(s->slots, 0, (size_t)s->size * sizeof *s->slots);
}

int store_used(const struct store *s)
{
    int n = 0;
    for (int i = 0; i < s->size; i++)
        n += s->slots[i].used;
    return n;
}

int store_add(struct store *s, enum store_stat stat, const uint8_t *pdu, size_t len)
{
    for (int i = 0; i < s->size; i++) {
        struct slot *slot = &s->slots[i];
        if (slot->used)
            continue;
        *slot = (struct slot){.used = true, .stat = stat, .len = len};
        memcpy(slot->pdu, pdu, len);
        return i;
    }
    return -1;
}

struct slot *store_at(const struct store *s, int place)
{
    return place >= 0 && place < s->size ? &s->slots[place] : NULL;
}

size_t store_tpdu_len(const uint8_t *pdu, size_t len)
{
    return len > 0 && (size_t)pdu[0] + 1 < len ? len - pdu[0] - 1 : len;
}
