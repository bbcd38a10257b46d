#include "pins.h"

#include <inttypes.h>

#include "board.h"
#include "journal.h"
#include "modem.h"

/* ---- what the pmu makes of the pins ---- */

static void on_booting(void *arg)
{
    struct modem *m = arg;
    m->power = POWER_BOOTING;
}

static void on_ready(void *arg)
{
    modem_booted(arg);
}

static void on_ending(void *arg)
{
    modem_ending(arg);
}

static void on_farewell(void *arg)
{
    struct modem *m = arg;
    if (m->pmu.row->farewell[0] != '\0')
        at_urc(m, "%s", m->pmu.row->farewell);
}

static void on_gone(void *arg)
{
    struct modem *m = arg;
    journal_event(m, "gone", "");
    modem_off(m);
}

static void say_slot(struct modem *m, const char *word, int value)
{
    if (m->board != NULL && m->set.slot > 0)
        board_say(m->board, "%s%d %d", word, m->set.slot, value);
    else if (m->board != NULL)
        board_say(m->board, "%s %d", word, value);
}

static void on_status(void *arg, bool asserted)
{
    say_slot(arg, "STATUS", asserted);
}

static void on_rail(void *arg, int mv)
{
    struct modem *m = arg;
    say_slot(m, "RAIL", mv);
    if (m->set.supply && m->board != NULL && m->pmu.pins[PMU_VBAT])
        board_say(m->board, "ADC0 %d", mv);
}

static void on_current(void *arg, int ma)
{
    say_slot(arg, "CURRENT", ma);
}

static void on_count(void *arg, enum pmu_counter c)
{
    modem_count(arg, (enum counter)(COUNT_vbat_on + (int)c));
}

static const struct pmu_ops ops = {.booting = on_booting,
                                   .ready = on_ready,
                                   .ending = on_ending,
                                   .farewell = on_farewell,
                                   .gone = on_gone,
                                   .status = on_status,
                                   .rail = on_rail,
                                   .current = on_current,
                                   .count = on_count};

/* ---- life ---- */

static const struct pmu_row *row_of(const struct modem *m)
{
    const char *name = m->set.power[0] != '\0' ? m->set.power : m->profile->power;
    return pmu_row_find(name != NULL ? name : "generic");
}

void pins_init(struct modem *m)
{
    pmu_init(&m->pmu, row_of(m), &ops, m);
}

bool pins_has(const struct modem *m)
{
    return m->board != NULL;
}

void pins_join(struct modem *m)
{
    m->board = board_join(m);
    pins_supply(m);
}

void pins_leave(struct modem *m)
{
    board_leave(m);
}

/* ---- what the modem does by itself ---- */

void pins_reboot(struct modem *m)
{
    board_run(m->board);
    modem_stop(m);
    pmu_reboot(&m->pmu);
    board_changed(m->board);
}

void pins_die(struct modem *m)
{
    board_run(m->board);
    pmu_die(&m->pmu);
    board_changed(m->board);
}

void pins_end(struct modem *m, bool urgent)
{
    board_run(m->board);
    (void)pmu_end(&m->pmu, urgent);
    board_changed(m->board);
}

void pins_hang(struct modem *m)
{
    static const enum pmu_stuck stuck[HANGS] = {
        [HANG_RESET] = PMU_STUCK_RESET, [HANG_PWRKEY] = PMU_STUCK_KEY, [HANG_POWER] = PMU_STUCK_POWER};
    board_run(m->board);
    pmu_stick(&m->pmu, stuck[m->hang]);
    board_changed(m->board);
}

void pins_burst(struct modem *m)
{
    board_run(m->board);
    pmu_burst(&m->pmu);
    board_changed(m->board);
}

void pins_supply(struct modem *m)
{
    const struct pmu_row *row = row_of(m);
    if (row != NULL)
        m->pmu.row = row;
    board_run(m->board);
    m->pmu.burst_drop_mv = m->set.burst_drop_mv;
    pmu_rail(&m->pmu, m->set.rail_mv);
    board_changed(m->board);
}

void pins_sag(struct modem *m, int mv, int ms)
{
    board_run(m->board);
    pmu_sag(&m->pmu, mv, ms);
    board_changed(m->board);
}

/* ---- looking ---- */

void pins_state(const struct modem *m, struct buf *out)
{
    static const char *const states[PMU_STATES] = {"dead", "off", "booting", "on", "ending", "resting"};
    const struct pmu *p = &m->pmu;
    buf_addf(out,
             "{\"connected\":%d,\"family\":\"%s\",\"state\":\"%s\",\"vbat\":%d,\"pwrkey\":%d,\"reset\":%d,"
             "\"status\":%d,\"latched\":%d,\"rail_mv\":%d,\"current_ma\":%d,",
             board_connected(m->board), p->row->name, states[p->state], p->pins[PMU_VBAT], p->pins[PMU_KEY],
             p->pins[PMU_RESET], p->status, p->latched, p->told_mv, p->told_ma);
    buf_addf(out,
             "\"now_ms\":%" PRIu64 ",\"vbat_ms\":%" PRIu64 ",\"start_ms\":%" PRIu64 ",\"ready_ms\":%" PRIu64
             ",\"off_ms\":%" PRIu64 ",\"cut_ms\":%" PRIu64 ",\"pwrkey_width_ms\":%" PRIu64
             ",\"reset_width_ms\":%" PRIu64 "}",
             p->now_ms, p->vbat_ms, p->start_ms, p->ready_ms, p->off_ms, p->cut_ms, p->key_width_ms,
             p->reset_width_ms);
}
