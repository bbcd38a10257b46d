/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hil/sim/avr/chip.h"

#include <avr_adc.h>
#include <avr_extint.h>
#include <avr_ioport.h>
#include <avr_uart.h>
#include <sim_avr.h>
#include <sim_elf.h>
#include <stdio.h>
#include <string.h>

#include "boards/atmega328p/pins.h"
#include "hil/sim/avr/cells.h"

#define FREQUENCY  8000000
#define MS         (FREQUENCY / 1000)
#define MCUSR      0x54
#define WDTCSR     0x60
#define WDP        0x27 /* of WDTCSR; 0: the shortest time, which only the firmware's own reset uses */
#define SRAM       0x100
#define SPOILT     0xA5
#define CLOCK_NAME "board_clock_ms"

static avr_t *avr;
static const struct chip_ops *ops;
static avr_run_t run_plain;
static avr_cycle_count_t ms_end;
static bool hanging, latched[CHIP_SLOTS];
static uint32_t clock_at, main_at, start_ms;
static bool clock_due; /* main was not yet reached since the reset */

/* ---- the image ---- */

__attribute__((format(printf, 3, 0))) static void log_line(struct avr_t *from, const int level,
                                                           const char *format, va_list args)
{
    (void)from;
    if (level == LOG_ERROR)
        (void)vfprintf(stderr, format, args);
}

/* The linker's addresses of data begin at 0x800000. */
static uint32_t symbol_of(const elf_firmware_t *image, const char *name)
{
    for (uint32_t i = 0; i < image->symbolcount; i++)
        if (strcmp(image->symbol[i]->symbol, name) == 0)
            return image->symbol[i]->addr & 0xFFFF;
    return 0;
}

static void no_sleep(avr_t *from, avr_cycle_count_t cycles)
{
    (void)from; /* the cycles are counted; the caller keeps pace with the world's time */
    (void)cycles;
}

/* ---- pins ---- */

struct wire {
    enum line_pin pin;
    uint8_t slot;
    char port;
    uint8_t mask;
};

#define WIRE(pin, slot, port, bit)   {LINE_##pin, slot, (#port)[0], 1u << (bit)},
#define STATUS(slot, letter, number) [slot] = {.port = (#letter)[0], .mask = 1u << (number)},

static const struct wire wires[] = {PINS_OUTPUTS(WIRE)};
static const struct wire statuses[CHIP_SLOTS] = {PINS_STATUSES(STATUS)};
#define WIRES (sizeof wires / sizeof wires[0])

static const struct {
    char name;
    uint8_t pin_at; /* the registers PIN, DDR, PORT */
} ports[] = {{'B', 0x23}, {'C', 0x26}, {'D', 0x29}};
#define PORTS (sizeof ports / sizeof ports[0])

static bool asserted[WIRES], status_now[CHIP_SLOTS];

static avr_irq_t *port_irq(char name, int which)
{
    return avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ(name), which);
}

/* What a pin has that the part does not drive: the latch of VBAT_EN, the inverted STATUS. */
static void pull_pins(char name)
{
    avr_ioport_external_t pull = {.mask = 0};
    for (size_t i = 0; i < WIRES; i++)
        if (wires[i].port == name && wires[i].pin == LINE_VBAT_EN) {
            pull.mask |= wires[i].mask;
            pull.value |= latched[wires[i].slot] ? wires[i].mask : 0u;
        }
    for (size_t slot = 0; slot < CHIP_SLOTS; slot++)
        if (statuses[slot].port == name) {
            pull.mask |= statuses[slot].mask;
            pull.value |= status_now[slot] ? 0u : statuses[slot].mask;
        }
    avr_ioctl(avr, AVR_IOCTL_IOPORT_SET_EXTERNAL(name), &pull);
    for (int bit = 0; bit < 8; bit++)
        if ((pull.mask >> bit & 1) != 0)
            avr_raise_irq(port_irq(name, bit), pull.value >> bit & 1);
}

