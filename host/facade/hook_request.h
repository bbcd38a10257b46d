/* What leaves for an application: URL, form and signature of one request. Pure but for the heap. */
#ifndef CELLPOST_FACADE_HOOK_REQUEST_H
#define CELLPOST_FACADE_HOOK_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "host/base/form.h"
#include "host/base/signature.h"

struct hook_request {
    char *url;  /* as it is requested: user info kept, the parameters of a GET in its query */
    char *form; /* the parameters encoded: the body of a POST */
    size_t form_len;
    char signature[SIGNATURE_LEN + 1];
};

/* wire: of hook_url_wire(). A GET whose URL has a parameter MessageSid already is not given it all once more
 * when it is the target of a redirect. False: wire is no URL; nothing to free then. */
bool hook_request_make(const char *wire, bool get, bool redirected, const struct form *params,
                       const char *auth_token, struct hook_request *);
void hook_request_fini(struct hook_request *);

#endif
