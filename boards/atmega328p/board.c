/* ATmega328P at 8 MHz: the start, the millisecond, resets and their causes, and the loop, which sleeps
 * between two milliseconds. The watchdog is on from the first instructions (the fuse WDTON holds it there)
 * and bites after 2 s. */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <avr/wdt.h>
#include <util/atomic.h>

#include "boards/atmega328p/parts.h"
#include "firmware/board.h"
#include "firmware/firmware.h"

#define SOFT 0x50F7 /* in `soft`: board_reset made the watchdog bite */

volatile uint32_t board_clock_ms; /* global: the simulator sets it to try the wrap */

static volatile bool ticked;
static enum link_cause cause;

/* Not cleared by the start. */
static uint16_t soft __attribute__((section(".noinit")));
static uint8_t kept_octets[BOARD_KEPT_MAX] __attribute__((section(".noinit")));

/* ---- resets ---- */

static enum link_cause cause_of(uint8_t flags, bool asked)
{
    if ((flags & _BV(PORF)) != 0)
        return LINK_CAUSE_POWER;
    if ((flags & _BV(WDRF)) != 0)
        return asked ? LINK_CAUSE_UNKNOWN : LINK_CAUSE_WATCHDOG;
    if ((flags & _BV(BORF)) != 0)
        return LINK_CAUSE_BROWN_OUT;
    return (flags & _BV(EXTRF)) != 0 ? LINK_CAUSE_PIN : LINK_CAUSE_UNKNOWN;
}

enum link_cause board_cause(void)
{
    return cause;
}

_Noreturn void board_reset(void)
{
    soft = SOFT;
    cli();
    wdt_enable(WDTO_15MS);
    wdt_reset(); /* simavr: the new time begins with it */
    for (;;)
        ;
}

void *board_kept(void)
{
    return kept_octets;
}

void board_watchdog_feed(void)
{
    wdt_reset();
}

/* ---- what it is ---- */

const char *board_name(void)
{
    return BOARD_TEXT("atmega328p");
}

uint16_t board_capabilities(void)
{
    return LINK_CAP_STATUS | LINK_CAP_RESET | LINK_CAP_HOST_CUT | LINK_CAP_SUPPLY | LINK_CAP_RAIL |
           LINK_CAP_CURRENT | LINK_CAP_TEMPERATURE | LINK_CAP_NV | LINK_CAP_WDT_CAUSE;
}

/* ---- time ---- */

ISR(TIMER0_COMPA_vect)
{
    board_clock_ms++;
    ticked = true;
    adc_tick();
    nv_tick();
}

uint32_t board_ms(void)
{
    uint32_t now_ms;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        now_ms = board_clock_ms;
    }
    return now_ms;
}

static void clock_start(void)
{
    OCR0A = F_CPU / 64 / 1000 - 1;
    TCCR0A = _BV(WGM01); /* count to OCR0A */
    TCCR0B = _BV(CS01) | _BV(CS00);
    TIMSK0 = _BV(OCIE0A);
}

/* Other interrupts end the sleep too. The instruction after sei() still runs before any of them. */
static void sleep_until_tick(void)
{
    for (;;) {
        cli();
        if (ticked)
            break;
        sleep_enable();
        sei();
        sleep_cpu();
        sleep_disable();
    }
    ticked = false;
    sei();
}

int main(void)
{
    cause = cause_of(start_flags, soft == SOFT);
    soft = 0;
    SMCR = SLEEP_MODE_IDLE;
    PRR = _BV(PRTWI) | _BV(PRTIM1) | _BV(PRTIM2) | _BV(PRSPI);
    pins_start();
    adc_start();
    uart_start();
    clock_start();
    sei();
    firmware_start();
    for (;;) {
        firmware_step();
        sleep_until_tick();
    }
}