static void see_port(size_t port, uint8_t direction, uint8_t level)
{
    for (size_t i = 0; i < WIRES; i++) {
        const struct wire *wire = &wires[i];
        if (wire->port != ports[port].name || (direction & wire->mask) == 0)
            continue;
        bool now = (level & wire->mask) != 0;
        if (wire->pin == LINE_VBAT_EN)
            latched[wire->slot] = now;
        if (asserted[i] != now)
            ops->pin(wire->pin, wire->slot, now);
        asserted[i] = now;
    }
}

static void on_direction(struct avr_irq_t *irq, uint32_t value, void *param)
{
    size_t port = (size_t)(uintptr_t)param;
    (void)irq;
    see_port(port, (uint8_t)value, avr->data[ports[port].pin_at + 2]);
}

static void on_level(struct avr_irq_t *irq, uint32_t value, void *param)
{
    size_t port = (size_t)(uintptr_t)param;
    (void)irq;
    see_port(port, avr->data[ports[port].pin_at + 1], (uint8_t)value);
}

/* simavr raises nothing at a reset, and tells no write that is the same as the last before it. */
static void release_pins(void)
{
    for (size_t i = 0; i < WIRES; i++)
        asserted[i] = wires[i].pin == LINE_VBAT_EN && latched[wires[i].slot];
    for (size_t port = 0; port < PORTS; port++) {
        for (int irq = 0; irq < IOPORT_IRQ_COUNT; irq++)
            port_irq(ports[port].name, irq)->flags |= IRQ_FLAG_INIT;
        pull_pins(ports[port].name);
    }
}

void chip_status(uint8_t slot, bool value)
{
    status_now[slot] = value;
    pull_pins(statuses[slot].port);
}

/* ---- UART, ADC, EEPROM ---- */

static bool uart_full;
static uint8_t *eeprom;

static void on_sent(struct avr_irq_t *irq, uint32_t value, void *param)
{
    (void)irq;
    (void)param;
    ops->sent((uint8_t)value);
}

static void on_full(struct avr_irq_t *irq, uint32_t value, void *param)
{
    (void)irq;
    (void)param;
    uart_full = value != 0;
}

static avr_irq_t *uart_irq(int which)
{
    return avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), which);
}

size_t chip_receive(const uint8_t *octets, size_t len)
{
    size_t i = 0;
    while (i < len && !uart_full)
        avr_raise_irq(uart_irq(UART_IRQ_INPUT), octets[i++]);
    return i;
}

/* simavr makes 1023 of the reference; the part makes 1024 steps of it. */
void chip_adc(uint8_t channel, uint32_t microvolts)
{
    uint64_t step = (uint64_t)microvolts * 1024 / (PINS_AREF_MV * 1000u);
    uint32_t told = (uint32_t)(((step < 1023 ? step : 1023) * PINS_AREF_MV + 1022) / 1023);
    avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_ADC0 + channel), told);
}

uint8_t *chip_eeprom(void)
{
    return eeprom;
}

static void wire_up(void)
{
    uint32_t flags = 0; /* simavr neither prints what is sent nor sleeps when the firmware polls */
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    avr_irq_register_notify(uart_irq(UART_IRQ_OUTPUT), on_sent, NULL);
    avr_irq_register_notify(uart_irq(UART_IRQ_OUT_XOFF), on_full, NULL);
    for (size_t port = 0; port < PORTS; port++) {
        avr_irq_register_notify(port_irq(ports[port].name, IOPORT_IRQ_DIRECTION_ALL), on_direction,
                                (void *)(uintptr_t)port);
        avr_irq_register_notify(port_irq(ports[port].name, IOPORT_IRQ_REG_PORT), on_level,
                                (void *)(uintptr_t)port);
    }
    for (uint8_t number = 0; number < 2; number++)
        avr_extint_set_strict_lvl_trig(avr, number, 0); /* else a low INT pin is polled at each cycle */
}

/* ---- resets and time ---- */

