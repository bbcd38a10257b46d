/* UART0 to the host, 115200 8N1: a ring each way, filled and emptied by the interrupt. An octet that finds no
 * room is lost; the frame's CRC tells. */
#include "boards/rp2040/uart.h"

#include "boards/ring.h"
#include "boards/rp2040/chip.h"

#define RATE    115200
#define DIVISOR ((CHIP_HZ * 4 + RATE / 2) / RATE) /* of clk_peri / 16, in 64ths */

static struct ring rx, tx;

void uart_start(void)
{
    chip_unreset(RESET_UART0);
    UART_IBRD = DIVISOR / 64;
    UART_FBRD = DIVISOR % 64;
    UART_LCR_H = UART_LCR_8BIT | UART_LCR_FIFO;
    UART_CR = UART_CR_ON;
    UART_IMSC = UART_INT_RX | UART_INT_RT | UART_INT_TX;
    NVIC_ISER = BIT(UART_IRQ);
}

static void send_more(void)
{
    int16_t octet;
    while ((UART_FR & UART_FR_TXFF) == 0 && (octet = ring_take(&tx)) >= 0)
        UART_DR = (uint32_t)octet;
}

void uart_interrupt(void)
{
    UART_ICR = UART_INT_RX | UART_INT_RT | UART_INT_TX;
    while ((UART_FR & UART_FR_RXFE) == 0)
        ring_put(&rx, (uint8_t)(UART_DR & 0xFF));
    send_more();
}

int16_t board_uart_get(void)
{
    return ring_take(&rx);
}

/* The interrupt comes when the FIFO runs low, not when it is low: the first octets are put there from here.
 */
bool board_uart_put(const uint8_t *octets, uint8_t len)
{
    if (ring_room(&tx) < len)
        return false;
    NVIC_ICER = BIT(UART_IRQ);
    for (uint8_t i = 0; i < len; i++)
        ring_put(&tx, octets[i]);
    send_more();
    NVIC_ISER = BIT(UART_IRQ);
    return true;
}
