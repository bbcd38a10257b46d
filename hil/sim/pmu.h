/* The power management of a simulated module: from the pins of its board and its supply to what a real module
 * makes of them. Pure: it knows no socket, no loop, no AT command; the caller gives it each pin's change with
 * its time and calls pmu_run at least when pmu_due says.
 *
 * Promises. A pulse that is too short, or comes while the module boots or ends, does nothing but be counted.
 * PWRKEY starts a module while it is held, ends one when it is let go. Loss of supply, or of too much of its
 * voltage, ends a module at once; supply that comes back before the rail was empty leaves it latched: no pin
 * reaches it until the supply was away for discharge_ms. Times are those of the pins, to the millisecond,
 * however late pmu_run is called. Time never goes back: an earlier time counts as now. */
#ifndef MODEMSIM_PMU_H
#define MODEMSIM_PMU_H

#include <stdbool.h>
#include <stdint.h>

#define PMU_NEVER UINT64_MAX

/* What is counted; also the names under which the control socket waits for it. */
#define PMU_COUNTERS(X)                                                                                      \
    X(vbat_on, "supply switched on")                                                                         \
    X(vbat_cut, "supply cut")                                                                                \
    X(cut_running, "cut while it ran, booted or was ending")                                                 \
    X(cut_short, "supply back before the rail was empty: latched")                                           \
    X(start, "starts, resets left out")                                                                      \
    X(start_low, "starts that failed because the rail was too low")                                          \
    X(brown_out, "ended by a rail that was too low")                                                         \
    X(pulse_on, "PWRKEY pulses that started it")                                                             \
    X(pulse_off, "PWRKEY pulses that ended it")                                                              \
    X(pulse_again, "PWRKEY held so long that it started again")                                              \
    X(pulse_void, "PWRKEY pulses without effect")                                                            \
    X(pulse_running, "PWRKEY pulses begun while it ran")                                                     \
    X(pulse_reset, "RESET pulses that reset it")                                                             \
    X(reset_void, "RESET pulses without effect")                                                             \
    X(command_off, "ended by AT command")                                                                    \
    X(off_clean, "ends completed, everything written")
#define PMU_COUNTER_ENUM(name, meaning) PMU_COUNT_##name,
enum pmu_counter { PMU_COUNTERS(PMU_COUNTER_ENUM) PMU_COUNTER_COUNT };

enum pmu_kind {
    PMU_PULSE, /* PWRKEY toggles */
    PMU_AUTO,  /* starts with its supply; PWRKEY toggles */
    PMU_LEVEL  /* runs while PWRKEY is held */
};

/* A module family. All times are of the module itself: least holds, and how long it typically takes. */
struct pmu_row {
    const char *name;
    enum pmu_kind kind;
    int rise_ms;      /* supply there to PWRKEY heard, or to the start by itself */
    int on_ms;        /* hold that starts it */
    int off_ms;       /* hold that ends it when let go; 0: PWRKEY cannot */
    int again_ms;     /* hold that starts a running module again; 0: none does */
    int reset_ms;     /* hold of RESET that acts; 0: has none */
    bool reset_ends;  /* RESET only shuts it down: it then needs PWRKEY */
    bool reset_traps; /* a start under RESET latches it */
    int status_ms;    /* start to STATUS */
    int ready_ms;     /* start to the AT port */
    int down_ms;      /* end begun to STATUS low */
    int gap_ms;       /* STATUS low to PWRKEY heard again */
    int discharge_ms; /* of the rail, with what a board puts there */
    int min_mv;       /* least supply */
    int idle_ma, burst_ma, burst_ms;
    const char *command, *farewell; /* ends it by AT; what it says before it is off, "" = nothing */
    bool command_ok;                /* answered by OK */
};

const struct pmu_row *pmu_row_find(const char *name); /* NULL: none */
const struct pmu_row *pmu_row_at(int i);              /* NULL: past the last */

/* PMU_RESTING: held down by RESET. */
enum pmu_state { PMU_DEAD, PMU_OFF, PMU_BOOTING, PMU_ON, PMU_ENDING, PMU_RESTING, PMU_STATES };
enum pmu_pin { PMU_VBAT, PMU_KEY, PMU_RESET };
enum pmu_stuck { PMU_FREE, PMU_STUCK_RESET, PMU_STUCK_KEY, PMU_STUCK_POWER }; /* named by what cures it */

/* What becomes of the module; none may call back. */
struct pmu_ops {
    void (*booting)(void *arg);
    void (*ready)(void *arg);
    void (*ending)(void *arg);
    void (*farewell)(void *arg);
    void (*gone)(void *arg); /* from now on it does not run; also when a reset takes it down */
    void (*status)(void *arg, bool asserted);
    void (*rail)(void *arg, int mv); /* as it is at the module, 0 without supply */
    void (*current)(void *arg, int ma);
    void (*count)(void *arg, enum pmu_counter);
};

enum pmu_press { PMU_FRESH, PMU_ACTED, PMU_IGNORED };

struct pmu {
    const struct pmu_row *row;
    const struct pmu_ops *ops;
    void *arg;

    enum pmu_state state;
    enum pmu_stuck stuck;
    bool pins[PMU_RESET + 1];
    bool status, latched, said;
    bool used;  /* the supply was on before */
    bool self;  /* a start by itself is due */
    bool low;   /* a brown-out is not over */
    bool acted; /* this hold of RESET has acted */
    enum pmu_press press;

    /* When things happened last, 0 = never; self_ms: from when a start by itself is counted */
    uint64_t now_ms, vbat_ms, cut_ms, key_ms, reset_ms, self_ms, start_ms, ready_ms, off_ms, end_ms;
    uint64_t key_width_ms, reset_width_ms;

    int rail_mv, burst_drop_mv; /* the supply's voltage; what a burst takes of it */
    int sag_mv;
    uint64_t sag_end_ms, burst_end_ms; /* 0: none */
    int told_mv, told_ma;
};

void pmu_init(struct pmu *, const struct pmu_row *, const struct pmu_ops *, void *arg);
void pmu_run(struct pmu *, uint64_t now_ms); /* all that is due until then */
uint64_t pmu_due(const struct pmu *);        /* PMU_NEVER */
void pmu_pin(struct pmu *, enum pmu_pin, bool asserted, uint64_t now_ms);
void pmu_tell(struct pmu *); /* status, rail and current again, as to a board that has just begun */

/* At the time of the last pmu_run or pmu_pin. */
bool pmu_end(struct pmu *, bool urgent); /* by AT command; false: it does not run */
void pmu_reboot(struct pmu *);           /* by itself; STATUS stays */
void pmu_die(struct pmu *);              /* by itself: off at once */
void pmu_stick(struct pmu *, enum pmu_stuck);
void pmu_burst(struct pmu *); /* it sends */
void pmu_rail(struct pmu *, int mv);
void pmu_sag(struct pmu *, int mv, int ms); /* the rail falls to so much for so long */

#endif
