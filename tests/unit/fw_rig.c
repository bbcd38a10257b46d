#include "fw_rig.h"
#include "fw_rig_image.h"

#include <stdlib.h>

struct rig rig;
static uint16_t request;
static uint32_t turn;

/* ---- modems ---- */

static void modem_go(struct rig_modem *modem, int going, uint32_t after_ms)
{
    modem->going = going;
    modem->event_ms = rig.ms + after_ms;
}

static void modem_start(struct rig_modem *modem)
{
    if (!modem->dead && !modem->on)
        modem_go(modem, RIG_STARTING, modem->boot_ms);
}

static void modem_vbat(struct rig_modem *modem, bool asserted)
{
    modem->vbat = asserted;
    if (!asserted) {
        modem->killed += modem->on || (modem->ended_turn != 0 && modem->ended_turn == rig.turns);
        modem->on = false;
        modem->going = RIG_STILL;
    } else {
        modem->off_width = rig.ms - modem->vbat_ms;
        modem->vbat_rises++;
        modem->rises[modem->rise_count++ % 512] = (uint32_t)rig.true_ms;
        if (modem->kind == LINK_KIND_AUTO)
            modem_start(modem);
    }
    modem->vbat_ms = rig.ms;
}

static void modem_key(struct rig_modem *modem, bool asserted)
{
    modem->key = asserted;
    uint32_t width = rig.ms - modem->key_ms;
    modem->key_ms = rig.ms;
    if (modem->kind == LINK_KIND_LEVEL && asserted && modem->vbat)
        modem_start(modem);
    else if (modem->kind == LINK_KIND_LEVEL && modem->on)
        modem_go(modem, RIG_ENDING, modem->end_ms);
    if (asserted || modem->kind == LINK_KIND_LEVEL)
        return;
    modem->key_width = width;
    modem->key_pulses++;
    if (!modem->vbat)
        return;
    if (!modem->on && modem->kind == LINK_KIND_PULSE && width >= modem->on_ms)
        modem_start(modem);
    else if (modem->on && width >= modem->off_ms && !modem->stuck)
        modem_go(modem, RIG_ENDING, modem->end_ms);
}

static void modem_reset(struct rig_modem *modem, bool asserted)
{
    modem->reset = asserted;
    if (asserted) {
        modem->reset_ms_at = rig.ms;
        modem->rises[modem->rise_count++ % 512] = (uint32_t)rig.true_ms;
        return;
    }
    modem->reset_pulses++;
    modem->reset_width = rig.ms - modem->reset_ms_at;
    if (modem->vbat && modem->reset_width >= modem->reset_ms && modem->on) {
        modem->on = false;
        modem->ended_turn = rig.turns;
        if (!modem->reset_ends)
            modem_start(modem);
    }
}

static void modem_step(struct rig_modem *modem)
{
    if (modem->going == RIG_STILL || (int32_t)(rig.ms - modem->event_ms) < 0)
        return;
    modem->on = modem->going == RIG_STARTING;
    modem->starts += modem->on;
    modem->going = RIG_STILL;
}

/* ---- the board ---- */

uint32_t board_ms(void)
{
    return rig.ms;
}

const char *board_name(void)
{
    return BOARD_TEXT("rig");
}

uint16_t board_capabilities(void)
{
    return rig.caps;
}

enum link_cause board_cause(void)
{
    return rig.cause;
}

void board_pin(enum board_pin pin, uint8_t slot, bool asserted)
{
    struct rig_modem *modem = &rig.modems[slot];
    rig.ms += rig.pin_ms;
    rig.true_ms += rig.pin_ms;
    if (pin == BOARD_VBAT_EN && modem->vbat != asserted)
        modem_vbat(modem, asserted);
    if (pin == BOARD_PWRKEY && modem->key != asserted)
        modem_key(modem, asserted);
    if (pin == BOARD_RESET && modem->reset != asserted)
        modem_reset(modem, asserted);
    if (pin == BOARD_HOST_CUT) {
        rig.host_cuts += asserted && !rig.host_cut;
        rig.host_cut = asserted;
    }
    if (pin == BOARD_LED) {
        rig.led_blinks += asserted && !rig.led;
        rig.led = asserted;
    }
}

bool board_status(uint8_t slot)
{
    return rig.modems[slot].on;
}

int32_t board_measure(enum board_measure what, uint8_t slot)
{
    (void)slot;
    return what == BOARD_SUPPLY_MV && (rig.caps & LINK_CAP_SUPPLY) != 0 ? rig.supply_mv : BOARD_NOT_MEASURED;
}

int16_t board_uart_get(void)
{
    return rig.in_at < rig.in_len ? rig.in[rig.in_at++] : -1;
}

bool board_uart_put(const uint8_t *octets, uint8_t len)
{
    if (rig.out_len + len > sizeof rig.out)
        rig.out_len = rig.out_at = 0;
    memcpy(rig.out + rig.out_len, octets, len);
    rig.out_len += len;
    return true;
}

void board_watchdog_feed(void)
{
    rig.feeds++;
}

_Noreturn void board_reset(void)
{
    if (!rig.reset_armed)
        abort();
    longjmp(rig.reset, 1);
}

void *board_kept(void)
{
    return rig.kept;
}

uint16_t board_nv_page_len(void)
{
    return rig.nv_len;
}

void board_nv_read(uint8_t page, uint16_t at, void *to, uint16_t len)
{
    if (at + len > rig.nv_len)
        abort();
    memcpy(to, rig.nv[page] + at, len);
}

static bool nv_lives(void)
{
    if (rig.nv_power == 0)
        return false;
    rig.nv_power -= rig.nv_power > 0;
    rig.nv_octets++;
    return true;
}

