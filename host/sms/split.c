/* One walk serves counting and building: from the start of a segment, how far does it reach? */
#include "host/sms/split.h"

#include <errno.h>
#include <string.h>

#include "host/sms/utf8.h"

/* How a text is coded: alphabet and what each segment can hold. */
struct coding {
    enum pdu_alphabet alphabet;
    struct gsm7_alphabet national;
    unsigned one, many; /* units of a lone segment, and of one of several: septets, or UTF-16 code units */
};

/* ---- capacity ---- */

static size_t header_len(const struct split_options *options, struct gsm7_alphabet national, bool concat)
{
    size_t len = 0;
    if (concat)
        len += options->concat_bits == 16 ? 6 : 5;
    if (options->has_ports)
        len += 6;
    len += (national.single != 0 ? 3u : 0) + (national.locking != 0 ? 3u : 0);
    return len;
}

static unsigned capacity(enum pdu_alphabet alphabet, size_t header)
{
    size_t octets = header > 0 ? header + 1 : 0;
    return (unsigned)(alphabet == PDU_GSM7 ? 160 - (octets * 8 + 6) / 7 : (PDU_UD_MAX - octets) / 2);
}

static struct coding coding_of(const struct split_options *options, enum pdu_alphabet alphabet,
                               struct gsm7_alphabet national)
{
    struct coding coding = {alphabet, national, 0, 0};
    coding.one = capacity(alphabet, header_len(options, national, false));
    coding.many = capacity(alphabet, header_len(options, national, true));
    return coding;
}

/* ---- the walk ---- */

/* Units that the character costs, 0 when the alphabet lacks it. */
static unsigned cost(const struct coding *coding, uint32_t c)
{
    uint8_t septets[2];
    if (coding->alphabet == PDU_UCS2)
        return c > 0xFFFF ? 2 : 1;
    return (unsigned)gsm7_encode_char(coding->national, c, septets);
}

static bool encodable(const struct coding *coding, const char *text, size_t len)
{
    for (size_t at = 0, used; at < len; at += used)
        if (cost(coding, utf8_next(text + at, len - at, &used, NULL)) == 0)
            return false;
    return true;
}

/* The end of the segment that begins at `start` and holds `room` units: at a grapheme boundary where a whole
 * cluster fits, else at a character. */
static size_t segment_end(const struct coding *coding, const char *text, size_t len, size_t start,
                          unsigned room)
{
    struct grapheme state = {0, 0, 0};
    unsigned units = 0;
    size_t boundary = start;
    for (size_t at = start, used; at < len; at += used) {
        uint32_t c = utf8_next(text + at, len - at, &used, NULL);
        if (grapheme_boundary(&state, c))
            boundary = at;
        units += cost(coding, c);
        if (units > room)
            return boundary > start ? boundary : at;
    }
    return len;
}

/* Segments that the text takes, or one more than allowed. */
static unsigned segment_count(const struct coding *coding, const char *text, size_t len)
{
    unsigned count = 0;
    if (segment_end(coding, text, len, 0, coding->one) == len)
        return 1;
    for (size_t at = 0; at < len && count <= SPLIT_SEGMENTS_MAX; count++)
        at = segment_end(coding, text, len, at, coding->many);
    return count;
}

/* ---- the choice ---- */

static struct coding default_coding(const struct split_options *options)
{
    return coding_of(options, PDU_GSM7, (struct gsm7_alphabet){0, 0});
}

/* The national tables that take the fewest segments, if fewer than `count`: single shift alone first, it
 * costs the least header. */
static void choose_national(const struct split_options *options, const char *text, size_t len,
                            struct coding *best, unsigned *count)
{
    for (uint8_t id = 1; id <= GSM7_LANG_MAX; id++) {
        const struct gsm7_alphabet forms[] = {{0, id}, {id, 0}, {id, id}};
        if (!(options->national >> id & 1))
            continue;
        for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
            struct coding coding = coding_of(options, PDU_GSM7, forms[i]);
            unsigned segments = encodable(&coding, text, len) ? segment_count(&coding, text, len) : *count;
            if (segments < *count) {
                *best = coding;
                *count = segments;
            }
        }
    }
}

static int choose(const struct split_options *options, const char *text, size_t len, struct coding *coding,
                  unsigned *count)
{
    *coding = default_coding(options);
    if (options->encoding != SPLIT_UCS2 && encodable(coding, text, len)) {
        *count = segment_count(coding, text, len);
        return 0;
    }
    if (options->encoding == SPLIT_GSM7)
        return -EILSEQ;
    *coding = coding_of(options, PDU_UCS2, (struct gsm7_alphabet){0, 0});
    *count = segment_count(coding, text, len);
    if (options->encoding == SPLIT_AUTO)
        choose_national(options, text, len, coding, count);
    return 0;
}

