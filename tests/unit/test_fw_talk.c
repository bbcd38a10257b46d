/* The firmware at the other end of the link: every request, refusals, events, faults, the watchdog, an image.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fw_rig.h"
#include "fw_rig_image.h"

#include "firmware/fault.h"
#include "firmware/talk.h"

static struct link_client client;
static int status;
static uint8_t answer[LINK_PAYLOAD_MAX], answer_len;
static struct link_slot_state slot_state;
static struct link_fault fault_event;
static unsigned slot_events, supply_events, fault_events;

static void on_send(void *arg, const uint8_t *octets, uint8_t len)
{
    (void)arg;
    assert_true(rig.in_len + len <= sizeof rig.in);
    memcpy(rig.in + rig.in_len, octets, len);
    rig.in_len += len;
}

static void on_answer(void *arg, uint8_t type, int status_, const uint8_t *payload, uint8_t len)
{
    (void)arg;
    (void)type;
    status = status_;
    answer_len = len;
    if (len > 0)
        memcpy(answer, payload, len);
}

static void on_event(void *arg, uint8_t type, const uint8_t *payload, uint8_t len)
{
    (void)arg;
    if (type == LINK_TYPE_SLOT_STATE) {
        assert_true(link_get_slot_state(&slot_state, payload, len));
        slot_events++;
    }
    if (type == LINK_TYPE_FAULT) {
        assert_true(link_get_fault(&fault_event, payload, len));
        fault_events++;
    }
    supply_events += type == LINK_TYPE_SUPPLY_STATE;
}

static void talk_for(uint32_t ms)
{
    while (ms-- > 0) {
        rig_run(1);
        while (rig.out_at < rig.out_len)
            link_client_octet(&client, rig.out[rig.out_at++]);
        rig.out_at = rig.out_len = 0;
        if (rig.in_at == rig.in_len)
            rig.in_at = rig.in_len = 0;
        link_client_step(&client, rig.ms);
    }
}

static int ask(uint8_t type, const uint8_t *payload, uint8_t len)
{
    status = -2;
    answer_len = 0;
    assert_true(link_client_request(&client, type, payload, len, rig.ms));
    for (unsigned i = 0; status == -2 && i < 2000; i++)
        talk_for(1);
    return status;
}

static void begin(void)
{
    static const struct link_client_ops ops = {on_send, on_answer, on_event};
    rig_init();
    link_client_init(&client, &ops, NULL, 7);
    slot_events = supply_events = fault_events = 0;
}

static int hello(uint8_t protocol, struct link_hello_answer *who)
{
    uint8_t octets[LINK_PAYLOAD_MAX];
    const struct link_hello m = {.protocol = protocol, .session = 1};
    int got = ask(LINK_TYPE_HELLO, octets, link_put_hello(&m, octets));
    if (got == LINK_OK)
        assert_true(link_get_hello_answer(who, answer, answer_len));
    return got;
}

static void hello_tells_who_it_is(void **state)
{
    struct link_hello_answer who;
    (void)state;
    begin();
    assert_int_equal(hello(LINK_PROTOCOL, &who), LINK_OK);
    assert_string_equal(who.board, "rig");
    assert_int_equal(who.slots, FIRMWARE_SLOTS);
    assert_int_equal(who.cause, LINK_CAUSE_POWER);
    assert_int_equal(who.boots, 1);
    assert_int_equal(who.capabilities, rig.caps);
    assert_string_equal(who.fault, "");
    assert_int_equal(hello(LINK_PROTOCOL + 1, &who), LINK_BAD_VERSION);
    assert_int_equal(answer[0], LINK_PROTOCOL);
}

/* Every type there is, without a field and with all octets 255: refused or answered, never fatal. */
static void every_type_is_answered(void **state)
{
    uint8_t full[LINK_PAYLOAD_MAX];
    (void)state;
    begin();
    memset(full, 0xFF, sizeof full);
    for (uint8_t type = 0; type < LINK_EVENT_FIRST; type++) {
        assert_true(ask(type, NULL, 0) >= LINK_OK);
        bool known = type >= LINK_TYPE_HELLO && type <= LINK_TYPE_UPDATE_REVERT && type != 0x0F;
        assert_int_equal(status == LINK_UNKNOWN_TYPE, !known);
        assert_true(ask(type, full, sizeof full) >= LINK_OK);
    }
    assert_int_equal(rig.resets, 1);
}

static void a_slots_story_is_told(void **state)
{
    uint8_t octets[LINK_PAYLOAD_MAX];
    (void)state;
    begin();
    const struct link_setting_set module = {.setting = LINK_SETTING_MODULE_0, .value = LINK_MODULE_EC25};
    rig_modem_is(0, LINK_MODULE_EC25);
    assert_int_equal(ask(LINK_TYPE_SETTING_SET, octets, link_put_setting_set(&module, octets)), LINK_OK);
    const struct link_slot_target on = {.slot = 0, .target = LINK_TARGET_ON, .request = 300};
    assert_int_equal(ask(LINK_TYPE_SLOT_TARGET, octets, link_put_slot_target(&on, octets)), LINK_OK);
    talk_for(30000);
    assert_int_equal(slot_state.phase, LINK_PHASE_UP);
    assert_int_equal(slot_state.request, 300);
    assert_in_range(slot_state.start_ms, 3100, 3110);
    assert_int_equal(slot_state.rail_min_mv, 4000);
    assert_true(slot_events >= 5);
    talk_for(30000);
    unsigned events = slot_events;
    talk_for(30000);
    assert_int_equal(slot_events, events); /* acknowledged: no repeats */
    rig.supply_mv = 3350;
    talk_for(100);
    assert_int_equal(supply_events, 2); /* GOOD at the start, then the last gasp */
}

