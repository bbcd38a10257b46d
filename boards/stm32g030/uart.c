/* USART1 to the host, 115200 8N1. An octet that finds no room is lost; the frame's CRC tells. */
#include "boards/stm32g030/uart.h"

#include "boards/ring.h"
#include "boards/stm32g030/chip.h"

#define RATE 115200

static struct ring rx, tx;

void uart_start(void)
{
    chip_clock(&RCC_APBENR2, RCC_APBENR2_USART1);
    USART_BRR = (CHIP_HZ + RATE / 2) / RATE;
    USART_CR1 = USART_CR1_FIFO;
    USART_CR1 = USART_CR1_ON | USART_CR1_RXIE;
    NVIC_ISER = BIT(USART_IRQ);
}

void uart_interrupt(void)
{
    USART_ICR = USART_ICR_ALL;
    while ((USART_ISR & USART_ISR_RX) != 0)
        ring_put(&rx, (uint8_t)(USART_RDR & 0xFF));
    while ((USART_CR1 & USART_CR1_TXIE) != 0 && (USART_ISR & USART_ISR_TX) != 0) {
        int16_t octet = ring_take(&tx);
        if (octet < 0)
            USART_CR1 &= ~USART_CR1_TXIE;
        else
            USART_TDR = (uint32_t)octet;
    }
}

int16_t board_uart_get(void)
{
    return ring_take(&rx);
}

/* The interrupt may clear TXIE between this load and store; then nothing is left to send, and it comes once
 * more for nothing. */
bool board_uart_put(const uint8_t *octets, uint8_t len)
{
    if (ring_room(&tx) < len)
        return false;
    for (uint8_t i = 0; i < len; i++)
        ring_put(&tx, octets[i]);
    USART_CR1 |= USART_CR1_TXIE;
    return true;
}