bool board_nv_write(uint8_t page, uint16_t at, const void *from, uint16_t len)
{
    if (at + len > rig.nv_len)
        abort();
    for (uint16_t i = 0; i < len; i++) {
        if (!nv_lives())
            return false;
        if (rig.nv[page][at + i] != 0xFF)
            abort(); /* an octet is written once between two erases */
        rig.nv[page][at + i] = ((const uint8_t *)from)[i];
    }
    return true;
}

bool board_nv_erase(uint8_t page)
{
    rig.nv_erases++;
    for (uint16_t i = 0; i < rig.nv_len; i++) {
        if (!nv_lives())
            return false;
        rig.nv[page][i] = 0xFF;
    }
    return true;
}

/* ---- for the tests ---- */

void rig_init(void)
{
    memset(&rig, 0, sizeof rig);
    memset(rig.nv, 0xFF, sizeof rig.nv);
    rig.nv_len = RIG_PAGE;
    rig.nv_power = -1;
    rig.caps = LINK_CAP_STATUS | LINK_CAP_RESET | LINK_CAP_HOST_CUT | LINK_CAP_SUPPLY | LINK_CAP_NV;
    rig.supply_mv = 4000;
    rig.cause = LINK_CAUSE_POWER;
    rig_image_init();
    request = 0;
    rig_power();
}

/* Least widths and usual times from the makers' hardware guides, not from the firmware's rows. */
void rig_modem_is(uint8_t slot, enum link_module module)
{
    static const struct rig_modem rows[LINK_MODULE_COUNT] = {
        [LINK_MODULE_SIM800] =
            {.on_ms = 1000, .off_ms = 1500, .reset_ms = 105, .boot_ms = 3000, .end_ms = 3000},
        [LINK_MODULE_SIM7600] =
            {.on_ms = 100, .off_ms = 2500, .reset_ms = 120, .boot_ms = 16000, .end_ms = 26000},
        [LINK_MODULE_A7670] =
            {.on_ms = 50, .off_ms = 2500, .reset_ms = 2000, .boot_ms = 5000, .end_ms = 5000},
        [LINK_MODULE_EC25] = {.on_ms = 500, .off_ms = 650, .reset_ms = 150, .boot_ms = 2500, .end_ms = 30000},
        [LINK_MODULE_BG95] =
            {.on_ms = 500, .off_ms = 1300, .reset_ms = 2000, .boot_ms = 2500, .end_ms = 5000},
        [LINK_MODULE_SARA_R4] = {.on_ms = 150,
                                 .off_ms = 1500,
                                 .reset_ms = 10000,
                                 .reset_ends = true,
                                 .boot_ms = 5000,
                                 .end_ms = 35000},
        [LINK_MODULE_SARA_R5] =
            {.kind = LINK_KIND_AUTO, .off_ms = 1500, .reset_ms = 50, .boot_ms = 6000, .end_ms = 5000},
        [LINK_MODULE_LE910] = {.on_ms = 5000,
                               .off_ms = 2500,
                               .reset_ms = 200,
                               .reset_ends = true,
                               .boot_ms = 15000,
                               .end_ms = 15000},
        [LINK_MODULE_NRF91] = {.kind = LINK_KIND_AUTO, .off_ms = UINT32_MAX, .reset_ms = 1, .boot_ms = 1000},
        [LINK_MODULE_M2] = {.kind = LINK_KIND_LEVEL, .reset_ms = 250, .boot_ms = 10000, .end_ms = 3000},
    };
    rig.modems[slot] = rows[module];
    rig.modems[slot].vbat_ms = rig.ms;
    (void)setting_change((uint8_t)(LINK_SETTING_MODULE_0 + slot), (uint16_t)module);
}

void rig_power(void)
{
    memset(rig.kept, 0xA5, sizeof rig.kept);
    rig_restart(LINK_CAUSE_POWER);
}

void rig_pins_off(void)
{
    for (uint8_t slot = 0; slot < FIRMWARE_SLOTS; slot++) {
        board_pin(BOARD_PWRKEY, slot, false);
        board_pin(BOARD_RESET, slot, false);
        board_pin(BOARD_VBAT_EN, slot, false);
    }
}

void rig_restart(enum link_cause cause)
{
    rig.turns++;
    rig.cause = rig_image_boot(cause);
    rig.resets++;
    if (cause == LINK_CAUSE_POWER)
        rig_pins_off();
    board_pin(BOARD_HOST_CUT, 0, false);
    firmware_start();
}

static void step(void)
{
    rig.turns++;
    if (setjmp(rig.reset) == 0) {
        rig.reset_armed = true;
        firmware_step();
    } else
        rig_restart(LINK_CAUSE_PIN);
    rig.reset_armed = false;
}

void rig_run(uint32_t ms)
{
    while (ms-- > 0) {
        rig.ms++;
        rig.true_ms++;
        for (uint8_t slot = 0; slot < FIRMWARE_SLOTS; slot++)
            modem_step(&rig.modems[slot]);
        step();
    }
}

struct link_slot_read_answer rig_slot(uint8_t slot)
{
    struct link_slot_read_answer answer;
    slot_tell(slot, &answer);
    return answer;
}

uint32_t rig_until(uint8_t slot, enum link_phase phase, uint32_t limit)
{
    uint32_t ms = 0;
    while (ms < limit && rig_slot(slot).phase != phase) {
        rig_run(1);
        ms++;
    }
    return ms;
}

enum link_status rig_target(uint8_t slot, enum link_target target, uint8_t grace_s)
{
    const struct link_slot_target wish = {
        .slot = slot, .target = (uint8_t)target, .request = ++request, .grace_s = grace_s};
    return slot_target(&wish, rig.ms);
}

void rig_beat(void)
{
    lease_heartbeat(&(struct link_heartbeat){.turn = ++turn}, rig.ms);
}
