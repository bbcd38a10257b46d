/* See hook_breaker.h. */
#include "host/facade/hook_breaker.h"

const char *hook_breaker_text(enum breaker_state state)
{
    static const char *const words[] = {
        [BREAKER_CLOSED] = "closed", [BREAKER_OPEN] = "open", [BREAKER_PROBING] = "probing"};
    return words[state];
}

bool hook_breaker_admits(const struct hook_breaker *breaker, int64_t mono_ms)
{
    switch (breaker->state) {
    case BREAKER_CLOSED: return true;
    case BREAKER_OPEN: return mono_ms >= breaker->probe_ms;
    case BREAKER_PROBING: break;
    }
    return !breaker->probe_out;
}

bool hook_breaker_start(struct hook_breaker *breaker, int64_t mono_ms)
{
    if (breaker->state == BREAKER_CLOSED || !hook_breaker_admits(breaker, mono_ms))
        return false;
    if (breaker->state == BREAKER_OPEN)
        breaker->successes = 0;
    breaker->state = BREAKER_PROBING;
    breaker->probe_out = true;
    return true;
}

static void trip(struct hook_breaker *breaker, int64_t mono_ms)
{
    breaker->state = BREAKER_OPEN;
    breaker->successes = 0;
    breaker->probe_ms = mono_ms + BREAKER_REST_MS;
}

static bool end_probe(struct hook_breaker *breaker, enum breaker_verdict verdict, int64_t mono_ms)
{
    breaker->probe_out = false;
    if (verdict == BREAKER_DOWN) {
        breaker->failures++;
        trip(breaker, mono_ms);
        return true;
    }
    if (verdict == BREAKER_UNKNOWN || ++breaker->successes < BREAKER_SUCCESSES)
        return false;
    *breaker = (struct hook_breaker){0};
    return true;
}

bool hook_breaker_end(struct hook_breaker *breaker, bool probe, enum breaker_verdict verdict, int64_t mono_ms)
{
    if (breaker->state == BREAKER_PROBING && probe)
        return end_probe(breaker, verdict, mono_ms);
    if (breaker->state != BREAKER_CLOSED || verdict == BREAKER_UNKNOWN)
        return false;
    breaker->failures = verdict == BREAKER_UP ? 0 : breaker->failures + 1;
    if (breaker->failures < BREAKER_FAILURES)
        return false;
    trip(breaker, mono_ms);
    return true;
}
