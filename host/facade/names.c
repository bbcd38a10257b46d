/* See names.h. Places hang in chains by a hash, whose seed no client knows: who chooses addresses cannot
 * choose collisions. A second list keeps the order of use. */
#include "host/facade/names.h"

#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"
#include "host/base/secret.h"

#define END UINT16_MAX

struct place {
    struct name name;
    uint16_t next;         /* of its chain; of the free ones too */
    uint16_t newer, older; /* by use */
};

struct names {
    uint64_t seed;
    size_t capacity, count;
    uint16_t free, newest, oldest;
    uint16_t *heads; /* of the chains, as many as places */
    struct place *places;
};

struct names *names_new(size_t capacity)
{
    struct names *names = calloc(1, sizeof *names);
    if (capacity == 0 || capacity >= END)
        fatal("a table of %zu names", capacity);
    if (names == NULL || (names->heads = calloc(capacity, sizeof *names->heads)) == NULL ||
        (names->places = calloc(capacity, sizeof *names->places)) == NULL)
        fatal("out of memory");
    secret_random(&names->seed, sizeof names->seed);
    names->capacity = capacity;
    names->newest = names->oldest = END;
    for (size_t i = 0; i < capacity; i++) {
        names->heads[i] = END;
        names->places[i].next = i + 1 < capacity ? (uint16_t)(i + 1) : END;
    }
    return names;
}

void names_free(struct names *names)
{
    if (names == NULL)
        return;
    free(names->heads);
    free(names->places);
    free(names);
}

/* FNV-1a from the seed, mixed once more: its low bits alone are weak. */
static uint16_t *chain(const struct names *names, const struct name *name)
{
    uint64_t hash = names->seed;
    for (size_t i = 0; i < sizeof name->bytes; i++)
        hash = (hash ^ name->bytes[i]) * 1099511628211u;
    hash = (hash ^ hash >> 32) * 0x9E3779B97F4A7C15u;
    return &names->heads[(hash >> 32) % names->capacity];
}

size_t names_find(const struct names *names, const struct name *name)
{
    uint16_t at = *chain(names, name);
    while (at != END && memcmp(&names->places[at].name, name, sizeof *name) != 0)
        at = names->places[at].next;
    return at == END ? NAMES_NONE : at;
}

static void unuse(struct names *names, uint16_t at)
{
    struct place *place = &names->places[at];
    *(place->newer != END ? &names->places[place->newer].older : &names->newest) = place->older;
    *(place->older != END ? &names->places[place->older].newer : &names->oldest) = place->newer;
}

static void use(struct names *names, uint16_t at)
{
    struct place *place = &names->places[at];
    place->newer = END;
    place->older = names->newest;
    *(names->newest != END ? &names->places[names->newest].newer : &names->oldest) = at;
    names->newest = at;
}

static void drop(struct names *names, uint16_t at)
{
    uint16_t *link = chain(names, &names->places[at].name);
    while (*link != at)
        link = &names->places[*link].next;
    *link = names->places[at].next;
    unuse(names, at);
    names->places[at].next = names->free;
    names->free = at;
    names->count--;
}

size_t names_take(struct names *names, const struct name *name, bool *fresh)
{
    size_t known = names_find(names, name);
    *fresh = known == NAMES_NONE;
    if (!*fresh) {
        unuse(names, (uint16_t)known);
        use(names, (uint16_t)known);
        return known;
    }
    if (names->free == END)
        drop(names, names->oldest);
    uint16_t at = names->free, *head = chain(names, name);
    names->free = names->places[at].next;
    names->places[at].name = *name;
    names->places[at].next = *head;
    *head = at;
    use(names, at);
    names->count++;
    return at;
}

void names_drop(struct names *names, const struct name *name)
{
    size_t at = names_find(names, name);
    if (at != NAMES_NONE)
        drop(names, (uint16_t)at);
}

size_t names_count(const struct names *names)
{
    return names->count;
}
