/* See hook_request.h. The signature is made over the URL as it is requested, and for a POST over the
 * parameters as they are before encoding. */
#include "host/facade/hook_request.h"

#include <stdlib.h>
#include <string.h>

#include "host/base/log.h"
#include "host/facade/hook_url.h"

/* ParentMessageSid and the like are other parameters. */
static bool names_the_message(const char *wire)
{
    return strstr(wire, "?MessageSid=") != NULL || strstr(wire, "&MessageSid=") != NULL;
}

bool hook_request_make(const char *wire, bool get, bool redirected, const struct form *params,
                       const char *auth_token, struct hook_request *out)
{
    *out = (struct hook_request){0};
    out->form = form_encode(params, &out->form_len);
    out->url =
        !get || (redirected && names_the_message(wire)) ? strdup(wire) : hook_url_add_query(wire, out->form);
    if (out->url == NULL || out->form == NULL)
        fatal("hook_request: out of memory");
    char *signed_url = signature_url(out->url);
    if (signed_url == NULL) {
        hook_request_fini(out);
        return false;
    }
    signature_make(auth_token, signed_url, get ? NULL : params, out->signature);
    free(signed_url);
    return true;
}

void hook_request_fini(struct hook_request *request)
{
    free(request->url);
    free(request->form);
    *request = (struct hook_request){0};
}
