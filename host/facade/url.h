/* Is this a URL that may be called back? Pure. */
#ifndef CELLPOST_FACADE_URL_H
#define CELLPOST_FACADE_URL_H

#include <stdbool.h>

#define URL_MAX 2048 /* bytes; Twilio refuses longer ones with 21658 */

/* Absolute http or https, a host without '_', no white space or control character, a port of 1..65535 if any.
 * Other ports, private addresses and names that do not resolve are no matter of form. */
bool url_valid(const char *text);

#endif
