/* See auth.h. The user name's first letters say which kind of credential it is; each kind is a row. */
#include "host/facade/auth.h"

#include <string.h>
#include <strings.h>

#include "host/base/secret.h"

bool auth_credentials(const char *authorization, char user[AUTH_TEXT], char password[AUTH_TEXT])
{
    char plain[2 * AUTH_TEXT];
    size_t len;
    if (strncasecmp(authorization, "Basic ", 6) != 0)
        return false;
    authorization += 6 + strspn(authorization + 6, " ");
    size_t encoded = strlen(authorization);
    if (encoded / 4 * 3 + 3 >= sizeof plain ||
        !base64_decode(authorization, encoded, plain, sizeof plain, &len))
        return false;
    const char *colon = memchr(plain, ':', len);
    if (colon == NULL || memchr(plain, '\0', len) != NULL)
        return false;
    size_t user_len = (size_t)(colon - plain), password_len = len - user_len - 1;
    if (user_len >= AUTH_TEXT || password_len >= AUTH_TEXT)
        return false;
    memcpy(user, plain, user_len);
    user[user_len] = '\0';
    memcpy(password, colon + 1, password_len);
    password[password_len] = '\0';
    return true;
}

/* An unknown account costs the same comparison as a known one. */
static const struct account *by_token(struct directory *directory, const char *user, const char *password)
{
    static const char NOBODY[33] = "--------------------------------";
    struct sid sid;
    const struct account *account =
        sid_parse(user, "AC", &sid) ? directory_account_by_sid(directory, &sid) : NULL;
    const char *token = account != NULL ? account->token : NOBODY;
    bool equal = secret_equal(password, strlen(password), token, strlen(token));
    return equal && account != NULL ? account : NULL;
}

static const struct {
    char prefix[3];
    const struct account *(*find)(struct directory *, const char *user, const char *password);
} KINDS[] = {
    {"AC", by_token},
};

static const struct account *find(struct directory *directory, const char *user, const char *password)
{
    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++)
        if (strncmp(user, KINDS[i].prefix, 2) == 0)
            return KINDS[i].find(directory, user, password);
    return NULL;
}

const struct account *auth_admit(struct directory *directory, const char *authorization,
                                 struct refusal *refusal)
{
    char user[AUTH_TEXT], password[AUTH_TEXT];
    const struct account *account = NULL;
    if (authorization == NULL) {
        refuse(refusal, 401, 20003, "Authentication Error - No credentials provided");
        return NULL;
    }
    if (auth_credentials(authorization, user, password))
        account = find(directory, user, password);
    if (account == NULL)
        refuse(refusal, 401, 20003, "Authenticate");
    else if (account->status == ACCOUNT_SUSPENDED)
        refuse(refusal, 401, 20005, "Account not active");
    else if (account->status == ACCOUNT_CLOSED)
        refuse(refusal, 403, 20403, "The account is closed.");
    else
        return account;
    return NULL;
}
