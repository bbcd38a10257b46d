/* The registers of the STM32G030 that this board uses; README.md tells what they were checked against. The
 * part runs from its own HSI16. */
#ifndef CELLPOST_BOARDS_STM32G030_CHIP_H
#define CELLPOST_BOARDS_STM32G030_CHIP_H

#include <stdbool.h>
#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define BIT(n)       (UINT32_C(1) << (n))
#define CHIP_HZ      16000000

#define RCC_IOPENR         REG(0x40021034)
#define RCC_IOPENR_ABC     UINT32_C(7)
#define RCC_APBENR1        REG(0x4002103C)
#define RCC_APBENR1_TIM3   BIT(1)
#define RCC_APBENR2        REG(0x40021040)
#define RCC_APBENR2_USART1 BIT(14)
#define RCC_APBENR2_ADC    BIT(20)
#define RCC_CSR            REG(0x40021060)
#define RCC_CSR_CLEAR      BIT(23)
#define RCC_CSR_OPTIONS    BIT(25)
#define RCC_CSR_PIN        BIT(26)
#define RCC_CSR_POWER      BIT(27)
#define RCC_CSR_SOFTWARE   BIT(28)
#define RCC_CSR_IWDG       BIT(29)

#define FLASH_KEYR     REG(0x40022008)
#define FLASH_KEY1     UINT32_C(0x45670123)
#define FLASH_KEY2     UINT32_C(0xCDEF89AB)
#define FLASH_SR       REG(0x40022010)
#define FLASH_SR_ERROR UINT32_C(0x83FA)
#define FLASH_SR_BUSY  BIT(16)
#define FLASH_SR_CFG   BIT(18) /* CFGBSY: FLASH_CR cannot be written */
#define FLASH_CR       REG(0x40022014)
#define FLASH_CR_PG    BIT(0)
#define FLASH_CR_PER   BIT(1)
#define FLASH_CR_PAGE  3 /* the page's number begins at this bit */
#define FLASH_CR_START BIT(16)
#define FLASH_CR_LOCK  BIT(31)
#define FLASH_ECCR     REG(0x40022018)
#define FLASH_ECCR_TWO BIT(31) /* two wrong bits */

#define IWDG_KR        REG(0x40003000)
#define IWDG_KR_START  UINT32_C(0xCCCC)
#define IWDG_KR_ACCESS UINT32_C(0x5555)
#define IWDG_KR_RELOAD UINT32_C(0xAAAA)
#define IWDG_PR        REG(0x40003004)
#define IWDG_PR_32     3
#define IWDG_RLR       REG(0x40003008)
#define IWDG_SR        REG(0x4000300C)

#define TIM3_CR1 REG(0x40000400)
#define TIM3_EGR REG(0x40000414)
#define TIM3_CNT REG(0x40000424)
#define TIM3_PSC REG(0x40000428)

#define ADC_ISR        REG(0x40012400)
#define ADC_ISR_READY  BIT(0)
#define ADC_ISR_END    BIT(2)
#define ADC_ISR_CHOSEN BIT(13)
#define ADC_CR         REG(0x40012408)
#define ADC_CR_ENABLE  BIT(0)
#define ADC_CR_START   BIT(2)
#define ADC_CR_REG     BIT(28)
#define ADC_CR_CAL     BIT(31)
#define ADC_CFGR2      REG(0x40012410)
#define ADC_CFGR2_DIV2 BIT(30)
#define ADC_CFGR2_SLOW BIT(29) /* LFTRIG: more than 100 us between two conversions */
#define ADC_SMPR       REG(0x40012414)
#define ADC_CHSELR     REG(0x40012428)
#define ADC_DR         REG(0x40012440)
#define ADC_CCR        REG(0x40012708)
#define ADC_CCR_TEMP   BIT(23)
#define ADC_TEMP_CAL   (*(const volatile uint16_t *)(uintptr_t)0x1FFF75A8) /* at 30 degrees and 3.0 V */

#define USART_CR1      REG(0x40013800)
#define USART_CR1_FIFO BIT(29) /* only while it is off */
#define USART_CR1_ON   (USART_CR1_FIFO | BIT(3) | BIT(2) | BIT(0))
#define USART_CR1_RXIE BIT(5)
#define USART_CR1_TXIE BIT(7)
#define USART_BRR      REG(0x4001380C)
#define USART_ISR      REG(0x4001381C)
#define USART_ISR_RX   BIT(5)
#define USART_ISR_TX   BIT(7)
#define USART_ICR      REG(0x40013820)
#define USART_ICR_ALL  UINT32_C(0x2F) /* overrun, noise, framing, parity; else the interrupt stays */
#define USART_RDR      REG(0x40013824)
#define USART_TDR      REG(0x40013828)
#define USART_IRQ      27

/* A peripheral answers two clocks after its own was switched on: this is read back. */
static inline void chip_clock(volatile uint32_t *enables, uint32_t bits)
{
    *enables |= bits;
    (void)*enables;
}

/* A port of GPIOs: A, B, C are 0, 1, 2. */
#define GPIO_MODER(port)  REG(0x50000000 + 0x400 * (port))
#define GPIO_OTYPER(port) REG(0x50000004 + 0x400 * (port))
#define GPIO_PUPDR(port)  REG(0x5000000C + 0x400 * (port))
#define GPIO_IDR(port)    REG(0x50000010 + 0x400 * (port))
#define GPIO_BSRR(port)   REG(0x50000018 + 0x400 * (port))
#define GPIO_AFRH(port)   REG(0x50000024 + 0x400 * (port))

#define SYST_CSR        REG(0xE000E010)
#define SYST_RVR        REG(0xE000E014)
#define SYST_CVR        REG(0xE000E018)
#define NVIC_ISER       REG(0xE000E100)
#define SCB_AIRCR       REG(0xE000ED0C)
#define SCB_AIRCR_RESET UINT32_C(0x05FA0004)

#endif
