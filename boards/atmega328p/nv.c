/* NV in EEPROM: two pages of half of it each. A cell takes up to 3.4 ms to change, so writes and erases wait
 * in memory and the millisecond's interrupt takes an octet of them at a time; a read sees them as done. The
 * loop waits only when a write does not continue the one that waits, or is too long to wait beside it: then
 * for as long as that takes.
 *
 * Wear: erasing passes over cells that are blank, writing over octets of 0xFF, and the two are done apart.
 * What waits when power goes is lost as if power had gone before; the records' check values tell. */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/wdt.h>
#include <util/atomic.h>

#include "boards/atmega328p/parts.h"
#include "firmware/board.h"

#define PAGE_LEN  ((E2END + 1u) / 2)
#define RUN_MAX   112 /* the counters of all, as firmware/log.c saves them */
#define TICK_SKIP 16  /* cells passed over in one millisecond at most */

enum { ERASE = _BV(EEPM0), WRITE = _BV(EEPM1) };

static volatile uint16_t erase_at, erase_end; /* still to be erased; equal: nothing */

/* Octets for the cells from run_at, of which `done` are written. */
static uint8_t run[RUN_MAX];
static uint16_t run_at;
static volatile uint8_t run_len, run_done;

static volatile bool reading; /* no change may begin */

static bool busy(void)
{
    return (EECR & _BV(EEPE)) != 0;
}

static uint8_t cell_read(uint16_t at)
{
    EEAR = at;
    EECR = (uint8_t)(EECR | _BV(EERE));
    return EEDR;
}

/* With interrupts off: EEPE must follow EEMPE within four cycles. */
static void cell_change(uint16_t at, uint8_t octet, uint8_t mode)
{
    EEAR = at;
    EEDR = octet;
    EECR = mode;
    EECR |= _BV(EEMPE);
    EECR |= _BV(EEPE);
}

static void erase_tick(void)
{
    for (uint8_t i = 0; i < TICK_SKIP && erase_at != erase_end; i++) {
        uint16_t at = erase_at++;
        if (cell_read(at) != 0xFF) {
            cell_change(at, 0xFF, ERASE);
            return;
        }
    }
}

static void run_tick(void)
{
    while (run_done != run_len) {
        uint8_t i = run_done++;
        if (run[i] != 0xFF) {
            cell_change((uint16_t)(run_at + i), run[i], WRITE);
            return;
        }
    }
    run_len = run_done = 0;
}

/* What is written into the other page need not wait for the erase of this one. */
void nv_tick(void)
{
    bool erasing = erase_at != erase_end;
    if (reading || busy())
        return;
    if (run_len != 0 && !(erasing && run_at / PAGE_LEN == erase_at / PAGE_LEN))
        run_tick();
    else if (erasing)
        erase_tick();
}

/* One step of the wait for what is under way, faster than the milliseconds would take it. */
static void pump(void)
{
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        nv_tick();
    }
    wdt_reset(); /* bounded: each step brings an octet nearer its cell */
}

uint16_t board_nv_page_len(void)
{
    return PAGE_LEN;
}

bool board_nv_busy(void)
{
    return erase_at != erase_end || run_len != 0 || busy();
}

void board_nv_flush(void)
{
    while (run_len != 0)
        pump();
    while (busy())
        ;
}

static uint8_t octet_at(uint16_t at)
{
    if (run_len != 0 && at >= run_at && at < run_at + run_len)
        return run[at - run_at];
    return at >= erase_at && at < erase_end ? 0xFF : cell_read(at);
}

void board_nv_read(uint8_t page, uint16_t at, void *to, uint16_t len)
{
    reading = true;
    while (busy())
        ;
    for (uint16_t i = 0; i < len; i++)
        ((uint8_t *)to)[i] = octet_at((uint16_t)(page * PAGE_LEN + at + i));
    reading = false;
}

/* The run takes what follows it, until it is full. */
static bool append(uint16_t at, uint8_t octet)
{
    bool taken = false;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        if (run_len == 0)
            run_at = at;
        taken = run_len < RUN_MAX && at == run_at + run_len;
        if (taken)
            run[run_len++] = octet;
    }
    return taken;
}

bool board_nv_write(uint8_t page, uint16_t at, const void *from, uint16_t len)
{
    for (uint16_t i = 0; i < len; i++)
        while (!append((uint16_t)(page * PAGE_LEN + at + i), ((const uint8_t *)from)[i]))
            pump();
    return true;
}

bool board_nv_erase(uint8_t page)
{
    while (erase_at != erase_end || run_len != 0)
        pump();
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        erase_at = (uint16_t)(page * PAGE_LEN);
        erase_end = (uint16_t)(erase_at + PAGE_LEN);
    }
    return true;
}
