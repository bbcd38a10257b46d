/* Test credentials: an account on which everything is validated as usual and nothing is stored, sent or
 * called back. What the answer depends on besides the request is chosen by magic numbers, the same as
 * Twilio's. */
#ifndef CELLPOST_FACADE_MAGIC_H
#define CELLPOST_FACADE_MAGIC_H

#include "host/facade/api.h"

/* What test credentials may ask; all else is 403/20008. */
bool magic_serves(api_handler *);

/* The numbers of a message that is otherwise in order, E.164; from may be NULL (a service). */
bool magic_message(const char *to, const char *from, struct refusal *);
bool magic_call(const char *to, const char *from, struct refusal *);
/* A number that is to be bought, by PhoneNumber or by AreaCode; then *number is what was got. */
bool magic_number(const struct form *, const char **number, struct refusal *);

#endif
