/* What the files of /v1/Services share. */
#ifndef CELLPOST_FACADE_SERVICES_INTERNAL_H
#define CELLPOST_FACADE_SERVICES_INTERNAL_H

#include "host/facade/api.h"

#define SERVICES_ROOT "/v1/Services"

/* The account's live service of that SID; else NULL, and the call was answered: 404/20404. */
const struct service *services_find(struct api_call *, const struct sid *);
/* The same for a change: services of the configuration are refused too, 409/20409, and everything while the
 * disk takes no more, 503/20503. */
const struct service *services_find_own(struct api_call *, const struct sid *);

/* One sender more fits into the pool; else 21714. */
bool services_has_room(struct api_call *, const struct service *);
/* The parameter of the form that a request cannot do without; else NULL, and the call was answered:
 * 400/20001. */
const char *services_wanted(struct api_call *, const char *parameter);

struct listing;
/* A list below the service that the path names, which is there: "PhoneNumbers". */
void services_answer_list(struct api_call *, const struct listing *, const char *tail);
/* A list that is always empty. */
void services_list_none(struct api_call *, const char *tail, const char *key);

#endif
