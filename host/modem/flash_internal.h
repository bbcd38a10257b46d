/* Inside flash.c and flash_tool.c. */
#ifndef CELLPOST_MODEM_FLASH_INTERNAL_H
#define CELLPOST_MODEM_FLASH_INTERNAL_H

#include "firmware/image.h"
#include "host/modem/flash.h"
#include "host/modem/loader.h"
#include "host/modem/mcu_internal.h"

struct flash_start {
    unsigned seen; /* by the daemon */
    uint32_t boots;
    uint16_t version;
    uint8_t cause;
};

struct flash {
    struct mcu *mcu;
    struct flash_options o; /* type, loader, folder: own copies */
    struct image_header header;
    uint8_t *image;
    size_t len;
    uint32_t crc32;
    uint16_t old_version; /* 0: was not here */
    bool tested;
    uint32_t offset, best; /* expected next; the most that was ever taken */
    unsigned percent;      /* told last */
    struct flash_start start;
    struct timer again;
    void (*go)(struct flash *); /* what the timer does */
    int64_t deadline_ms;
    struct loader *loader;
    char path[4096]; /* the tool's file */
};

void flash_say(struct flash *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Ends it: everything is released, then done is called. error NULL: well. */
void flash_end(struct flash *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void flash_done(struct flash *);
void flash_later(struct flash *, void (*go)(struct flash *), int64_t delay_ms);
bool flash_is_late(const struct flash *);
void flash_deadline(struct flash *, int64_t ms); /* from now */

void flash_link_start(struct flash *);
void flash_tool_start(struct flash *);

#endif
