/* "BASE\nREFERENCE": URLs as configured, and what applications answer as Location, Redirect or action. A
 * result is printable ASCII, has no fragment, is its own wire form, and can be signed. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/signature.h"
#include "host/facade/hook_url.h"
#include "tests/fuzz/fuzz_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_wire(const char *wire)
{
    char host[HOOK_HOST_MAX], brief[HOOK_BRIEF_MAX];
    for (const char *c = wire; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~' || *c == '#')
            abort();
    char *again = hook_url_wire(wire);
    if (again == NULL || strcmp(again, wire) != 0)
        abort();
    free(again);
    char *signed_url = signature_url(wire); /* what can be called can be signed */
    if (signed_url == NULL)
        abort();
    free(signed_url);
    char *public = hook_url_public(wire);
    if (public == NULL || strlen(public) > strlen(wire))
        abort();
    free(public);
    hook_url_host(wire, host);
    if (host[0] == '\0' || hook_url_brief(wire, brief)[0] == '\0')
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct conf_hooks conf = {.connect_ms = 5000, .read_ms = 15000, .total_ms = 15000};
    struct hook_limits limits;
    char *text = fuzz_text(data, size), *reference = fuzz_text_second(text);
    hook_limits_parse(text, &conf, &limits);
    if (limits.repeats < 0 || limits.repeats > 5 || limits.connect_ms < 100 || limits.total_ms > 15000)
        abort();
    char *wire = hook_url_wire(text);
    if (wire != NULL) {
        check_wire(wire);
        char *next = hook_url_resolve(wire, reference != NULL ? reference : "");
        if (next != NULL)
            check_wire(next);
        free(next);
        char *query = hook_url_add_query(wire, "a=b");
        check_wire(query);
        free(query);
    }
    free(wire);
    free(text);
    return 0;
}
