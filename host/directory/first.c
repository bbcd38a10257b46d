/* What must be there before any row can be read: the key file, and in an empty database the first account.
 *
 * The credentials file is on disk before the account is: a crash between the two leaves a file that the next
 * start replaces, never an account whose token nobody was told. Refuses: accounts without their key file,
 * which it will not replace by a new one. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/clock.h"
#include "host/base/log.h"
#include "host/directory/directory_internal.h"

static int refuse(int status, char error[256], const char *path, const char *reason)
{
    snprintf(error, 256, "%s: %s", path, reason);
    return status;
}

static int sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = fd >= 0 && fsync(fd) == 0 ? 0 : -errno;
    if (fd >= 0)
        close(fd);
    return status;
}

static bool has_accounts(struct directory *directory)
{
    sqlite3_stmt *stmt = store_read_stmt(directory->store, Q_ACCOUNT_LIST);
    bool has = store_step(directory->store, stmt) != SQLITE_DONE;
    sqlite3_reset(stmt);
    return has;
}

/* systemd's credential, else the option, else the data folder's. */
static void key_path(const struct conf_daemon *conf, char path[PATH_MAX])
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (folder != NULL && snprintf(path, PATH_MAX, "%s/cellpost.key", folder) < PATH_MAX &&
        access(path, F_OK) == 0)
        return;
    if (conf->key_file[0] != '\0')
        snprintf(path, PATH_MAX, "%s", conf->key_file);
    else
        snprintf(path, PATH_MAX, "%s/key", conf->data_dir);
}

static int sync_folder_of(const char *file)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(file, '/');
    snprintf(folder, sizeof folder, "%.*s", slash != NULL && slash != file ? (int)(slash - file) : 1,
             slash != NULL ? file : ".");
    return sync_folder(folder);
}

static int key_open(struct directory *directory, const char *path, bool fresh, char error[256])
{
    bool is_made = fresh && access(path, F_OK) != 0;
    if (!fresh && access(path, F_OK) != 0)
        return refuse(-errno, error, path,
                      "the key of the auth tokens is missing: restore it with the database");
    int status = secret_key_load(path, &directory->key);
    if (status == -EINVAL)
        return refuse(status, error, path, "is no key: 64 hex digits");
    if (status == 0 && is_made)
        status = sync_folder_of(path);
    return status == 0 ? 0 : refuse(status, error, path, strerror(-status));
}

static int file_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    size_t len = strlen(text);
    ssize_t put = write(fd, text, len);
    int status = put < 0 ? -errno : (size_t)put < len ? -ENOSPC : 0;
    if (status == 0 && fsync(fd) != 0)
        status = -errno;
    close(fd);
    return status;
}

static int credentials_write(const char *data_dir, const char *sid, const char *token, char error[256])
{
    char path[PATH_MAX], part[PATH_MAX], text[128];
    snprintf(path, sizeof path, "%s/credentials", data_dir);
    snprintf(part, sizeof part, "%s/credentials.part", data_dir);
    snprintf(text, sizeof text, "account_sid = %s\nauth_token = %s\n", sid, token);
    unlink(part);
    int status = file_write(part, text);
    if (status == 0 && rename(part, path) != 0)
        status = -errno;
    if (status == 0)
        status = sync_folder(data_dir);
    return status == 0 ? 0 : refuse(status, error, path, strerror(-status));
}

static int account_first(struct directory *directory, const struct conf *conf, char error[256])
{
    char token[TOKEN_LEN + 1], text[SID_TEXT];
    struct sid sid;
    if (conf->daemon.account_sid[0] != '\0') {
        if (!sid_parse(conf->daemon.account_sid, "AC", &sid) || strlen(conf->daemon.auth_token) != TOKEN_LEN)
            return refuse(-EINVAL, error, "[daemon]",
                          "account_sid is AC and 32 hex digits, auth_token 32 hex digits");
        memcpy(token, conf->daemon.auth_token, sizeof token);
    } else {
        sid_new(&sid, clock_wall_ms());
        token_make(token);
    }
    sid_format(&sid, "AC", text);
    int status = credentials_write(conf->daemon.data_dir, text, token, error);
    if (status != 0)
        return status;
    struct store_change *change = account_change(directory, Q_ACCOUNT_INSERT, &sid, token, NULL, NULL);
    store_change_text(change, ":friendly_name", "Main");
    store_change_int(change, ":owner_id", 0);
    store_change_int(change, ":test", false);
    status = store_change_submit(change);
    if (status == 0)
        status = store_flush(directory->store);
    if (status != 0)
        return refuse(-ENOSPC, error, "database",
                      "the first account cannot be stored: the disk takes no more");
    log_event(LOG_INFO, "directory.first_account", "sid=%s file=%s/credentials", text, conf->daemon.data_dir);
    return 0;
}

/* A token that was rotated since stands; another account in the configuration is a mistake worth a word. */
static int account_agrees(struct directory *directory, const struct conf *conf, char error[256])
{
    struct sid sid;
    const struct account *account = NULL;
    if (conf->daemon.account_sid[0] == '\0')
        return 0;
    if (sid_parse(conf->daemon.account_sid, "AC", &sid))
        account = directory_account_by_sid(directory, &sid);
    if (account == NULL) {
        snprintf(error, 256,
                 "[daemon] account_sid: this database has other accounts and no %s; take the option out",
                 conf->daemon.account_sid);
        return -EINVAL;
    }
    if (!secret_equal(account->token, TOKEN_LEN, conf->daemon.auth_token, strlen(conf->daemon.auth_token)))
        log_event(LOG_WARN, "directory.token_differs", "sid=%s reason=\"the account's own token stands\"",
                  conf->daemon.account_sid);
    return 0;
}

int first_open(struct directory *directory, const struct conf *conf, char error[256])
{
    bool fresh = !has_accounts(directory);
    char path[PATH_MAX];
    key_path(&conf->daemon, path);
    int status = key_open(directory, path, fresh, error);
    if (status == 0 && fresh)
        status = account_first(directory, conf, error);
    if (status != 0)
        return status;
    status = rows_load(directory, TABLE_ACCOUNT);
    if (status == -EBADMSG)
        return refuse(status, error, path, "this key does not open the auth tokens: it is another's");
    if (status != 0)
        return refuse(status, error, "database", "the accounts cannot be read");
    return account_agrees(directory, conf, error);
}
