/* What a person is told of a board: each thing once, to the log, to the watchers, and among the last few. A
 * board that comes and goes is told of MCU_UNREST_TOLD times; then one line sums up what is left out, after a
 * pause that grows, until the board has stayed as it is for MCU_CALM_MS. While its firmware is replaced all
 * is told: a person is at it. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/base/clock.h"
#include "host/modem/mcu_internal.h"

#define QUIET_MIN_MS (5 * 60000)
#define QUIET_MAX_MS (60 * 60000)

static void keep(struct mcu *mcu, const char *kind, const char *text)
{
    if (mcu->news_count == MCU_NEWS_KEPT) {
        memmove(&mcu->news[0], &mcu->news[1], (MCU_NEWS_KEPT - 1) * sizeof mcu->news[0]);
        mcu->news_count--;
    }
    struct mcu_news *news = &mcu->news[mcu->news_count++];
    news->at_ms = clock_wall_ms();
    snprintf(news->text, sizeof news->text, "%s: %.100s", kind, text);
}

static void put_log(const struct mcu *mcu, enum log_level level, const char *kind, const char *text)
{
    char quoted[600];
    log_event(level, "board", "board=%s kind=%s text=%s", mcu->name, kind,
              log_quote(text, strlen(text), quoted, sizeof quoted));
}

static void tell(struct mcu *mcu, enum log_level level, const char *kind, const char *text)
{
    put_log(mcu, level, kind, text);
    keep(mcu, kind, text);
    mcu->set->told(mcu->set->arg, mcu->name, kind, text);
}

bool mcu_is_unsteady(const struct mcu *mcu)
{
    return mcu->unrest > MCU_UNREST_TOLD;
}

static void sum_up(struct mcu *mcu, const char *kind, const char *text)
{
    char sum[300];
    int64_t now_ms = clock_mono_ms();
    snprintf(sum, sizeof sum,
             "lost or restarted %u times in %" PRId64 " minutes, %u lines left out since; last: %s, %s",
             mcu->unrest, (now_ms - mcu->unrest_since_ms) / 60000, mcu->left_out, kind, text);
    tell(mcu, LOG_WARN, "unsteady", sum);
    mcu->left_out = 0;
    mcu->quiet_until_ms = now_ms + mcu->quiet_ms;
    mcu->quiet_ms = mcu->quiet_ms * 2 < QUIET_MAX_MS ? mcu->quiet_ms * 2 : QUIET_MAX_MS;
}

void mcu_news(struct mcu *mcu, enum log_level level, const char *kind, const char *fmt, ...)
{
    char text[200];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (!mcu_is_unsteady(mcu) || mcu->flash != NULL) {
        tell(mcu, level, kind, text);
    } else if (clock_mono_ms() >= mcu->quiet_until_ms) {
        sum_up(mcu, kind, text);
    } else {
        mcu->left_out++;
        put_log(mcu, LOG_DEBUG, kind, text);
    }
}

void mcu_unrest(struct mcu *mcu)
{
    if (mcu->flash != NULL) {
        return; /* it is meant to start anew */
    }
    timer_set(&mcu->calm, MCU_CALM_MS);
    if (mcu->unrest++ == 0) {
        mcu->unrest_since_ms = mcu->quiet_until_ms = clock_mono_ms();
        mcu->quiet_ms = QUIET_MIN_MS;
        mcu->left_out = 0;
    }
}

static void on_calm(void *arg)
{
    struct mcu *mcu = arg;
    bool was_unsteady = mcu_is_unsteady(mcu);
    unsigned times = mcu->unrest;
    mcu->unrest = 0;
    if (!was_unsteady) {
        return;
    }
    if (mcu->state == MCU_HERE) {
        mcu->tries = 1; /* the next loss is a first one */
    }
    mcu_news(mcu, mcu->state == MCU_HERE ? LOG_INFO : LOG_WARN, "steady",
             "%s for %d minutes, was lost or restarted %u times, %u lines left out%s%s",
             mcu_state_text(mcu->state), MCU_CALM_MS / 60000, times, mcu->left_out,
             mcu->condition[0] != '\0' ? "; " : "", mcu->condition);
}

void mcu_news_init(struct mcu *mcu)
{
    timer_init(&mcu->calm, mcu->set->loop, on_calm, mcu);
}
