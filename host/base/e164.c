/* See e164.h. */
#include "host/base/e164.h"

#include <string.h>

bool is_e164(const char *text)
{
    size_t digits = text[0] == '+' ? strspn(text + 1, "0123456789") : 0;
    return digits >= 7 && digits <= 15 && text[1] != '0' && text[1 + digits] == '\0';
}
