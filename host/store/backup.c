/* Online backup by SQLite's backup API, a bounded number of pages a turn. Its source is the writer: what the
 * writer changes meanwhile SQLite carries over, where another connection's changes would make it begin again.
 *
 * The copy is checked and synced by a child process, for both take as long as the file is large. The file has
 * its name only when all of that was well; until then it is FILE.part, and goes on error. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/base/log.h"
#include "host/store/store_internal.h"

#define PAGES_A_STEP 256

struct store_backup_job {
    struct store *store;
    char *path, *part;
    sqlite3 *to;
    sqlite3_backup *copy;
    pid_t checker;
    int verdict_fd;
    struct event *verdict;
    void (*fn)(void *arg, int status, const char *error);
    void *arg;
};

/* What the child says; short enough for a pipe to take it whole. */
struct verdict {
    int status;
    char error[200];
};

/* ---- the end ---- */

static int sync_file(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    int status = fd >= 0 && fsync(fd) == 0 ? 0 : -errno;
    if (fd >= 0)
        close(fd);
    return status;
}

static int sync_folder_of(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash == NULL || slash == path ? 1 : (int)(slash - path),
             slash == NULL ? "." : path);
    return sync_file(folder, O_RDONLY | O_DIRECTORY);
}

static int publish(const struct store_backup_job *job)
{
    if (access(job->path, F_OK) == 0)
        return -EEXIST; /* meanwhile */
    return rename(job->part, job->path) == 0 ? sync_folder_of(job->path) : -errno;
}

static void copy_close(struct store_backup_job *job)
{
    sqlite3_backup_finish(job->copy);
    sqlite3_close(job->to);
    job->copy = NULL;
    job->to = NULL;
}

static void checker_end(struct store_backup_job *job)
{
    if (job->checker == 0)
        return;
    event_free(job->verdict);
    close(job->verdict_fd);
    kill(job->checker, SIGKILL); /* it has spoken, or is not wanted any more */
    while (waitpid(job->checker, NULL, 0) < 0 && errno == EINTR)
        ;
}

static void job_free(struct store_backup_job *job)
{
    copy_close(job);
    free(job->path);
    free(job->part);
    free(job);
}

static void job_end(struct store_backup_job *job, int status, const char *reason)
{
    char error[256] = "", part[PATH_MAX];
    copy_close(job);
    checker_end(job);
    if (status == 0 && (status = publish(job)) != 0)
        reason = strerror(-status);
    if (status != 0) {
        snprintf(error, sizeof error, "%s: %s", job->path, reason);
        unlink(job->part);
        snprintf(part, sizeof part, "%s-journal", job->part);
        unlink(part); /* of a checker that was killed */
    }
    log_event(status == 0 ? LOG_INFO : LOG_ERROR, "store.backup", "file=%s status=%d", job->path, status);
    job->store->backup = NULL;
    if (job->fn != NULL)
        job->fn(job->arg, status, error);
    job_free(job);
}

/* ---- the check, in the child ---- */

/* A plain file, not one in WAL mode: whoever reads it needs nothing beside it. */
static void check(const char *part, struct verdict *verdict)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_open_v2(part, &db, SQLITE_OPEN_READWRITE, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &stmt, NULL);
    bool said = code == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW;
    const char *text = said ? (const char *)sqlite3_column_text(stmt, 0) : sqlite3_errmsg(db);
    if (!said || strcmp(text, "ok") != 0) {
        verdict->status = said ? -EUCLEAN : -EIO;
        snprintf(verdict->error, sizeof verdict->error, "the copy is not sound: %s", text);
    }
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    if (verdict->status == 0 && (verdict->status = sync_file(part, O_RDWR)) != 0)
        snprintf(verdict->error, sizeof verdict->error, "cannot be synced: %s", strerror(-verdict->status));
}

/* The daemon's lock must not outlive it in a child, nor its signals be taken twice. */
static void checker_run(const struct store_backup_job *job, int verdict_fd)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
    struct verdict verdict = {0};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(job->store->lock_fd);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        signal(signals[i], SIG_DFL);
    check(job->part, &verdict);
    ssize_t put = write(verdict_fd, &verdict, sizeof verdict);
    _exit(put == sizeof verdict ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void on_verdict(evutil_socket_t fd, short what, void *arg)
{
    struct store_backup_job *job = arg;
    struct verdict verdict;
    (void)what;
    if (read((int)fd, &verdict, sizeof verdict) == sizeof verdict)
        job_end(job, verdict.status, verdict.error);
    else
        job_end(job, -EIO, "the check of the copy was cut off");
}

static int checker_start(struct store_backup_job *job)
{
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC) != 0)
        return -errno;
    pid_t pid = fork();
    if (pid == 0)
        checker_run(job, pipe_fds[1]);
    int status = pid < 0 ? -errno : 0;
    close(pipe_fds[1]);
    if (pid < 0) {
        close(pipe_fds[0]);
        return status;
    }
    job->checker = pid;
    job->verdict_fd = pipe_fds[0];
    job->verdict = event_new(loop_base(job->store->loop), pipe_fds[0], EV_READ, on_verdict, job);
    if (job->verdict == NULL || event_add(job->verdict, NULL) != 0)
        fatal("out of memory");
    return 0;
}

/* ---- the copy ---- */

bool store_backup_step(struct store *store)
{
    struct store_backup_job *job = store->backup;
    if (job == NULL || job->copy == NULL)
        return false;
    int code = sqlite3_backup_step(job->copy, PAGES_A_STEP);
    if (code == SQLITE_OK)
        return true;
    if (code != SQLITE_DONE) {
        job_end(job, store_errno(code), sqlite3_errstr(code));
        return false;
    }
    copy_close(job);
    int status = checker_start(job);
    if (status != 0)
        job_end(job, status, strerror(-status));
    return false;
}

void store_backup_abort(struct store *store)
{
    if (store->backup != NULL)
        job_end(store->backup, -ECANCELED, "the gateway stops");
}

static int job_open(struct store_backup_job *job)
{
    unlink(job->part); /* of a backup that was cut off */
    mode_t before = umask(0077);
    int code = sqlite3_open_v2(job->part, &job->to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    umask(before);
    if (code != SQLITE_OK)
        return sqlite3_system_errno(job->to) != 0 ? -sqlite3_system_errno(job->to) : -EIO;
    /* no journal, no sync: until it is complete it is worth nothing */
    sqlite3_exec(job->to, "PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF", NULL, NULL, NULL);
    job->copy = sqlite3_backup_init(job->to, "main", job->store->conn[CONN_WRITER], "main");
    return job->copy != NULL ? 0 : -EIO;
}

/* Only wakes the loop: the steps are taken at the end of its turns. */
static void on_begin(void *arg)
{
    (void)arg;
}

int store_backup(struct store *store, const char *path, void (*fn)(void *arg, int status, const char *error),
                 void *arg)
{
    if (store->backup != NULL)
        return -EBUSY;
    if (access(path, F_OK) == 0)
        return -EEXIST;
    struct store_backup_job *job = calloc(1, sizeof *job);
    if (job == NULL || (job->path = strdup(path)) == NULL || asprintf(&job->part, "%s.part", path) < 0)
        fatal("out of memory");
    job->store = store;
    job->fn = fn;
    job->arg = arg;
    int status = job_open(job);
    if (status != 0) {
        unlink(job->part);
        job_free(job);
        return status;
    }
    store->backup = job;
    loop_soon(store->loop, on_begin, store);
    return 0;
}
