/* Any octets as a flow: read whole, or refused with a sentence and nothing kept. */
#include <stdint.h>
#include <stdlib.h>

#include "host/simulator/flow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct flow flow;
    char error[256];
    if (flow_read((const char *)data, size, &flow, error) != 0) {
        if (error[0] == '\0' || flow.try_count != 0 || flow.text_count != 0 || flow.tries != NULL)
            abort();
        return 0;
    }
    for (size_t i = 0; i < flow.try_count; i++)
        if (!flow.tries[i].settled || flow.tries[i].settled_ms < flow.tries[i].in_flight_ms ||
            flow.tries[i].to[0] == '\0')
            abort();
    for (size_t i = 0; i < flow.text_count; i++)
        if (flow.texts[i].text == NULL || (i > 0 && flow.texts[i].at_ms < flow.texts[i - 1].at_ms))
            abort();
    flow_fini(&flow);
    return 0;
}
