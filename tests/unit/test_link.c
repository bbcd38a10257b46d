/* Frames and messages: known octets, every length, zeros and the longest, what is damaged, short or newer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/link/frame.h"

static bool decode(const uint8_t *wire, size_t len, struct link_frame *frame)
{
    struct link_decoder decoder;
    bool good = false;
    link_decoder_init(&decoder);
    for (size_t i = 0; i < len; i++)
        good = link_decode(&decoder, wire[i], frame) || good;
    return good;
}

static void crc_is_ccitt_false(void **state)
{
    uint16_t crc = 0xFFFF;
    (void)state;
    for (const char *at = "123456789"; *at != '\0'; at++)
        crc = link_crc(crc, (uint8_t)*at);
    assert_int_equal(crc, 0x29B1);
}

/* COBS by hand: type 2, sequence 0, payload 00 01, and a CRC without zeros. */
static void a_frame_has_known_octets(void **state)
{
    uint8_t wire[LINK_WIRE_MAX];
    const uint8_t payload[] = {0, 1};
    uint16_t crc = 0xFFFF;
    (void)state;
    for (unsigned i = 0; i < 4; i++)
        crc = link_crc(crc, (uint8_t[]){2, 0, 0, 1}[i]);
    const uint8_t expected[] = {0, 2, 2, 1, 4, 1, (uint8_t)(crc & 0xFF), (uint8_t)(crc >> 8), 0};
    assert_int_equal(link_encode(2, 0, payload, 2, wire), sizeof expected);
    assert_memory_equal(wire, expected, sizeof expected);
}

static void every_length_comes_back(void **state)
{
    static const uint8_t fills[] = {0x00, 0x01, 0xFF, 0x5A};
    (void)state;
    for (unsigned fill = 0; fill < sizeof fills; fill++)
        for (uint8_t len = 0; len <= LINK_PAYLOAD_MAX; len++) {
            uint8_t payload[LINK_PAYLOAD_MAX], wire[LINK_WIRE_MAX];
            struct link_frame frame;
            memset(payload, fills[fill], sizeof payload);
            if (len > 2)
                payload[len / 2] ^= 0xFF;
            uint8_t wire_len = link_encode(0xC1, 0, payload, len, wire);
            assert_true(wire_len <= LINK_WIRE_MAX);
            assert_null(memchr(wire + 1, 0, wire_len - 2u));
            assert_true(decode(wire, wire_len, &frame));
            assert_int_equal(frame.type, 0xC1);
            assert_int_equal(frame.seq, 0);
            assert_int_equal(frame.len, len);
            assert_memory_equal(frame.payload, payload, len);
        }
}

/* A single octet changed, lost or put twice anywhere between the zeros: never a frame, and the next one is
 * read. */
static void damage_costs_one_frame(void **state)
{
    uint8_t payload[24], wire[LINK_WIRE_MAX], bad[3 * LINK_WIRE_MAX];
    struct link_frame frame;
    (void)state;
    for (uint8_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i % 5);
    uint8_t len = link_encode(3, 9, payload, sizeof payload, wire);
    for (uint8_t at = 1; at + 1 < len; at++)
        for (unsigned flip = 1; flip < 256; flip++) {
            struct link_decoder decoder;
            unsigned frames = 0;
            memcpy(bad, wire, len);
            bad[at] ^= (uint8_t)flip;
            memcpy(bad + len, wire, len);
            link_decoder_init(&decoder);
            for (unsigned i = 0; i < 2u * len; i++)
                frames += link_decode(&decoder, bad[i], &frame);
            assert_int_equal(frames, 1);
            assert_int_equal(decoder.dropped, bad[at] == 0 ? decoder.dropped : 1);
        }
}

static void noise_of_any_length_is_dropped(void **state)
{
    struct link_decoder decoder;
    struct link_frame frame;
    uint8_t wire[LINK_WIRE_MAX];
    uint8_t len = link_encode(1, 1, NULL, 0, wire);
    (void)state;
    link_decoder_init(&decoder);
    for (unsigned noise = 1; noise < 600; noise++) {
        unsigned frames = 0;
        for (unsigned i = 0; i < noise; i++)
            frames += link_decode(&decoder, (uint8_t)(i * 7 % 255 + 1), &frame);
        for (unsigned i = 0; i < len; i++)
            frames += link_decode(&decoder, wire[i], &frame);
        assert_int_equal(frames, 1);
        assert_int_equal(frame.len, 0);
    }
    assert_int_equal(decoder.dropped, 599);
}

