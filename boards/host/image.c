#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boards/host/host.h"
#include "firmware/image.h"

enum mark { NONE = 'n', MARKED = 'm', TESTING = 't' };

static const char *folder;
static int beside = -1;

/* ---- files ---- */

static int open_in(const char *dir, const char *name, int flags)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path)
        return -1;
    return open(path, flags | O_CLOEXEC, 0600);
}

static enum mark read_mark(const char *dir)
{
    uint8_t octet = NONE;
    int fd = open_in(dir, "mark", O_RDONLY);
    if (fd >= 0) {
        (void)!read(fd, &octet, 1);
        close(fd);
    }
    return octet == MARKED || octet == TESTING ? (enum mark)octet : NONE;
}

static bool write_mark(const char *dir, enum mark mark)
{
    const uint8_t octet = (uint8_t)mark;
    int fd = open_in(dir, "mark", O_WRONLY | O_CREAT);
    if (fd < 0)
        return false;
    bool good = pwrite(fd, &octet, 1, 0) == 1;
    return close(fd) == 0 && good;
}

/* ---- the boot stage ---- */

_Noreturn void image_leave(char **argv)
{
    host->boot.chosen = false;
    fexecve(host->boot.program, argv, environ);
    _exit(1);
}

bool image_open(void)
{
    host->boot.size = sizeof *host;
    host->boot.program = open("/proc/self/exe", O_RDONLY);
    return host->boot.program >= 0;
}

bool image_fits(char **argv)
{
    if (host->boot.size != sizeof *host)
        image_leave(argv);
    return true;
}

/* The program in memory, where it can be executed; -1: the file is no whole image for this board. */
static int program_of(const char *name, const uint8_t *file, size_t len)
{
    struct image_header header;
    if (image_check(&header, file, len, board_name()) != IMAGE_GOOD)
        return -1;
    int program = memfd_create(name, MFD_CLOEXEC);
    if (program >= 0 && write(program, file + header.begin, header.size) == (ssize_t)header.size)
        return program;
    if (program >= 0)
        close(program);
    return -1;
}

static int load(const char *dir, const char *name)
{
    struct stat st;
    int program = -1, fd = open_in(dir, name, O_RDONLY);
    if (fd < 0)
        return -1;
    size_t len = fstat(fd, &st) == 0 && st.st_size <= IMAGE_MAX ? (size_t)st.st_size : 0;
    uint8_t *file = len > 0 ? mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    if (file != MAP_FAILED) {
        program = program_of(name, file, len);
        munmap(file, len);
    }
    close(fd);
    return program;
}

/* Returns where it could not. */
static void run(const char *dir, const char *name, char **argv)
{
    int program = load(dir, name);
    if (program < 0)
        return;
    host->boot.chosen = true;
    fexecve(program, argv, environ);
    host->boot.chosen = false;
    close(program);
}

void image_boot(const char *dir, char **argv)
{
    enum mark mark = dir != NULL ? read_mark(dir) : NONE;
    if (mark == MARKED && write_mark(dir, TESTING)) {
        host->cause = LINK_CAUSE_UPDATE;
        run(dir, "beside", argv);
    }
    if (host->cause == LINK_CAUSE_UPDATE)
        host->cause = LINK_CAUSE_WATCHDOG; /* it did not come up */
    if (mark != NONE)
        (void)write_mark(dir, NONE);
    if (dir != NULL)
        run(dir, "kept", argv);
    host->boot.chosen = true;
}

/* ---- board.h ---- */

void image_use(const char *dir)
{
    folder = dir;
}

bool board_image_begin(uint32_t size)
{
    if (beside >= 0)
        close(beside);
    beside = size <= IMAGE_MAX ? open_in(folder, "beside", O_RDWR | O_CREAT | O_TRUNC) : -1;
    return beside >= 0;
}

bool board_image_write(uint32_t offset, const uint8_t *octets, uint8_t len)
{
    return pwrite(beside, octets, len, offset) == len;
}

bool board_image_read(uint32_t offset, uint8_t *octets, uint8_t len)
{
    return pread(beside, octets, len, offset) == len;
}

bool board_image_test(void)
{
    return write_mark(folder, MARKED);
}

/* The name is what counts: a kill before the mark is gone leaves nothing beside, and the kept one runs. */
bool board_image_confirm(void)
{
    char from[4096], to[4096];
    return snprintf(from, sizeof from, "%s/beside", folder) < (int)sizeof from &&
           snprintf(to, sizeof to, "%s/kept", folder) < (int)sizeof to && rename(from, to) == 0 &&
           (write_mark(folder, NONE), true);
}

bool board_image_revert(void)
{
    return write_mark(folder, NONE);
}
