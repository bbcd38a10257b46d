#include "boards/stm32g030/pins.h"

#include "boards/stm32g030/chip.h"

struct pin {
    uint8_t port, bit;
};

enum { A, B, C };
enum mode { INPUT, OUTPUT, FUNCTION, ANALOG };
enum pull { NO_PULL, PULL_UP };

static const struct {
    struct pin vbat_en, pwrkey, reset, status;
} slots[FIRMWARE_SLOTS] = {
    {{A, 5}, {A, 6}, {A, 7}, {A, 8}},
    {{B, 0}, {B, 1}, {B, 2}, {B, 3}},
    {{B, 4}, {B, 5}, {B, 6}, {B, 7}},
    {{B, 8}, {B, 9}, {A, 11}, {A, 12}},
};
static const struct pin host_cut = {A, 15}, led = {C, 6}, uart_tx = {A, 9}, uart_rx = {A, 10};

static void set_mode(struct pin pin, enum mode mode)
{
    uint32_t at = 2u * pin.bit;
    GPIO_MODER(pin.port) = (GPIO_MODER(pin.port) & ~(UINT32_C(3) << at)) | (uint32_t)mode << at;
}

static void set_pull(struct pin pin, enum pull pull)
{
    uint32_t at = 2u * pin.bit;
    GPIO_PUPDR(pin.port) = (GPIO_PUPDR(pin.port) & ~(UINT32_C(3) << at)) | (uint32_t)pull << at;
}

static bool level(struct pin pin)
{
    return (GPIO_IDR(pin.port) & BIT(pin.bit)) != 0;
}

static void drive(struct pin pin, bool high)
{
    GPIO_BSRR(pin.port) = high ? BIT(pin.bit) : BIT(pin.bit + 16u);
}

/* The level is set before the pin is driven. */
static void start_output(struct pin pin, bool high)
{
    set_pull(pin, NO_PULL);
    drive(pin, high);
    set_mode(pin, OUTPUT);
}

static void start_open_drain(struct pin pin)
{
    GPIO_OTYPER(pin.port) |= BIT(pin.bit);
    start_output(pin, true);
}

/* An input first, without a pull that would fight the latch: a pin that is analog reads low. */
static void start_vbat_en(struct pin pin)
{
    set_pull(pin, NO_PULL);
    set_mode(pin, INPUT);
    for (volatile uint8_t wait = 0; wait < 20; wait++)
        ;
    start_output(pin, level(pin));
}

static void start_input(struct pin pin)
{
    set_pull(pin, PULL_UP);
    set_mode(pin, INPUT);
}

/* AF1 of PA9 and PA10 is USART1. */
static void start_uart(struct pin pin)
{
    uint32_t at = 4u * (pin.bit - 8u);
    GPIO_AFRH(pin.port) = (GPIO_AFRH(pin.port) & ~(UINT32_C(15) << at)) | UINT32_C(1) << at;
    set_mode(pin, FUNCTION);
}

void pins_start(void)
{
    chip_clock(&RCC_IOPENR, RCC_IOPENR_ABC);
    for (uint8_t slot = 0; slot < FIRMWARE_SLOTS; slot++) {
        start_vbat_en(slots[slot].vbat_en);
        start_open_drain(slots[slot].pwrkey);
        start_open_drain(slots[slot].reset);
        start_input(slots[slot].status);
    }
    start_output(host_cut, false);
    start_output(led, false);
    set_pull(uart_rx, PULL_UP);
    start_uart(uart_tx);
    start_uart(uart_rx);
}

void board_pin(enum board_pin pin, uint8_t slot, bool asserted)
{
    switch (pin) {
    case BOARD_VBAT_EN: drive(slots[slot].vbat_en, asserted); break;
    case BOARD_PWRKEY: drive(slots[slot].pwrkey, !asserted); break;
    case BOARD_RESET: drive(slots[slot].reset, !asserted); break;
    case BOARD_HOST_CUT: drive(host_cut, asserted); break;
    case BOARD_LED: drive(led, asserted); break;
    }
}

/* The level shifter's transistor pulls it low while the modem runs. */
bool board_status(uint8_t slot)
{
    return !level(slots[slot].status);
}
