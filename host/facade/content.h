/* Content templates (HX...): rows of the API's own, and what a message makes of one. */
#ifndef CELLPOST_FACADE_CONTENT_H
#define CELLPOST_FACADE_CONTENT_H

#include <jansson.h>

#include "host/base/sid.h"
#include "host/facade/error.h"
#include "host/store/store.h"

#define CONTENTS_MAX       1000 /* of an account */
#define CONTENT_BODY_UNITS 1600
#define CONTENT_VARIABLES  100

struct content {
    int64_t id;
    struct sid sid;
    char *friendly_name; /* heap, NULL = none */
    char *language;      /* heap */
    json_t *variables, *types;
    int64_t created_ms;
};
/* A committed row of the account. 0, and content_fini after; -ENOENT. */
int content_find(struct store *, int64_t account_id, const struct sid *, struct content *);
void content_fini(struct content *);

/* An object of strings that may stand for variables: names as in a template, at most CONTENT_VARIABLES, no
 * empty value, none over CONTENT_BODY_UNITS, no newline, tab or more than four blanks in a row, which Twilio
 * refuses. False: why says what is wrong. */
bool content_variables_valid(json_t *, char why[160]);

/* The text of a message by template and values (ContentVariables, NULL = none). Heap; NULL: *refusal is 21655
 * or 21656. */
char *content_expand(struct store *, int64_t account_id, const char *content_sid, const char *values,
                     size_t *len, struct refusal *);

#endif
