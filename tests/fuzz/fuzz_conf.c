/* Any octets as a configuration: a whole configuration, or at least one error that says where. */
#include <stdint.h>
#include <stdlib.h>

#include "host/base/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count(void *arg, const char *file, int line, const char *message)
{
    (void)file;
    if (line < 0 || message[0] == '\0')
        abort();
    ++*(int *)arg;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int errors = 0;
    struct conf *conf = conf_parse("fuzz.ini", (const char *)data, size, count, &errors);
    if ((conf == NULL) != (errors > 0))
        abort();
    conf_free(conf);
    return 0;
}
