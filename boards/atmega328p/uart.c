/* The link's UART: 8N1 at PINS_BAUD, by interrupts and two rings. What comes while the ring is full is lost,
 * as noise is: the frame's check value tells, and the host asks again. */
#include <avr/interrupt.h>
#include <avr/io.h>

#define RING_LEN 128 /* 33 ms of the line */

#include "boards/atmega328p/parts.h"
#include "boards/atmega328p/pins.h"
#include "boards/ring.h"
#include "firmware/board.h"
#include "firmware/link/frame.h"

#define DIVISOR ((F_CPU / 8 + PINS_BAUD / 2) / PINS_BAUD - 1)
_Static_assert(LINK_WIRE_MAX < RING_LEN, "a frame fits the ring");

static struct ring in, out;

void uart_start(void)
{
    UCSR0A = _BV(U2X0); /* before the divisor: simavr takes it so */
    UBRR0 = DIVISOR;
    UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
    UCSR0B = _BV(RXCIE0) | _BV(RXEN0) | _BV(TXEN0);
}

ISR(USART_RX_vect)
{
    ring_put(&in, UDR0);
}

ISR(USART_UDRE_vect)
{
    int16_t octet = ring_take(&out);
    if (octet < 0)
        UCSR0B = (uint8_t)(UCSR0B & ~_BV(UDRIE0));
    else
        UDR0 = (uint8_t)octet;
}

int16_t board_uart_get(void)
{
    return ring_take(&in);
}

bool board_uart_put(const uint8_t *octets, uint8_t len)
{
    if (ring_room(&out) < len)
        return false;
    for (uint8_t i = 0; i < len; i++)
        ring_put(&out, octets[i]);
    UCSR0B = (uint8_t)(UCSR0B | _BV(UDRIE0));
    return true;
}
