/* Online backup by SQLite's backup API, a bounded number of pages a turn. Its source is the writer: what the
 * writer changes meanwhile is carried over by SQLite, where another connection's changes would make it begin
 * again. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/log.h"
#include "host/store/store_internal.h"

#define PAGES_A_STEP 256

struct store_backup_job {
    char *path, *part;
    sqlite3 *to;
    sqlite3_backup *backup;
    void (*fn)(void *arg, int status, const char *error);
    void *arg;
};

static void job_free(struct store_backup_job *job)
{
    sqlite3_backup_finish(job->backup);
    sqlite3_close(job->to);
    free(job->path);
    free(job->part);
    free(job);
}

static int sync_file(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    int status = fd >= 0 && fsync(fd) == 0 ? 0 : -errno;
    if (fd >= 0)
        close(fd);
    return status;
}

static int sync_folder(const char *path)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash != NULL && slash > path ? (int)(slash - path) : 1,
             slash != NULL ? path : ".");
    return sync_file(folder, O_RDONLY | O_DIRECTORY);
}

/* link, not rename: a file that has come to stand at the target meanwhile is not overwritten. */
static int job_publish(struct store_backup_job *job)
{
    int status = sync_file(job->part, O_RDWR);
    if (status == 0 && link(job->part, job->path) != 0)
        status = -errno;
    unlink(job->part);
    return status != 0 ? status : sync_folder(job->path);
}

static void job_end(struct store *store, int code)
{
    struct store_backup_job *job = store->backup;
    char error[256] = "";
    int status = store_errno(code);
    store->backup = NULL;
    if (status != 0)
        snprintf(error, sizeof error, "%s: %s", job->path, sqlite3_errstr(code));
    sqlite3_backup_finish(job->backup);
    sqlite3_close(job->to);
    job->backup = NULL;
    job->to = NULL;
    if (status != 0)
        unlink(job->part);
    else if ((status = job_publish(job)) != 0)
        snprintf(error, sizeof error, "%s: %s", job->path, strerror(-status));
    log_event(status == 0 ? LOG_INFO : LOG_ERROR, "store.backup", "file=%s status=%d", job->path, status);
    if (job->fn != NULL)
        job->fn(job->arg, status, error);
    job_free(job);
}

bool store_backup_step(struct store *store)
{
    if (store->backup == NULL)
        return false;
    int code = sqlite3_backup_step(store->backup->backup, PAGES_A_STEP);
    if (code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED)
        return true;
    job_end(store, code == SQLITE_DONE ? SQLITE_OK : code);
    return false;
}

void store_backup_abort(struct store *store)
{
    if (store->backup != NULL)
        job_end(store, SQLITE_ABORT);
}

/* Only wakes the loop: the steps are taken at the end of its turns. */
static void on_begin(void *arg)
{
    (void)arg;
}

int store_backup(struct store *store, const char *path, void (*fn)(void *arg, int status, const char *error),
                 void *arg)
{
    struct stat st;
    if (store->backup != NULL)
        return -EBUSY;
    if (stat(path, &st) == 0)
        return -EEXIST;
    struct store_backup_job *job = calloc(1, sizeof *job);
    if (job == NULL || (job->path = strdup(path)) == NULL || asprintf(&job->part, "%s.part", path) < 0)
        fatal("out of memory");
    unlink(job->part); /* of a backup that was cut off */
    mode_t before = umask(0077);
    int code = sqlite3_open_v2(job->part, &job->to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    umask(before);
    if (code == SQLITE_OK)
        code =
            sqlite3_exec(job->to, "PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF;", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        job->backup = sqlite3_backup_init(job->to, "main", store->conn[CONN_WRITER], "main");
    if (job->backup == NULL) {
        unlink(job->part);
        job_free(job);
        return code == SQLITE_CANTOPEN ? -ENOENT : -EIO;
    }
    job->fn = fn;
    job->arg = arg;
    store->backup = job;
    loop_soon(store->loop, on_begin, store);
    return 0;
}
