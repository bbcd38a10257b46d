/* Any octets as a form: parsed or refused, and what was parsed survives being built and parsed again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct form form, again;
    const char *error = NULL;
    size_t len;
    if (form_parse((const char *)data, size, &form, &error) != 0) {
        if (error == NULL || form.count != 0)
            abort();
        return 0;
    }
    char *text = form_encode(&form, &len);
    if (form_parse(text, len, &again, &error) != 0 || again.count != form.count)
        abort();
    for (size_t i = 0; i < form.count; i++)
        if (form.pairs[i].value_len != again.pairs[i].value_len ||
            memcmp(form.pairs[i].value, again.pairs[i].value, form.pairs[i].value_len) != 0)
            abort();
    free(text);
    form_fini(&form);
    form_fini(&again);
    return 0;
}
