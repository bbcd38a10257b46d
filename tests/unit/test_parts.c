/* Inbound: what is new, what is a repeat, and which parts make a message. PDUs: tests/vectors where present,
 * made here else. */
#include "queue_world.h"

#include <jansson.h>

#define SENDER "+41795550000"
#define HERE   "+41791111111"

struct sms {
    const char *from, *text;
    int64_t scts_s;
    unsigned ref, total, seq; /* total 0 = not concatenated */
    const char *memory;       /* NULL = +CMT */
    int slot;
    bool ports;
};

static struct pdu make_pdu(const struct sms *sms)
{
    struct pdu pdu = {.type = PDU_DELIVER};
    snprintf(pdu.address.text, sizeof pdu.address.text, "%s", sms->from != NULL ? sms->from : SENDER);
    snprintf(pdu.text, sizeof pdu.text, "%s", sms->text);
    pdu.ud_len = (uint8_t)strlen(sms->text);
    memcpy(pdu.ud, sms->text, pdu.ud_len);
    pdu.ud[pdu.ud_len++] = (uint8_t)sms->seq;
    pdu.scts = (struct pdu_time){.valid = true, .utc_s = T0 / 1000 + sms->scts_s};
    pdu.scts.raw[6] = (uint8_t)sms->scts_s;
    if (sms->total > 0)
        pdu.udh = (struct pdu_udh){.len = 5,
                                   .has_concat = true,
                                   .concat_bits = 8,
                                   .ref = (uint16_t)sms->ref,
                                   .total = (uint8_t)sms->total,
                                   .seq = (uint8_t)sms->seq};
    pdu.udh.has_ports = sms->ports;
    return pdu;
}

static void receive_hex(struct world *world, const struct pdu *pdu, const char *hex, const char *memory,
                        int slot)
{
    struct answer answer = {0};
    struct inbound inbound = {.line_id = LINE,
                              .account_id = ACCOUNT,
                              .service_id = SERVICE,
                              .line_number = HERE,
                              .pdu = pdu,
                              .hex = hex,
                              .memory = memory,
                              .index = slot,
                              .received_ms = clock_wall_ms()};
    queue_receive(world->queue, &inbound, on_answer, &answer);
    settle_down(world);
    assert_int_equal(answer.calls, 1);
    assert_int_equal(answer.status, 0);
}

static void receive_pdu(struct world *world, const struct pdu *pdu, const char *memory, int slot)
{
    receive_hex(world, pdu, "0791", memory, slot);
}

static void receive(struct world *world, struct sms sms)
{
    struct pdu pdu = make_pdu(&sms);
    receive_pdu(world, &pdu, sms.memory, sms.slot);
}

static int64_t count(struct world *world, const char *status)
{
    char sql[96];
    enum message_status number = 0;
    assert_true(message_status_parse(status, &number));
    snprintf(sql, sizeof sql, "SELECT count(*) FROM message WHERE status = %d", (int)number);
    return world_int(world, sql);
}

static void assert_body(struct world *world, int64_t id, const char *body)
{
    struct message m;
    assert_int_equal(queue_message(world->queue, id, &m), 0);
    assert_string_equal(m.body, body);
    message_fini(&m);
}

static void test_one_sms(void **state)
{
    struct world *world = *state;
    struct message m;
    receive(world, (struct sms){.text = "hello", .memory = "SM", .slot = 3});
    assert_int_equal(queue_message(world->queue, 1, &m), 0);
    assert_string_equal(m.body, "hello");
    assert_string_equal(m.from, SENDER);
    assert_string_equal(m.to, HERE);
    assert_true(m.direction == MESSAGE_INBOUND && m.status == MESSAGE_RECEIVED && m.segments == 1 &&
                m.line_id == LINE && m.service_id == SERVICE && m.account_id == ACCOUNT &&
                m.created_ms == T0 && m.sent_ms == 0);
    message_fini(&m);
    assert_string_equal(hooks_of(world, 1), "received");
}

