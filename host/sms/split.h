/* From text to segments: choice of alphabet (TS 23.038), split and concatenation header (TS 23.040
 * clause 9.2.3.24.1, 9.2.3.24.8). Pure. A segment never ends inside an ESC pair or a surrogate pair, nor
 * (where a whole one fits) inside a grapheme cluster (UAX #29: combining marks, variation selectors, ZWJ
 * sequences, flags, skin tones). */
#ifndef CELLPOST_SMS_SPLIT_H
#define CELLPOST_SMS_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/sms/gsm7.h"
#include "host/sms/pdu.h"

#define SPLIT_SEGMENTS_MAX 255

enum split_encoding {
    SPLIT_AUTO,
    SPLIT_GSM7,
    SPLIT_UCS2
}; /* GSM7 forced: characters outside it are an error */

struct split_options {
    enum split_encoding encoding;
    uint16_t
        national; /* bit n allows national language n (1..13): used only where it saves segments over UCS-2 */
    uint8_t concat_bits; /* 8 or 16 */
    uint16_t ref;        /* concatenation reference, cut to concat_bits */
    bool has_ports;      /* 16-bit application ports */
    uint16_t port_dest, port_source;
};

struct split_segment {
    size_t text_off, text_len; /* bytes of the UTF-8 that this segment carries */
    bool udhi;
    uint8_t udl;    /* septets (7-bit) or octets */
    uint8_t ud_len; /* octets */
    uint8_t ud[PDU_UD_MAX];
};

struct split_plan {
    uint8_t dcs; /* 0x00 or 0x08 */
    enum pdu_alphabet alphabet;
    struct gsm7_alphabet national;
    unsigned count; /* segments, 1..255; empty text is one empty segment */
};

/* How the text would go: alphabet and count, without building. 0, -EMSGSIZE (over 255 segments), -EILSEQ
 * (text is not UTF-8, or a character outside the forced alphabet). */
int split_plan(const char *text, size_t len, const struct split_options *, struct split_plan *plan);

/* Segment `index` (0-based) of that plan. Building them all costs O(len) for each. 0 or -ERANGE. */
int split_build(const char *text, size_t len, const struct split_options *, const struct split_plan *plan,
                unsigned index, struct split_segment *out);

/* Smart encoding: replaces look-alikes (curly quotes, dashes, ellipsis, no-break and other spaces, full-width
 * forms ...) by GSM 7-bit characters. out_size: 3 * len + 1 is always enough. Returns the new length. Text
 * that would still need UCS-2 afterwards is copied unchanged: a partial replacement would only lose meaning.
 */
size_t split_smart(const char *text, size_t len, char *out, size_t out_size);

/* True between two code points when a grapheme cluster may end there. `state` starts zeroed. */
struct grapheme {
    uint32_t prev;
    uint8_t prev_class;
    uint8_t flags;
};
bool grapheme_boundary(struct grapheme *state, uint32_t next);

#endif
