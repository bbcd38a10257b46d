/* The link's UART: 8N1 at PINS_BAUD, by interrupts and two rings. What comes while the ring is full is lost,
 * as noise is: the frame's check value tells, and the host asks again. */
#include <avr/interrupt.h>
#include <avr/io.h>

#include "boards/atmega328p/parts.h"
#include "boards/atmega328p/pins.h"
#include "firmware/board.h"
#include "firmware/link/frame.h"

#define RING    128 /* 33 ms of the line; a power of two */
#define DIVISOR ((F_CPU / 8 + PINS_BAUD / 2) / PINS_BAUD - 1)
_Static_assert(LINK_WIRE_MAX < RING, "a frame fits the ring");

/* From `tail` to `head`, modulo RING; equal: empty. Each side writes one of them only. */
struct ring {
    volatile uint8_t head, tail;
    volatile uint8_t octets[RING]; /* in their place before the index that tells of them */
};

static struct ring in, out;

static uint8_t next(uint8_t at)
{
    return (uint8_t)((at + 1u) % RING);
}

void uart_start(void)
{
    UCSR0A = _BV(U2X0); /* before the divisor: simavr takes it so */
    UBRR0 = DIVISOR;
    UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
    UCSR0B = _BV(RXCIE0) | _BV(RXEN0) | _BV(TXEN0);
}

ISR(USART_RX_vect)
{
    uint8_t octet = UDR0, after = next(in.head);
    if (after == in.tail)
        return;
    in.octets[in.head] = octet;
    in.head = after;
}

ISR(USART_UDRE_vect)
{
    if (out.head == out.tail) {
        UCSR0B = (uint8_t)(UCSR0B & ~_BV(UDRIE0));
        return;
    }
    UDR0 = out.octets[out.tail];
    out.tail = next(out.tail);
}

int16_t board_uart_get(void)
{
    if (in.head == in.tail)
        return -1;
    uint8_t octet = in.octets[in.tail];
    in.tail = next(in.tail);
    return octet;
}

bool board_uart_put(const uint8_t *octets, uint8_t len)
{
    uint8_t used = (uint8_t)((uint8_t)(out.head - out.tail) % RING), at = out.head;
    if (used + len >= RING)
        return false;
    for (uint8_t i = 0; i < len; i++) {
        out.octets[at] = octets[i];
        at = next(at);
    }
    out.head = at;
    UCSR0B = (uint8_t)(UCSR0B | _BV(UDRIE0));
    return true;
}