static void test_after_the_clock_went_back(void **state)
{
    struct world *world = *state;
    struct hook hook;
    int64_t next_ms;
    receive(world, (struct sms){.text = "a"});
    hooks_of(world, 1);
    clock_fake(T0 - 86400000, clock_mono_ms());
    receive(world, (struct sms){.text = "b", .scts_s = -86400});
    assert_int_equal(world_int(world, "SELECT min(created_ms) FROM message"), T0);   /* in order */
    assert_int_equal(queue_hooks_due(world->queue, NULL, 0, &hook, 1, &next_ms), 1); /* and not a day late */
}

/* ---- new or not: design of record, "Inbound dedupe" ---- */

static void test_dedupe_table(void **state)
{
    enum { STAY, ERASE };
    static const struct {
        const char *what;
        const char *memory[2];
        int slot[2];
        int erase; /* before the second */
        int64_t after_ms;
        const char *text[2];
        int messages;
    } rows[] = {
        {"same slot, not erased: the same", {"SM", "SM"}, {1, 1}, STAY, 100, {"a", "a"}, 1},
        {"same slot, not erased, hours later: the same", {"SM", "SM"}, {1, 1}, STAY, 3600000, {"a", "a"}, 1},
        {"same slot, erased, at once: two", {"SM", "SM"}, {1, 1}, ERASE, 100, {"a", "a"}, 2},
        {"same slot, erased, 7.999 s: two", {"SM", "SM"}, {1, 1}, ERASE, 7999, {"a", "a"}, 2},
        {"same slot, erased, 8 s: a repeat", {"SM", "SM"}, {1, 1}, ERASE, 8000, {"a", "a"}, 1},
        {"two slots at once: two", {"SM", "SM"}, {1, 2}, STAY, 100, {"a", "a"}, 2},
        {"two slots at once, seen an hour apart: two", {"SM", "SM"}, {1, 2}, STAY, 3600000, {"a", "a"}, 2},
        {"two memories at once: two", {"SM", "ME"}, {1, 1}, STAY, 3600000, {"a", "a"}, 2},
        {"another slot after erasure, late: a repeat", {"SM", "SM"}, {1, 2}, ERASE, 3600000, {"a", "a"}, 1},
        {"+CMT twice, close: two", {NULL, NULL}, {0, 0}, STAY, 1000, {"a", "a"}, 2},
        {"+CMT twice, late: a repeat", {NULL, NULL}, {0, 0}, STAY, 60000, {"a", "a"}, 1},
        {"stored, later +CMT: a repeat", {"SM", NULL}, {1, 0}, STAY, 60000, {"a", "a"}, 1},
        {"same slot, other text: another", {"SM", "SM"}, {1, 1}, STAY, 60000, {"a", "b"}, 2},
    };
    struct world *world = *state;
    int64_t before = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int n = 0; n < 2; n++) {
            receive(world, (struct sms){.text = rows[i].text[n],
                                        .scts_s = (int64_t)i,
                                        .memory = rows[i].memory[n],
                                        .slot = rows[i].slot[n]});
            if (n == 0 && rows[i].erase == ERASE)
                queue_erased(world->queue, LINE, rows[i].memory[0], rows[i].slot[0]);
            if (n == 0)
                pass_time(world, rows[i].after_ms);
        }
        int64_t now = count(world, "received");
        if (now - before != rows[i].messages)
            fail_msg("%s: %d", rows[i].what, (int)(now - before));
        before = now;
        for (int slot = 1; slot <= 2; slot++) {
            queue_erased(world->queue, LINE, "SM", slot);
            queue_erased(world->queue, LINE, "ME", slot);
        }
        settle_down(world);
    }
}

static void test_same_sms_on_another_line(void **state)
{
    struct world *world = *state;
    struct sms sms = {.text = "a"};
    struct pdu pdu = make_pdu(&sms);
    struct inbound inbound = {
        .line_id = LINE_B, .account_id = ACCOUNT, .line_number = HERE, .pdu = &pdu, .hex = ""};
    receive(world, sms);
    pass_time(world, 60000);
    queue_receive(world->queue, &inbound, NULL, NULL);
    settle_down(world);
    assert_int_equal(count(world, "received"), 2);
}

static void test_slot_is_remembered_over_a_crash(void **state)
{
    struct world *world = *state;
    receive(world, (struct sms){.text = "a", .memory = "SM", .slot = 1});
    world_crash(world); /* before CMGD */
    receive(world, (struct sms){.text = "a", .memory = "SM", .slot = 1});
    assert_int_equal(count(world, "received"), 1);
}

