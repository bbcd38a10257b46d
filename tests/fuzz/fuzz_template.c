/* Any text as a template: its pieces put together again are the text, what expands has a value for each
 * placeholder, and both agree on what is malformed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/facade/template.h"
#include "tests/fuzz/fuzz_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *itself(void *arg, const char *name)
{
    (void)arg;
    return template_name_valid(name, strlen(name)) ? name : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size), missing[TEMPLATE_NAME_MAX + 1];
    struct template_piece piece;
    enum template_step step;
    size_t sum = 0, braces = 0, len = 0;
    const char *at = text;
    while ((step = template_next(&at, &piece)) == TEMPLATE_PIECE) {
        if (piece.len == 0 || piece.text < text || piece.text + piece.len > text + size)
            abort();
        sum += piece.len;
        braces += piece.is_variable ? 4 : 0;
        if ((size_t)(at - text) != sum + braces)
            abort();
    }
    char *out = template_expand(text, itself, NULL, &len, missing);
    if ((out != NULL) != (step == TEMPLATE_END) || missing[0] != '\0')
        abort();
    if (out != NULL && (len != sum || strlen(out) != len))
        abort();
    if (step == TEMPLATE_MALFORMED && strncmp(at, "{{", 2) != 0)
        abort();
    free(out);
    free(text);
    return 0;
}
