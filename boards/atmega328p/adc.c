/* Each millisecond two conversions of 0.1 ms, in interrupts: the supply, and one of the other inputs in turn;
 * so the supply is at most 1 ms old, the others 5. */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/atomic.h>

#include "boards/atmega328p/parts.h"
#include "boards/atmega328p/pins.h"
#include "firmware/board.h"

#define PLACE(name, channel)   name,
#define CHANNEL(name, channel) channel,

enum place { PINS_INPUTS(PLACE) PLACES };
static const uint8_t channels[PLACES] BOARD_CONST = {PINS_INPUTS(CHANNEL)};

static volatile uint16_t samples[PLACES];
static volatile uint8_t at;   /* the place that is being converted */
static volatile uint8_t turn; /* of the places after SUPPLY, which is next */

static void begin(uint8_t place)
{
    at = place;
    ADMUX = pgm_read_byte(&channels[place]); /* reference: AREF */
    ADCSRA = (uint8_t)(ADCSRA | _BV(ADSC));
}

void adc_start(void)
{
    ADCSRA = _BV(ADEN) | _BV(ADPS2) | _BV(ADPS1); /* 125 kHz */
    DIDR0 = _BV(ADC0D) | _BV(ADC1D) | _BV(ADC2D) | _BV(ADC5D);
    for (uint8_t place = 0; place < PLACES; place++) {
        begin(place);
        while ((ADCSRA & _BV(ADSC)) != 0)
            ;
        samples[place] = ADC;
    }
    turn = SUPPLY + 1;
    ADCSRA = (uint8_t)(ADCSRA | _BV(ADIF) | _BV(ADIE));
}

void adc_tick(void)
{
    begin(SUPPLY);
}

ISR(ADC_vect)
{
    samples[at] = ADC;
    if (at != SUPPLY)
        return;
    begin(turn);
    turn = turn + 1 < PLACES ? (uint8_t)(turn + 1) : SUPPLY + 1;
}

/* At the pin, times `factor`: of the middle of the sample's step. */
static int32_t millivolts(uint8_t place, uint8_t factor)
{
    uint16_t sample;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        sample = samples[place];
    }
    return (int32_t)((uint32_t)(2 * sample + 1) * ((uint32_t)PINS_AREF_MV * factor) / 2048);
}

int32_t board_measure(enum board_measure what, uint8_t slot)
{
    switch (what) {
    case BOARD_SUPPLY_MV: return millivolts(SUPPLY, PINS_DIVIDER);
    case BOARD_RAIL_MV: return millivolts((uint8_t)(RAIL_0 + slot), PINS_DIVIDER);
    case BOARD_CURRENT_MA: return millivolts((uint8_t)(CURRENT_0 + slot), PINS_MA_PER_MV);
    case BOARD_TEMPERATURE_DC: return millivolts(TEMPERATURE, 1) - PINS_TEMPERATURE_0_MV;
    }
    return BOARD_NOT_MEASURED;
}
