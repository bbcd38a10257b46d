/* Numbers as they come from outside: the first two bytes are a region, the rest is the text. Whatever is read
 * must be read again as the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/numbering/numbering.h"

static void require(int truth)
{
    if (!truth)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char region[3] = "", text[128];
    struct numbering n, again;
    if (size < 2)
        return 0;
    memcpy(region, data, 2);
    size_t len = size - 2 < sizeof text - 1 ? size - 2 : sizeof text - 1;
    memcpy(text, data + 2, len);
    text[len] = '\0';
    bool valid = numbering_parse(text, region, &n);
    require(valid == (n.fault == NUMBERING_VALID));
    require(strlen(numbering_country(text)) <= 2);
    if (valid) {
        require(numbering_parse(n.e164, NULL, &again));
        require(strcmp(again.e164, n.e164) == 0 && strcmp(again.country, n.country) == 0);
        require(strcmp(numbering_country(n.e164), n.country) == 0);
    }
    return 0;
}
