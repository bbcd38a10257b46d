/* X-Twilio-Signature (facade documents: "Validating Signatures from Twilio"). Pure but for the heap. */
#ifndef CELLPOST_BASE_SIGNATURE_H
#define CELLPOST_BASE_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>

#include "host/base/form.h"

#define SIGNATURE_LEN 28

/* base64(HMAC-SHA1(token, url + for each key in byte order: key + value)). params NULL for GET. Values of a
 * repeated key are sorted and de-duplicated. url is signed as given: see signature_url. */
void signature_make(const char *token, const char *url, const struct form *params,
                    char out[SIGNATURE_LEN + 1]);

/* What Twilio signs of a configured URL: without fragment, without user info; an https URL loses its port, an
 * http one keeps it; the rest as url_print() puts it on the wire. Heap; NULL when url_split() refuses it. */
char *signature_url(const char *configured);

/* Accepts any port form, as the SDK validators do. Constant-time compare. */
bool signature_check(const char *token, const char *url, const struct form *params, const char *signature);

#endif