static void a_fault_is_kept_and_told(void **state)
{
    struct link_hello_answer who;
    (void)state;
    begin();
    rig_modem_is(0, LINK_MODULE_EC25);
    talk_for(20000);
    assert_true(rig.modems[0].on);
    if (setjmp(rig.reset) == 0) {
        rig.reset_armed = true;
        fault(BOARD_TEXT("a reason of more than twenty octets"));
    }
    rig_restart(LINK_CAUSE_PIN);
    assert_true(rig.modems[0].on);
    assert_int_equal(hello(LINK_PROTOCOL, &who), LINK_OK);
    assert_int_equal(who.cause, LINK_CAUSE_FAULT);
    assert_string_equal(who.fault, "a reason of more tha");
    talk_for(1000);
    assert_int_equal(fault_events, 1);
    assert_int_equal(fault_event.cause, LINK_CAUSE_FAULT);
    assert_int_equal(kept->counters.faults, 1);
    assert_int_equal(rig_slot(0).phase, LINK_PHASE_UP);
}

/* However many events the life before had: a fault is told, also to a host that knows nothing of the reset.
 */
static void no_event_is_taken_for_one_of_the_life_before(void **state)
{
    (void)state;
    for (unsigned events = 200; events < 600; events += 5) {
        begin();
        talk_for(1000);
        for (unsigned i = 0; i < events; i++) {
            talk_raise(LINK_TYPE_FAULT, 0);
            talk_for(2);
        }
        assert_int_equal(fault_events, events);
        rig_restart(LINK_CAUSE_WATCHDOG);
        talk_for(20);
        assert_int_equal(fault_events, events + 1);
    }
}

static void the_watchdog_is_fed_by_all_or_not_at_all(void **state)
{
    struct link_hello_answer who;
    (void)state;
    begin();
    unsigned feeds = rig.feeds;
    talk_for(1000);
    assert_int_equal(rig.feeds - feeds, 1000);
    kept->late = 4 | 8 | 2; /* as if sense had stood */
    rig_restart(LINK_CAUSE_WATCHDOG);
    assert_int_equal(hello(LINK_PROTOCOL, &who), LINK_OK);
    assert_string_equal(who.fault, "late: sense");
    assert_int_equal(who.watchdog_bites, 1);
}

/* What update.c does with them is test_fw_update's; here that each request reaches it. */
static void an_image_comes_over_the_link(void **state)
{
    uint8_t octets[LINK_PAYLOAD_MAX], image[LINK_BLOCK_LEN];
    struct link_update_begin whole = {.size = sizeof image, .version = 2};
    struct link_update_data data = {.offset = 0, .data = {.len = sizeof image}};
    struct link_update_data_answer next;
    struct link_hello_answer who;
    (void)state;
    begin();
    whole.crc32 = rig_image_make(image, sizeof image, 2, "rig");
    memcpy(data.data.octets, image, sizeof image);
    assert_int_equal(ask(LINK_TYPE_UPDATE_BEGIN, octets, link_put_update_begin(&whole, octets)),
                     LINK_UNSUPPORTED);
    assert_int_equal(ask(LINK_TYPE_UPDATE_CONFIRM, NULL, 0), LINK_UNSUPPORTED);
    rig.caps |= LINK_CAP_UPDATE;
    assert_int_equal(ask(LINK_TYPE_UPDATE_BEGIN, octets, link_put_update_begin(&whole, octets)), LINK_OK);
    assert_int_equal(ask(LINK_TYPE_UPDATE_TEST, NULL, 0), LINK_BAD_IMAGE);
    assert_int_equal(answer_len, 0);
    assert_int_equal(ask(LINK_TYPE_UPDATE_DATA, octets, link_put_update_data(&data, octets)), LINK_OK);
    assert_true(link_get_update_data_answer(&next, answer, answer_len));
    assert_int_equal(next.offset, sizeof image);
    while (ask(LINK_TYPE_UPDATE_END, NULL, 0) == LINK_BUSY)
        continue;
    assert_int_equal(status, LINK_OK);
    assert_int_equal(ask(LINK_TYPE_UPDATE_TEST, NULL, 0), LINK_OK);
    talk_for(10000); /* the empty slots come to rest first */
    assert_int_equal(hello(LINK_PROTOCOL, &who), LINK_OK);
    assert_int_equal(who.cause, LINK_CAUSE_UPDATE);
    assert_int_equal(ask(LINK_TYPE_UPDATE_CONFIRM, NULL, 0), LINK_BUSY);
    assert_int_equal(ask(LINK_TYPE_UPDATE_REVERT, NULL, 0), LINK_OK);
    talk_for(10000);
    assert_int_equal(rig_image_version(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(hello_tells_who_it_is),
                                       cmocka_unit_test(every_type_is_answered),
                                       cmocka_unit_test(a_slots_story_is_told),
                                       cmocka_unit_test(a_fault_is_kept_and_told),
                                       cmocka_unit_test(no_event_is_taken_for_one_of_the_life_before),
                                       cmocka_unit_test(the_watchdog_is_fed_by_all_or_not_at_all),
                                       cmocka_unit_test(an_image_comes_over_the_link)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
