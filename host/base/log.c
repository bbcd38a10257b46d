#include "host/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/base/clock.h"

#define LOG_LINE_MAX 2048

static struct {
    enum log_level least;
    bool mask;
    int fd;
} state = {LOG_INFO, true, STDERR_FILENO};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void log_open(enum log_level least, bool mask_numbers, int fd)
{
    state.least = least;
    state.mask = mask_numbers;
    state.fd = fd;
}

bool log_enabled(enum log_level level)
{
    return level >= state.least;
}

/* Octets of the UTF-8 character at s, 0 when it is none or a control character. journald takes a line with
 * such octets for binary data, and a terminal obeys them. */
static size_t printable(const char *text, size_t len)
{
    const unsigned char *s = (const unsigned char *)text;
    static const uint32_t least[] = {0, 0xa0, 0x800, 0x10000}; /* C1 controls end at 0x9f */
    if (s[0] < 0x80)
        return s[0] >= 0x20 && s[0] != 0x7f;
    size_t more = (s[0] & 0xe0) == 0xc0 ? 1 : (s[0] & 0xf0) == 0xe0 ? 2 : (s[0] & 0xf8) == 0xf0 ? 3 : 0;
    if (more == 0 || more >= len)
        return 0;
    uint32_t point = s[0] & (0x3fu >> more);
    for (size_t i = 1; i <= more; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (s[i] & 0x3f);
    }
    bool none = point < least[more] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff);
    return none ? 0 : more + 1;
}

/* One write for one line, so that lines of parent and child never mix. A log that cannot be written must not
 * stop the gateway. */
static void log_write(enum log_level level, const char *event, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));
static void log_write(enum log_level level, const char *event, const char *fmt, va_list args)
{
    char line[LOG_LINE_MAX], at[25];
    int before = errno;
    clock_format(clock_wall_ms(), at);
    size_t len =
        (size_t)snprintf(line, sizeof line, "ts=%s level=%s event=%.64s ", at, level_names[level], event);
    int more = vsnprintf(line + len, sizeof line - len - 1, fmt, args);
    if (more > 0)
        len += (size_t)more < sizeof line - len - 1 ? (size_t)more : sizeof line - len - 2;
    for (size_t i = 0, step; i<len; i += step> 0 ? step : 1)
        if ((step = printable(line + i, len - i)) == 0)
            line[i] = '?';
    while (len > 0 && line[len - 1] == ' ')
        len--;
    line[len++] = '\n';
    (void)!write(state.fd, line, len);
    errno = before;
}

void log_event(enum log_level level, const char *event, const char *fmt, ...)
{
    va_list args;
    if (!log_enabled(level))
        return;
    va_start(args, fmt);
    log_write(level, event, fmt, args);
    va_end(args);
}

static bool quote_needed(const char *value, size_t len)
{
    for (size_t i = 0, step; i < len; i += step)
        if ((step = printable(value + i, len - i)) == 0 || strchr(" \"\\=", value[i]) != NULL)
            return true;
    return len == 0;
}

/* The text inside quotes of the character at value, *used octets long. Returns its length. */
static size_t quote_one(const char *value, size_t len, char out[5], size_t *used)
{
    *used = printable(value, len);
    if (*used > 1 || (*used == 1 && value[0] != '"' && value[0] != '\\')) {
        memcpy(out, value, *used);
        return *used;
    }
    *used = 1;
    if (value[0] == '"' || value[0] == '\\')
        return (size_t)snprintf(out, 5, "\\%c", value[0]);
    if (value[0] == '\n')
        return (size_t)snprintf(out, 5, "\\n");
    return (size_t)snprintf(out, 5, "\\x%02x", (unsigned char)value[0]);
}

const char *log_quote(const char *value, size_t len, char *out, size_t out_size)
{
    size_t at = 0;
    if (out_size < 3)
        fatal("log_quote: no room");
    if (!quote_needed(value, len) && len < out_size) {
        memcpy(out, value, len);
        out[len] = '\0';
        return out;
    }
    out[at++] = '"';
    for (size_t i = 0, used; i < len; i += used) {
        char piece[5];
        size_t piece_len = quote_one(value + i, len - i, piece, &used);
        if (at + piece_len + 2 > out_size)
            break;
        memcpy(out + at, piece, piece_len);
        at += piece_len;
    }
    out[at++] = '"';
    out[at] = '\0';
    return out;
}

const char *log_number(const char *number, char out[48])
{
    char text[48];
    size_t len = strnlen(number, sizeof text - 1);
    memcpy(text, number, len);
    /* Five characters tell country and network, two tell two apart. */
    for (size_t i = 5; state.mask && len > 7 && i < len - 2; i++)
        text[i] = '*';
    return log_quote(text, len, out, 48);
}

void fatal(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    log_write(LOG_ERROR, "fatal", fmt, args);
    va_end(args);
    abort();
}
