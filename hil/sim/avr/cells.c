/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hil/sim/avr/cells.h"

#include <avr_eeprom.h>
#include <sim_io.h>
#include <sim_time.h>
#include <string.h>

#define CELLS   1024
#define EECR    0x3F
#define EEDR    0x40
#define EEARL   0x41
#define EEARH   0x42
#define EEPE    0x02
#define EEMPE   0x04
#define ERASE   0x10 /* of the mode; 0: both */
#define WRITE   0x20
#define ONE_US  1800 /* erase or write */
#define BOTH_US 3400

static avr_t *avr;
static uint8_t *cells, before[CELLS];
static avr_cycle_count_t busy_until;

static uint8_t on_read(struct avr_t *from, avr_io_addr_t at, void *param)
{
    (void)param;
    uint8_t control = (uint8_t)(from->data[at] & ~EEPE);
    return from->cycle < busy_until ? control | EEPE : control;
}

/* simavr has put the octet into its cell. */
static void on_control(struct avr_irq_t *irq, uint32_t value, void *param)
{
    (void)irq;
    (void)param;
    if ((value & (EEPE | EEMPE)) != (EEPE | EEMPE))
        return;
    unsigned at = (avr->data[EEARL] | (unsigned)avr->data[EEARH] << 8) % CELLS;
    if ((value & ERASE) != 0)
        cells[at] = 0xFF;
    else if ((value & WRITE) != 0)
        cells[at] = before[at] & avr->data[EEDR];
    before[at] = cells[at];
    busy_until = avr->cycle + avr_usec_to_cycles(avr, (value & (ERASE | WRITE)) != 0 ? ONE_US : BOTH_US);
}

uint8_t *cells_start(avr_t *of)
{
    avr_eeprom_desc_t first = {.ee = NULL, .offset = 0, .size = 1};
    avr = of;
    avr_ioctl(avr, AVR_IOCTL_EEPROM_GET, &first);
    avr_register_io_read(avr, EECR, on_read, NULL);
    avr_irq_register_notify(avr_iomem_getirq(avr, EECR, NULL, AVR_IOMEM_IRQ_ALL), on_control, NULL);
    return cells = first.ee;
}

void cells_power_up(void)
{
    memcpy(before, cells, CELLS);
}
