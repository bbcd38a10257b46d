/* One key=value line per event, to stderr (journald adds the rest) or to a file in tests:
 *   ts=2026-11-21T06:28:00.123Z level=info event=message.sent sid=SM... line=ward to=+4179*****67
 * Numbers are masked unless the configuration says otherwise; bodies never above debug; secrets never.
 *
 * A line is UTF-8 without control characters, whatever was put into it ('?' stands for the rest), and at most
 * 2,047 octets long: no value can make a second line. That it cannot make a second key=value either is
 * log_quote's to see to. A line that cannot be written is lost, and errno is kept. */
#ifndef CELLPOST_BASE_LOG_H
#define CELLPOST_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_open(enum log_level least, bool mask_numbers, int fd);
bool log_enabled(enum log_level);

/* log_event(LOG_INFO, "modem.ready", "modem=%s signal_dbm=%d", name, dbm): values that may hold spaces,
 * quotes or control characters go through log_quote. */
void log_event(enum log_level, const char *event, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The value as it may stand in a line: itself, or quoted with escapes (\" \\ \n \x1b); cut to fit, never
 * within a character. Returns out. */
const char *log_quote(const char *value, size_t len, char *out, size_t out_size);

/* "+41791234567" -> "+4179*****67" when masking is on; up to seven characters are never masked. A sender may
 * be a name: quoted like any value. Returns out. */
const char *log_number(const char *number, char out[48]);

/* A broken invariant: logs and aborts. Nothing was said to anyone yet (law 1), so a restart is safe. */
void fatal(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
