#ifndef CELLPOST_BOARDS_STM32G030_ADC_H
#define CELLPOST_BOARDS_STM32G030_ADC_H

#include "firmware/board.h"

void adc_start(void); /* then board_measure */

#endif
