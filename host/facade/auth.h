/* Who asks: HTTP Basic (RFC 7617) against the directory, in constant time. */
#ifndef CELLPOST_FACADE_AUTH_H
#define CELLPOST_FACADE_AUTH_H

#include "host/directory/directory.h"
#include "host/facade/error.h"

#define AUTH_TEXT 128 /* of user or password, with NUL; longer ones are wrong */

/* "Basic base64(user:password)"; the password may hold ':'. False: malformed. Pure. */
bool auth_credentials(const char *authorization, char user[AUTH_TEXT], char password[AUTH_TEXT]);

/* The account that the credentials stand for, or NULL and *refusal: 20003 (absent or wrong), 20005
 * (suspended), 20403 (closed). authorization NULL = no header. */
const struct account *auth_admit(struct directory *, const char *authorization, struct refusal *);

#endif
