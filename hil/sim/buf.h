/* A growing byte buffer. Ends the process when memory is out: a simulator has nothing better to do then. */
#ifndef MODEMSIM_BUF_H
#define MODEMSIM_BUF_H

#include <stddef.h>

struct buf {
    char *data; /* always ended by a NUL that len does not count, once something was added */
    size_t len, cap;
};

void buf_add(struct buf *, const void *data, size_t len);
void buf_adds(struct buf *, const char *text);
void buf_addf(struct buf *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_add_hex(struct buf *, const unsigned char *data, size_t len);
void buf_add_json(struct buf *, const char *utf8); /* as a JSON string with its quotes */
void buf_take(struct buf *, size_t len);           /* removes len bytes from the front */
void buf_clear(struct buf *);
void buf_fini(struct buf *);
const char *buf_text(const struct buf *);

#endif