static void test_repeat_of_a_deleted_message(void **state)
{
    struct world *world = *state;
    struct answer answer = {0};
    receive(world, (struct sms){.text = "a", .memory = "SM", .slot = 1});
    queue_delete(world->queue, 1, on_answer, &answer);
    settle_down(world);
    assert_int_equal(answer.status, 0);
    assert_int_equal(world_int(world, "SELECT count(*) FROM part WHERE hex != ''"), 0);
    receive(world, (struct sms){.text = "a", .memory = "SM", .slot = 1});
    pass_time(world, 60000);
    queue_erased(world->queue, LINE, "SM", 1);
    receive(world, (struct sms){.text = "a", .memory = "SM", .slot = 1});
    assert_int_equal(world_int(world, "SELECT count(*) FROM message"), 0);
}

/* ---- parts ---- */

static struct sms part(unsigned ref, unsigned total, unsigned seq, const char *text)
{
    return (struct sms){.text = text, .ref = ref, .total = total, .seq = seq};
}

static void test_parts_in_any_order(void **state)
{
    static const unsigned orders[][3] = {{1, 2, 3}, {1, 3, 2}, {2, 1, 3}, {2, 3, 1}, {3, 1, 2}, {3, 2, 1}};
    static const char *const texts[] = {"one ", "two ", "three"};
    struct world *world = *state;
    for (unsigned i = 0; i < 6; i++) {
        for (int n = 0; n < 3; n++) {
            if (n > 0)
                assert_string_equal(status_of(world, i + 1), "receiving");
            receive(world, part(i, 3, orders[i][n], texts[orders[i][n] - 1]));
        }
        assert_string_equal(status_of(world, i + 1), "received");
        assert_body(world, i + 1, "one two three");
        assert_string_equal(hooks_of(world, i + 1), "received");
    }
    assert_int_equal(world_int(world, "SELECT count(*) FROM assembly"), 0);
    assert_string_equal(story_of(world, 1), "part part part received hook");
}

static void test_what_tells_messages_apart(void **state)
{
    struct world *world = *state;
    struct sms base = part(7, 2, 1, "a"), other = base;
    receive(world, base);
    other.ref = 8;
    receive(world, other);
    other = base;
    other.total = 3;
    receive(world, other);
    other = base;
    other.from = "+41795550001";
    receive(world, other);
    struct pdu wide = make_pdu(&base);
    wide.udh.concat_bits = 16;
    receive_pdu(world, &wide, NULL, 0);
    assert_int_equal(count(world, "receiving"), 5);
    receive(world, part(7, 2, 2, "b"));
    assert_body(world, 1, "ab");
    assert_int_equal(count(world, "receiving"), 4);
    world_exec(world, "UPDATE message SET status = 11 WHERE status = 10; DELETE FROM assembly");
}

static void test_repeated_part(void **state)
{
    struct world *world = *state;
    receive(world, part(7, 2, 1, "a"));
    pass_time(world, 60000);
    receive(world, part(7, 2, 1, "a")); /* the network's repeat */
    assert_int_equal(count(world, "receiving"), 1);
    receive(world, part(7, 2, 2, "b"));
    assert_body(world, 1, "ab");
    pass_time(world, 60000);
    receive(world, part(7, 2, 2, "b")); /* and once more after the end */
    assert_int_equal(world_int(world, "SELECT count(*) FROM message"), 1);
}

static void test_conflicting_part_begins_another_message(void **state)
{
    struct world *world = *state;
    struct sms second = part(7, 2, 1, "c");
    receive(world, part(7, 2, 1, "a"));
    pass_time(world, 1000000);
    second.scts_s = 1000;
    receive(world, second); /* the sender's counter came round */
    assert_int_equal(count(world, "receiving"), 2);
    second = part(7, 2, 2, "d");
    second.scts_s = 1001;
    receive(world, second); /* nearest in time, not first come */
    assert_body(world, 2, "cd");
    receive(world, part(7, 2, 2, "b"));
    assert_body(world, 1, "ab");
}

