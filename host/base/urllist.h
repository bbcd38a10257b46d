/* Which URLs may be called: an operator's list of patterns. Pure but for the heap.
 *
 * A pattern is the beginning of an http or https URL ("https://app.example/hooks/": same scheme, same host,
 * same port, and a path that begins so), or a host: "app.example", "*.app.example" (any name below it),
 * "10.0.0.5:8080" (that port only; without one: any). */
#ifndef CELLPOST_BASE_URLLIST_H
#define CELLPOST_BASE_URLLIST_H

#include <stdbool.h>

bool urllist_valid(const char *pattern);

/* True when the list is empty or one of its patterns fits. False for what is no http(s) URL. A path with dot
 * segments, plain or encoded, fits no pattern that has a path: a server may read it as another. */
bool urllist_allows(char *const *patterns, const char *url);

#endif
