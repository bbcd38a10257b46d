/* API keys. They are read from the database each time: a key that was deleted opens nothing from the commit
 * on, and there may be many. Its secret leaves this file once, when it is made; the rows have its SHA-256,
 * which is enough for 190 random bits.
 *
 * Refuses: names over 64 characters (-EINVAL), more than KEYS_MAX of an account (-ENOSPC). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/directory/directory_internal.h"

static bool key_read(sqlite3_stmt *stmt, struct api_key *key)
{
    if (sqlite3_column_bytes(stmt, 1) != (int)sizeof key->sid.b ||
        sqlite3_column_bytes(stmt, 4) != (int)sizeof key->secret)
        return false;
    key->id = sqlite3_column_int64(stmt, 0);
    memcpy(key->sid.b, sqlite3_column_blob(stmt, 1), sizeof key->sid.b);
    key->account_id = sqlite3_column_int64(stmt, 2);
    key->friendly_name = store_column_text(stmt, 3);
    memcpy(key->secret, sqlite3_column_blob(stmt, 4), sizeof key->secret);
    key->created_ms = sqlite3_column_int64(stmt, 5);
    key->updated_ms = sqlite3_column_int64(stmt, 6);
    return true;
}

int directory_key(struct directory *directory, int64_t account_id, const struct sid *sid, struct api_key *key)
{
    sqlite3_stmt *stmt = store_read_stmt(directory->store, Q_API_KEY_GET);
    store_bind_blob(stmt, ":sid", sid->b, sizeof sid->b);
    store_bind_int(stmt, ":account_id", account_id);
    bool found = store_step(directory->store, stmt) == SQLITE_ROW && key_read(stmt, key);
    sqlite3_reset(stmt);
    return found ? 0 : -ENOENT;
}

void api_key_fini(struct api_key *key)
{
    free(key->friendly_name);
    key->friendly_name = NULL;
}

void directory_keys(struct directory *directory, int64_t account_id, api_key_fn *fn, void *arg)
{
    sqlite3_stmt *stmt = store_read_stmt(directory->store, Q_API_KEY_LIST);
    store_bind_int(stmt, ":account_id", account_id);
    while (store_step(directory->store, stmt) == SQLITE_ROW) {
        struct api_key key;
        if (!key_read(stmt, &key))
            continue;
        fn(arg, &key);
        api_key_fini(&key);
    }
    sqlite3_reset(stmt);
}

/* ---- changes ---- */

/* Each character of the 62 is as likely as any other: octets beyond the last whole 62 are thrown away. */
static void secret_make(char secret[KEY_SECRET_LEN + 1])
{
    static const char CHARACTERS[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const size_t kinds = sizeof CHARACTERS - 1;
    for (size_t len = 0; len < KEY_SECRET_LEN;) {
        uint8_t octet;
        secret_random(&octet, 1);
        if (octet < 256 / kinds * kinds)
            secret[len++] = CHARACTERS[octet % kinds];
    }
    secret[KEY_SECRET_LEN] = '\0';
}

static struct store_change *key_change(struct directory *directory, enum query query, int64_t account_id,
                                       const struct sid *sid, directory_fn *fn, void *arg)
{
    struct store_change *change = change_new(directory, TABLE_NONE, query, fn, arg);
    store_change_blob(change, ":sid", sid->b, sizeof sid->b);
    store_change_int(change, ":account_id", account_id);
    return change;
}

int directory_key_create(struct directory *directory, int64_t account_id, const char *friendly_name,
                         struct sid *sid, char secret[KEY_SECRET_LEN + 1], directory_fn *fn, void *arg)
{
    uint8_t hash[32];
    if (!name_fits(friendly_name, 0))
        return -EINVAL;
    sid_new(sid, clock_wall_ms());
    secret_make(secret);
    secret_sha256(secret, KEY_SECRET_LEN, hash);
    struct store_change *change = key_change(directory, Q_API_KEY_INSERT, account_id, sid, fn, arg);
    store_change_text(change, ":friendly_name", friendly_name);
    store_change_blob(change, ":secret", hash, sizeof hash);
    store_change_int(change, ":now", clock_wall_ms());
    store_change_int(change, ":most", KEYS_MAX);
    store_change_none_means(change, -ENOSPC);
    store_change_submit(change);
    return 0;
}

int directory_key_rename(struct directory *directory, int64_t account_id, const struct sid *sid,
                         const char *friendly_name, directory_fn *fn, void *arg)
{
    if (!name_fits(friendly_name, 0))
        return -EINVAL;
    struct store_change *change = key_change(directory, Q_API_KEY_RENAME, account_id, sid, fn, arg);
    store_change_text(change, ":friendly_name", friendly_name);
    store_change_int(change, ":now", clock_wall_ms());
    store_change_submit(change);
    return 0;
}

void directory_key_delete(struct directory *directory, int64_t account_id, const struct sid *sid,
                          directory_fn *fn, void *arg)
{
    store_change_submit(key_change(directory, Q_API_KEY_DELETE, account_id, sid, fn, arg));
}
