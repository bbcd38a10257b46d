/* Paths of the API and the templates they match, "/2010-04-01/Accounts/{AC}/Messages/{SM}". Pure. */
#ifndef CELLPOST_FACADE_PATH_H
#define CELLPOST_FACADE_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "host/base/sid.h"

#define PATH_MAX_LEN  512
#define PATH_SEGMENTS 8

struct path {
    char text[PATH_MAX_LEN];
    const char *segments[PATH_SEGMENTS]; /* percent-decoded; '+' stays '+' */
    size_t count;
};
/* Cuts at '/', after dropping ".json" at the end. False: malformed percent-encoding, an encoded NUL, too long
 * or too deep for any template. */
bool path_split(const char *path, struct path *);

struct path_ids {
    bool has_account;
    struct sid account; /* {AC} */
    struct sid sid;     /* the last of the others */
    struct sid owner;   /* the one before that */
    const char *text;   /* the last {*}, lent by the path; NULL = none */
};
/* "{XX}" stands for a SID that begins XX, "{SM}" also for MM, "{*}" for any one segment that is not empty. A
 * malformed SID does not match. Case counts, but not in a SID's hex digits. */
bool path_match(const struct path *, const char *template, struct path_ids *);

#endif