static void messages_come_back(void **state)
{
    const struct link_hello_answer in = {.protocol = LINK_PROTOCOL,
                                         .version = 0x0102,
                                         .board = "atmega328p",
                                         .capabilities = LINK_CAP_STATUS | LINK_CAP_NV,
                                         .slots = 2,
                                         .cause = LINK_CAUSE_WATCHDOG,
                                         .fault = "a text of 20 octets!",
                                         .uptime_ms = 0xFFFFFFF0,
                                         .boots = 70000,
                                         .brown_outs = 65535};
    struct link_hello_answer out;
    uint8_t octets[LINK_PAYLOAD_MAX];
    (void)state;
    memset(&out, 0xEE, sizeof out);
    uint8_t len = link_put_hello_answer(&in, octets);
    assert_true(link_get_hello_answer(&out, octets, len));
    assert_string_equal(out.board, in.board);
    assert_string_equal(out.fault, in.fault);
    assert_int_equal(out.uptime_ms, in.uptime_ms);
    assert_int_equal(out.boots, in.boots);
    assert_int_equal(out.brown_outs, in.brown_outs);
    assert_int_equal(out.capabilities, in.capabilities);
    const struct link_sense_answer cold = {.temperature_dc = -405, .supply_mv = 3801};
    struct link_sense_answer read;
    assert_true(link_get_sense_answer(&read, octets, link_put_sense_answer(&cold, octets)));
    assert_int_equal(read.temperature_dc, -405);
    assert_int_equal(read.supply_mv, 3801);
}

/* A message that lacks an octet is refused, one with octets more is read: older and newer peers. */
static void short_is_refused_and_long_is_read(void **state)
{
    const struct link_slot_target in = {
        .slot = 1, .target = LINK_TARGET_CYCLE, .request = 0x1234, .grace_s = 9};
    struct link_slot_target out;
    uint8_t octets[LINK_PAYLOAD_MAX];
    (void)state;
    uint8_t len = link_put_slot_target(&in, octets);
    assert_int_equal(len, 5);
    for (uint8_t shorter = 0; shorter < len; shorter++)
        assert_false(link_get_slot_target(&out, octets, shorter));
    assert_true(link_get_slot_target(&out, octets, (uint8_t)(len + 3)));
    assert_int_equal(out.request, 0x1234);
    assert_int_equal(out.grace_s, 9);
}

static void a_block_never_passes_its_bounds(void **state)
{
    struct link_update_data in = {.offset = 64, .data = {.len = LINK_BLOCK_LEN}}, out;
    uint8_t octets[LINK_PAYLOAD_MAX];
    (void)state;
    memset(in.data.octets, 7, sizeof in.data.octets);
    uint8_t len = link_put_update_data(&in, octets);
    assert_int_equal(len, 4 + 1 + LINK_BLOCK_LEN);
    assert_true(link_get_update_data(&out, octets, len));
    assert_int_equal(out.data.len, LINK_BLOCK_LEN);
    assert_memory_equal(out.data.octets, in.data.octets, LINK_BLOCK_LEN);
    octets[4] = LINK_BLOCK_LEN + 1;
    assert_false(link_get_update_data(&out, octets, sizeof octets));
    assert_int_equal(out.data.len, 0);
    octets[4] = 200;
    assert_false(link_get_update_data(&out, octets, len));
}

static void names_are_told(void **state)
{
    (void)state;
    assert_string_equal(link_phase_name(LINK_PHASE_WAIT_STATUS), "WAIT_STATUS");
    assert_string_equal(link_status_name(200), "?");
    assert_string_equal(link_setting_name(LINK_SETTING_LEASE_S), "LEASE_S");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc_is_ccitt_false),
        cmocka_unit_test(a_frame_has_known_octets),
        cmocka_unit_test(every_length_comes_back),
        cmocka_unit_test(damage_costs_one_frame),
        cmocka_unit_test(noise_of_any_length_is_dropped),
        cmocka_unit_test(messages_come_back),
        cmocka_unit_test(short_is_refused_and_long_is_read),
        cmocka_unit_test(a_block_never_passes_its_bounds),
        cmocka_unit_test(names_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
