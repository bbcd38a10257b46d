#include <unistd.h>

#include "boards/host/host.h"

int16_t board_uart_get(void)
{
    uint8_t octet;
    return read(host->uart.master, &octet, 1) == 1 ? octet : (int16_t)-1;
}

/* A pty takes a frame whole or, when nobody reads it, not at all; a part would be a frame lost, as on a wire.
 */
bool board_uart_put(const uint8_t *octets, uint8_t len)
{
    return write(host->uart.master, octets, len) > 0;
}
