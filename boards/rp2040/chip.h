/* The registers of the RP2040 that this board uses, named as in its datasheet, and what the boot stage and
 * the firmware share: flash map, memory map, clocks, watchdog. */
#ifndef CELLPOST_BOARDS_RP2040_CHIP_H
#define CELLPOST_BOARDS_RP2040_CHIP_H

#include <stdbool.h>
#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define BIT(n)       (UINT32_C(1) << (n))

/* Each peripheral's registers are there three times more: what is written is XORed, set or cleared. */
#define REG_SET(reg, bits) (*(volatile uint32_t *)((uintptr_t) & (reg) + 0x2000) = (bits))
#define REG_CLR(reg, bits) (*(volatile uint32_t *)((uintptr_t) & (reg) + 0x3000) = (bits))

#define CLK_REF_CTRL     REG(0x40008030)
#define CLK_REF_SELECTED REG(0x40008038)
#define CLK_REF_XOSC     2
#define CLK_SYS_CTRL     REG(0x4000803C)
#define CLK_SYS_SELECTED REG(0x40008044)
#define CLK_SYS_REF      0
#define CLK_SYS_PLL      1
#define CLK_PERI_CTRL    REG(0x40008048)
#define CLK_ADC_CTRL     REG(0x40008060)
#define CLK_ENABLE       BIT(11)
#define CLK_ADC_FROM_PLL (UINT32_C(1) << 5)

#define RESETS_RESET     REG(0x4000C000)
#define RESETS_WDSEL     REG(0x4000C004)
#define RESETS_DONE      REG(0x4000C008)
#define RESET_ALL        UINT32_C(0x01FFFFFF)
#define RESET_ADC        BIT(0)
#define RESET_IO_BANK0   BIT(5)
#define RESET_PADS_BANK0 BIT(8)
#define RESET_PLL_SYS    BIT(12)
#define RESET_TIMER      BIT(21)
#define RESET_UART0      BIT(22)

#define PSM_WDSEL REG(0x40010008)
#define PSM_PROC0 BIT(15)
#define PSM_PROC1 BIT(16)

#define IO_CTRL(gpio)      REG(0x40014004 + 8 * (gpio))
#define IO_FUNCTION_UART   2
#define IO_FUNCTION_SIO    5
#define IO_FUNCTION_NONE   31
#define PAD(gpio)          REG(0x4001C004 + 4 * (gpio))
#define PAD_SCHMITT        BIT(1)
#define PAD_PULL_DOWN      BIT(2)
#define PAD_PULL_UP        BIT(3)
#define PAD_DRIVE_4MA      BIT(4)
#define PAD_INPUT          BIT(6)
#define PAD_OUTPUT_DISABLE BIT(7)

#define XOSC_CTRL    REG(0x40024000)
#define XOSC_STATUS  REG(0x40024004)
#define XOSC_STARTUP REG(0x4002400C)
#define XOSC_ENABLE  UINT32_C(0x00FABAA0) /* 1 to 15 MHz */
#define XOSC_STABLE  BIT(31)
#define XOSC_HZ      12000000

/* 12 MHz x 120 / 6 / 5: the ADC's 48 MHz, and enough for the processor */
#define PLL_SYS_CS         REG(0x40028000)
#define PLL_SYS_LOCKED     BIT(31)
#define PLL_SYS_PWR        REG(0x40028004)
#define PLL_SYS_OFF        (BIT(0) | BIT(5)) /* the PLL, its oscillator */
#define PLL_SYS_DIVIDE_OFF BIT(3)
#define PLL_SYS_FBDIV      REG(0x40028008)
#define PLL_SYS_PRIM       REG(0x4002800C)
#define PLL_SYS_DIVIDE     (UINT32_C(6) << 16 | UINT32_C(5) << 12)
#define CHIP_HZ            (XOSC_HZ / 30 * 120)

#define UART_DR       REG(0x40034000)
#define UART_FR       REG(0x40034018)
#define UART_FR_RXFE  BIT(4)
#define UART_FR_TXFF  BIT(5)
#define UART_IBRD     REG(0x40034024)
#define UART_FBRD     REG(0x40034028)
#define UART_LCR_H    REG(0x4003402C)
#define UART_LCR_8BIT (UINT32_C(3) << 5)
#define UART_LCR_FIFO BIT(4)
#define UART_CR       REG(0x40034030)
#define UART_CR_ON    (BIT(9) | BIT(8) | BIT(0))
#define UART_IMSC     REG(0x40034038)
#define UART_ICR      REG(0x40034044)
#define UART_INT_RX   BIT(4)
#define UART_INT_TX   BIT(5)
#define UART_INT_RT   BIT(6)
#define UART_IRQ      20

