/* See choice.h. */
#include "host/router/choice.h"

#include <string.h>

#define SUBSCRIBER_DIGITS 7

static size_t shared(const char *number, const char *to)
{
    size_t len = strlen(to), same = 0;
    size_t most = len > SUBSCRIBER_DIGITS ? len - SUBSCRIBER_DIGITS : 0;
    while (same < most && number[same] == to[same])
        same++;
    return same;
}

/* a before b? */
static bool is_freer(const struct choice_line *a, const struct choice_line *b)
{
    return a->idle != b->idle ? a->idle : a->used < b->used;
}

static int64_t by_number(const struct choice_line *lines, size_t count, const char *to, int64_t asks)
{
    const struct choice_line *best = NULL;
    size_t most = 0, least = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        if (lines[i].state != CHOICE_UP)
            continue;
        size_t same = shared(lines[i].number, to);
        bool equal = best != NULL && same == most;
        if (best == NULL || same > most ||
            (equal && best->line_id != asks && (lines[i].line_id == asks || is_freer(&lines[i], best))))
            best = &lines[i];
        most = same > most ? same : most;
        least = same < least ? same : least;
    }
    return best != NULL && least < most ? best->line_id : 0;
}

int64_t choose_line(const struct choice_line *lines, size_t count, int64_t sticky, bool by_area,
                    const char *to, int64_t asks)
{
    for (size_t i = 0; i < count && sticky != 0; i++)
        if (lines[i].line_id == sticky && lines[i].state != CHOICE_LOST)
            return sticky;
    return by_area ? by_number(lines, count, to, asks) : 0;
}
