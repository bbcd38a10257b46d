#include "host/sms/grapheme.h"

#include "host/sms/split.h"

/* What struct grapheme.flags remembers besides the class before. */
enum {
    STARTED = 1,
    ODD_REGIONAL = 2,
    PICTOGRAPH = 4 /* a pictograph, then only Extend */,
    PICTOGRAPH_ZWJ = 8
};

static enum grapheme_class class_of(uint32_t c)
{
    if (c >= ' ' && c <= '~')
        return GRAPHEME_OTHER;
    if (c >= 0xAC00 && c <= 0xD7A3)
        return (c - 0xAC00) % 28 == 0 ? GRAPHEME_LV : GRAPHEME_LVT;
    unsigned low = 0, high = grapheme_range_count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (c > grapheme_ranges[middle].last)
            low = middle + 1;
        else if (c < grapheme_ranges[middle].first)
            high = middle;
        else
            return (enum grapheme_class)grapheme_ranges[middle].class;
    }
    return GRAPHEME_OTHER;
}

static bool is_break_control(enum grapheme_class class)
{
    return class == GRAPHEME_CONTROL || class == GRAPHEME_CR || class == GRAPHEME_LF;
}

/* GB6 to GB8 */
static bool hangul_joins(enum grapheme_class a, enum grapheme_class b)
{
    if (a == GRAPHEME_L)
        return b == GRAPHEME_L || b == GRAPHEME_V || b == GRAPHEME_LV || b == GRAPHEME_LVT;
    if (a == GRAPHEME_LV || a == GRAPHEME_V)
        return b == GRAPHEME_V || b == GRAPHEME_T;
    return (a == GRAPHEME_LVT || a == GRAPHEME_T) && b == GRAPHEME_T;
}

static bool joins(const struct grapheme *state, enum grapheme_class a, enum grapheme_class b)
{
    if (a == GRAPHEME_CR && b == GRAPHEME_LF) /* GB3 */
        return true;
    if (is_break_control(a) || is_break_control(b)) /* GB4, GB5 */
        return false;
    if (hangul_joins(a, b))
        return true;
    if (b == GRAPHEME_EXTEND || b == GRAPHEME_ZWJ || b == GRAPHEME_SPACING ||
        a == GRAPHEME_PREPEND) /* GB9, 9a, 9b */
        return true;
    if (b == GRAPHEME_PICTOGRAPH && state->flags & PICTOGRAPH_ZWJ) /* GB11 */
        return true;
    return b == GRAPHEME_REGIONAL && state->flags & ODD_REGIONAL; /* GB12, GB13 */
}

static uint8_t next_flags(uint8_t flags, enum grapheme_class class)
{
    uint8_t out = STARTED;
    if (class == GRAPHEME_REGIONAL && !(flags & ODD_REGIONAL))
        out |= ODD_REGIONAL;
    if (class == GRAPHEME_PICTOGRAPH || (class == GRAPHEME_EXTEND && flags & PICTOGRAPH))
        out |= PICTOGRAPH;
    if (class == GRAPHEME_ZWJ && flags & PICTOGRAPH)
        out |= PICTOGRAPH_ZWJ;
    return out;
}

bool grapheme_boundary(struct grapheme *state, uint32_t next)
{
    enum grapheme_class class = class_of(next);
    bool boundary = !(state->flags & STARTED) || !joins(state, (enum grapheme_class)state->prev_class, class);
    state->flags = next_flags(state->flags, class);
    state->prev = next;
    state->prev_class = (uint8_t) class;
    return boundary;
}
