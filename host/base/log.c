#include "host/base/log.h"

#include <stdarg.h>
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

/* One write for one line, so that lines of parent and child never mix. A log that cannot be written must not
 * stop the gateway. */
static void log_write(enum log_level level, const char *event, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));
static void log_write(enum log_level level, const char *event, const char *fmt, va_list args)
{
    char line[LOG_LINE_MAX], at[25];
    clock_format(clock_wall_ms(), at);
    size_t len =
        (size_t)snprintf(line, sizeof line, "ts=%s level=%s event=%s ", at, level_names[level], event);
    int more = vsnprintf(line + len, sizeof line - len - 1, fmt, args);
    if (more > 0)
        len += (size_t)more < sizeof line - len - 1 ? (size_t)more : sizeof line - len - 2;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)line[i] < 0x20)
            line[i] = ' ';
    while (len > 0 && line[len - 1] == ' ')
        len--;
    line[len++] = '\n';
    (void)!write(state.fd, line, len);
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
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)value[i] <= 0x20 || value[i] == '"' || value[i] == '\\' || value[i] == '=')
            return true;
    return len == 0;
}

/* The text of one octet inside quotes. Returns its length. */
static size_t quote_octet(unsigned char c, char out[5])
{
    if (c == '"' || c == '\\')
        return (size_t)snprintf(out, 5, "\\%c", c);
    if (c == '\n')
        return (size_t)snprintf(out, 5, "\\n");
    if (c < 0x20 || c == 0x7f)
        return (size_t)snprintf(out, 5, "\\x%02x", c);
    out[0] = (char)c;
    return 1;
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
    for (size_t i = 0; i < len; i++) {
        char piece[5];
        size_t piece_len = quote_octet((unsigned char)value[i], piece);
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
    size_t len = strnlen(number, 47);
    memcpy(out, number, len);
    out[len] = '\0';
    /* Five characters tell country and network, two tell two apart. */
    for (size_t i = 5; state.mask && len > 7 && i < len - 2; i++)
        out[i] = '*';
    return out;
}

void fatal(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    log_write(LOG_ERROR, "fatal", fmt, args);
    va_end(args);
    abort();
}
