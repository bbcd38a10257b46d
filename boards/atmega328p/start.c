/* Runs before memory is set up: after a bite the watchdog's time is down at 16 ms. A file of its own: gcc
 * cannot tell the stack of a function without a frame, and warns. */
#include <avr/io.h>
#include <avr/wdt.h>

#include "boards/atmega328p/parts.h"

uint8_t start_flags __attribute__((section(".noinit")));

void start_early(void);

__attribute__((naked, used, section(".init3"))) void start_early(void)
{
    start_flags = MCUSR;
    MCUSR = 0;
    wdt_enable(WDTO_2S);
    wdt_reset(); /* simavr: the new time begins with it */
}
