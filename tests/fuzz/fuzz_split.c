/* Any text under any options: six octets of options, then the text. Segments tile the text, each decodes to
 * its piece, none ends inside a cluster that a segment could hold; smart encoding and numbers ride along. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/sms/number.h"
#include "host/sms/pdu.h"
#include "host/sms/split.h"
#include "host/sms/utf8.h"

#define OPTION_OCTETS 6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct split_options options_of(const uint8_t *data)
{
    return (struct split_options){.encoding = (enum split_encoding)(data[0] % 3),
                                  .concat_bits = data[0] & 0x40 ? 16 : 8,
                                  .has_ports = data[0] & 0x80,
                                  .national = (uint16_t)(data[1] << 8 | data[2]),
                                  .ref = (uint16_t)(data[3] << 8 | data[4]),
                                  .port_dest = data[5],
                                  .port_source = data[3]};
}

static unsigned cost(const struct split_plan *plan, const char *text, size_t len)
{
    unsigned units = 0;
    uint8_t septets[2];
    if (plan->alphabet == PDU_UCS2)
        return (unsigned)utf8_utf16_len(text, len);
    for (size_t at = 0, used; at < len; at += used)
        units +=
            (unsigned)gsm7_encode_char(plan->national, utf8_next(text + at, len - at, &used, NULL), septets);
    return units;
}

/* What the decoder reads otherwise, by contract: a byte order mark, and U+0000. */
static bool reads_back(const struct split_plan *plan, const char *text, size_t len)
{
    bool mark = len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0;
    return plan->alphabet != PDU_UCS2 || (!mark && memchr(text, '\0', len) == NULL);
}

static void check_segment(const struct split_plan *plan, const struct split_segment *segment,
                          const char *text)
{
    const struct pdu_submit submit = {.to = "1",
                                      .udhi = segment->udhi,
                                      .vp_relative = -1,
                                      .dcs = plan->dcs,
                                      .udl = segment->udl,
                                      .ud = segment->ud,
                                      .ud_len = segment->ud_len};
    char hex[PDU_HEX_MAX];
    size_t tpdu_len;
    struct pdu pdu;
    const char *piece = text + segment->text_off;
    require(pdu_encode_submit(&submit, hex, &tpdu_len) == PDU_OK);
    require(pdu_decode_hex(hex, strlen(hex), true, true, &pdu) == PDU_OK);
    require(pdu.flags == 0 && pdu.udh.has_concat == (plan->count > 1));
    if (reads_back(plan, piece, segment->text_len))
        require(strlen(pdu.text) == segment->text_len && memcmp(pdu.text, piece, segment->text_len) == 0);
}

/* A cut inside a cluster: the cluster must be longer than what the segment before it holds and could hold.
 * Text after such a cut is not judged, a walk that begins there sees other clusters. False: no more judging.
 */
static bool check_cut(const struct split_plan *plan, const char *text, size_t len, size_t cut, size_t room)
{
    struct grapheme state = {0, 0, 0};
    size_t begin = 0, end = len;
    for (size_t at = 0, used; at < len; at += used) {
        uint32_t c = utf8_next(text + at, len - at, &used, NULL);
        if (!grapheme_boundary(&state, c))
            continue;
        if (at <= cut)
            begin = at;
        else {
            end = at;
            break;
        }
    }
    require(begin == cut || cost(plan, text + begin, end - begin) > room);
    return begin == cut;
}

static unsigned room_of(const struct split_plan *plan, const struct split_segment *segment)
{
    size_t header = segment->udhi ? segment->ud[0] + 1u : 0;
    return (unsigned)(plan->alphabet == PDU_UCS2 ? (PDU_UD_MAX - header) / 2 : 160 - (header * 8 + 6) / 7);
}

static void check_plan(const char *text, size_t len, const struct split_options *options,
                       const struct split_plan *plan)
{
    struct split_segment segment;
    size_t at = 0;
    bool judging = true;
    require(plan->count >= 1 && plan->count <= SPLIT_SEGMENTS_MAX);
    for (unsigned i = 0; i < plan->count; i++) {
        require(split_build(text, len, options, plan, i, &segment) == 0);
        require(segment.text_off == at && (segment.text_len > 0 || len == 0));
        at += segment.text_len;
        check_segment(plan, &segment, text);
        if (judging && at < len)
            judging = check_cut(plan, text, len, at, room_of(plan, &segment));
    }
    require(at == len);
    require(split_build(text, len, options, plan, plan->count, &segment) == -ERANGE);
}

static void check_smart(const char *text, size_t len)
{
    char *out = malloc(3 * len + 1);
    struct split_plan plan;
    const struct split_options forced = {.encoding = SPLIT_GSM7, .concat_bits = 8};
    require(out != NULL);
    size_t out_len = split_smart(text, len, out, 3 * len + 1);
    require(out_len <= 3 * len && out[out_len] == '\0');
    if (out_len != len || memcmp(out, text, len) != 0)
        require(split_plan(out, out_len, &forced, &plan) != -EILSEQ);
    free(out);
}

static void check_number(const char *text, size_t len)
{
    static const struct number_plan plan = {"41", "0"};
    char in[64], out[NUMBER_MAX], again[NUMBER_MAX];
    if (len >= sizeof in)
        return;
    memcpy(in, text, len);
    in[len] = '\0';
    enum number_kind kind = number_parse(in, &plan, out);
    require(memchr(out, '\0', sizeof out) != NULL && (out[0] == '\0') == (kind == NUMBER_INVALID));
    require(kind == NUMBER_INVALID || number_parse(out, &plan, again) == kind);
    require(kind == NUMBER_INVALID || (strcmp(out, again) == 0 && number_match(out, again, 0)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct split_plan plan;
    if (size < OPTION_OCTETS)
        return 0;
    const struct split_options options = options_of(data);
    const char *text = (const char *)data + OPTION_OCTETS;
    size_t len = size - OPTION_OCTETS;
    int status = split_plan(text, len, &options, &plan);
    require(status == 0 || status == -EILSEQ || status == -EMSGSIZE);
    require(utf8_valid(text, len) || status == -EILSEQ);
    if (status == 0)
        check_plan(text, len, &options, &plan);
    check_smart(text, len);
    check_number(text, len);
    return 0;
}
