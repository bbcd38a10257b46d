/* UART0 to the host, 115200 8N1: a ring each way, filled and emptied by the interrupt. An octet that finds no
 * room is lost; the frame's CRC tells. */
#include "boards/rp2040/uart.h"

#include "boards/rp2040/chip.h"

#define RATE    115200
#define DIVISOR ((XOSC_HZ * 4 + RATE / 2) / RATE) /* of clk_peri / 16, in 64ths */
#define RING    256                               /* an index of 8 bits wraps by itself */

static volatile uint8_t rx[RING], tx[RING];
static volatile uint8_t rx_in, rx_out, tx_in, tx_out;

void uart_start(void)
{
    chip_unreset(RESET_UART0);
    rx_in = rx_out = tx_in = tx_out = 0;
    UART_IBRD = DIVISOR / 64;
    UART_FBRD = DIVISOR % 64;
    UART_LCR_H = UART_LCR_8BIT | UART_LCR_FIFO;
    UART_CR = UART_CR_ON;
    UART_IMSC = UART_INT_RX | UART_INT_RT | UART_INT_TX;
    NVIC_ISER = BIT(UART_IRQ);
}

static void send_more(void)
{
    while (tx_out != tx_in && (UART_FR & UART_FR_TXFF) == 0) {
        UART_DR = tx[tx_out];
        tx_out = (uint8_t)(tx_out + 1);
    }
}

void uart_interrupt(void)
{
    UART_ICR = UART_INT_RX | UART_INT_RT | UART_INT_TX;
    while ((UART_FR & UART_FR_RXFE) == 0) {
        uint8_t octet = (uint8_t)(UART_DR & 0xFF), next = (uint8_t)(rx_in + 1);
        if (next == rx_out)
            continue;
        rx[rx_in] = octet;
        rx_in = next;
    }
    send_more();
}

int16_t board_uart_get(void)
{
    if (rx_out == rx_in)
        return -1;
    uint8_t octet = rx[rx_out];
    rx_out = (uint8_t)(rx_out + 1);
    return octet;
}

/* The interrupt comes when the FIFO runs low, not when it is low: the first octets are put there from here.
 */
bool board_uart_put(const uint8_t *octets, uint8_t len)
{
    if ((uint8_t)(tx_out - tx_in - 1) < len)
        return false;
    NVIC_ICER = BIT(UART_IRQ);
    for (uint8_t i = 0; i < len; i++) {
        tx[tx_in] = octets[i];
        tx_in = (uint8_t)(tx_in + 1);
    }
    send_more();
    NVIC_ISER = BIT(UART_IRQ);
    return true;
}