int split_plan(const char *text, size_t len, const struct split_options *options, struct split_plan *plan)
{
    struct coding coding;
    unsigned count;
    if (!utf8_valid(text, len))
        return -EILSEQ;
    int status = choose(options, text, len, &coding, &count);
    if (status != 0)
        return status;
    if (count > SPLIT_SEGMENTS_MAX)
        return -EMSGSIZE;
    *plan = (struct split_plan){coding.alphabet == PDU_UCS2 ? 0x08 : 0x00, coding.alphabet, coding.national,
                                count};
    return 0;
}

/* ---- building ---- */

static size_t put_header(const struct split_options *options, const struct split_plan *plan, unsigned index,
                         uint8_t *ud)
{
    size_t len = 1;
    if (plan->count > 1 && options->concat_bits == 16) {
        const uint8_t ie[] = {0x08,
                              4,
                              (uint8_t)(options->ref >> 8),
                              (uint8_t)options->ref,
                              (uint8_t)plan->count,
                              (uint8_t)(index + 1)};
        memcpy(ud + len, ie, sizeof ie);
        len += sizeof ie;
    } else if (plan->count > 1) {
        const uint8_t ie[] = {0x00, 3, (uint8_t)options->ref, (uint8_t)plan->count, (uint8_t)(index + 1)};
        memcpy(ud + len, ie, sizeof ie);
        len += sizeof ie;
    }
    if (options->has_ports) {
        const uint8_t ie[] = {0x05,
                              4,
                              (uint8_t)(options->port_dest >> 8),
                              (uint8_t)options->port_dest,
                              (uint8_t)(options->port_source >> 8),
                              (uint8_t)options->port_source};
        memcpy(ud + len, ie, sizeof ie);
        len += sizeof ie;
    }
    const uint8_t shifts[][3] = {{0x24, 1, plan->national.single}, {0x25, 1, plan->national.locking}};
    for (size_t i = 0; i < 2; i++)
        if (shifts[i][2] != 0) {
            memcpy(ud + len, shifts[i], 3);
            len += 3;
        }
    if (len == 1)
        return 0;
    ud[0] = (uint8_t)(len - 1);
    return len;
}

static void put_gsm7(const struct split_plan *plan, const char *text, size_t len, size_t header,
                     struct split_segment *out)
{
    uint8_t septets[162];
    size_t count = 0;
    for (size_t at = 0, used; at < len; at += used)
        count += (size_t)gsm7_encode_char(plan->national, utf8_next(text + at, len - at, &used, NULL),
                                          septets + count);
    unsigned fill = (unsigned)((7 - header * 8 % 7) % 7);
    out->ud_len = (uint8_t)(header + gsm7_pack(septets, count, fill, out->ud + header));
    out->udl = (uint8_t)((header * 8 + 6) / 7 + count);
}

static void put_ucs2(const char *text, size_t len, size_t header, struct split_segment *out)
{
    size_t octets = header;
    for (size_t at = 0, used; at < len; at += used) {
        uint32_t c = utf8_next(text + at, len - at, &used, NULL);
        uint32_t units[2] = {c, 0};
        if (c > 0xFFFF) {
            units[0] = 0xD800 + ((c - 0x10000) >> 10);
            units[1] = 0xDC00 + ((c - 0x10000) & 0x3FF);
        }
        for (int i = 0; i < (c > 0xFFFF ? 2 : 1); i++) {
            out->ud[octets++] = (uint8_t)(units[i] >> 8);
            out->ud[octets++] = (uint8_t)units[i];
        }
    }
    out->udl = out->ud_len = (uint8_t)octets;
}

int split_build(const char *text, size_t len, const struct split_options *options,
                const struct split_plan *plan, unsigned index, struct split_segment *out)
{
    struct coding coding = coding_of(options, plan->alphabet, plan->national);
    unsigned room = plan->count > 1 ? coding.many : coding.one;
    size_t start = 0, end = segment_end(&coding, text, len, 0, room);
    if (index >= plan->count)
        return -ERANGE;
    for (unsigned i = 0; i < index; i++) {
        start = end;
        end = segment_end(&coding, text, len, start, room);
    }
    memset(out, 0, sizeof *out);
    out->text_off = start;
    out->text_len = end - start;
    size_t header = put_header(options, plan, index, out->ud);
    out->udhi = header > 0;
    if (plan->alphabet == PDU_UCS2)
        put_ucs2(text + start, end - start, header, out);
    else
        put_gsm7(plan, text + start, end - start, header, out);
    return 0;
}
