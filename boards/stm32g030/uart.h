#ifndef CELLPOST_BOARDS_STM32G030_UART_H
#define CELLPOST_BOARDS_STM32G030_UART_H

#include "firmware/board.h"

void uart_start(void); /* then board_uart_get and board_uart_put */
void uart_interrupt(void);

#endif
