#include "pmu.h"

#include <stddef.h>

static void count(struct pmu *p, enum pmu_counter c)
{
    p->ops->count(p->arg, c);
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static bool lives(const struct pmu *p)
{
    return p->state == PMU_BOOTING || p->state == PMU_ON || p->state == PMU_ENDING;
}

/* ---- supply ---- */

static int rail_now(const struct pmu *p)
{
    int mv = p->sag_end_ms != 0 ? p->sag_mv : p->rail_mv;
    if (p->burst_end_ms != 0)
        mv -= p->burst_drop_mv;
    return p->pins[PMU_VBAT] && mv > 0 ? mv : 0;
}

static int current_now(const struct pmu *p)
{
    if (!lives(p))
        return 0;
    return p->burst_end_ms != 0 ? p->row->burst_ma : p->row->idle_ma;
}

static void tell_supply(struct pmu *p)
{
    int mv = rail_now(p), ma = current_now(p);
    if (mv != p->told_mv)
        p->ops->rail(p->arg, mv);
    if (ma != p->told_ma)
        p->ops->current(p->arg, ma);
    p->told_mv = mv;
    p->told_ma = ma;
}

static void set_status(struct pmu *p, bool asserted)
{
    if (p->status == asserted)
        return;
    p->status = asserted;
    p->ops->status(p->arg, asserted);
}

void pmu_tell(struct pmu *p)
{
    p->ops->status(p->arg, p->status);
    p->ops->rail(p->arg, p->told_mv);
    p->ops->current(p->arg, p->told_ma);
}

/* ---- starts and ends ---- */

/* PWRKEY that is still held counts from now on, as where it is tied to ground. */
static void enter_off(struct pmu *p)
{
    p->state = PMU_OFF;
    p->off_ms = p->now_ms;
    p->burst_end_ms = 0;
    if (p->press == PMU_IGNORED)
        p->press = PMU_FRESH;
}

static void vanish(struct pmu *p)
{
    bool lived = lives(p);
    p->latched = p->latched || p->stuck == PMU_STUCK_POWER;
    p->stuck = PMU_FREE;
    enter_off(p);
    set_status(p, false);
    if (lived)
        p->ops->gone(p->arg);
}

static void start(struct pmu *p)
{
    p->state = PMU_BOOTING;
    p->start_ms = p->now_ms;
    p->self = p->said = false;
    if (p->pins[PMU_KEY])
        p->press = PMU_ACTED;
    p->ops->booting(p->arg);
}

static void begin_end(struct pmu *p, int ms)
{
    p->state = PMU_ENDING;
    p->end_ms = p->now_ms + (uint64_t)ms;
    p->said = false;
    p->ops->ending(p->arg);
}

/* PWRKEY or the supply asks for a start: what stands against it uses up the pulse. */
static bool may_start(struct pmu *p)
{
    bool low = rail_now(p) < p->row->min_mv, held = p->pins[PMU_RESET];
    if (low)
        count(p, PMU_COUNT_start_low);
    p->low = p->low || low;
    p->latched = p->latched || (held && p->row->reset_traps);
    return !low && !held && !p->latched;
}

static void try_self(struct pmu *p)
{
    p->self = false;
    if (!may_start(p))
        return;
    count(p, PMU_COUNT_start);
    start(p);
}

static void try_key(struct pmu *p)
{
    if (!may_start(p)) {
        p->press = PMU_IGNORED;
        return;
    }
    count(p, PMU_COUNT_start);
    count(p, PMU_COUNT_pulse_on);
    start(p);
}

/* The rail may have become too low, or good again. */
static void look_at_rail(struct pmu *p)
{
    bool low = rail_now(p) < p->row->min_mv;
    tell_supply(p);
    if (!p->pins[PMU_VBAT])
        return;
    if (low && (lives(p) || p->state == PMU_RESTING)) {
        count(p, PMU_COUNT_brown_out);
        p->low = true;
        p->press = p->pins[PMU_KEY] ? PMU_ACTED : p->press;
        vanish(p);
        tell_supply(p);
    } else if (!low && p->low) {
        p->low = false;
        p->self = p->row->kind == PMU_AUTO && p->state == PMU_OFF;
        p->self_ms = p->now_ms;
        if (p->row->kind == PMU_LEVEL)
            p->press = PMU_FRESH;
    }
}

/* ---- what is due ---- */

static uint64_t due_self(const struct pmu *p)
{
    bool held = p->pins[PMU_RESET]; /* it starts when RESET is let go */
    return p->state == PMU_OFF && p->self && !held ? p->self_ms + (uint64_t)p->row->rise_ms : PMU_NEVER;
}

static uint64_t due_key(const struct pmu *p)
{
    uint64_t heard = p->vbat_ms + (uint64_t)p->row->rise_ms;
    if (p->state != PMU_OFF || !p->pins[PMU_KEY] || p->press != PMU_FRESH || p->row->on_ms == 0)
        return PMU_NEVER;
    heard = later(heard, p->off_ms != 0 ? p->off_ms + (uint64_t)p->row->gap_ms : 0);
    return later(heard, p->key_ms) + (uint64_t)p->row->on_ms;
}

static uint64_t due_again(const struct pmu *p)
{
    bool held = p->state == PMU_ON && p->pins[PMU_KEY] && p->press == PMU_FRESH;
    return held && p->row->again_ms != 0 && p->stuck <= PMU_STUCK_KEY ? p->key_ms + (uint64_t)p->row->again_ms
                                                                      : PMU_NEVER;
}

static void fire_again(struct pmu *p)
{
    count(p, PMU_COUNT_pulse_again);
    vanish(p);
    start(p);
}

static uint64_t due_reset(const struct pmu *p)
{
    bool held = p->pins[PMU_RESET] && !p->acted && lives(p) && p->row->reset_ms != 0;
    return held && p->stuck <= PMU_STUCK_RESET ? p->reset_ms + (uint64_t)p->row->reset_ms : PMU_NEVER;
}

static void fire_reset(struct pmu *p)
{
    count(p, PMU_COUNT_pulse_reset);
    p->acted = true;
    vanish(p);
    p->state = PMU_RESTING;
}

static uint64_t due_status(const struct pmu *p)
{
    bool comes = (p->state == PMU_BOOTING || p->state == PMU_ON) && !p->status;
    return comes ? p->start_ms + (uint64_t)p->row->status_ms : PMU_NEVER;
}

static void fire_status(struct pmu *p)
{
    set_status(p, true);
}

static uint64_t due_ready(const struct pmu *p)
{
    return p->state == PMU_BOOTING ? p->start_ms + (uint64_t)p->row->ready_ms : PMU_NEVER;
}

static void fire_ready(struct pmu *p)
{
    p->state = PMU_ON;
    p->ready_ms = p->now_ms;
    p->ops->ready(p->arg);
}

/* Half way, so that a host can read it before the port goes. */
static uint64_t due_farewell(const struct pmu *p)
{
    return p->state == PMU_ENDING && !p->said ? p->end_ms - (uint64_t)p->row->down_ms / 2 : PMU_NEVER;
}

static void fire_farewell(struct pmu *p)
{
    p->said = true;
    p->ops->farewell(p->arg);
}

static uint64_t due_end(const struct pmu *p)
{
    return p->state == PMU_ENDING ? p->end_ms : PMU_NEVER;
}

static void fire_end(struct pmu *p)
{
    count(p, PMU_COUNT_off_clean);
    vanish(p);
    if (p->press == PMU_ACTED)
        p->press = PMU_FRESH;
}

static uint64_t due_sag_end(const struct pmu *p)
{
    return p->sag_end_ms != 0 ? p->sag_end_ms : PMU_NEVER;
}

static void fire_sag_end(struct pmu *p)
{
    p->sag_end_ms = 0;
}

static uint64_t due_burst_end(const struct pmu *p)
{
    return p->burst_end_ms != 0 ? p->burst_end_ms : PMU_NEVER;
}

static void fire_burst_end(struct pmu *p)
{
    p->burst_end_ms = 0;
}

static const struct {
    uint64_t (*due)(const struct pmu *);
    void (*fire)(struct pmu *);
} events[] = {
    {due_sag_end, fire_sag_end}, {due_burst_end, fire_burst_end}, {due_self, try_self},
    {due_key, try_key},          {due_again, fire_again},         {due_reset, fire_reset},
    {due_status, fire_status},   {due_ready, fire_ready},         {due_farewell, fire_farewell},
    {due_end, fire_end},
};

enum { EVENTS = sizeof events / sizeof events[0] };

static int soonest(const struct pmu *p, uint64_t *at)
{
    int found = -1;
    *at = PMU_NEVER;
    for (int i = 0; i < EVENTS; i++) {
        uint64_t due = events[i].due(p);
        if (due < *at) {
            *at = due;
            found = i;
        }
    }
    return found;
}

uint64_t pmu_due(const struct pmu *p)
{
    uint64_t at;
    soonest(p, &at);
    return at;
}

void pmu_run(struct pmu *p, uint64_t now_ms)
{
    uint64_t at;
    for (int i; (i = soonest(p, &at)) >= 0 && at <= now_ms;) {
        p->now_ms = later(p->now_ms, at);
        events[i].fire(p);
        look_at_rail(p);
    }
    p->now_ms = later(p->now_ms, now_ms);
}

/* After any change: what it does to the supply, and what needs no time at all. */
static void settle(struct pmu *p)
{
    look_at_rail(p);
    pmu_run(p, p->now_ms);
}

/* ---- pins ---- */

static void vbat_on(struct pmu *p)
{
    bool early = p->used && p->now_ms - p->cut_ms < (uint64_t)p->row->discharge_ms;
    count(p, PMU_COUNT_vbat_on);
    if (early)
        count(p, PMU_COUNT_cut_short);
    p->latched = early;
    p->used = true;
    p->low = false;
    p->state = PMU_OFF;
    p->vbat_ms = p->self_ms = p->now_ms;
    p->off_ms = 0;
    p->self = p->row->kind == PMU_AUTO;
    p->press = PMU_FRESH;
}

static void vbat_off(struct pmu *p)
{
    count(p, PMU_COUNT_vbat_cut);
    if (lives(p))
        count(p, PMU_COUNT_cut_running);
    vanish(p);
    p->cut_ms = p->now_ms;
    p->state = PMU_DEAD;
    p->self = false;
}

static void key_down(struct pmu *p)
{
    p->key_ms = p->now_ms;
    p->press = p->state == PMU_BOOTING || p->state == PMU_ENDING ? PMU_IGNORED : PMU_FRESH;
    if (p->state == PMU_ON)
        count(p, PMU_COUNT_pulse_running);
}

/* Letting PWRKEY go ends it. */
static bool ends(const struct pmu *p)
{
    if (p->stuck > PMU_STUCK_KEY)
        return false;
    if (p->row->kind == PMU_LEVEL)
        return p->state == PMU_ON || p->state == PMU_BOOTING;
    return p->state == PMU_ON && p->press == PMU_FRESH && p->row->off_ms != 0 &&
           p->key_width_ms >= (uint64_t)p->row->off_ms;
}

static void key_up(struct pmu *p)
{
    p->key_width_ms = p->now_ms - p->key_ms;
    if (ends(p)) {
        count(p, PMU_COUNT_pulse_off);
        begin_end(p, p->row->down_ms);
    } else if (p->press != PMU_ACTED) {
        count(p, PMU_COUNT_pulse_void);
    }
}

static void reset_up(struct pmu *p)
{
    p->reset_width_ms = p->now_ms - p->reset_ms;
    p->self_ms = later(p->self_ms, p->now_ms);
    if (p->state != PMU_RESTING) {
        if (!p->acted)
            count(p, PMU_COUNT_reset_void);
        return;
    }
    enter_off(p);
    if (!p->row->reset_ends)
        start(p);
}

void pmu_pin(struct pmu *p, enum pmu_pin pin, bool asserted, uint64_t now_ms)
{
    pmu_run(p, now_ms);
    if (p->pins[pin] == asserted)
        return;
    p->pins[pin] = asserted;
    if (pin == PMU_VBAT)
        asserted ? vbat_on(p) : vbat_off(p);
    else if (pin == PMU_KEY)
        asserted ? key_down(p) : key_up(p);
    else if (!asserted)
        reset_up(p);
    else {
        p->reset_ms = p->now_ms;
        p->acted = false;
    }
    settle(p);
}

/* ---- by itself ---- */

void pmu_init(struct pmu *p, const struct pmu_row *row, const struct pmu_ops *ops, void *arg)
{
    *p = (struct pmu){.row = row, .ops = ops, .arg = arg, .rail_mv = 3800};
}

bool pmu_end(struct pmu *p, bool urgent)
{
    if (p->state != PMU_ON)
        return false;
    count(p, PMU_COUNT_command_off);
    begin_end(p, urgent && p->row->down_ms > 1000 ? 1000 : p->row->down_ms);
    p->said = urgent;
    settle(p);
    return true;
}

void pmu_reboot(struct pmu *p)
{
    if (p->state != PMU_ON && p->state != PMU_BOOTING)
        return;
    p->stuck = PMU_FREE;
    start(p);
    settle(p);
}

void pmu_die(struct pmu *p)
{
    if (lives(p))
        vanish(p);
    settle(p);
}

void pmu_stick(struct pmu *p, enum pmu_stuck stuck)
{
    p->stuck = stuck;
    settle(p);
}

void pmu_burst(struct pmu *p)
{
    if (p->state != PMU_ON)
        return;
    p->burst_end_ms = p->now_ms + (uint64_t)p->row->burst_ms;
    settle(p);
}

void pmu_rail(struct pmu *p, int mv)
{
    p->rail_mv = mv;
    settle(p);
}

void pmu_sag(struct pmu *p, int mv, int ms)
{
    p->sag_mv = mv;
    p->sag_end_ms = p->now_ms + (uint64_t)ms;
    settle(p);
}
