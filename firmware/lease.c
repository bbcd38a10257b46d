#include "firmware/lease.h"

#include "firmware/kept.h"
#include "firmware/log.h"
#include "firmware/sense.h"
#include "firmware/settings.h"
#include "firmware/talk.h"

static enum link_lease state;
static uint32_t since_ms;    /* of the state; while HELD: of the last heartbeat that counts */
static uint32_t progress_ms; /* when the turn last changed */
static uint32_t maintenance_ms;
static uint32_t hour_ms; /* when the hour began in which the host may be left alone */
static bool spent;       /* it has begun, and nothing has shown since that the host lives */
static struct link_heartbeat last;
static bool any; /* a heartbeat since the start */

static void change(enum link_lease to, uint32_t now_ms)
{
    since_ms = now_ms;
    if (state == to)
        return;
    state = to;
    board_pin(BOARD_HOST_CUT, 0, to == LINK_LEASE_CUTTING);
    since_ms = board_ms(); /* as in slot.c: a slow part has counted meanwhile */
    talk_raise(LINK_TYPE_LEASE_STATE, 0);
}

static bool watched(void)
{
    return (board_capabilities() & LINK_CAP_HOST_CUT) != 0 && setting(LINK_SETTING_LEASE_S) != 0;
}

void lease_start(void)
{
    since_ms = board_ms();
    any = spent = false;
    memset(&last, 0, sizeof last);
    state = LINK_LEASE_BOOT;
    if (kept->host_cycles >= setting(LINK_SETTING_HOST_CYCLES))
        state = LINK_LEASE_REST; /* the board's own reset must not begin the count anew */
    board_pin(BOARD_HOST_CUT, 0, false);
}

static void cut(uint32_t now_ms)
{
    if (sense_state() == LINK_SUPPLY_SHUT || sense_state() == LINK_SUPPLY_CUT)
        return; /* a host that is starved is not cured so; asked again at the next step */
    if (kept->host_cycles >= setting(LINK_SETTING_HOST_CYCLES)) {
        kept_count(&kept->counters.host_rests);
        log_put(LINK_LOG_HOST_REST, LOG_BOARD, kept->host_cycles);
        change(LINK_LEASE_REST, now_ms);
        return;
    }
    kept->host_cycles++;
    kept_count(&kept->counters.host_cuts);
    log_put(LINK_LOG_HOST_CUT, LOG_BOARD, kept->host_cycles);
    change(LINK_LEASE_CUTTING, now_ms);
}

static void after(uint32_t now_ms)
{
    if (state == LINK_LEASE_REST) {
        kept->host_cycles = 0;
        kept_close();
    }
    change(LINK_LEASE_BOOT, now_ms);
}

static uint32_t patience_ms(void)
{
    switch (state) {
    case LINK_LEASE_BOOT: return setting(LINK_SETTING_BOOT_S) * (uint32_t)1000;
    case LINK_LEASE_HELD: return setting(LINK_SETTING_LEASE_S) * (uint32_t)1000;
    case LINK_LEASE_MAINTENANCE: return maintenance_ms;
    case LINK_LEASE_CUTTING: return setting(LINK_SETTING_HOST_OFF_MS);
    case LINK_LEASE_REST: return LEASE_REST_S * (uint32_t)1000;
    case LINK_LEASE_WATCHLESS: break;
    }
    return 0;
}

void lease_step(uint32_t now_ms)
{
    if (!watched() && state != LINK_LEASE_CUTTING) {
        change(LINK_LEASE_WATCHLESS, state == LINK_LEASE_WATCHLESS ? since_ms : now_ms);
        return;
    }
    if (state == LINK_LEASE_WATCHLESS) {
        change(LINK_LEASE_BOOT, now_ms); /* which may have set since_ms after this turn's time */
        return;
    }
    if (now_ms - since_ms < patience_ms())
        return;
    if (state == LINK_LEASE_CUTTING || state == LINK_LEASE_REST || state == LINK_LEASE_MAINTENANCE)
        after(now_ms);
    else
        cut(now_ms);
}

void lease_heartbeat(const struct link_heartbeat *beat, uint32_t now_ms)
{
    if (!any || beat->turn != last.turn || beat->commit != last.commit) {
        progress_ms = now_ms;
        spent = false;
    }
    any = true;
    last = *beat;
    if (now_ms - progress_ms >= setting(LINK_SETTING_PROGRESS_S) * (uint32_t)1000)
        return; /* a timer beats, the loop behind it stands */
    if (state == LINK_LEASE_CUTTING || state == LINK_LEASE_MAINTENANCE)
        return;
    if (kept->host_cycles != 0) {
        kept->host_cycles = 0;
        kept_close();
    }
    if (state == LINK_LEASE_WATCHLESS)
        since_ms = now_ms;
    else
        change(LINK_LEASE_HELD, now_ms);
}

/* What is left of the hour, at most what is asked for. */
static uint16_t grant(uint16_t seconds, uint32_t now_ms)
{
    if (!spent) {
        spent = true;
        hour_ms = now_ms;
    }
    uint32_t passed_s = (now_ms - hour_ms) / 1000;
    if (passed_s >= LEASE_MAINTENANCE_S)
        return 0;
    uint16_t left_s = (uint16_t)(LEASE_MAINTENANCE_S - passed_s);
    return seconds < left_s ? seconds : left_s;
}

bool lease_maintenance(uint16_t *seconds, uint32_t now_ms)
{
    if (*seconds > LEASE_MAINTENANCE_S)
        return false;
    if (state == LINK_LEASE_CUTTING || state == LINK_LEASE_WATCHLESS)
        return true;
    if (*seconds == 0) {
        if (state == LINK_LEASE_MAINTENANCE)
            change(LINK_LEASE_BOOT, now_ms);
        return true;
    }
    *seconds = grant(*seconds, now_ms);
    if (*seconds != 0) {
        maintenance_ms = *seconds * (uint32_t)1000;
        change(LINK_LEASE_MAINTENANCE, now_ms);
    }
    return true;
}

enum link_lease lease_state(void)
{
    return state;
}

uint8_t lease_cycles(void)
{
    return kept->host_cycles;
}

uint32_t lease_commit(void)
{
    return last.commit;
}

bool lease_heard(void)
{
    return any;
}

bool lease_host_there(void)
{
    if (state == LINK_LEASE_WATCHLESS)
        return any && board_ms() - since_ms < 60000;
    return state == LINK_LEASE_HELD || state == LINK_LEASE_MAINTENANCE;
}