static void test_two_equal_alarms_in_parts(void **state)
{
    struct world *world = *state;
    for (int slot = 1; slot <= 4; slot++) { /* all four on the SIM: 1 2 1 2 */
        struct sms sms = part(0, 2, slot % 2 == 1 ? 1 : 2, slot % 2 == 1 ? "a" : "b");
        sms.memory = "SM";
        sms.slot = slot;
        receive(world, sms);
    }
    assert_int_equal(count(world, "received"), 2);
    assert_body(world, 1, "ab");
    assert_body(world, 2, "ab");
}

static void test_incomplete_after_a_day(void **state)
{
    struct world *world = *state;
    struct message m;
    receive(world, part(7, 3, 3, "end"));
    receive(world, part(7, 3, 1, "begin "));
    pass_time(world, 24 * 3600 * 1000 - 1);
    assert_string_equal(status_of(world, 1), "receiving");
    pass_time(world, 1);
    assert_int_equal(queue_message(world->queue, 1, &m), 0);
    assert_int_equal(m.status, MESSAGE_RECEIVED);
    assert_int_equal(m.error_code, 30009);
    assert_int_equal(m.segments, 3);
    assert_string_equal(m.body, "begin end");
    message_fini(&m);
    assert_string_equal(story_of(world, 1), "part part partial");
    assert_string_equal(hooks_of(world, 1), "received:30009");
}

static void test_parts_survive_a_crash(void **state)
{
    struct world *world = *state;
    receive(world, part(7, 2, 2, "b"));
    world_crash(world);
    receive(world, part(7, 2, 1, "a"));
    assert_body(world, 1, "ab");
}

static void test_ports_ring_no_hook(void **state)
{
    struct world *world = *state;
    struct sms sms = {.text = "config", .ports = true};
    receive(world, sms);
    sms = part(7, 2, 1, "a");
    sms.ports = true;
    receive(world, sms);
    sms.seq = 2;
    receive(world, sms);
    assert_int_equal(count(world, "received"), 2);
    assert_int_equal(world_int(world, "SELECT count(*) FROM hook"), 0);
}

/* ---- what cannot be decoded ---- */

static void receive_broken(struct world *world, const char *hex, const char *memory, int slot)
{
    struct pdu pdu;
    assert_int_not_equal(pdu_decode_hex(hex, strlen(hex), true, false, &pdu), PDU_OK);
    receive_hex(world, &pdu, hex, memory, slot);
}

static void test_undecodable_is_kept(void **state)
{
    static const struct {
        const char *hex, *from;
    } rows[] = {
        {"07911497000000F0400B911497550000F000007210518000000000", "+41795500000"}, /* UDHI, and UDL 0 */
        {"07911497000000F0000B911497550000F0000072105180000000FF41", "+41795500000"},
        {"07911497000000F0040B91", ""},
        {"07911497000000F00", ""},
        {"+CSQ: 17,99", ""},
        {"", ""},
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct message m;
        char sql[256];
        receive_broken(world, rows[i].hex, "SM", (int)i);
        assert_int_equal(queue_message(world->queue, (int64_t)i + 1, &m), 0);
        assert_true(m.status == MESSAGE_RECEIVED && m.direction == MESSAGE_INBOUND && m.error_code == 30008);
        assert_true(m.line_id == LINE && m.account_id == ACCOUNT && m.service_id == SERVICE);
        assert_string_equal(m.body, "");
        assert_string_equal(m.from, rows[i].from);
        message_fini(&m);
        assert_string_equal(story_of(world, (int64_t)i + 1), "undecodable");
        snprintf(sql, sizeof sql, "SELECT count(*) FROM part WHERE message_id = %zu AND hex = '%s'", i + 1,
                 rows[i].hex);
        assert_int_equal(world_int(world, sql), 1);
    }
    assert_int_equal(world_int(world, "SELECT count(*) FROM hook"), 0);
}

