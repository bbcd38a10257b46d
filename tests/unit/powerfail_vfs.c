#include "powerfail_vfs.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTOR 512

/* ---- what the disk holds for sure, and what it may hold ---- */

struct change {
    struct change *next;
    sqlite3_int64 offset;
    int len; /* -1: truncation to offset */
    uint8_t bytes[];
};

struct content {
    uint8_t *bytes;
    size_t len;
};

struct disk_file {
    struct disk_file *next;
    char *path;
    struct content synced;
    bool exists_synced, exists;
    struct change *changes, **changes_end;
};

struct handle {
    sqlite3_file base;
    struct disk_file *file;
    sqlite3_file *real;
    bool syncs_folder;
};

static sqlite3_vfs vfs, *real_vfs;
static struct {
    struct disk_file *files;
    long events, cut_at;
    bool cut, full, sync_fails;
    uint32_t random;
} disk;

static void *checked(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

static void content_apply(struct content *content, sqlite3_int64 offset, const uint8_t *bytes, int len)
{
    size_t end = (size_t)offset + (len > 0 ? (size_t)len : 0);
    if (end > content->len) {
        content->bytes = checked(realloc(content->bytes, end));
        memset(content->bytes + content->len, 0, end - content->len);
        content->len = end;
    }
    if (len < 0)
        content->len = (size_t)offset;
    else
        memcpy(content->bytes + offset, bytes, (size_t)len);
}

static void changes_drop(struct disk_file *file)
{
    while (file->changes != NULL) {
        struct change *change = file->changes;
        file->changes = change->next;
        free(change);
    }
    file->changes_end = &file->changes;
}

static void change_add(struct disk_file *file, sqlite3_int64 offset, const void *bytes, int len)
{
    struct change *change = checked(malloc(sizeof *change + (len > 0 ? (size_t)len : 0)));
    change->next = NULL;
    change->offset = offset;
    change->len = len;
    if (len > 0)
        memcpy(change->bytes, bytes, (size_t)len);
    *file->changes_end = change;
    file->changes_end = &change->next;
}

static void file_synced(struct disk_file *file)
{
    for (const struct change *change = file->changes; change != NULL; change = change->next)
        content_apply(&file->synced, change->offset, change->bytes, change->len);
    changes_drop(file);
}

/* Names are the folder's: which files there are is sure once it was synced. */
static void folder_synced(void)
{
    for (struct disk_file *file = disk.files; file != NULL; file = file->next)
        file->exists_synced = file->exists;
}

/* What was there before the test is taken for synced. */
static void file_load(struct disk_file *file)
{
    uint8_t block[4096];
    ssize_t got;
    int fd = open(file->path, O_RDONLY);
    if (fd < 0)
        return;
    while ((got = read(fd, block, sizeof block)) > 0)
        content_apply(&file->synced, (sqlite3_int64)file->synced.len, block, (int)got);
    close(fd);
    file->exists_synced = file->exists = true;
}

static struct disk_file *file_of(const char *path)
{
    struct disk_file *file = disk.files;
    while (file != NULL && strcmp(file->path, path) != 0)
        file = file->next;
    if (file != NULL)
        return file;
    file = checked(calloc(1, sizeof *file));
    file->path = checked(strdup(path));
    file->changes_end = &file->changes;
    file->next = disk.files;
    disk.files = file;
    file_load(file);
    return file;
}

/* True when the power is off from this event on. */
static bool event(void)
{
    disk.events++;
    if (disk.cut_at != 0 && disk.events >= disk.cut_at)
        disk.cut = true;
    return disk.cut;
}

/* ---- file methods ---- */

static sqlite3_file *real_of(sqlite3_file *base)
{
    return ((struct handle *)base)->real;
}

static int pf_close(sqlite3_file *base)
{
    return real_of(base)->pMethods->xClose(real_of(base));
}

static int pf_read(sqlite3_file *base, void *out, int len, sqlite3_int64 offset)
{
    return real_of(base)->pMethods->xRead(real_of(base), out, len, offset);
}

static int pf_file_size(sqlite3_file *base, sqlite3_int64 *size)
{
    return real_of(base)->pMethods->xFileSize(real_of(base), size);
}

static int pf_write(sqlite3_file *base, const void *bytes, int len, sqlite3_int64 offset)
{
    sqlite3_int64 size = 0;
    if (event())
        return SQLITE_IOERR_WRITE;
    if (disk.full && (pf_file_size(base, &size) != SQLITE_OK || offset + len > size))
        return SQLITE_FULL;
    change_add(((struct handle *)base)->file, offset, bytes, len);
    return real_of(base)->pMethods->xWrite(real_of(base), bytes, len, offset);
}

static int pf_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    if (event())
        return SQLITE_IOERR_TRUNCATE;
    change_add(((struct handle *)base)->file, size, NULL, -1);
    return real_of(base)->pMethods->xTruncate(real_of(base), size);
}

/* SQLite's own VFS syncs the folder with the first sync of a new journal or WAL. */
static int pf_sync(sqlite3_file *base, int flags)
{
    struct handle *handle = (struct handle *)base;
    (void)flags;
    if (event() || disk.sync_fails)
        return SQLITE_IOERR_FSYNC;
    file_synced(handle->file);
    if (handle->syncs_folder)
        folder_synced();
    handle->syncs_folder = false;
    return SQLITE_OK;
}

static int pf_lock(sqlite3_file *base, int level)
{
    return real_of(base)->pMethods->xLock(real_of(base), level);
}

static int pf_unlock(sqlite3_file *base, int level)
{
    return real_of(base)->pMethods->xUnlock(real_of(base), level);
}

static int pf_check_reserved(sqlite3_file *base, int *reserved)
{
    return real_of(base)->pMethods->xCheckReservedLock(real_of(base), reserved);
}

