#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boards/host/host.h"

static uint8_t *pages;

/* Mapped and shared: a write of the child is in the file whatever becomes of the child, as it would be in
 * EEPROM. */
bool nv_file_open(const char *path)
{
    struct stat st;
    uint8_t blank[HOST_NV_PAGE];
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || fstat(fd, &st) != 0)
        return false;
    memset(blank, 0xFF, sizeof blank);
    for (off_t at = st.st_size; at < 2 * HOST_NV_PAGE;) {
        size_t len = (size_t)(HOST_NV_PAGE - at % HOST_NV_PAGE);
        if (pwrite(fd, blank, len, at) != (ssize_t)len)
            return false;
        at += (off_t)len;
    }
    void *mapped = mmap(NULL, (size_t)2 * HOST_NV_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    pages = mapped != MAP_FAILED ? mapped : NULL;
    return pages != NULL;
}

uint16_t board_nv_page_len(void)
{
    return pages != NULL ? HOST_NV_PAGE : 0;
}

void board_nv_read(uint8_t page, uint16_t at, void *to, uint16_t len)
{
    memcpy(to, pages + page * HOST_NV_PAGE + at, len);
}

/* As EEPROM and flash do: ones become zeros, never the other way. */
bool board_nv_write(uint8_t page, uint16_t at, const void *from, uint16_t len)
{
    for (uint16_t i = 0; i < len; i++) {
        uint8_t *cell = pages + page * HOST_NV_PAGE + at + i;
        *cell = (uint8_t)(*cell & ((const uint8_t *)from)[i]);
    }
    return true;
}

bool board_nv_erase(uint8_t page)
{
    memset(pages + page * HOST_NV_PAGE, 0xFF, HOST_NV_PAGE);
    return true;
}
