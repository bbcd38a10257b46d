/* What the resources of Verify v2 share. */
#ifndef CELLPOST_FACADE_VERIFY_COMMON_H
#define CELLPOST_FACADE_VERIFY_COMMON_H

#include "host/facade/api.h"
#include "host/facade/compose.h"
#include "host/verify/verify.h"

/* The service of this SID, of the call's account; else answers 404. */
bool verify_service_of(struct api_call *, const struct sid *, struct verify_service *);

/* A number as clients write it, into E.164. False: 400/60200. */
bool verify_number(const struct api_call *, const char *text, char out[NUMBER_MAX], struct refusal *);

/* verify_sender.c: the message that carries the code. */
struct verify_message {
    const struct verify_service *service;
    const char *to, *name, *locale, *app_hash, *tags;
};
/* As compose: with the text that holds this code. validity_ms: what is left of the verification. */
bool verify_compose(const struct api_call *, const struct verify_message *, const char *code,
                    int64_t validity_ms, struct composed *, struct refusal *);

#endif