/* Known again by its hex: over a crash before it was erased, and as the network's repeat. */
static void test_undecodable_once(void **state)
{
    struct world *world = *state;
    struct answer answer = {0};
    receive_broken(world, "07911497000000F0040B91", "SM", 1);
    world_crash(world);
    pass_time(world, 60000);
    receive_broken(world, "07911497000000F0040B91", "SM", 1);
    assert_int_equal(count(world, "received"), 1);
    queue_erased(world->queue, LINE, "SM", 1);
    receive_broken(world, "07911497000000F0040B91", "SM", 1);
    assert_int_equal(count(world, "received"), 1);
    receive_broken(world, "07911497000000F0040B92", "SM",
                   1); /* as little is known of it, yet it is another */
    assert_int_equal(count(world, "received"), 2);
    queue_redact(world->queue, 1, on_answer, &answer);
    queue_delete(world->queue, 2, on_answer, &answer);
    settle_down(world);
    assert_true(answer.calls == 2 && answer.status == 0);
    assert_int_equal(world_int(world, "SELECT count(*) FROM part WHERE hex != ''"), 0);
}

/* ---- PDUs as other suites have them ---- */

static void feed(struct world *world, const json_t *pdus)
{
    for (size_t i = 0; i < json_array_size(pdus); i++) {
        const char *hex = json_string_value(json_array_get(pdus, i));
        struct pdu pdu;
        assert_int_equal(pdu_decode_hex(hex, strlen(hex), true, false, &pdu), PDU_OK);
        receive_pdu(world, &pdu, NULL, 0);
        pass_time(world, 60000);
    }
}

static void check_vector(struct world *world, const json_t *vector)
{
    const char *expect = json_string_value(json_object_get(vector, "expect"));
    bool complete = strcmp(expect, "complete") == 0, several = strcmp(expect, "different-messages") == 0;
    int64_t before = world_int(world, "SELECT count(*) FROM message"), received = count(world, "received");
    feed(world, json_object_get(vector, "pdus_in_arrival_order"));
    int64_t messages = world_int(world, "SELECT count(*) FROM message") - before;
    if (count(world, "received") - received != complete || messages != (several ? 2 : 1))
        fail_msg("%s: %s", json_string_value(json_object_get(vector, "id")), expect);
    if (complete)
        assert_body(world, before + 1, json_string_value(json_object_get(vector, "expect_text")));
    world_exec(world, "DELETE FROM part; DELETE FROM assembly; UPDATE message SET status = 8");
}

static void test_vectors(void **state)
{
    json_t *file = json_load_file(TEST_DATA "/vectors/assembly.json", 0, NULL);
    const json_t *vectors = json_object_get(file, "vectors");
    assert_true(json_array_size(vectors) > 15);
    for (size_t i = 0; i < json_array_size(vectors); i++)
        check_vector(*state, json_array_get(vectors, i));
    json_decref(file);
}

/* ---- UCS-2 between parts ---- */

/* One SMS of UCS-2 as it comes, the header in its user data. */
static void receive_ucs2(struct world *world, const uint8_t *ud, size_t len)
{
    static const uint8_t head[] = {0,    0x40, 11,   0x91, 0x14, 0x97, 0x55, 0x00, 0x00, 0xF0,
                                   0x00, 0x08, 0x72, 0x10, 0x51, 0x80, 0x00, 0x00, 0x00};
    uint8_t octets[sizeof head + 1 + PDU_UD_MAX];
    struct pdu pdu;
    memcpy(octets, head, sizeof head);
    octets[sizeof head] = (uint8_t)len;
    memcpy(octets + sizeof head + 1, ud, len);
    assert_int_equal(pdu_decode(octets, sizeof head + 1 + len, true, false, &pdu), PDU_OK);
    receive_pdu(world, &pdu, NULL, 0);
}

