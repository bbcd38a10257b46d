/* Measures: the supply at PA0, the rails at PA1 to PA4, each by a divider; the part's own temperature.
 * VDDA, 3.3 V, is full scale. */
#include "boards/stm32g030/adc.h"

#include "boards/stm32g030/chip.h"

#define FULL_MV        3300
#define STEPS          4096
#define SUPPLY_DIVIDER 3
#define RAIL_DIVIDER   2
#define SUPPLY         0
#define RAIL(slot)     (1u + (slot))
#define TEMPERATURE    12
#define CAL_MV         3000
#define LONGEST_SAMPLE 7 /* 160 clocks of 8 MHz: the dividers and the sensor need 5 us */

void adc_start(void)
{
    chip_clock(&RCC_APBENR2, RCC_APBENR2_ADC);
    ADC_CFGR2 = ADC_CFGR2_DIV2 | ADC_CFGR2_SLOW;
    ADC_CR = ADC_CR_REG;
    for (volatile uint16_t wait = 0; wait < 200; wait++) /* 20 us at the least */
        ;
    ADC_CR |= ADC_CR_CAL;
    while ((ADC_CR & ADC_CR_CAL) != 0)
        ;
    ADC_CCR = ADC_CCR_TEMP;
    ADC_SMPR = LONGEST_SAMPLE;
    ADC_ISR = ADC_ISR_READY;
    while ((ADC_ISR & ADC_ISR_READY) == 0)
        ADC_CR |= ADC_CR_ENABLE; /* within four of its clocks after the calibration it is not taken */
}

static int32_t convert(uint32_t channel)
{
    uint32_t select = BIT(channel);
    if (ADC_CHSELR != select) {
        ADC_ISR = ADC_ISR_CHOSEN;
        ADC_CHSELR = select;
        while ((ADC_ISR & ADC_ISR_CHOSEN) == 0)
            ;
    }
    ADC_CR |= ADC_CR_START;
    while ((ADC_ISR & ADC_ISR_END) == 0)
        ;
    return (int32_t)ADC_DR;
}

/* 2.5 mV a degree. */
static int32_t temperature_of(int32_t steps)
{
    return 300 + (steps * FULL_MV - ADC_TEMP_CAL * CAL_MV) / (STEPS / 4);
}

int32_t board_measure(enum board_measure what, uint8_t slot)
{
    switch (what) {
    case BOARD_SUPPLY_MV: return convert(SUPPLY) * FULL_MV * SUPPLY_DIVIDER / STEPS;
    case BOARD_RAIL_MV: return convert(RAIL(slot)) * FULL_MV * RAIL_DIVIDER / STEPS;
    case BOARD_TEMPERATURE_DC: return temperature_of(convert(TEMPERATURE));
    case BOARD_CURRENT_MA: break;
    }
    return BOARD_NOT_MEASURED;
}
