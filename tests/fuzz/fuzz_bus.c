/* Any octets as lines of the BUS: what the parsers accept is within bounds, and a board takes or refuses each
 * line and comes to the end of them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hil/bus/bus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool on_said(void *arg, const struct line_said *said)
{
    (void)arg;
    require(said->slot < 3 && said->word <= LINE_HANG);
    require(said->word != LINE_STATUS || said->value == 0 || said->value == 1);
    return said->word != LINE_NRST;
}

static void parse(const char *line)
{
    struct line_said said;
    struct line_told told;
    if (line_said_parse(line, 3, &said) == NULL)
        require(said.slot < 3);
    if (line_told_parse(line, &told))
        require(told.slot < LINE_SLOTS && told.pin < LINE_PINS && told.cause < LINE_CAUSES);
}

/* A board without a listener, whose one client has said all this and gone: it is all taken, then forgotten.
 */
static void serve(const uint8_t *data, size_t size)
{
    static struct bus bus;
    int pair[2];
    require(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    memset(&bus, 0, sizeof bus);
    bus.listener = -1;
    bus.slots = 3;
    bus.hang = true;
    for (size_t i = 0; i < BUS_CLIENTS; i++)
        bus.clients[i].fd = -1;
    bus.clients[0].fd = pair[1];
    bus_bind(&bus, on_said, NULL);
    require(send(pair[0], data, size, 0) == (ssize_t)size && shutdown(pair[0], SHUT_WR) == 0);
    for (size_t turns = 0; bus.clients[0].fd >= 0; turns++) {
        require(turns <= size); /* each false was an order of the client */
        (void)bus_serve(&bus, 0, -1);
    }
    close(pair[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char line[LINE_MAX];
    if (size > 4096)
        return 0;
    serve(data, size);
    size_t len = size < sizeof line - 1 ? size : sizeof line - 1;
    memcpy(line, data, len);
    line[len] = '\0';
    parse(line);
    return 0;
}
