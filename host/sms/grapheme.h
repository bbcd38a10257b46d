/* Grapheme cluster classes, UAX #29 table 2; the walk over them is grapheme_boundary in split.h. */
#ifndef CELLPOST_SMS_GRAPHEME_H
#define CELLPOST_SMS_GRAPHEME_H

#include <stdint.h>

enum grapheme_class {
    GRAPHEME_OTHER,
    GRAPHEME_CONTROL,
    GRAPHEME_CR,
    GRAPHEME_LF,
    GRAPHEME_EXTEND,
    GRAPHEME_ZWJ,
    GRAPHEME_REGIONAL,
    GRAPHEME_PREPEND,
    GRAPHEME_SPACING,
    GRAPHEME_L,
    GRAPHEME_V,
    GRAPHEME_T,
    GRAPHEME_LV,
    GRAPHEME_LVT,
    GRAPHEME_PICTOGRAPH
};

struct grapheme_range {
    uint32_t first, last;
    uint8_t class;
};
extern const struct grapheme_range grapheme_ranges[]; /* ascending, without those of class OTHER */
extern const unsigned grapheme_range_count;

#endif
