/* The firmware on an STM32G030K8: vectors, start, time, watchdog, the loop. */
#include "boards/stm32g030/adc.h"
#include "boards/stm32g030/chip.h"
#include "boards/stm32g030/nv.h"
#include "boards/stm32g030/pins.h"
#include "boards/stm32g030/uart.h"
#include "firmware/fault.h"
#include "firmware/firmware.h"

#define BITE_MS 2000

extern uint32_t stack_top, data_begin, data_end, data_load, bss_begin, bss_end;
_Noreturn void start(void);
static void on_nmi(void);
static void on_fault(void);
static void on_systick(void);

__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    void (*handlers[15 + 32])(void);
} vectors = {&stack_top,
             {[0] = start,
              [1] = on_nmi,
              [2] = on_fault,
              [10] = on_fault,
              [13] = on_fault,
              [14] = on_systick,
              [15 + USART_IRQ] = uart_interrupt}};

__attribute__((section(".kept"))) static uint32_t kept_memory[(BOARD_KEPT_MAX + 3) / 4];

static enum link_cause cause;
static uint32_t ms;
static uint16_t counted;

void *board_kept(void)
{
    return kept_memory;
}

/* ---- time: TIM3 counts milliseconds, also while flash is erased and the processor stands ---- */

static void start_clock(void)
{
    chip_clock(&RCC_APBENR1, RCC_APBENR1_TIM3);
    TIM3_PSC = CHIP_HZ / 1000 - 1;
    TIM3_EGR = 1; /* takes it over */
    TIM3_CR1 = 1;
    counted = 0;
    SYST_RVR = CHIP_HZ / 1000 - 1;
    SYST_CVR = 0;
    SYST_CSR = 7; /* on, with its interrupt, from the processor's clock */
}

/* Asked for more often than the timer wraps (65 s). */
uint32_t board_ms(void)
{
    uint16_t now = (uint16_t)(TIM3_CNT & 0xFFFF);
    ms += (uint16_t)(now - counted);
    counted = now;
    return ms;
}

static void on_systick(void) {}

static void wait_for_next_ms(void)
{
    for (uint32_t now_ms = board_ms(); board_ms() == now_ms;)
        __asm volatile("wfi");
}

/* ---- watchdog and resets ---- */

/* Of the LSI, 32 kHz; runs already where the option bytes say so. */
static void start_watchdog(void)
{
    IWDG_KR = IWDG_KR_START;
    IWDG_KR = IWDG_KR_ACCESS;
    IWDG_PR = IWDG_PR_32;
    IWDG_RLR = BITE_MS;
    while (IWDG_SR != 0)
        ;
    IWDG_KR = IWDG_KR_RELOAD;
}

void board_watchdog_feed(void)
{
    IWDG_KR = IWDG_KR_RELOAD;
}

_Noreturn void board_reset(void)
{
    SCB_AIRCR = SCB_AIRCR_RESET;
    for (;;)
        ;
}

static void on_fault(void)
{
    fault(BOARD_TEXT("processor fault"));
}

static void on_nmi(void)
{
    if (!nv_torn())
        on_fault();
}

/* Every reset also pulls the pin: it is judged last. Brown-out and power are one flag in this part. */
static enum link_cause find_cause(void)
{
    uint32_t flags = RCC_CSR;
    RCC_CSR |= RCC_CSR_CLEAR;
    if ((flags & RCC_CSR_POWER) != 0)
        return LINK_CAUSE_POWER;
    if ((flags & RCC_CSR_IWDG) != 0)
        return LINK_CAUSE_WATCHDOG;
    if ((flags & (RCC_CSR_SOFTWARE | RCC_CSR_OPTIONS | RCC_CSR_PIN)) != 0)
        return LINK_CAUSE_PIN;
    return LINK_CAUSE_UNKNOWN;
}

enum link_cause board_cause(void)
{
    return cause;
}

/* ---- what it is ---- */

const char *board_name(void)
{
    return BOARD_TEXT("stm32g030");
}

uint16_t board_capabilities(void)
{
    return LINK_CAP_STATUS | LINK_CAP_RESET | LINK_CAP_HOST_CUT | LINK_CAP_SUPPLY | LINK_CAP_RAIL |
           LINK_CAP_TEMPERATURE | LINK_CAP_NV | LINK_CAP_WDT_CAUSE;
}

/* ---- the program ---- */

_Noreturn static void run(void)
{
    cause = find_cause();
    start_watchdog();
    pins_start();
    start_clock();
    adc_start();
    uart_start();
    nv_open();
    firmware_start();
    for (;;) {
        firmware_step();
        wait_for_next_ms();
    }
}

_Noreturn void start(void)
{
    const uint32_t *from = &data_load;
    for (uint32_t *to = &data_begin; to < &data_end; to++)
        *to = *from++;
    for (uint32_t *to = &bss_begin; to < &bss_end; to++)
        *to = 0;
    run();
}