struct ucs2_part {
    uint8_t seq, len, text[8];
};
static const struct ucs2_row {
    const char *what;
    struct ucs2_part parts[3];
    uint8_t total;
    const char *body;
} ucs2_rows[] = {
    {"a pair cut in two", {{1, 4, {0, 'A', 0xD8, 0x3D}}, {2, 4, {0xDE, 0, 0, 'B'}}}, 2, "A\U0001F600B"},
    {"the same, later part first",
     {{2, 4, {0xDE, 0, 0, 'B'}}, {1, 4, {0, 'A', 0xD8, 0x3D}}},
     2,
     "A\U0001F600B"},
    {"half a pair whose rest never came", {{1, 4, {0, 'A', 0xD8, 0x3D}}}, 2, "A\uFFFD"},
    {"halves of two pairs, the part between never came",
     {{1, 4, {0, 'A', 0xD8, 0x3D}}, {3, 4, {0xDE, 0, 0, 'B'}}},
     3,
     "A\uFFFD\uFFFDB"},
    {"nothing behind U+0000 is lost",
     {{1, 8, {0, 'A', 0, 0, 0, 'B', 0xD8, 0x3D}}, {2, 4, {0xDE, 0, 0, 'C'}}},
     2,
     "A\uFFFDB\U0001F600C"},
    {"an odd octet shifts nothing",
     {{1, 5, {0, 'A', 0xDE, 0, 0x20}}, {2, 4, {0xDE, 0, 0, 'B'}}},
     2,
     "A\uFFFD\uFFFDB"},
    {"each part with its byte order mark",
     {{1, 6, {0xFE, 0xFF, 0, 'A', 0xD8, 0x3D}}, {2, 6, {0xFE, 0xFF, 0xDE, 0, 0, 'B'}}},
     2,
     "A\U0001F600B"},
};

static void test_ucs2_between_parts(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < sizeof ucs2_rows / sizeof ucs2_rows[0]; i++) {
        const struct ucs2_row *row = &ucs2_rows[i];
        struct message m;
        for (const struct ucs2_part *part = row->parts; part < row->parts + 3 && part->seq != 0; part++) {
            uint8_t ud[16] = {5, 0, 3, (uint8_t)i, row->total, part->seq};
            memcpy(ud + 6, part->text, part->len);
            receive_ucs2(world, ud, 6u + part->len);
        }
        pass_time(world, 24 * 3600 * 1000);
        assert_int_equal(queue_message(world->queue, (int64_t)i + 1, &m), 0);
        if (strcmp(m.body, row->body) != 0)
            fail_msg("%s: %s", row->what, m.body);
        message_fini(&m);
    }
}

/* A header without elements is a header: its length octet is no text. One that is malformed is none. */
static void test_octets_kept_are_text(void **state)
{
    static const struct {
        uint8_t ud[7], len;
        const char *kept;
    } rows[] = {{{0, 0, 'A', 0xD8, 0x3D}, 5, "0041D83D"}, {{9, 'A', 0xD8, 0x3D}, 4, "0941D83D"}};
    struct world *world = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char sql[128];
        receive_ucs2(world, rows[i].ud, rows[i].len);
        snprintf(sql, sizeof sql, "SELECT count(*) FROM part WHERE message_id = %zu AND hex(ucs2) = '%s'",
                 i + 1, rows[i].kept);
        if (world_int(world, sql) != 1)
            fail_msg("row %zu", i);
    }
}

static void test_redacted_inbound(void **state)
{
    struct world *world = *state;
    struct answer answer = {0};
    receive(world, part(7, 2, 2, "b"));
    queue_redact(world->queue, 1, on_answer, &answer);
    settle_down(world);
    assert_int_equal(answer.status, -EBUSY); /* parts are missing */
    receive(world, part(7, 2, 1, "a"));
    queue_redact(world->queue, 1, on_answer, &answer);
    settle_down(world);
    assert_int_equal(answer.status, 0);
    assert_body(world, 1, "");
    assert_int_equal(world_int(world, "SELECT count(*) FROM part WHERE text != '' OR hex != ''"), 0);
}

int main(void)
{
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_one_sms),
        CASE(test_after_the_clock_went_back),
        CASE(test_dedupe_table),
        CASE(test_same_sms_on_another_line),
        CASE(test_slot_is_remembered_over_a_crash),
        CASE(test_repeat_of_a_deleted_message),
        CASE(test_parts_in_any_order),
        CASE(test_what_tells_messages_apart),
        CASE(test_repeated_part),
        CASE(test_conflicting_part_begins_another_message),
        CASE(test_two_equal_alarms_in_parts),
        CASE(test_incomplete_after_a_day),
        CASE(test_parts_survive_a_crash),
        CASE(test_ports_ring_no_hook),
        CASE(test_undecodable_is_kept),
        CASE(test_undecodable_once),
        CASE(test_vectors),
        CASE(test_ucs2_between_parts),
        CASE(test_octets_kept_are_text),
        CASE(test_redacted_inbound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
