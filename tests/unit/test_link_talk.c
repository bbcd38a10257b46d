/* Both ends of the link over a line that loses, flips, doubles or adds one octet, at every place of a
 * conversation: each request acts once, each event is told once, and both ends are in step again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/link/client.h"
#include "firmware/link/server.h"

enum damage { LOSE, FLIP, DOUBLE, ZERO, NOISE, DAMAGES };

struct talk {
    struct link_client client;
    struct link_server server;
    uint8_t wire[2][512]; /* to the board, to the host */
    unsigned len[2];
    unsigned count; /* octets that went over the line so far, both ways */
    unsigned at;    /* the one that is damaged */
    enum damage damage;
    unsigned acts, answers, mute, events;
    int status;
    uint16_t last_request, last_event;
};

static void put(struct talk *talk, unsigned way, const uint8_t *octets, uint8_t len)
{
    for (uint8_t i = 0; i < len; i++) {
        uint8_t octet = octets[i];
        bool hit = talk->count++ == talk->at;
        if (hit && talk->damage == LOSE)
            continue;
        if (hit && talk->damage == FLIP)
            octet ^= 0x10;
        if (hit && (talk->damage == ZERO || talk->damage == NOISE))
            talk->wire[way][talk->len[way]++] = talk->damage == ZERO ? 0 : 0xA5;
        talk->wire[way][talk->len[way]++] = octet;
        if (hit && talk->damage == DOUBLE)
            talk->wire[way][talk->len[way]++] = octet;
    }
}

static void client_send(void *arg, const uint8_t *octets, uint8_t len)
{
    put(arg, 0, octets, len);
}

static void client_answered(void *arg, uint8_t type, int status, const uint8_t *payload, uint8_t len)
{
    struct talk *talk = arg;
    (void)type;
    (void)payload;
    (void)len;
    talk->answers++;
    talk->status = status;
    talk->mute += status == LINK_CLIENT_MUTE;
}

static void client_event(void *arg, uint8_t type, const uint8_t *payload, uint8_t len)
{
    struct talk *talk = arg;
    struct link_lease_state lease;
    assert_int_equal(type, LINK_TYPE_LEASE_STATE);
    assert_true(link_get_lease_state(&lease, payload, len));
    assert_int_not_equal(lease.number, talk->last_event);
    talk->last_event = lease.number;
    talk->events++;
}

static uint8_t server_request(void *arg, const struct link_frame *frame, uint8_t *out,
                              enum link_status *status)
{
    struct talk *talk = arg;
    struct link_slot_target target;
    if (frame->type != LINK_TYPE_SLOT_TARGET) {
        *status = LINK_UNKNOWN_TYPE;
        return 0;
    }
    assert_true(link_get_slot_target(&target, frame->payload, frame->len));
    assert_int_equal(target.request, talk->last_request + 1); /* in order, none twice */
    talk->last_request = target.request;
    talk->acts++;
    return link_put_slot_target_answer(&(struct link_slot_target_answer){.phase = LINK_PHASE_UP}, out);
}

static uint8_t server_render(void *arg, uint8_t type, uint8_t index, uint16_t number, uint8_t *out)
{
    (void)arg;
    assert_int_equal(type, LINK_TYPE_LEASE_STATE);
    assert_int_equal(index, 0);
    return link_put_lease_state(&(struct link_lease_state){.number = number, .lease = LINK_LEASE_HELD}, out);
}

static bool server_send(void *arg, const uint8_t *octets, uint8_t len)
{
    put(arg, 1, octets, len);
    return true;
}

static const struct link_client_ops client_ops = {client_send, client_answered, client_event};
static const struct link_server_ops server_ops = {server_request, server_render, server_send};

static void begin(struct talk *talk, unsigned at, enum damage damage)
{
    memset(talk, 0, sizeof *talk);
    talk->at = at;
    talk->damage = damage;
    link_client_init(&talk->client, &client_ops, talk, 250);
    link_server_init(&talk->server, &server_ops, talk);
}

static void deliver(struct talk *talk)
{
    while (talk->len[0] + talk->len[1] > 0)
        for (unsigned way = 0; way < 2; way++) {
            uint8_t octets[512];
            unsigned len = talk->len[way];
            memcpy(octets, talk->wire[way], len);
            talk->len[way] = 0;
            for (unsigned i = 0; i < len; i++)
                if (way == 0)
                    link_server_octet(&talk->server, octets[i]);
                else
                    link_client_octet(&talk->client, octets[i]);
        }
}

/* One request and one event at the time `*now`, until both are settled. */
static void exchange(struct talk *talk, uint16_t request, uint32_t *now)
{
    uint8_t payload[LINK_PAYLOAD_MAX];
    const struct link_slot_target target = {.slot = 0, .target = LINK_TARGET_CYCLE, .request = request};
    unsigned answers = talk->answers;
    assert_true(link_client_request(&talk->client, LINK_TYPE_SLOT_TARGET, payload,
                                    link_put_slot_target(&target, payload), *now));
    assert_true(link_server_raise(&talk->server, LINK_TYPE_LEASE_STATE, 0));
    for (unsigned i = 0; i < 60; i++, *now += 50) {
        link_server_step(&talk->server, *now);
        deliver(talk);
        link_client_step(&talk->client, *now);
    }
    assert_int_equal(talk->answers, answers + 1);
    assert_int_equal(link_server_pending(&talk->server), 0);
}

