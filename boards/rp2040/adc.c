/* Measures: the supply by its own divider, rail and current of a slot through a 74HC4052, the part's own
 * temperature. 3.3 V is full scale. */
#include "boards/rp2040/adc.h"

#include "boards/rp2040/chip.h"
#include "boards/rp2040/pins.h"

#define FULL_MV        3300
#define STEPS          4096
#define SUPPLY_DIVIDER 3
#define RAIL_DIVIDER   2
#define SETTLE_US      10 /* of the multiplexer's output */
#define CHANNEL(gpio)  ((gpio)-GPIO_ADC_SUPPLY)
#define TEMPERATURE    4

void adc_start(void)
{
    chip_unreset(RESET_ADC);
    ADC_CS = ADC_EN | ADC_TS_EN;
}

static int32_t convert(uint32_t channel)
{
    while ((ADC_CS & ADC_READY) == 0)
        ;
    ADC_CS = ADC_EN | ADC_TS_EN | ADC_AINSEL(channel) | ADC_START_ONE;
    while ((ADC_CS & ADC_READY) == 0)
        ;
    return (int32_t)ADC_RESULT;
}

static int32_t convert_slot(uint32_t channel, uint8_t slot)
{
    uint32_t select = (slot & 1u) << GPIO_MUX_A | (slot >> 1 & 1u) << GPIO_MUX_B;
    SIO_GPIO_OUT_CLR = BIT(GPIO_MUX_A) | BIT(GPIO_MUX_B);
    SIO_GPIO_OUT_SET = select;
    uint32_t from = TIMER_RAWL;
    while (TIMER_RAWL - from < SETTLE_US)
        ;
    return convert(channel);
}

/* 27 degrees at 706 mV, 1.721 mV less for each more. */
static int32_t temperature_of(int32_t steps)
{
    int32_t over_uv = steps * FULL_MV / STEPS * 1000 + steps * FULL_MV % STEPS * 1000 / STEPS - 706000;
    return 270 - over_uv * 10 / 1721;
}

int32_t board_measure(enum board_measure what, uint8_t slot)
{
    switch (what) {
    case BOARD_SUPPLY_MV: return convert(CHANNEL(GPIO_ADC_SUPPLY)) * FULL_MV * SUPPLY_DIVIDER / STEPS;
    case BOARD_RAIL_MV: return convert_slot(CHANNEL(GPIO_ADC_RAIL), slot) * FULL_MV * RAIL_DIVIDER / STEPS;
    case BOARD_CURRENT_MA: return convert_slot(CHANNEL(GPIO_ADC_CURRENT), slot) * FULL_MV / STEPS;
    case BOARD_TEMPERATURE_DC: return temperature_of(convert(TEMPERATURE));
    }
    return BOARD_NOT_MEASURED;
}