#define ADC_CS        REG(0x4004C000)
#define ADC_RESULT    REG(0x4004C004)
#define ADC_EN        BIT(0)
#define ADC_TS_EN     BIT(1)
#define ADC_START_ONE BIT(2)
#define ADC_READY     BIT(8)
#define ADC_AINSEL(n) ((uint32_t)(n) << 12)

#define TIMER_RAWH REG(0x40054024)
#define TIMER_RAWL REG(0x40054028)

#define WATCHDOG_CTRL       REG(0x40058000)
#define WATCHDOG_TRIGGER    BIT(31)
#define WATCHDOG_ENABLE     BIT(30)
#define WATCHDOG_LOAD       REG(0x40058004)
#define WATCHDOG_REASON     REG(0x40058008)
#define WATCHDOG_BITTEN     BIT(0)
#define WATCHDOG_FORCED     BIT(1)
#define WATCHDOG_SCRATCH(n) REG(0x4005800C + 4 * (n))
#define WATCHDOG_TICK       REG(0x4005802C)
#define WATCHDOG_TICK_ON    BIT(9)

#define CHIP_RESET     REG(0x40064008)
#define CHIP_RESET_POR BIT(8)
#define CHIP_RESET_RUN BIT(16)

#define SIO_GPIO_IN      REG(0xD0000004)
#define SIO_GPIO_OUT_SET REG(0xD0000014)
#define SIO_GPIO_OUT_CLR REG(0xD0000018)
#define SIO_GPIO_OUT_XOR REG(0xD000001C)
#define SIO_GPIO_OE_SET  REG(0xD0000024)
#define SIO_GPIO_OE_CLR  REG(0xD0000028)

#define SYST_CSR  REG(0xE000E010)
#define SYST_RVR  REG(0xE000E014)
#define SYST_CVR  REG(0xE000E018)
#define NVIC_ISER REG(0xE000E100)
#define NVIC_ICER REG(0xE000E180)
#define SCB_VTOR  REG(0xE000ED08)

/* ---- flash: offsets, all whole sectors ---- */

#define FLASH_SECTOR     4096
#define FLASH_PAGE       256
#define FLASH_RECORD     0x8000 /* two sectors: which image slot is the one to start; image.h of this folder */
#define FLASH_NV         0xA000                              /* two sectors */
#define FLASH_IMAGE(n)   (0x10000 + 0x10000 * (uint32_t)(n)) /* two slots */
#define FLASH_IMAGE_LEN  0x10000
#define FLASH_AT(offset) ((const uint8_t *)(uintptr_t)(0x13000000 + (offset))) /* uncached */

/* ---- memory ----
 * 20000000 kept over resets; 20000200 the image's file as it is loaded: its header, then from 20000300 the
 * program (image.ld); 20040000 the boot stage. */
#define RAM_IMAGE 0x20000200

/* Scratch registers: they survive what the watchdog does, and nothing else. */
#define SCRATCH_TEST   0 /* SCRATCH_TEST_MARK: the next forced reset starts the slot beside */
#define SCRATCH_LOADED 1 /* told by the boot stage: the slot that runs; LOADED_TEST: it is under test */
#define TEST_MARK      UINT32_C(0x7E577E57)
#define LOADED_TEST    BIT(8)

/* ---- chip.c ---- */

void chip_unreset(uint32_t resets); /* RESET_...; waits until they are ready */
/* clk_ref is the crystal's XOSC_HZ; clk_sys, clk_peri and clk_adc are CHIP_HZ; the timer counts microseconds.
 */
void chip_clocks_start(void);
/* At most 8388 ms. A bite resets both cores and every peripheral, but not the banks of GPIOs, their pads and
 * what drives them (SIO): the modems' pins hold; nor the PLL, which the processor goes on with. */
void chip_watchdog_start(uint32_t ms);
void chip_watchdog_feed(uint32_t ms);
_Noreturn void chip_reset(void); /* as a bite, at once */

#endif
