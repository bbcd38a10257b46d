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

/* The hash of what was given is compared with the one that is kept. */
static const struct account *by_key(struct directory *directory, const char *user, const char *password)
{
    struct api_key key = {0};
    struct sid sid;
    uint8_t hash[sizeof key.secret];
    bool found = sid_parse(user, "SK", &sid) && directory_key(directory, 0, &sid, &key) == 0;
    secret_sha256(password, strlen(password), hash);
    bool equal = secret_equal(hash, sizeof hash, key.secret, sizeof key.secret);
    api_key_fini(&key);
    return found && equal ? directory_account(directory, key.account_id) : NULL;
}

static const struct {
    char prefix[3];
    bool key;
    const struct account *(*find)(struct directory *, const char *user, const char *password);
} KINDS[] = {
    {"AC", false, by_token},
    {"SK", true, by_key},
};

static void find(struct directory *directory, const char *user, const char *password, struct auth_who *who)
{
    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++)
        if (strncmp(user, KINDS[i].prefix, 2) == 0)
            *who = (struct auth_who){KINDS[i].find(directory, user, password), KINDS[i].key};
}

bool auth_active(struct directory *directory, const struct account *account, struct refusal *refusal)
{
    switch (directory_account_standing(directory, account)) {
    case ACCOUNT_ACTIVE: return true;
    case ACCOUNT_SUSPENDED: return refuse(refusal, 401, 20005, "Account not active");
    case ACCOUNT_CLOSED: return refuse(refusal, 403, 20403, "The account is closed.");
    }
    return false;
}

bool auth_admit(struct directory *directory, const char *authorization, struct auth_who *who,
                struct refusal *refusal)
{
    char user[AUTH_TEXT], password[AUTH_TEXT];
    *who = (struct auth_who){0};
    if (authorization == NULL)
        return refuse(refusal, 401, 20003, "Authentication Error - No credentials provided");
    if (auth_credentials(authorization, user, password))
        find(directory, user, password, who);
    return who->account != NULL ? auth_active(directory, who->account, refusal)
                                : refuse(refusal, 401, 20003, "Authenticate");
}
