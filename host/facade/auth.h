/* Who asks: HTTP Basic (RFC 7617) against the directory. Secrets are compared in constant time. */
#ifndef CELLPOST_FACADE_AUTH_H
#define CELLPOST_FACADE_AUTH_H

#include "host/directory/directory.h"
#include "host/facade/error.h"

#define AUTH_TEXT 128 /* of user or password, with NUL; longer ones are wrong */

/* "Basic base64(user:password)"; the password may hold ':'. False: malformed. Pure. */
bool auth_credentials(const char *authorization, char user[AUTH_TEXT], char password[AUTH_TEXT]);

/* Who asks. */
struct auth_who {
    const struct account *account;
    bool by_key; /* an API key: all of its account but tokens, keys and accounts */
};
/* Who the credentials, AC...:token or SK...:secret, stand for. False and *refusal: 20003 (absent or wrong),
 * 20005 (suspended), 20403 (closed). authorization NULL = no header. */
bool auth_admit(struct directory *, const char *authorization, struct auth_who *, struct refusal *);

/* The same refusals for an account that is not active; true when it is. */
bool auth_active(struct directory *, const struct account *, struct refusal *);

#endif