static int pf_control(sqlite3_file *base, int op, void *arg)
{
    return real_of(base)->pMethods->xFileControl(real_of(base), op, arg);
}

static int pf_sector_size(sqlite3_file *base)
{
    return real_of(base)->pMethods->xSectorSize(real_of(base));
}

static int pf_characteristics(sqlite3_file *base)
{
    return real_of(base)->pMethods->xDeviceCharacteristics(real_of(base));
}

static int pf_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **out)
{
    return real_of(base)->pMethods->xShmMap(real_of(base), region, size, extend, out);
}

static int pf_shm_lock(sqlite3_file *base, int offset, int n, int flags)
{
    return real_of(base)->pMethods->xShmLock(real_of(base), offset, n, flags);
}

static void pf_shm_barrier(sqlite3_file *base)
{
    real_of(base)->pMethods->xShmBarrier(real_of(base));
}

static int pf_shm_unmap(sqlite3_file *base, int remove)
{
    return real_of(base)->pMethods->xShmUnmap(real_of(base), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2, /* no memory-mapped reads and writes */
    .xClose = pf_close,
    .xRead = pf_read,
    .xWrite = pf_write,
    .xTruncate = pf_truncate,
    .xSync = pf_sync,
    .xFileSize = pf_file_size,
    .xLock = pf_lock,
    .xUnlock = pf_unlock,
    .xCheckReservedLock = pf_check_reserved,
    .xFileControl = pf_control,
    .xSectorSize = pf_sector_size,
    .xDeviceCharacteristics = pf_characteristics,
    .xShmMap = pf_shm_map,
    .xShmLock = pf_shm_lock,
    .xShmBarrier = pf_shm_barrier,
    .xShmUnmap = pf_shm_unmap,
};

/* ---- the VFS ---- */

static int pf_open(sqlite3_vfs *self, const char *path, sqlite3_file *base, int flags, int *out_flags)
{
    struct handle *handle = (struct handle *)base;
    (void)self;
    handle->base.pMethods = NULL;
    handle->real = (sqlite3_file *)(handle + 1);
    if (path == NULL) /* a temporary file of no consequence, without its name there is nothing to remember */
        return SQLITE_CANTOPEN;
    handle->file = file_of(path);
    if (disk.cut && !handle->file->exists)
        return SQLITE_CANTOPEN;
    handle->syncs_folder = !handle->file->exists && (flags & SQLITE_OPEN_MAIN_DB) == 0;
    int code = real_vfs->xOpen(real_vfs, path, handle->real, flags, out_flags);
    if (code != SQLITE_OK)
        return code;
    handle->file->exists = true;
    handle->base.pMethods = &methods;
    return SQLITE_OK;
}

static int pf_delete(sqlite3_vfs *self, const char *path, int sync_folder)
{
    struct disk_file *file = file_of(path);
    (void)self;
    if (event())
        return SQLITE_IOERR_DELETE;
    change_add(file, 0, NULL, -1);
    file->exists = false;
    if (sync_folder)
        folder_synced();
    return real_vfs->xDelete(real_vfs, path, 0);
}

void powerfail_init(void)
{
    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs;
    vfs.pNext = NULL;
    vfs.zName = POWERFAIL_VFS;
    vfs.szOsFile = (int)sizeof(struct handle) + real_vfs->szOsFile;
    vfs.xOpen = pf_open;
    vfs.xDelete = pf_delete;
    sqlite3_vfs_register(&vfs, 0);
    powerfail_reset();
}

/* ---- driving it ---- */

void powerfail_reset(void)
{
    while (disk.files != NULL) {
        struct disk_file *file = disk.files;
        disk.files = file->next;
        changes_drop(file);
        free(file->synced.bytes);
        free(file->path);
        free(file);
    }
    memset(&disk, 0, sizeof disk);
}

void powerfail_cut_at(long nth)
{
    disk.cut_at = nth > 0 ? disk.events + nth : 0;
}

long powerfail_events(void)
{
    return disk.events;
}

bool powerfail_is_cut(void)
{
    return disk.cut;
}

void powerfail_full(bool full)
{
    disk.full = full;
}

void powerfail_sync_fails(bool fails)
{
    disk.sync_fails = fails;
}

static bool survives(unsigned seed)
{
    disk.random = disk.random * 1664525u + 1013904223u;
    return seed == 1 || (seed > 1 && (disk.random >> 16 & 1) != 0);
}

static void change_survives(struct content *content, const struct change *change, unsigned seed)
{
    if (change->len < 0) {
        if (survives(seed))
            content_apply(content, change->offset, NULL, -1);
        return;
    }
    for (int at = 0; at < change->len; at += SECTOR)
        if (survives(seed))
            content_apply(content, change->offset + at, change->bytes + at,
                          change->len - at < SECTOR ? change->len - at : SECTOR);
}

static void file_return(struct disk_file *file, unsigned seed)
{
    for (const struct change *change = file->changes; change != NULL; change = change->next)
        change_survives(&file->synced, change, seed);
    bool exists = file->exists == file->exists_synced ? file->exists : survives(seed) == file->exists;
    unlink(file->path);
    if (!exists)
        return;
    int fd = open(file->path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0 || write(fd, file->synced.bytes, file->synced.len) != (ssize_t)file->synced.len)
        abort();
    close(fd);
}

void powerfail_return(unsigned seed)
{
    char shm[4096];
    disk.random = seed;
    for (struct disk_file *file = disk.files; file != NULL; file = file->next) {
        file_return(file, seed);
        snprintf(shm, sizeof shm, "%s-shm", file->path);
        unlink(shm);
    }
    powerfail_reset();
}
