#include "boards/rp2040/chip.h"

void chip_unreset(uint32_t resets)
{
    REG_CLR(RESETS_RESET, resets);
    while ((RESETS_DONE & resets) != resets)
        ;
}

/* While nothing runs from it. */
static void start_pll(void)
{
    REG_SET(RESETS_RESET, RESET_PLL_SYS);
    chip_unreset(RESET_PLL_SYS);
    PLL_SYS_FBDIV = 120;
    REG_CLR(PLL_SYS_PWR, PLL_SYS_OFF);
    while ((PLL_SYS_CS & PLL_SYS_LOCKED) == 0)
        ;
    PLL_SYS_PRIM = PLL_SYS_DIVIDE;
    REG_CLR(PLL_SYS_PWR, PLL_SYS_DIVIDE_OFF);
}

/* Of the two clocks clk_sys can change between without a glitch: clk_ref, or the PLL. */
static void select_clk_sys(uint32_t source)
{
    CLK_SYS_CTRL = source;
    while ((CLK_SYS_SELECTED & BIT(source)) == 0)
        ;
}

void chip_clocks_start(void)
{
    XOSC_STARTUP = (XOSC_HZ / 1000 + 128) / 256; /* a millisecond */
    XOSC_CTRL = XOSC_ENABLE;
    while ((XOSC_STATUS & XOSC_STABLE) == 0)
        ;
    CLK_REF_CTRL = CLK_REF_XOSC;
    while ((CLK_REF_SELECTED & BIT(CLK_REF_XOSC)) == 0)
        ;
    select_clk_sys(CLK_SYS_REF);
    start_pll();
    select_clk_sys(CLK_SYS_PLL);
    CLK_PERI_CTRL = CLK_ENABLE;
    CLK_ADC_CTRL = CLK_ENABLE | CLK_ADC_FROM_PLL;
    WATCHDOG_TICK = WATCHDOG_TICK_ON | XOSC_HZ / 1000000;
    chip_unreset(RESET_TIMER);
}

/* Erratum RP2040-E1: it counts down twice for each tick. */
void chip_watchdog_feed(uint32_t ms)
{
    WATCHDOG_LOAD = ms * 2000;
}

/* The power-on state machine starts again from the first selected block on. The processors are its last, so
 * that SIO and the reset controller, which come before them, go on. */
static void select_what_resets(void)
{
    PSM_WDSEL = PSM_PROC0 | PSM_PROC1;
    RESETS_WDSEL = RESET_ALL & ~(RESET_IO_BANK0 | RESET_PADS_BANK0 | RESET_PLL_SYS);
}

void chip_watchdog_start(uint32_t ms)
{
    REG_CLR(WATCHDOG_CTRL, WATCHDOG_ENABLE);
    select_what_resets();
    chip_watchdog_feed(ms);
    REG_SET(WATCHDOG_CTRL, WATCHDOG_ENABLE);
}

_Noreturn void chip_reset(void)
{
    select_what_resets();
    REG_SET(WATCHDOG_CTRL, WATCHDOG_TRIGGER);
    for (;;)
        ;
}