static unsigned conversation(unsigned at, enum damage damage)
{
    struct talk talk;
    uint32_t now = 0xFFFFFF00; /* the counter wraps in the middle */
    begin(&talk, at, damage);
    for (uint16_t request = 1; request <= 3; request++)
        exchange(&talk, request, &now);
    assert_int_equal(talk.acts, 3);
    assert_int_equal(talk.events, 3);
    assert_int_equal(talk.mute, 0);
    assert_int_equal(talk.status, LINK_OK);
    return talk.count;
}

static void no_damage_at_any_place_acts_twice(void **state)
{
    unsigned count = conversation(UINT32_MAX, LOSE);
    (void)state;
    assert_true(count > 100);
    for (unsigned damage = 0; damage < DAMAGES; damage++)
        for (unsigned at = 0; at < count; at++)
            conversation(at, (enum damage)damage);
}

static void a_mute_board_is_told_once(void **state)
{
    struct talk talk;
    (void)state;
    begin(&talk, UINT32_MAX, LOSE);
    assert_true(link_client_request(&talk.client, LINK_TYPE_HELLO, NULL, 0, 0));
    assert_false(link_client_request(&talk.client, LINK_TYPE_HELLO, NULL, 0, 0));
    for (uint32_t now = 0; now < 5000; now += 10) {
        link_client_step(&talk.client, now);
        talk.len[0] = 0;
    }
    assert_int_equal(talk.answers, 1);
    assert_int_equal(talk.status, LINK_CLIENT_MUTE);
}

static void what_is_not_known_is_refused(void **state)
{
    struct talk talk;
    (void)state;
    begin(&talk, UINT32_MAX, LOSE);
    assert_true(link_client_request(&talk.client, 0x3F, NULL, 0, 0));
    deliver(&talk);
    assert_int_equal(talk.status, LINK_UNKNOWN_TYPE);
    assert_int_equal(talk.acts, 0);
}

/* An event without an acknowledgement is repeated ever more seldom; a newer one of its place replaces it. */
static void events_are_repeated_and_superseded(void **state)
{
    struct talk talk;
    unsigned sent = 0;
    (void)state;
    begin(&talk, UINT32_MAX, LOSE);
    link_server_raise(&talk.server, LINK_TYPE_LEASE_STATE, 0);
    for (uint32_t now = 0; now < 60000; now++) {
        link_server_step(&talk.server, now);
        sent += talk.len[1] > 0;
        talk.len[1] = 0;
    }
    assert_int_equal(sent, 11); /* 0, 0.5, 1.5, 3.5, 7.5 s, then each 8 s */
    link_server_raise(&talk.server, LINK_TYPE_LEASE_STATE, 0);
    link_server_raise(&talk.server, LINK_TYPE_LEASE_STATE, 0);
    link_server_step(&talk.server, 60000);
    deliver(&talk);
    assert_int_equal(talk.events, 1);
    assert_int_equal(talk.last_event, 3);
    assert_int_equal(link_server_pending(&talk.server), 0);
}

/* The acknowledgement of an older event must not take a newer one away. */
static void a_late_acknowledgement_is_no_acknowledgement(void **state)
{
    struct talk talk;
    uint8_t payload[LINK_PAYLOAD_MAX], wire[LINK_WIRE_MAX];
    (void)state;
    begin(&talk, UINT32_MAX, LOSE);
    link_server_raise(&talk.server, LINK_TYPE_LEASE_STATE, 0);
    link_server_step(&talk.server, 0);
    link_server_raise(&talk.server, LINK_TYPE_LEASE_STATE, 0);
    link_server_step(&talk.server, 1);
    uint8_t len = link_put_event_ack(&(struct link_event_ack){.number = 1}, payload);
    len = link_encode(LINK_TYPE_LEASE_STATE | LINK_ANSWER, 1, payload, len, wire);
    for (uint8_t i = 0; i < len; i++)
        link_server_octet(&talk.server, wire[i]);
    assert_int_equal(link_server_pending(&talk.server), 1);
}

static void there_are_places_enough(void **state)
{
    struct talk talk;
    (void)state;
    begin(&talk, UINT32_MAX, LOSE);
    for (uint8_t i = 0; i < LINK_EVENTS_MAX; i++)
        assert_true(link_server_raise(&talk.server, LINK_TYPE_SLOT_STATE, i));
    assert_false(link_server_raise(&talk.server, LINK_TYPE_SLOT_STATE, LINK_EVENTS_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_damage_at_any_place_acts_twice),
        cmocka_unit_test(a_mute_board_is_told_once),
        cmocka_unit_test(what_is_not_known_is_refused),
        cmocka_unit_test(events_are_repeated_and_superseded),
        cmocka_unit_test(a_late_acknowledgement_is_no_acknowledgement),
        cmocka_unit_test(there_are_places_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
