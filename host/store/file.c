/* The database as a file: what is wrong with it is said before SQLite opens it, so that nothing is changed by
 * the attempt. The layout is SQLite's "Database File Format", section 1.3. */
#include <errno.h>
#include <fcntl.h>
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

static bool wal_is_empty(const char *path)
{
    char wal[4096];
    struct stat st;
    snprintf(wal, sizeof wal, "%s-wal", path);
    return stat(wal, &st) != 0 || st.st_size == 0;
}

/* With nothing in the WAL the file must be as long as its header says (offset 28, in pages of offset 16). */
static bool is_truncated(const uint8_t *header, off_t size, const char *path)
{
    uint32_t page_size = (uint32_t)header[16] << 8 | header[17];
    if (page_size == 1)
        page_size = 65536;
    return wal_is_empty(path) && size < (off_t)big_endian(header + 28) * page_size;
}

static int header_check(const uint8_t *header, off_t size, const char *path, char error[256])
{
    int newest = store_newest_version(), version = (int)big_endian(header + 60);
    if (memcmp(header, "SQLite format 3", 16) != 0)
        snprintf(error, 256, "%s: is no SQLite database", path);
    else if (big_endian(header + 68) != STORE_APPLICATION_ID)
        snprintf(error, 256, "%s: is a database of another program", path);
    else if (version > newest)
        snprintf(error, 256, "%s: was written by a newer Cellpost (schema %d, this one knows %d)", path,
                 version, newest);
    else if (is_truncated(header, size, path))
        snprintf(error, 256, "%s: is cut short: restore it from a backup", path);
    else
        return 0;
    return version > newest ? -EPROTONOSUPPORT : -EUCLEAN;
}

int store_file_check(const char *path, char error[256])
{
    uint8_t header[HEADER_LEN] = {0};
    struct stat st;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return 0; /* it will be made */
    if (fd < 0) {
        int status = -errno;
        snprintf(error, 256, "%s: %s", path, strerror(errno));
        return status;
    }
    ssize_t got = fstat(fd, &st) == 0 ? pread(fd, header, sizeof header, 0) : -1;
    close(fd);
    if (got == 0 && st.st_size == 0)
        return 0;
    /* A crash in the very first start leaves a file that only the WAL explains. */
    if (got > 0 && got < HEADER_LEN) {
        snprintf(error, 256, "%s: is no SQLite database", path);
        return -EUCLEAN;
    }
    return got == HEADER_LEN ? header_check(header, st.st_size, path, error) : -EIO;
}

int store_file_lock(struct store *store, char error[256])
{
    char path[4096];
    snprintf(path, sizeof path, "%s.lock", store->path);
    store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (store->lock_fd < 0) {
        int status = -errno;
        snprintf(error, 256, "%s: %s", path, strerror(errno));
        return status;
    }
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        snprintf(error, 256, "%s: another cellpostd runs on this data", store->path);
        return -EBUSY;
    }
    return 0;
}

/* ---- ballast: room that is there when the disk is full, so that outcomes can still land ---- */

void store_ballast_make(struct store *store)
{
    if (store->ballast_bytes == 0)
        return;
    int fd = open(store->ballast_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    if (posix_fallocate(fd, 0, (off_t)store->ballast_bytes) != 0) {
        log_event(LOG_WARN, "store.no_ballast", "bytes=%zu", store->ballast_bytes);
        unlink(store->ballast_path);
    }
    close(fd);
}

void store_ballast_release(struct store *store)
{
    if (store->ballast_bytes > 0 && unlink(store->ballast_path) == 0)
        log_event(LOG_WARN, "store.ballast_released", "bytes=%zu", store->ballast_bytes);
}
