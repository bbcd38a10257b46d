/* The firmware on a Raspberry Pi Pico: vectors, start, time, watchdog, the loop. */
#include "firmware/board.h"
#include "boards/rp2040/adc.h"
#include "boards/rp2040/chip.h"
#include "boards/rp2040/pins.h"
#include "boards/rp2040/uart.h"
#include "firmware/fault.h"
#include "firmware/firmware.h"

#define BITE_MS 2000

extern uint32_t stack_top, bss_begin, bss_end;
_Noreturn void start(void);
static void on_fault(void);
static void on_systick(void);

__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    void (*handlers[15 + 26])(void);
} vectors = {&stack_top,
             {[0] = start,
              [1] = on_fault,
              [2] = on_fault,
              [10] = on_fault,
              [13] = on_fault,
              [14] = on_systick,
              [15 + UART_IRQ] = uart_interrupt}};

__attribute__((section(".kept"))) static uint32_t kept_memory[(BOARD_KEPT_MAX + 3) / 4];

static enum link_cause cause;
static uint32_t ms, ms_at_us; /* the millisecond, and the timer when it began */

void *board_kept(void)
{
    return kept_memory;
}

/* ---- time ---- */

static void start_clock(void)
{
    uint32_t high = TIMER_RAWH, low = TIMER_RAWL;
    if (TIMER_RAWH != high) {
        high++;
        low = TIMER_RAWL;
    }
    uint64_t us = (uint64_t)high << 32 | low;
    ms = (uint32_t)(us / 1000);
    ms_at_us = low - (uint32_t)(us % 1000);
    while (TIMER_RAWL - ms_at_us < 1000)
        ; /* so that SysTick comes as a millisecond begins */
    SYST_RVR = CHIP_HZ / 1000 - 1;
    SYST_CVR = 0;
    SYST_CSR = 7; /* on, with its interrupt, from the processor's clock */
}

/* Asked for more often than the timer's low word wraps (71 minutes). */
uint32_t board_ms(void)
{
    uint32_t past_us = TIMER_RAWL - ms_at_us;
    if (past_us >= 1000) {
        uint32_t more = past_us / 1000;
        ms += more;
        ms_at_us += more * 1000;
    }
    return ms;
}

static void on_systick(void) {}

static void wait_for_next_ms(void)
{
    for (uint32_t now_ms = board_ms(); board_ms() == now_ms;)
        __asm volatile("wfi");
}

/* ---- watchdog and resets ---- */

void board_watchdog_feed(void)
{
    chip_watchdog_feed(BITE_MS);
    SIO_GPIO_OUT_XOR = BIT(GPIO_SUPERVISOR);
}

_Noreturn void board_reset(void)
{
    chip_reset();
}

static void on_fault(void)
{
    fault(BOARD_TEXT("processor fault"));
}

static enum link_cause find_cause(void)
{
    if ((WATCHDOG_REASON & WATCHDOG_BITTEN) != 0)
        return LINK_CAUSE_WATCHDOG;
    if ((WATCHDOG_REASON & WATCHDOG_FORCED) != 0)
        return (WATCHDOG_SCRATCH(SCRATCH_LOADED) & LOADED_TEST) != 0 ? LINK_CAUSE_UPDATE : LINK_CAUSE_PIN;
    if ((CHIP_RESET & CHIP_RESET_RUN) != 0)
        return LINK_CAUSE_PIN;
    return (CHIP_RESET & CHIP_RESET_POR) != 0 ? LINK_CAUSE_POWER : LINK_CAUSE_UNKNOWN;
}

enum link_cause board_cause(void)
{
    return cause;
}

/* ---- what it is ---- */

const char *board_name(void)
{
    return BOARD_TEXT(BOARD_RP2040_NAME);
}

uint16_t board_capabilities(void)
{
    return LINK_CAP_STATUS | LINK_CAP_RESET | LINK_CAP_HOST_CUT | LINK_CAP_SUPPLY | LINK_CAP_RAIL |
           LINK_CAP_CURRENT | LINK_CAP_TEMPERATURE | LINK_CAP_NV | LINK_CAP_UPDATE | LINK_CAP_WDT_CAUSE;
}

/* ---- pins ---- */

static void drive(uint32_t gpio, bool high)
{
    if (high)
        SIO_GPIO_OUT_SET = BIT(gpio);
    else
        SIO_GPIO_OUT_CLR = BIT(gpio);
}

static void pull_low(uint32_t gpio, bool low)
{
    if (low)
        SIO_GPIO_OE_SET = BIT(gpio);
    else
        SIO_GPIO_OE_CLR = BIT(gpio);
}

void board_pin(enum board_pin pin, uint8_t slot, bool asserted)
{
    switch (pin) {
    case BOARD_VBAT_EN: drive(GPIO_VBAT_EN(slot), asserted); break;
    case BOARD_PWRKEY: pull_low(GPIO_PWRKEY(slot), asserted); break;
    case BOARD_RESET: pull_low(GPIO_RESET(slot), asserted); break;
    case BOARD_HOST_CUT: drive(GPIO_HOST_CUT, asserted); break;
    case BOARD_LED: drive(GPIO_LED, asserted); break;
    }
}

/* The level shifter's transistor pulls it low while the modem runs. */
bool board_status(uint8_t slot)
{
    return (SIO_GPIO_IN & BIT(GPIO_STATUS(slot))) == 0;
}

/* ---- the program ---- */

_Noreturn static void run(void)
{
    cause = find_cause();
    chip_watchdog_feed(BITE_MS);
    pins_start();
    start_clock();
    adc_start();
    uart_start();
    firmware_start();
    for (;;) {
        firmware_step();
        wait_for_next_ms();
    }
}

/* Loaded by the boot stage, variables and all; only those that begin as zero are not in the image. */
_Noreturn void start(void)
{
    for (uint32_t *word = &bss_begin; word < &bss_end; word++)
        *word = 0;
    run();
}
