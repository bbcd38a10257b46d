#include "boards/atmega328p/pins.h"

#include <avr/io.h>

#include "boards/atmega328p/parts.h"
#include "firmware/board.h"

#define PIN_COUNT  (BOARD_LED + 1)
#define SLOT_COUNT 2
_Static_assert(FIRMWARE_SLOTS == SLOT_COUNT, "as many slots as are wired");

/* PORTx; DDRx lies one below it, PINx two. */
struct wire {
    uint8_t port, mask;
};

#define WIRE(pin, slot, letter, bit) [BOARD_##pin][slot] = {_SFR_MEM_ADDR(PORT##letter), _BV(bit)},
#define STATUS(slot, letter, bit)    [slot] = {_SFR_MEM_ADDR(PORT##letter), _BV(bit)},

static const struct wire wires[PIN_COUNT][SLOT_COUNT] BOARD_CONST = {PINS_OUTPUTS(WIRE)};
static const struct wire statuses[SLOT_COUNT] BOARD_CONST = {PINS_STATUSES(STATUS)};

static volatile uint8_t *port_of(struct wire wire)
{
    return (volatile uint8_t *)(uint16_t)wire.port;
}

/* The level before the direction: a line goes from released (or latched) to its state without a glitch. */
void board_pin(enum board_pin pin, uint8_t slot, bool asserted)
{
    struct wire wire;
    board_const_copy(&wire, &wires[pin][slot], sizeof wire);
    volatile uint8_t *port = port_of(wire);
    *port = (uint8_t)(asserted ? *port | wire.mask : *port & ~wire.mask);
    port[-1] = (uint8_t)(port[-1] | wire.mask);
}

bool board_status(uint8_t slot)
{
    struct wire wire;
    board_const_copy(&wire, &statuses[slot], sizeof wire);
    return (port_of(wire)[-2] & wire.mask) == 0;
}

/* STATUS needs its pull-up; so have the pins that nothing is connected to, lest they float. */
void pins_start(void)
{
    for (uint8_t slot = 0; slot < SLOT_COUNT; slot++) {
        struct wire wire;
        board_const_copy(&wire, &statuses[slot], sizeof wire);
        *port_of(wire) = (uint8_t)(*port_of(wire) | wire.mask);
    }
    PORTD = (uint8_t)(PORTD | _BV(PORTD2) | _BV(PORTD3));
    PORTB = (uint8_t)(PORTB | _BV(PORTB3) | _BV(PORTB4));
}
