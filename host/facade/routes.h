/* Every path and method that the API has: one table, one row each. Private to the API's engine (api.c). */
#ifndef CELLPOST_FACADE_ROUTES_H
#define CELLPOST_FACADE_ROUTES_H

#include "host/facade/api.h"

struct route {
    const char *method, *path; /* a template of path.h, without ".json" */
    api_handler *handler;
    bool json; /* its body is JSON, not a form */
};
extern const struct route routes[]; /* ended by a row without method */

#endif
