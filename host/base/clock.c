#include "host/base/clock.h"

#include <stdio.h>
#include <time.h>

/* 2026-01-01T00:00:00Z: no build of this program is older. */
#define CLOCK_EPOCH_MS 1767225600000

#define FORMAT_FIRST_MS (-62167219200000) /* 0000-01-01T00:00:00.000Z */
#define FORMAT_LAST_MS  253402300799999   /* 9999-12-31T23:59:59.999Z */

static struct {
    bool fake;
    int64_t wall_ms, mono_ms; /* of the fake clock */
    int64_t skew_ms;          /* of the running one */
} state;

static int64_t read_us(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_wall_ms(void)
{
    return state.fake ? state.wall_ms : read_us(CLOCK_REALTIME) / 1000 + state.skew_ms;
}

int64_t clock_mono_ms(void)
{
    return state.fake ? state.mono_ms : read_us(CLOCK_MONOTONIC) / 1000 + state.skew_ms;
}

int64_t clock_mono_us(void)
{
    return state.fake ? state.mono_ms * 1000 : read_us(CLOCK_MONOTONIC) + state.skew_ms * 1000;
}

void clock_fake(int64_t wall_ms, int64_t mono_ms)
{
    state.fake = true;
    state.wall_ms = wall_ms;
    state.mono_ms = mono_ms;
}

void clock_advance(int64_t ms)
{
    if (ms <= 0)
        return;
    if (state.fake) {
        state.wall_ms += ms;
        state.mono_ms += ms;
    } else {
        state.skew_ms += ms;
    }
}

void clock_real(void)
{
    state.fake = false;
    state.skew_ms = 0;
}

bool clock_trusted(void)
{
    return clock_wall_ms() >= CLOCK_EPOCH_MS;
}

void clock_format(int64_t wall_ms, char out[25])
{
    struct tm tm = {0};
    char text[64]; /* as much as six ints may take, for the compiler's peace */
    wall_ms = wall_ms < FORMAT_FIRST_MS  ? FORMAT_FIRST_MS
              : wall_ms > FORMAT_LAST_MS ? FORMAT_LAST_MS
                                         : wall_ms;
    int ms = (int)((wall_ms % 1000 + 1000) % 1000); /* before 1970 too */
    time_t seconds = (time_t)((wall_ms - ms) / 1000);
    gmtime_r(&seconds, &tm);
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1,
             tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, ms);
    snprintf(out, 25, "%.24s", text);
}
