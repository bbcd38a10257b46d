/* Header lines and bodies of an application's answers, as notifications keep them. The first octet is a
 * bound. What is kept is UTF-8, within its bounds, a query string that can be read again, and holds no
 * secret. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/base/form.h"
#include "host/facade/hook_notice.h"
#include "host/sms/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_readable(const char *data, size_t len, size_t most)
{
    char *out = hook_notice_readable(data, len, most);
    size_t out_len = strlen(out);
    if (out_len > most || !utf8_valid(out, out_len))
        abort();
    for (size_t i = 0; i < out_len; i++)
        if ((unsigned char)out[i] < ' ' && strchr("\r\n\t", out[i]) == NULL)
            abort();
    free(out);
}

static void check_headers(const char *head)
{
    struct form form;
    const char *error;
    char *out = hook_notice_headers(head);
    size_t len = strlen(out);
    if (len > NOTICE_VARIABLES_MAX)
        abort();
    int status = form_parse(out, len, &form, &error);
    if (status != 0 && status != -E2BIG)
        abort();
    for (size_t i = 0; i < form.count; i++) { /* the last may have been cut */
        const struct form_pair *pair = &form.pairs[i];
        bool cookie = strcasecmp(pair->key, "Set-Cookie") == 0;
        if (cookie && strcmp(pair->value, "***") != 0 && i + 1 < form.count)
            abort();
        if (cookie && strspn(pair->value, "*") != pair->value_len)
            abort();
    }
    if (status == 0)
        form_fini(&form);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    check_readable((const char *)data + 1, size - 1, data[0]);
    char *head = malloc(size);
    if (head == NULL)
        abort();
    memcpy(head, data + 1, size - 1);
    head[size - 1] = '\0';
    check_headers(head);
    free(head);
    return 0;
}
