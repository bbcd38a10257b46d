/* The database as a file: what is plainly wrong with it is said before SQLite opens it, which would take a
 * file that has lost all its bytes for a new one and throw its WAL away. The layout is SQLite's "Database
 * File Format", section 1.3. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/log.h"
#include "host/store/store_internal.h"

#define HEADER_LEN 100

static uint32_t big_endian(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool is_beside(const char *path, const char *suffix)
{
    char file[PATH_MAX];
    struct stat st;
    snprintf(file, sizeof file, "%s%s", path, suffix);
    return stat(file, &st) == 0 && st.st_size > 0;
}

/* With nothing in the WAL the file must be as long as its header says (offset 28, in pages of offset 16). */
static bool is_cut(const uint8_t *header, off_t size, const char *path)
{
    uint32_t page_size = (uint32_t)header[16] << 8 | header[17];
    if (page_size == 1)
        page_size = 65536;
    return !is_beside(path, "-wal") && size < (off_t)big_endian(header + 28) * page_size;
}

static int damaged(const char *path, const char *how, char error[256])
{
    snprintf(error, 256, "%s: %s", path, how);
    return -EUCLEAN;
}

/* A journal is there only when the power failed while the file was made: SQLite will begin it again. */
static int content_check(int fd, const char *path, char error[256])
{
    uint8_t header[HEADER_LEN] = {0};
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return damaged(path, "is no file", error);
    if (is_beside(path, "-journal"))
        return 0;
    ssize_t got = pread(fd, header, sizeof header, 0);
    if (got == 0)
        return is_beside(path, "-wal")
                   ? damaged(path, "is empty, but its WAL is not: restore it from a backup", error)
                   : 0;
    if (got < HEADER_LEN || memcmp(header, "SQLite format 3", 16) != 0)
        return damaged(path, "is no SQLite database", error);
    return is_cut(header, st.st_size, path) ? damaged(path, "is cut short: restore it from a backup", error)
                                            : 0;
}

int store_file_check(const char *path, char error[256])
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return !is_beside(path, "-wal") ? 0 : damaged(path, "is missing, but its WAL is there", error);
    if (fd < 0) {
        int status = -errno;
        snprintf(error, 256, "%s: cannot be opened for writing: %s", path, strerror(-status));
        return status;
    }
    int status = content_check(fd, path, error);
    close(fd);
    return status;
}

/* A file of its own: closing any descriptor of the database would drop SQLite's locks on it. */
int store_file_lock(struct store *store, char error[256])
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s.lock", store->path);
    store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (store->lock_fd < 0) {
        int status = -errno;
        snprintf(error, 256, "%s: its folder cannot be written: %s", store->path, strerror(-status));
        return status;
    }
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        snprintf(error, 256, "%s: another cellpostd runs on this data", store->path);
        return -EBUSY;
    }
    return 0;
}

/* ---- ballast: room that is there when the disk is full, so that outcomes can still land ---- */

bool store_ballast_make(struct store *store)
{
    if (store->ballast_bytes == 0)
        return true;
    int fd = open(store->ballast_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    int code = fd < 0 ? errno : posix_fallocate(fd, 0, (off_t)store->ballast_bytes);
    if (fd >= 0)
        close(fd);
    if (code == 0)
        return true;
    if (fd >= 0)
        unlink(store->ballast_path); /* what there was of it is of use to the database */
    if (store->state == STORE_OPEN)
        log_event(LOG_ERROR, "store.no_ballast", "bytes=%zu message=\"%s\"", store->ballast_bytes,
                  strerror(code));
    return false;
}

void store_ballast_release(struct store *store)
{
    if (store->ballast_bytes > 0 && unlink(store->ballast_path) == 0)
        log_event(LOG_WARN, "store.ballast_released", "bytes=%zu", store->ballast_bytes);
}
