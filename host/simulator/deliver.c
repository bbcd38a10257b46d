/* See deliver.h. */
#include "host/simulator/deliver.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "host/base/secret.h"
#include "host/sms/utf8.h"

#define NAME_SEPTETS 11
#define DELIVER      0x04 /* TP-MTI 00, no more messages to send */
#define UDHI         0x40
#define TOA_NAME     0xD0

static struct split_options options_of(const struct deliver *deliver)
{
    return (struct split_options){.encoding = SPLIT_AUTO, .concat_bits = 8, .ref = deliver->ref};
}

/* A sender's name: packed septets, its length in semi-octets (9.1.2.5). */
static bool name_address(const char *from, uint8_t out[12], size_t *len)
{
    uint8_t septets[NAME_SEPTETS + 2];
    size_t count = 0, used;
    for (size_t at = 0, end = strlen(from); at < end; at += used) {
        bool bad = false;
        uint32_t c = utf8_next(from + at, end - at, &used, &bad);
        int cost = bad ? 0 : gsm7_encode_char((struct gsm7_alphabet){0, 0}, c, septets + count);
        count += (size_t)cost;
        if (cost == 0 || count > NAME_SEPTETS)
            return false;
    }
    if (count == 0)
        return false;
    out[0] = (uint8_t)((count * 7 + 3) / 4);
    out[1] = TOA_NAME;
    *len = 2 + gsm7_pack(septets, count, 0, out + 2);
    return true;
}

static bool sender_address(const char *from, uint8_t out[12], size_t *len)
{
    const char *digits = from + (from[0] == '+');
    if (digits[0] != '\0' && strspn(digits, "0123456789") == strlen(digits))
        return strlen(digits) <= 15 && pdu_encode_address(from, false, out, len) == PDU_OK;
    return from[0] != '+' && name_address(from, out, len);
}

static uint8_t swapped_bcd(int value)
{
    return (uint8_t)((value % 10) << 4 | value / 10 % 10);
}

/* 9.2.3.11, in UTC. */
static void put_time(int64_t utc_s, uint8_t out[7])
{
    struct tm tm;
    time_t at = (time_t)utc_s;
    gmtime_r(&at, &tm);
    const int fields[] = {tm.tm_year % 100, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, 0};
    for (size_t i = 0; i < 7; i++)
        out[i] = swapped_bcd(fields[i]);
}

int deliver_plan(const struct deliver *deliver, struct split_plan *plan)
{
    uint8_t address[12];
    size_t len;
    struct split_options options = options_of(deliver);
    if (!sender_address(deliver->from, address, &len))
        return -EINVAL;
    return split_plan(deliver->text, deliver->len, &options, plan);
}

static size_t put_octets(const struct deliver *deliver, const struct split_plan *plan,
                         const struct split_segment *segment, uint8_t octets[PDU_OCTETS_MAX])
{
    size_t at = 0, len = 0;
    octets[at++] = 0; /* no SCA */
    octets[at++] = (uint8_t)(DELIVER | (segment->udhi ? UDHI : 0));
    sender_address(deliver->from, octets + at, &len);
    at += len;
    octets[at++] = 0; /* TP-PID */
    octets[at++] = plan->dcs;
    put_time(deliver->utc_s, octets + at);
    at += 7;
    octets[at++] = segment->udl;
    memcpy(octets + at, segment->ud, segment->ud_len);
    return at + segment->ud_len;
}

int deliver_part(const struct deliver *deliver, const struct split_plan *plan, unsigned index,
                 char hex[PDU_HEX_MAX], struct pdu *out)
{
    uint8_t octets[PDU_OCTETS_MAX];
    struct split_segment segment;
    struct split_options options = options_of(deliver);
    if (split_build(deliver->text, deliver->len, &options, plan, index, &segment) != 0)
        return -EINVAL;
    size_t len = put_octets(deliver, plan, &segment, octets);
    hex_encode(octets, len, hex);
    return pdu_decode(octets, len, true, false, out) == PDU_OK ? 0 : -EINVAL;
}