/* So that a sleep ends at the millisecond's end. */
static avr_cycle_count_t on_ms(avr_t *from, avr_cycle_count_t when, void *param)
{
    (void)from;
    (void)when;
    (void)param;
    return 0;
}

/* Common to all resets, after avr_reset: it stops all cycle timers, in the middle of a millisecond too. */
static void after_reset(enum line_cause cause)
{
    avr->state = cpu_Running;
    hanging = false;
    uart_full = false;
    clock_due = start_ms != 0;
    release_pins();
    if (ms_end > avr->cycle)
        avr_cycle_timer_register(avr, ms_end - avr->cycle, on_ms, NULL);
    ops->reset(cause);
}

void chip_reset(enum line_cause cause)
{
    if (cause == LINE_POWER) {
        cells_power_up();
        memset(latched, 0, sizeof latched);
        memset(avr->data + SRAM, SPOILT, avr->ramend + 1u - SRAM);
    }
    avr_reset(avr);
    avr->data[MCUSR] = cause == LINE_POWER ? 1 : 2;
    after_reset(cause);
}

/* simavr's watchdog has put its reset in the place of the next step. */
static void bite(void)
{
    bool asked = (avr->data[WDTCSR] & WDP) == 0;
    avr->run(avr);
    after_reset(asked ? LINE_SOFT : LINE_WATCHDOG);
}

void chip_hang(void)
{
    hanging = true;
}

/* Standing, no instruction and no interrupt runs; timers do. */
static void stand(void)
{
    avr_cycle_count_t left = ms_end - avr->cycle, next = avr_cycle_timer_process(avr);
    avr->cycle += next > 0 && next < left ? next : left;
    (void)avr_cycle_timer_process(avr);
}

/* Memory is cleared on the way to main: the counter is set there. */
static void set_clock(void)
{
    if (avr->pc != main_at)
        return;
    clock_due = false;
    for (unsigned i = 0; i < sizeof start_ms; i++)
        avr->data[clock_at + i] = (uint8_t)(start_ms >> 8 * i);
}

static void step(void)
{
    if (hanging)
        stand();
    else {
        avr->run_cycle_limit = clock_due ? 1 : MS;
        if (clock_due)
            avr->run_cycle_count = 1;
        avr->run(avr);
        if (clock_due)
            set_clock();
    }
    if (avr->run != run_plain)
        bite();
}

bool chip_run(void)
{
    ms_end += MS;
    avr_cycle_timer_register(avr, ms_end - avr->cycle, on_ms, NULL);
    while (avr->cycle < ms_end && avr->state != cpu_Done && avr->state != cpu_Crashed)
        step();
    if (avr->cycle >= ms_end)
        return true;
    fprintf(stderr, "the image crashed at 0x%04x\n", (unsigned)avr->pc);
    return false;
}

bool chip_has_clock(void)
{
    return clock_at != 0 && main_at != 0;
}

bool chip_open(const char *path, uint32_t first_ms, const struct chip_ops *with)
{
    static elf_firmware_t image;
    avr_global_logger_set(log_line);
    if (elf_read_firmware(path, &image) != 0) {
        fprintf(stderr, "%s: not an image for AVR\n", path);
        return false;
    }
    ops = with;
    start_ms = first_ms;
    clock_at = symbol_of(&image, CLOCK_NAME);
    main_at = symbol_of(&image, "main");
    if (start_ms != 0 && !chip_has_clock()) {
        fprintf(stderr, "%s: no symbol %s, which --start-ms needs\n", path, CLOCK_NAME);
        return false;
    }
    avr = avr_make_mcu_by_name("atmega328p");
    if (avr == NULL)
        return false;
    avr_init(avr);
    avr->sleep = no_sleep;
    avr_load_firmware(avr, &image);
    avr->frequency = FREQUENCY;
    avr->vcc = avr->avcc = 3300;
    avr->aref = PINS_AREF_MV;
    run_plain = avr->run;
    wire_up();
    eeprom = cells_start(avr);
    return true;
}
