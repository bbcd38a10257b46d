/* Parameters of small resources, by a table: each names a form key, how its value is checked, and the member
 * of the update that takes it. What the form does not name is left alone (NULL). */
#ifndef CELLPOST_FACADE_PARAM_H
#define CELLPOST_FACADE_PARAM_H

#include <stdbool.h>
#include <stddef.h>

#include "host/base/conf.h"
#include "host/base/form.h"
#include "host/facade/error.h"

#define PARAM_NAME_UNITS 64

/* True, or *refusal names the parameter. */
typedef bool param_check(const char *name, const char *value, struct refusal *);
param_check param_url;    /* empty, or absolute http(s): 21402; 21658 when too long */
param_check param_method; /* GET or POST: 21403 */
param_check param_name;   /* at most 64 characters (UTF-16 units): 20002 */
param_check param_flag;   /* true or false, case apart: 20001 */

struct param {
    const char *name;
    param_check *check;
    size_t member; /* of a const char *; with param_flag of a const bool * */
};
/* Members of *update that the form names are set: texts are lent by the form, flags are constants. False:
 * *refusal; so for a param_url that the configuration's hooks.url_allow does not hold: 21402. */
bool param_read(const struct form *, const struct param *, size_t count, const struct conf *, void *update,
                struct refusal *);

#endif
